import { describe, expect, it } from 'vitest'
import { EXIT_CODES } from '../../src/base/index.js'
import { transplant } from './command.js'

describe('transplant', () => {
  it('begins its help with examples and ends it with exit codes', () => {
    const { status, stdout } = transplant(['--help'])
    expect(status).toBe(0)
    expect(stdout).toMatch(/^Examples:\n {2}transplant demo/)
    const told = stdout.slice(stdout.indexOf('Exit codes:')).matchAll(/^ *(\d+) {2}\S/gm)
    expect(Array.from(told, ([, code]) => Number(code))).toEqual(Object.values(EXIT_CODES))
  })

  it.each([['run'], ['demo'], ['patch'], ['upgrade'], ['patch', 'build'], ['patch', 'load'], ['patch', 'status']])(
    'has help for %s %s',
    (...words) => {
      const { status, stdout } = transplant([...words, '--help'])
      expect(status).toBe(0)
      expect(stdout).toContain('Examples:')
      expect(stdout).toContain('Exit codes:')
    },
  )

  it('tells its version', () => {
    expect(transplant(['--version'])).toMatchObject({ status: 0, stdout: '0.1.0\n' })
  })

  it('suggests what a mistyped command or option may have meant', () => {
    const command = transplant(['upgade'])
    expect(command.status).toBe(2)
    expect(command.stderr).toContain("unknown command 'upgade'")
    expect(command.stderr).toContain('Did you mean upgrade?')
    for (const words of ['demmo --help', 'help demmo', '--help demmo']) {
      expect(transplant(words.split(' '))).toMatchObject({
        ...{
          status: 2,
          stdout: '',
          stderr: expect.stringMatching(/unknown command 'demmo'\s+\(Did you mean demo\?\)/),
        },
      })
    }
    expect(transplant(['patch', 'lod', '--help'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('load?'),
    })
    const option = transplant(['run', '--memry', '64'])
    expect(option.status).toBe(2)
    expect(option.stderr).toContain("unknown option '--memry'")
    expect(option.stderr).toContain('Did you mean --memory?')
  })

  it('says that an option has no argument, or a wrong one', () => {
    expect(transplant(['run', '--smp'])).toMatchObject({ status: 2 })
    const { status, stderr } = transplant(['run', '--smp', 'many'])
    expect(status).toBe(2)
    expect(stderr).toContain("--smp is 'many'")
    expect(stderr).toContain('Give a whole number from 1 to 16.')
  })

  it('makes a failure a JSON document on request', () => {
    const { status, stdout } = transplant(['run', '/no/such/kernel', '--exec', 'true', '--json'])
    expect(status).toBe(2)
    expect(JSON.parse(stdout)).toMatchObject({ schema: 'transplant-error/1', code: 'FILE_UNREADABLE', exitCode: 2 })
    const unknown = transplant(['demo', '--json', '--nonsense'])
    expect(unknown.status).toBe(2)
    expect(JSON.parse(unknown.stdout)).toMatchObject({ schema: 'transplant-error/1', code: 'bad-command-line' })
  })
})

describe('transplant run', () => {
  it('runs one command in the guest and ends with its status', () => {
    expect(transplant(['run', '--exec', 'uname -r; echo err >&2; exit 3'])).toEqual({
      ...{ status: 3, stdout: '1.0\n', stderr: 'err\n' },
    })
  })

  it('gives the same as JSON', () => {
    const { status, stdout } = transplant(['run', '--smp', '1', '--exec', 'echo hello', '--json'])
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ schema: 'transplant-run/1', status: 0, stdout: 'hello\n', stderr: '' })
  })

  it('passes plain bytes to the console and ends when the guest powers off', () => {
    const { status, stdout } = transplant(['run'], 'echo $((6 * 7)) is the answer\npoweroff\n')
    expect(status).toBe(0)
    expect(stdout).toContain('Scion version 1.0')
    expect(stdout).toContain('42 is the answer')
  })

  it('gives up after the virtual time it was given', () => {
    const { status, stderr } = transplant(['run', '--timeout', '1', '--exec', 'sleep 5'])
    expect(status).toBe(6)
    expect(stderr).toContain('virtual time')
  })

  it('tells a panic of the guest with its console', () => {
    const { status, stderr } = transplant(['run', '--append', 'init=/no/such/init', '--exec', 'true'])
    expect(status).toBe(7)
    expect(stderr).toContain('Kernel panic')
  })
})
