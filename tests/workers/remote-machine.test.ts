// A machine in a worker is the machine: the same runs bit for bit, the same events, snapshots and answers, whether it lives on
// another thread or, for comparison, behind the same messages on this one.

import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import {
  AgentClient,
  encodeSnapshot,
  Machine,
  type MachineOptions,
  MachinePort,
  physAddr,
  RemoteMachine,
  type StopReason,
  virtAddr,
  type WorkerHost,
} from '../../dist/index.js'
import { nodeThread, nodeWorkers, readAssets } from '../../dist/node.js'
import { smpRom } from '../machine/guests/smp.js'
import { pageWorkers } from '../web/page-workers.js'

const coreWasm = new WebAssembly.Module(readFileSync(new URL('../../dist/cpu/core.wasm', import.meta.url)))
const rom: MachineOptions = { coreWasm, firmware: smpRom(), memoryBytes: 4 << 20, vcpus: 2, seed: 5, onReset: 'stop' }
const { firmware, kernel, initrd } = readAssets()
const guest: MachineOptions = { coreWasm, firmware, kernel, initrd, append: 'console=ttyS0', vcpus: 2 }
const typed = (text: string) => new TextEncoder().encode(text)

const open: RemoteMachine[] = []
afterEach(() => {
  for (const machine of open.splice(0)) machine.dispose()
})

function local(options: MachineOptions = rom): Machine {
  const made = Machine.create(options)
  if (!made.ok) throw new Error(made.message)
  return made.value
}

async function remote(host: WorkerHost, options: MachineOptions = rom): Promise<RemoteMachine> {
  const made = await RemoteMachine.create(host, options)
  if (!made.ok) throw new Error(made.message)
  open.push(made.value)
  return made.value
}

const hosts: readonly (readonly [string, () => WorkerHost])[] = [
  ['on another thread', nodeWorkers],
  ['in a Web Worker', pageWorkers],
  ['behind messages on this thread', nodeThread],
]

describe.each(hosts)('a machine %s', (_, host) => {
  it('runs as a machine here does', async () => {
    const [here, there] = [local(), await remote(host())]
    for (const instructions of [1, 123_456, 5_100_000]) {
      expect(await there.run({ instructions })).toEqual(here.run({ instructions }))
      expect(there.now).toBe(here.now)
      expect(there.statistics).toEqual(here.statistics)
      expect(await there.hash()).toBe(here.hash())
    }
    expect(await there.step(1, 10)).toEqual(here.step(1, 10))
    expect(await there.registers(1)).toEqual(here.registers(1))
    expect(await there.activity(0)).toBe(here.activity(0))
    expect(await there.readPhysical(0x3100, 64)).toEqual(here.readPhysical(0x3100, 64))
    expect(await there.readPhysical(1e9, 64)).toBeUndefined()
    expect(await there.pageHash(3)).toBe(here.pageHash(3))
    await there.reseed(77, 100)
    here.reseed(77, 100)
    await there.run({ instructions: 100_000 })
    here.run({ instructions: 100_000 })
    expect(await there.hash()).toBe(here.hash())
    await there.sendConsole(0, typed('o'))
    here.sendConsole(0, typed('o'))
    expect(await there.run()).toEqual(here.run())
    expect(there.poweredOff).toEqual({ reason: 'power-off' })
    expect(there.now).toBe(here.now)
  })

  it('asks `until` for each piece of output and stops exactly there', async () => {
    const stopAt = (machine: Pick<Machine, 'now'>) => {
      let pieces = 0
      return { until: () => ++pieces === 3, instructions: 3_000_000, at: () => [pieces, machine.now] }
    }
    const [here, there] = [local(), await remote(host())]
    here.run({ instructions: 200_000 })
    await there.run({ instructions: 200_000 })
    here.sendConsole(0, typed('abcde'))
    await there.sendConsole(0, typed('abcde'))
    const [a, b] = [stopAt(here), stopAt(there)]
    expect(here.run(a)).toEqual({ reason: 'output' })
    expect(await there.run(b)).toEqual({ reason: 'output' })
    expect(b.at()).toEqual(a.at())
    expect(await there.hash()).toBe(here.hash())
    // And the limit is that of the whole run, however often it was asked.
    const start = there.now
    expect(await there.run({ instructions: 1_000_000, until: () => false })).toEqual({ reason: 'limit' })
    expect(there.now - start).toBe(1_000_000)
  })

  it('tells the same events', async () => {
    const [here, there] = [local(), await remote(host())]
    const events: [unknown[], unknown[]] = [[], []]
    ;[here, there].forEach((machine, index) => {
      machine.onDeviceWrite((write) => events[index]?.push(write))
      machine.onConsole((output) => events[index]?.push(output))
      machine.onInput((input) => events[index]?.push(input))
    })
    here.run({ instructions: 200_000 })
    here.sendConsole(0, typed('xyz'))
    here.run({ instructions: 6_000_000 })
    await there.run({ instructions: 200_000 })
    await there.sendConsole(0, typed('xyz'))
    await there.run({ instructions: 6_000_000 })
    expect(events[0].length).toBeGreaterThan(20)
    expect(events[1]).toEqual(events[0])
  })

  it('goes on from a snapshot to the same state, taken here or there', async () => {
    const [here, there] = [local(), await remote(host())]
    here.run({ instructions: 300_000 })
    await there.run({ instructions: 300_000 })
    const [mine, theirs] = [here.snapshot(), await there.snapshot()]
    expect(encodeSnapshot(theirs)).toEqual(encodeSnapshot(mine))
    here.run({ instructions: 300_000 })
    const hash = here.hash()
    await there.run({ instructions: 5_000 })
    await there.restore(mine)
    await there.run({ instructions: 300_000 })
    expect(await there.hash()).toBe(hash)
    const third = await RemoteMachine.from(host(), theirs, coreWasm, 'off')
    open.push(third)
    await third.run({ instructions: 300_000 })
    expect(await third.hash()).toBe(hash)
  })

  it('calls breakpoint handlers as it does here, with the guest standing still', async () => {
    const trace = async (port: MachinePort | ReturnType<RemoteMachine['port']>): Promise<unknown> => {
      const seen: unknown[] = []
      // The timer's handler in smp.S, up to the fifth tick.
      const address = virtAddr(TIMER)
      const hold = await port.setBreakpoint(address, async ({ cpu }) => {
        const { rip, rsi } = await port.registers(cpu)
        const mix = await port.readPhysical(physAddr(0x3200), 8)
        const frame = await port.readVirtual(virtAddr((await port.registers(cpu)).rsp), 4, { cpu })
        seen.push({ cpu, rip, rsi, mix, frame, now: await port.capabilities.time() })
        return seen.length === 5 ? 'stop' : 'continue'
      })
      seen.push(await port.run({ instructions: 1_000_000 }))
      hold.dispose()
      seen.push(await port.run({ instructions: 50_000 }), await port.capabilities.time())
      return seen
    }
    const there = await trace((await remote(host())).port())
    expect(there).toEqual(await trace(new MachinePort(local())))
    expect((there as unknown[])[5]).toMatchObject({ reason: 'breakpoint', address: BigInt(TIMER) })
  })

  it('serves an agent as it does here', async () => {
    const talk = async (port: MachinePort | ReturnType<RemoteMachine['port']>): Promise<string> => {
      const agent = new AgentClient(port)
      await agent.connect()
      const text = await agent.read('seq 1 50 | wc; uname -r')
      agent.dispose()
      return text
    }
    const [here, there] = [local(guest), await remote(host(), guest)]
    expect(await talk(there.port())).toBe(await talk(new MachinePort(here)))
    expect(there.now).toBe(here.now)
    expect(await there.hash()).toBe(here.hash())
  })

  it('stops in mid-run when its signal turns, and goes on to the same state', async () => {
    const [here, there] = [local(), await remote(host())]
    const controller = new AbortController()
    const told: number[] = []
    const stop = await there.run({
      instructions: 1e12,
      signal: controller.signal,
      onProgress: ({ instructions, time }) => {
        expect(time).toBe(instructions)
        told.push(time)
        if (told.length === 2) controller.abort()
      },
    })
    expect(stop).toEqual({ reason: 'stop-request' })
    expect(told).toEqual([...new Set(told)].sort((a, b) => a - b))
    expect(there.now).toBeGreaterThanOrEqual(told.at(-1) as number)
    expect(there.now).toBeLessThan(1e11)
    await there.run({ instructions: 1_000_000 })
    here.run({ instructions: there.now })
    expect(await there.hash()).toBe(here.hash())
  })

  it('takes input and answers questions in mid-run, but no second run', async () => {
    const there = await remote(host())
    const order: string[] = []
    await there.run({ instructions: 200_000 })
    let output = ''
    const echoed = new Promise<void>((resolve) => {
      there.onConsole(({ bytes }) => {
        output += new TextDecoder().decode(bytes)
        if (output === 'abc') resolve()
      })
    })
    const running = there.run({ instructions: 1e12 }).then((stop) => {
      order.push('stopped')
      return stop
    })
    await there.sendConsole(0, typed('abc'))
    order.push('typed')
    expect((await there.snapshot()).time).toBeGreaterThan(200_000)
    order.push('looked')
    await expect(there.run()).rejects.toMatchObject({ code: 'GUEST_RUNNING' })
    await expect(there.step(0)).rejects.toMatchObject({ code: 'GUEST_RUNNING' })
    await echoed
    await there.requestStop()
    expect(await running).toEqual({ reason: 'stop-request' })
    expect(order).toEqual(['typed', 'looked', 'stopped'])
  })

  it('throws what functions of the caller throw, and goes on afterwards', async () => {
    const [here, there] = [local(), await remote(host())]
    const fail = () => {
      throw new Error('mine')
    }
    await expect(there.run({ instructions: 1e12, onProgress: fail })).rejects.toThrow('mine')
    await there.sendConsole(0, typed('a'))
    here.run({ instructions: there.now })
    here.sendConsole(0, typed('a'))
    await expect(there.run({ instructions: 1e12, until: fail })).rejects.toThrow('mine')
    expect(here.run({ until: () => true })).toEqual({ reason: 'output' })
    expect(there.now).toBe(here.now)
    await there.run({ instructions: 1000 })
    here.run({ instructions: 1000 })
    expect(await there.hash()).toBe(here.hash())
  })

  it('runs the same with and without its compiler', async () => {
    const hashes = []
    for (const jit of ['on', 'off'] as const) {
      const there = await remote(host(), { ...guest, jit })
      await there.run({ instructions: 3_000_000 })
      hashes.push(await there.hash())
    }
    expect(hashes[1]).toBe(hashes[0])
  })

  it('stops behind its port when asked', async () => {
    const port = (await remote(host())).port()
    const stops: StopReason[] = []
    port.onStop((stop) => stops.push(stop))
    const running = port.run()
    expect(port.state).toBe('running')
    await expect(port.registers(0)).rejects.toMatchObject({ code: 'GUEST_RUNNING' })
    await port.stop()
    expect(port.state).toBe('stopped')
    expect(await running).toEqual({ reason: 'stop-request' })
    expect(stops).toEqual([{ reason: 'stop-request' }])
    await expect(port.readPhysical(physAddr(2e9), 4)).rejects.toMatchObject({ code: 'GUEST_NO_MEMORY' })
  })

  it('that cannot be is refused or thrown as it is here', async () => {
    const bad = { ...rom, kernel: typed('not an image') }
    expect(await RemoteMachine.create(host(), bad)).toEqual(Machine.create(bad))
    const misuse = RemoteMachine.create(host(), { ...rom, vcpus: 99 })
    await expect(misuse).rejects.toMatchObject({ code: 'MACHINE_CONFIGURATION', hint: 'Use 1 to 16.' })
  })

  it('that was disposed says so, to calls under way and after', async () => {
    const there = await remote(host())
    const running = there.run()
    there.dispose()
    await expect(running).rejects.toMatchObject({ code: 'WORKER_ENDED' })
    await expect(there.hash()).rejects.toMatchObject({ code: 'WORKER_ENDED' })
  })
})

/** The handler of vector 20H, as the machine's own interrupt table says once the guest has set it up. */
const TIMER =
  (() => {
    const machine = local()
    machine.run({ instructions: 100_000 })
    const gate = new DataView((machine.readPhysical(0x1000 + 8 * 0x20, 8) as Uint8Array<ArrayBuffer>).buffer)
    return gate.getUint16(0, true) | (gate.getUint16(6, true) << 16)
  })() >>> 0
