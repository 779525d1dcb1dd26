// What the five bytes of an entry mean, and their way from the NOP to the call.
import { describe, expect, it } from 'vitest'
import { createDisassembler } from '../../src/isa/index.js'
import { explainEntry, moduleName, readEntryState } from '../../src/patch/index.js'

const at = 0xffff_ffff_8000_1000n

describe('the state of an entry', () => {
  it.each([
    [[0x0f, 0x1f, 0x44, 0, 0], { state: 'at-rest' }],
    [[0x0f, 0x1f, 0x44, 0, 1], { state: 'other' }],
    [[0x0f, 0x1f, 0x40, 0, 0], { state: 'other' }],
    [[0xcc, 0x1f, 0x44, 0, 0], { state: 'breakpoint' }],
    [[0xcc, 1, 2, 3, 4], { state: 'breakpoint' }],
    [[0xe8, 0, 0, 0, 0], { state: 'call', target: at + 5n }],
    [[0xe8, 0xfb, 0xff, 0xff, 0xff], { state: 'call', target: at }],
    [[0xe8, 0xff, 0xff, 0xff, 0x7f], { state: 'call', target: 0x1004n }],
    [[0xe8, 0, 0, 0, 0x80], { state: 'call', target: 0xffff_ffff_0000_1005n }],
    [[0xe8, 0, 0, 0], { state: 'other' }],
    [[0xe9, 0, 0, 0, 0], { state: 'other' }],
    [[0x55, 0x48, 0x89, 0xe5, 0], { state: 'other' }],
    [[], { state: 'other' }],
  ])('%j is %o', (bytes, state) => {
    expect(readEntryState(Uint8Array.from(bytes), at)).toEqual(state)
  })

  it('is read from the middle of a larger buffer', () => {
    const bytes = Uint8Array.from([1, 2, 3, 0xe8, 0x10, 0, 0, 0]).subarray(3)
    expect(readEntryState(bytes, at)).toEqual({ state: 'call', target: at + 0x15n })
  })
})

it.each([at + 0x1000n, at - 0x1000n, 0xffff_ffff_c000_0000n])('the way to a call of %s', async (target) => {
  const steps = explainEntry(await createDisassembler(), at, target)
  expect(steps.map((step) => [step.name, readEntryState(step.bytes, at).state])).toEqual([
    ['before', 'at-rest'],
    ['int3', 'breakpoint'],
    ['tail', 'breakpoint'],
    ['after', 'call'],
  ])
  const [before, int3, tail, after] = steps.map((step) => [...step.bytes])
  expect(int3).toEqual([0xcc, ...before!.slice(1)])
  expect(tail).toEqual([0xcc, ...after!.slice(1)])
  expect(readEntryState(Uint8Array.from(after!), at)).toEqual({ state: 'call', target })
  expect(steps.map((step) => step.listing.length)).toEqual([1, 2, 2, 1])
  expect(steps[1]!.listing.join()).toMatch(/int3.*1f 44 00 00 \(never decoded\)/)
  expect(steps[3]!.listing.join()).toContain(`call ${formatted(target)}`)
  for (const step of steps) expect(step.meaning).not.toBe('')
})
const formatted = (address: bigint) => `0x${address.toString(16)}`

it.each([
  ['livepatch-sample.c', 'livepatch_sample'],
  ['/a/b/my-patch.v2.s', 'my_patch_v2'],
  ['plain', 'plain'],
  ['../x y.c', 'x_y'],
])('%s is the module %s', (file, name) => {
  expect(moduleName(file)).toBe(name)
})
