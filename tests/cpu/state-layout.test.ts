// The host's table of offsets (state-layout.ts) against the class the core is compiled from (core/state/state.ts).
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { BLOCK, OP } from '../../src/cpu/jit/uops.js'
import * as layout from '../../src/cpu/state-layout.js'

function coreFile(name: string): string {
  return readFileSync(fileURLToPath(new URL(`../../src/cpu/core/${name}`, import.meta.url)), 'utf8')
}

const source = coreFile('state/state.ts')

/** Offsets of an unmanaged class: fields in order, each aligned to its size (usize is 4 bytes). */
function offsets(className: string, file = source): Map<string, number> {
  const body = file.slice(file.indexOf(`class ${className} {`))
  const fields = body.slice(0, body.indexOf('\n}')).replace(/\/\/.*$/gm, '')
  const result = new Map<string, number>()
  let at = 0
  for (const [, name, type] of fields.matchAll(/(\w+): (u64|i64|u32|i32|usize)\b/g)) {
    const size = type === 'u64' || type === 'i64' ? 8 : 4
    at = Math.ceil(at / size) * size
    result.set(name as string, at)
    at += size
  }
  return result
}

function constant(name: string): number {
  return Number(new RegExp(`export const ${name}: u32 = (\\d+)`).exec(source)?.[1])
}

describe('the state layout', () => {
  const core = offsets('CpuState')

  it('gives every 64-bit register the offset it has in the core', () => {
    for (const [name, offset] of Object.entries(layout.STATE_OFFSETS)) {
      expect([name, core.get(name === 'rflags' ? 'eflags' : name)]).toEqual([name, offset])
    }
    layout.GENERAL_REGISTERS.forEach((name, i) => {
      expect(core.get(name)).toBe(8 * i)
    })
  })

  it('gives every 32-bit field the offset it has in the core', () => {
    expect(core.get('gdtrLimit')).toBe(layout.STATE_GDTR_LIMIT)
    expect(core.get('idtrLimit')).toBe(layout.STATE_IDTR_LIMIT)
    expect(core.get('ldtrLimit')).toBe(layout.STATE_LDTR_LIMIT)
    expect(core.get('trLimit')).toBe(layout.STATE_TR_LIMIT)
    expect(core.get('ldtrSelector')).toBe(layout.STATE_LDTR_SELECTOR)
    expect(core.get('trSelector')).toBe(layout.STATE_TR_SELECTOR)
    expect(core.get('ldtrAttributes')).toBe(layout.STATE_LDTR_ATTRIBUTES)
    expect(core.get('trAttributes')).toBe(layout.STATE_TR_ATTRIBUTES)
    expect(core.get('esSelector')).toBe(layout.STATE_SELECTORS)
    expect(core.get('esLimit')).toBe(layout.STATE_LIMITS)
    expect(core.get('esAttributes')).toBe(layout.STATE_ATTRIBUTES)
    expect(core.get('lines')).toBe(layout.STATE_LINES)
    expect(core.get('halted')).toBe(layout.STATE_HALTED)
    expect(core.get('shutdown')).toBe(layout.STATE_SHUTDOWN)
    expect(core.get('waitSipi')).toBe(layout.STATE_WAIT_SIPI)
    expect(core.get('mxcsr')).toBe(layout.STATE_MXCSR)
    expect(constant('XMM_OFFSET')).toBe(layout.STATE_XMM)
    expect(constant('FX_OFFSET') + 32).toBe(layout.STATE_X87)
  })

  it('gives the compiler the offsets and operation numbers of the core', () => {
    expect(core.get('flagResult')).toBe(layout.STATE_FLAG_RESULT)
    expect(core.get('flagCarry')).toBe(layout.STATE_FLAG_CARRY)
    expect(core.get('flagAux')).toBe(layout.STATE_FLAG_AUX)
    expect(core.get('flagForm')).toBe(layout.STATE_FLAG_FORM)
    expect(core.get('retiredLow')).toBe(layout.STATE_RETIRED)
    expect(core.get('tlb')).toBe(layout.STATE_TLB)
    expect(core.get('tlbBase')).toBe(layout.STATE_TLB_BASE)
    expect(core.get('cpl')).toBe(layout.STATE_CPL)
    expect(core.get('generation')).toBe(layout.STATE_GENERATION)
    expect(core.get('globalGeneration')).toBe(layout.STATE_GLOBAL_GENERATION)
    expect(core.get('blockTable')).toBe(layout.STATE_BLOCK_TABLE)
    expect(core.get('jitFuel')).toBe(layout.STATE_JIT_FUEL)
    expect(core.get('jitStatus')).toBe(layout.STATE_JIT_STATUS)
    const ir = coreFile('blocks/ir.ts')
    const header = offsets('Block', ir)
    for (const [name, offset] of Object.entries(BLOCK)) expect([name, header.get(name)]).toEqual([name, offset])
    const operations = [...ir.matchAll(/export const OP_(\w+): u32 = (\d+)/g)].map(([, name, value]) => [
      name,
      Number(value),
    ])
    expect(Object.entries(OP)).toEqual(operations)
  })

  it('saves all that is architectural: the derived part begins where state.ts says', () => {
    expect(core.get('tlb')).toBe(constant('DERIVED_OFFSET'))
    expect(core.get('endOfDerived')).toBeLessThanOrEqual(constant('FX_OFFSET') - 8)
    expect(constant('SLOT_ZERO')).toBe(core.get('zero'))
    expect(constant('SLOT_SEGMENT_BASE')).toBe(core.get('esBase'))
  })
})
