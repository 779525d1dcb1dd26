// One case as the bytes that images/user/oracle/cases.c reads (struct test_case), and the window of memory that cases work in.
//
// Promises: registers in hardware order; the same bytes start the host CPU and the core.
export const PAGE = 4096
export const WINDOW = 0x1000_0000
export const CODE = 0x2000_0000
export const FS_BASE = WINDOW + 0x1100
export const GS_BASE = WINDOW + 0x5000
/** Each page of the window: not present, read-only, writable. The page after the code's is not present. */
export const PAGE_KINDS = '-ww-rw-wr-'
/** Offset in each page of 64 bytes of zeros, with x86-64-v3: an XSAVE header. */
export const ZEROS = 0x800
export const WINDOW_BYTES = PAGE_KINDS.length * PAGE

export const AT = {
  registers: 0,
  flags: 128,
  rip: 136,
  narrow: 144,
  length: 148,
  code: 152,
  patches: 176,
  fx: 256,
  header: 768,
  upper: 832,
}
export const RECORD_BYTES = 1088
const PATCH_BYTES = 40
export const PATCHES = 2

/** The parts of an instruction, in the order in which they stand. */
export interface Parts {
  readonly prefixes: readonly number[]
  readonly rex: number | undefined
  readonly opcode: readonly number[]
  readonly rest: readonly number[]
}

export interface TestCase {
  /** Key of what is masked in the comparison, and name in reports. */
  readonly form: string
  readonly parts: Parts
  readonly record: Uint8Array
}

export function viewOf(record: Uint8Array): DataView {
  return new DataView(record.buffer, record.byteOffset, record.byteLength)
}

export function bytesOf({ prefixes, rex, opcode, rest }: Parts): number[] {
  return [...prefixes, ...(rex === undefined ? [] : [rex]), ...opcode, ...rest]
}

/** The case with another instruction. What does not fit the page of its address is not present. */
export function withParts(test: TestCase, parts: Parts): TestCase {
  const record = test.record.slice()
  const view = viewOf(record)
  const code = bytesOf(parts)
  record.fill(0, AT.code, AT.patches)
  record.set(code, AT.code)
  const room = CODE + PAGE - Number(view.getBigUint64(AT.rip, true))
  view.setUint32(AT.length, Math.min(code.length, room), true)
  return { form: test.form, parts, record }
}

export function isWritable(address: number, bytes: number): boolean {
  const kind = (at: number) => PAGE_KINDS[Math.floor((at - WINDOW) / PAGE)]
  return kind(address) === 'w' && kind(address + bytes - 1) === 'w'
}

export function setPatch(record: Uint8Array, index: number, address: number, bytes: Uint8Array): void {
  const at = AT.patches + index * PATCH_BYTES
  viewOf(record).setBigUint64(at, BigInt(address), true)
  record.set(bytes.subarray(0, 32), at + 8)
}

export function patchesOf(record: Uint8Array): { address: number; bytes: Uint8Array }[] {
  const found = []
  for (let i = 0; i < PATCHES; i++) {
    const at = AT.patches + i * PATCH_BYTES
    const address = Number(viewOf(record).getBigUint64(at, true))
    if (address !== 0) found.push({ address, bytes: record.subarray(at + 8, at + 40) })
  }
  return found
}

/** What a case has left behind, as cases.c writes it (struct outcome), with the whole window. */
export interface Outcome {
  readonly registers: readonly bigint[]
  readonly flags: bigint
  readonly rip: bigint
  readonly trap: number
  readonly error: number
  readonly cr2: bigint
  readonly selector: number
  /** FXSAVE image, of which the first 416 bytes count. */
  readonly fx: Uint8Array
  /** Upper halves of the YMM registers; zero on a host without AVX. */
  readonly upper: Uint8Array
  readonly window: Uint8Array
}
