// The public library of Transplant: everything below the command line, by room. Runs in Node and in a page alike: it
// reads no files (`transplant/node` does) and asks no wall clock.
//
//   import { AgentClient, Machine, MachinePort } from 'transplant'
//   import { readAssets } from 'transplant/node'

export * from './base/index.js'
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
