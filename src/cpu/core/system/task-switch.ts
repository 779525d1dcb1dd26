// Hardware task switching (SDM 3A chapter 8): JMP, CALL, interrupts and IRET through a TSS or a task gate. Legacy modes only.
//
// Constraints:
//  1. Everything that can fault in the old task (descriptor, limits, both TSSs' pages) is tested before the first change.
//  2. From then on the switch is committed (`switchedTask`): a fault in loading LDTR or a segment belongs to the new task, with its CS:EIP and
//     on its stack (3A 8.3, table 8-1). Whoever called must deliver it there, not at the instruction.
//  3. All selectors are loaded before any descriptor is looked at, so the handler of such a fault sees the task's own selectors.
// Deliberate: a single-step trap of the switching instruction itself is dropped; TF of the new task acts from its first instruction on.
import { SEG_CS, SEG_DS, SEG_ES, SEG_FS, SEG_GS, SEG_SS } from '../../numbers/operations'
import { CR0_PG, CR0_TS, DR6_BT, DR7_LE, DR7_LOCAL, FLAGS_DEFINED, NT, VM } from '../../numbers/registers'
import { CpuState, setSlot } from '../state/state'
import { writeFlags } from '../state/flags'
import { VECTOR_GP, VECTOR_NP, VECTOR_SS, VECTOR_TS, raise } from '../state/fault'
import {
  ATTRIBUTE_CODE,
  ATTRIBUTE_EXPAND_DOWN,
  ATTRIBUTE_PRESENT,
  ATTRIBUTE_S,
  ATTRIBUTE_WRITABLE,
  SELECTOR_NO_RPL,
  SELECTOR_TI,
  TYPE_LDT,
  TYPE_TSS,
  TYPE_TSS16,
  TYPE_WIDE,
  addressOfDescriptor,
  attributesOf,
  baseOf,
  descriptor,
  descriptorAddress,
  dplOf,
  fetchDescriptor,
  isNull,
  limitOf,
  markAccessed,
} from './descriptor-tables'
import { readSystem8, writeSystem16, writeSystem8 } from '../memory/linear'
import { setNullSegment, setRealSegment, setSegment, setSegmentFrom, updateMode } from './segments'
import { writeCr3 } from './control-registers'
import { armDebug } from './debug'
import { serialize } from '../blocks/coherence'
import {
  TSS16_LAST,
  TSS32_LAST,
  readTask,
  saveTask,
  taskCr3,
  taskFlags,
  taskLdt,
  taskRegister,
  taskRip,
  taskSelector,
  taskTraps,
  touch,
  touchTask,
} from './task-state'

export const TASK_JUMP: u32 = 0
export const TASK_CALL: u32 = 1 // and interrupts
export const TASK_RETURN: u32 = 2

const BUSY: u32 = 2

/** Set by `switchTask`: the new task is in place, whether or not a fault was raised since. */
export let switchedTask: bool = false

export function forgetSwitch(): void {
  switchedTask = false
}

/** Does the task in force have a 32-bit TSS? The size of an error code pushed through a task gate. */
export function isWideTask(c: CpuState): bool {
  return (c.trAttributes & TYPE_WIDE) != 0
}

function refuse(c: CpuState, vector: u32, code: u32): bool {
  raise(c, vector, code)
  return false
}

/** The checks of the TSS descriptor; on success it is the descriptor last fetched. */
function fetchTask(c: CpuState, selector: u32, kind: u32, external: u32): bool {
  const error = (selector & SELECTOR_NO_RPL) | external
  const wrong = kind == TASK_RETURN ? VECTOR_TS : VECTOR_GP
  if (selector & SELECTOR_TI || isNull(selector)) return refuse(c, wrong, error)
  if (!fetchDescriptor(c, selector, wrong, external)) return false
  const attributes = attributesOf(descriptor)
  const type = attributes & 0x1f & ~BUSY
  const busy = (attributes & BUSY) != 0
  if ((type != TYPE_TSS && type != TYPE_TSS16) || busy != (kind == TASK_RETURN)) return refuse(c, wrong, error)
  if ((attributes & ATTRIBUTE_PRESENT) == 0) return refuse(c, VECTOR_NP, error)
  const last = type == TYPE_TSS ? TSS32_LAST : TSS16_LAST
  if (limitOf(descriptor) < last) return refuse(c, VECTOR_TS, error)
  return true
}

function setBusy(c: CpuState, address: u64, busy: bool): void {
  const type = readSystem8(c, address + 5)
  writeSystem8(c, address + 5, busy ? type | BUSY : type & ~u64(BUSY))
}

/**
 * Goes to the task of the TSS `selector`. The old task's image gets `rip` and `flags`. False with c.fault raised: if `switchedTask`, in the new
 * task with c.rip its EIP; else nothing has changed.
 */
export function switchTask(c: CpuState, selector: u32, kind: u32, rip: u64, flags: u64, external: u32): bool {
  switchedTask = false
  if (!fetchTask(c, selector, kind, external)) return false
  const d = descriptor
  const address = descriptorAddress
  const base = baseOf(d)
  const wide = (attributesOf(d) & TYPE_WIDE) != 0
  const oldBase = c.trBase
  const oldWide = isWideTask(c)
  const oldError = (c.trSelector & SELECTOR_NO_RPL) | external
  const oldLast = oldWide ? TSS32_LAST : TSS16_LAST
  if ((c.trAttributes & ATTRIBUTE_PRESENT) == 0 || c.trLimit < oldLast) return refuse(c, VECTOR_TS, oldError)
  const oldAddress = addressOfDescriptor(c, c.trSelector, 8)
  if (oldAddress == ~0) return refuse(c, VECTOR_TS, oldError)
  if (!readTask(c, base, wide) || !touchTask(c, oldBase, oldWide)) return false
  if (kind != TASK_RETURN && !touch(c, address + 5)) return false
  if (kind != TASK_CALL && !touch(c, oldAddress + 5)) return false
  if (kind == TASK_CALL && !(touch(c, base) && touch(c, (base + 1) & 0xffffffff))) return false
  if (kind != TASK_CALL) setBusy(c, oldAddress, false)
  if (kind != TASK_RETURN) setBusy(c, address, true)
  saveTask(c, oldBase, oldWide, rip, kind == TASK_RETURN ? flags & ~NT : flags)
  if (kind == TASK_CALL) writeSystem16(c, base, u64(c.trSelector))
  switchedTask = true
  c.trSelector = selector
  c.trBase = base
  c.trLimit = limitOf(d)
  c.trAttributes = attributesOf(d) | BUSY
  c.cr0 |= CR0_TS
  return enterTask(c, wide, kind == TASK_CALL, external)
}

/** Loads the image read before. Constraint 3: selectors first. */
function enterTask(c: CpuState, wide: bool, nested: bool, external: u32): bool {
  const flags = (u64(taskFlags()) & FLAGS_DEFINED) | (nested ? NT : 0)
  c.rip = u64(taskRip())
  for (let n: u32 = 0; n < 8; n++) setSlot(c, n << 3, u64(taskRegister(n)))
  writeFlags(c, flags)
  const virtual = (flags & VM) != 0
  const level = virtual ? 3 : taskSelector(SEG_CS) & 3
  for (let s: u32 = 0; s < 6; s++) {
    if (virtual) setRealSegment(c, s, taskSelector(s))
    // Unusable until its descriptor has passed; the level is that of CS's RPL from the start.
    else setNullSegment(c, s, taskSelector(s), level)
  }
  if (!virtual) {
    // Until they are loaded, flat ones as wide as the TSS, so that the handler of a fault in between gets its frame at the task's own SP.
    setSegment(c, SEG_CS, taskSelector(SEG_CS), 0, 0xffffffff, (wide ? 0xc09b : 0x9b) | (level << 5))
    setSegment(c, SEG_SS, taskSelector(SEG_SS), 0, 0xffffffff, (wide ? 0xc093 : 0x93) | (level << 5))
  }
  c.ldtrSelector = taskLdt()
  c.ldtrBase = 0
  c.ldtrLimit = 0
  c.ldtrAttributes = 0
  // L0 to L3 and LE are cleared (3B 17.2.4).
  c.dr7 &= ~(DR7_LOCAL | DR7_LE)
  armDebug(c)
  updateMode(c)
  serialize(c)
  if (wide && c.cr0 & CR0_PG && !writeCr3(c, u64(taskCr3()))) return false
  if (taskTraps()) c.pendingDebug |= DR6_BT
  if (!loadTaskLdt(c, external)) return false
  if (!virtual) {
    if (!loadTaskCode(c, level, external) || !loadTaskStack(c, level, external)) return false
    if (!loadTaskData(c, SEG_ES, level, external) || !loadTaskData(c, SEG_DS, level, external)) return false
    if (!loadTaskData(c, SEG_FS, level, external) || !loadTaskData(c, SEG_GS, level, external)) return false
  }
  if (c.rip > u64(c.csLimit)) return refuse(c, VECTOR_GP, external)
  return true
}

function loadTaskLdt(c: CpuState, external: u32): bool {
  const selector = c.ldtrSelector
  if (isNull(selector)) return true
  const error = (selector & SELECTOR_NO_RPL) | external
  if (selector & SELECTOR_TI) return refuse(c, VECTOR_TS, error)
  if (!fetchDescriptor(c, selector, VECTOR_TS, external)) return false
  const attributes = attributesOf(descriptor)
  if ((attributes & 0x1f) != TYPE_LDT || (attributes & ATTRIBUTE_PRESENT) == 0) return refuse(c, VECTOR_TS, error)
  c.ldtrBase = baseOf(descriptor)
  c.ldtrLimit = limitOf(descriptor)
  c.ldtrAttributes = attributes
  return true
}

function loadTaskCode(c: CpuState, level: u32, external: u32): bool {
  const selector = c.csSelector
  const error = (selector & SELECTOR_NO_RPL) | external
  if (isNull(selector)) return refuse(c, VECTOR_TS, error)
  if (!fetchDescriptor(c, selector, VECTOR_TS, external)) return false
  const attributes = attributesOf(descriptor)
  const code = (attributes & (ATTRIBUTE_S | ATTRIBUTE_CODE)) == (ATTRIBUTE_S | ATTRIBUTE_CODE)
  const dpl = dplOf(attributes)
  if (!code || (attributes & ATTRIBUTE_EXPAND_DOWN ? dpl > level : dpl != level)) return refuse(c, VECTOR_TS, error)
  if ((attributes & ATTRIBUTE_PRESENT) == 0) return refuse(c, VECTOR_NP, error)
  if (!markAccessed(c, descriptorAddress, descriptor)) return false
  setSegmentFrom(c, SEG_CS, selector, descriptor)
  updateMode(c)
  return true
}

function loadTaskStack(c: CpuState, level: u32, external: u32): bool {
  const selector = c.ssSelector
  const error = (selector & SELECTOR_NO_RPL) | external
  if (isNull(selector)) return refuse(c, VECTOR_TS, error)
  if (!fetchDescriptor(c, selector, VECTOR_TS, external)) return false
  const attributes = attributesOf(descriptor)
  const writable =
    (attributes & (ATTRIBUTE_S | ATTRIBUTE_CODE | ATTRIBUTE_WRITABLE)) == (ATTRIBUTE_S | ATTRIBUTE_WRITABLE)
  if (!writable || (selector & 3) != level || dplOf(attributes) != level) return refuse(c, VECTOR_TS, error)
  if ((attributes & ATTRIBUTE_PRESENT) == 0) return refuse(c, VECTOR_SS, error)
  if (!markAccessed(c, descriptorAddress, descriptor)) return false
  setSegmentFrom(c, SEG_SS, selector, descriptor)
  updateMode(c)
  return true
}

function loadTaskData(c: CpuState, s: u32, level: u32, external: u32): bool {
  const selector = taskSelector(s)
  if (isNull(selector)) return true
  const error = (selector & SELECTOR_NO_RPL) | external
  if (!fetchDescriptor(c, selector, VECTOR_TS, external)) return false
  const attributes = attributesOf(descriptor)
  const code = (attributes & ATTRIBUTE_CODE) != 0
  const conforming = code && (attributes & ATTRIBUTE_EXPAND_DOWN) != 0
  const outer = dplOf(attributes) >= level && dplOf(attributes) >= (selector & 3)
  if ((attributes & ATTRIBUTE_S) == 0 || (code && (attributes & ATTRIBUTE_WRITABLE) == 0) || !(conforming || outer))
    return refuse(c, VECTOR_TS, error)
  if ((attributes & ATTRIBUTE_PRESENT) == 0) return refuse(c, VECTOR_NP, error)
  if (!markAccessed(c, descriptorAddress, descriptor)) return false
  setSegmentFrom(c, s, selector, descriptor)
  return true
}
