// Of fuzzed programs, what leaves the stream of ordinary instructions: system calls, faults, translations, modes, time, devices, and
// what two vCPUs do at one place.

import { constant, encode, jumpIf, little } from './jit-code.js'
import {
  CALL_COUNT,
  CALL_PAGES,
  CALL_RING,
  CALL_TRAP,
  PAGED,
  PAGED_PAGES,
  PAGED_TABLE,
  PORT_INTERRUPT,
  PORT_YIELD,
  SHARED,
} from './jit-places.js'
import { R15, RSI, type Writer } from './jit-writer.js'

/** Two vCPUs at one place: a spin lock, a counter, a compare and exchange. */
export function locked(w: Writer): Writer {
  const again = w.fresh()
  const out = w.fresh()
  const lock = { displacement: SHARED + 0x900 + 64 * w.random.below(2) }
  const counter = { displacement: SHARED + 0x980 }
  switch (w.random.below(3)) {
    case 0:
      w.bytes(0xb9, ...little(40, 4))
      w.place(again)
      w.bytes(0xff, 0xc9)
      w.emit(jumpIf(4, out))
      w.bytes(0xf3, 0x90, 0x31, 0xc0, 0xba, 1, 0, 0, 0)
      w.form({ size: 4, prefix: [0xf0], opcode: [0x0f, 0xb1], reg: 2, place: lock })
      w.emit(jumpIf(5, again))
      w.form({ size: 4, opcode: [0xff], reg: 0, place: counter })
      w.place(out)
      return w.form({ size: 4, opcode: [0xc7], reg: 0, place: lock, immediate: [0, 0, 0, 0] })
    case 1:
      w.place(again)
      w.form({ size: 8, opcode: [0x8b], reg: 0, place: counter })
      w.form({ size: 8, opcode: [0x8d], reg: 3, place: { base: 0, displacement: 3 } })
      w.form({ size: 8, prefix: [0xf0], opcode: [0x0f, 0xb1], reg: 3, place: counter })
      return w.emit(jumpIf(5, again))
    default:
      w.form({ size: 4, prefix: [0xf0], opcode: [0x0f, 0xc1], reg: 3, place: counter })
      return w.form({ size: 4, opcode: [0x87], reg: 3, place: lock })
  }
}

/** What leaves the stream of ordinary instructions: system calls, faults, translations, modes, time, devices. */
export function system(w: Writer): Writer {
  const { random } = w
  const page = random.below(PAGED_PAGES)
  switch (random.below(29)) {
    case 0:
      return w.bytes(0xcd, CALL_COUNT)
    case 1:
      return w.bytes(0xcd, CALL_RING)
    case 2:
    case 3:
      return w.bytes(0xcd, CALL_PAGES)
    case 4:
      return w.chance(4) ? w.bytes(0xcd, CALL_TRAP) : w.bytes(0xcd, CALL_COUNT)
    case 5:
    case 6:
      return w.bytes(0x0f, 0x05)
    case 7:
      return w.risky({ bytes: [0x0f, 0x0b] })
    case 8:
      return w.bytes(0xcc)
    case 9: // a privileged or malformed instruction
      return w.risky({
        bytes: w.pick([
          [0x0f, 0x22, 0xc8],
          [0xf0, 0x90],
          [0x0f, 0x32],
          [0x8e, 0xc8],
          [0x0f, 0x01, 0xd0],
        ]),
      })
    case 10: // not canonical
      w.emit(constant(3, 0x8000_0000_0000n))
      return w.risky(encode({ size: 4, opcode: [0x8b], reg: 0, place: { base: 3, displacement: 0 } }))
    case 11: // MOV CR3: the same, so that all but global entries go
      w.risky({ bytes: [0x0f, 0x20, 0xd8] })
      return w.risky({ bytes: [0x0f, 0x22, 0xd8] })
    case 12:
      return w.risky(encode({ size: 4, opcode: [0x0f, 0x01], reg: 7, place: { displacement: PAGED + page * 0x1000 } }))
    case 13: {
      // Rights of a page change, with or without the INVLPG that makes it so.
      const place = { displacement: PAGED_TABLE + 8 * page }
      w.form({ size: 8, opcode: [0x83], reg: 4, place, immediate: [w.pick([0xfd, 0xfe, 0xfb, 0x9f, 0xdf, 0xbf])] })
      if (w.chance(3)) return w
      return w.risky(encode({ size: 4, opcode: [0x0f, 0x01], reg: 7, place: { displacement: PAGED + page * 0x1000 } }))
    }
    case 14:
      return w.bytes(
        ...w.pick([
          [0x0f, 0x31],
          [0x0f, 0x01, 0xf9],
        ]),
      )
    case 15:
      return w.bytes(0x31, 0xc0, 0x31, 0xc9, 0x0f, 0xa2)
    case 16: // CR4.PGE and back
      w.risky({ bytes: [0x0f, 0x20, 0xe0] })
      w.bytes(0x34, 0x80)
      return w.risky({ bytes: [0x0f, 0x22, 0xe0] })
    case 17:
      return w.risky({ bytes: [w.pick([0xfa, 0xfb, 0xfb])] })
    case 18: // IRETQ to the next instruction
      return returnFromInterrupt(w)
    case 19:
      return w.bytes(0x9c, ...w.pick([[0x80, 0x34, 0x24, 0xd5], [0x80, 0x74, 0x24, 0x01, 0x04], []]), 0x9d)
    case 20:
      return w.bytes(0xc8, 16 * random.below(4), 0, random.below(3), 0xc9)
    case 21:
    case 25:
      w.bytes(0x66, 0xba, ...little(w.pick([PORT_INTERRUPT, PORT_YIELD, 0x80]), 2))
      return w.risky({ bytes: [w.pick([0xee, 0xef, 0xec, 0xed])] })
    case 22: // the processor that waits for an interrupt
      w.risky({ bytes: [0xfb] })
      return w.risky({ bytes: [0xf4] })
    case 26: // a divisor of zero, or one too small
      w.bytes(0xb9, w.pick([0, 1]), 0, 0, 0)
      return w.risky({
        bytes: w.pick([
          [0xf7, 0xf1],
          [0xf7, 0xf9],
          [0x48, 0xf7, 0xf1],
          [0xf6, 0xf1],
        ]),
      })
    case 27: // a vector division by zero, unmasked: PUSH, LDMXCSR, POP RCX, CVTSI2SS, XORPS, DIVSS; then masked again
      w.bytes(0x68, 0x80, 0x1d, 0, 0, 0x0f, 0xae, 0x14, 0x24, 0x59, 0xf3, 0x0f, 0x2a, 0xc9, 0x0f, 0x57, 0xc0)
      w.risky({ bytes: [0xf3, 0x0f, 0x5e, 0xc8] })
      return w.bytes(0x68, 0x80, 0x1f, 0, 0, 0x0f, 0xae, 0x14, 0x24, 0x59)
    case 23: // MOV SS and its shadow
      w.bytes(0x8c, 0xd0)
      return w.risky({ bytes: [0x8e, 0xd0] })
    case 24: {
      const place = { base: RSI, index: R15, scale: 0, displacement: 0 }
      return w.form({
        size: 8,
        prefix: [0xf3],
        opcode: [0x0f, 0xae],
        reg: random.below(2),
        place: w.chance(2) ? 3 : place,
      })
    }
    default:
      return w.risky({
        bytes: w.pick([[0x0f, 0x01, 0xca], [0x0f, 0x01, 0xcb], [0x0f, 0x01, 0xf8], [0x0f, 0x08], [0xf1], [0x0f, 0x06]]),
      })
  }
}

function returnFromInterrupt(w: Writer): Writer {
  const back = w.fresh()
  w.bytes(0x48, 0x89, 0xe1) // mov rcx, rsp
  w.bytes(0x8c, 0xd0, 0x50) // mov eax, ss; push
  w.bytes(0x51, 0x9c) // push rcx; pushfq
  w.bytes(0x8c, 0xc8, 0x50)
  w.emit(constant(0, back))
  w.bytes(0x50, 0x48, 0xcf)
  w.place(back)
  return w
}
