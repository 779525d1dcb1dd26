// Fuzzed integer instructions: every producer and every reader of flags, in register and memory forms of all sizes.

import { encode, little, type Place, type Size } from './jit-code.js'
import { RDI, RSI, type Writer } from './jit-writer.js'

function immediateBytes(size: Size): Size {
  return size === 8 ? 4 : size
}

/** One instruction that leaves flags behind, and does something with a register or memory. */
export function flagProducer(w: Writer): Writer {
  const size = w.size()
  const byte = size === 1 ? 0 : 1
  const { random } = w
  switch (random.below(24)) {
    case 0:
    case 1:
    case 2: {
      const [a, b] = w.pair(size)
      return w.form({ size, opcode: [(random.below(8) << 3) | byte], reg: b, place: a })
    }
    case 3: {
      const reg = w.target(size) & 3
      return w.form({ size, opcode: [(random.below(8) << 3) | 2 | byte], reg, place: w.memory(size) })
    }
    case 4: {
      const lock = w.chance(4)
      const op = random.below(lock ? 7 : 8)
      const reg = random.below(16)
      return w.form({ size, prefix: lock ? [0xf0] : [], opcode: [(op << 3) | byte], reg, place: w.memory(size) })
    }
    case 5:
    case 6: {
      const short = size !== 1 && w.chance(2)
      const bytes = short ? 1 : immediateBytes(size)
      const immediate = little(w.immediate(short ? 1 : size), bytes)
      const opcode = [size === 1 ? 0x80 : short ? 0x83 : 0x81]
      return w.form({ size, opcode, reg: random.below(8), place: w.destination(size), immediate })
    }
    case 7: {
      const [a, b] = w.pair(size)
      return w.form({ size, opcode: [0x84 | byte], reg: b, place: a })
    }
    case 8: {
      const immediate = little(w.immediate(size), immediateBytes(size))
      return w.form({ size, opcode: [0xf6 | byte], reg: 0, place: w.destination(size), immediate })
    }
    case 9:
    case 10:
      return w.form({ size, opcode: [0xfe | byte], reg: random.below(2), place: w.destination(size) })
    case 11:
      return w.form({ size, opcode: [0xf6 | byte], reg: w.pick([2, 3, 3]), place: w.destination(size) })
    case 12:
      return w.form({ size, opcode: [0xf6 | byte], reg: w.pick([4, 5]), place: w.destination(size) })
    case 13: {
      const wide = w.wide()
      if (w.chance(2))
        return w.form({ size: wide, opcode: [0x0f, 0xaf], reg: w.target(wide), place: anything(w, wide) })
      const immediate = [w.immediate(1) & 255]
      return w.form({ size: wide, opcode: [0x6b], reg: w.target(wide), place: anything(w, wide), immediate })
    }
    case 14:
    case 15: {
      const how = random.below(3)
      const opcode = [(how === 0 ? 0xc0 : how === 1 ? 0xd0 : 0xd2) | byte]
      const immediate = how === 0 ? [w.chance(2) ? random.below(9) : random.below(256)] : []
      return w.form({ size, opcode, reg: random.below(8), place: w.destination(size), immediate })
    }
    case 16: {
      const wide = w.wide()
      const op = w.pick([0xa4, 0xac])
      const byCl = w.chance(2)
      const immediate = byCl ? [] : [random.below(70)]
      const opcode = [0x0f, byCl ? op + 1 : op]
      return w.form({ size: wide, opcode, reg: random.below(16), place: w.destination(wide), immediate })
    }
    case 17: {
      const wide = w.wide()
      const op = 4 + random.below(4)
      const place = w.destination(wide)
      const prefix = typeof place === 'number' || op === 4 || !w.chance(3) ? [] : [0xf0]
      if (w.chance(2)) {
        return w.form({ size: wide, prefix, opcode: [0x0f, 0xba], reg: op, place, immediate: [random.below(256)] })
      }
      // A bit offset in a register reaches far from the operand; R15 stays near.
      const reg = typeof place === 'number' ? random.below(16) : 15
      return w.form({ size: wide, prefix, opcode: [0x0f, 0x83 | (op << 3)], reg, place })
    }
    case 18: {
      const wide = w.wide()
      const prefix = w.chance(4) ? [0xf3] : []
      const opcode = [0x0f, prefix.length > 0 ? 0xb8 : w.pick([0xbc, 0xbd])]
      return w.form({ size: wide, prefix, opcode, reg: w.target(wide), place: anything(w, wide) })
    }
    case 19: {
      const memory = w.chance(2)
      const [a, b] = w.pair(size)
      const reg = memory ? w.random.below(4) : b & 19
      const place: Place = memory ? w.memory(size) : a
      return w.form({ size, prefix: memory && w.chance(2) ? [0xf0] : [], opcode: [0x0f, 0xc0 | byte], reg, place })
    }
    case 20: {
      const memory = w.chance(2)
      const [a, b] = w.pair(size)
      const place: Place = memory ? w.memory(size) : a
      return w.form({ size, prefix: memory && w.chance(2) ? [0xf0] : [], opcode: [0x0f, 0xb0 | byte], reg: b, place })
    }
    case 21: {
      const wide = w.pick([4, 8] as const)
      const place = { base: RSI, displacement: 16 * random.between(-8, 8) }
      return w.risky(encode({ size: wide, prefix: w.chance(2) ? [0xf0] : [], opcode: [0x0f, 0xc7], reg: 1, place }))
    }
    case 22:
      return w.bytes(w.pick([0xf8, 0xf9, 0xf5, 0x9e]))
    default:
      return w.pick([string, division, accumulator])(w)
  }
}

function anything(w: Writer, size: Size): Place {
  return w.chance(3) ? w.memory(size) : w.source(size)
}

/** Short forms with AL to RAX. */
function accumulator(w: Writer): Writer {
  const size = w.size()
  const rex = size === 8 ? [0x48] : size === 2 ? [0x66] : []
  const op = w.random.below(9)
  const opcode = op === 8 ? 0xa8 : (op << 3) | 4
  w.bytes(...rex, opcode | (size === 1 ? 0 : 1), ...little(w.immediate(size), immediateBytes(size)))
  return w
}

/** A division that mostly works; sometimes not. */
function division(w: Writer): Writer {
  const size = w.size()
  const op = w.pick([6, 7])
  if (!w.chance(4)) w.bytes(...(op === 6 ? [0x31, 0xd2] : [0x48, 0x99]))
  if (!w.chance(6)) w.bytes(0x83, 0xc9, 0x03) // or ecx, 3
  w.risky(encode({ size, opcode: [0xf6 | (size === 1 ? 0 : 1)], reg: op, place: w.chance(3) ? w.memory(size) : 1 }))
  return w
}

/** A string instruction in the window; RSI is put back. */
function string(w: Writer): Writer {
  const { random } = w
  const size = w.size()
  const opcode = w.pick([0xa4, 0xaa, 0xac, 0xae, 0xa6])
  const rep = w.pick([0, 0xf3, 0xf2])
  const down = w.chance(4)
  w.bytes(0x56)
  w.form({
    size: 8,
    opcode: [0x8d],
    reg: RDI,
    place: { base: RSI, displacement: w.pick([1, 3, 8, -5, 512, 4090, 0x1000]) },
  })
  if (rep !== 0) w.bytes(0xb9, ...little(w.chance(8) ? 4000 + random.below(6000) : random.below(40), 4))
  if (down) w.bytes(0xfd)
  w.bytes(
    ...(rep === 0 ? [] : [rep]),
    ...(size === 2 ? [0x66] : size === 8 ? [0x48] : []),
    opcode | (size === 1 ? 0 : 1),
  )
  if (down) w.bytes(0xfc)
  w.bytes(0x5e)
  return w
}

/** An instruction that leaves all flags alone. */
export function quiet(w: Writer): Writer {
  const size = w.size()
  const byte = size === 1 ? 0 : 1
  const { random } = w
  switch (random.below(16)) {
    case 0: {
      const [a, b] = w.pair(size)
      return w.form({ size, opcode: [0x88 | byte], reg: b, place: a })
    }
    case 1:
    case 2:
      return w.form({ size, opcode: [0x8a | byte], reg: w.pick([0, 1, 2, 3, 8, 9, 10, 11]), place: w.memory(size) })
    case 3:
    case 4:
      return w.form({ size, opcode: [0x88 | byte], reg: random.below(16), place: w.memory(size) })
    case 5: {
      const immediate = little(w.immediate(size), immediateBytes(size))
      return w.form({ size, opcode: [0xc6 | byte], reg: 0, place: w.destination(size), immediate })
    }
    case 6: {
      const wide = w.wide()
      const opcode = [0x0f, w.pick([0xb6, 0xb7, 0xbe, 0xbf])]
      return w.form({ size: wide, opcode, reg: w.target(wide), place: w.chance(2) ? w.memory(2) : random.below(16) })
    }
    case 7:
      return w.form({ size: 8, opcode: [0x63], reg: w.target(8), place: anything(w, 4) })
    case 8:
    case 9: {
      const wide = w.wide()
      const place = w.chance(2)
        ? {
            base: random.below(16),
            index: w.pick([0, 1, 2, 3, 9, 15]),
            scale: random.below(4),
            displacement: random.u32() | 0,
          }
        : w.memory(8)
      return w.form({ size: wide, opcode: [0x8d], reg: w.target(wide), place })
    }
    case 10: {
      const memory = w.chance(3)
      const [a, b] = w.pair(size)
      return w.form({
        size,
        opcode: [0x86 | byte],
        reg: memory ? random.below(4) : b & 19,
        place: memory ? w.memory(size) : a,
      })
    }
    case 11: {
      const register = w.target(8)
      const wide = w.pick([0, 8])
      return w.bytes(0x40 | wide | (register >> 3), 0x0f, 0xc8 | (register & 7))
    }
    case 12:
      return w.bytes(
        ...w.pick([
          [0x98],
          [0x48, 0x98],
          [0x66, 0x98],
          [0x99],
          [0x48, 0x99],
          [0x66, 0x99],
          [0xf3, 0x90],
          [0x0f, 0x1f, 0x40, 0],
          [0xd7],
        ]),
      )
    case 13: {
      const from = random.below(16)
      const to = w.target(8)
      if (w.chance(3)) return w.bytes(0x6a, random.below(256), 0x40 | (to >> 3), 0x58 | (to & 7))
      return w.bytes(0x40 | (from >> 3), 0x50 | (from & 7), 0x40 | (to >> 3), 0x58 | (to & 7))
    }
    case 14: {
      w.form({ size: 4, opcode: [0xff], reg: 6, place: w.memory(8) })
      return w.form({ size: 4, opcode: [0x8f], reg: 0, place: w.memory(8) })
    }
    default:
      return w.form({ size: w.pick([4, 8] as const), opcode: [0x0f, 0xc3], reg: random.below(16), place: w.memory(8) })
  }
}

/** Reads flags: SETcc, CMOVcc, ADC, SBB, RCL, PUSHF, LAHF. */
export function flagConsumer(w: Writer): Writer {
  const { random } = w
  switch (random.below(8)) {
    case 0:
    case 1:
      return w.form({ size: 1, opcode: [0x0f, 0x90 | random.below(16)], reg: 0, place: w.destination(1) })
    case 2:
    case 3: {
      const wide = w.wide()
      return w.form({
        size: wide,
        opcode: [0x0f, 0x40 | random.below(16)],
        reg: w.target(wide),
        place: anything(w, wide),
      })
    }
    case 4: {
      const size = w.size()
      const [a, b] = w.pair(size)
      return w.form({ size, opcode: [w.pick([0x10, 0x18]) | (size === 1 ? 0 : 1)], reg: b, place: a })
    }
    case 5: {
      const size = w.size()
      return w.form({ size, opcode: [0xd0 | (size === 1 ? 0 : 1)], reg: w.pick([2, 3]), place: w.destination(size) })
    }
    case 6: {
      const to = w.target(8)
      return w.bytes(0x9c, 0x40 | (to >> 3), 0x58 | (to & 7))
    }
    default:
      return w.bytes(0x9f)
  }
}
