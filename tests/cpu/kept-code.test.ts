// Going back to a saved state keeps the code that was decoded since, wherever its bytes are the same, and nobody can tell from the run.
import { describe, expect, it } from 'vitest'
import { CPU_STATE } from '../../src/cpu/layouts.js'
import { assemble } from './assemble.js'
import { CODE, DATA, FlatMachine } from './harness.js'

const PAGE = 4096

interface Saved {
  readonly ram: Uint8Array
  readonly core: Uint8Array
}

function save(machine: FlatMachine): Saved {
  return { ram: machine.core.readRam(0, machine.core.ramBytes), core: machine.core.save() }
}

/** As RamPages does it: only pages that differ are written. */
function restore(machine: FlatMachine, saved: Saved): void {
  const { ram } = machine.core
  for (let at = 0; at < ram.length; at += PAGE) {
    const wanted = saved.ram.subarray(at, at + PAGE)
    if (Buffer.compare(ram.subarray(at, at + PAGE), wanted) !== 0) machine.core.writeRam(at, wanted)
  }
  machine.core.load(saved.core)
}

/** Up to where a vCPU's arena of decoded blocks is filled. */
const arena = (machine: FlatMachine, cpu = 0): number => machine.core.state(cpu).getUint32(CPU_STATE.arenaNext, true)

describe('a load', () => {
  it('keeps decoded blocks, and the run is the same again', () => {
    const machine = new FlatMachine()
    machine.load(
      assemble(
        'mov rdi, 0x200000; again: add rax, 7; mov [rdi], rax; ror rax, 3; add rdi, 8; dec ecx; jnz again',
        CODE,
      ),
    )
    machine.set({ rcx: 10_000n })
    machine.core.run(0, 1001)
    const begin = save(machine)
    machine.core.run(0, 20_000)
    const filled = arena(machine)
    const end = save(machine)
    for (let round = 0; round < 3; round++) {
      restore(machine, begin)
      machine.core.run(0, 20_000)
      expect(Buffer.compare(machine.core.save(), end.core)).toBe(0)
      expect(Buffer.compare(machine.core.ram, end.ram)).toBe(0)
    }
    // The cut at 1001 is in mid-block: what follows it there was decoded by itself once, and that is all.
    expect(arena(machine)).toBe(filled)
  })

  it('drops blocks on pages whose bytes are put back', () => {
    const machine = new FlatMachine()
    // Adds one byte of code to eax a hundred times, then changes that byte.
    machine.load(
      assemble(
        'again: xor eax, eax; mov ecx, 0x64; l: add eax, 1; dec ecx; jnz l; inc byte ptr [rsi]; jmp again',
        CODE,
      ),
    )
    const immediate = CODE + 2 + 5 + 2
    machine.set({ rsi: BigInt(immediate) })
    machine.core.run(0, 250)
    const begin = save(machine)
    machine.core.run(0, 5000)
    const end = save(machine)
    restore(machine, begin)
    machine.core.run(0, 5000)
    expect(Buffer.compare(machine.core.save(), end.core)).toBe(0)
    expect(end.ram[immediate]).toBeGreaterThan(15)
  })

  it('translates again before it enters a kept block', () => {
    const machine = new FlatMachine({ smallPages: true })
    const other = CODE + 0x1000
    machine.load(assemble('mov eax, 1; inc ebx; inc ebx', CODE))
    machine.load(assemble('mov eax, 2; inc ebx; inc ebx', other), other)
    const begin = save(machine)
    machine.run()
    expect(machine.get('rax')).toBe(1n)
    // The same linear address now shows the other page.
    const table = 0x10000 + 0x3000 + 0x1000 * (CODE >> 21) + 8 * ((CODE >> 12) & 511)
    const elsewhere: Saved = { ram: begin.ram.slice(), core: begin.core }
    new DataView(elsewhere.ram.buffer).setBigUint64(table, BigInt(other) | 7n, true)
    restore(machine, elsewhere)
    machine.run()
    expect(machine.get('rax')).toBe(2n)
    restore(machine, begin)
    machine.run()
    expect(machine.get('rax')).toBe(1n)
  })

  it('back into the time in which another vCPU sees old code shows it the old code again', () => {
    let stale = 0
    for (let seed = 1; seed <= 6; seed++) {
      const machine = new FlatMachine({ vcpus: 2 })
      machine.core.exports.setCoherence(1, seed, 0)
      const loop = CODE + 0x800
      machine.load(assemble('l: mov eax, 0x11111111; mov [rdi], eax; jmp l', loop), loop)
      machine.set({ rip: BigInt(loop), rdi: BigInt(DATA) }, 1)
      machine.load(assemble('mov dword ptr [rdi], 0x22222222', CODE))
      machine.set({ rdi: BigInt(loop + 1) }, 0)
      let time = 0
      const turns = (count: number): number[] => {
        const seen: number[] = []
        for (let i = 0; i < count; i++) {
          machine.core.exports.setTime(time)
          machine.core.run(1, 3)
          time += 3
          seen.push(new DataView(machine.core.readRam(DATA, 4).buffer).getUint32(0, true))
        }
        return seen
      }
      turns(10)
      machine.core.exports.setTime(time)
      machine.core.run(0, 1)
      time++
      turns(5)
      const [begin, began] = [save(machine), time]
      const first = turns(2000)
      expect(first.at(-1)).toBe(0x22222222)
      stale += first.filter((value) => value !== 0x22222222).length
      for (let round = 0; round < 2; round++) {
        restore(machine, begin)
        time = began
        expect(turns(2000)).toEqual(first)
      }
      // From the middle of the first round in a core that never ran: no difference either.
      const fresh = new FlatMachine({ vcpus: 2 })
      fresh.core.exports.setCoherence(1, seed, 0)
      restore(fresh, begin)
      fresh.core.exports.setTime(began)
      fresh.core.run(1, 3)
      expect(new DataView(fresh.core.readRam(DATA, 4).buffer).getUint32(0, true)).toBe(first[0])
    }
    expect(stale).toBeGreaterThan(1000)
  })
})

/** Two vCPUs on one page of code: vCPU 1 loops over `mov eax, imm32; mov [rdi], eax`, vCPU 0 has a store into the immediate ahead. */
function crossing(seed: number): { machine: FlatMachine; turn(time: number): number } {
  const machine = new FlatMachine({ vcpus: 2 })
  machine.core.exports.setCoherence(1, seed, 0)
  const loop = CODE + 0x800
  machine.load(assemble('l: mov eax, 0x11111111; mov [rdi], eax; jmp l', loop), loop)
  machine.set({ rip: BigInt(loop), rdi: BigInt(DATA) }, 1)
  machine.load(assemble('mov dword ptr [rdi], 0x22222222', CODE + 0x3000), CODE + 0x3000)
  machine.set({ rip: BigInt(CODE + 0x3000), rdi: BigInt(loop + 1) }, 0)
  return {
    machine,
    turn: (time) => {
      machine.core.exports.setTime(time)
      machine.core.run(1, 3)
      return new DataView(machine.core.readRam(DATA, 4).buffer).getUint32(0, true)
    },
  }
}

describe('what another vCPU sees of a store into code', () => {
  const watch = (one: ReturnType<typeof crossing>): number[] => {
    one.machine.core.exports.setTime(30)
    one.machine.core.run(0, 1)
    return Array.from({ length: 1500 }, (_, i) => one.turn(31 + 3 * i))
  }

  it('is the same in a core that has not decoded that code yet', () => {
    let stale = 0
    for (let seed = 1; seed <= 6; seed++) {
      const first = crossing(seed)
      for (let i = 0; i < 10; i++) first.turn(3 * i)
      const begin = save(first.machine)
      const seen = watch(first)
      stale += seen.filter((value) => value !== 0x22222222).length
      const fresh = crossing(seed)
      restore(fresh.machine, begin)
      expect(watch(fresh)).toEqual(seen)
    }
    expect(stale).toBeGreaterThan(1000)
  })

  it('is the same in a core that has already executed that code after the saved moment', () => {
    for (let seed = 1; seed <= 6; seed++) {
      const first = crossing(seed)
      const begin = save(first.machine)
      const seen = watch(first)
      expect(seen[0]).toBe(0x22222222)
      restore(first.machine, begin)
      for (let i = 0; i < 10; i++) first.turn(3 * i)
      restore(first.machine, begin)
      expect(watch(first)).toEqual(seen)
    }
  })

  it('does not depend on where runs are cut, while a page with code and data takes thousands of stores', () => {
    const states: Uint8Array[] = []
    for (const slice of [997, 1, 7, 64]) {
      const machine = new FlatMachine({ vcpus: 2 })
      machine.core.exports.setCoherence(1, 5, 0)
      // Each adds to a word in the page it executes from, and now and then changes the other's immediate.
      const program = (base: number, other: number): Uint8Array =>
        assemble(
          `l: add eax, 0x01; mov [0x${(base + 0x400).toString(16)}], eax; inc ecx; test ecx, 0x3f; jnz l
           mov byte ptr [0x${(other + 2).toString(16)}], cl; jmp l`,
          base,
        )
      machine.load(program(CODE, CODE + 0x800), CODE)
      machine.load(program(CODE + 0x800, CODE), CODE + 0x800)
      machine.set({ rip: BigInt(CODE + 0x800) }, 1)
      let time = 0
      const run = (cpu: number, count: number): void => {
        for (let left = count; left > 0; ) {
          const budget = Math.min(left, slice)
          machine.core.exports.setTime(time)
          machine.core.run(cpu, budget)
          time += budget
          left -= budget
        }
      }
      for (let round = 0; round < 40; round++) run(round & 1, 700 + 13 * round)
      for (const cpu of [0, 1]) machine.core.exports.synchronize(cpu)
      states.push(Buffer.concat([machine.core.save(), machine.core.readRam(CODE, 0x1000)]))
    }
    for (const state of states) expect(state.findIndex((byte, i) => byte !== states[0]?.[i])).toBe(-1)
  })
})
