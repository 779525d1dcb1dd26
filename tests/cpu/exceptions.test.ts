// Exceptions and interrupts in 64-bit mode: frames, stacks, error codes, double and triple faults, traps, shadows, NMI, interrupts.
import { describe, expect, it } from 'vitest'
import {
  EVENT_EXCEPTION,
  EXIT_HALT,
  EXIT_SHUTDOWN,
  LINE_INTR,
  LINE_NMI,
  REGISTER_BITS,
  STATE_SHUTDOWN,
} from '../../src/cpu/index.js'
import {
  CODE,
  CR4_BASE,
  DATA,
  KERNEL_CODE,
  KERNEL_DATA,
  KERNEL_STACK,
  STACK,
  SystemMachine,
  TSS,
  USER_CODE,
  USER_DATA,
} from './system-machine.js'

const { TF, IF, RF } = REGISTER_BITS
const HANDLER = 0x500000

function frame(machine: SystemMachine, words: number): bigint[] {
  const rsp = Number(machine.get('rsp'))
  return Array.from({ length: words }, (_, i) => machine.quad(rsp + 8 * i))
}

/** The vector that began a triple fault, and those of the three faults. */
const shutdownVectors = (machine: SystemMachine): number[] =>
  [0, 1, 2, 3].map((i) => machine.core.state(0).getUint8(STATE_SHUTDOWN + i))

describe('exception delivery', () => {
  it('pushes SS, RSP, RFLAGS, CS, RIP and the error code on the stack of the TSS, aligned to 16', () => {
    const machine = new SystemMachine()
    machine.setQuad(TSS + 4, BigInt(KERNEL_STACK + 8))
    machine.place('mov rax, [rdi]')
    machine.allowUser(CODE)
    machine.enter(3, { rdi: 0xf00000n, rsp: 0x123450n, rflags: 0x246n })
    expect(machine.run().vector).toBe(14)
    expect(machine.get('rsp')).toBe(BigInt(KERNEL_STACK - 48))
    expect(frame(machine, 6)).toEqual([5n, BigInt(CODE), BigInt(USER_CODE), 0x246n | RF, 0x123450n, BigInt(USER_DATA)])
    expect(machine.get('rflags') & (IF | RF)).toBe(0n)
    // SS is null after a change of level.
    expect(machine.field(552 + 8)).toBe(0)
    expect(machine.field(552 + 4)).toBe(KERNEL_CODE)
  })

  it('keeps RSP, aligned, without a change of level, and uses IST where the gate names it', () => {
    const machine = new SystemMachine()
    machine.place('ud2')
    machine.enter(0, { rsp: BigInt(STACK - 5) })
    expect(machine.run().vector).toBe(6)
    expect(machine.get('rsp')).toBe(BigInt(((STACK - 5) & ~15) - 40))
    expect(frame(machine, 5)).toEqual([
      BigInt(CODE),
      BigInt(KERNEL_CODE),
      2n | RF,
      BigInt(STACK - 5),
      BigInt(KERNEL_DATA),
    ])
    for (let ist = 1; ist <= 7; ist++) {
      machine.setQuad(TSS + 28 + 8 * ist, BigInt(0x600000 + 0x1000 * ist))
      machine.gate(6, { ist })
      machine.enter(0)
      machine.run()
      expect(machine.get('rsp')).toBe(BigInt(0x600000 + 0x1000 * ist - 40))
    }
  })

  it('leaves IF through a trap gate and clears it through an interrupt gate; INT pushes the next RIP without RF', () => {
    const machine = new SystemMachine()
    machine.place('int 0x40')
    machine.gate(0x40, { type: 15 })
    machine.enter(0, { rflags: IF | 2n })
    expect(machine.run().vector).toBe(0x40)
    expect(machine.get('rflags') & IF).toBe(IF)
    expect(frame(machine, 3)).toEqual([BigInt(CODE + 2), BigInt(KERNEL_CODE), IF | 2n])
    machine.gate(0x40, { type: 14 })
    machine.enter(0, { rflags: IF | 2n })
    machine.run()
    expect(machine.get('rflags') & IF).toBe(0n)
  })

  it('checks the gate: DPL for software interrupts only, presence, type, limit, target', () => {
    const machine = new SystemMachine()
    machine.allowUser(CODE)
    const at = (text: string, cpl: 0 | 3 = 3) => {
      machine.place(text)
      machine.enter(cpl)
      return machine.run()
    }
    machine.gate(0x40, { dpl: 0 })
    expect(at('int 0x40')).toMatchObject({ vector: 13, errorCode: 0x40 * 8 + 2, rip: BigInt(CODE) })
    machine.gate(0x40, { dpl: 3 })
    expect(at('int 0x40')).toMatchObject({ vector: 0x40 })
    machine.gate(0x40, { dpl: 3, present: false })
    expect(at('int 0x40')).toMatchObject({ vector: 11, errorCode: 0x40 * 8 + 2 })
    machine.gate(0x40, { dpl: 3, type: 12 })
    expect(at('int 0x40')).toMatchObject({ vector: 13, errorCode: 0x40 * 8 + 2 })
    machine.gate(0x40, { dpl: 3, selector: 0 })
    expect(at('int 0x40')).toMatchObject({ vector: 13, errorCode: 0 })
    machine.gate(0x40, { dpl: 3, selector: KERNEL_DATA })
    expect(at('int 0x40')).toMatchObject({ vector: 13, errorCode: KERNEL_DATA })
    machine.gate(0x40, { dpl: 3, selector: 0x48 })
    expect(at('int 0x40')).toMatchObject({ vector: 13, errorCode: 0x48 })
    machine.gate(0x40, { dpl: 3, selector: 0x208 })
    expect(at('int 0x40')).toMatchObject({ vector: 13, errorCode: 0x208 })
    // A hardware exception sets EXT in the error code of the second fault.
    machine.gate(0, { present: false })
    expect(at('xor ecx, ecx\ndiv ecx')).toMatchObject({ vector: 8, errorCode: 0 })
    machine.gate(6, { present: false })
    expect(at('ud2')).toMatchObject({ vector: 11, errorCode: 6 * 8 + 2 + 1 })
    machine.gate(3, { dpl: 0 })
    expect(at('int3')).toMatchObject({ vector: 13, errorCode: 3 * 8 + 2 })
    expect(at('.byte 0xf1')).toMatchObject({ vector: 1, rip: BigInt(CODE + 1) })
  })

  it('follows table 6-5 for a second fault: serial, double fault, shutdown', () => {
    const events: number[] = []
    const machine = new SystemMachine({ event: (_c, kind, a) => kind === EVENT_EXCEPTION && events.push(a) })
    machine.core.exports.setEventMask(EVENT_EXCEPTION)
    const at = (text: string) => {
      events.length = 0
      machine.place(text)
      machine.enter(0, { rdi: 0xf00000n })
      return machine.run()
    }
    machine.setPte(0xf00000, 0n)
    machine.setPte(0xeff000, 0n)
    machine.gate(14, { present: false })
    // #PF, then #NP: contributory after #PF is a double fault; RIP pushed is that of the first.
    expect(at('nop\nmov rax, [rdi]')).toMatchObject({ vector: 8, errorCode: 0, rip: BigInt(CODE + 1) })
    expect(events).toEqual([14, 8])
    // #GP, then #PF of its handler's code page: served one after the other.
    machine.gate(14, {})
    machine.gate(13, { ist: 2 })
    machine.setQuad(TSS + 28 + 16, 0xf00000n)
    expect(at('mov ax, 0x208\nmov ds, ax')).toMatchObject({ vector: 14, errorCode: 2, rip: BigInt(CODE + 4) })
    expect(machine.get('cr2')).toBe(0xf00000n - 8n)
    expect(events).toEqual([13, 14])
    // #PF during the delivery of #PF.
    machine.gate(14, { ist: 2 })
    expect(at('mov rax, [rdi]')).toMatchObject({ vector: 8, errorCode: 0 })
    expect(machine.get('cr2')).toBe(0xf00000n - 8n)
    // A fault in the delivery of #DF.
    machine.gate(8, { present: false })
    expect(at('mov rax, [rdi]').exit).toBe(EXIT_SHUTDOWN)
    expect(events).toEqual([14, 8])
    expect(shutdownVectors(machine)).toEqual([14, 14, 14, 11])
    expect(machine.get('rip')).toBe(BigInt(CODE))
    expect(machine.get('rsp')).toBe(BigInt(STACK))
  })

  it('raises #TS for a TSS that is too short and #SS for a stack that is not canonical', () => {
    const machine = new SystemMachine()
    machine.allowUser(CODE)
    machine.place('ud2')
    machine.setField(532, 10)
    machine.enter(3)
    // #TS, again #TS for the handler of #TS: contributory twice, #DF, again: shutdown.
    expect(machine.run().exit).toBe(EXIT_SHUTDOWN)
    expect(shutdownVectors(machine)).toEqual([6, 10, 10, 10])
    machine.setField(532, 0x67)
    machine.setQuad(TSS + 4, 0x900000000000n)
    machine.gate(12, { ist: 1 })
    machine.setQuad(TSS + 36, BigInt(STACK))
    machine.enter(3)
    expect(machine.run()).toMatchObject({ vector: 12, errorCode: 1, rip: BigInt(CODE) })
  })

  it('returns by IRETQ to CPL 3 with the popped RIP, RSP and flags, and refuses what it must', () => {
    const machine = new SystemMachine()
    machine.allowUser(CODE)
    machine.place('ud2', CODE + 0x100)
    const returnTo = (words: readonly bigint[], cpl: 0 | 3 = 0) => {
      machine.place('iretq')
      words.forEach((word, i) => {
        machine.setQuad(STACK - 0x100 + 8 * i, word)
      })
      machine.allowUser(STACK - 0x1000)
      machine.enter(cpl, { rsp: BigInt(STACK - 0x100) })
      return machine.run()
    }
    const good = [BigInt(CODE + 0x100), BigInt(USER_CODE), 0x3247n, 0x345678n, BigInt(USER_DATA)]
    expect(returnTo(good)).toMatchObject({ vector: 6, rip: BigInt(CODE + 0x100), rflags: 0x3247n | RF })
    expect(frame(machine, 5).slice(3)).toEqual([0x345678n, BigInt(USER_DATA)])
    const variant = (index: number, value: bigint) => good.map((word, i) => (i === index ? value : word))
    expect(returnTo(variant(0, 0x800000000000n))).toMatchObject({ vector: 13, errorCode: 0 })
    expect(returnTo(variant(1, 0n))).toMatchObject({ vector: 13, errorCode: 0 })
    expect(returnTo(variant(1, 0x209n))).toMatchObject({ vector: 13, errorCode: 0x208 })
    expect(returnTo(variant(1, BigInt(KERNEL_CODE) + 3n))).toMatchObject({ vector: 13, errorCode: KERNEL_CODE })
    expect(returnTo(variant(1, BigInt(USER_DATA)))).toMatchObject({ vector: 13, errorCode: 0x20 })
    expect(returnTo(variant(4, 0n))).toMatchObject({ vector: 13, errorCode: 0 })
    expect(returnTo(variant(4, BigInt(KERNEL_DATA)))).toMatchObject({ vector: 13, errorCode: KERNEL_DATA })
    // At CPL 3 IOPL and IF stay; to CPL 0 from CPL 3 is refused.
    expect(returnTo(good, 3)).toMatchObject({ vector: 6, rflags: 0x47n | RF })
    expect(returnTo(variant(1, BigInt(KERNEL_CODE)), 3)).toMatchObject({ vector: 13, errorCode: KERNEL_CODE })
    // Same level: a null SS is fine at CPL 0.
    expect(returnTo([BigInt(CODE + 0x100), BigInt(KERNEL_CODE), 2n, 0x345670n, 0n])).toMatchObject({ vector: 6 })
    // NT set.
    machine.place('iretq')
    machine.enter(0, { rflags: 0x4002n, rsp: BigInt(STACK - 0x100) })
    expect(machine.run()).toMatchObject({ vector: 13, errorCode: 0 })
  })

  it('single-steps with TF: the trap comes after the instruction, with BS set, and TF is clear in the handler', () => {
    const machine = new SystemMachine()
    const run = (text: string, flags = TF | 2n, registers = {}) => {
      machine.place(`${text}\nhlt`)
      machine.enter(0, { rflags: flags, dr6: 0xffff0ff0n, ...registers })
      return machine.run()
    }
    expect(run('inc eax\ninc eax', TF | 2n, { rax: 0n })).toMatchObject({ vector: 1, rip: BigInt(CODE + 2) })
    expect(machine.get('rax')).toBe(1n)
    expect(machine.get('dr6')).toBe(0xffff4ff0n)
    expect(machine.get('rflags') & TF).toBe(0n)
    expect(frame(machine, 3)[2]).toBe(TF | 2n)
    // POPF sets TF: the trap follows the next instruction.
    expect(run('push 0x102\npopfq\ninc eax\ninc eax', 2n, { rax: 0n })).toMatchObject({
      vector: 1,
      rip: BigInt(CODE + 8),
    })
    // MOV SS holds the trap back by one instruction.
    expect(run('.byte 0x8e, 0xd3\ninc eax\ninc eax', TF | 2n, { rax: 0n, rbx: BigInt(KERNEL_DATA) })).toMatchObject({
      vector: 1,
      rip: BigInt(CODE + 4),
    })
    // A repeated string instruction traps after each iteration.
    expect(run('rep stosb', TF | 2n, { rcx: 3n, rdi: BigInt(DATA) })).toMatchObject({ vector: 1, rip: BigInt(CODE) })
    expect(machine.get('rcx')).toBe(2n)
    // INT n clears TF: the handler runs without a trap.
    machine.gate(0x40, {})
    expect(run('int 0x40')).toMatchObject({ vector: 0x40 })
    // A fault comes before the trap.
    expect(run('ud2')).toMatchObject({ vector: 6 })
    expect(frame(machine, 3)[2]).toBe(TF | RF | 2n)
  })

  it('decides about the trap after SYSCALL and SYSRET by TF after the instruction', () => {
    const machine = new SystemMachine()
    machine.place('syscall\nhlt')
    machine.place('nop\nhlt', HANDLER)
    machine.allowUser(CODE)
    const base = { star: 0x0010_0008_0000_0000n, lstar: BigInt(HANDLER), dr6: 0xffff0ff0n, rflags: TF | IF | 2n }
    machine.enter(3, { ...base, sfmask: TF })
    expect(machine.run()).toMatchObject({ vector: undefined, rip: BigInt(HANDLER + 2) })
    expect(machine.get('r11')).toBe(TF | IF | 2n)
    expect(machine.get('rcx')).toBe(BigInt(CODE + 2))
    machine.enter(3, { ...base, sfmask: IF })
    expect(machine.run()).toMatchObject({ vector: 1, rip: BigInt(HANDLER), rflags: TF | 2n })
    // SYSRET that sets TF traps at the user's instruction.
    machine.place('.byte 0x48, 0x0f, 0x07', HANDLER)
    machine.enter(0, { ...base, rflags: 2n, rip: BigInt(HANDLER), rcx: BigInt(CODE), r11: TF | 2n })
    expect(machine.run()).toMatchObject({ vector: 1, rip: BigInt(CODE), rflags: TF | 2n })
    machine.enter(0, { ...base, rflags: 2n, rip: BigInt(HANDLER), rcx: 0x800000000000n, r11: 2n })
    expect(machine.run()).toMatchObject({ vector: 13, rip: BigInt(HANDLER) })
  })

  it('stops at instruction, data and I/O breakpoints', () => {
    const machine = new SystemMachine()
    machine.place('nop\nmov [rdi], al\nmov eax, [rsi]\nout dx, al\nnop\nhlt')
    const run = (dr7: bigint, dr0: number, registers = {}) => {
      machine.enter(0, {
        dr7,
        dr0: BigInt(dr0),
        dr6: 0xffff0ff0n,
        rdi: BigInt(DATA),
        rsi: BigInt(DATA),
        rdx: 0x300n,
        cr4: CR4_BASE | 8n,
        ...registers,
      })
      return machine.run()
    }
    expect(run(0x402n, CODE + 1)).toMatchObject({ vector: 1, rip: BigInt(CODE + 1), rflags: 2n })
    expect(machine.get('dr6')).toBe(0xffff0ff1n)
    // RF holds it off.
    expect(run(0x402n, CODE, { rflags: RF | 2n }).vector).toBe(undefined)
    // Writes of one byte: the trap is after the store.
    expect(run(0x10402n, DATA)).toMatchObject({ vector: 1, rip: BigInt(CODE + 3) })
    // Reads and writes: 4 bytes, hit by an access that only touches one of them.
    expect(run(0xf0402n, DATA)).toMatchObject({ vector: 1, rip: BigInt(CODE + 3) })
    expect(run(0xf0402n, DATA + 4).vector).toBe(undefined)
    expect(run(0x30402n, DATA + 2)).toMatchObject({ vector: 1, rip: BigInt(CODE + 5) })
    expect(run(0x20402n, 0x300)).toMatchObject({ vector: 1, rip: BigInt(CODE + 6) })
    expect(run(0x20402n, 0x301).vector).toBe(undefined)
  })

  it('guards the debug registers with DR7.GD, and DR4 and DR5 with CR4.DE', () => {
    const machine = new SystemMachine()
    const run = (text: string, registers = {}) => {
      machine.place(`${text}\nhlt`)
      machine.enter(0, { dr6: 0xffff0ff0n, dr0: 0x1234n, dr7: 0x400n, cr4: CR4_BASE, ...registers })
      return machine.run()
    }
    expect(run('mov rax, dr0', { dr7: 0x2400n })).toMatchObject({ vector: 1, rip: BigInt(CODE), rflags: RF | 2n })
    expect(machine.get('dr6')).toBe(0xffff2ff0n)
    expect(machine.get('dr7')).toBe(0x400n)
    expect(run('mov rax, dr0').vector).toBe(undefined)
    expect(machine.get('rax')).toBe(0x1234n)
    expect(run('.byte 0x0f, 0x21, 0xe0').vector).toBe(undefined)
    expect(machine.get('rax')).toBe(0xffff0ff0n)
    expect(run('.byte 0x0f, 0x21, 0xe0', { cr4: CR4_BASE | 8n }).vector).toBe(6)
    expect(run('mov dr7, rax', { rax: 0x1_0000_0400n })).toMatchObject({ vector: 13, errorCode: 0 })
    expect(run('rep stosb', { dr7: 0x10402n, dr0: BigInt(DATA + 2), rdi: BigInt(DATA), rcx: 5n })).toMatchObject({
      vector: 1,
    })
    expect(machine.get('dr6')).toBe(0xffff0ff1n)
    expect(machine.get('rcx')).toBe(2n)
  })

  it('accepts an interrupt after the instruction that follows STI or MOV SS, and wakes from HLT', () => {
    let pending = false
    const machine = new SystemMachine({
      acknowledgeInterrupt: () => {
        const vector = pending ? 0x50 : -1
        pending = false
        return vector
      },
    })
    const run = (text: string, registers = {}) => {
      machine.place(text)
      machine.enter(0, { rbx: BigInt(KERNEL_DATA), ...registers })
      pending = true
      machine.core.exports.setLine(0, LINE_INTR, 1)
      const outcome = machine.run()
      machine.core.exports.setLine(0, LINE_INTR, 0)
      return outcome
    }
    expect(run('sti\nnop\nnop\nhlt')).toMatchObject({ vector: 0x50, rip: BigInt(CODE + 2), rflags: IF | 2n })
    expect(run('sti\nhlt')).toMatchObject({ vector: 0x50, rip: BigInt(CODE + 2) })
    expect(run('sti\nnop\nhlt', { rflags: IF | 2n })).toMatchObject({ vector: 0x50, rip: BigInt(CODE) })
    expect(run('push 0x202\npopfq\nnop\nhlt')).toMatchObject({ vector: 0x50, rip: BigInt(CODE + 6) })
    expect(run('sti\n.byte 0x8e, 0xd3\nnop\nnop\nhlt')).toMatchObject({ vector: 0x50, rip: BigInt(CODE + 4) })
    expect(run('hlt').vector).toBe(undefined)
  })

  it('keeps the shadow of STI when the run is cut right behind it', () => {
    let pending = false
    const machine = new SystemMachine({
      acknowledgeInterrupt: () => {
        const vector = pending ? 0x50 : -1
        pending = false
        return vector
      },
    })
    machine.place('sti\nhlt\nnop')
    for (const before of [true, false]) {
      machine.enter(0)
      machine.core.exports.setLine(0, LINE_INTR, 0)
      const raise = () => {
        pending = true
        machine.core.exports.setLine(0, LINE_INTR, 1)
      }
      if (before) raise()
      expect(machine.core.run(0, 1)).toBe(0)
      if (!before) raise()
      // HLT executes, and the interrupt wakes from it: no wake-up is lost.
      expect(machine.run()).toMatchObject({ vector: 0x50, rip: BigInt(CODE + 2) })
    }
  })

  it('blocks NMIs from the delivery of one to the next IRET', () => {
    const machine = new SystemMachine()
    machine.place('inc eax\niretq', HANDLER)
    machine.gate(2, { offset: HANDLER })
    machine.place('nop\nnop\nhlt')
    machine.enter(0, { rax: 0n })
    machine.core.exports.setLine(0, LINE_NMI, 1)
    expect(machine.core.run(0, 1)).toBe(0)
    expect(machine.get('rip')).toBe(BigInt(HANDLER + 2))
    machine.core.exports.setLine(0, LINE_NMI, 1)
    machine.core.run(0, 1)
    expect(machine.get('rip')).toBe(BigInt(CODE))
    expect(machine.core.run(0, 100)).toBe(EXIT_HALT)
    expect(machine.get('rax')).toBe(2n)
  })

  it('has the gate of a device interrupt checked with EXT set', () => {
    const machine = new SystemMachine({ acknowledgeInterrupt: () => 0x60 })
    machine.setField(524, 0x5ff)
    machine.place('nop\nhlt')
    machine.enter(0, { rflags: IF | 2n })
    machine.core.exports.setLine(0, LINE_INTR, 1)
    expect(machine.run()).toMatchObject({ vector: 13, errorCode: 0x60 * 8 + 3 })
  })
})

describe('alignment checking', () => {
  it('raises #AC at CPL 3 with CR0.AM and EFLAGS.AC only, after page faults, for loads, stores and pushes', () => {
    const machine = new SystemMachine()
    machine.allowUser(CODE)
    machine.allowUser(DATA)
    machine.allowUser(STACK - 0x1000)
    const run = (text: string, flags: bigint, cr0: bigint, cpl: 0 | 3 = 3, registers = {}) => {
      machine.place(`${text}\nud2`)
      machine.allowUser(CODE)
      machine.enter(cpl, { rflags: flags, cr0, rdi: BigInt(DATA + 2), ...registers })
      return machine.run()
    }
    const AM = 0x80050033n
    const AC = REGISTER_BITS.AC | REGISTER_BITS.FLAGS_ONES
    for (const text of ['mov eax, [rdi]', 'mov [rdi], eax', 'add [rdi], eax', 'push rax', 'pop rax', 'call [rdi]']) {
      expect(run(text, AC, AM, 3, { rsp: BigInt(STACK - 0x104) }), text).toMatchObject({
        vector: 17,
        errorCode: 0,
        rip: BigInt(CODE),
      })
    }
    expect(run('mov ax, [rdi]\nmov al, [rdi + 1]', AC, AM).vector).toBe(6)
    expect(run('mov eax, [rdi]', 2n, AM).vector).toBe(6)
    expect(run('mov eax, [rdi]', AC, 0x80010033n).vector).toBe(6)
    expect(run('mov eax, [rdi]', AC, AM, 0).vector).toBe(6)
    expect(run('mov eax, [rdi]', AC, AM, 3, { rdi: 0x400002n })).toMatchObject({ vector: 14, errorCode: 5 })
    // POPF turns it on for the next instruction.
    expect(run('push 0x40202\npopfq\nmov eax, [rdi]', 2n, AM, 3, { rsp: BigInt(STACK - 0x100) })).toMatchObject({
      vector: 17,
      rip: BigInt(CODE + 6),
    })
  })
})
