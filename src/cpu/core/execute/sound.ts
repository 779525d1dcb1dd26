// What must hold of a vCPU between two runs, for the debug build: a part of its tables each time, all of them by and by.
import { BLOCK_TABLE_ENTRIES, TLB_ENTRIES } from '../../numbers/sizes'
import { areSoundLists } from '../blocks/sound-blocks'
import { Region } from '../blocks/regions'
import { areSoundEntries } from '../memory/sound-tlb'
import { dirtyCount, ramBytes } from '../state/layout'
import { CpuState } from '../state/state'
import { contextOf, cplOf, modeOf } from '../system/segments'

const ENTRIES: u32 = 64
const LISTS: u32 = 1024

let position: u32 = 0

export function assertSound(c: CpuState): void {
  assert(c.mode == modeOf(c) && c.cpl == cplOf(c) && c.tlb == contextOf(c), 'updateMode was not called after a change')
  assert(c.csBaseSeen == c.csBase, 'the base of CS has changed and the generation has not')
  assert(
    c.generation != c.globalGeneration && c.generation <= c.lastGeneration,
    'the two generations are one, or not yet begun',
  )
  assert(c.block == 0 && c.jitRegion == 0 && c.patchedUop == 0, 'a block is left that was not left')
  assert(c.zero == 0 && c.flagForm == 0, 'the constant zero is none, or flags are not settled')
  assert(c.remaining >= 0 && c.remaining <= c.budgetStart, 'more was retired than the budget allows')
  assert(dirtyCount <= ramBytes >> 12, 'more pages are dirty than there are')
  let newer = c.regionNext
  for (let r = c.regions; r; r = changetype<Region>(r).next) {
    assert(r >= c.regionArena && r < newer, 'the list of regions leads to a newer one, or out of its room')
    newer = r
  }
  position++
  assert(
    areSoundEntries(c, (position % (TLB_ENTRIES / ENTRIES)) * ENTRIES, ENTRIES),
    'an entry of the fast TLB is not one of the second-level TLB',
  )
  assert(areSoundLists(c, (position % (BLOCK_TABLE_ENTRIES / LISTS)) * LISTS, LISTS), 'a list of blocks is not sound')
}
