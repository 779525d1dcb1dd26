// What a case of privileged-long-rom.ts executes: one instruction, or one with what it needs, drawn by the generator.

import { type Generator, long, word } from './privileged-rom.js'

export const PAD = 0xf2e00

const push = (value: number): number[] => [0x68, ...long(value)]
const loadRax = (value: bigint): number[] => [
  0x48,
  0xb8,
  ...long(Number(value & 0xffffffffn)),
  ...long(Number((value >> 32n) & 0xffffffffn)),
]

const ADDRESSES = [
  0x7000n,
  0x500n,
  0x800000000000n,
  0x7ffffffff000n,
  0xffff7fffffffffffn,
  0xffff800000000000n,
  0x8000000000000000n,
  0xfffffffffffffffcn,
  0x40001000n,
] as const

export function selector(g: Generator): number {
  const rpl = g.chance(60) ? g.pick([0, 3]) : g.below(4)
  if (g.chance(30)) return g.pick([0, 0x08, 0x10, 0x18, 0x20, 0x28, 0x38, 0x40, 0x30]) | rpl
  return (0x50 + 8 * g.below(12)) | rpl
}

const FAR_FRAME = [0x48, 0x83, 0xec, 0x10]

export function step(g: Generator): number[] {
  const s = selector(g)
  const target = g.pick([PAD, PAD, 0x2e00])
  const flags = (g.chance(50) ? 0x2 : g.pick([0x3002, 0x102, 0x4002, 0x1002, 0x10002, 0x20002, 0xcd7])) & ~0x200
  const address = g.pick(ADDRESSES)
  switch (g.below(24)) {
    case 0:
    case 1:
    case 2: {
      // Far JMP and CALL, m16:32 and m16:64.
      const pointer = [...FAR_FRAME, 0xc7, 0x04, 0x24, ...long(target), 0x66, 0xc7, 0x44, 0x24, 0x04, ...word(s)]
      if (g.chance(60)) return [...pointer, 0xff, g.pick([0x2c, 0x1c]), 0x24]
      return [
        ...push(s),
        ...(g.chance(80) ? push(target) : [...loadRax(address), 0x50]),
        0x48,
        0xff,
        g.pick([0x2c, 0x1c]),
        0x24,
      ]
    }
    case 3:
    case 4: {
      const top = g.chance(80) ? push(0x7000) : [...loadRax(address), 0x50]
      const rip = g.chance(80) ? push(target) : [...loadRax(g.pick(ADDRESSES)), 0x50]
      return [...push(selector(g)), ...top, ...push(s), ...rip, 0x48, ...g.pick([[0xcb], [0xca, 8, 0], [0xca, 0, 0]])]
    }
    case 5:
    case 6:
    case 7: {
      const top = g.chance(80) ? push(0x7000) : [...loadRax(address), 0x50]
      const rip = g.chance(80) ? push(target) : [...loadRax(g.pick(ADDRESSES)), 0x50]
      return [...push(selector(g)), ...top, ...push(flags), ...push(s), ...rip, 0x48, 0xcf]
    }
    case 8:
    case 9:
    case 10:
      return [0xcd, g.pick([0x31, 0x32, 0x33, 0x34])]
    case 11:
    case 12:
      return [0xb8, ...long(s), 0x8e, g.pick([0xd8, 0xc0, 0xe0, 0xe8, 0xd0])]
    case 13: {
      const opcode = g.pick([
        [0x0f, 0x02, 0xd8, 0x81, 0xe3, 0, 0xff, 0xf0, 0],
        [0x0f, 0x03, 0xd8],
        [0x0f, 0, 0xe0],
        [0x0f, 0, 0xe8],
      ])
      return [0xb8, ...long(s), ...opcode]
    }
    case 14:
      return [0xb8, ...long(s), 0x0f, 0x00, g.pick([0xd0, 0xd8])]
    case 15: // load, store, PUSH, POP, CALL, JMP, LGDT, INVLPG by any address
      return [
        ...loadRax(address),
        ...g.pick([
          [0x48, 0x8b, 0x18],
          [0x48, 0x89, 0x18],
          [0x48, 0x94, 0x50],
          [0x48, 0x94, 0x58],
          [0x48, 0x95, 0x48, 0x8b, 0x5d, 0x00],
          [0xff, 0xe0],
          [0xff, 0xd0],
          [0x50, 0xc3],
          [0x0f, 0x01, 0x38],
          [0x0f, 0x01, 0x10],
          [0xf3, 0x48, 0x0f, 0xae, 0xd0, 0xf3, 0x48, 0x0f, 0xae, 0xc3],
        ]),
      ]
    case 16: {
      // WRMSR and RDMSR.
      const msr = g.pick([0xc0000082, 0xc0000083, 0xc0000101, 0xc0000102, 0x175, 0x176, 0xc0000080, 0x277])
      const value =
        msr === 0xc0000080
          ? g.pick([0xd01n, 0x501n, 0xc01n, 0xf01n, 0x901n, 0x100000d01n])
          : msr === 0x277
            ? g.pick([0x0007040600070406n, 0x2n, 0x0700000000000000n])
            : address
      return [
        ...loadRax(value),
        0x48,
        0x89,
        0xc2,
        0x48,
        0xc1,
        0xea,
        0x20,
        0xb9,
        ...long(msr),
        0x0f,
        0x30,
        0x0f,
        0x32,
        0x89,
        0xc3,
      ]
    }
    case 17: {
      // CR4, CR0, CR3, CR8 and back.
      const [n, value] = g.pick([
        [4, 0x100a0n | g.pick([4n, 8n, 0x10n, 0x100n, 0x600n, 0x20000n, 0x1000n, 0x80000n, 0x800000n, 0x100000000n])],
        [4, g.pick([0x10080n, 0x10020n, 0x100a4n])],
        [
          0,
          0x80010031n ^
            g.pick([
              1n,
              2n,
              4n,
              8n,
              0x10n,
              0x20n,
              0x10000n,
              0x40000n,
              0x20000000n,
              0x40001000n,
              0x60000000n,
              0x100000000n,
            ]),
        ],
        [3, 0x10000n | g.pick([0n, 1n, 0x18n, 0x8000000000000000n, 0x10000000000000n, 0x10000000000n])],
        [8, g.pick([0n, 16n, 0x100000000n])],
      ] as const)
      const reg = 0xc0 | ((n & 7) << 3)
      const rex = n === 8 ? [0x44] : []
      return [...loadRax(value), ...rex, 0x0f, 0x22, reg, ...rex, 0x0f, 0x20, reg | 3]
    }
    case 18: {
      const n = g.pick([0, 3, 4, 5, 6, 7])
      const value = g.pick([
        0n,
        0x400n,
        0xffff0ff0n,
        0x2000n,
        0xffffffffn & ~0x2055n,
        0x100000000n,
        0x8000000000000000n,
      ])
      const reg = 0xc0 | (n << 3)
      return [...loadRax(value), 0x0f, 0x23, reg, 0x0f, 0x21, reg | 3]
    }
    case 19: {
      // SYSCALL; SYSRET and SYSEXIT to any address.
      if (g.chance(30)) return [0x0f, 0x05]
      const to = g.chance(50) ? BigInt(PAD) : address
      const r11 = [0x49, 0xc7, 0xc3, ...long(flags & ~0x100)]
      return g.chance(60)
        ? [
            ...loadRax(to),
            0x48,
            0x89,
            0xc1,
            ...r11,
            ...g.pick([
              [0x48, 0x0f, 0x07],
              [0x0f, 0x07],
            ]),
          ]
        : [...loadRax(to), 0x48, 0x89, 0xc2, 0x0f, 0x01, 0xf8]
    }
    case 20: {
      // INVPCID: type in RAX, descriptor on the stack.
      const first = g.pick([0n, 0n, 1n, 0x1000n])
      return [
        ...loadRax(address),
        0x50,
        ...loadRax(first),
        0x50,
        0xb8,
        ...long(g.below(5)),
        0x66,
        0x0f,
        0x38,
        0x82,
        0x04,
        0x24,
      ]
    }
    case 21:
      return [
        ...push(flags),
        ...g.pick([[0x9d], [0x66, 0x9d], [0xfa], [0xe4, 0xee], [0x0f, 0x06], [0x0f, 0x31, 0x31, 0xc0]]),
      ]
    case 22:
      return [
        ...push(s),
        ...g.pick([
          [0x0f, 0xa1],
          [0x0f, 0xa9],
          [0x66, 0x0f, 0xa1],
        ]),
      ]
    default:
      return g.pick([
        [0xcc],
        [0xf1],
        [0xce],
        [0x0f, 0x0b],
        [0x06],
        [0x9a],
        [0x8e, 0xc8],
        [0xea],
        [0x0f, 0x34],
        [0x0f, 0x20, 0xc8],
        [0x62],
      ])
  }
}
