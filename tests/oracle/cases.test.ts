// The host CPU as oracle of generated cases: one instruction in any state, with all that it leaves behind. Interpreted, and a part compiled.
// TRANSPLANT_CASES (npm run fuzz:cpu) says how many, or for how long, and from which seed.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { Random } from '../../src/base/index.js'
import type { CpuModel } from '../../src/cpu/index.js'
import { needs } from '../needs.js'
import { type CampaignResult, campaign, templateOf } from './cases/campaign.js'
import { differences } from './cases/compare.js'
import { CoreRunner } from './cases/core-runner.js'
import { generate } from './cases/generate.js'
import { runNatively } from './cases/native-runner.js'
import {
  AT,
  CODE,
  type Outcome,
  type Parts,
  setPatch,
  type TestCase,
  viewOf,
  WINDOW,
  withParts,
} from './cases/record.js'
import { coreWasmPath } from './flat-runner.js'

interface Asked {
  readonly seed: number
  readonly cases: number
  readonly seconds: number
  readonly cpu: CpuModel
  readonly core: string | undefined
  readonly limit: number
  readonly raw: boolean
}
const usual: Omit<Asked, 'cpu' | 'cases'> = { seed: 1, seconds: 0, core: undefined, limit: 5, raw: false }
const asked: Partial<Asked> = JSON.parse(process.env['TRANSPLANT_CASES'] ?? '{}')

function run(wanted: Asked): CampaignResult {
  const end = wanted.seconds > 0 ? Date.now() + 1000 * wanted.seconds : undefined
  const wasm = new WebAssembly.Module(readFileSync(wanted.core ?? coreWasmPath))
  const cases = end === undefined ? wanted.cases : Number.POSITIVE_INFINITY
  const mayGoOn = () => end === undefined || Date.now() < end
  const { seed, cpu, raw, limit } = wanted
  return campaign(wasm, { seed, cpu, cases, mayGoOn, compiledEvery: cpu === 'x86-64-v3' ? 8 : 16, raw }, limit)
}

function test(cpu: CpuModel, usualCases: number): void {
  it(`leave the same behind on the host CPU and on the core (${cpu})`, () => {
    const wanted: Asked = { ...usual, cases: usualCases, ...asked, cpu }
    const { cases, compiled, traps, differences } = run(wanted)
    const how = [...traps].sort(([a], [b]) => a - b).map(([trap, count]) => `${trap}: ${count}`)
    console.log(`${cpu}, seed ${wanted.seed}: ${cases} cases, ${compiled} also compiled; ended by ${how.join(', ')}`)
    expect(differences.map(({ report }) => `\n${report}\n`).join('\n')).toBe('')
    expect(compiled).toBeGreaterThan(cases / 17)
  }, 5_400_000)
}

/** One 64-bit instruction with these registers, by number, and no others. */
function caseOf(parts: Partial<Parts>, registers: Readonly<Record<number, number>>): TestCase {
  const plain = generate(new Random(1), 'x86-64-v2')
  const test = withParts(plain, { prefixes: [], rex: undefined, opcode: [], rest: [], ...parts })
  const view = viewOf(test.record)
  for (let r = 0; r < 16; r++) view.setBigUint64(AT.registers + 8 * r, BigInt(registers[r] ?? 0), true)
  view.setBigUint64(AT.flags, 0x202n, true)
  view.setUint32(AT.narrow, 0, true)
  return test
}
const [AX, BX, SP] = [0, 3, 4]
const absolute = [0x04, 0x25, 0, 0, 0, CODE >>> 24]

needs('x86-64-host')('a case', () => {
  it('finds the host as the core is: the page of the code, the selectors, the stack of a far CALL', () => {
    const template = templateOf(1, 'x86-64-v2')
    const farCall = caseOf({ opcode: [0xff], rest: [0x1b] }, { [BX]: WINDOW + 0x1010, [SP]: 0x7fff_ffff_fffd })
    setPatch(farCall.record, 0, WINDOW + 0x1010, Uint8Array.of(0xfe, 0xff, 0xff, 0x7f, 0x23, 0, ...new Uint8Array(26)))
    const cases = [
      caseOf({ opcode: [0xc6], rest: [...absolute, 0x5a] }, {}),
      caseOf({ opcode: [0x8a], rest: absolute }, {}),
      caseOf({ opcode: [0x8e], rest: [0xd8] }, { [AX]: 0x78 }),
      farCall,
    ]
    const host = runNatively(template, cases)
    const core = new CoreRunner(readFileSync(coreWasmPath), template, 'x86-64-v2', 'off')
    cases.forEach((test, i) => {
      const [expected, outcome] = [host[i] as Outcome, core.run(test)]
      expect(differences(test, expected, outcome)).toEqual([])
      expect(expected.trap).toBe(i === 3 ? 14 : 3)
      if (i === 1) expect(expected.registers[AX]).toBe(0xccn)
    })
  })
})

const wants = (cpu: CpuModel) => asked.cpu === undefined || asked.cpu === cpu
if (wants('x86-64-v2')) needs('x86-64-host')('generated cases', () => test('x86-64-v2', 200_000))
if (wants('x86-64-v3')) needs('x86-64-v3-host')('generated cases of AVX2 and its kin', () => test('x86-64-v3', 60_000))
