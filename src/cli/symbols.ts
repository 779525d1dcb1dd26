// `transplant symbols`: what a kernel has, and what of it can be patched.

import type { Command } from 'commander'
import { didYouMean, EXIT_CODES } from '../base/index.js'
import { parseElf, type SourceLine } from '../format/index.js'
import type { KernelSymbol } from '../guest/index.js'
import { readKernelFacts, whyNotPatchable } from '../patch/index.js'
import { imagePath } from './assets.js'
import { readNamedFile } from './files.js'
import { explain } from './help.js'
import { DEFAULT_KERNEL } from './machine-options.js'
import { CommandFailure, colors, print, printJson, refused } from './output.js'
import { readSourceLines } from './source-lines.js'

interface SymbolsFlags {
  readonly kernel?: string
  readonly debug?: string
  readonly patchable?: boolean
  readonly json?: boolean
}

/** A symbol as it is told. */
interface ToldSymbol {
  readonly address: bigint
  readonly size: number
  readonly name: string
  /** Which of several of its name a patch means by it, from 1 on; 0 where it is the only one. */
  readonly position: number
  readonly function: boolean
  readonly patchable: boolean
  /** Why it is not patchable. */
  readonly reason: string | null
  readonly source: SourceLine | null
}

export function addSymbolsCommand(program: Command): void {
  explain(
    program
      .command('symbols')
      .description('the symbols of a kernel: address, size, whether they can be patched, source line')
      .argument('[pattern]', 'part of a name, or a whole one with * and ?; default: all')
      .option('--kernel <file>', 'the kernel image; default: Scion 1.0')
      .option('--debug <file>', 'the same kernel with DWARF; default: NAME-debug.elf beside the image, where it is')
      .option('--patchable', 'only what can be patched')
      .option('--json', 'the same as one JSON document, schema transplant-symbols/1'),
    {
      examples: [
        'transplant symbols version_proc_show       one function',
        "transplant symbols '*_sys_*' --patchable   what of it a patch may replace",
        'transplant symbols proc --kernel mine.elf  of an image of your own',
      ],
      exitCodes: '0 found, 2 usage, a bad file, or no symbol of that name.',
    },
  ).action((pattern: string | undefined, flags: SymbolsFlags) => {
    const image = flags.kernel ?? imagePath(DEFAULT_KERNEL)
    const bytes = readNamedFile(image)
    const read = readKernelFacts(bytes)
    if (!read.ok) throw refused(read)
    const elf = parseElf(bytes)
    if (!elf.ok) throw refused(elf)
    const lines = readSourceLines(image, elf.value, flags.debug)
    const { buildId, symbols } = read.value
    const tell = (symbol: KernelSymbol, index: number, { length }: readonly KernelSymbol[]): ToldSymbol => {
      const { address, size, name, isFunction } = symbol
      const reason = whyNotPatchable(symbol, read.value) ?? null
      const source = (isFunction ? lines?.at(address) : undefined) ?? null
      const position = length === 1 ? 0 : index + 1
      return { address, size, name, position, function: isFunction, patchable: reason === null, reason, source }
    }
    const matches = matcher(pattern ?? '*')
    const found = [...symbols]
      .flatMap(([name, places]) => (matches(name) ? places.map(tell) : []))
      .filter(({ patchable }) => patchable || flags.patchable !== true)
      .sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0))
    if (found.length === 0) throw notFound(pattern ?? '*', image, flags, symbols.keys())
    if (flags.json === true)
      printJson({ schema: 'transplant-symbols/1', ...{ kernel: image, buildId, symbols: found } })
    else for (const line of table(found)) print(line)
  })
}

/** Whether a name is meant: it contains the text, or is the whole of one with wildcards. */
function matcher(pattern: string): (name: string) => boolean {
  if (!/[*?]/.test(pattern)) return (name) => name.includes(pattern)
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  const whole = new RegExp(`^${source}$`, 's')
  return (name) => whole.test(name)
}

function notFound(pattern: string, image: string, flags: SymbolsFlags, names: Iterable<string>): CommandFailure {
  const what = flags.patchable === true ? 'no patchable function' : 'no symbol'
  const hint = didYouMean(pattern, names) || "Give a part of a name, or wildcards: '*_sys_*'."
  return new CommandFailure(EXIT_CODES.usage, 'no-such-symbol', `'${image}' has ${what} '${pattern}'.`, hint)
}

function table(symbols: readonly ToldSymbol[]): string[] {
  const shown = symbols.map(({ name, position }) => (position === 0 ? name : `${name},${position}`))
  const widest = Math.max(...shown.map((name) => name.length))
  const digits = Math.max(...symbols.map(({ size }) => String(size).length))
  return symbols.map(({ address, size, patchable, reason, source }, i) => {
    const verdict = patchable ? colors.green('patchable') : colors.dim(`not patchable: ${reason}`)
    const place = source === null ? '' : `  ${source.file}:${source.line}`
    return `${address.toString(16)}  ${String(size).padStart(digits)}  ${shown[i]!.padEnd(widest)}  ${verdict}${place}`
  })
}
