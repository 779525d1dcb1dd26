// Puts relocatable objects together: sections of one name follow each other, and what one leaves undefined another one brings.

import {
  type ObjectFile,
  type ObjectSection,
  type ObjectSymbol,
  SHN_UNDEF,
  SHT_NOBITS,
  STB_LOCAL,
} from '../../format/index.js'

/**
 * Adds `other` to `object`, in place. What `object` leaves undefined is a global symbol of `other`; where a local one has the same place,
 * that is what is meant. Symbols and sections of `other` belong to `object` afterwards, and nothing of it is global any more.
 */
export function linkInto(object: ObjectFile, other: ObjectFile): void {
  const defined = takeDefinitions(other)
  const moved = new Map<ObjectSection, { readonly to: ObjectSection; readonly by: number }>()
  for (const section of other.sections) {
    const to = object.sections.find((one) => one.name === section.name && one.type === section.type)
    if (to) moved.set(section, { to, by: appendSection(to, section) })
    else object.sections.push(section)
  }
  for (const symbol of other.symbols) {
    const move = typeof symbol.section === 'number' ? undefined : moved.get(symbol.section)
    if (!move) continue
    symbol.section = move.to
    symbol.value += BigInt(move.by)
  }
  object.symbols.push(...other.symbols)
  const bind = (symbol: ObjectSymbol): ObjectSymbol =>
    symbol.section === SHN_UNDEF ? (defined.get(symbol.name) ?? symbol) : symbol
  for (const section of object.sections) {
    for (const group of section.relocations) for (const entry of group.entries) entry.symbol = bind(entry.symbol)
  }
  object.symbols = object.symbols.filter((symbol) => bind(symbol) === symbol)
}

/** The global symbols of an object by name; makes them local, and leaves out those that only give a second name. */
function takeDefinitions(other: ObjectFile): Map<string, ObjectSymbol> {
  const defined = new Map<string, ObjectSymbol>()
  const aliases = new Set<ObjectSymbol>()
  for (const symbol of other.symbols) {
    if (symbol.binding === STB_LOCAL || typeof symbol.section === 'number') continue
    const local = other.symbols.find(
      ({ binding, section, value, name }) =>
        binding === STB_LOCAL && section === symbol.section && value === symbol.value && name !== '',
    )
    defined.set(symbol.name, local ?? symbol)
    if (local) aliases.add(symbol)
  }
  other.symbols = other.symbols.filter((symbol) => !aliases.has(symbol))
  for (const symbol of defined.values()) symbol.binding = STB_LOCAL
  return defined
}

/** Bytes and relocations behind those of `to`; gives the distance that they moved by. */
function appendSection(to: ObjectSection, section: ObjectSection): number {
  const by = Math.ceil(to.size / section.align) * section.align
  to.align = Math.max(to.align, section.align)
  if (to.type !== SHT_NOBITS) {
    const data = new Uint8Array(by + section.size)
    data.set(to.data)
    data.set(section.data, by)
    to.data = data
  }
  to.size = by + section.size
  for (const { name, flags, entries } of section.relocations) {
    for (const entry of entries) entry.offset += by
    const group = to.relocations.find((one) => one.name === name)
    if (group) group.entries.push(...entries)
    else to.relocations.push({ name, flags, entries })
  }
  return by
}
