// Images of pages against the plain arrays they stand for.
import { describe, expect, it } from 'vitest'
import { Random } from '../../src/base/index.js'
import { type Page, PageImage } from '../../src/machine/index.js'

describe('an image of pages', () => {
  it('is what an array would be, through any changes, and its past stays as it was', () => {
    for (const count of [1, 63, 64, 4096, 5000, 20_000]) {
      const random = new Random(count)
      const page = (): Page => (random.below(4) === 0 ? 'zero' : Uint8Array.of(random.below(256)))
      let image = PageImage.zeros(count)
      let model = new Array<Page>(count).fill('zero')
      const past: { image: PageImage; model: Page[] }[] = []
      for (let round = 0; round < 12; round++) {
        past.push({ image, model })
        model = model.slice()
        const changed = new Set(Array.from({ length: 1 + random.below(40) }, () => random.below(count)))
        for (const number of changed) model[number] = page()
        image = image.with([...changed], (number) => model[number] as Page)
      }
      past.push({ image, model })
      for (const one of past) {
        expect(one.image.count).toBe(count)
        expect(one.model.every((expected, number) => one.image.get(number) === expected)).toBe(true)
        const present = one.model.flatMap((bytes, number) => (bytes === 'zero' ? [] : [[number, bytes]]))
        expect([...one.image.present()]).toEqual(present)
        const differing: number[] = []
        one.image.differences(image, (number) => differing.push(number))
        expect(differing).toEqual(one.model.flatMap((bytes, number) => (bytes === model[number] ? [] : [number])))
      }
      const distinct = new Set(past.flatMap((one) => one.model.filter((bytes) => bytes !== 'zero')))
      expect(PageImage.footprint(past.map((one) => one.image)).pages).toBe(distinct.size)
    }
  })

  it('takes for a changed page that page and two nodes more, however many pages there are', () => {
    const bytes = [1 << 10, 1 << 14, 1 << 18].map((count) => {
      const random = new Random(1)
      const all = PageImage.zeros(count).with(
        Array.from({ length: count }, (_, i) => i),
        () => Uint8Array.of(1),
      )
      const changed = all.with([random.below(count)], () => Uint8Array.of(2))
      const root = 8 * Math.ceil(count / 4096)
      return PageImage.footprint([all, changed]).bytes - PageImage.footprint([all]).bytes - root
    })
    expect(bytes).toEqual([bytes[0], bytes[0], bytes[0]])
    expect(bytes[0]).toBeLessThan(4096 + 2 * 64 * 10)
  })
})
