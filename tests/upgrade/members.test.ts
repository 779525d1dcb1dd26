// What crosses an upgrade is complete: every member of a structure whose objects are carried is named by a row of a record's list, or
// stands in the list of what is left behind, with its reason (images/kernel/liveupdate/record.h: CARRIED). The image has both lists as
// text and its types as BTF; neither is run. A member that somebody adds and forgets here is one that an upgrade loses.

import { expect, it } from 'vitest'
import { decodeText } from '../../src/base/index.js'
import { BTF_KIND_STRUCT, type Btf, type BtfType, loadedBytes } from '../../src/format/index.js'
import { type KernelImage, requireKernelImage } from '../../src/guest/index.js'
import { read } from '../lab/images.js'

const PREFIX = 'carried_'

interface Carried {
  readonly structure: string
  /** Members that a row's source names: "thread.fsbase". */
  readonly named: ReadonlySet<string>
  readonly left: ReadonlySet<string>
}

function textAt(image: KernelImage, symbol: string): string {
  const { address, size } = image.symbol(symbol) ?? {}
  const bytes = address === undefined ? undefined : loadedBytes(image.elf, address, Number(size))
  if (bytes === undefined) throw new Error(`no ${symbol}`)
  return decodeText(bytes).replace(/\0.*$/s, '')
}

/** The lists of one structure: the variable that the sources call it, the sources, and what is left. */
function readCarried(image: KernelImage, symbol: string): Carried {
  const [variable, ...lines] = textAt(image, symbol).trimEnd().split('\n')
  const member = new RegExp(`\\b${variable}->([a-z_]\\w*(?:\\.[a-z_]\\w*)*)`, 'g')
  const sources = lines.filter((line) => !line.startsWith('- '))
  const left = lines.flatMap((line) => /^- ([\w.]+): \S/.exec(line)?.[1] ?? [])
  expect(left).toHaveLength(lines.length - sources.length)
  const named = sources.flatMap((source) => [...source.matchAll(member)].map(([, path = '']) => path))
  return { structure: symbol.slice(PREFIX.length), named: new Set(named), left: new Set(left) }
}

/** Members that are in neither list; one that is named in part is looked into. */
function forgotten(btf: Btf, type: BtfType, { named, left }: Carried, prefix = ''): string[] {
  return (type.members ?? []).flatMap((member) => {
    const path = `${prefix}${member.name}`
    if (named.has(path) || left.has(path)) return []
    const inside = btf.resolve(member.type)
    const inPart = [...named, ...left].some((one) => one.startsWith(`${path}.`))
    return inPart && inside?.kind === BTF_KIND_STRUCT
      ? forgotten(btf, inside, { structure: '', named, left }, `${path}.`)
      : [path]
  })
}

function check(image: KernelImage): string[] {
  return structures(image).flatMap((symbol) => {
    const carried = readCarried(image, symbol)
    const type = image.btf.structure(carried.structure)
    if (type === undefined) return [`${carried.structure} is no structure`]
    const unknown = [...carried.left].filter((path) => image.btf.field(carried.structure, path) === undefined)
    const twice = [...carried.left].filter((path) => carried.named.has(path))
    return [
      ...forgotten(image.btf, type, carried).map((path) => `${carried.structure}.${path} is in neither list`),
      ...unknown.map((path) => `${carried.structure}.${path} is left and is no member`),
      ...twice.map((path) => `${carried.structure}.${path} is carried and left`),
    ]
  })
}

const structures = (image: KernelImage): string[] =>
  image.elf.symbols.filter((one) => one.name.startsWith(PREFIX)).map((one) => one.name)

const CARRIED = [
  ...['task_struct', 'signal_struct', 'sighand_struct', 'sigaction', 'sigqueue', 'mm_struct', 'vm_area_struct'],
  ...['file', 'inode', 'dentry', 'super_block', 'pipe_inode_info', 'pipe_buffer', 'files_struct', 'fs_struct'],
  ...['tty_struct', 'tty_state', 'uart_state', 'virtio_blk_state', 'clock_base', 'memory_range', 'printk_record'],
]

for (const release of ['1.0', '1.1']) {
  const image = requireKernelImage(read(`images/built/scion-${release}.elf`), release)

  it(`every member of what ${release} carries is in a record or left for a reason`, () => {
    expect(check(image)).toEqual([])
  })

  it(`${release} says so of every structure that crosses`, () => {
    expect(
      structures(image)
        .map((name) => name.slice(PREFIX.length))
        .sort(),
    ).toEqual([...CARRIED].sort())
  })
}

it('a member that is in neither list is found, also inside of a member', () => {
  const image = requireKernelImage(read('images/built/scion-1.0.elf'), '1.0')
  const carried = readCarried(image, 'carried_task_struct')
  const type = image.btf.structure('task_struct')
  if (type === undefined) throw new Error('no task_struct')
  const without = (path: string) => ({
    ...carried,
    named: new Set([...carried.named].filter((one) => one !== path)),
    left: new Set([...carried.left].filter((one) => one !== path)),
  })
  for (const path of ['nice', 'thread.fsbase', 'thread.sp', 'frozen']) {
    expect(forgotten(image.btf, type, without(path))).toEqual([path])
  }
})
