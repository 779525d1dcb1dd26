// What a vCPU remembers of the translations of its code (SDM 3A 4.10.4), with decoded blocks that outlive a change of the address space: they are
// entered again under the no-flush bit without a look at the tables, and never after the translation was lost, whoever lost it.
//
// A function lies at one linear address; its page leads to one of two frames, which return different numbers.
import { describe, expect, it } from 'vitest'
import { CpuCore, EXIT_HALT, noDevices, REGISTER_BITS } from '../../src/cpu/index.js'
import { CPU_STATE } from '../../src/cpu/layouts.js'
import { assemble } from './assemble.js'
import { coreModule } from './harness.js'
import {
  CODE,
  CR4_BASE,
  CR4_PCIDE,
  DATA,
  FREE_SELECTOR,
  GDT,
  KERNEL_CODE,
  KERNEL_CODE32,
  PTE_G,
  PTE_P,
  PTE_W,
  SystemMachine,
  TABLES,
} from './system-machine.js'

const FUNCTION = 0x400000
const FRAME_A = 0x800000
const FRAME_B = 0x801000
const PAD = 0x600000
const NO_FLUSH = REGISTER_BITS.CR3_NO_FLUSH

class Caller extends SystemMachine {
  constructor() {
    super()
    this.core.writeRam(FRAME_A, assemble('mov eax, 0xa\nret', FUNCTION))
    this.core.writeRam(FRAME_B, assemble('mov eax, 0xb\nret', FUNCTION))
    this.place('hlt')
    this.enter(0, { cr4: CR4_BASE | CR4_PCIDE, cr3: BigInt(TABLES) })
    this.lead(FRAME_A)
  }

  lead(frame: number, more = 0n): void {
    this.setPte(FUNCTION, BigInt(frame) | PTE_P | PTE_W | more)
  }

  script(text: string): void {
    this.place(`${text}\nhlt`)
    this.core.state(0).setBigUint64(CPU_STATE.rip, BigInt(CODE), true)
    this.setField(628, 0)
    if (this.core.run(0, 200_000) !== EXIT_HALT) throw new Error(`this does not end: ${text}`)
  }

  call(): number {
    this.script(`mov rdi, 0x${FUNCTION.toString(16)}\ncall rdi`)
    return Number(this.core.state(0).getBigUint64(0, true))
  }

  pcid(number: number, flush = 0n): void {
    this.script(`movabs rax, 0x${(BigInt(TABLES) | BigInt(number) | flush).toString(16)}\nmov cr3, rax`)
  }

  invpcid(type: number, pcid: number): void {
    this.setQuad(DATA, BigInt(pcid))
    this.setQuad(DATA + 8, BigInt(FUNCTION))
    this.script(`mov rcx, 0x${type.toString(16)}\nmov rdi, 0x${DATA.toString(16)}\ninvpcid rcx, [rdi]`)
  }
}

describe('code whose page has other translations', () => {
  it('is what its PCID remembers, back under the no-flush bit', () => {
    const caller = new Caller()
    caller.pcid(1)
    expect(caller.call()).toBe(0xa)
    caller.lead(FRAME_B)
    caller.pcid(2)
    expect(caller.call()).toBe(0xb)
    caller.pcid(1, NO_FLUSH)
    expect(caller.call()).toBe(0xa)
    caller.pcid(2, NO_FLUSH)
    expect(caller.call()).toBe(0xb)
    caller.pcid(1)
    expect(caller.call()).toBe(0xb)
  })

  it.each([0, 1, 2, 3])('is another after INVPCID type %i of its PCID from elsewhere', (type) => {
    const caller = new Caller()
    caller.pcid(1)
    expect(caller.call()).toBe(0xa)
    caller.lead(FRAME_B)
    caller.pcid(2)
    caller.invpcid(type, type < 2 ? 1 : 0)
    caller.pcid(1, NO_FLUSH)
    expect(caller.call()).toBe(0xb)
  })

  it('is another after its entry had to make room for data of another PCID', () => {
    const caller = new Caller()
    caller.pcid(1)
    expect(caller.call()).toBe(0xa)
    caller.lead(FRAME_B)
    caller.pcid(2)
    // More pages than there are entries, several times, an odd number of them: every way of the function's set is taken.
    const text = [
      'mov edx, 8',
      `round: mov rdi, 0x${PAD.toString(16)}`,
      'mov ecx, 0x9ff',
      'page: mov al, [rdi]',
      'add rdi, 0x1000',
    ]
    caller.script([...text, 'dec ecx', 'jnz page', 'dec edx', 'jnz round'].join('\n'))
    caller.pcid(1, NO_FLUSH)
    expect(caller.call()).toBe(0xb)
  })

  it('is what a global entry says in every PCID, until that is dropped', () => {
    const caller = new Caller()
    caller.lead(FRAME_A, PTE_G)
    caller.pcid(1)
    expect(caller.call()).toBe(0xa)
    caller.lead(FRAME_B, PTE_G)
    caller.pcid(2)
    expect(caller.call()).toBe(0xa)
    caller.script(`mov rdi, 0x${FUNCTION.toString(16)}\ninvlpg [rdi]`)
    expect(caller.call()).toBe(0xb)
    caller.pcid(1, NO_FLUSH)
    expect(caller.call()).toBe(0xb)
  })
})

describe('code at the same offset in another segment', () => {
  it('is not what stood there in the first one, when the page of that one is executed by both', () => {
    const core = new CpuCore(coreModule(), noDevices(), 1, 16 << 20)
    const rom = new Uint8Array(0x10000)
    rom.set(assemble('ljmp 0x1000:0x200', 0xfff0, 16), 0xfff0)
    core.mapRom(0xffff0000, rom)
    const place = (text: string, segment: number, offset: number) =>
      core.writeRam((segment << 4) + offset, assemble(text, offset, 16))
    place('inc bx\nljmp 0xf00:0x1100', 0x1000, 0x200)
    // In the page of the first segment, and on to the offset at which that one has been executed.
    place('jmp 0x200', 0xf00, 0x1100)
    place('mov cx, bx\nhlt', 0xf00, 0x200)
    expect(core.run(0, 100)).toBe(EXIT_HALT)
    expect(core.register(0, 'rcx')).toBe(1n)
  })

  it('is not what stood there in the first one, when compiled 64-bit code goes to both', () => {
    const machine = new SystemMachine()
    machine.core.setJit({ threshold: 1 })
    const segment = FREE_SELECTOR
    machine.setQuad(GDT + segment, 0x00cf9b100000ffffn)
    const far = (selector: number, offset: number) =>
      `.byte 0xea\n.long 0x${offset.toString(16)}\n.word 0x${selector.toString(16)}`
    const [second, last] = [CODE + 0x100, CODE + 0x200]
    machine.place(`inc ebx\n${far(KERNEL_CODE, second)}`, FUNCTION, 32)
    machine.place(`inc esi\n${far(KERNEL_CODE, last)}`, 0x100000 + FUNCTION, 32)
    const enter = (selector: number) =>
      `push 0x${selector.toString(16)}\npush 0x${FUNCTION.toString(16)}\n.byte 0x48, 0xcb`
    machine.place(enter(KERNEL_CODE32))
    machine.place(enter(segment), second)
    machine.place(`dec ecx\njnz 0x${CODE.toString(16)}\nhlt`, last)
    machine.enter(0, { rcx: 20n, rbx: 0n, rsi: 0n })
    expect(machine.core.run(0, 2000)).toBe(EXIT_HALT)
    expect([machine.get('rbx'), machine.get('rsi')]).toEqual([20n, 20n])
  })
})
