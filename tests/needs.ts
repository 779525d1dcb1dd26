// What a test needs beyond Node. A test that needs a tool which is not installed is skipped with one line that says
// so; with TRANSPLANT_REQUIRE_ALL=1 (as in CI) the missing tool is a failure instead, so that no hole stays hidden.

import { accessSync, constants, readdirSync, readFileSync } from 'node:fs'
import { basename, delimiter, join } from 'node:path'
import { describe, it } from 'vitest'

export type Tool =
  | 'debian-kernel'
  | 'debian-headers'
  | 'busybox-static'
  | 'bash-static'
  | 'linux-source'
  | 'lz4'
  | 'chromium'
  | 'gcc'
  | 'ld'
  | 'objdump'
  | 'gdb'
  | 'qemu-system-x86_64'
  | 'libunicorn'
  | 'x86-64-host'
  | 'x86-64-v3-host'

const debianPackage: Record<Tool, string> = {
  gcc: 'gcc gcc-multilib',
  ld: 'binutils',
  objdump: 'binutils',
  gdb: 'gdb',
  'qemu-system-x86_64': 'qemu-system-x86',
  libunicorn: 'libunicorn2',
  'debian-kernel': 'linux-image-cloud-amd64; TRANSPLANT_DEBIAN_KERNEL names a vmlinuz elsewhere',
  'debian-headers': 'linux-headers-cloud-amd64 make',
  'busybox-static': 'busybox-static',
  'bash-static': 'bash-static',
  'linux-source': 'linux-source-6.1; TRANSPLANT_LINUX_SOURCE names a linux-source-*.tar.xz elsewhere',
  lz4: 'lz4',
  chromium: 'chromium; TRANSPLANT_CHROMIUM names one elsewhere',
  'x86-64-host': '(an x86-64 Linux host)',
  'x86-64-v3-host': '(an x86-64-v3 Linux host: AVX2, BMI2, FMA)',
}

const libraryFolders = ['/usr/lib/x86_64-linux-gnu', '/usr/lib', '/usr/lib64', '/usr/local/lib']

function accessible(path: string, mode: number): boolean {
  try {
    accessSync(path, mode)
    return true
  } catch {
    return false
  }
}

/** The path of libunicorn's shared object, or undefined. */
export function libunicornPath(): string | undefined {
  for (const folder of libraryFolders) {
    const path = join(folder, 'libunicorn.so.2')
    if (accessible(path, constants.R_OK)) return path
  }
  return undefined
}

/** Debian's cloud kernel as it is installed, or where TRANSPLANT_DEBIAN_KERNEL says; undefined without one. */
export function debianKernelPath(): string | undefined {
  const named = process.env['TRANSPLANT_DEBIAN_KERNEL']
  if (named !== undefined) return accessible(named, constants.R_OK) ? named : undefined
  const installed = accessible('/boot', constants.R_OK) ? readdirSync('/boot') : []
  const name = installed.filter((file) => /^vmlinuz-.*-cloud-amd64$/.test(file)).sort()[0]
  return name === undefined ? undefined : join('/boot', name)
}

/** What modules for that kernel are built with; undefined where it is not installed. */
export function debianHeadersPath(): string | undefined {
  const release = basename(debianKernelPath() ?? '').replace(/^vmlinuz-/, '')
  const path = `/usr/src/linux-headers-${release}`
  return release !== '' && accessible(join(path, 'Makefile'), constants.R_OK) && inPath('make') !== undefined
    ? path
    : undefined
}

/** The sources of Debian's kernel as their package has them, or where TRANSPLANT_LINUX_SOURCE says; undefined without. */
export function linuxSourcePath(): string | undefined {
  const named = process.env['TRANSPLANT_LINUX_SOURCE']
  if (named !== undefined) return accessible(named, constants.R_OK) ? named : undefined
  const installed = accessible('/usr/src', constants.R_OK) ? readdirSync('/usr/src') : []
  const name = installed.filter((file) => /^linux-source-[\d.]+\.tar\.xz$/.test(file)).sort()[0]
  return name === undefined ? undefined : join('/usr/src', name)
}

const V3_FLAGS = [
  'avx',
  'avx2',
  'bmi1',
  'bmi2',
  'f16c',
  'fma',
  'abm',
  'movbe',
  'xsave',
  'xsavec',
  'xsaveopt',
  'xgetbv1',
]

function isV3Host(): boolean {
  if (process.platform !== 'linux' || process.arch !== 'x64') return false
  const flags = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.split(' ') ?? []
  return V3_FLAGS.every((flag) => flags.includes(flag))
}

/** A Chromium: the one that TRANSPLANT_CHROMIUM names, or the one in the path; undefined without one. */
export function chromiumPath(): string | undefined {
  const named = process.env['TRANSPLANT_CHROMIUM']
  if (named !== undefined) return accessible(named, constants.X_OK) ? named : undefined
  return inPath('chromium')
}

function inPath(program: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.map((folder) => join(folder, program)).find((path) => accessible(path, constants.X_OK))
}

export function has(tool: Tool): boolean {
  if (tool === 'debian-kernel') return debianKernelPath() !== undefined
  if (tool === 'debian-headers') return debianHeadersPath() !== undefined
  if (tool === 'chromium') return chromiumPath() !== undefined
  if (tool === 'busybox-static') return accessible('/bin/busybox', constants.X_OK)
  if (tool === 'bash-static') return accessible('/bin/bash-static', constants.X_OK)
  if (tool === 'linux-source') return linuxSourcePath() !== undefined
  if (tool === 'libunicorn') return libunicornPath() !== undefined
  if (tool === 'x86-64-v3-host') return isV3Host()
  if (tool === 'x86-64-host') return process.platform === 'linux' && process.arch === 'x64'
  return inPath(tool) !== undefined
}

const requireAll = process.env['TRANSPLANT_REQUIRE_ALL'] === '1'

/**
 * `describe` for tests that need these tools:
 *
 *     needs('gcc', 'qemu-system-x86_64')('the image on QEMU', () => { ... })
 */
export function needs(...tools: readonly Tool[]): (name: string, body: () => void) => void {
  const missing = tools.filter((tool) => !has(tool))
  return (name, body) => {
    if (missing.length === 0) {
      describe(name, body)
      return
    }
    const reason = `needs ${missing.join(', ')} (Debian: ${missing.map((tool) => debianPackage[tool]).join(' ')})`
    if (requireAll) {
      describe(name, () => {
        it(reason, () => {
          throw new Error(`TRANSPLANT_REQUIRE_ALL=1, but this test ${reason}`)
        })
      })
      return
    }
    // The reporter counts skipped tests and says no more: the reason goes to the log.
    console.warn(`skipped: ${name}: ${reason}`)
    describe(name, () => {
      it.skip(`skipped: ${reason}`, () => {})
    })
  }
}
