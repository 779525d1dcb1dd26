// Where the command line finds what it ships: the CPU core, and the built guest images with their manifest. Paths are
// relative to the installed package, so that it works from any working directory.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readNamedFile } from './files.js'

const packageFolder = fileURLToPath(new URL('../..', import.meta.url))
const imageFolder = join(packageFolder, 'images', 'built')

export function corePath(): string {
  return join(packageFolder, 'dist', 'cpu', 'core.wasm')
}

export function imagePath(file: string): string {
  return join(imageFolder, file)
}

export function readPackageVersion(): string {
  const text = readFileSync(join(packageFolder, 'package.json'), 'utf8')
  return (JSON.parse(text) as { readonly version: string }).version
}

/** Reads an image that the package ships. */
export function readImage(file: string): Uint8Array {
  return readNamedFile(imagePath(file))
}

export interface Manifest {
  readonly schema: 'transplant-images/1'
  readonly compiler: string
  readonly linker: string
  readonly images: readonly {
    readonly target: string
    readonly file: string
    readonly size: number
    readonly sha256: string
    readonly buildId?: string
  }[]
}

export function readManifest(): Manifest {
  return JSON.parse(new TextDecoder().decode(readImage('manifest.json'))) as Manifest
}

/** Files for hands in a run of Scion: the next kernel, and the patch modules that are shipped. */
export function handsOnFiles(): { readonly path: string; readonly bytes: Uint8Array }[] {
  const { images } = readManifest()
  const modules = images.filter(({ file }) => file.endsWith('.ko'))
  return [
    { path: '/boot/scion-1.1', bytes: readImage('scion-1.1.elf') },
    ...modules.map(({ file }) => ({ path: `/lib/modules/${file}`, bytes: readImage(`patches/${file}`) })),
  ]
}
