// What following an upgrade has seen, as data. Times and durations are instructions of the whole machine.

/** A process before and after an upgrade. */
export interface UpgradedProcess {
  readonly pid: number
  readonly comm: string
  /** Mapped in user space. */
  readonly pages: number
  /** Page-table pages. */
  readonly tables: number
  /** Whose bytes differ. */
  readonly pagesChanged: number
  /** That lie in another frame. */
  readonly pagesCopied: number
  /** That are mapped on one side only. */
  readonly pagesUnmatched: number
  /** Page-table entries that are not the same, accessed and dirty bits included. */
  readonly entriesChanged: number
  /** Of the registers with which it goes on in user mode. */
  readonly registersChanged: number
  readonly differences: readonly string[]
}

/** Everything that was seen of an upgrade. */
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
  /** What the root page says; undefined where no kernel has written one, or it cannot be read. */
  readonly handover:
    | {
        readonly number: number
        readonly status: string
        readonly refusal: string
        readonly preservedFrames: number
        readonly components: readonly { readonly name: string; readonly records: number; readonly bytes: number }[]
      }
    | undefined
  /** Why a root page that is there was not read: another contract than the image's, or damage; undefined where nothing was refused. */
  readonly handoverUnread:
    | { readonly code: 'unknown-handover' | 'bad-handover'; readonly message: string; readonly hint: string }
    | undefined
  /** /sys/kernel/liveupdate/ledger after the upgrade. */
  readonly ledger: readonly string[]
  /** Open files of some processes, as /proc/<pid>/fd shows them, that differ afterwards; empty when all are the same. */
  readonly filesChanged: readonly string[]
  /** How many open files were compared. */
  readonly filesCompared: number
  readonly messages: readonly string[]
}
