// Exit codes of the command line and of results that become one. Documented in `transplant --help`; never renumbered.

/** Exit codes of the command line by name. */
export const EXIT_CODES = {
  /** All checks held. */
  ok: 0,
  /** An experiment's invariant broke, or a test failed. */
  failed: 1,
  /** The command line or a file given to it is wrong. */
  usage: 2,
  /** There was nothing to change (as kpatch-build's NO_CHANGE). */
  noChange: 3,
  /** Skipped: something needed is missing (as kselftest). */
  skipped: 4,
  /** Refused: not patchable, not upgradable. */
  refused: 5,
  /** Timed out, or a transition is stuck. */
  timeout: 6,
  /** The guest panicked, oopsed or ended in a triple fault, or ended before it answered. A reset of its own accord is no failure. */
  guestPanic: 7,
  /** A replay diverged from its recording. */
  diverged: 8,
  /** A defect in Transplant itself. */
  internal: 70,
} as const

/** The name of an exit code. */
export type ExitName = keyof typeof EXIT_CODES
/** One of the exit codes. */
export type ExitCode = (typeof EXIT_CODES)[ExitName]
