// Files that a person gives to a guest: `--put`, and the standard input of `--exec`. A guest that boots finds them in its
// initial RAM disk; one from a snapshot takes them through its agent. Where there is an agent, it is asked whether they are there.

import { posix } from 'node:path'
import { EXIT_CODES, encodeText } from '../base/index.js'
import { concatenateCpio, readCpio, writeCpio } from '../format/index.js'
import { AGENT_PATH_LIMIT, type AgentClient } from '../guest/index.js'
import type { MachineOptions } from '../machine/index.js'
import { modeOf, readNamedFile } from './files.js'
import { CommandFailure } from './output.js'

/** A file for the guest; its path there begins with "/". */
export interface GuestFile {
  readonly path: string
  readonly bytes: Uint8Array
  /** Permission bits; default 0644. */
  readonly mode?: number
}

const NAME_MAX = 255
/** What the kernel makes itself, and mounts over whatever a RAM disk has there. */
const MADE_BY_KERNEL = /^\/(?:proc|sys|dev)(?:\/|$)/

function refuse(path: string, why: string, hint: string): never {
  const shown = path.length > 60 ? `${path.slice(0, 57)}...` : path
  throw new CommandFailure(EXIT_CODES.usage, 'bad-guest-path', `cannot put a file at '${shown}': ${why}.`, hint)
}

function requireUsable(path: string): void {
  const longest = Math.max(...path.split('/').map((name) => encodeText(name).length))
  if (longest > NAME_MAX) refuse(path, `a name in it has ${longest} bytes`, `Give names of at most ${NAME_MAX} bytes.`)
  const { length } = encodeText(path)
  if (length > AGENT_PATH_LIMIT) {
    refuse(path, `the path has ${length} bytes`, `Give one of at most ${AGENT_PATH_LIMIT} bytes.`)
  }
  if (MADE_BY_KERNEL.test(path)) refuse(path, 'the kernel makes that folder itself', 'Give a path outside of it.')
}

/** The files of `--put FILE[:PATH]`, read, each at a path where a guest can have one. */
export function filesToPut(words: readonly string[]): readonly GuestFile[] {
  const files = words.map(fileToPut)
  for (const [i, { path }] of files.entries()) {
    if (files.findIndex((other) => other.path === path) < i) {
      refuse(path, 'another --put has the same path', 'Give each its own: --put FILE:PATH.')
    }
  }
  return files
}

function fileToPut(text: string): GuestFile {
  const [, file = '', given] = /^(.+?)(?::(\/[^:]*))?$/s.exec(text) ?? []
  const bytes = readNamedFile(file)
  const name = posix.basename(file)
  const path = posix.normalize(given === undefined ? `/${name}` : given.replace(/\/$/, `/${name}`))
  requireUsable(path)
  return { path, bytes, mode: modeOf(file) }
}

/** All folders that lead to a path of an archive, the outermost first. */
const foldersOf = (name: string): readonly string[] =>
  [...name.matchAll(/\//g)].map(({ index }) => name.slice(0, index))

/** The same machine with these files in its initial RAM disk; of two at one path the later. */
export function withFiles(options: MachineOptions, files: readonly GuestFile[]): MachineOptions {
  if (files.length === 0) return options
  const own = options.initrd ?? new Uint8Array(0)
  const entries = new Map<string, { readonly name: string; readonly mode: number; readonly data: Uint8Array }>()
  const there = readCpio(own)
  // One that is compressed says nothing here; its guest is asked later.
  const modes = new Map(there.ok ? there.value.map(({ name, mode }) => [name.replace(/^(?:\.?\/)+/, ''), mode]) : [])
  const isFile = (name: string): boolean => ((entries.get(name)?.mode ?? modes.get(name) ?? 0) & 0o170000) === 0o100000
  for (const { path, bytes, mode = 0o644 } of files) {
    const name = path.replace(/^\/+/, '')
    for (const folder of foldersOf(name)) {
      if (isFile(folder)) refuse(path, `'/${folder}' is a file`, 'Give a path whose folders are folders.')
      if (!modes.has(folder)) entries.set(folder, { name: folder, mode: 0o040755, data: new Uint8Array(0) })
    }
    const old = (entries.get(name)?.mode ?? modes.get(name) ?? 0) & 0o170000
    if (old === 0o040000) refuse(path, 'it is a folder', `Give a file's path, or '${path}/'.`)
    entries.set(name, { name, mode: 0o100000 | mode, data: bytes })
  }
  return { ...options, initrd: concatenateCpio([own, writeCpio([...entries.values()])]) }
}

/** Puts files into a guest that runs; throws the agent's reason where it cannot. */
export async function putFiles(agent: AgentClient, files: readonly GuestFile[]): Promise<void> {
  for (const { path, bytes, mode } of files) await agent.put(path, bytes, mode)
}

/** The same where they were in the initial RAM disk: for those that the guest did not unpack, or mounted something over. */
export async function ensureFiles(agent: AgentClient, files: readonly GuestFile[]): Promise<void> {
  for (const file of files) {
    const size = await agent.sizeOf(file.path)
    if (size === undefined) await putFiles(agent, [file])
    else if (size !== file.bytes.length) {
      const why = `the guest has unpacked ${size} of ${file.bytes.length} bytes`
      refuse(file.path, why, 'Give it more RAM: --memory MiB.')
    }
  }
}
