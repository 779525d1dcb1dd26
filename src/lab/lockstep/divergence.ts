// A divergence of two machines in words: the instruction after which it shows, the last ones before it, and what differs in registers,
// memory and devices. Code that is compiled as one piece shows its mistake at the piece's end: the instruction that is wrong may be a
// few lines above the one that is marked.

import { PAGE_SIZE } from '../../base/index.js'
import { STATE_MXCSR, STATE_OFFSETS, STATE_X87, STATE_XMM } from '../../cpu/index.js'
import { createDisassembler, formatInstruction, LONGEST_INSTRUCTION } from '../../isa/index.js'
import { type Divergence, type LockstepMachine, repeatDivergence } from './lockstep.js'

const TRACED = 16
const LISTED = 24

/**
 * What happened before two machines differed, and in what they do: one line of text each. The machines are left where they differ, and their
 * translations are dropped. Throws ENGINE_MISSING where there is no disassembler, and what running the machines throws.
 */
export async function describeDivergence(divergence: Divergence): Promise<string[]> {
  const { pair, base, from, to, repeated } = divergence
  const { first, second } = pair
  const lines: string[] = []
  if (repeated) {
    lines.push(`the machines differ after instruction ${to}`, '', 'last instructions of the first machine')
    pair.restore(base)
    pair.advance(from)
    pair.advance(Math.max(from, to - TRACED))
    const disassembler = await createDisassembler()
    while (first.now < to) {
      const before = positions(first)
      const going = pair.advance(first.now + 1)
      const cpu = before.findIndex((one, index) => one.retired !== first.statistics.retired[index])
      const one = before[cpu]
      const found = one === undefined ? undefined : disassembler.disassemble(one.bytes, one.rip)[0]
      const text = found === undefined ? '(time passed)' : formatInstruction(found)
      const mark = first.now >= to ? '  <- shows after this one' : ''
      lines.push(`  vCPU ${Math.max(0, cpu)} ${text}${mark}`)
      if (!going) break
    }
    repeatDivergence(pair, base, from, to)
  } else {
    lines.push(`the machines differ between instruction ${from} and ${to}; repeating it did not show it again`)
  }
  const differences = [
    ...timeDifferences(first, second),
    ...registerDifferences(first, second),
    ...memoryDifferences(first, second),
  ]
  if (differences.length === 0) differences.push('  nothing in vCPUs and RAM: devices, time or schedule')
  lines.push('', 'what differs: first machine, second machine', ...differences.slice(0, LISTED))
  if (differences.length > LISTED) lines.push(`  ... and ${differences.length - LISTED} more`)
  return lines
}

/** An executor that ran past its budget has another time. */
function timeDifferences(first: LockstepMachine, second: LockstepMachine): string[] {
  const numbers = (machine: LockstepMachine) => [machine.now, machine.statistics.slices, ...machine.statistics.retired]
  const [a, b] = [numbers(first), numbers(second)]
  const names = ['time', 'slices', ...a.slice(2).map((_, cpu) => `vCPU ${cpu} retired`)]
  return names.flatMap((name, i) => (a[i] === b[i] ? [] : [`  ${name.padEnd(21)} ${a[i]}  ${b[i]}`]))
}

function positions(machine: LockstepMachine): { rip: bigint; bytes: Uint8Array; retired: number | undefined }[] {
  return Array.from({ length: machine.vcpus }, (_, cpu) => {
    const { rip } = machine.registers(cpu)
    const bytes: number[] = []
    for (let i = 0n; i < LONGEST_INSTRUCTION; i++) {
      const physical = machine.translate(cpu, (rip + i) as typeof rip)
      const byte = physical === undefined ? undefined : machine.readPhysical(physical, 1)?.[0]
      if (byte === undefined) break
      bytes.push(byte)
    }
    return { rip, bytes: Uint8Array.from(bytes), retired: machine.statistics.retired[cpu] }
  })
}

function registerDifferences(first: LockstepMachine, second: LockstepMachine): string[] {
  const lines: string[] = []
  for (let cpu = 0; cpu < first.vcpus; cpu++) {
    const [a, b] = [first, second].map((machine) => stateOf(machine, cpu)) as [DataView, DataView]
    const fields: (readonly [name: string, offset: number, size: number])[] = [
      ...Object.entries(STATE_OFFSETS).map(([name, offset]) => [name, offset, 8] as const),
      ['mxcsr', STATE_MXCSR, 4],
      ...Array.from({ length: 8 }, (_, i) => [`x87 register ${i}`, STATE_X87 + 16 * i, 16] as const),
      ...Array.from({ length: 16 }, (_, i) => [`xmm${i}`, STATE_XMM + 16 * i, 16] as const),
    ]
    for (const [name, offset, size] of fields) {
      const [x, y] = [hex(a, offset, size), hex(b, offset, size)]
      if (x !== y) lines.push(`  vCPU ${cpu} ${name.padEnd(14)} ${x}  ${y}`)
    }
  }
  return lines
}

function stateOf(machine: LockstepMachine, cpu: number): DataView {
  let copy = new DataView(new ArrayBuffer(0))
  machine.editState(cpu, (state) => {
    const { buffer, byteOffset, byteLength } = state
    copy = new DataView(Uint8Array.from(new Uint8Array(buffer, byteOffset, byteLength)).buffer)
  })
  return copy
}

function hex(view: DataView, offset: number, size: number): string {
  let text = ''
  for (let i = size - 1; i >= 0; i--)
    text += view
      .getUint8(offset + i)
      .toString(16)
      .padStart(2, '0')
  return text
}

/** Eight bytes for each page that differs. */
function memoryDifferences(first: LockstepMachine, second: LockstepMachine): string[] {
  const lines: string[] = []
  const [a, b] = [first, second].map(({ ram }) => new DataView(ram.buffer, ram.byteOffset, ram.byteLength)) as [
    DataView,
    DataView,
  ]
  for (let page = 0; page < first.pageCount; page++) {
    if (first.pageHash(page) === second.pageHash(page)) continue
    for (let at = page * PAGE_SIZE; at < (page + 1) * PAGE_SIZE; at += 8) {
      const [x, y] = [hex(a, at, 8), hex(b, at, 8)]
      if (x === y) continue
      lines.push(`  physical ${at.toString(16).padStart(8, '0')}  ${x}  ${y}`)
      break
    }
  }
  return lines
}
