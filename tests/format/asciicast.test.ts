import { describe, expect, it } from 'vitest'
import { encodeText } from '../../src/base/index.js'
import { CastWriter } from '../../src/format/index.js'

describe('an asciicast', () => {
  it('is a header and a line for each event, with times in microseconds', () => {
    const cast = new CastWriter({ columns: 100, rows: 30, title: 'a "b"' })
    cast.event(0, 'o', encodeText('$ '))
    cast.event(0.25, 'i', encodeText('ls\r'))
    cast.event(1.23456789, 'o', encodeText('\u001b[1mé\r\n'))
    expect(cast.finish()).toBe(
      [
        '{"version":2,"width":100,"height":30,"title":"a \\"b\\""}',
        '[0,"o","$ "]',
        '[0.25,"i","ls\\r"]',
        '[1.234568,"o","\\u001b[1mé\\r\\n"]',
        '',
      ].join('\n'),
    )
  })

  it('puts together a character that comes in pieces, each direction by itself', () => {
    const cast = new CastWriter()
    const euro = encodeText('€')
    cast.event(1, 'o', euro.subarray(0, 2))
    cast.event(2, 'i', encodeText('x'))
    cast.event(3, 'o', euro.subarray(2))
    expect(cast.finish().split('\n').slice(1)).toEqual(['[2,"i","x"]', '[3,"o","€"]', ''])
  })
})
