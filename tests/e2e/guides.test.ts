// The guides: every command in them is run, in order, in a folder of its own, and shows what the guide shows.

import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { root } from '../lab/images.js'
import { debianKernelPath, has } from '../needs.js'

const docs = join(root, 'docs')
const folder = mkdtempSync(join(tmpdir(), 'transplant-guides-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Step {
  readonly command: string
  readonly shown: readonly string[]
}

/** The commands of a guide, each with what it shows. */
function stepsOf(guide: string): Step[] {
  const steps: { command: string; shown: string[] }[] = []
  for (const line of readFileSync(join(docs, guide), 'utf8').split('\n')) {
    if (line.startsWith('    $ ')) steps.push({ command: line.slice(6), shown: [] })
    else if (line.startsWith('    ')) steps.at(-1)?.shown.push(line.slice(4))
  }
  return steps
}

/** A line that is shown as a pattern: `…` is anything within a line, alone it is any number of lines. */
function patternOf(shown: readonly string[]): RegExp {
  const lines = shown.map((line) => {
    if (line === '…') return '(?:.*\\n)*?'
    const parts = line.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    return `${parts.join('.*')}\\n`
  })
  return new RegExp(`^${lines.join('')}$`)
}

/** Where `transplant` is a command, and `examples` lies beside. */
function workshop(guide: string): { cwd: string; env: NodeJS.ProcessEnv } {
  const cwd = join(folder, guide)
  mkdirSync(join(cwd, 'bin'), { recursive: true })
  writeFileSync(join(cwd, 'bin/transplant'), `#!/bin/sh\nexec '${process.execPath}' '${root}dist/cli/main.js' "$@"\n`)
  chmodSync(join(cwd, 'bin/transplant'), 0o755)
  symlinkSync(join(root, 'examples'), join(cwd, 'examples'))
  return {
    cwd,
    env: { ...process.env, PATH: `${join(cwd, 'bin')}${delimiter}${process.env['PATH']}`, XDG_CONFIG_HOME: cwd },
  }
}

/** What a guide asks for beyond Node. */
const missing = (guide: string): boolean =>
  guide === 'your-own-linux.md' && (!has('debian-kernel') || !has('busybox-static'))

describe('the guide', () => {
  for (const guide of readdirSync(docs).filter((name) => name.endsWith('.md'))) {
    it.skipIf(missing(guide))(`${guide} shows what happens`, () => {
      const steps = stepsOf(guide)
      expect(steps.length).toBeGreaterThan(2)
      const { cwd, env } = workshop(guide)
      const linux = { LINUX: debianKernelPath() ?? '' }
      for (const { command, shown } of steps) {
        const { stdout } = spawnSync('bash', ['-c', command], {
          cwd,
          env: { ...env, ...linux },
          encoding: 'utf8',
          input: '',
        })
        expect(`$ ${command}\n${stdout.replaceAll('\r', '')}`).toMatch(
          new RegExp(`^[^\\n]*\\n${patternOf(shown).source.slice(1)}`),
        )
      }
    })
  }
})
