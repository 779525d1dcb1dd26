// The kernel's symbol table, as assembly source for its next link (images/kernel/module/kallsyms.c reads it).
//
// The table changes the image it describes, so the build links until it stops changing: first without a table, then
// with one of the right size and stale addresses, then with the final one. Offsets count from _text: no relocation is
// needed when the image moves to another arena. Does no I/O; knows ELF only.
import { inKallsyms, parseElf } from '../../dist/format/index.js'

/** @param {Uint8Array} image a linked kernel @returns {string} GNU assembler source */
export function kallsymsAssembly(image) {
  const parsed = parseElf(image)
  if (!parsed.ok) throw new Error(`kallsyms: ${parsed.message}`)
  const elf = parsed.value
  const text = elf.symbols.find((symbol) => symbol.name === '_text')?.value
  const end = elf.symbols.find((symbol) => symbol.name === '_end')?.value
  if (text === undefined || end === undefined) throw new Error('kallsyms: the kernel defines no _text or no _end')
  const entries = elf.symbols
    .filter((symbol) => inKallsyms(symbol) && symbol.value >= text && symbol.value <= end)
    .map((symbol) => ({ symbol, letter: letterOf(elf, symbol) }))
  // Equal addresses: a function before a bare label, then by name, so that one input gives one table.
  entries.sort(
    (a, b) =>
      compare(a.symbol.value, b.symbol.value) ||
      compare(b.symbol.size, a.symbol.size) ||
      compare(a.symbol.name, b.symbol.name),
  )
  const lines = ['\t.section .kallsyms, "a", @progbits', '\t.balign 16']
  lines.push('\t.globl kallsyms_count', 'kallsyms_count:', `\t.long ${entries.length}`, '\t.balign 16')
  lines.push('\t.globl kallsyms_table', 'kallsyms_table:')
  let nameOffset = 0
  const names = []
  for (const { symbol, letter } of entries) {
    lines.push(`\t.long ${symbol.value - text}, ${symbol.size}, ${nameOffset}, ${letter.charCodeAt(0)}`)
    names.push(`\t.asciz "${symbol.name}"`)
    nameOffset += symbol.name.length + 1
  }
  lines.push('\t.globl kallsyms_names', 'kallsyms_names:', ...names, '\t.section .note.GNU-stack, "", @progbits')
  return `${lines.join('\n')}\n`
}

/** nm's letter for a symbol: text, data, bss or read-only; capital if global. */
function letterOf(elf, symbol) {
  const section = elf.sections[symbol.section]
  let letter = 'r'
  if (section && section.flags & 4) letter = 't'
  else if (section?.type === 8) letter = 'b'
  else if (section && section.flags & 1) letter = 'd'
  return symbol.binding === 0 ? letter : letter.toUpperCase()
}

function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0
}
