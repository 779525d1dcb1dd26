// The "newc" cpio archive, the form of an initramfs: values <-> bytes. Several archives may follow each other, as
// Linux allows, so a caller can append files to a ready-made initramfs without unpacking it. Deterministic: the same
// entries give the same bytes (inode numbers by position, time 0). Source: cpio(5), "New ASCII Format".

import { accept, decodeText, encodeText, type Refusal, type Result, refuse, requireKind } from '../base/index.js'

/** A file, folder or link of an archive. */
export interface CpioEntry {
  /** Path without a leading slash. */
  readonly name: string
  /** st_mode with the file type: 0o100755 a program, 0o040755 a directory, 0o120777 a symbolic link. */
  readonly mode: number
  /** The contents; of a symbolic link its target. */
  readonly data: Uint8Array
  /** Device numbers of a 0o020000 or 0o060000 node. */
  readonly device?: { readonly major: number; readonly minor: number }
}

const MAGIC = '070701'
const TRAILER = 'TRAILER!!!'
const HEADER_BYTES = 110

/** An archive in the newc format, as a kernel takes it for an initial RAM disk. */
export function writeCpio(entries: readonly CpioEntry[]): Uint8Array {
  const parts: Uint8Array[] = []
  let size = 0
  const append = (bytes: Uint8Array): void => {
    parts.push(bytes)
    size += bytes.length
    const padding = -size & 3
    if (padding > 0) {
      parts.push(new Uint8Array(padding))
      size += padding
    }
  }
  const record = (inode: number, entry: CpioEntry): void => {
    const name = encodeText(`${entry.name}\0`)
    const hex = (value: number) => value.toString(16).toUpperCase().padStart(8, '0')
    const directory = (entry.mode & 0o170000) === 0o040000
    const fields = [
      inode,
      entry.mode,
      0, // uid
      0, // gid
      directory ? 2 : 1, // nlink
      0, // mtime
      entry.data.length,
      0, // devmajor
      0, // devminor
      entry.device?.major ?? 0,
      entry.device?.minor ?? 0,
      name.length,
      0, // check
    ]
    const header = encodeText(MAGIC + fields.map(hex).join(''))
    const named = new Uint8Array(HEADER_BYTES + name.length)
    named.set(header)
    named.set(name, HEADER_BYTES)
    append(named)
    append(entry.data)
  }
  entries.forEach((entry, index) => {
    record(index + 1, entry)
  })
  record(0, { name: TRAILER, mode: 0, data: new Uint8Array(0) })
  const archive = new Uint8Array((size + 511) & ~511)
  let at = 0
  for (const part of parts) {
    archive.set(part, at)
    at += part.length
  }
  return archive
}

/** Why an archive cannot be read. */
export type CpioRefusalCode = 'not-a-cpio' | 'truncated'

const truncated = (why: string): Refusal<'truncated'> =>
  refuse('truncated', `truncated: ${why}`, 'Copy or make the archive again.')

/**
 * Reads one or several archives in a row, of the "newc" form, 070701 (Linux's Documentation/driver-api/early-userspace/buffer-format.rst).
 * Refuses bytes that are none ('not-a-cpio'), or that end early ('truncated'). Throws BAD_ARGUMENT for what is no Uint8Array.
 */
export function readCpio(bytes: Uint8Array): Result<readonly CpioEntry[], CpioRefusalCode> {
  requireKind('bytes', bytes, 'bytes')
  const entries: CpioEntry[] = []
  let at = 0
  for (;;) {
    while (at < bytes.length && bytes[at] === 0) at++
    if (at === bytes.length) return accept(entries)
    if (at + HEADER_BYTES > bytes.length) {
      return truncated(`a header begins at byte ${at} and does not end`)
    }
    if (decodeText(bytes.subarray(at, at + 6)) !== MAGIC) {
      const why = `byte ${at} does not begin a "newc" cpio header (${MAGIC})`
      return refuse('not-a-cpio', why, 'Make the archive with `cpio -o -H newc`.')
    }
    const field = (index: number) =>
      Number.parseInt(decodeText(bytes.subarray(at + 6 + index * 8, at + 14 + index * 8)), 16)
    const nameBytes = field(11)
    const dataBytes = field(6)
    const nameAt = at + HEADER_BYTES
    const dataAt = (nameAt + nameBytes + 3) & ~3
    if (!(dataAt + dataBytes <= bytes.length)) {
      return truncated(`the entry at byte ${at} does not end inside the file`)
    }
    const name = decodeText(bytes.subarray(nameAt, nameAt + nameBytes - 1))
    if (name !== TRAILER) {
      const mode = field(1)
      const type = mode & 0o170000
      const node = type === 0o020000 || type === 0o060000
      const data = bytes.slice(dataAt, dataAt + dataBytes)
      entries.push(node ? { name, mode, data, device: { major: field(9), minor: field(10) } } : { name, mode, data })
    }
    at = (dataAt + dataBytes + 3) & ~3
  }
}

/** The archives one after the other, each starting at a multiple of 4, as the kernel's unpacker reads them. */
export function concatenateCpio(archives: readonly Uint8Array[]): Uint8Array {
  const size = archives.reduce((sum, archive) => sum + ((archive.length + 3) & ~3), 0)
  const all = new Uint8Array(size)
  let at = 0
  for (const archive of archives) {
    all.set(archive, at)
    at += (archive.length + 3) & ~3
  }
  return all
}
