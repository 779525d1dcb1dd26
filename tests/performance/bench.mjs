// Speeds, side by side: the whole machine beside QEMU's TCG on the same images, and the bare core beside libunicorn, unicorn.js and
// v86 on the same C; and Debian's kernel with Debian's busybox, where they are found. Each other is optional; one that is not installed is said in a line. `npm run bench -- --help` lists the options.
//
// It judges results (a wrong checksum, or a state that differs between interpreter and compiled code, ends it with status 1) and compares
// speeds with the goals, but no speed fails it.
import { existsSync } from 'node:fs'
import { compareExecutors } from './bench/equality.mjs'
import { measureFlat } from './bench/flat.mjs'
import { measureGuests } from './bench/guests.mjs'
import { path } from './bench/kernel-image.mjs'
import { measureLinux } from './bench/linux.mjs'
import { readOptions } from './bench/options.mjs'
import { documentOf, textOf } from './bench/report.mjs'

const options = readOptions(process.argv.slice(2))
const begin = performance.now()
const terminal = process.stderr.isTTY && !options.json
const progress = (what) => terminal && process.stderr.write(`\r\x1b[K${what}`)

const competitors = Object.fromEntries(options.against.map((name) => [name, { absent: 'no line asks for it' }]))
if (competitors.interpreter) {
  competitors.interpreter = existsSync(path('dist/cpu/jit'))
    ? { version: 'the same core with jit off' }
    : { absent: 'this build compiles nothing: all of it is the interpreter' }
}

try {
  const hashes = await compareExecutors(options, progress)
  const guests = await measureGuests(options, competitors, progress)
  const checksums = new Map(guests.map(({ name, checksum }) => [name, checksum]))
  const flat = await measureFlat(options, competitors, checksums, progress)
  const linux = []
  for (const vcpus of options.quick ? [1] : [1, 2, 4]) {
    const measured = await measureLinux(options, competitors, progress, vcpus)
    if (measured) linux.push(measured)
  }
  progress('')
  const seconds = Math.round((performance.now() - begin) / 100) / 10
  const document = documentOf({ options, competitors, flat, guests, hashes, linux, seconds })
  process.stdout.write(`${options.json ? JSON.stringify(document, null, 2) : textOf(document)}\n`)
  process.exit(0)
} catch (error) {
  progress('')
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
  process.exit(1)
}
