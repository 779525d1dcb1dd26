// The public library of Transplant: everything below the command line, by room. Runs in Node and in a page alike: it
// reads no files (`transplant/node` does) and asks no wall clock.
//
//   import { AgentClient, Machine, MachinePort } from 'transplant'
//   import { readAssets } from 'transplant/node'

export {
  type Accepted,
  alignDown,
  alignUp,
  type CancelSignal,
  CancelSource,
  type Clock,
  cancelled,
  concatBytes,
  type Disposable,
  DisposableStore,
  decodeText,
  Emitter,
  type Event,
  EXIT_CODES,
  type ExitCode,
  type ExitName,
  encodeText,
  equalBytes,
  findOverlap,
  formatAddress,
  formatHash,
  fromHex,
  hashBytes,
  hashWords,
  isCanonical,
  isZero,
  offsetPhys,
  offsetVirt,
  onCancel,
  PAGE_SHIFT,
  PAGE_SIZE,
  type PhysAddr,
  physAddr,
  Random,
  type Range,
  RangeSet,
  type Refusal,
  type Result,
  rangeContains,
  rangeEncloses,
  rangesOverlap,
  readCString,
  readI32,
  readSafeU64,
  readU8,
  readU16,
  readU32,
  readU64,
  type Savable,
  StateReader,
  StateWriter,
  type Timer,
  TransplantError,
  toDisposable,
  toHex,
  type VirtAddr,
  VirtualClock,
  viewOf,
  virtAddr,
  writeU8,
  writeU16,
  writeU32,
  writeU64,
} from './base/index.js'
export * from './debug/index.js'
export * from './format/index.js'
export * from './guest/index.js'
export * from './isa/index.js'
export * from './lab/index.js'
export * from './machine/index.js'
export {
  buildPatchFromAssembly,
  buildPatchFromC,
  type CheckedPatch,
  checkPatch,
  explainEntry,
  type KernelFacts,
  moduleName,
  type PatchedFunction,
  type PatchRefusal,
  readEntryState,
  readKernelFacts,
} from './patch/index.js'
export * from './upgrade/index.js'
export * from './workers/index.js'
