// The host CPU as oracle of generated cases: one instruction in any state, with all that it leaves behind. Interpreted, and a part compiled.
// TRANSPLANT_CASES (npm run fuzz:cpu) says how many, or for how long, and from which seed.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { CpuModel } from '../../src/cpu/index.js'
import { needs } from '../needs.js'
import { type CampaignResult, campaign } from './cases/campaign.js'
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

const wants = (cpu: CpuModel) => asked.cpu === undefined || asked.cpu === cpu
if (wants('x86-64-v2')) needs('x86-64-host')('generated cases', () => test('x86-64-v2', 200_000))
if (wants('x86-64-v3')) needs('x86-64-v3-host')('generated cases of AVX2 and its kin', () => test('x86-64-v3', 60_000))
