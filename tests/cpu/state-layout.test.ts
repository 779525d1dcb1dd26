// What the class of a vCPU's state must agree with: the slots that micro-operations name, and what a snapshot saves of it.
import { describe, expect, it } from 'vitest'
import { CPU_STATE } from '../../src/cpu/layouts.js'
import { SLOT_SEGMENT_BASE, SLOT_T0, SLOT_ZERO } from '../../src/cpu/numbers/operations.js'
import { DERIVED_OFFSET, FX_OFFSET } from '../../src/cpu/numbers/sizes.js'
import { GENERAL_REGISTERS } from '../../src/cpu/state-layout.js'

describe('the state layout', () => {
  it('has the slots where micro-operations look for them: registers in hardware order, temporaries, zero, segment bases', () => {
    GENERAL_REGISTERS.forEach((name, i) => {
      expect(CPU_STATE[name]).toBe(8 * i)
    })
    expect(CPU_STATE.t0).toBe(SLOT_T0)
    expect(CPU_STATE.zero).toBe(SLOT_ZERO)
    expect(CPU_STATE.esBase).toBe(SLOT_SEGMENT_BASE)
    expect(CPU_STATE.gsBase).toBe(SLOT_SEGMENT_BASE + 5 * 8)
  })

  it('saves all that is architectural: the derived part begins behind it, and ends before the vector registers', () => {
    expect(CPU_STATE.tlb).toBe(DERIVED_OFFSET)
    expect(CPU_STATE.endOfDerived).toBeLessThanOrEqual(FX_OFFSET - 8)
  })
})
