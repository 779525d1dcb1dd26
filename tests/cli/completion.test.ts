// What a shell completes, asked of the shell itself; and the configuration file.

import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createProgram } from '../../src/cli/program.js'
import { root } from '../lab/images.js'
import { folder, transplant } from './command.js'

/** What bash offers behind these words, the last of which is begun. */
function offered(...words: readonly string[]): string[] {
  const script = transplant(['completion', 'bash']).stdout
  const typed = ['transplant', ...words].map((word) => `'${word}'`).join(' ')
  const asking = `COMP_WORDS=(${typed}); COMP_CWORD=${words.length}; _transplant; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { status, stdout, stderr } = spawnSync('bash', ['--norc', '-c', `${script}\n${asking}`], { encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, ''])
  return stdout.split('\n').filter((word) => word !== '')
}

describe('transplant completion', () => {
  it('lets bash complete commands, at every depth', () => {
    expect(offered('')).toEqual(expect.arrayContaining(createProgram().commands.map((one) => one.name())))
    expect(offered('up')).toEqual(['upgrade'])
    expect(offered('snapshot', '').filter((word) => !word.startsWith('-'))).toEqual(['save', 'info', 'list'])
    expect(offered('snapshot', 'sa')).toEqual(['save'])
  })

  it('lets bash complete the options of the command, whatever stands between', () => {
    expect(offered('run', '--rec')).toEqual(['--record'])
    expect(offered('patch', 'load', 'fix.ko', '--dry')).toEqual(['--dry-run'])
    expect(offered('symbols', '--rec')).toEqual([])
    expect(offered('run', 'mine.elf', '--smp', '4', '--me')).toEqual(['--memory'])
  })

  it('leaves files to bash where no word fits', () => {
    expect(offered('run', 'mine')).toEqual([])
    expect(transplant(['completion', 'bash']).stdout).toContain('complete -o default -F _transplant transplant\n')
  })

  it('has a script for each shell with every command and option', () => {
    for (const shell of ['zsh', 'fish']) {
      const { status, stdout } = transplant(['completion', shell])
      expect(status).toBe(0)
      for (const word of ['upgrade', 'snapshot', 'dry-run', 'record']) expect(stdout).toContain(word)
      if (spawnSync(shell, ['--version']).status === 0) {
        expect(spawnSync(shell, ['-n'], { input: stdout, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
      }
    }
  })

  it('refuses another shell by name', () => {
    expect(transplant(['completion', 'tcsh'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('bash, zsh, fish'),
    })
  })
})

describe('the configuration file', () => {
  const run = (config: string, words: readonly string[], where: Record<string, string> = {}) => {
    const file = join(folder, 'config', 'transplant', 'config.json')
    mkdirSync(join(folder, 'config', 'transplant'), { recursive: true })
    writeFileSync(file, config)
    const environment = { ...process.env, XDG_CONFIG_HOME: join(folder, 'config'), ...where }
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'dist/cli/main.js'), ...words], {
      ...{ cwd: folder, env: environment, encoding: 'utf8', input: '' },
    })
    return { status, stdout, stderr }
  }
  const vcpus = ['run', '--exec', 'grep -c apicid /proc/cpuinfo']

  it('gives options where the command line is silent; what is nearer wins', () => {
    expect(run('{ "smp": 3 }', vcpus).stdout).toBe('3\n')
    expect(run('{ "smp": 3, "run": { "smp": 1 } }', vcpus).stdout).toBe('1\n')
    expect(run('{ "smp": 3, "run": { "smp": 1 } }', [...vcpus, '--smp', '4']).stdout).toBe('4\n')
    expect(run('{ "patch load": { "smp": 1 } }', vcpus).stdout).toBe('2\n')
    expect(JSON.parse(run('{ "run": { "json": true } }', vcpus).stdout)).toMatchObject({ status: 0, stdout: '2\n' })
  })

  it('may be another file, and none', () => {
    writeFileSync(join(folder, 'mine.json'), '{ "smp": 1 }')
    expect(run('{ "smp": 3 }', vcpus, { TRANSPLANT_CONFIG: join(folder, 'mine.json') }).stdout).toBe('1\n')
    expect(run('', vcpus, { TRANSPLANT_CONFIG: join(folder, 'nowhere.json') })).toMatchObject({
      ...{ status: 2, stderr: expect.stringContaining('nowhere.json') },
    })
    expect(run('', ['--help']).status).toBe(0)
  })

  it.each([
    ['{ "smpp": 3 }', /no option 'smpp'/],
    ['{ "memry": 3 }', /Did you mean 'memory'\?/],
    ['{ "rnu": { "smp": 3 } }', /no command 'rnu'/],
    ['{ "run": { "saves": "x" } }', /no option of run 'saves'/],
    ['{ "smp": true }', /'smp' is true[\s\S]*Give a text or a number/],
    ['{ "run": { "json": "yes" } }', /'json' is "yes"[\s\S]*Give true or false/],
    ['{ "smp": 99 }', /--smp is '99'/],
    ['[1]', /it is no object/],
    ['{', /it is no JSON/],
  ])('that says %s is refused in one sentence', (config, sentence) => {
    const { status, stderr } = run(config, vcpus)
    expect(status).toBe(2)
    expect(stderr).toMatch(sentence)
  })
})
