// The codes of everything that can go wrong, with the exit code that each has on the command line. Never renamed: scripts switch on
// them. SPECIFICATION.md lists them; a test holds the two together.

import { EXIT_CODES, type ExitCode, type ExitName } from './exit-codes.js'

/** Codes of refusals, which are values: kebab-case. */
export const REFUSAL_CODES = {
  // Files that cannot be read
  'not-an-elf': 'usage',
  truncated: 'usage',
  'unsupported-elf': 'usage',
  'bad-elf': 'usage',
  'not-an-object': 'usage',
  'not-btf': 'usage',
  'bad-btf': 'usage',
  'not-a-cpio': 'usage',
  'bad-dwarf': 'usage',
  'not-a-snapshot': 'usage',
  'snapshot-version': 'usage',
  'snapshot-damaged': 'usage',
  'not-a-recording': 'usage',
  'recording-version': 'usage',
  'recording-damaged': 'usage',
  // Experiments of the page
  'not-an-experiment': 'usage',
  'other-images': 'usage',
  'unknown-beginning': 'usage',
  'no-symbols': 'usage',
  'no-btf': 'usage',
  'no-build-id': 'usage',
  // Kernels that cannot be booted
  'wrong-machine': 'usage',
  'elf32-without-multiboot': 'usage',
  'no-pvh-note': 'usage',
  'no-segments': 'usage',
  'larger-than-ram': 'usage',
  'overlapping-segments': 'usage',
  'entry-outside-image': 'usage',
  'initrd-larger-than-ram': 'usage',
  'unsupported-multiboot': 'usage',
  'bad-multiboot-addresses': 'usage',
  'over-firmware': 'usage',
  'bad-linux-image': 'usage',
  'old-linux-protocol': 'usage',
  'command-line-too-long': 'usage',
  // Patches
  'compile-failed': 'usage',
  syntax: 'usage',
  'no-field': 'usage',
  'bad-diff': 'usage',
  'outside-tree': 'usage',
  'does-not-apply': 'usage',
  'no-station': 'usage',
  'no-change': 'noChange',
  'wrong-kind': 'refused',
  'bad-module': 'refused',
  'no-modinfo': 'refused',
  'not-a-livepatch': 'refused',
  'other-build': 'refused',
  'unknown-symbol': 'refused',
  'ambiguous-symbol': 'refused',
  'unknown-function': 'refused',
  'not-patchable': 'refused',
  'bad-patch': 'refused',
  'unknown-relocation': 'refused',
  'running-differs': 'refused',
  'needs-help': 'refused',
  cannot: 'refused',
  // Upgrades and replays
  'no-handover': 'refused',
  'unknown-handover': 'refused',
  'bad-handover': 'refused',
  'replay-diverged': 'diverged',
} as const satisfies Readonly<Record<string, ExitName>>

/** Codes of errors, which are thrown: UPPER_CASE. */
export const ERROR_CODES = {
  // What was asked for is wrong
  ASSET_MISSING: 'usage',
  BAD_ARGUMENT: 'usage',
  CANCELLED: 'usage',
  ENGINE_MISSING: 'usage',
  ENGINE_UNKNOWN: 'usage',
  FILE_TOO_LARGE: 'usage',
  FILE_UNREADABLE: 'usage',
  FILE_UNWRITABLE: 'usage',
  INPUT_TOO_LARGE: 'usage',
  JOB_MODULE: 'usage',
  JOB_FAILED: 'usage',
  MACHINE_CONFIGURATION: 'usage',
  NO_SUCH_RELEASE: 'usage',
  NO_SUCH_SOURCE: 'usage',
  NO_SUCH_VCPU: 'usage',
  REPLAY_CONFIGURATION: 'usage',
  RUN_LIMIT: 'usage',
  SNAPSHOT_CONFIGURATION: 'usage',
  STATE_SECTION: 'usage',
  STATE_TRUNCATED: 'usage',
  STATE_VERSION: 'usage',
  // The CPU core
  CORE_ROM: 'usage',
  CORE_SIZE: 'usage',
  CORE_STATE: 'usage',
  // Looking into a guest
  GUEST_NOT_MAPPED: 'usage',
  GUEST_NO_CAPABILITY: 'usage',
  GUEST_NO_CONSOLE: 'usage',
  GUEST_NO_CPU: 'usage',
  GUEST_NO_MEMORY: 'usage',
  GUEST_PAGING_MODE: 'usage',
  GUEST_RUNNING: 'usage',
  GUEST_STOPPED: 'usage',
  GUEST_WATCHPOINTS: 'usage',
  KERNEL_BAD_LIST: 'usage',
  KERNEL_IMAGE: 'usage',
  KERNEL_NO_BTF: 'usage',
  KERNEL_NO_FIELD: 'usage',
  KERNEL_NO_SYMBOL: 'usage',
  KERNEL_UNKNOWN: 'usage',
  // What happened in a guest
  AGENT_PAYLOAD: 'usage',
  AGENT_REFUSED: 'usage',
  AGENT_TIMEOUT: 'timeout',
  GUEST_COMMAND: 'failed',
  GUEST_ENDED: 'guestPanic',
  GUEST_OOPS: 'guestPanic',
  GUEST_PANIC: 'guestPanic',
  PATCH_REFUSED: 'refused',
  TRANSITION_STUCK: 'timeout',
  UPGRADE_MISSING: 'usage',
  UPGRADE_REFUSED: 'refused',
  // Other programs
  CONNECTION_REFUSED: 'usage',
  GDB_CLOSED: 'usage',
  GDB_REFUSED: 'usage',
  GDB_UNSUPPORTED: 'usage',
  MONITOR_USAGE: 'usage',
  QEMU_FAILED: 'usage',
  TOOL_FAILED: 'usage',
  TOOL_MISSING: 'skipped',
  // Workers
  WORKER_CALL: 'usage',
  WORKER_COUNT: 'usage',
  WORKER_CRASHED: 'usage',
  WORKER_ENDED: 'usage',
  WORKER_NOT_CLONABLE: 'usage',
  WORKER_PROTOCOL: 'usage',
  WORKER_UNRESPONSIVE: 'usage',
  // Defects of Transplant
  CORE_ABORT: 'internal',
  INTERNAL: 'internal',
} as const satisfies Readonly<Record<string, ExitName>>

/** The code of a refusal. */
export type RefusalCode = keyof typeof REFUSAL_CODES

/** The code of a `TransplantError`. */
export type ErrorCode = keyof typeof ERROR_CODES

const exits: ReadonlyMap<string, ExitName> = new Map(Object.entries({ ...REFUSAL_CODES, ...ERROR_CODES }))

/** What the command line ends with for a code; one that is not in the tables, of a job's own error say, is a wrong use. */
export function exitCodeFor(code: string): ExitCode {
  return EXIT_CODES[exits.get(code) ?? 'usage']
}
