// The patch room: build a patch module from C or assembly, say whether a kernel will take it, and show what becomes of
// the entry of the function it replaces.
export { type AssemblePatchOptions, buildPatchFromAssembly } from './assemble-patch.js'
export {
  type BuildFromCOptions,
  type BuildResult,
  type BuiltModule,
  buildPatchFromC,
  type CompileOutcome,
  type CompileRequest,
  compileFailed,
} from './build-from-c.js'
export { type CheckedPatch, type CheckResult, checkPatch, type PatchedFunction } from './check-patch.js'
export { fentryFlags, kernelCompilerFlags, moduleCompilerFlags, warningFlags } from './compiler-flags.js'
export {
  applySourceDiff,
  CallGraph,
  type ChangedFile,
  compareUnits,
  type DiffReport,
  type Element,
  extractPatch,
  glueSource,
  judge,
  judgeHandWritten,
  type KernelName,
  linkInto,
  pinLines,
  type Reason,
  type ReportedFunction,
  RunningKernel,
  readUnit,
  reportDiff,
  runsNoMore,
  type SourceFunction,
  sourceFunctions,
  sourceName,
  type UnitComparison,
  type Verdict,
  type VerdictKind,
} from './diff/index.js'
export { ENTRY_BYTES, type EntryState, type EntryStep, explainEntry, readEntryState } from './entry-bytes.js'
export { observePatch, type PatchTarget, patchTarget } from './follow.js'
export { type KernelFacts, readKernelFacts } from './kernel-facts.js'
export { type ConvertedSymbol, convertLivepatchSymbols } from './klp-convert.js'
export { moduleName, nop5 } from './module-layout.js'
export { patchableEntry, whyNotPatchable } from './patchable.js'
export type { PatchRefusal, PatchRefusalCode, PatchResult } from './refusal.js'
export type { EntryStage, PatchedTask, PatchReport } from './report.js'
export { type SkeletonOptions, skeletonInAssembly, skeletonInC } from './skeleton.js'
export { type PatchState, TransitionWatch } from './transition.js'
