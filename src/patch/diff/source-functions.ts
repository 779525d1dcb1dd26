// Functions as the source has them: where each begins and ends, by the layout of the kernel's C (a body is between a `{` and a `}` that
// stand alone at the start of their lines). For lines in reports, and for what is asked of the text because no object shows it.

/** A function's place in a source, in lines that count from 1. */
export interface SourceFunction {
  readonly name: string
  /** Of its signature. */
  readonly first: number
  readonly last: number
  /** The signature, in one line. */
  readonly signature: string
  readonly body: readonly string[]
}

/** The functions of a source, by the names that their symbols have. */
export function sourceFunctions(text: string): Map<string, SourceFunction> {
  const lines = text.split('\n')
  const found = new Map<string, SourceFunction>()
  for (let open = 0; open < lines.length; open++) {
    if (lines[open] !== '{') continue
    const close = lines.indexOf('}', open)
    if (close < 0) break
    let first = open
    while (first > 0 && isSignature(lines[first - 1] as string)) first--
    const signature = lines.slice(first, open).join(' ').replace(/\s+/g, ' ').trim()
    const name = symbolOf(signature)
    if (name !== undefined) {
      found.set(name, { name, first: first + 1, last: close + 1, signature, body: lines.slice(open + 1, close) })
    }
    open = close
  }
  return found
}

/** A line that can belong to a signature; one of a comment, a directive or what ends before it cannot. */
function isSignature(line: string): boolean {
  return /^\s*[\w(.]/.test(line) && !/(\*\/|[;}])\s*$/.test(line)
}

function symbolOf(signature: string): string | undefined {
  const call = /\bSYSCALL_DEFINE\d\(\s*(\w+)/.exec(signature)
  if (call) return `__x64_sys_${call[1]}`
  const plain = signature.replace(/__(?:attribute__|printf|section|aligned)\s*\(+[^)]*\)+/g, '')
  return /(\w+)\s*\(/.exec(plain)?.[1]
}

/** The name that the source has for a symbol: without the compiler's `.isra.0` and the like. */
export function sourceName(symbol: string): string {
  return symbol.replace(/\.(isra|constprop|part|cold|lto_priv)\b.*$/, '').replace(/\.\d+$/, '')
}
