// The debug build of the core, which asserts what its comments promise: whole guests, random privileged ROMs and fuzzed programs go through it,
// and what is broken from outside ends the run where the promise stands.
import { spawnSync } from 'node:child_process'
import { beforeAll, describe, expect, it } from 'vitest'
import type { TransplantError } from '../../src/base/index.js'
import type { JitOption } from '../../src/cpu/index.js'
import { BLOCK, CPU_STATE, REGION, TLB_ENTRY } from '../../src/cpu/layouts.js'
import { BLOCK_TABLE_ENTRIES, TLB_BYTES, TLB_ENTRY_BYTES } from '../../src/cpu/numbers/sizes.js'
import { recordChanges } from '../../src/lab/index.js'
import { Machine } from '../../src/machine/index.js'
import { read, root, shippedAssets, useCore } from '../lab/images.js'
import { flatKernel } from '../machine/flat-kernel.js'
import { fuzz } from '../property/jit-fuzz.js'
import { assemble } from './assemble.js'
import { CODE, coreModule, DATA, FlatMachine } from './harness.js'
import { privilegedLongRom } from './privileged-long-rom.js'
import { privilegedRom } from './privileged-rom.js'
import { bootOurs } from './rom-machines.js'

beforeAll(() => {
  const built = spawnSync(process.execPath, [`${root}tools/build.mjs`, '--debug-core'], { encoding: 'utf8' })
  if (built.status !== 0) throw new Error(built.stdout + built.stderr)
  useCore(`${root}src/cpu/core-debug.wasm`)
})

describe('what comments of the core promise', () => {
  it('holds through boot, programs, a live patch and an upgrade, compiled and interpreted', async () => {
    const workloads = ['counter 10 20000 5', 'signals 10 1 5', 'cow 4 16 10']
    const machine = { vcpus: 2, seed: 5, jit: { threshold: 50 } }
    expect((await recordChanges({ assets: shippedAssets(), workloads, machine })).end.time).toBeGreaterThan(5e7)
  })

  it('holds in random privileged sequences of all modes', () => {
    for (const rom of [privilegedRom(1), privilegedRom(6, true), privilegedRom(14, true), privilegedLongRom(1)])
      expect(bootOurs(rom, 997).text).toBe(bootOurs(rom, 1_000_000).text)
  })

  it('holds in fuzzed programs, with stores into code and runs cut anywhere', async () => {
    const result = await fuzz({ seed: 1, programs: 12 })
    expect(result.found?.text).toBeUndefined()
    expect(result.regions).toBeGreaterThan(12)
  })
})

/** A machine in the middle of a loop with a call, and the whole of its core's memory. */
function middleOfLoop(jit: JitOption): { machine: FlatMachine; memory: DataView; state: number } {
  const machine = new FlatMachine({ jit, vcpus: 2 })
  machine.load(assemble('again: mov [rsi], rax; add rax, [rsi + 8]; call add; jmp again; add: inc rbx; ret', CODE))
  machine.set({ rsi: BigInt(DATA) })
  machine.core.run(0, 10_000)
  const { buffer, byteOffset } = machine.core.state(0)
  return { machine, memory: new DataView(buffer), state: byteOffset }
}

function defectOf(run: () => unknown): TransplantError {
  try {
    run()
  } catch (error) {
    return error as TransplantError
  }
  throw new Error('nothing was thrown')
}

describe('an assertion of the core', () => {
  const field = (memory: DataView, state: number, name: keyof typeof CPU_STATE) =>
    memory.getUint32(state + CPU_STATE[name], true)

  /** Each block of the vCPU. */
  function blocks(memory: DataView, state: number): number[] {
    const found: number[] = []
    const table = field(memory, state, 'blockTable')
    for (let i = 0; i < BLOCK_TABLE_ENTRIES; i++) {
      for (let at = memory.getUint32(table + 4 * i, true); at !== 0; at = memory.getUint32(at + BLOCK.hashNext, true))
        found.push(at)
    }
    return found
  }

  const broken: readonly (readonly [string, RegExp, JitOption, (memory: DataView, state: number) => void])[] = [
    [
      'a translation that leads to another page',
      /memory\/linear\.ts:\d+: .*second-level TLB|execute\/sound\.ts:\d+: .*second-level TLB/,
      'off',
      (memory, state) => {
        const tlb = field(memory, state, 'tlbBase')
        for (let at = tlb; at < tlb + TLB_BYTES; at += TLB_ENTRY_BYTES)
          if (memory.getBigUint64(at + TLB_ENTRY.readTag, true) === BigInt(DATA))
            memory.setUint32(at + TLB_ENTRY.page, memory.getUint32(at + TLB_ENTRY.page, true) ^ 0x1000, true)
      },
    ],
    [
      'a block of other bytes than its address has',
      /blocks\/sound-blocks\.ts:\d+: a block is entered whose bytes are not those of its address/,
      'off',
      (memory, state) => {
        for (const at of blocks(memory, state))
          memory.setUint32(at + BLOCK.physical, memory.getUint32(at + BLOCK.physical, true) ^ 0x1000, true)
      },
    ],
    [
      'a list of blocks that leads back to itself',
      /execute\/sound\.ts:\d+: a list of blocks is not sound/,
      'off',
      (memory, state) => {
        for (const at of blocks(memory, state)) memory.setUint32(at + BLOCK.pageNext, at, true)
      },
    ],
    [
      'a region without a function',
      /execute\/enter-compiled\.ts:\d+: compiled code is entered whose region/,
      { threshold: 1 },
      (memory, state) => {
        for (let at = field(memory, state, 'regions'); at !== 0; at = memory.getUint32(at + REGION.next, true))
          memory.setUint32(at + REGION.index, 0, true)
      },
    ],
    [
      'flags that compiled code has not settled',
      /execute\/interpret\.ts:\d+: a uop begins with .*unsettled flags/,
      'off',
      (memory, state) => memory.setUint32(state + CPU_STATE.flagForm, 4, true),
    ],
    [
      'a zero that is none',
      /execute\/interpret\.ts:\d+: a uop begins with .*a zero that is none/,
      'off',
      (memory, state) => memory.setBigUint64(state + CPU_STATE.zero, 1n, true),
    ],
    [
      'a mode that the registers do not have',
      /execute\/sound\.ts:\d+: updateMode was not called/,
      'off',
      (memory, state) => memory.setUint32(state + CPU_STATE.cpl, 3, true),
    ],
  ]

  it.each(broken)('tells of %s, with file and line', (_, message, jit, breakIt) => {
    const { machine, memory, state } = middleOfLoop(jit)
    breakIt(memory, state)
    const defect = defectOf(() => {
      for (let i = 0; i < 200; i++) machine.core.run(0, 1000)
    })
    expect(defect).toMatchObject({ code: 'CORE_ABORT', message: expect.stringMatching(message) })
  })

  it('ends the run of a machine with its seed and position', () => {
    const kernel = flatKernel('again: inc ebx; jmp again')
    const firmware = read('images/built/firmware.bin')
    const made = Machine.create({ coreWasm: coreModule(), firmware, kernel, memoryBytes: 4 << 20, seed: 77 })
    if (!made.ok) throw new Error(made.message)
    const machine = made.value
    machine.run({ instructions: 100_000 })
    let state: DataView | undefined
    machine.editState(0, (view) => {
      state = view
    })
    state?.setBigUint64(CPU_STATE.zero, 1n, true)
    expect(defectOf(() => machine.run({ instructions: 100_000 }))).toMatchObject({
      code: 'INTERNAL',
      message: expect.stringMatching(
        /^An assertion of the CPU core fails at src\/cpu\/core\/execute\/interpret\.ts:\d+: .* on vCPU 0 at RIP 0x[0-9a-f]+, at instruction \d+, with seed 77/,
      ),
      hint: expect.stringContaining('runTo('),
    })
  })
})
