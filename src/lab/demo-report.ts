// The demonstration's result as data: JSON schema "transplant-demo/1". Everything in it was read from the guest or from the
// machine while it ran. Times and durations are instructions of the whole machine (1 instruction = 1 ns of virtual time);
// addresses are texts, "0x" and hexadecimal digits. A change of meaning raises the schema's number.

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
  readonly twin: { readonly time: number; readonly instructions: number; readonly end: string }
  readonly checks: readonly Check[]
}

export interface Check {
  readonly name: string
  readonly ok: boolean
  /** The figures that the verdict rests on. */
  readonly detail: string
}

export interface BootReport {
  readonly release: string
  readonly version: string
  readonly buildId: string
  readonly agent: string
  /** Virtual time when the agent answered. */
  readonly time: number
}

/** What the five bytes of a function's entry are at one moment. */
export interface EntryStage {
  /** 'sync' is a call of the guest's text_poke_sync: all CPUs are about to be synchronized. */
  readonly when: 'before' | 'sync' | 'after'
  readonly time: number
  readonly state: 'at-rest' | 'breakpoint' | 'call' | 'other'
  /** "0f 1f 44 00 00" */
  readonly bytes: string
  /** Capstone's lines: address, bytes, text. */
  readonly listing: readonly string[]
}

export interface PatchedTask {
  readonly pid: number
  readonly comm: string
  /** patch_state when the transition had just started, and when the kernel declared it complete. */
  readonly started: number
  readonly completed: number | undefined
}

export interface PatchReport {
  readonly name: string
  readonly module: string
  /** Exit status of insmod. */
  readonly status: number
  readonly error: string
  readonly functions: readonly {
    readonly object: string
    readonly name: string
    readonly address: string
    readonly stages: readonly EntryStage[]
  }[]
  readonly transition: {
    readonly started: number | undefined
    readonly completed: number | undefined
    readonly instructions: number | undefined
    readonly tasks: readonly PatchedTask[]
    readonly switched: number
  }
  /** The files in /sys/kernel/livepatch/<name>/ afterwards; empty when it was refused. */
  readonly enabled: string
  readonly inTransition: string
  /** The kernel's messages from insmod to the end of the transition. */
  readonly messages: readonly string[]
  /** What a program sees: before, right after, and when the programs have run on for a while. */
  readonly behaviour: {
    readonly command: string
    readonly before: string
    readonly after: string
    readonly later: string
  }
}

export interface UpgradedProcess {
  readonly pid: number
  readonly comm: string
  readonly pages: number
  readonly tables: number
  readonly pagesChanged: number
  readonly pagesCopied: number
  readonly pagesUnmatched: number
  readonly entriesChanged: number
  /** Of the registers with which it goes on in user mode. */
  readonly registersChanged: number
  readonly differences: readonly string[]
}

export interface UpgradeReport {
  /** Exit status of kexec. */
  readonly status: number
  readonly error: string
  readonly from: string
  readonly to: string
  readonly arenas: { readonly from: 'A' | 'B'; readonly to: 'A' | 'B' | undefined }
  /** Between the old kernel's last word and the new kernel's first. Absent when the new kernel never got there. */
  readonly switch:
    | {
        readonly frozen: number
        readonly resumed: number
        readonly instructions: number
        /** CPL of each vCPU when the old kernel declared itself frozen. */
        readonly privilege: readonly number[]
        /** How often a vCPU entered user mode in between. */
        readonly userEntries: number
        /** From the last instruction in user mode before to the first one after. */
        readonly userStopped: number | undefined
      }
    | undefined
  readonly processes: readonly UpgradedProcess[]
  readonly missing: readonly string[]
  readonly devices: {
    readonly uartInitialised: number
    readonly uartWrites: number
    readonly diskInitialised: number
    readonly diskWrites: number
  }
  readonly handover:
    | {
        readonly number: number
        readonly status: string
        readonly refusal: string
        readonly preservedFrames: number
        readonly components: readonly { readonly name: string; readonly records: number; readonly bytes: number }[]
      }
    | undefined
  /** /sys/kernel/liveupdate/ledger after the upgrade. */
  readonly ledger: readonly string[]
  /** Open files of some processes, as /proc/<pid>/fd shows them, that differ afterwards; empty when all are the same. */
  readonly filesChanged: readonly string[]
  readonly filesCompared: number
  readonly messages: readonly string[]
}

export interface ProgramReport {
  readonly command: string
  readonly pid: number
  readonly status: number | undefined
  readonly bytes: number
  /** Its last line. */
  readonly result: string
  /** Whether the undisturbed twin's program printed the same bytes and ended with the same status. */
  readonly sameAsTwin: boolean
}
