// The benchmark itself: that it runs here with whatever is installed, that its document has the promised shape, that the results of
// all competitors are the same and are the right ones, and that it ends with an error when one is not. Nothing about speeds.

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { withWrongCompiler } from '../lab/wrong-compiler.js'
import { wrongCore } from '../lab/wrong-core.js'
import { needs } from '../needs.js'
import { compareExecutors } from './bench/equality.mjs'
import { agree, calibrate, geometricMean, Samples } from './bench/measure.mjs'

const script = fileURLToPath(new URL('bench.mjs', import.meta.url))
const bench = (...words: string[]) => spawnSync(process.execPath, [script, ...words], { encoding: 'utf8' })

/** What these kernels compute in the rounds with which competitors are compared, found with the same C compiled for the host. */
const checksums: Record<string, string> = { compute: '5b439ebb', memory: '9fb650da', calls: '36fffc9', x87: '3546e95f' }

interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

interface Line {
  readonly group: 'guest' | 'flat'
  readonly name: string
  readonly checksum?: string
  readonly transplant: { readonly roundsPerSecond: Spread; readonly mips: Spread; readonly instructions: number }
  readonly against: Record<string, { readonly roundsPerSecond: Spread; readonly ratio: Spread }>
}

interface Document {
  readonly schema: string
  readonly competitors: Record<string, { readonly version?: string; readonly absent?: string }>
  readonly lines: readonly Line[]
  readonly hashes: Record<string, string>
  readonly summary: Record<string, { readonly all: { readonly geometricMean: number; readonly lines: number } }>
  readonly boot: { readonly milliseconds: number; readonly goal: number }
  readonly patchedCall: Record<string, { readonly ratio: number }>
}

const isSpread = ({ median, least, most }: Spread): boolean =>
  least > 0 && least <= median && median <= most && Number.isFinite(most)

describe('npm run bench', () => {
  const kernels = Object.keys(checksums)
  const system = ['boot', 'cold-boot', 'getpid', 'pipe', 'patched', 'upgrade']
  let document: Document
  beforeAll(() => {
    const only = [...kernels, ...system].join(',')
    const done = bench('--json', '--rounds', '2', '--milliseconds', '1', '--only', only)
    expect(done.stderr).toBe('')
    document = JSON.parse(done.stdout)
  })

  it('has every line that was asked for, in both groups', () => {
    expect(document.schema).toBe('transplant-bench/2')
    const names = (group: string) => document.lines.filter((line) => line.group === group).map((line) => line.name)
    expect(names('flat').sort()).toEqual([...kernels].sort())
    expect(names('guest').sort()).toEqual([...kernels, ...system].sort())
  })

  it('measures each competitor that is installed, and says why another is not', () => {
    for (const [name, { version, absent }] of Object.entries(document.competitors)) {
      expect(version ?? absent, name).toMatch(/\w/)
      if (process.env['TRANSPLANT_REQUIRE_ALL'] === '1') expect(absent, name).toBeUndefined()
      const group = name === 'qemu' ? 'guest' : 'flat'
      const measured = document.lines.filter((line) => line.against[name] !== undefined)
      const expected = absent === undefined ? document.lines.filter((line) => line.group === group) : []
      expect(measured, name).toEqual(expected)
      expect(document.summary[name]?.all.lines, name).toBe(absent === undefined ? expected.length : undefined)
    }
  })

  it('computes what the same kernels compute on the host', () => {
    for (const { group, name, checksum } of document.lines) {
      if (name in checksums) expect(checksum, `${group}/${name}`).toBe(checksums[name])
    }
  })

  it('leaves the same state, interpreted and compiled, after every line', () => {
    const names = document.lines
      .map(({ group, name }) => `${group}/${name}`)
      .filter((name) => name !== 'guest/cold-boot')
    expect(Object.keys(document.hashes).sort()).toEqual(names.sort())
    expect(new Set(Object.values(document.hashes)).size).toBe(names.length)
    for (const hash of Object.values(document.hashes)) expect(hash).toMatch(/^[0-9a-f]{16}$/)
  })

  it('gives speeds, instructions and ratios with their spread', () => {
    for (const { group, name, transplant, against } of document.lines) {
      const where = `${group}/${name}`
      expect(transplant.instructions, where).toBeGreaterThan(1000)
      expect(isSpread(transplant.roundsPerSecond) && isSpread(transplant.mips), where).toBe(true)
      for (const other of Object.values(against)) {
        expect(isSpread(other.ratio) && isSpread(other.roundsPerSecond), where).toBe(true)
      }
    }
    expect(document.boot.milliseconds).toBeGreaterThan(0)
    expect(document.patchedCall['transplant']?.ratio).toBeGreaterThan(0)
  })

  it('refuses a word that it does not know, with the list of those it knows', () => {
    const done = bench('--against', 'bochs')
    expect(done.status).toBe(2)
    expect(done.stderr).toMatch(/bochs is none of interpreter, qemu, libunicorn, unicorn\.js, v86/)
  })
})

describe('the comparison of executors', () => {
  const only = (name: string) => ({ only: [name], bits: 64 })

  it('finds a core that is wrong in a whole machine, and names line and instruction', async () => {
    const text = await compareExecutors(only('boot'), () => {}, wrongCore()).catch((error: Error) => error.message)
    expect(text).toContain('guest/boot: interpreter and compiled code differ')
    expect(text).toMatch(/cpuid.*<- shows after this one/)
  })

  it('finds compiled code that computes something else in a flat kernel', async () => {
    const polynomial = 0xedb88320 | 0
    const differing = withWrongCompiler(polynomial, polynomial + 1, () => compareExecutors(only('flat/crc'), () => {}))
    await expect(differing).rejects.toThrow(/flat\/crc: the interpreter ends with \d+ instructions/)
  })
})

describe('how a figure is taken', () => {
  /** A competitor whose rounds take a millisecond each. */
  const competitor = (name: string, result: (rounds: number) => number) => ({
    name,
    run: async (_kind: string, rounds: number) => ({ result: result(rounds), milliseconds: rounds }),
  })

  it('ends when a competitor computes something else', async () => {
    const right = competitor('right', (rounds) => rounds)
    const samples = new Samples('sum')
    await agree([right, right], samples, 10)
    expect(samples.checksum).toBe(10)
    const differing = agree([right, competitor('wrong', () => 11)], new Samples('sum'), 10)
    await expect(differing).rejects.toThrow('sum 10: wrong computes b, but right a')
  })

  it('ends when a competitor does not repeat its own result', async () => {
    let calls = 0
    const samples = new Samples('sum')
    const fickle = competitor('fickle', () => ++calls)
    await samples.take(fickle, 10)
    await expect(samples.take(fickle, 10)).rejects.toThrow('sum 10: fickle computes now 1, now 2')
  })

  it('raises the rounds until a measurement is long enough', async () => {
    const rounds = await calibrate(
      competitor('steady', () => 0),
      'sum',
      1,
      300,
    )
    expect(rounds).toBeGreaterThanOrEqual(300)
    expect(rounds).toBeLessThan(600)
  })

  it('divides the speeds of one turn by each other', () => {
    const samples = new Samples('sum')
    for (const [mine, other] of [
      [10, 40],
      [20, 20],
      [10, 20],
    ] as const) {
      samples.add('mine', { rounds: 100, milliseconds: mine, instructions: undefined })
      samples.add('other', { rounds: 200, milliseconds: other, instructions: undefined })
    }
    expect(samples.ratio('mine', 'other')).toEqual({ median: 1, least: 0.5, most: 2 })
    expect(geometricMean([1, 2, 4])).toBeCloseTo(2, 10)
  })
})

needs(
  'debian-kernel',
  'busybox-static',
  'lz4',
)('the profile of a real guest', () => {
  it('tells the time by function of the core and of the kernel that runs there', () => {
    const profile = fileURLToPath(new URL('profile-linux.mjs', import.meta.url))
    const done = spawnSync(process.execPath, [profile, 'on', 'loop', '0.02'], { encoding: 'utf8' })
    expect(done.stderr).toBe('')
    expect(done.stdout).toMatch(/\nboot\n {2}CPU ms +\d+\n {2}instructions +\d{9,}\n/)
    expect(done.stdout).toMatch(/\nloop, run 2\n/)
    expect(done.stdout).toMatch(/left: taken +\d+/)
    expect(done.stdout).toMatch(/ % {2}src\/cpu\/core\/execute\/interpret\/interpret\n/)
    // Large numbers are multiplied while the kernel looks at its certificates; no other kernel's boot is like that.
    expect(done.stdout).toMatch(/ % {2}mpihelp_\w+\n/)
  })
})
