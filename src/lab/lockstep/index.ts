// lockstep: two machines that must be one.

export { describeDivergence } from './divergence.js'
export {
  type Divergence,
  type LockstepMachine,
  type LockstepOptions,
  type LockstepResult,
  type LockstepSnapshot,
  runLockstep,
} from './lockstep.js'
export * from './record-changes.js'
