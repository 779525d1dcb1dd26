// The demonstration on the real machine, with the shipped images.

import { beforeAll, describe, expect, it } from 'vitest'
import { type DemoProgress, type DemoReport, runDemo } from '../../src/lab/index.js'
import { shippedAssets } from './images.js'

describe('the demonstration', () => {
  let report: DemoReport
  const progress: DemoProgress[] = []

  beforeAll(async () => {
    report = await runDemo({ assets: shippedAssets(), onProgress: (one) => progress.push(one) })
  }, 300_000)

  it('holds every check', () => {
    expect(report.checks.filter((check) => !check.ok)).toEqual([])
    expect(report.ok).toBe(true)
  })

  it('has a JSON form of its schema in which nothing is lost', () => {
    expect(report.schema).toBe('transplant-demo/1')
    expect(JSON.parse(JSON.stringify(report))).toEqual(report)
  })

  it('shows the four states of each patched entry', () => {
    for (const one of report.patch.functions) {
      const stages = one.stages.map((stage) => stage.state)
      expect(stages).toEqual(['at-rest', 'breakpoint', 'breakpoint', 'call', 'call'])
      expect(one.stages[0]?.listing[0]).toMatch(/nop dword ptr \[rax \+ rax\]$/)
      expect(one.stages.at(-1)?.listing[0]).toMatch(/call 0xffffffff[0-9a-f]{8}$/)
    }
  })

  it('switches tasks one by one and says how many', () => {
    expect(report.patch.transition.switched).toBeGreaterThan(8)
    expect(report.patch.transition.instructions).toBeGreaterThan(0)
  })

  it('upgrades with every page and page-table entry in place', () => {
    expect(report.upgrade.processes.length).toBeGreaterThan(8)
    for (const process of report.upgrade.processes) {
      expect(process).toMatchObject({ pagesChanged: 0, pagesCopied: 0, pagesUnmatched: 0, entriesChanged: 0 })
      expect(process.pages).toBeGreaterThan(0)
    }
  })

  it('tells its progress in the order of time', () => {
    const first = progress.filter((one) => one.step !== 'twin').map((one) => one.time)
    expect(first).toEqual([...first].sort((a, b) => a - b))
    expect(new Set(progress.map((one) => one.step)).size).toBe(6)
  })

  it('is the same in every run with the same seed, and holds with other seeds and vCPUs', async () => {
    const again = await runDemo({ assets: shippedAssets() })
    expect(again).toEqual(report)
    for (const [seed, vcpus] of [
      [2, 2],
      [3, 4],
      [4, 1],
    ] as const) {
      const other = await runDemo({ assets: shippedAssets(), seed, vcpus })
      expect(other.checks.filter((check) => !check.ok)).toEqual([])
    }
  }, 600_000)
})
