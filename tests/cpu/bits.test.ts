import { expect, it } from 'vitest'
import { PAGE_BITS, REGISTER_BITS } from '../../src/cpu/index.js'

it('bits of registers and page-table entries arrive whole as bigints, the uppermost too', () => {
  expect(REGISTER_BITS.CR0_DEFINED).toBe(0xe005_003fn)
  expect(REGISTER_BITS.CR0_PG).toBe(1n << 31n)
  expect(REGISTER_BITS.CR3_NO_FLUSH).toBe(1n << 63n)
  expect(REGISTER_BITS.FLAGS_DEFINED).toBe(0x3f_7fd7n)
  expect(PAGE_BITS.PTE_FRAME).toBe((1n << 52n) - 0x1000n)
  expect(PAGE_BITS.PTE_NX).toBe(1n << 63n)
  for (const [name, bits] of Object.entries({ ...REGISTER_BITS, ...PAGE_BITS })) expect(bits, name).toBeGreaterThan(0n)
})
