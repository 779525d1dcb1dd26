// lab: experiments on whole guests. The demonstration, and what it is made of.

export * from './demo.js'
export * from './demo-checks.js'
export * from './demo-report.js'
export { describeDivergence } from './divergence.js'
export * from './guest-session.js'
export {
  type Divergence,
  type LockstepMachine,
  type LockstepOptions,
  type LockstepResult,
  type LockstepSnapshot,
  runLockstep,
} from './lockstep.js'
export * from './observe-patch.js'
export * from './observe-upgrade.js'
export * from './record-changes.js'
export * from './workloads.js'
