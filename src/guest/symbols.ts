// Symbols of a kernel, by name and by address, wherever they were read from.

import type { VirtAddr } from '../base/index.js'

/** A symbol of a kernel: name, address, size. */
export interface KernelSymbol {
  readonly name: string
  /** Where the build put it; a running kernel may lie elsewhere (`KernelView.delta`). */
  readonly address: VirtAddr
  /** Bytes; 0 where it is not known. */
  readonly size: number
  readonly isFunction: boolean
}

/** `symbol+offset`, as Linux prints it. */
export interface SymbolAt {
  readonly symbol: KernelSymbol
  /** Bytes from its beginning. */
  readonly offset: number
}

/** Symbols of a kernel by name and by address. */
export class SymbolTable {
  private readonly byName = new Map<string, KernelSymbol>()
  /** By address. */
  readonly functions: readonly KernelSymbol[]

  /** Of several symbols of one name the first counts. */
  constructor(symbols: Iterable<KernelSymbol>) {
    const functions: KernelSymbol[] = []
    for (const symbol of symbols) {
      if (!this.byName.has(symbol.name)) this.byName.set(symbol.name, symbol)
      if (symbol.isFunction) functions.push(symbol)
    }
    this.functions = functions.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0))
  }

  /** The symbol of that name; the first of several. */
  symbol(name: string): KernelSymbol | undefined {
    return this.byName.get(name)
  }

  /** The function that holds an address. */
  functionAt(address: bigint): SymbolAt | undefined {
    let low = 0
    let high = this.functions.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const symbol = this.functions[middle] as KernelSymbol
      if (symbol.address <= address) low = middle + 1
      else high = middle
    }
    const symbol = this.functions[low - 1]
    if (symbol === undefined) return undefined
    const offset = Number(address - symbol.address)
    return offset < Math.max(symbol.size, 1) ? { symbol, offset } : undefined
  }
}
