// Files that a person names. Each failure is one sentence with the system's reason and exit code 2, and what a command will
// write is tried before its guest runs: nothing is lost to a mistyped folder. No command writes over a file that it has read,
// however the two are spelled: what is read is remembered by device and inode. The one exception is a snapshot, which goes on
// and may be kept in its place (`--from a --save a`).

import { closeSync, openSync, readFileSync, rmSync, type Stats, statSync, writeFileSync } from 'node:fs'
import { EXIT_CODES, MIB, TransplantError } from '../base/index.js'
import { CommandFailure } from './output.js'

/** Bytes that an image, a disk or a snapshot may have; what a machine can hold. */
const LARGEST_IMAGE = 2047 * MIB
/** Bytes of a patch's source, and of a module. */
export const LARGEST_SOURCE = 1 * MIB
export const LARGEST_MODULE = 16 * MIB

const reasons: Readonly<Record<string, string>> = {
  ...{ ENOENT: 'no such file or folder', EISDIR: 'it is a folder', ENOTDIR: 'a part of the path is no folder' },
  ...{ EACCES: 'permission denied', EPERM: 'not permitted', ENOSPC: 'no space left', EROFS: 'read-only file system' },
}

/** Names of what the process has open already: a pipe of these has a writer. */
const OPEN_ALREADY = /^\/(dev\/(std(in|out|err)|fd\/\d+)|proc\/self\/fd\/\d+)$/

/** What is against a file that would be waited for without end, or is no bytes of a certain number; undefined: nothing. */
function irregular(path: string, stat: Stats): string | undefined {
  if (stat.isDirectory()) return `EISDIR, ${reasons['EISDIR']}`
  if (stat.isFIFO() && !OPEN_ALREADY.test(path)) return 'it is a named pipe, not a regular file'
  if (stat.isSocket() && !OPEN_ALREADY.test(path)) return 'it is a socket, not a regular file'
  return undefined
}

function irregularInput(path: string, stat: Stats): string | undefined {
  return stat.isCharacterDevice() || stat.isBlockDevice() ? 'it is a device' : irregular(path, stat)
}

/** `ENOENT, no such file or folder` */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const reason = reasons[code]
  if (reason !== undefined) return `${code}, ${reason}`
  return error instanceof Error ? error.message : String(error)
}

/** Identities of the files that this command has read, and may not write over. */
const inputs = new Set<string>()

function identity(path: string): string | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stat && `${stat.dev}:${stat.ino}`
}

/** Reads a file that a person named, as an input; throws FILE_UNREADABLE with the system's reason, or FILE_TOO_LARGE. */
export function readNamedFile(path: string, limit = LARGEST_IMAGE): Uint8Array {
  const bytes = readReplaceable(path, limit)
  inputs.add(identity(path) ?? path)
  return bytes
}

/** The same for a file that the command may write over. */
export function readReplaceable(path: string, limit = LARGEST_IMAGE): Uint8Array {
  try {
    const stat = statSync(path)
    const against = irregularInput(path, stat)
    if (against !== undefined) throw unreadable(path, against)
    if (stat.size > limit) throw tooLarge(path, stat.size, limit)
    const bytes = new Uint8Array(readFileSync(path))
    if (bytes.length > limit) throw tooLarge(path, bytes.length, limit)
    return bytes
  } catch (error) {
    if (error instanceof TransplantError) throw error
    throw unreadable(path, reasonOf(error))
  }
}

function unreadable(path: string, reason: string): TransplantError {
  return new TransplantError(
    'FILE_UNREADABLE',
    `cannot read '${path}': ${reason}.`,
    'Check the path and its permissions.',
  )
}

function tooLarge(path: string, size: number, limit: number): TransplantError {
  return new TransplantError(
    'FILE_TOO_LARGE',
    `'${path}' has ${size.toLocaleString('en-US')} bytes; at most ${limit.toLocaleString('en-US')} are taken here.`,
    'Give another file.',
  )
}

function unwritable(path: string, reason: string): TransplantError {
  return new TransplantError(
    'FILE_UNWRITABLE',
    `cannot write '${path}': ${reason}.`,
    'Give a file in a folder that exists and may be written to.',
  )
}

/** The permission bits of a file that was read. */
export function modeOf(path: string): number {
  return statSync(path).mode & 0o777
}

/** Throws where writing to `path` would write over an input of this command. */
export function requireNoInput(path: string): void {
  let found: string | undefined
  try {
    found = identity(path)
  } catch (error) {
    throw unwritable(path, reasonOf(error))
  }
  if (found === undefined || !inputs.has(found)) return
  throw new CommandFailure(
    EXIT_CODES.usage,
    'output-is-input',
    `'${path}' is an input file of this command and would be written over.`,
    'Give another file for the output.',
  )
}

/** Throws now what `writeNamedFile` would throw when the result is there; to be asked when all inputs are read. */
export function requireWritable(path: string | undefined): void {
  if (path === undefined) return
  requireNoInput(path)
  try {
    const stat = statSync(path, { throwIfNoEntry: false })
    const against = stat && irregular(path, stat)
    if (against !== undefined) throw unwritable(path, against)
    closeSync(openSync(path, 'a'))
    if (stat === undefined) rmSync(path)
  } catch (error) {
    throw error instanceof TransplantError ? error : unwritable(path, reasonOf(error))
  }
}

export function writeNamedFile(path: string, bytes: Uint8Array): void {
  requireNoInput(path)
  try {
    writeFileSync(path, bytes)
  } catch (error) {
    throw unwritable(path, reasonOf(error))
  }
}
