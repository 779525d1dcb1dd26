// The exports of core.wasm; what each promises is in ../core-abi.ts. Nothing is decided here.
import { NEVER_HOT } from '../numbers/leaving'
import { FLAGS_ONES, IF } from '../numbers/registers'
import { LINE_INTR } from '../numbers/seam'
import { STATE_BYTES } from '../numbers/sizes'
import {
  bytesNeeded,
  clearDirtyPages,
  cpuAt,
  cpuCount,
  dirtyCount,
  dirtyList,
  dropCompiled,
  layOut,
  ramBase,
  runningCpu,
  saveLimit,
  setCpuLevelValue,
  setDropCompiled,
  setEventMaskValue,
  setMachineTime,
  addRom,
} from './state/layout'
import { runCpu } from './execute/run'
import { readFlags, setArithmetic } from './state/flags'
import { cutBlock, dropAllBlocks, dropCode, stopAtBoundary } from './blocks/blocks'
import { dropWriteTags, tlbFlushAll } from './memory/fast-tlb'
import { Block } from './blocks/ir'
import { changeBreakpoint } from './blocks/breakpoints'
import { forgetHit, setRange, setRangeCount, watchpointHit } from './memory/watchpoints'
import { configureCoherence, currentRip, retiredSoFar } from './blocks/coherence'
import { countTranslations, forgetAll } from './memory/tlb'
import { inspect } from './memory/mmu'
import { updateMode } from './system/segments'
import { armDebug } from './system/debug'
import { resetState, startupState } from './system/reset'
import { loadAll, saveAll, saveArea } from './execute/save'
import { allocateRegion, linkRegion, setThreshold } from './blocks/regions'

export { multiplyHighSigned as jitMultiplyHigh } from './execute/arithmetic'
export { jitCold, jitColdEnd, jitFlags, jitSystem, jitVector, jitX87 } from './execute/compiled-helpers'

export { countersPointer } from './state/counters'

let lastRetired: i64 = 0

export function requiredBytes(vcpus: u32, ram: u32): f64 {
  return bytesNeeded(vcpus, ram)
}

export function initialize(vcpus: u32, ram: u32): i32 {
  if (vcpus < 1 || vcpus > 64 || f64(memory.size()) * 65536 < bytesNeeded(vcpus, ram)) return -1
  layOut(vcpus, ram)
  for (let i: u32 = 0; i < vcpus; i++) resetCpu(i, 1)
  return <i32>ramBase
}

export function setLevel(level: u32): void {
  setCpuLevelValue(level)
  for (let i: u32 = 0; i < cpuCount; i++) dropAllBlocks(cpuAt(i))
}

export function mapRom(physical: u32, bytes: u32): u32 {
  for (let i: u32 = 0; i < cpuCount; i++) {
    tlbFlushAll(cpuAt(i))
    dropAllBlocks(cpuAt(i))
  }
  return <u32>addRom(physical, bytes)
}

export function resetCpu(cpu: u32, powerUp: u32): void {
  const c = cpuAt(cpu)
  resetState(c, powerUp != 0)
  c.waitSipi = cpu ? 1 : 0
  c.fault = 0
  c.attention = 1
  c.breakSkip = 0
  armDebug(c)
  tlbFlushAll(c)
}

export function startup(cpu: u32, vector: u32): void {
  const c = cpuAt(cpu)
  if (c.waitSipi) startupState(c, vector)
}

export function run(cpu: u32, budget: u32): u32 {
  const c = cpuAt(cpu)
  const reason = runCpu(c, i64(budget))
  lastRetired = c.budgetStart - c.remaining
  return reason
}

export function retired(): u32 {
  return <u32>lastRetired
}

export function setLine(cpu: u32, line: u32, level: u32): void {
  const c = cpuAt(cpu)
  if (level) c.lines |= line
  else if (line == LINE_INTR) c.lines &= ~LINE_INTR
  if (level && <i32>cpu == runningCpu && (line != LINE_INTR || c.eflags & IF)) stopAtBoundary(c)
}

export function requestYield(): void {
  if (runningCpu < 0) return
  const c = cpuAt(runningCpu)
  c.yieldRequested = 1
  stopAtBoundary(c)
}

/** Instructions of the whole machine; a float64, exact up to 2^53. */
export function setTime(instructions: f64): void {
  setMachineTime(<u64>instructions)
}

export function retiredNow(): u32 {
  return runningCpu < 0 ? <u32>lastRetired : <u32>retiredSoFar(cpuAt(runningCpu))
}

/** Of the vCPU that runs: the address of its current instruction. Also after a trap of this module, for the report of it. */
export function ripNow(): u64 {
  return runningCpu < 0 ? 0 : currentRip(cpuAt(runningCpu))
}

export function statePointer(cpu: u32): usize {
  return changetype<usize>(cpuAt(cpu))
}

export function stateBytes(): u32 {
  return STATE_BYTES
}

export function stateChanged(cpu: u32): void {
  const c = cpuAt(cpu)
  c.zero = 0
  if (c.flagsShown) setArithmetic(c, c.eflags)
  c.eflags |= FLAGS_ONES
  updateMode(c)
  armDebug(c)
  forgetAll(c)
  tlbFlushAll(c)
  dropAllBlocks(c)
}

/** RFLAGS whole at the offset of c.eflags; the core itself ignores the arithmetic bits there. */
export function synchronize(cpu: u32): void {
  const c = cpuAt(cpu)
  c.eflags = readFlags(c)
  c.flagsShown = 1
}

export function ramChanged(physical: u32, bytes: u32): void {
  dropCode(physical, bytes)
}

export function translate(cpu: u32, linearLow: u32, linearHigh: u32): f64 {
  const physical = inspect(cpuAt(cpu), u64(linearLow) | (u64(linearHigh) << 32))
  return physical == ~0 ? -1 : <f64>physical
}

export function translations(cpu: u32, pcid: u32): u32 {
  return countTranslations(cpuAt(cpu), pcid)
}

export function setEventMask(mask: u32): void {
  setEventMaskValue(mask)
}

export function setBreakpoint(linearLow: u32, linearHigh: u32, on: u32): void {
  changeBreakpoint(u64(linearLow) | (u64(linearHigh) << 32), on != 0)
  for (let i: u32 = 0; i < cpuCount; i++) dropAllBlocks(cpuAt(i))
}

/** Range `index` of those that are watched; a run ends after an instruction that accesses one. False: there is no room. */
export function setWatchpoint(index: u32, linearLow: u32, linearHigh: u32, length: u32, kinds: u32): u32 {
  return setRange(index, u64(linearLow) | (u64(linearHigh) << 32), length, kinds) ? 1 : 0
}

/** So many of the ranges are in force. */
export function setWatchpointCount(count: u32): void {
  setRangeCount(count)
  for (let i: u32 = 0; i < cpuCount; i++) armDebug(cpuAt(i))
}

/** Which range the last run has ended for. */
export function takeWatchpoint(): u32 {
  const index = watchpointHit - 1
  forgetHit()
  return index
}

export function setCoherence(mode: u32, seedLow: u32, seedHigh: u32): void {
  configureCoherence(mode, u64(seedLow) | (u64(seedHigh) << 32))
}

export function saveCore(): u32 {
  return saveAll()
}

export function savePointer(): usize {
  return saveArea()
}

/** A saved state is never longer than this. */
export function savedLimit(): u32 {
  return saveLimit
}

export function loadCore(bytes: u32): i32 {
  return loadAll(bytes)
}

export function dirtyPageList(): usize {
  return dirtyList
}

export function dirtyPageCount(): u32 {
  return dirtyCount
}

export function clearDirty(): void {
  if (dirtyCount == 0) return
  clearDirtyPages()
  dropWriteTags(0, true)
}

/** Compiled code from the given number of entries of a block on; 0: none. What is compiled goes. */
export function jitConfigure(entries: u32): void {
  setThreshold(entries ? <i32>entries : NEVER_HOT)
  jitDrop()
}

export function jitDrop(): void {
  setDropCompiled(true)
}

export function jitDropPending(): u32 {
  return dropCompiled ? 1 : 0
}

export function jitAllocate(cpu: u32, blocks: u32): usize {
  return allocateRegion(cpuAt(cpu), blocks)
}

export function jitLink(cpu: u32, region: usize): void {
  linkRegion(cpuAt(cpu), region)
}

export function jitCut(cpu: u32, block: usize, count: u32): usize {
  return cutBlock(cpuAt(cpu), changetype<Block>(block), count)
}
