// Which functions of a kernel can be patched, and why the others cannot. By the rule that checkPatch and the guest apply: the entry is in
// __mcount_loc.

import type { KernelSymbol } from '../guest/index.js'
import type { KernelFacts } from './kernel-facts.js'

/** What -mfentry puts after, where a function begins with ENDBR64. */
const ENDBR_BYTES = 4n

/** Names of what gcc made of a function: a copy or a part of it. */
const MADE_BY_GCC = /^(.+?)\.(?:constprop|isra|part|cold)(?:\.\d+)*$/

/** Where a function's patchable entry lies; undefined where it has none. */
export function patchableEntry(symbol: KernelSymbol, kernel: KernelFacts): bigint | undefined {
  const { address } = symbol
  return kernel.patchableEntries.find((entry) => entry === address || entry === address + ENDBR_BYTES)
}

/** Why a symbol cannot be patched, a part of a sentence; undefined where it can. */
export function whyNotPatchable(symbol: KernelSymbol, kernel: KernelFacts): string | undefined {
  if (!symbol.isFunction) return 'no function'
  if (patchableEntry(symbol, kernel) !== undefined) return undefined
  const origin = MADE_BY_GCC.exec(symbol.name)?.[1]
  return origin === undefined ? 'notrace or assembly: patch its callers' : `no entry of its own: a part of ${origin}`
}
