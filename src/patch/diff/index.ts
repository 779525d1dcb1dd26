// From a source diff to what a patch module has to bring along. See README.md.
export { CallGraph } from './call-graph.js'
export { type Change, compareUnits, type Difference, type UnitComparison } from './compare.js'
export { type Extract, extractPatch, type Replacement } from './extract.js'
export { type GlueOptions, glueSource, newFunctionName } from './glue.js'
export { pinLines } from './line-pins.js'
export { linkInto } from './link.js'
export { type DiffReport, type ReportedElement, type ReportedFunction, reportDiff } from './report.js'
export { type KernelName, type RunningDifference, RunningKernel } from './running.js'
export { applySourceDiff, type ChangedFile, type SourceReader } from './source-diff.js'
export { type SourceFunction, sourceFunctions, sourceName } from './source-functions.js'
export { changedFunctions } from './source-meaning.js'
export { type Element, readUnit, type Unit } from './unit.js'
export {
  type Evidence,
  judge,
  judgeHandWritten,
  lineOf,
  type Reason,
  type ReasonCode,
  runsNoMore,
  type Verdict,
  type VerdictKind,
} from './verdict.js'
