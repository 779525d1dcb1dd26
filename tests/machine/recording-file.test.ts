// A recording as a file: what is read is what was written, and what is no recording is refused before it is used.
import { describe, expect, it } from 'vitest'
import { encodeText, Random, StateReader } from '../../src/base/index.js'
import {
  decodeRecording,
  encodeRecording,
  encodeSnapshot,
  Machine,
  Recorder,
  type Recording,
  replay,
} from '../../src/machine/index.js'
import { seal } from '../../src/machine/sealed-file.js'
import { read } from '../lab/images.js'
import { flatKernel } from './flat-kernel.js'

/** A machine with this program as its kernel. */
function machineOf(text: string): Machine {
  const created = Machine.create({
    ...{ coreWasm: read('src/cpu/core.wasm'), firmware: read('images/built/firmware.bin'), kernel: flatKernel(text) },
    ...{ vcpus: 2, memoryBytes: 32 << 20, seed: 5 },
  })
  if (!created.ok) throw new Error(created.message)
  return created.value
}

/** Echoes what is typed, as it comes: polls the line status register. */
const ECHO = `again:
mov dx, 0x3fd
in al, dx
test al, 1
jz again
mov dx, 0x3f8
in al, dx
mov bl, al
out dx, al
jmp again`

function recorded(): Recording {
  const machine = machineOf(ECHO)
  machine.run({ instructions: 100_000 })
  const recorder = new Recorder(machine)
  machine.run({ instructions: 20_000 })
  machine.sendConsole(0, encodeText('abc'))
  machine.run({ instructions: 20_000 })
  recorder.checkpoint()
  machine.step(0, 7)
  machine.sendConsole(1, Uint8Array.of(0, 255))
  machine.reset()
  machine.run({ instructions: 20_000 })
  return recorder.finish()
}

describe('a recording as a file', () => {
  const recording = recorded()
  const file = encodeRecording(recording)

  it('is read as it was written, and repeats the run on a machine of its own', () => {
    const decoded = decodeRecording(file)
    if (!decoded.ok) throw new Error(decoded.message)
    const { start, ...rest } = decoded.value
    expect(rest.inputs.map(({ kind }) => kind)).toEqual(['console', 'step', 'console', 'reset'])
    expect(rest).toEqual({ inputs: recording.inputs, checkpoints: recording.checkpoints, end: recording.end })
    const verdict = replay(Machine.from(start, read('src/cpu/core.wasm')), decoded.value)
    expect(verdict).toEqual({ ok: true, value: { time: recording.end.time, hash: recording.end.hash } })
  })

  it('that tells another input is another run, and the verdict says from when on', () => {
    const inputs = recording.inputs.map((input) =>
      input.kind === 'console' ? { ...input, bytes: encodeText('abd') } : input,
    )
    const decoded = decodeRecording(encodeRecording({ ...recording, inputs }))
    if (!decoded.ok) throw new Error(decoded.message)
    const verdict = replay(Machine.from(decoded.value.start, read('src/cpu/core.wasm')), decoded.value)
    expect(verdict).toMatchObject({ ok: false, code: 'replay-diverged', time: recording.checkpoints[0]!.time })
  })

  it('that ends where the guest waits for input ends there again', () => {
    // Interrupts on, and the UART may raise one: only input can wake it.
    const text = `lidt [0x100000]
mov dx, 0x3f9
mov al, 1
out dx, al
mov dx, 0x21
mov al, 0xef
out dx, al
sti
hlt`
    const machine = machineOf(text)
    const recorder = new Recorder(machine)
    expect(machine.run()).toEqual({ reason: 'idle' })
    const { start, end, ...rest } = recorder.finish()
    const verdict = replay(Machine.from(start, read('src/cpu/core.wasm')), { start, end, ...rest })
    expect(verdict).toEqual({ ok: true, value: { time: end.time, hash: end.hash } })
  })

  it('is refused where it is another file, of another format, or damaged anywhere', () => {
    expect(decodeRecording(encodeSnapshot(recording.start))).toMatchObject({ code: 'not-a-recording' })
    expect(decodeRecording(new Uint8Array(0))).toMatchObject({ code: 'not-a-recording' })
    const other = file.slice()
    other[8] = 9
    expect(decodeRecording(other)).toMatchObject({
      code: 'recording-version',
      message: expect.stringContaining('format 9'),
    })
    const random = new Random(3)
    for (let i = 0; i < 50; i++) {
      const damaged = file.slice()
      damaged[random.between(12, file.length)]! ^= 1 << random.below(8)
      expect(decodeRecording(damaged)).toMatchObject({ code: 'recording-damaged' })
      expect(decodeRecording(file.subarray(0, random.between(12, file.length)))).toMatchObject({
        code: 'recording-damaged',
      })
    }
  })

  it('with values that cannot be is refused although its checksum is right', () => {
    const header = new StateReader(file, 12)
    header.string()
    const body = header.blob()
    const begin = 4 + new DataView(body.buffer, body.byteOffset).getUint32(0, true)
    const changed = (change: (view: DataView) => void): Uint8Array => {
      const copy = body.slice()
      change(new DataView(copy.buffer, begin))
      return seal('TPRECORD', 1, copy)
    }
    const wrong: ((view: DataView) => void)[] = [
      (view) => view.setUint32(0, 0xffff_ffff, true),
      (view) => view.setFloat64(4, Number.NaN, true),
      (view) => view.setFloat64(4, -1, true),
      (view) => view.setFloat64(12, 0.5, true),
      (view) => view.setUint8(20, 3),
      (view) => view.setUint8(21, 2),
    ]
    for (const change of wrong) expect(decodeRecording(changed(change))).toMatchObject({ code: 'recording-damaged' })
    expect(decodeRecording(seal('TPRECORD', 1, longer(body)))).toMatchObject({
      ...{ code: 'recording-damaged', message: expect.stringContaining('1 bytes follow its end') },
    })
  })
})

/** One byte more. */
function longer(bytes: Uint8Array): Uint8Array {
  const result = new Uint8Array(bytes.length + 1)
  result.set(bytes)
  return result
}
