// The kernel log of a Linux guest from its memory: the lockless ring of kernel/printk/printk_ringbuffer.c (from 5.10 on).
//
// A descriptor's state is in the two top bits of its word, its id in the others; ids and text positions count on and are taken modulo
// the rings' sizes. A text block begins with its descriptor's id; one that would reach over the ring's end lies at its beginning.

import { decodeText } from '../../base/index.js'
import type { KernelView } from '../kernel-view.js'
import type { StructView } from '../struct-view.js'

/** A record of the kernel's log buffer. */
export interface LogRecord {
  /** Counts records since boot; one is missing where the ring has overwritten it. */
  readonly seq: bigint
  /** Nanoseconds since boot. */
  readonly time: bigint
  /** 0 (KERN_EMERG) to 7 (KERN_DEBUG). */
  readonly level: number
  readonly text: string
}

const STATE_SHIFT = 62n
const ID_MASK = (1n << STATE_SHIFT) - 1n
const COMMITTED = 1n
const FINALIZED = 2n
/** Position of a record without text. */
const DATALESS = 1n
const BLOCK_ID_BYTES = 8n

/**
 * The records that are complete, oldest first; one that is being written is left out. Throws KERNEL_NO_SYMBOL or KERNEL_NO_FIELD for a kernel
 * whose log is no such ring (before 5.10), and what `KernelView.read` throws.
 */
export async function readLog(kernel: KernelView): Promise<LogRecord[]> {
  const ring = await kernel.readStruct('printk_ringbuffer', await kernel.readU64(kernel.address('prb')))
  const descriptors = 1n << ring.unsigned('desc_ring.count_bits')
  const head = ring.unsigned('desc_ring.head_id.counter')
  const records: LogRecord[] = []
  for (let id = ring.unsigned('desc_ring.tail_id.counter'); ; id = (id + 1n) & ID_MASK) {
    const index = id & (descriptors - 1n)
    const at = (table: string, structure: string): bigint =>
      ring.unsigned(`desc_ring.${table}`) + index * BigInt(kernel.sizeof(structure))
    const descriptor = await kernel.readStruct('prb_desc', at('descs', 'prb_desc'))
    const word = descriptor.unsigned('state_var.counter')
    const state = word >> STATE_SHIFT
    if ((word & ID_MASK) === id && (state === COMMITTED || state === FINALIZED)) {
      const info = await kernel.readStruct('printk_info', at('infos', 'printk_info'))
      records.push({
        seq: info.unsigned('seq'),
        time: info.unsigned('ts_nsec'),
        level: Number(info.unsigned('level')),
        text: await readText(kernel, ring, descriptor, info.number('text_len')),
      })
    }
    if (id === head) return records
  }
}

async function readText(kernel: KernelView, ring: StructView, descriptor: StructView, length: number): Promise<string> {
  const begin = descriptor.unsigned('text_blk_lpos.begin')
  const next = descriptor.unsigned('text_blk_lpos.next')
  if ((begin & DATALESS) !== 0n) return ''
  const bits = ring.unsigned('text_data_ring.size_bits')
  const wraps = begin >> bits !== (next - 1n) >> bits
  const offset = wraps ? 0n : begin & ((1n << bits) - 1n)
  const address = ring.unsigned('text_data_ring.data') + offset + BLOCK_ID_BYTES
  const room = Number((next & ((1n << bits) - 1n)) - offset - BLOCK_ID_BYTES)
  return decodeText(await kernel.read(address, room > 0 ? Math.min(length, room) : length))
}
