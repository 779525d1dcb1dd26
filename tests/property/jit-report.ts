// A difference in words: what differs, the shrunk program, the last instructions before it showed, and the command that repeats it.

import { createDisassembler } from '../../src/isa/index.js'
import { type Line, layOut } from './jit-code.js'
import { CODE, HANDLERS } from './jit-places.js'
import { trace } from './jit-runs.js'
import type { Shrunk } from './jit-shrink.js'

const LISTED = 120
const TRACED = 24

export async function describeDifference(seed: number, shrunk: Shrunk, reference: WebAssembly.Module): Promise<string> {
  const { difference } = shrunk
  const { program, plan } = shrunk.case
  const disassembler = await createDisassembler()
  const names = difference.items.map((item) => item.name)
  const title = `seed ${seed}: the two runs differ in ${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''} after ${difference.instructions} instructions`
  const cuts = plan.cutSeed === 0 ? 'uncut' : `cut into pieces of ${plan.meanPiece} on average (seed ${plan.cutSeed})`
  const threshold = typeof plan.jit === 'object' ? `threshold ${plan.jit.threshold}` : plan.jit
  const given = program.registers.flatMap((values, cpu) =>
    values.flatMap((value, i) =>
      value === 0n || i === 4 ? [] : [`vCPU ${cpu} register ${i} = ${value.toString(16)}`],
    ),
  )
  const listing = list(program.lines, (bytes, address) => disassembler.list(bytes, BigInt(address)))
  const steps = trace(shrunk.case, reference, difference.instructions, TRACED).map(({ cpu, rip, bytes }, i, all) => {
    const text = disassembler.list(bytes, rip)[0] ?? `${rip.toString(16)}  (nothing)`
    const mark = i === all.length - 1 ? '  <- shows after this one' : ''
    const handler = rip >= BigInt(HANDLERS) && rip < BigInt(HANDLERS + 0x1000) ? '  (handler)' : ''
    return `  ${program.vcpus > 1 ? `vCPU ${cpu} ` : ''}${text}${handler}${mark}`
  })
  return [
    title,
    '',
    'differs                                   first run         second run',
    ...difference.items
      .slice(0, 24)
      .map((item) => `  ${item.name.padEnd(38)}  ${item.first.padEnd(16)}  ${item.second}`),
    '',
    `shrunk in ${shrunk.attempts} attempts to ${program.lines.filter((line) => line.label === undefined).length} lines, ${program.vcpus} vCPU(s); second run ${cuts}, ${threshold}${plan.saves > 0 ? ', saved and loaded' : ''}${plan.switches > 0 ? ', switched' : ''}`,
    `slices: ${plan.slices
      .slice(0, 12)
      .map(
        (slice) => `${slice.cpu}:${slice.budget}${slice.interrupt ? ' interrupt' : ''}${slice.clean ? ' clean' : ''}`,
      )
      .join(', ')}${plan.slices.length > 12 ? ' ...' : ''}`,
    `memory seed ${program.memorySeed}, coherence ${program.coherence}, interrupt stacks ${program.interruptStacks}, events ${program.events}`,
    ...given.slice(0, 20).map((text) => `  ${text}`),
    '',
    'program',
    ...listing.slice(0, LISTED).map((text) => `  ${text}`),
    ...(listing.length > LISTED ? [`  ... ${listing.length - LISTED} more`] : []),
    '',
    'last instructions of the first run',
    ...steps,
    '',
    `repeat: npm run fuzz -- --seed ${seed} --programs 1`,
  ].join('\n')
}

/** The program with its labels; gaps and tables are not decoded as code. */
function list(lines: readonly Line[], decode: (bytes: Uint8Array, address: number) => string[]): string[] {
  const { bytes, addresses } = layOut(lines, CODE)
  return lines.flatMap((line, i) => {
    if (line.label !== undefined) return [`${line.label}:`]
    const from = addresses[i] as number
    const to = addresses[i + 1] as number
    if (line.beforePageEnd !== undefined) return [`${from.toString(16)}: jump over ${to - from} bytes`]
    if (line.target?.size === 8 && line.bytes.length === 8)
      return [`${from.toString(16)}: address of ${line.target.label}`]
    const target = line.branch?.label ?? line.target?.label
    return decode(bytes.slice(from - CODE, to - CODE), from).map((text) =>
      target === undefined ? text : `${text}  ; ${target}`,
    )
  })
}
