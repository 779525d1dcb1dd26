// The saved state of a core, part by part (core/execute/save.ts), and what of it two equal runs must agree on: all but temporaries and the lazy
// form of the flags, which RFLAGS shows whole once it is synchronized.

import { STATE_MXCSR, STATE_OFFSETS, STATE_SELECTORS, STATE_X87, STATE_XMM } from '../../src/cpu/index.js'
import { CPU_STATE } from '../../src/cpu/layouts.js'
import { SLOT_SEGMENT_BASE, SLOT_T0, SLOT_T8 } from '../../src/cpu/numbers/operations.js'
import { DERIVED_OFFSET, FX_END, FX_OFFSET, YMM_UPPER_BYTES } from '../../src/cpu/numbers/sizes.js'

export interface SavedState {
  readonly parts: readonly { readonly name: string; readonly bytes: Uint8Array; readonly cpu: number }[]
}

export type Add = (name: string, first: unknown, second: unknown) => void

const HEADER = 40
const LOG_ENTRY = 16
const EXECUTED_ENTRY = 8
const TLB_HEAD = 576
const TLB_ENTRY = 24
const NOT_ARCHITECTURAL = [
  [SLOT_T0, SLOT_SEGMENT_BASE],
  [SLOT_T8, CPU_STATE.rip],
  [CPU_STATE.flagResult, CPU_STATE.cr0],
] as const

export const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

/** A little-endian number. */
export function hexOf(bytes: Uint8Array, at: number, size: number): string {
  return Buffer.from(bytes.subarray(at, at + size))
    .reverse()
    .toString('hex')
}

export function readSaved(saved: Uint8Array, vcpus: number): SavedState {
  const view = new DataView(saved.buffer, saved.byteOffset, saved.byteLength)
  const parts: { name: string; bytes: Uint8Array; cpu: number }[] = []
  let at = HEADER
  const take = (name: string, size: number, cpu = -1): Uint8Array => {
    const bytes = saved.subarray(at, at + size)
    parts.push({ name, bytes, cpu })
    at += size
    return bytes
  }
  const logged = Number(view.getBigUint64(24, true) - view.getBigUint64(16, true))
  take('code-write log', logged * LOG_ENTRY)
  take('executed pages', view.getUint32(32, true) * EXECUTED_ENTRY)
  const wide = view.getUint32(4, true) >= 3
  for (let cpu = 0; cpu < vcpus; cpu++) {
    const state = take('state', DERIVED_OFFSET, cpu)
    for (const [start, end] of NOT_ARCHITECTURAL) state.fill(0, start, end)
    take('vectors', FX_END - FX_OFFSET, cpu)
    if (wide) take('upper halves of YMM', YMM_UPPER_BYTES, cpu)
    take('second-level TLB', TLB_HEAD, cpu)
    const entries = Number(view.getBigUint64(at, true))
    take('second-level TLB entries', 8 + entries * TLB_ENTRY, cpu)
  }
  if (at !== saved.length) throw new Error(`saved state has ${saved.length} bytes, not ${at}: its layout has changed`)
  return { parts }
}

/** Names of fields, by their offset in the state area: name and size. */
const FIELDS = new Map<number, readonly [name: string, size: number]>([
  ...Object.entries(STATE_OFFSETS).map(([name, offset]) => [offset, [name, 8]] as const),
  [STATE_MXCSR, ['mxcsr', 4]],
  [CPU_STATE.retiredLow, ['retired', 8]],
  ...['es', 'cs', 'ss', 'ds', 'fs', 'gs'].map((name, i) => [STATE_SELECTORS + 4 * i, [`selector ${name}`, 4]] as const),
  ...Array.from({ length: 8 }, (_, i) => [STATE_X87 + 16 * i, [`x87 register ${i}`, 16]] as const),
  ...Array.from({ length: 16 }, (_, i) => [STATE_XMM + 16 * i, [`xmm${i}`, 16]] as const),
])

export function compareSaved(first: SavedState, second: SavedState, add: Add): void {
  const several = first.parts.some((part) => part.cpu > 0)
  for (const [i, { name, bytes, cpu }] of first.parts.entries()) {
    const other = second.parts[i]?.bytes ?? new Uint8Array(0)
    if (equal(bytes, other)) continue
    const of = cpu >= 0 && several ? ` of vCPU ${cpu}` : ''
    if (bytes.length !== other.length) {
      add(`bytes of ${name}${of}`, bytes.length, other.length)
      continue
    }
    const base = name === 'state' ? 0 : name === 'vectors' ? FX_OFFSET : -1
    for (let at = 0; at < bytes.length; ) {
      const [field, size] = FIELDS.get(base + at) ?? [`${name} + ${at}`, base < 0 ? 8 : 4]
      const [x, y] = [hexOf(bytes, at, size), hexOf(other, at, size)]
      if (x !== y) add(field + of, x, y)
      at += size
    }
  }
}
