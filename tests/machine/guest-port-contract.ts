// What every GuestPort promises, as one list of cases: run on the machine, on the machine on another thread, and on QEMU through its
// gdb stub. The guest is Scion 1.0 with two vCPUs, at its shell's prompt.

import { expect, it } from 'vitest'
import { encodeText, physAddr, type VirtAddr, virtAddr } from '../../src/base/index.js'
import { EVENT_CR3, EVENT_EXCEPTION } from '../../src/cpu/index.js'
import { loadedBytes } from '../../src/format/index.js'
import { findKernel, type KernelImage, type KernelView, readTasks, requireKernelImage } from '../../src/guest/index.js'
import { type GuestPort, requireCapability } from '../../src/machine/index.js'
import { read } from '../lab/images.js'

const PROMPT = '/ # '

/** Runs the shell's next command, or the boot, up to the prompt; what the console said. */
export async function toPrompt(port: GuestPort, line?: string): Promise<string> {
  if (line !== undefined) await port.sendConsole(0, encodeText(`${line}\n`))
  return toText(port, PROMPT)
}

/** Runs until the console has said `end`; what it said. */
async function toText(port: GuestPort, end: string): Promise<string> {
  let text = ''
  const stop = await port.run({
    instructions: 5e9,
    until: ({ channel, bytes }) => {
      if (channel === 0) text += String.fromCharCode(...bytes)
      return text.endsWith(end)
    },
  })
  expect(stop, text).toEqual({ reason: 'output' })
  return text
}

async function codeOf(action: Promise<unknown>): Promise<unknown> {
  return action.then(
    () => 'no error',
    (thrown: { code?: unknown }) => thrown.code,
  )
}

/** Declares the cases; `port()` is asked in each, for a guest that stands at its prompt. */
export function guestPortContract(port: () => GuestPort): void {
  const image: KernelImage = requireKernelImage(read('images/built/scion-1.0.elf'), 'scion-1.0')
  const kernel = async (): Promise<KernelView> => {
    const found = await findKernel(port(), [image])
    if (found === undefined) throw new Error('no kernel')
    return found
  }
  const address = (name: string): VirtAddr => image.symbol(name)?.address ?? virtAddr(0)
  /** `uname` calls it once. */
  const CALLED = '__x64_sys_uname'

  it('finds the kernel and its tasks in the memory', async () => {
    const view = await kernel()
    const tasks = await readTasks(view)
    expect(tasks.find((task) => task.pid === 1)?.comm).toBe('init')
    expect(await view.read(address('linux_banner'), 13)).toEqual(loadedBytes(image.elf, address('linux_banner'), 13))
  })

  it('translates by the tables of a vCPU as by its CR3, and reads through both what lies in the frame', async () => {
    const { cr3, rip } = await port().registers(0)
    const frame = await port().translate(rip, { cpu: 0 })
    expect(frame).toBeDefined()
    expect(await port().translate(rip, { cr3 })).toBe(frame)
    const bytes = await port().readPhysical(frame ?? physAddr(0), 16)
    expect(await port().readVirtual(rip, 16, { cpu: 0 })).toEqual(bytes)
    expect(await port().readVirtual(rip, 16, { cr3 })).toEqual(bytes)
  })

  it('reads across pages that are not neighbours, of any length', async () => {
    const view = await kernel()
    const from = address('__start_rodata') + 4090n
    expect(await view.read(from, 9000)).toEqual(loadedBytes(image.elf, from, 9000))
    expect(await view.read(from, 0)).toEqual(new Uint8Array(0))
  })

  it('names what is not there: no mapping, no memory, no vCPU', async () => {
    const { cr3 } = await port().registers(0)
    const nowhere = virtAddr(0xffff_f000_0000_0000n)
    expect(await port().translate(nowhere, { cr3 })).toBeUndefined()
    expect(await codeOf(port().readVirtual(nowhere, 4, { cr3 }))).toBe('GUEST_NOT_MAPPED')
    expect(await codeOf(port().readVirtual(nowhere, 4, { cpu: 0 }))).toBe('GUEST_NOT_MAPPED')
    expect(await codeOf(port().readPhysical(physAddr(0x8000_0000), 4))).toBe('GUEST_NO_MEMORY')
    expect(await codeOf(port().registers(2))).toBe('GUEST_NO_CPU')
    expect(await codeOf(port().activity(-1))).toBe('GUEST_NO_CPU')
  })

  it('calls every handler of a breakpoint in order, before the instruction, with the guest stopped', async () => {
    const seen: unknown[] = []
    const place = address(CALLED)
    const holds = [
      await port().setBreakpoint(place, async ({ cpu, address: at }) => {
        const { rip, cpl } = await port().registers(cpu)
        seen.push(['first', port().state, rip === at, cpl])
        return 'continue' as const
      }),
      await port().setBreakpoint(place, async () => {
        seen.push(['second', await codeOf(port().run())])
        return 'continue' as const
      }),
    ]
    expect(await toPrompt(port(), 'uname -r')).toContain('1.0')
    expect(seen).toEqual([
      ['first', 'stopped', true, 0],
      ['second', 'GUEST_RUNNING'],
    ])
    for (const hold of holds) hold.dispose()
    await toPrompt(port(), 'uname -r')
    expect(seen.length).toBe(2)
  })

  it('stops where a handler says so, and goes on from there', async () => {
    const place = address(CALLED)
    const hold = await port().setBreakpoint(place)
    await port().sendConsole(0, encodeText('uname\n'))
    const stop = await port().run({ instructions: 5e9 })
    expect(stop).toMatchObject({ reason: 'breakpoint', address: place })
    hold.dispose()
    if (stop.reason !== 'breakpoint') return
    expect((await port().registers(stop.cpu)).rip).toBe(place)
    await toPrompt(port())
  })

  it('steps one vCPU while the others stand still', async () => {
    const hold = await port().setBreakpoint(address(CALLED))
    await port().sendConsole(0, encodeText('uname\n'))
    const stop = await port().run({ instructions: 5e9 })
    hold.dispose()
    if (stop.reason !== 'breakpoint') throw new Error(stop.reason)
    const other = 1 - stop.cpu
    const still = await port().registers(other)
    expect(await port().step(stop.cpu)).toEqual({ reason: 'step', cpu: stop.cpu })
    const { rip } = await port().registers(stop.cpu)
    expect(rip).not.toBe(stop.address)
    expect(image.functionAt(rip)?.symbol.name).toBe(CALLED)
    expect(await port().registers(other)).toEqual(still)
    await toPrompt(port())
  })

  it('cannot be looked into while it runs, and stops when asked', async () => {
    await port().sendConsole(0, encodeText(`sh -c 'echo spinning; while true; do true; done'\n`))
    await toText(port(), '\nspinning\r\n')
    const stopped: unknown[] = []
    const hold = port().onStop((reason) => stopped.push(reason))
    const running = port().run({ instructions: 50e9 })
    expect(port().state).toBe('running')
    expect(await codeOf(port().registers(0))).toBe('GUEST_RUNNING')
    await port().stop()
    expect(await running).toEqual({ reason: 'stop-request' })
    expect(port().state).toBe('stopped')
    expect(stopped).toEqual([{ reason: 'stop-request' }])
    hold.dispose()
    await port().sendConsole(0, Uint8Array.of(3)) // Ctrl-C
    await toPrompt(port())
  })

  it('counts what each vCPU retires, or says that it cannot', async () => {
    const { retired, time } = port().capabilities
    if (retired === undefined || time === undefined) {
      expect(() => requireCapability(port(), 'retired')).toThrow("cannot tell 'retired'")
      return
    }
    const both = async (): Promise<number[]> => [await retired(0), await retired(1)]
    const [zero, one] = (await both()) as [number, number]
    expect(zero + one).toBeLessThanOrEqual(await time())
    const hold = await port().setBreakpoint(address(CALLED))
    await port().sendConsole(0, encodeText('uname\n'))
    const stop = await port().run({ instructions: 5e9 })
    hold.dispose()
    if (stop.reason !== 'breakpoint') throw new Error(stop.reason)
    const before = await both()
    await port().step(stop.cpu, 3)
    expect(await both()).toEqual(before.map((count, cpu) => (cpu === stop.cpu ? count + 3 : count)))
    await toPrompt(port())
    expect(await codeOf(retired(2))).toBe('GUEST_NO_CPU')
  })

  it('keeps the subscriptions to events apart, or says that it has none', async () => {
    const { coreEvents } = port().capabilities
    if (coreEvents === undefined) {
      expect(() => requireCapability(port(), 'coreEvents')).toThrow("cannot tell 'coreEvents'")
      return
    }
    const kinds: [Set<number>, Set<number>, Set<number>] = [new Set(), new Set(), new Set()]
    const modes: number[] = []
    const holds = [
      await coreEvents(EVENT_CR3, ({ kind }) => kinds[0].add(kind)),
      await coreEvents(EVENT_EXCEPTION, ({ kind }) => kinds[1].add(kind)),
      await coreEvents(EVENT_CR3 | EVENT_EXCEPTION, ({ kind }) => kinds[2].add(kind)),
      await requireCapability(port(), 'modeChanges')(({ to }) => modes.push(to)),
    ]
    await toPrompt(port(), 'ls /')
    expect(kinds).toEqual([new Set([EVENT_CR3]), new Set([EVENT_EXCEPTION]), new Set([EVENT_CR3, EVENT_EXCEPTION])])
    expect(new Set(modes)).toEqual(new Set([0, 3]))
    // The end of one silences no other.
    for (const index of [2, 1, 3]) holds[index]?.dispose()
    kinds[0].clear()
    kinds[1].clear()
    await toPrompt(port(), 'ls /')
    expect(kinds.slice(0, 2)).toEqual([new Set([EVENT_CR3]), new Set()])
    holds[0]?.dispose()
  })
}
