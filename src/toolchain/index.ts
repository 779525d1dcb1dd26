// toolchain: gcc, ld and the kernel's build steps. See README.md.

export { type CorpusGuest, type CorpusResult, readCorpus, tryCorpusEntry } from './corpus.js'
export { judgeModule, type NewPatchOptions, newPatch } from './hand-written.js'
export { buildKernel, type KernelBuildOptions, releases } from './kernel.js'
export { buildPatchFromDiff, type DiffBuild, type DiffBuildOptions } from './patch-from-diff.js'
export { type BuiltPatch, buildPatches, compilePatchUnit, type PatchesOptions } from './patches.js'
export { STATIONS, type Station } from './stations.js'
export { Toolchain, type ToolOutcome, WARNINGS } from './toolchain.js'
export { type UnusedFunction, unusedFunctions } from './unused.js'
