// The kernel's symbol table, as assembly source for its next link (images/kernel/module/kallsyms.c reads it).
//
// The table changes the image it describes, so the build links until it stops changing: first without a table, then
// with one of the right size and stale addresses, then with the final one. Offsets count from _text: no relocation is
// needed when the image moves to another arena. Does no I/O; knows ELF only.

import { TransplantError } from '../base/index.js'
import {
  type ElfFile,
  type ElfSymbol,
  inKallsyms,
  parseElf,
  SHF_EXECINSTR,
  SHF_WRITE,
  SHT_NOBITS,
} from '../format/index.js'

/** GNU assembler source of the table of a linked kernel's own symbols. Throws KERNEL_IMAGE for what is no kernel. */
export function kallsymsAssembly(image: Uint8Array): string {
  const parsed = parseElf(image)
  if (!parsed.ok) throw new TransplantError('KERNEL_IMAGE', `kallsyms: ${parsed.message}.`, parsed.hint)
  const elf = parsed.value
  const text = elf.symbols.find((symbol) => symbol.name === '_text')?.value
  const end = elf.symbols.find((symbol) => symbol.name === '_end')?.value
  if (text === undefined || end === undefined) {
    throw new TransplantError('KERNEL_IMAGE', 'kallsyms: the kernel defines no _text or no _end.', 'See kernel.lds.')
  }
  const symbols = elf.symbols.filter((symbol) => inKallsyms(symbol) && symbol.value >= text && symbol.value <= end)
  // Equal addresses: a function before a bare label, then by name, so that one input gives one table.
  symbols.sort((a, b) => compare(a.value, b.value) || compare(b.size, a.size) || compare(a.name, b.name))
  const lines = ['\t.section .kallsyms, "a", @progbits', '\t.balign 16']
  lines.push('\t.globl kallsyms_count', 'kallsyms_count:', `\t.long ${symbols.length}`, '\t.balign 16')
  lines.push('\t.globl kallsyms_table', 'kallsyms_table:')
  let nameOffset = 0
  const names: string[] = []
  for (const symbol of symbols) {
    const letter = letterOf(elf, symbol).charCodeAt(0)
    lines.push(`\t.long ${symbol.value - text}, ${symbol.size}, ${nameOffset}, ${letter}`)
    names.push(`\t.asciz "${symbol.name}"`)
    nameOffset += symbol.name.length + 1
  }
  lines.push('\t.globl kallsyms_names', 'kallsyms_names:', ...names, '\t.section .note.GNU-stack, "", @progbits')
  return `${lines.join('\n')}\n`
}

/** nm's letter for a symbol: text, data, bss or read-only; capital if global. */
function letterOf(elf: ElfFile, symbol: ElfSymbol): string {
  const section = elf.sections[symbol.section]
  let letter = 'r'
  if (section && section.flags & SHF_EXECINSTR) letter = 't'
  else if (section?.type === SHT_NOBITS) letter = 'b'
  else if (section && section.flags & SHF_WRITE) letter = 'd'
  return symbol.binding === 0 ? letter : letter.toUpperCase()
}

function compare<T extends bigint | number | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0
}
