// The demonstration's result as data: JSON schema "transplant-demo/1". Everything in it was read from the guest or from the
// machine while it ran. Times and durations are instructions of the whole machine (1 instruction = 1 ns of virtual time);
// addresses are texts, "0x" and hexadecimal digits. A change of meaning raises the schema's number.

import type { PatchReport } from '../../patch/index.js'
import type { UpgradeReport } from '../../upgrade/index.js'

/** Everything that the demonstration found. */
export interface DemoReport {
  readonly schema: 'transplant-demo/1'
  /** Whether every check held. */
  readonly ok: boolean
  readonly machine: {
    readonly vcpus: number
    readonly memoryBytes: number
    readonly seed: string
    /** Virtual time at the end. */
    readonly time: number
    /** Instructions retired; the rest of the time no vCPU could run. */
    readonly instructions: number
    /** The machine's state hash at power-off: equal runs have equal hashes. */
    readonly hash: string
    /** How it ended: 'power-off'. */
    readonly end: string
  }
  readonly boot: BootReport
  readonly patch: PatchReport
  readonly upgrade: UpgradeReport
  readonly programs: readonly ProgramReport[]
  /** Of the run without patch and upgrade; times in instructions. */
  readonly twin: { readonly time: number; readonly instructions: number; readonly end: string }
  readonly checks: readonly Check[]
}

/** One thing that had to hold, and whether it did. */
export interface Check {
  readonly name: string
  readonly ok: boolean
  /** The figures that the verdict rests on. */
  readonly detail: string
}

/** What booting came to. */
export interface BootReport {
  readonly release: string
  readonly version: string
  readonly buildId: string
  readonly agent: string
  /** Virtual time when the agent answered. */
  readonly time: number
}

/** What one of the guest's programs came to. */
export interface ProgramReport {
  readonly command: string
  readonly pid: number
  /** The exit status; undefined for one that did not end. */
  readonly status: number | undefined
  /** Of what it printed. */
  readonly bytes: number
  /** Its last line. */
  readonly result: string
  /** Whether the undisturbed twin's program printed the same bytes and ended with the same status. */
  readonly sameAsTwin: boolean
}
