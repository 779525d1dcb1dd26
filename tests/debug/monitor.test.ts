// The monitor's answers are what the machine holds, and a question that makes no sense is answered by what is wrong with it.
import { expect, it } from 'vitest'
import { askMonitor, type MonitorView } from '../../src/debug/index.js'
import { findKernel, readKernelImage } from '../../src/guest/index.js'
import { MachinePort } from '../../src/machine/index.js'
import { read } from '../lab/images.js'
import { standingMachine } from './stub-session.js'

async function monitor() {
  const machine = await standingMachine()
  const image = readKernelImage(read('images/built/scion-1.0.elf'))
  if (!image.ok) throw new Error(image.message)
  const port = new MachinePort(machine)
  const view: MonitorView = { port, cpu: 0, kernel: () => findKernel(port, [image.value]) }
  return { machine, ask: (line: string) => askMonitor(view, line), symbol: (name: string) => image.value.symbol(name) }
}

it('shows registers, vCPUs and tasks, and changes nothing', async () => {
  const { machine, ask } = await monitor()
  const before = machine.hash()
  const { rip, cr3 } = machine.registers(0)
  expect(await ask('info registers')).toContain(`RIP=${rip.toString(16)}`)
  expect((await ask('info registers -a')).match(/^vCPU \d$/gm)).toEqual(['vCPU 0', 'vCPU 1'])
  expect(await ask('info cpus')).toMatch(
    /^\* vCPU 0: (?:halted|running) at 0xffffffff[0-9a-f]+ <\w+\+0x[0-9a-f]+>, CR3 0x/,
  )
  expect(await ask('info cpus')).toContain(`CR3 0x${cr3.toString(16)}`)
  expect(await ask('info tasks')).toMatch(/^ +1 +1 +-1 +0x[0-9a-f]{16} +init$/m)
  expect(await ask('info patches')).toBe('no live patch is loaded\n')
  expect(await ask('cpu 1')).toBe('')
  expect(await ask('info cpus')).toMatch(/^ {2}vCPU 0:.*\n\* vCPU 1:/)
  expect(machine.hash()).toBe(before)
})

it('shows memory in every format, by number, register and symbol, up to where it ends', async () => {
  const { machine, ask, symbol } = await monitor()
  const banner = symbol('linux_banner')?.address ?? 0n
  const physical = machine.translate(0, banner as never) ?? 0
  expect(await ask('x /5cb linux_banner')).toContain("'S' 'c' 'i' 'o' 'n'")
  expect(await ask(`x /xw 0x${banner.toString(16)}`)).toContain(': 0x6f696353')
  expect(await ask(`xp /2dh ${physical}`)).toContain(': 25427 28521')
  expect(await ask('x /xg linux_banner+1')).toMatch(/: 0x[0-9a-f]{14}63$/m)
  expect((await ask('x /3i schedule')).split('\n')).toHaveLength(4)
  expect(await ask('x /3i $rip')).toContain(machine.registers(0).rip.toString(16))
  expect(await ask('x /xw 0x1234567890')).toMatch(/^Nothing is mapped at 0x1234567890\./)
  expect(await ask('xp /xw 0xfff0000000')).toMatch(/^There is no memory/)
})

it('shows what is mapped: the text is executable and not writable', async () => {
  const { ask, symbol } = await monitor()
  const text = symbol('schedule')?.address ?? 0n
  const ranges = (await ask('info mem')).trimEnd().split('\n')
  const holds = ranges.filter((line) => {
    const [from = 0n, to = 0n] = line
      .split(/[- ]/)
      .slice(0, 2)
      .map((word) => BigInt(`0x${word}`))
    return from <= text && text < to
  })
  expect(holds).toHaveLength(1)
  expect(holds[0]).toMatch(/ -r-x$/)
  expect(await ask('info tlb')).toMatch(/^[0-9a-f]{16}: [0-9a-f]{16} [-u]r[-w][-x]$/m)
})

it('says what is wrong with a question', async () => {
  const { ask } = await monitor()
  expect(await ask('help')).toContain('info registers [-a]')
  expect(await ask('')).toContain('info registers [-a]')
  for (const [line, why] of [
    ['nonsense', "The monitor has no 'nonsense'."],
    ['cpu 7', "There is no vCPU '7': 0 to 1."],
    ['x /3q 0', 'x /8xw ADDRESS'],
    ['x', 'x /8xw ADDRESS'],
    ['x /x nowhere', "'nowhere' is no address"],
    ['info registers -b', "'-b' is no option"],
  ] as const) {
    expect(await ask(line)).toContain(why)
  }
})
