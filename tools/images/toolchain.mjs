// Runs the compiler and its companions for the image targets, in a way that makes the same bytes everywhere: paths are mapped away,
// the locale is fixed, and inputs are given in a fixed order. Knows nothing of any particular image.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')
export const builtFolder = join(root, 'images/built')
export const buildFolder = join(root, 'images/build')

const environment = { ...process.env, LC_ALL: 'C', SOURCE_DATE_EPOCH: '0', TZ: 'UTC' }

/** Runs a program with the project's root as working directory; a failure ends the build with the program's own words. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    env: environment,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    ...options,
  })
  if (result.error) throw new Error(`${command}: ${result.error.message} (install gcc, gcc-multilib and binutils)`)
  if (result.stderr) process.stderr.write(result.stderr)
  if (result.status !== 0) throw new Error(`${command} failed with status ${result.status}: ${args.join(' ')}`)
  return result.stdout
}

/** Compiles one source to an object in `images/build/<target>/`; both paths enter the object in a form free of this machine. */
export function compile(target, source, flags, objectName = relative(root, join(root, source)).replaceAll('/', '-')) {
  const folder = join(buildFolder, target)
  mkdirSync(folder, { recursive: true })
  const object = join(folder, `${objectName}.o`)
  run('gcc', [`-ffile-prefix-map=${root}=.`, `-frandom-seed=${source}`, ...flags, '-c', source, '-o', object])
  return object
}

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')

export const compilerVersion = () => run('gcc', ['-dumpfullversion']).trim()

export const linkerVersion = () => run('ld', ['--version']).split('\n')[0]

/** The GNU build-id of an ELF file in hexadecimal, or null: the note whose owner is GNU and type 3. */
export function buildId(bytes) {
  const owner = Buffer.from('040000001400000003000000474e5500', 'hex')
  const at = bytes.indexOf(owner)
  return at < 0 ? null : bytes.subarray(at + 16, at + 36).toString('hex')
}

/** What the manifest says of one built file. */
export function describe(path) {
  const bytes = readFileSync(path)
  const id = bytes.subarray(0, 4).toString('latin1') === '\x7fELF' ? buildId(bytes) : null
  return { file: basename(path), size: bytes.length, sha256: sha256(bytes), ...(id ? { buildId: id } : {}) }
}
