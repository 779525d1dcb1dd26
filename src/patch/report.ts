// What following a patch has seen, as data. Times are instructions of the whole machine; addresses are texts, "0x" and hexadecimal
// digits.

/** What the five bytes of a function's entry are at one moment. */
export interface EntryStage {
  /** 'sync' is a call of the guest's text_poke_sync: all CPUs are about to be synchronized. */
  readonly when: 'before' | 'sync' | 'after'
  /** undefined where the port cannot tell the time. */
  readonly time: number | undefined
  readonly state: 'at-rest' | 'breakpoint' | 'call' | 'other'
  /** "0f 1f 44 00 00" */
  readonly bytes: string
  /** Capstone's lines: address, bytes, text. */
  readonly listing: readonly string[]
}

/** A task, and when it moved to the patch. */
export interface PatchedTask {
  readonly pid: number
  readonly comm: string
  /** patch_state when the transition had just started, and when the kernel declared it complete. */
  readonly started: number
  /** Its patch_state when the transition was about to complete; undefined for one that had ended. */
  readonly completed: number | undefined
}

/** What became of a module that was loaded. */
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
