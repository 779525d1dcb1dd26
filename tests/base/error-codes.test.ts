// The codes of refusals and errors: documented, and with the exit codes that the specification says.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { ERROR_CODES, EXIT_CODES, exitCodeFor, REFUSAL_CODES } from '../../src/base/index.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

describe('the codes of failures', () => {
  it('stand in the specification, each beside the exit code that it has', () => {
    const documented: Record<string, number> = {}
    for (const [, exit, cells] of readFileSync(join(root, 'SPECIFICATION.md'), 'utf8').matchAll(
      /^\| (\d+) \| (.*) \|$/gm,
    )) {
      for (const [, code] of cells!.matchAll(/`([\w-]+)`/g)) documented[code!] = Number(exit)
    }
    const codes = [...Object.keys(REFUSAL_CODES), ...Object.keys(ERROR_CODES)]
    expect(documented).toEqual(Object.fromEntries(codes.map((code) => [code, exitCodeFor(code)])))
  })

  it('are each given by something', () => {
    const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.includes('core/') && name !== 'base/error-codes.ts')
      .map((name) => readFileSync(join(root, 'src', name), 'utf8'))
      .join('\n')
    const codes = [...Object.keys(REFUSAL_CODES), ...Object.keys(ERROR_CODES)]
    expect(codes.filter((code) => !sources.includes(`'${code}'`))).toEqual([])
  })

  it('that nobody knows are a wrong use', () => {
    expect(exitCodeFor('SOMETHING_ELSE')).toBe(EXIT_CODES.usage)
    expect(exitCodeFor('toString')).toBe(EXIT_CODES.usage)
  })
})
