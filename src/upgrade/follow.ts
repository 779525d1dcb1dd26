// Changes the kernel of a running guest and verifies it from outside.
//
//   old kernel: kexec -l, kexec -e ... liveupdate_mark_frozen    <- first look: all processes, all vCPUs
//   stub between the kernels
//   new kernel: ... liveupdate_mark_resume                       <- second look: the same processes
//
// 1. Both looks read guest memory through GuestPort with the machine standing still. In between only core events (the
//    privilege level of a vCPU) and writes to devices are counted; nothing is written.
// 2. A refusal is an ordinary result: kexec's status and message, the kernel's messages, no switch. Whether the guest then
//    goes on as if nothing had been asked is for the caller to try.
// 3. The new kernel's symbols are those of the image that was given; it runs in the arena that the old one does not use.

import { type Disposable, formatAddress } from '../base/index.js'
import {
  type AgentClient,
  type Arena,
  arenaOf,
  type KernelImage,
  readTasks,
  readUserRegisters,
  type ScionView,
  scionIn,
  type UserRegisters,
} from '../guest/index.js'
import { type BreakpointAction, type GuestPort, requireCapability } from '../machine/index.js'
import { DeviceCounter, ModeWatch } from './between.js'
import { readHandover } from './handover.js'
import type { UpgradeReport } from './report.js'
import { compareProcesses, DIFFERENCES_SHOWN, type ProcessSnapshot, snapshotProcesses } from './verify.js'

/** The kernel to change to, and the processes to follow. */
export interface UpgradeTarget {
  /** Where the next kernel's image lies in the guest. */
  readonly path: string
  /** The same image, for its symbols; without it the guest is asked, and a switch cannot be observed. */
  readonly image: KernelImage | undefined
  /** Processes whose open files are compared through /proc. */
  readonly pids?: readonly number[]
}

const FROZEN = 'liveupdate_mark_frozen'
const RESUME = 'liveupdate_mark_resume'
const SYS_REBOOT = 169n

interface Look {
  readonly time: number
  readonly processes: readonly ProcessSnapshot[]
  readonly registers: ReadonlyMap<number, UserRegisters>
}

/**
 * Changes the kernel of a guest and follows what the guest does; an image that the guest refuses is a report too. Throws
 * GUEST_NO_CAPABILITY at a port that cannot tell time and writes to devices, and what `AgentClient.exec` throws.
 */
export async function observeUpgrade(
  { agent }: { readonly agent: AgentClient },
  old: ScionView,
  target: UpgradeTarget,
): Promise<UpgradeReport> {
  const { port, console } = agent
  const firstLine = console.lines.length
  const from = (await agent.read('uname -r')).trim()
  const filesBefore = await readOpenFiles(agent, target.pids ?? [])
  const load = await agent.exec(`kexec -l ${target.path}`)
  const other: Arena = arenaOf(old) === 'A' ? 'B' : 'A'

  let before: (Look & { readonly privilege: readonly number[]; readonly lastUser: number | undefined }) | undefined
  let after: Look | undefined
  let go = load
  const between = new DeviceCounter()
  if (load.status === 0) {
    const modes = new ModeWatch()
    const holds: Disposable[] = [modes, between]
    await modes.start(port)
    holds.push(
      await port.setBreakpoint(old.address(FROZEN), async ({ cpu }): Promise<BreakpointAction> => {
        const registers = await Promise.all(Array.from({ length: port.vcpus }, (_, index) => port.registers(index)))
        before = {
          ...(await look(await old.on(cpu))),
          privilege: registers.map((one) => one.cpl),
          lastUser: modes.lastLeave,
        }
        modes.userEntries = 0
        await between.start(port)
        return 'continue'
      }),
    )
    if (target.image?.symbol(RESUME) !== undefined) {
      const place = scionIn(port, target.image, other, old.cr3)
      holds.push(
        await port.setBreakpoint(place.address(RESUME), async ({ cpu }): Promise<BreakpointAction> => {
          if (before === undefined || after !== undefined) return 'continue'
          between.dispose()
          modes.resumed()
          after = await look(await place.on(cpu))
          return 'continue'
        }),
      )
    }
    try {
      go = await agent.exec('kexec -e')
    } finally {
      for (const hold of holds) hold.dispose()
    }
    if (before !== undefined && after !== undefined) {
      return finish(agent, { before, after, modes, between, from, filesBefore, firstLine, target, go, old, other })
    }
  }
  return {
    status: go.status,
    error: go.stderr.trim(),
    from,
    to: (await agent.read('uname -r')).trim(),
    arenas: { from: arenaOf(old), to: undefined },
    switch: undefined,
    processes: [],
    missing: [],
    devices: between.counts,
    ...(await handoverOf(agent.port, old.image)),
    ledger: [],
    filesChanged: [],
    filesCompared: 0,
    messages: console.messages(firstLine).map((message) => message.text),
  }
}

interface Observed {
  readonly before: Look & { readonly privilege: readonly number[]; readonly lastUser: number | undefined }
  readonly after: Look
  readonly modes: ModeWatch
  readonly between: DeviceCounter
  readonly from: string
  readonly filesBefore: ReadonlyMap<number, string>
  readonly firstLine: number
  readonly target: UpgradeTarget
  readonly go: { readonly status: number; readonly stderr: string }
  readonly old: ScionView
  readonly other: Arena
}

async function finish(agent: AgentClient, observed: Observed): Promise<UpgradeReport> {
  const { before, after, modes, between, go } = observed
  const { console } = agent
  const verdict = compareProcesses(before.processes, after.processes)
  const filesAfter = await readOpenFiles(agent, [...observed.filesBefore.keys()])
  const files = [...observed.filesBefore].filter(([pid, text]) => filesAfter.get(pid) !== text)
  const ledger = await agent.exec('cat /sys/kernel/liveupdate/ledger')
  return {
    status: go.status,
    error: go.stderr.trim(),
    from: observed.from,
    to: (await agent.read('uname -r')).trim(),
    arenas: { from: arenaOf(observed.old), to: observed.other },
    switch: {
      frozen: before.time,
      resumed: after.time,
      instructions: after.time - before.time,
      privilege: before.privilege,
      userEntries: modes.userEntriesBefore,
      userStopped:
        before.lastUser === undefined || modes.firstEntry === undefined
          ? undefined
          : modes.firstEntry - before.lastUser,
    },
    processes: verdict.processes.map((one) => ({
      ...one,
      differences: [...one.differences, ...registerDifferences(before, after, one.pid)].slice(0, DIFFERENCES_SHOWN),
      registersChanged: registerDifferences(before, after, one.pid).length,
    })),
    missing: verdict.missing,
    devices: between.counts,
    ...(await handoverOf(agent.port, observed.old.image)),
    ledger: ledger.stdout.split('\n').filter((line) => line.trim() !== ''),
    filesChanged: files.map(([pid, text]) => `pid ${pid}: was ${text.trim()}, is ${filesAfter.get(pid)?.trim()}`),
    filesCompared: observed.filesBefore.size,
    messages: console.messages(observed.firstLine).map((message) => message.text),
  }
}

async function look(kernel: ScionView): Promise<Look> {
  const registers = new Map<number, UserRegisters>()
  for (const task of await readTasks(kernel)) {
    if (task.pgd !== undefined) registers.set(task.pid, await readUserRegisters(kernel, task.address))
  }
  return { time: await requireCapability(kernel.port, 'time')(), processes: await snapshotProcesses(kernel), registers }
}

/** The one register that has to change: reboot(), in the program that asked, returns. */
function registerDifferences(before: Look, after: Look, pid: number): string[] {
  const now = after.registers.get(pid)
  const asked = before.registers.get(pid)?.get('orig_ax') === SYS_REBOOT
  return [...(before.registers.get(pid) ?? [])].flatMap(([name, value]) => {
    const other = now?.get(name)
    if (asked && name === 'ax' && other === 0n) return []
    return other === value
      ? []
      : [`${name} was ${formatAddress(value)}, is ${other === undefined ? 'gone' : formatAddress(other)}`]
  })
}

async function readOpenFiles(agent: AgentClient, pids: readonly number[]): Promise<Map<number, string>> {
  const files = new Map<number, string>()
  for (const pid of pids) {
    const { status, stdout } = await agent.exec(`ls -l /proc/${pid}/fd`)
    if (status === 0) files.set(pid, stdout)
  }
  return files
}

/** Only a page that is not there is none: one that the image's contract does not know is told, not passed over. */
async function handoverOf(
  port: GuestPort,
  image: KernelImage,
): Promise<Pick<UpgradeReport, 'handover' | 'handoverUnread'>> {
  const root = await readHandover(port, image)
  if (!root.ok) {
    const { code, message, hint } = root
    return { handover: undefined, handoverUnread: code === 'no-handover' ? undefined : { code, message, hint } }
  }
  const { number, status, refusal, preservedFrames, components } = root.value
  const records = components.map(({ compatible, count, bytes }) => ({ name: compatible, records: count, bytes }))
  return {
    handover: { number, status, refusal, preservedFrames, components: records },
    handoverUnread: undefined,
  }
}
