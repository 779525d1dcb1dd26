// Files that a person names. Each failure is one sentence with the system's reason and exit code 2, and what a command will
// write is tried before its guest runs: nothing is lost to a mistyped folder.

import { closeSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { TransplantError } from '../base/index.js'

const MIB = 1024 * 1024
/** Bytes that an image, a disk or a snapshot may have; what a machine can hold. */
const LARGEST_IMAGE = 2047 * MIB
/** Bytes of a patch's source, and of a module. */
export const LARGEST_SOURCE = 1 * MIB
export const LARGEST_MODULE = 16 * MIB

const reasons: Readonly<Record<string, string>> = {
  ...{ ENOENT: 'no such file or folder', EISDIR: 'it is a folder', ENOTDIR: 'a part of the path is no folder' },
  ...{ EACCES: 'permission denied', EPERM: 'not permitted', ENOSPC: 'no space left', EROFS: 'read-only file system' },
}

/** `ENOENT, no such file or folder` */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const reason = reasons[code]
  if (reason !== undefined) return `${code}, ${reason}`
  return error instanceof Error ? error.message : String(error)
}

/** Reads a file that a person named; throws FILE_UNREADABLE with the system's reason, or FILE_TOO_LARGE. */
export function readNamedFile(path: string, limit = LARGEST_IMAGE): Uint8Array {
  try {
    const stat = statSync(path)
    if (stat.isDirectory()) throw Object.assign(new Error(path), { code: 'EISDIR' })
    if (stat.isCharacterDevice() || stat.isBlockDevice()) throw new Error('it is a device')
    if (stat.size > limit) throw tooLarge(path, stat.size, limit)
    return new Uint8Array(readFileSync(path))
  } catch (error) {
    if (error instanceof TransplantError) throw error
    throw new TransplantError(
      'FILE_UNREADABLE',
      `cannot read '${path}': ${reasonOf(error)}.`,
      'Check the path and its permissions.',
    )
  }
}

function tooLarge(path: string, size: number, limit: number): TransplantError {
  return new TransplantError(
    'FILE_TOO_LARGE',
    `'${path}' has ${size.toLocaleString('en-US')} bytes; at most ${limit.toLocaleString('en-US')} are taken here.`,
    'Give another file.',
  )
}

function unwritable(path: string, error: unknown): TransplantError {
  return new TransplantError(
    'FILE_UNWRITABLE',
    `cannot write '${path}': ${reasonOf(error)}.`,
    'Give a file in a folder that exists and may be written to.',
  )
}

/** Throws FILE_UNWRITABLE now rather than when the result is there. */
export function requireWritable(path: string | undefined): void {
  if (path === undefined) return
  const exists = statSync(path, { throwIfNoEntry: false }) !== undefined
  try {
    closeSync(openSync(path, 'a'))
    if (!exists) rmSync(path)
  } catch (error) {
    throw unwritable(path, error)
  }
}

export function writeNamedFile(path: string, bytes: Uint8Array): void {
  try {
    writeFileSync(path, bytes)
  } catch (error) {
    throw unwritable(path, error)
  }
}
