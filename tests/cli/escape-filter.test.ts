import { describe, expect, it } from 'vitest'
import { EscapeFilter } from '../../src/cli/terminal.js'

const bytes = (text: string) => new TextEncoder().encode(text)

describe('the escape key Ctrl-A', () => {
  it('lets ordinary bytes through', () => {
    expect(new EscapeFilter().feed(bytes('ls\r'))).toEqual([bytes('ls\r')])
  })

  it('turns Ctrl-A x into quit, also when the two arrive apart', () => {
    const filter = new EscapeFilter()
    expect(filter.feed(bytes('a\x01'))).toEqual([bytes('a')])
    expect(filter.feed(bytes('xb'))).toEqual(['quit', bytes('b')])
  })

  it('sends a literal Ctrl-A for two of them, and keeps unknown pairs', () => {
    expect(new EscapeFilter().feed(bytes('\x01\x01'))).toEqual([bytes('\x01')])
    expect(new EscapeFilter().feed(bytes('\x01q'))).toEqual([bytes('\x01q')])
  })

  it('keeps the order of bytes and commands', () => {
    expect(new EscapeFilter().feed(bytes('a\x01hb\x01sc'))).toEqual([
      bytes('a'),
      'help',
      bytes('b'),
      'snapshot',
      bytes('c'),
    ])
  })
})
