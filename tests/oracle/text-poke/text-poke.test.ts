// The int3 protocol of the guest kernel, run by the host's own CPU: the C file is the kernel's, only its surroundings are
// user space. The mutant without int3 must not survive it.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { WARNINGS } from '../../../src/toolchain/index.js'
import { needs } from '../../needs.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const kernel = join(root, 'images/kernel')
let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'transplant-poke-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function build(name: string, defines: string[]): string {
  const flags = [
    '-std=gnu11',
    '-O2',
    '-ffreestanding',
    '-fno-pic',
    '-mno-red-zone',
    '-fno-builtin',
    '-nostdinc',
    ...WARNINGS,
    '-I',
    join(kernel, 'include'),
  ]
  const objects = [join(root, 'tests/oracle/text-poke/harness.c'), join(kernel, 'arch/text-patching.c')].map(
    (source, i) => {
      const object = join(folder, `${name}-${i}.o`)
      const run = spawnSync('gcc', [...flags, ...defines, '-c', source, '-o', object], { encoding: 'utf8' })
      expect(run.stderr + run.status).toBe('0')
      return object
    },
  )
  const program = join(folder, name)
  const link = spawnSync('gcc', ['-static', '-no-pie', '-pthread', ...objects, '-o', program], { encoding: 'utf8' })
  expect(link.status, link.stderr).toBe(0)
  return program
}

const run = (program: string) => spawnSync(program, { encoding: 'utf8', timeout: 30_000 })

needs('gcc', 'x86-64-host')('the int3 protocol on the host CPU', () => {
  it('changes an entry 40,000 times under two callers without a wrong step', () => {
    const result = run(build('release', []))
    expect(result.stderr).toBe('')
    expect(result.stdout).toMatch(/^ok \d+ \d+\n$/)
    const [, , hits] = result.stdout.trim().split(' ').map(Number)
    expect(hits).toBeGreaterThan(0)
  })

  it('is needed: without the int3 step the callers run into torn instructions', () => {
    const results = [1, 2, 3].map(() => run(build('mutant', ['-DMUTANT_POKE_SKIP_INT3'])))
    expect(results.some((result) => result.status !== 0)).toBe(true)
  })
})
