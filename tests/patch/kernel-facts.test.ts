// What a kernel image says of itself, for who builds a patch: asked of the shipped image with readelf's and the loader's numbers.
import { expect, it } from 'vitest'
import { findSection, parseElf } from '../../src/format/index.js'
import { type KernelFacts, readKernelFacts } from '../../src/patch/index.js'
import { read } from '../lab/images.js'

const image = read('images/built/scion-1.0.elf')
const manifest = JSON.parse(Buffer.from(read('images/built/manifest.json')).toString())
function facts(bytes = image): KernelFacts {
  const result = readKernelFacts(bytes)
  if (!result.ok) throw new Error(result.message)
  return result.value
}

it('knows build-id, vermagic, exports and names', () => {
  const kernel = facts()
  const shipped = manifest.images.find((one: { file: string }) => one.file === 'scion-1.0.elf')
  expect(kernel.buildId).toMatch(/^[0-9a-f]{40}$/)
  if (!process.env['TRANSPLANT_IMAGES']) expect(kernel.buildId).toBe(shipped.buildId)
  expect(kernel.vermagic).toMatch(/^1\.0\S* SMP preempt mod_unload build-id=[0-9a-f]{40}$/)
  expect(kernel.vermagic.endsWith(kernel.buildId)).toBe(true)
  for (const name of ['klp_enable_patch', 'seq_printf', 'printk']) expect(kernel.exports.has(name), name).toBe(true)
  for (const name of ['cmdline_proc_show', 'seq_nothing', '__ksymtab_printk', ''])
    expect(kernel.exports.has(name), name).toBe(false)
  expect(kernel.symbols.get('printk')).toMatchObject([{ name: 'printk', isFunction: true }])
  expect(kernel.symbols.get('init_task')?.[0]?.isFunction).toBe(false)
  expect(kernel.symbols.has('')).toBe(false)
})

it('lists namesakes by address, and every patchable entry with its NOP, ascending', () => {
  const kernel = facts()
  const several = [...kernel.symbols.values()].filter((list) => list.length > 1)
  expect(several.length).toBeGreaterThan(3)
  for (const list of several)
    for (let i = 1; i < list.length; i++) expect(list[i]!.address >= list[i - 1]!.address).toBe(true)
  const parsed = parseElf(image)
  if (!parsed.ok) throw new Error(parsed.message)
  const symbol = (name: string) => parsed.value.symbols.find((one) => one.name === name)?.value ?? 0n
  const slots = Number(symbol('__stop_mcount_loc') - symbol('__start_mcount_loc')) / 8
  expect(kernel.patchableEntries).toHaveLength(slots)
  expect(new Set(kernel.patchableEntries).size).toBe(slots)
  const sorted = [...kernel.patchableEntries].sort((a, b) => (a < b ? -1 : 1))
  expect(kernel.patchableEntries).toEqual(sorted)
  for (const entry of kernel.patchableEntries)
    expect([...(kernel.readBytes(entry, 5) ?? [])]).toEqual([0x0f, 0x1f, 0x44, 0, 0])
})

it('reads the bytes of the image by address, and nothing outside of it', () => {
  const kernel = facts()
  const parsed = parseElf(image)
  if (!parsed.ok) throw new Error(parsed.message)
  for (const segment of parsed.value.segments.filter((one) => one.type === 1 && one.fileBytes > 16)) {
    const start = segment.virtualAddress
    const end = start + BigInt(segment.fileBytes)
    expect(kernel.readBytes(start, 8)).toEqual(image.slice(segment.offset, segment.offset + 8))
    expect(kernel.readBytes(end - 8n, 8)).toEqual(
      image.slice(segment.offset + segment.fileBytes - 8, segment.offset + segment.fileBytes),
    )
    expect(kernel.readBytes(start, segment.fileBytes)).toHaveLength(segment.fileBytes)
  }
  expect(kernel.readBytes(0n, 8)).toBeUndefined()
  expect(kernel.readBytes(0xffff_ffff_ffff_0000n, 8)).toBeUndefined()
  const last = parsed.value.segments.filter((one) => one.type === 1).at(-1)!
  expect(kernel.readBytes(last.virtualAddress + BigInt(last.fileBytes) - 7n, 8)).toBeUndefined()
})

it('refuses what is no kernel image, and says which', () => {
  expect(readKernelFacts(new Uint8Array(10))).toMatchObject({ ok: false, code: 'not-an-elf' })
  expect(readKernelFacts(image.subarray(0, image.length >> 1))).toMatchObject({ ok: false, code: 'truncated' })
  const parsed = parseElf(image)
  if (!parsed.ok) throw new Error(parsed.message)
  const notes = findSection(parsed.value, '.notes') ?? findSection(parsed.value, '.note.gnu.build-id')
  const owner = Buffer.from(image).indexOf(Buffer.from('040000001400000003000000474e5500', 'hex'))
  expect(notes ?? owner).toBeDefined()
  const nameless = image.slice()
  nameless[owner + 12] = 0x48
  expect(readKernelFacts(nameless)).toMatchObject({ ok: false, code: 'wrong-kind' })
})
