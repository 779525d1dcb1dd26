// The structure of fuzzed programs: loops, ladders of branches, calls and returns, tables of targets, changes of code, faults, system
// calls. A compiler only meets its hard cases where code is hot and is entered and left in many ways, so everything here repeats.

import { constant, jumpIf, type Line, little } from './jit-code.js'
import { flagConsumer, flagProducer, quiet } from './jit-integers.js'
import { ALIAS, LARGE_ALIAS, SHARED } from './jit-places.js'
import { locked, system } from './jit-system.js'
import { vector } from './jit-vectors.js'
import { LOOP_REGISTERS, RDI, RSP, type Writer } from './jit-writer.js'

/** What a program is made of, as weights drawn once for each: so that each program is about something. */
export interface Taste {
  readonly vectors: number
  readonly system: number
  readonly patches: number
  readonly calls: number
  readonly vcpus: number
}

export function jump(label: string): Line {
  return { bytes: [], branch: { short: [0xeb], long: [0xe9], label } }
}

export function call(label: string): Line {
  return { bytes: [], branch: { long: [0xe8], label } }
}

function loadRounds(register: number, rounds: number): Line {
  return { bytes: [0x41, 0xb8 | (register & 7), ...little(rounds, 4)], rounds: 2 }
}

/** A few instructions in a row; flags are read some instructions after they were made. */
export function straight(w: Writer, taste: Taste, count: number): Writer {
  for (let i = 0; i < count; i++) {
    const which = w.random.below(20)
    if (which < taste.vectors) vector(w)
    else if (which < 12) flagProducer(w)
    else if (which < 16) quiet(w)
    else flagConsumer(w)
    if (w.chance(24) && taste.system > 0) system(w)
    if (w.chance(10) && taste.patches > 0) patchable(w)
  }
  return w
}

export function shape(w: Writer, taste: Taste, depth: number): Writer {
  const { random } = w
  straight(w, taste, random.below(6))
  const inner = () => (depth >= 3 || w.chance(2) ? straight(w, taste, 1 + random.below(6)) : shape(w, taste, depth + 1))
  switch (random.below(14)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return loop(w, depth, inner)
    case 4:
    case 5:
      return ladder(w, taste, inner)
    case 6:
      return taste.calls > 0 ? anyCall(w) : inner()
    case 7:
      return table(w, inner)
    case 8:
      return taste.patches > 0 ? patch(w) : inner()
    case 9:
      return taste.system > 0 ? system(w) : inner()
    case 10:
      return backward(w, inner)
    case 11:
      return taste.vcpus > 1 ? locked(w) : inner()
    case 12:
      if (taste.patches > 0 && w.chance(2)) return patchAcross(w)
      w.emit({ bytes: [], beforePageEnd: random.below(12) })
      return inner()
    default:
      return callOver(w, inner)
  }
}

function loop(w: Writer, depth: number, inner: () => Writer): Writer {
  const { random } = w
  const head = w.fresh()
  const out = w.fresh()
  const rounds = w.chance(5) ? 1 + random.below(120) : 1 + random.below(12)
  const register = LOOP_REGISTERS[depth % 3] as number
  const counter = { displacement: SHARED + 0x800 + 8 * (depth % 3) }
  const how = random.below(5)
  if (how === 0) w.form({ size: 4, opcode: [0xc7], reg: 0, place: counter, immediate: little(rounds, 4) })
  else if (how === 1) w.emit({ bytes: [0xb9, ...little(rounds, 4)], rounds: 1 })
  else w.emit(loadRounds(register, how === 3 ? 0 : rounds))
  w.place(head)
  if (how === 1) w.bytes(0x51)
  inner()
  if (w.chance(4)) {
    flagProducer(w)
    w.emit(jumpIf(random.below(16), out))
  }
  if (how === 1) {
    w.bytes(0x59)
    w.emit({ bytes: [], branch: { short: [w.pick([0xe0, 0xe1, 0xe2, 0xe2])], label: head } })
  } else if (how === 0) {
    w.form({ size: 4, opcode: [0xff], reg: 1, place: counter })
    w.emit(jumpIf(w.pick([5, 5, 15]), head))
  } else if (how === 3) {
    w.form({ size: 4, opcode: [0xff], reg: 0, place: register })
    w.form({ size: 4, opcode: [0x83], reg: 7, place: register, immediate: [rounds] })
    w.emit(jumpIf(w.pick([2, 12, 5]), head))
  } else {
    if (w.chance(2)) w.form({ size: 4, opcode: [0xff], reg: 1, place: register })
    else w.form({ size: 4, opcode: [0x83], reg: 5, place: register, immediate: [1] })
    w.emit(jumpIf(w.pick([5, 5, 5, 15]), head))
  }
  w.place(out)
  return w
}

/** Every condition after every producer; the flags also live on behind the join. */
function ladder(w: Writer, taste: Taste, inner: () => Writer): Writer {
  const { random } = w
  const end = w.fresh()
  const rungs = 1 + random.below(5)
  flagProducer(w)
  for (let i = 0; i < rungs; i++) {
    const next = w.fresh()
    w.emit(jumpIf(random.below(16), next))
    if (w.chance(3)) inner()
    else straight(w, taste, 1 + random.below(3))
    if (w.chance(2)) w.emit(jump(end))
    w.place(next)
    if (w.chance(3)) flagProducer(w)
    if (w.chance(2)) quiet(w)
  }
  w.place(end)
  flagConsumer(w)
  return w
}

/** A jump back over code that is reached from two sides. */
function backward(w: Writer, inner: () => Writer): Writer {
  const middle = w.fresh()
  const head = w.fresh()
  const out = w.fresh()
  const counter = { displacement: SHARED + 0x840 }
  w.form({ size: 1, opcode: [0xc6], reg: 0, place: counter, immediate: [1 + w.random.below(5)] })
  w.emit(jump(middle))
  w.place(head)
  inner()
  w.place(middle)
  flagProducer(w)
  flagConsumer(w)
  w.form({ size: 1, opcode: [0xfe], reg: 1, place: counter })
  w.emit(jumpIf(5, head))
  w.emit(jump(out))
  inner()
  w.place(out)
  return w
}

/** A routine in the middle of its caller. */
function callOver(w: Writer, inner: () => Writer): Writer {
  const over = w.fresh()
  const routine = w.fresh()
  w.emit(jump(over))
  w.place(routine)
  inner()
  if (w.chance(4)) w.bytes(0xc2, 8 * w.random.below(3), 0)
  else w.bytes(0xc3)
  w.place(over)
  w.emit(call(routine))
  if (w.chance(2)) w.emit(call(routine))
  return w
}

function anyCall(w: Writer): Writer {
  if (w.callable.length === 0) return quiet(w)
  const label = w.pick(w.callable)
  switch (w.random.below(8)) {
    case 0:
      w.emit(constant(0, label))
      return w.bytes(0xff, 0xd0)
    case 1: {
      // A return to where nobody called.
      const back = w.fresh()
      w.emit(constant(0, back))
      w.bytes(0x50)
      w.emit(jump(label))
      return w.place(back)
    }
    case 2: {
      // Push of a target, then RET to it; the callee's RET goes to the pushed address behind it.
      const back = w.fresh()
      w.emit(constant(0, back), constant(1, label))
      w.bytes(0x50, 0x51, 0xc3)
      return w.place(back)
    }
    case 3: {
      // The return address is skipped, as a mismatched return does.
      const inside = w.fresh()
      w.emit(call(inside))
      w.place(inside)
      return w.form({ size: 8, opcode: [0x83], reg: 0, place: RSP, immediate: [8] })
    }
    default:
      return w.emit(call(label))
  }
}

/** An indirect jump or call through a table of four targets, chosen by data. */
function table(w: Writer, inner: () => Writer): Writer {
  const labels = Array.from({ length: 4 }, () => w.fresh())
  const names = w.fresh()
  const end = w.fresh()
  const calls = w.chance(2)
  const over = w.fresh()
  w.emit(jump(over))
  w.place(names)
  for (const label of labels)
    w.emit({ bytes: new Array(8).fill(0), target: { label, plus: 0, at: 0, size: 8, relative: false } })
  for (const label of labels) {
    w.place(label)
    if (w.chance(3)) inner()
    else quiet(w)
    if (calls) w.bytes(0xc3)
    else w.emit(jump(end))
  }
  w.place(over)
  const index = w.pick([0, 3, 8, 9])
  w.form({ size: 4, opcode: [0x83], reg: 4, place: index, immediate: [3] })
  w.emit(constant(2, names))
  w.form({ size: 4, opcode: [0xff], reg: calls ? 2 : 4, place: { base: 2, index, scale: 3, displacement: 0 } })
  w.place(end)
  return w
}

/** ADD, OR, AND, SUB or XOR of two registers, whose opcode others rewrite; or a MOV whose constant they rewrite. */
function patchable(w: Writer): Writer {
  const label = w.fresh()
  w.place(label)
  if (w.chance(3)) {
    w.constants.push(label)
    return w.bytes(w.pick([0x05, 0x2d, 0xb8, 0xb9, 0xba, 0xbb, 0xbf]), ...little(w.random.u32(), 4))
  }
  w.patchable.push(label)
  w.bytes(w.pick([0x01, 0x09, 0x21, 0x29, 0x31]), 0xc0 | (w.random.below(4) << 3) | w.random.below(4))
  return w
}

/** An instruction across a page's end, and a store into its second part. */
function patchAcross(w: Writer): Writer {
  const label = w.fresh()
  w.emit({ bytes: [], beforePageEnd: 1 + w.random.below(4) })
  w.place(label)
  w.constants.push(label)
  w.bytes(w.pick([0x05, 0x2d, 0xb8, 0xbf]), ...little(w.random.u32(), 4))
  return patchConstant(w)
}

/** Changes bytes of a constant in code, with a different value each time. */
function patchConstant(w: Writer): Writer {
  const label = w.pick(w.constants)
  const at = 1 + w.random.below(4)
  const plus = at + w.pick([0, 0, ALIAS, LARGE_ALIAS])
  const put = (bytes: number[], field: number) =>
    w.emit({ bytes, target: { label, plus, at: field, size: 4, relative: false } })
  switch (w.random.below(5)) {
    case 0: // inc byte [abs]
      return put([0xfe, 0x04, 0x25, 0, 0, 0, 0], 3)
    case 1: // lock add word [abs], 0x101; it may reach the next instruction
      if (at > 3) return put([0x80, 0x34, 0x25, 0, 0, 0, 0, 0x55], 3)
      return put([0xf0, 0x66, 0x81, 0x04, 0x25, 0, 0, 0, 0, 1, 1], 5)
    case 2: // mov [abs], al
      return put([0x88, 0x04, 0x25, 0, 0, 0, 0], 3)
    case 3: // xadd byte [abs], cl
      return put([0x0f, 0xc0, 0x0c, 0x25, 0, 0, 0, 0], 4)
    default:
      w.emit(constant(RDI, label, plus))
      return w.bytes(0xaa)
  }
}

/** A store into code: the running loop's, another routine's, through this mapping or an alias, of one byte or more. */
function patch(w: Writer): Writer {
  const { random } = w
  patchable(w)
  if (w.constants.length > 0 && (w.patchable.length === 0 || w.chance(2))) return patchConstant(w)
  const label = w.pick(w.patchable)
  const opcode = w.pick([0x01, 0x09, 0x21, 0x29, 0x31])
  const plus = w.pick([0, 0, ALIAS, LARGE_ALIAS])
  const put = (line: Line, at: number, size: 4 | 8) =>
    w.emit({ ...line, target: { label, plus, at, size, relative: false } })
  switch (random.below(5)) {
    case 0:
      w.emit({ bytes: [0xc6, 0x05, 0, 0, 0, 0, opcode], target: { label, plus, at: 2, size: 4, relative: true } })
      break
    case 1: // lock xor byte [abs], 0x28: between ADD and SUB, AND and OR
      put({ bytes: [0xf0, 0x80, 0x34, 0x25, 0, 0, 0, 0, w.pick([0x28, 0x08, 0x20])] }, 4, 4)
      break
    case 2:
      w.emit(constant(RDI, label, plus))
      w.bytes(0xb8, ...little(opcode | 0xc800, 4), ...w.pick([[0x66, 0xab], [0xaa], [0xb9, 1, 0, 0, 0, 0xf3, 0xaa]]))
      break
    case 3: // a 16-bit store over both bytes
      put(
        { bytes: [0x66, 0xc7, 0x04, 0x25, 0, 0, 0, 0, opcode, 0xc0 | (random.below(4) << 3) | random.below(4)] },
        4,
        4,
      )
      break
    default: // XCHG with the byte that stands there
      w.bytes(0xb0, opcode)
      put({ bytes: [0x86, 0x04, 0x25, 0, 0, 0, 0] }, 3, 4)
  }
  if (w.chance(3)) w.emit(w.pick([{ bytes: [0x0f, 0xa2] }, { bytes: [0x0f, 0xae, 0xf0] }]))
  return w
}

/** The registers that the conventions name. */
export function conventions(w: Writer, window: number): Writer {
  w.bytes(0xbe, ...little(window, 4))
  w.bytes(0x41, 0xbf, ...little(w.random.below(64), 4))
  if (w.chance(2)) w.bytes(0x48, 0x8d, 0x6c, 0x24, 0x80) // lea rbp, [rsp - 128]
  return w
}

/** A routine that others may call; sometimes it calls itself. */
export function routine(w: Writer, taste: Taste, label: string): Writer {
  const frame = w.chance(3)
  w.place(label)
  if (frame) w.bytes(0x55, 0x48, 0x89, 0xe5, 0x48, 0x83, 0xec, 0x40)
  if (w.chance(4)) {
    const leave = w.fresh()
    const depth = { displacement: SHARED + 0x850 }
    w.form({ size: 1, opcode: [0xfe], reg: 0, place: depth })
    w.form({ size: 1, opcode: [0xf6], reg: 0, place: depth, immediate: [3] })
    w.emit(jumpIf(4, leave))
    w.emit(call(label))
    w.place(leave)
  }
  const shapes = 1 + w.random.below(2)
  for (let i = 0; i < shapes; i++) shape(w, taste, 1)
  if (frame) w.bytes(0xc9)
  w.bytes(0xc3)
  return w
}
