// The host CPU as oracle of generated cases: one instruction in any state, with all that it leaves behind. Interpreted, and a part compiled.
// TRANSPLANT_CASES (npm run fuzz:cpu) says how many, or for how long, and from which seed.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { needs } from '../needs.js'
import { type CampaignResult, campaign } from './cases/campaign.js'
import { coreWasmPath } from './flat-runner.js'

interface Asked {
  readonly seed: number
  readonly cases: number
  readonly seconds: number
  readonly core: string | undefined
  readonly limit: number
  readonly raw: boolean
}
const usual: Asked = { seed: 1, cases: 200_000, seconds: 0, core: undefined, limit: 5, raw: false }
const asked: Asked = { ...usual, ...JSON.parse(process.env['TRANSPLANT_CASES'] ?? '{}') }
const end = asked.seconds > 0 ? Date.now() + 1000 * asked.seconds : undefined

function run(): CampaignResult {
  const wasm = new WebAssembly.Module(readFileSync(asked.core ?? coreWasmPath))
  const cases = end === undefined ? asked.cases : Number.POSITIVE_INFINITY
  const mayGoOn = () => end === undefined || Date.now() < end
  return campaign(wasm, { seed: asked.seed, cases, mayGoOn, compiledEvery: 16, raw: asked.raw }, asked.limit)
}

needs('x86-64-host')('generated cases', () => {
  it('leave the same behind on the host CPU and on the core', () => {
    const { cases, compiled, traps, differences } = run()
    const how = [...traps].sort(([a], [b]) => a - b).map(([trap, count]) => `${trap}: ${count}`)
    console.log(`seed ${asked.seed}: ${cases} cases, ${compiled} also compiled; ended by ${how.join(', ')}`)
    expect(differences.map(({ report }) => `\n${report}\n`).join('\n')).toBe('')
    expect(compiled).toBeGreaterThan(cases / 17)
  }, 5_400_000)
})
