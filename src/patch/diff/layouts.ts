// Structures and enumerations whose layout or values a change alters, by the types (BTF) of the two builds. Objects that exist keep the
// layout that they were made with: no exchange of code can change that.

import {
  BTF_KIND_ARRAY,
  BTF_KIND_ENUM,
  BTF_KIND_ENUM64,
  BTF_KIND_FUNC_PROTO,
  BTF_KIND_PTR,
  BTF_KIND_STRUCT,
  BTF_KIND_UNION,
  type Btf,
  type BtfMember,
  type BtfType,
} from '../../format/index.js'

/** A type that both builds have, with another layout. */
export interface LayoutChange {
  /** `struct file`. */
  readonly name: string
  /** Members or enumerators that are new, and nothing else differs but places. */
  readonly added: readonly string[]
  /** Sentences' ends: `loses f_pos`. */
  readonly changed: readonly string[]
}

/** What differs between the types of two builds of one source. One that only holds such a type, and moved with it, is not told again. */
export function layoutChanges(original: Btf, patched: Btf): LayoutChange[] {
  const changes: LayoutChange[] = []
  for (const type of patched.types) {
    if (type === undefined || type.name === '') continue
    const before = original.types.find((one) => one?.name === type.name && one.kind === type.kind)
    if (!before) continue
    if (type.kind === BTF_KIND_STRUCT || type.kind === BTF_KIND_UNION) {
      const change = structureChange(original, before, patched, type)
      if (change) changes.push(change)
    } else if (type.kind === BTF_KIND_ENUM || type.kind === BTF_KIND_ENUM64) {
      const moved = [...before.enumerators].filter(([name, value]) => type.enumerators.get(name) !== value)
      const words = moved.map(([name]) =>
        type.enumerators.has(name) ? `gives ${name} another value` : `loses ${name}`,
      )
      if (words.length > 0) changes.push({ name: `enum ${type.name}`, added: [], changed: words })
    }
  }
  return changes
}

function structureChange(old: Btf, before: BtfType, now: Btf, after: BtfType): LayoutChange | undefined {
  // Members of an anonymous part count as the structure's own.
  const [from, to] = [flatten(old, before), flatten(now, after)]
  const added = [...to.keys()].filter((name) => !from.has(name))
  const changed: string[] = []
  let moved = before.size !== after.size
  for (const [name, member] of from) {
    const other = to.get(name)
    if (!other) changed.push(`loses ${name}`)
    else if (describe(old, member.type) !== describe(now, other.type) || member.bitSize !== other.bitSize) {
      changed.push(`gives ${name} another type`)
    } else if (member.bitOffset !== other.bitOffset) moved = true
  }
  const grows = (name: string): boolean =>
    old.typeSize(from.get(name)?.type ?? 0) !== now.typeSize(to.get(name)?.type ?? 0)
  if (added.length === 0 && changed.length === 0 && moved && ![...from.keys()].some(grows))
    changed.push('has its members in other places')
  if (added.length === 0 && changed.length === 0) return undefined
  return { name: `${after.kind === BTF_KIND_UNION ? 'union' : 'struct'} ${after.name}`, added, changed }
}

function flatten(btf: Btf, type: BtfType, base = 0, into = new Map<string, BtfMember>()): Map<string, BtfMember> {
  for (const member of type.members) {
    const bitOffset = base + member.bitOffset
    const inner = member.name === '' ? btf.resolve(member.type) : undefined
    if (inner) flatten(btf, inner, bitOffset, into)
    else into.set(member.name, { ...member, bitOffset })
  }
  return into
}

/** A type as text, by its names: two builds number theirs differently. */
function describe(btf: Btf, id: number, depth = 0): string {
  const type = btf.resolve(id)
  if (!type || id === 0) return 'void'
  if (type.kind === BTF_KIND_PTR) return `${depth > 6 ? '' : describe(btf, type.target, depth + 1)} *`
  if (type.kind === BTF_KIND_ARRAY) return `${describe(btf, type.target, depth + 1)}[${type.count}]`
  if (type.kind === BTF_KIND_FUNC_PROTO) return 'function'
  if (type.name !== '') return `${type.kind}:${type.name}`
  return `${type.kind}{${type.size}:${type.members.map((member) => member.name).join()}}`
}
