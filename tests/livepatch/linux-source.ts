// Debian's package of Linux's sources, of which tests compile modules and run scripts as they are. Nothing of it is kept here.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseElf, readObject } from '../../src/format/index.js'
import { buildPatchFromC, type CompileRequest } from '../../src/patch/index.js'
import { compilePatchUnit } from '../../src/toolchain/index.js'
import { kernelFacts } from '../e2e/module-guest.js'
import { root } from '../lab/images.js'
import { linuxSourcePath } from '../needs.js'

/** Some folders of the sources, unpacked. */
export class LinuxSource {
  readonly folder: string

  /** `folders`: named from the root of the sources. Takes seconds: the package is one compressed archive. */
  constructor(folders: readonly string[]) {
    const archive = linuxSourcePath() ?? ''
    const top = archive.replace(/^.*\/|\.tar\.xz$/g, '')
    this.folder = mkdtempSync(join(tmpdir(), 'transplant-linux-source-'))
    const words = ['-xJf', archive, '-C', this.folder, '--strip-components=1', '--no-same-owner']
    execFileSync('tar', [...words, ...folders.map((folder) => `${top}/${folder}`)])
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  read(path: string): Uint8Array {
    return new Uint8Array(readFileSync(join(this.folder, path)))
  }

  /** The names in a folder that end in `ending`, without it. */
  names(folder: string, ending: string): string[] {
    const files = readdirSync(join(this.folder, folder)).sort()
    return files.filter((file) => file.endsWith(ending)).map((file) => file.slice(0, -ending.length))
  }

  /** A module from `<folder>/<name>.c`, as it stands there. One that is no livepatch has to do with what the kernel exports. */
  async module(folder: string, name: string): Promise<Uint8Array> {
    const source = new TextDecoder().decode(this.read(`${folder}/${name}.c`))
    const includes = [join(root, 'images/kernel/include'), join(this.folder, folder)]
    const compile = (request: CompileRequest) => compilePatchUnit(request, includes)
    const kernel = kernelFacts()
    const built = await buildPatchFromC({ sourceName: `${name}.c`, source, kernel, compile, check: false })
    if (!built.ok) throw new Error(`${name}: ${built.message}\n${built.detail ?? ''}`)
    const { module, converted } = built.value
    if (moduleInfo(module, 'livepatch') === undefined && converted.length > 0)
      throw new Error(`${name}: not exported: ${converted.map((symbol) => symbol.name).join(', ')}`)
    return module
  }
}

/** A word of a module's .modinfo. */
function moduleInfo(module: Uint8Array, key: string): string | undefined {
  const parsed = parseElf(module)
  if (!parsed.ok) throw new Error(parsed.message)
  const object = readObject(parsed.value)
  if (!object.ok) throw new Error(object.message)
  const section = object.value.sections.find((one) => one.name === '.modinfo')
  const words = new TextDecoder().decode(section?.data).split('\0')
  return words.find((word) => word.startsWith(`${key}=`))?.slice(key.length + 1)
}
