import { describe, expect, it } from 'vitest'
import { type CpioEntry, concatenateCpio, readCpio, writeCpio } from '../../src/format/index.js'

const entries: CpioEntry[] = [
  { name: 'bin', mode: 0o040755, data: new Uint8Array(0) },
  { name: 'bin/a', mode: 0o100755, data: new Uint8Array([1, 2, 3]) },
  { name: 'console', mode: 0o020600, data: new Uint8Array(0), device: { major: 5, minor: 1 } },
  { name: 'link', mode: 0o120777, data: new TextEncoder().encode('bin/a') },
]

describe('the newc cpio archive', () => {
  it('gives back what was written', () => {
    const result = readCpio(writeCpio(entries))
    expect(result.ok && result.value).toEqual(entries)
  })

  it('reads several archives in a row', () => {
    const all = concatenateCpio([writeCpio(entries.slice(0, 2)), writeCpio(entries.slice(2))])
    const result = readCpio(all)
    expect(result.ok && result.value).toEqual(entries)
  })

  it('writes the same bytes for the same entries', () => {
    expect(writeCpio(entries)).toEqual(writeCpio(entries.map((entry) => ({ ...entry }))))
  })

  it('refuses a truncated archive', () => {
    const bytes = writeCpio(entries)
    const result = readCpio(bytes.subarray(0, 230))
    expect(result).toMatchObject({ ok: false, code: 'truncated' })
  })

  it('refuses bytes of another form', () => {
    const result = readCpio(new TextEncoder().encode('x'.repeat(200)))
    expect(result).toMatchObject({ ok: false, code: 'not-a-cpio' })
  })
})
