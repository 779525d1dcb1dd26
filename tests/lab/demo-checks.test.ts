import { describe, expect, it } from 'vitest'
import { followsInt3Protocol } from '../../src/lab/index.js'
import type { EntryStage } from '../../src/patch/index.js'

const stage = (when: EntryStage['when'], state: EntryStage['state'], bytes: string): EntryStage => ({
  ...{ when, state, bytes, time: 0, listing: [] },
})
const rest = stage('before', 'at-rest', '0f 1f 44 00 00')
const trap = stage('sync', 'breakpoint', 'cc 1f 44 00 00')
const tail = stage('sync', 'breakpoint', 'cc 10 20 30 40')
const call = stage('sync', 'call', 'e8 10 20 30 40')
const after = stage('after', 'call', 'e8 10 20 30 40')

describe('the check of the int3 protocol', () => {
  it('accepts all its steps in order', () => {
    expect(followsInt3Protocol([rest, trap, tail, call, after])).toBe(true)
  })

  it.each([
    ['no breakpoint is written', [rest, call, after]],
    ['the CPUs are not synchronized behind the breakpoint', [rest, tail, call, after]],
    ['the CPUs are not synchronized behind the tail', [rest, trap, call, after]],
    ['the CPUs are not synchronized at the end', [rest, trap, tail, after]],
    ['the tail is written together with the breakpoint', [rest, tail, tail, call, after]],
    ['nothing happens', [rest, stage('after', 'at-rest', rest.bytes)]],
    ['nothing is seen', []],
  ])('rejects when %s', (_what, stages) => {
    expect(followsInt3Protocol(stages)).toBe(false)
  })
})
