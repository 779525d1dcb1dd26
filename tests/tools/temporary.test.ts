import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { setup } from '../temporary.js'

it('this run has a folder of its own, and so has what it starts', () => {
  expect(tmpdir()).toContain('transplant-tests-')
  const words = ['-e', "process.stdout.write(require('node:os').tmpdir())"]
  expect(spawnSync(process.execPath, words, { encoding: 'utf8' }).stdout).toBe(tmpdir())
})

it('what a test leaves in it is gone when the run ends, and the folder of before is in force', () => {
  const outer = tmpdir()
  const end = setup()
  const inner = tmpdir()
  mkdirSync(join(inner, 'left'))
  writeFileSync(join(inner, 'left/file'), 'x')
  end()
  expect(existsSync(inner)).toBe(false)
  expect(tmpdir()).toBe(outer)
})
