// The package as npm delivers it: installed into an empty folder without a network, it has what it needs to build a patch from C and
// to apply it, and the sources of all that runs in the guest.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { root } from '../lab/images.js'
import { needs } from '../needs.js'

const folder = mkdtempSync(join(tmpdir(), 'transplant-package-'))
const installed = join(folder, 'user/node_modules/transplant')

function run(command: string, words: readonly string[], cwd = join(folder, 'user')): string {
  const { status, stdout, stderr, error } = spawnSync(command, words, { cwd, encoding: 'utf8', maxBuffer: 1 << 28 })
  if (status !== 0) throw error ?? new Error(`${command} ${words.join(' ')}: ${status}\n${stdout}\n${stderr}`)
  return stdout
}

const pack = (source: string): string =>
  join(folder, run('npm', ['pack', source, '--ignore-scripts', '--silent', '--pack-destination', folder]).trim())

const filesIn = (path: string): string[] =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
    .sort()

needs('gcc')('the package, installed', () => {
  beforeAll(() => {
    mkdirSync(join(folder, 'user'))
    writeFileSync(join(folder, 'user/package.json'), '{"name": "user", "private": true}')
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const sources = [root, ...Object.keys(dependencies).map((name) => join(root, 'node_modules', name))]
    run('npm', ['install', '--offline', '--no-audit', '--no-fund', ...sources.map(pack)])
  })

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('builds a patch from C and applies it', () => {
    const source = join(installed, 'images/patches/livepatch-sample.c')
    const command = join(folder, 'user/node_modules/.bin/transplant')
    run(command, ['patch', 'build', source, '-o', 'fix.ko'])
    const report = JSON.parse(run(command, ['patch', 'load', 'fix.ko', '--json']))
    expect(report).toMatchObject({ ok: true, enabled: '1', functions: [{ name: 'cmdline_proc_show' }] })
  })

  it('has the page, whole, and what is only for building it not', () => {
    expect(filesIn(join(installed, 'dist/page'))).toEqual(filesIn(join(root, 'dist/page')))
    expect(readdirSync(join(installed, 'dist/web'))).not.toContain('page')
  })

  it('has the sources of the kernels, the firmware and the programs', () => {
    for (const part of ['images/kernel', 'images/releases', 'images/user', 'firmware']) {
      expect(filesIn(join(installed, part)), part).toEqual(
        filesIn(join(root, part)).filter((one) => !/^build\//.test(one)),
      )
    }
    const program = "import { releases } from 'transplant/node'; console.log(releases().join())"
    expect(run(process.execPath, ['--input-type=module', '-e', program])).toBe('1.0,1.1\n')
  })
})
