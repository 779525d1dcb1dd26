// The bytes the decoder fetches: from the block's first page, or (first instruction of a block only) from the page after it.
//
// Promises: a second page is translated only when the block's first instruction really extends into it. It does not raise: the driver
// asks why a fetch broke off.
import { TLB_BYTES } from '../../numbers/sizes'
import { ACCESS_EXECUTE } from '../state/state'
import { Decoder } from './decoder'
import { PAGE_LOGGED, memoryAt, pageFlags, ramBase, ramBytes } from '../state/layout'
import { translate } from '../memory/linear'
import { linearOf } from '../blocks/blocks'
import { codeView, viewState } from '../blocks/coherence'

// @ts-ignore: decorator
@inline
export function codeByte(d: Decoder, pointer: usize): u32 {
  if (d.logged == 0) return load<u8>(pointer)
  return loggedByte(d, pointer)
}

function loggedByte(d: Decoder, pointer: usize): u32 {
  const p = <u32>(pointer - ramBase)
  if (p >= ramBytes || (load<u8>(pageFlags + (p >> 12)) & PAGE_LOGGED) == 0) return load<u8>(pointer)
  const value = codeView(d.c, p)
  d.view = max(d.view, viewState)
  return value
}

/** Translates the page after the block's first. False: not now (a later instruction) or a fault was raised (the first). */
export function openSecondPage(d: Decoder): bool {
  if (d.number != 0) return false
  const c = d.c
  const linear = linearOf(c, d.rip + u64(d.firstBytes))
  if (!translate(c, linear, ACCESS_EXECUTE, <u32>(c.tlb - c.tlbBase) / TLB_BYTES)) return false
  const host = memoryAt(c.physical)
  if (host == 0) return false
  d.second = host
  d.secondPage = <u32>c.physical
  const p = d.secondPage
  if (p < ramBytes && load<u8>(pageFlags + (p >> 12)) & PAGE_LOGGED) d.logged = 1
  return true
}
