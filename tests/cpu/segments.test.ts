// Segments and privilege in long mode: loads with their checks, far transfers through descriptors and call gates, LAR and friends, the
// instructions that need CPL 0 or IOPL, control registers, MSRs, CPUID, port permission.
import { describe, expect, it } from 'vitest'
import { STATE_ATTRIBUTES, STATE_LIMITS, STATE_SELECTORS } from '../../src/cpu/index.js'
import {
  CODE,
  CR4_BASE,
  DATA,
  FREE_SELECTOR,
  GDT,
  KERNEL_CODE,
  KERNEL_CODE32,
  KERNEL_DATA,
  KERNEL_STACK,
  STACK,
  SystemMachine,
  TSS,
  TSS_SELECTOR,
  USER_CODE,
  USER_CODE32,
  USER_DATA,
} from './system-machine.js'

const IOPL3 = 0x3002n
const HANDLER = 0x500000

/** A descriptor: base, limit (20 bits), access byte, flags nibble. */
function descriptor(base: number, limit: number, access: number, flags: number): bigint {
  return (
    BigInt(limit & 0xffff) |
    (BigInt(base & 0xffffff) << 16n) |
    (BigInt(access) << 40n) |
    (BigInt((limit >>> 16) & 15) << 48n) |
    (BigInt(flags) << 52n) |
    (BigInt(base >>> 24) << 56n)
  )
}

function runner(machine: SystemMachine) {
  machine.allowUser(CODE)
  return (text: string, cpl: 0 | 3 = 0, registers: Parameters<SystemMachine['enter']>[1] = {}) => {
    machine.place(`${text}\nud2`)
    if (cpl === 3) machine.allowUser(CODE)
    machine.enter(cpl, registers)
    return machine.run()
  }
}

describe('segments', () => {
  it('loads a data segment with base, limit and attributes, sets its accessed bit, and refuses what it must', () => {
    const machine = new SystemMachine()
    const run = runner(machine)
    const load = (d: bigint, selector: number, cpl: 0 | 3 = 0, register = 'fs') => {
      machine.setQuad(GDT + 0x38, d)
      return run(`mov eax, 0x${selector.toString(16)}\nmov ${register}, ax`, cpl)
    }
    expect(load(descriptor(0x12345678, 0xabcde, 0x92, 0xc), FREE_SELECTOR).vector).toBe(6)
    expect(machine.get('fsBase')).toBe(0x12345678n)
    expect(machine.field(STATE_LIMITS + 16)).toBe(0xabcdefff)
    expect(machine.field(STATE_ATTRIBUTES + 16)).toBe(0xc093)
    expect((machine.quad(GDT + 0x38) >> 40n) & 0xffn).toBe(0x93n)
    // Not present; code that cannot be read; a system descriptor; outside the table.
    expect(load(descriptor(0, 0xfffff, 0x12, 0xc), FREE_SELECTOR)).toMatchObject({
      vector: 11,
      errorCode: FREE_SELECTOR,
    })
    expect(load(descriptor(0, 0xfffff, 0x98, 0xa), FREE_SELECTOR)).toMatchObject({
      vector: 13,
      errorCode: FREE_SELECTOR,
    })
    expect(load(descriptor(0, 0xfffff, 0x9a, 0xa), FREE_SELECTOR)).toMatchObject({ vector: 6 })
    expect(load(descriptor(0, 0xfffff, 0x82, 0), FREE_SELECTOR)).toMatchObject({ vector: 13, errorCode: FREE_SELECTOR })
    expect(load(0n, 0x208)).toMatchObject({ vector: 13, errorCode: 0x208 })
    expect(load(0n, 0x0c)).toMatchObject({ vector: 13, errorCode: 0x0c })
    // Privilege: DPL 0 data at CPL 3; conforming code is for everybody.
    expect(load(descriptor(0, 0xfffff, 0x92, 0xc), FREE_SELECTOR, 3)).toMatchObject({
      vector: 13,
      errorCode: FREE_SELECTOR,
    })
    expect(load(descriptor(0, 0xfffff, 0xf2, 0xc), FREE_SELECTOR + 3, 0)).toMatchObject({ vector: 6 })
    expect(load(descriptor(0, 0xfffff, 0x92, 0xc), FREE_SELECTOR + 3, 0)).toMatchObject({
      vector: 13,
      errorCode: FREE_SELECTOR,
    })
    expect(load(descriptor(0, 0xfffff, 0x9e, 0xa), FREE_SELECTOR + 3, 3)).toMatchObject({ vector: 6 })
    // Null is fine for a data segment and clears the base.
    expect(load(0n, 3, 3)).toMatchObject({ vector: 6 })
    expect(machine.get('fsBase')).toBe(0n)
    // SS: null only at CPL 0 in 64-bit mode; #SS if not present.
    expect(load(0n, 0, 0, 'ss')).toMatchObject({ vector: 6 })
    expect(load(0n, 0, 3, 'ss')).toMatchObject({ vector: 13, errorCode: 0 })
    expect(load(descriptor(0, 0xfffff, 0x12, 0xc), FREE_SELECTOR, 0, 'ss')).toMatchObject({
      vector: 12,
      errorCode: FREE_SELECTOR,
    })
    expect(load(descriptor(0, 0xfffff, 0x90, 0xc), FREE_SELECTOR, 0, 'ss')).toMatchObject({
      vector: 13,
      errorCode: FREE_SELECTOR,
    })
    expect(load(descriptor(0, 0xfffff, 0xf2, 0xc), FREE_SELECTOR + 3, 0, 'ss')).toMatchObject({
      vector: 13,
      errorCode: FREE_SELECTOR,
    })
    expect(run('.byte 0x8e, 0xc8').vector).toBe(6)
    expect(run('.byte 0x8e, 0xf8').vector).toBe(6)
  })

  it('reads access rights and limits with LAR, LSL, VERR and VERW', () => {
    const machine = new SystemMachine()
    const run = runner(machine)
    machine.setQuad(GDT + 0x38, descriptor(0, 0x12345, 0xf2, 0x8))
    const zf = () => (machine.get('rflags') >> 6n) & 1n
    const test = (text: string, selector: number, cpl: 0 | 3 = 3) => {
      const outcome = run(`mov eax, 0x${selector.toString(16)}\nmov ecx, 0x99\n${text}`, cpl, { rdi: 0n })
      expect(outcome.vector).toBe(6)
      return [zf(), machine.get('rcx')]
    }
    expect(test('lar ecx, eax', FREE_SELECTOR + 3)).toEqual([1n, 0x80f200n])
    expect(test('lsl ecx, eax', FREE_SELECTOR + 3)).toEqual([1n, 0x12345fffn])
    expect(test('lsl ecx, eax', KERNEL_DATA)).toEqual([0n, 0x99n])
    expect(test('lsl ecx, eax', KERNEL_DATA, 0)).toEqual([1n, 0xffffffffn])
    expect(test('lar ecx, eax', 0)).toEqual([0n, 0x99n])
    expect(test('lsl ecx, eax', TSS_SELECTOR, 0)).toEqual([1n, 0x67n])
    expect(test('verr ax', FREE_SELECTOR + 3)[0]).toBe(1n)
    expect(test('verw ax', FREE_SELECTOR + 3)[0]).toBe(1n)
    expect(test('verw ax', USER_CODE)[0]).toBe(0n)
    expect(test('verr ax', USER_CODE)[0]).toBe(1n)
    expect(test('verr ax', KERNEL_DATA)[0]).toBe(0n)
  })

  it('goes to compatibility mode and back by far transfers', () => {
    const machine = new SystemMachine()
    machine.place('mov eax, 0x11223344\n.byte 0xea\n.long 0x100100\n.word 0x08', HANDLER, 32)
    machine.place('mov rbx, rax\nud2', CODE + 0x100)
    machine.place(`push 0x48\npush 0x${HANDLER.toString(16)}\n.byte 0x48, 0xcb`)
    machine.enter(0, { rax: -1n })
    expect(machine.run()).toMatchObject({ vector: 6, rip: BigInt(CODE + 0x103) })
    expect(machine.get('rbx')).toBe(0x11223344n)
    expect(machine.quad(Number(machine.get('rsp')) + 24)).toBe(BigInt(STACK))
    // L and D together are reserved; data is no target; another level is none.
    const run = runner(machine)
    const jump = (selector: number) => {
      machine.setQuad(DATA, BigInt(CODE + 0x100) | (BigInt(selector) << 32n))
      return run('.byte 0xff, 0x2f', 0, { rdi: BigInt(DATA) })
    }
    expect(jump(KERNEL_CODE)).toMatchObject({ vector: 6, rip: BigInt(CODE + 0x103) })
    machine.setQuad(GDT + 0x38, descriptor(0, 0xfffff, 0x9a, 0xe))
    expect(jump(FREE_SELECTOR)).toMatchObject({ vector: 13, errorCode: FREE_SELECTOR })
    expect(jump(KERNEL_DATA)).toMatchObject({ vector: 13, errorCode: KERNEL_DATA })
    expect(jump(USER_CODE)).toMatchObject({ vector: 13, errorCode: 0x18 })
    expect(jump(0)).toMatchObject({ vector: 13, errorCode: 0 })
    expect(jump(TSS_SELECTOR)).toMatchObject({ vector: 13, errorCode: TSS_SELECTOR })
    machine.setQuad(GDT + 0x38, descriptor(0, 0xfffff, 0x1a, 0xa))
    expect(jump(FREE_SELECTOR)).toMatchObject({ vector: 11, errorCode: FREE_SELECTOR })
  })

  it('calls through a 64-bit call gate to CPL 0 and returns by RETF', () => {
    const machine = new SystemMachine()
    const gate = (dpl: number, selector = KERNEL_CODE) => {
      machine.setQuad(
        GDT + 0x58,
        BigInt(HANDLER & 0xffff) |
          (BigInt(selector) << 16n) |
          (BigInt(0x8c | (dpl << 5)) << 40n) |
          (BigInt(HANDLER >>> 16) << 48n),
      )
      machine.setQuad(GDT + 0x60, 0n)
    }
    machine.place('mov rbx, rsp\n.byte 0x48, 0xcb', HANDLER)
    machine.setQuad(DATA, 0x0058_0000_0000n | (3n << 32n))
    machine.allowUser(DATA)
    machine.allowUser(STACK - 0x1000)
    const run = runner(machine)
    gate(3)
    // call far [rdi]
    expect(run('.byte 0xff, 0x1f', 3, { rdi: BigInt(DATA), rsp: BigInt(STACK - 0x100) })).toMatchObject({
      vector: 6,
      rip: BigInt(CODE + 2),
    })
    expect(machine.get('rbx')).toBe(BigInt(KERNEL_STACK - 32))
    expect([0, 8, 16, 24].map((i) => machine.quad(KERNEL_STACK - 32 + i)).slice(0, 2)).not.toEqual([0n, 0n])
    gate(0)
    expect(run('.byte 0xff, 0x1f', 3, { rdi: BigInt(DATA) })).toMatchObject({ vector: 13, errorCode: 0x58 })
    gate(3, KERNEL_CODE32)
    expect(run('.byte 0xff, 0x1f', 3, { rdi: BigInt(DATA) })).toMatchObject({ vector: 13, errorCode: KERNEL_CODE32 })
    // A 32-bit gate has no meaning in long mode... and a jump through a gate cannot change the level.
    gate(3)
    expect(run('.byte 0xff, 0x2f', 3, { rdi: BigInt(DATA) })).toMatchObject({ vector: 13, errorCode: KERNEL_CODE })
  })

  it('enforces limits and types in compatibility mode, expand-down included', () => {
    const machine = new SystemMachine()
    machine.allowUser(CODE)
    machine.allowUser(DATA, 2)
    machine.place('mov ax, [edi]\nud2', CODE, 32)
    const run = (attributes: number, limit: number, edi: number) => {
      machine.enter(3, { rdi: BigInt(edi) })
      machine.segment(1, USER_CODE32, 0xc0fb)
      machine.segment(3, USER_DATA, attributes, BigInt(DATA), limit)
      return machine.run().vector
    }
    expect(run(0xc0f3, 0xfff, 0xffe)).toBe(6)
    expect(run(0xc0f3, 0xfff, 0xfff)).toBe(13)
    expect(run(0xc0f7, 0xfff, 0xfff)).toBe(13)
    expect(run(0xc0f7, 0xfff, 0x1000)).toBe(6)
    expect(run(0x80f7, 0xfff, 0xffff)).toBe(13)
    expect(run(0, 0xffffffff, 0)).toBe(13)
    machine.place('mov [edi], ax\nud2', CODE, 32)
    expect(run(0xc0f1, 0xffff, 0)).toBe(13)
    expect(run(0xc0f3, 0xffff, 0)).toBe(6)
  })

  it('loads LDT and TSS, marks the TSS busy, and finds segments in the LDT', () => {
    const machine = new SystemMachine()
    const run = runner(machine)
    machine.setQuad(GDT + 0x60, descriptor(DATA, 0xff, 0x82, 0))
    machine.setQuad(GDT + 0x68, 0n)
    machine.setQuad(DATA + 8, descriptor(0x1000, 0xffff, 0x92, 4))
    expect(run('mov eax, 0x60\nlldt ax\nmov eax, 0x0c\nmov gs, ax').vector).toBe(6)
    expect(machine.get('gsBase')).toBe(0x1000n)
    machine.setQuad(GDT + 0x28, machine.quad(GDT + 0x28) & ~(2n << 40n))
    expect(run('mov eax, 0x28\nltr ax\nstr ecx').vector).toBe(6)
    expect(machine.get('rcx')).toBe(0x28n)
    expect((machine.quad(GDT + 0x28) >> 40n) & 0xffn).toBe(0x8bn)
    expect(run('mov eax, 0x28\nltr ax')).toMatchObject({ vector: 13, errorCode: 0x28 })
    expect(run('mov eax, 0x28\nlldt ax')).toMatchObject({ vector: 13, errorCode: 0x28 })
    expect(run('xor eax, eax\nltr ax')).toMatchObject({ vector: 13, errorCode: 0 })
    expect(machine.field(STATE_SELECTORS + 4)).toBe(KERNEL_CODE)
  })
})

describe('privileged instructions', () => {
  it('raise #GP(0) at CPL 3 and nothing else', () => {
    const machine = new SystemMachine()
    const run = runner(machine)
    const texts = [
      'hlt',
      'cli',
      'sti',
      'clts',
      'invd',
      'wbinvd',
      'mov rax, cr0',
      'mov cr3, rax',
      'mov rax, cr8',
      'mov rax, dr7',
      'mov dr0, rax',
      'lgdt [rdi]',
      'lidt [rdi]',
      'lldt ax',
      'ltr ax',
      'lmsw ax',
      'invlpg [rdi]',
      'invpcid rax, [rdi]',
      'rdmsr',
      'wrmsr',
      'swapgs',
      '.byte 0x48, 0x0f, 0x07',
      'in al, dx',
      'out dx, al',
      'insb',
      'outsb',
      'rdpmc',
    ]
    for (const text of texts) {
      expect(run(text, 3, { rdi: BigInt(DATA) }), text).toMatchObject({ vector: 13, errorCode: 0, rip: BigInt(CODE) })
    }
    for (const text of [
      'stac',
      'clac',
      '.byte 0x0f, 0xaa',
      'xgetbv',
      'monitor',
      'mwait',
      'vmcall',
      '.byte 0x0f, 0x01, 0xd1',
      '.byte 0x0f, 0xc7, 0xf0',
      '.byte 0x06',
      '.byte 0x9a',
      '.byte 0xce',
      '.byte 0x62',
    ])
      expect(run(text, 3, { rdi: BigInt(DATA) }), text).toMatchObject({ vector: 6, rip: BigInt(CODE) })
    // IOPL 3 allows CLI, STI and ports.
    for (const text of ['cli', 'sti', 'in al, dx', 'out dx, al'])
      expect(run(text, 3, { rflags: IOPL3 }).vector, text).toBe(6)
  })

  it('lets POPF change IOPL at CPL 0 only, and IF by IOPL, without a fault', () => {
    const machine = new SystemMachine()
    machine.allowUser(STACK - 0x1000)
    const run = runner(machine)
    const pop = (value: string, cpl: 0 | 3, flags = 2n) => {
      run(`push ${value}\npopfq\npushfq\npop rbx`, cpl, { rflags: flags })
      return machine.get('rbx')
    }
    expect(pop('0x3202', 0)).toBe(0x3202n)
    expect(pop('0x3202', 3)).toBe(2n)
    expect(pop('0x202', 3, IOPL3)).toBe(0x3202n)
    expect(pop('0x264ed7', 0)).toBe(0x244ed7n)
    expect(pop('0x4cd5', 3)).toBe(0x4cd7n)
  })

  it('checks the I/O permission bitmap of the TSS', () => {
    const writes: number[] = []
    const machine = new SystemMachine({ portWrite: (_c, port) => writes.push(port) })
    const run = runner(machine)
    machine.setField(532, 0x67 + 0x20 + 2)
    machine.setQuad(TSS + 96, 0x0068_0000_0000_0000n)
    machine.core.writeRam(
      TSS + 0x68,
      Uint8Array.from({ length: 0x22 }, () => 0xff),
    )
    machine.core.writeRam(TSS + 0x68 + 2, Uint8Array.of(0b11110110, 0xff))
    expect(run('mov edx, 0x10\nout dx, al', 3).vector).toBe(6)
    expect(run('mov edx, 0x11\nout dx, al', 3).vector).toBe(13)
    expect(run('mov edx, 0x13\nout dx, al', 3).vector).toBe(6)
    expect(run('mov edx, 0x13\nout dx, ax', 3).vector).toBe(13)
    expect(run('mov edx, 0x400\nout dx, al', 3).vector).toBe(13)
    expect(writes).toEqual([0x10, 0x13])
  })

  it('refuses reserved bits and impossible combinations in CR0, CR3, CR4 and EFER', () => {
    const machine = new SystemMachine()
    const run = runner(machine)
    const write = (register: string, value: bigint) => run(`mov ${register}, rax`, 0, { rax: value }).vector
    expect(write('cr0', 0x180010033n)).toBe(13)
    expect(write('cr0', 0x80010032n)).toBe(13)
    expect(write('cr0', 0xa0010033n)).toBe(13)
    expect(write('cr0', 0x00010033n)).toBe(13)
    expect(write('cr0', 0x8001003bn)).toBe(6)
    expect(write('cr3', 1n << 40n)).toBe(13)
    expect(write('cr3', 1n << 63n)).toBe(13)
    expect(write('cr4', CR4_BASE & ~0x20n)).toBe(13)
    expect(write('cr4', CR4_BASE | 1n)).toBe(13)
    expect(write('cr4', CR4_BASE | (1n << 18n))).toBe(13)
    expect(write('cr4', CR4_BASE | (1n << 32n))).toBe(13)
    expect(write('cr4', CR4_BASE | 0x200000n)).toBe(6)
    // SMEP takes effect at once: this code lies in a user page.
    expect(write('cr4', CR4_BASE | 0x100000n)).toBe(14)
    machine.set({ cr4: CR4_BASE })
    expect(write('cr8', 16n)).toBe(13)
    const msr = (number: bigint, value: bigint) =>
      run('wrmsr', 0, { rcx: number, rax: value & 0xffffffffn, rdx: value >> 32n }).vector
    expect(msr(0xc0000080n, 0xc01n)).toBe(13)
    expect(msr(0xc0000080n, 0xf01n)).toBe(13)
    expect(msr(0xc0000080n, 0xd00n)).toBe(6)
    expect(msr(0xc0000082n, 0x800000000000n)).toBe(13)
    expect(msr(0xc0000100n, 0xffff800000000000n)).toBe(6)
    expect(machine.get('fsBase')).toBe(0xffff800000000000n)
    expect(msr(0x277n, 0x0007040600070402n)).toBe(13)
    expect(msr(0x277n, 0x0105040600070406n)).toBe(6)
    expect(msr(0x12345n, 0n)).toBe(13)
    expect(run('rdmsr', 0, { rcx: 0x12345n }).vector).toBe(13)
  })

  it('says the truth in CPUID: a bit for each feature, and #UD without it', () => {
    const machine = new SystemMachine({ apicMsrRead: () => 0xfee00900 })
    const run = runner(machine)
    const leaf = (eax: number, ecx = 0) => {
      expect(run('cpuid', 0, { rax: BigInt(eax), rcx: BigInt(ecx) }).vector).toBe(6)
      return (['rax', 'rbx', 'rcx', 'rdx'] as const).map((name) => Number(machine.get(name)))
    }
    const [, b, c, d] = leaf(0) as [number, number, number, number]
    expect(
      String.fromCharCode(...[b, d, c].flatMap((word) => [0, 8, 16, 24].map((shift) => (word >>> shift) & 255))),
    ).toBe('GenuineIntel')
    const one = leaf(1) as [number, number, number, number]
    expect(one[3] & (1 << 9)).not.toBe(0)
    expect((one[2] >>> 26) & 3).toBe(0) // no XSAVE, no OSXSAVE
    const seven = leaf(7) as [number, number, number, number]
    expect(seven[1]).toBe((1 << 0) | (1 << 1) | (1 << 7) | (1 << 10) | (1 << 13) | (1 << 20))
    expect(leaf(0x40000000)[0]).toBe(0x40000010)
    expect(leaf(0x15)).toEqual([1, 1, 1000000000, 0])
    expect(leaf(0x80000008)[0]).toBe(0x3028)
    expect(leaf(0x80000007)[3]).toBe(256)
    expect(leaf(0x12345678)).toEqual(leaf(0x16))
  })

  it('hides SGDT, SIDT, SLDT, STR and SMSW from CPL 3 with CR4.UMIP', () => {
    const machine = new SystemMachine()
    const run = runner(machine)
    machine.allowUser(DATA)
    const stores = ['sgdt [rbx]', 'sidt [rbx]', 'sldt eax', 'str eax', 'smsw eax', 'smsw word ptr [rbx]']
    for (const text of stores) {
      const at = { rbx: BigInt(DATA), cr4: CR4_BASE | 0x800n }
      expect(run(text, 3, at)).toMatchObject({ vector: 13, errorCode: 0, rip: BigInt(CODE) })
      expect(run(text, 0, at).vector).toBe(6)
      expect(run(text, 3, { ...at, cr4: CR4_BASE }).vector).toBe(6)
    }
  })

  it('keeps FS and GS bases through RDFSBASE, WRGSBASE and SWAPGS', () => {
    const machine = new SystemMachine()
    const run = runner(machine)
    expect(
      run('wrfsbase rax\nwrgsbase rbx\nrdfsbase rcx\nswapgs\nrdgsbase rdx\nswapgs\nrdgsbase ebp', 0, {
        rax: 0x123456789an,
        rbx: 0xffff888000000001n,
        kernelGsBase: 77n,
      }).vector,
    ).toBe(6)
    expect([machine.get('rcx'), machine.get('rdx'), machine.get('rbp')]).toEqual([0x123456789an, 77n, 1n])
    expect(run('wrfsbase rax', 3, { rax: 0x800000000000n })).toMatchObject({ vector: 13, errorCode: 0 })
    expect(run('wrfsbase rax', 3, { cr4: CR4_BASE & ~0x10000n })).toMatchObject({ vector: 6, rip: BigInt(CODE) })
  })

  it('counts time in retired instructions, and hides it with CR4.TSD', () => {
    const machine = new SystemMachine()
    const run = runner(machine)
    machine.core.exports.setTime(1_000_000)
    expect(run('rdtsc\nmov ebx, eax\nnop\nnop\nrdtsc\nsub eax, ebx', 3).vector).toBe(6)
    expect(machine.get('rax')).toBe(4n)
    expect(run('rdtscp', 0, { tscAux: 5n }).vector).toBe(6)
    expect(machine.get('rcx')).toBe(5n)
    expect(run('rdtsc', 3, { cr4: CR4_BASE | 4n })).toMatchObject({ vector: 13, errorCode: 0 })
    expect(run('rdtsc', 0, { cr4: CR4_BASE | 4n })).toMatchObject({ vector: 6 })
  })
})
