// Parts of the page that need no browser: what a file is, what a console has said by then, how far an upgrade came.
import { describe, expect, it } from 'vitest'
import { encodeText } from '../../src/base/index.js'
import { readKernelImage } from '../../src/guest/index.js'
import { withoutCalls } from '../../src/web/page/bench/kernel-edits.js'
import { phasesOf } from '../../src/web/page/bench/upgrading.js'
import { kindOf } from '../../src/web/page/view/drop.js'
import { Transcript } from '../../src/web/page/view/session.js'
import { read } from '../lab/images.js'

const KERNEL = 'images/built/scion-1.0.elf'

describe('a file that is dropped', () => {
  it.each([
    ['snapshot', 'x', encodeText('TPSNAPSH')],
    ['kernel', 'x', read(KERNEL)],
    ['module', 'x', read('images/built/patches/demo.ko')],
    ['initrd', 'x', read('images/built/initramfs.cpio')],
    ['initrd', 'x', Uint8Array.of(0x1f, 0x8b, 8)],
    ['initrd', 'x', Uint8Array.of(0x02, 0x21, 0x4c, 0x18)],
    [
      'kernel',
      'x',
      new Uint8Array(0x300).fill(1).with(0x202, 0x48).with(0x203, 0x64).with(0x204, 0x72).with(0x205, 0x53),
    ],
    ['source', 'fix.S', encodeText('.patch f\n')],
    [undefined, 'fix.txt', encodeText('.patch f\n')],
    [undefined, '', new Uint8Array(0)],
  ] as const)('is a %s, whatever its name', (kind, name, bytes) => {
    expect(kindOf(name, bytes)).toBe(kind)
  })
})

describe('a transcript', () => {
  const said = (transcript: Transcript): string =>
    transcript.all.map((bytes) => new TextDecoder().decode(bytes)).join('')

  it('has no more than was said by an instant, and its copy goes its own way', () => {
    const transcript = new Transcript()
    for (const time of [1, 2, 3]) transcript.add(time, encodeText(`${time} `))
    const copy = transcript.copy()
    transcript.cutAfter(2)
    expect(said(transcript)).toBe('1 2 ')
    transcript.add(4, encodeText('4'))
    expect([said(transcript), said(copy)]).toEqual(['1 2 4', '1 2 3 '])
  })

  it('keeps the last mebibyte of a guest that never stops talking', () => {
    const transcript = new Transcript()
    for (let i = 0; i < 3000; i++) transcript.add(i, new Uint8Array(1024).fill(i))
    const kept = transcript.all
    expect(kept.reduce((sum, one) => sum + one.length, 0)).toBe(1 << 20)
    expect(kept.at(-1)?.[0]).toBe(2999 & 255)
  })
})

describe('the phases of an upgrade', () => {
  const line = (time: number, text: string) => ({ time, text })

  it('end where the kernels say so, and are as many as were come to', () => {
    const lines = [
      line(20, '[    0.1] kexec_file: Scion 1.1 loaded into arena B'),
      line(30, '[    0.2] liveupdate: prepared for 1.1'),
      line(35, 'counter: round 3'),
      line(90, '[    0.3] liveupdate: refused: a file of /proc is open'),
    ]
    expect(phasesOf(10, lines).map(({ name, from, to }) => [name, from, to])).toEqual([
      ['load', 10, 20],
      ['prepare', 20, 30],
    ])
    expect(phasesOf(10, [])).toEqual([])
  })
})

describe('a kernel without some calls', () => {
  const inside = ['poke_batch_run', 'poke_batch_run.part.0']

  it('differs in their five bytes each, and nowhere else', () => {
    const image = read(KERNEL)
    const edited = withoutCalls(image, [
      { inside, callee: 'on_each_cpu', nth: 0 },
      { inside, callee: 'on_each_cpu', nth: 1 },
    ])
    const differing = [...image.keys()].filter((at) => image[at] !== edited[at])
    expect(differing.length).toBeGreaterThan(4)
    expect(differing.length).toBeLessThanOrEqual(10)
    const [first, second] = [differing[0]!, differing.find((at) => at > differing[0]! + 5)!]
    for (const at of [first, second]) expect([...edited.subarray(at, at + 5)]).toEqual([0x0f, 0x1f, 0x44, 0, 0])
    expect(image[first]).toBe(0xe8)
    expect(readKernelImage(edited).ok).toBe(true)
    expect(withoutCalls(image, [])).toBe(image)
  })

  it('is not to be had where there is no such call', () => {
    const wrong = { inside, callee: 'on_each_cpu', nth: 99 }
    expect(() => withoutCalls(read(KERNEL), [wrong])).toThrow("no call 99 of 'on_each_cpu'")
  })
})
