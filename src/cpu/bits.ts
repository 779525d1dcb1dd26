// The bits of numbers/registers.ts and numbers/paging.ts for whoever holds registers and page-table entries as bigints.
import * as paging from './numbers/paging.js'
import * as registers from './numbers/registers.js'

function wide<Numbers extends object>(numbers: Numbers): { readonly [Name in keyof Numbers]: bigint } {
  const entries = Object.entries(numbers).map(([name, bits]) => [name, BigInt(bits)])
  return Object.fromEntries(entries) as { readonly [Name in keyof Numbers]: bigint }
}

/** CR0_PG, EFER_LMA, IF and so on, by their names in numbers/registers.ts. */
export const REGISTER_BITS = wide(registers)

/** PTE_PRESENT and so on, by their names in numbers/paging.ts. */
export const PAGE_BITS = wide(paging)
