// Runs a guest until something has happened: a text on its console, a function of its kernel, whatever a program can ask.

import { panic, requireKind, TransplantError, type VirtAddr } from '../base/index.js'
import { type GuestPort, requireCapability } from '../machine/index.js'
import type { AgentClient } from './agent.js'
import type { ConsoleLine, ConsoleLog } from './console-log.js'

/** A place in a kernel, by name. */
export interface SymbolGoal {
  readonly symbol: string
  /** Where the symbol is looked up: a `KernelView`, say. */
  readonly kernel: { address(name: string): VirtAddr }
}

/**
 * What a guest runs until: a text on its console, or what matches there; an instruction about to execute; or that a question is answered
 * with true, which is asked every million instructions with the guest standing still.
 */
export type Goal = string | RegExp | SymbolGoal | (() => boolean | Promise<boolean>)

/** How a goal was reached. */
export interface Reached {
  /** What the console has printed since, without carriage returns. */
  readonly output: string
  /** Of a RegExp. */
  readonly match?: RegExpExecArray
  /** The vCPU that is about to execute the symbol's first instruction. */
  readonly cpu?: number
}

/** The parts of a session that it takes. */
export interface Runner {
  readonly port: GuestPort
  readonly console: ConsoleLog
  readonly agent: AgentClient
}

/** Virtual time between two questions. */
const ASK_EVERY = 1e6

/** As `GuestSession.runUntil`. */
export async function runUntil(runner: Runner, goal: Goal, limit: number): Promise<Reached> {
  const pieces: Uint8Array[] = []
  const decoder = new TextDecoder()
  let output = ''
  const listener = runner.port.onConsole(({ channel, bytes }) => {
    if (channel === 0) pieces.push(bytes)
  })
  const heard = (): string => {
    for (const piece of pieces.splice(0)) output += decoder.decode(piece, { stream: true }).replaceAll('\r', '')
    return output
  }
  try {
    if (typeof goal === 'function') await ask(runner, goal, limit)
    else if (typeof goal === 'string') {
      await runner.agent.runUntil(() => heard().includes(goal), `to print ${JSON.stringify(goal)}`, limit)
    } else if (goal instanceof RegExp) {
      const match = await untilMatch(runner.agent, goal, limit, heard)
      return { output: heard(), match }
    } else {
      requireKind('goal', goal, 'object')
      const cpu = await arrive(runner, goal, limit)
      return { output: heard(), cpu }
    }
    return { output: heard() }
  } finally {
    listener.dispose()
  }
}

async function untilMatch(
  agent: AgentClient,
  goal: RegExp,
  limit: number,
  heard: () => string,
): Promise<RegExpExecArray> {
  // Without g and y, which would make it remember where it was.
  const pattern = new RegExp(goal.source, goal.flags.replace(/[gy]/g, ''))
  const found: RegExpExecArray[] = []
  await agent.runUntil(
    () => {
      const match = found.length === 0 ? pattern.exec(heard()) : null
      if (match !== null) found.push(match)
      return found.length > 0
    },
    `to print ${goal}`,
    limit,
  )
  return found[0] ?? panic(`${goal} was found, and is not there`)
}

async function arrive({ port, agent }: Runner, { symbol, kernel }: SymbolGoal, limit: number): Promise<number> {
  let cpu: number | undefined
  const breakpoint = await port.setBreakpoint(kernel.address(symbol), (hit) => {
    cpu = hit.cpu
    return 'stop'
  })
  try {
    await agent.runUntil(() => cpu !== undefined, `to come to ${symbol}`, limit)
  } finally {
    breakpoint.dispose()
  }
  return cpu as unknown as number
}

async function ask({ port, agent }: Runner, goal: () => boolean | Promise<boolean>, limit: number): Promise<void> {
  const time = requireCapability(port, 'time')
  const end = (await time()) + limit
  while (!(await goal())) {
    const now = await time()
    if (now < end) await agent.runFor(Math.min(ASK_EVERY, end - now))
    if ((await time()) > now) continue
    throw new TransplantError(
      'AGENT_TIMEOUT',
      now < end
        ? 'The guest waits for input, and what it should run until is not so.'
        : `What the guest should run until is not so after ${limit / 1e9} s of virtual time.`,
      'Type something, or give it more time.',
    )
  }
}

/** As `GuestSession.lines`. */
export async function* consoleLines({ port, console }: Runner, limit: number): AsyncGenerator<ConsoleLine, void, void> {
  for (let next = console.lines.length; ; next++) {
    if (next >= console.lines.length) {
      const stop = await port.run({ instructions: limit, until: () => console.lines.length > next })
      if (next >= console.lines.length) {
        if (stop.reason !== 'limit') return
        throw new TransplantError(
          'AGENT_TIMEOUT',
          `The guest printed no line within ${limit / 1e9} s of virtual time.`,
          'Break out of the loop earlier, or give it more time.',
        )
      }
    }
    yield console.lines[next] as ConsoleLine
  }
}
