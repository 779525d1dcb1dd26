// Runs cases on the host CPU, by images/built/oracle-cases.
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Outcome, TestCase } from './record.js'

const program = fileURLToPath(new URL('../../../images/built/oracle-cases', import.meta.url))
const OUTCOME_BYTES = 1024
const OUT = { flags: 128, rip: 136, trap: 144, error: 148, cr2: 152, selector: 160, changes: 164, fx: 256, upper: 768 }

/** What each case leaves behind on the host. Throws if the program ends otherwise than by its end of input, or takes more than a minute. */
export function runNatively(template: Uint8Array, cases: readonly TestCase[]): Outcome[] {
  const folder = mkdtempSync(join(tmpdir(), 'cases-'))
  try {
    const copy = join(folder, 'cases')
    copyFileSync(program, copy)
    chmodSync(copy, 0o755)
    const input = Buffer.concat([template, ...cases.map(({ record }) => record)])
    const result = spawnSync(copy, [], { input, maxBuffer: 1 << 30, timeout: 60_000 })
    if (result.status !== 0)
      throw new Error(`oracle-cases ended with ${result.status ?? result.signal ?? result.error} on the host`)
    return parse(result.stdout, template, cases.length)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function parse(output: Buffer, template: Uint8Array, count: number): Outcome[] {
  const outcomes: Outcome[] = []
  let at = 0
  for (let i = 0; i < count; i++) {
    const changes = output.readUInt32LE(at + OUT.changes)
    const end = at + OUTCOME_BYTES
    let window = template
    if (changes > 0) {
      window = template.slice()
      for (let j = 0; j < changes; j++) {
        const change = end + 16 * j
        window.set(output.subarray(change + 8, change + 16), output.readUInt32LE(change))
      }
    }
    const registers: bigint[] = []
    for (let r = 0; r < 16; r++) registers.push(output.readBigUInt64LE(at + 8 * r))
    outcomes.push({
      registers,
      flags: output.readBigUInt64LE(at + OUT.flags),
      rip: output.readBigUInt64LE(at + OUT.rip),
      trap: output.readUInt32LE(at + OUT.trap),
      error: output.readUInt32LE(at + OUT.error),
      cr2: output.readBigUInt64LE(at + OUT.cr2),
      selector: output.readUInt32LE(at + OUT.selector),
      fx: output.subarray(at + OUT.fx, at + OUT.fx + 416),
      upper: output.subarray(at + OUT.upper, at + OUT.upper + 256),
      window,
    })
    at = end + 16 * changes
  }
  return outcomes
}
