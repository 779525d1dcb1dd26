import { describe, expect, it } from 'vitest'
import { parseBtf } from '../../src/format/index.js'

// struct inner { long x; }; struct outer { int pid; struct { char tag; }; struct inner in; const int *p; int a[3]; };
function sample(): Uint8Array {
  const strings = '\0int\0char\0long\0inner\0x\0outer\0pid\0tag\0in\0p\0a\0'
  const at = (name: string) => strings.indexOf(`\0${name}\0`) + 1
  const words: number[] = []
  const type = (name: number, kind: number, length: number, sizeOrType: number, ...rest: number[]) => {
    words.push(name, (kind << 24) | length, sizeOrType, ...rest)
  }
  type(at('int'), 1, 0, 4, 0x01000020) // 1
  type(at('char'), 1, 0, 1, 0x01000008) // 2
  type(at('long'), 1, 0, 8, 0x01000040) // 3
  type(at('inner'), 4, 1, 8, at('x'), 3, 0) // 4
  type(0, 4, 1, 1, at('tag'), 2, 0) // 5
  type(0, 10, 0, 1) // 6: const int
  type(0, 2, 0, 6) // 7: const int *
  type(0, 3, 0, 0, 1, 1, 3) // 8: int[3]
  type(at('outer'), 4, 5, 40, at('pid'), 1, 0, 0, 5, 32, at('in'), 4, 64, at('p'), 7, 128, at('a'), 8, 192) // 9
  const body = new Uint8Array(new Uint32Array(words).buffer)
  const text = new TextEncoder().encode(strings)
  const bytes = new Uint8Array(24 + body.length + text.length)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, 0xeb9f, true)
  view.setUint8(2, 1)
  view.setUint32(4, 24, true)
  view.setUint32(12, body.length, true)
  view.setUint32(16, body.length, true)
  view.setUint32(20, text.length, true)
  bytes.set(body, 24)
  bytes.set(text, 24 + body.length)
  return bytes
}

describe('BTF', () => {
  const result = parseBtf(sample())
  const btf = result.ok ? result.value : undefined

  it('tells the size of a structure', () => {
    expect(btf?.sizeof('outer')).toBe(40)
    expect(btf?.sizeof('nothing')).toBeUndefined()
  })

  it('finds a field, a nested field, and a field of an anonymous structure', () => {
    expect(btf?.field('outer', 'pid')).toMatchObject({ offset: 0, size: 4 })
    expect(btf?.field('outer', 'in.x')).toMatchObject({ offset: 8, size: 8 })
    expect(btf?.field('outer', 'tag')).toMatchObject({ offset: 4, size: 1 })
    expect(btf?.field('outer', 'p')).toMatchObject({ offset: 16, size: 8 })
    expect(btf?.field('outer', 'a')).toMatchObject({ offset: 24, size: 12 })
    expect(btf?.field('outer', 'missing')).toBeUndefined()
  })

  it('refuses bytes of another form and a truncated section', () => {
    expect(parseBtf(new Uint8Array(30))).toMatchObject({ ok: false, code: 'not-btf' })
    expect(parseBtf(sample().subarray(0, 60))).toMatchObject({ ok: false, code: 'bad-btf' })
  })
  it('refuses a type that ends beyond its section, and throws for no change of a byte', () => {
    const bytes = sample()
    for (let at = 0; at < bytes.length; at++) {
      for (const value of [0, 0x7f, 0xff]) {
        const changed = Uint8Array.from(bytes)
        changed[at] = value
        expect(typeof parseBtf(changed).ok).toBe('boolean')
      }
    }
    // The first type claims more members than there are.
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    view.setUint16(view.getUint32(4, true) + 4, 0xffff, true)
    view.setUint8(view.getUint32(4, true) + 7, 4)
    expect(parseBtf(bytes)).toMatchObject({ ok: false, code: 'bad-btf', message: /ends beyond/ })
  })
})
