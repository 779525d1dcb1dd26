// A kernel that nobody here built, known by its own memory: Debian's cloud kernel on our machine, and, unpacked by itself and moved by
// KASLR, on QEMU. About 30 s.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findSection, parseBtf, parseElf, sectionBytes } from '../../../src/format/index.js'
import { type LinuxView, readLivePatches, readLog, readStack, readTasks, type Task } from '../../../src/guest/index.js'
import type { MachinePort } from '../../../src/machine/index.js'
import { type QemuGuest, startQemu } from '../../../src/node/index.js'
import { readEntryState } from '../../../src/patch/index.js'
import { debianKernelPath, needs } from '../../needs.js'
import { busyboxInitrd, bzImage, debianMachine, linux, until, vmlinux } from './debian.js'

const SCRIPT = `mount -t proc p /proc
mount -t sysfs s /sys
mount -t tracefs t /sys/kernel/tracing
mount -t devtmpfs d /dev
echo a line of the test >/dev/kmsg
sleep 1000 &
sleep 1
echo READY
exec sh
`
/** Traced by ftrace when the test says so. */
const TRACED = 'cmdline_proc_show'

async function named(kernel: LinuxView, comm: string): Promise<Task> {
  const task = (await readTasks(kernel)).find((one) => one.comm === comm)
  if (task === undefined) throw new Error(`no task '${comm}'`)
  return task
}

needs(
  'debian-kernel',
  'busybox-static',
  'lz4',
)("Debian's kernel on our machine", () => {
  let port: MachinePort
  let image: Uint8Array
  let kernel: LinuxView
  beforeAll(async () => {
    image = vmlinux(bzImage())
    port = debianMachine(image, busyboxInitrd(SCRIPT))
    await until(port, 'READY')
    kernel = await linux(port)
  })

  it('is found with symbols and types that are those of its image', () => {
    const parsed = parseElf(image)
    if (!parsed.ok) throw new Error(parsed.message)
    const section = findSection(parsed.value, '.BTF')
    const btf = parseBtf(section === undefined ? new Uint8Array(0) : sectionBytes(parsed.value, section))
    if (!btf.ok) throw new Error(btf.message)
    expect(kernel.image.release).toMatch(/^\d+\.\d+\.\d+-.*cloud-amd64$/)
    expect(kernel.image.btf.types.length).toBe(btf.value.types.length)
    expect(kernel.field('task_struct', 'comm')).toEqual(btf.value.field('task_struct', 'comm'))
    expect(kernel.address('_stext')).toBe(parsed.value.segments[0]?.virtualAddress)
    expect(kernel.functionAt(kernel.address('schedule') + 5n)).toMatchObject({
      symbol: { name: 'schedule' },
      offset: 5,
    })
  })

  it('lists its tasks with stacks that lead from schedule() to where the task came in', async () => {
    const sleep = await readStack(kernel, await named(kernel, 'sleep'))
    expect(sleep.where).toBe('asleep')
    expect(sleep.complete).toBe(true)
    const functions = sleep.calls.map((call) => call.replace(/\+.*/, ''))
    expect(functions.slice(0, 2)).toEqual(['__schedule', 'schedule'])
    expect(functions).toContain('hrtimer_nanosleep')
    expect(functions.at(-1)).toBe('entry_SYSCALL_64_after_hwframe')
    const tasks = await readTasks(kernel)
    expect(tasks.length).toBeGreaterThan(20)
    for (const task of tasks) {
      const { where, complete, calls } = await readStack(kernel, task)
      if (where === 'asleep') expect([task.comm, complete], calls.join(' < ')).toEqual([task.comm, true])
    }
  })

  it('shows its log, with what a program wrote into it', async () => {
    const log = await readLog(kernel)
    expect(log[0]?.text).toContain(`Linux version ${kernel.image.release}`)
    expect(log.map((one) => one.text)).toContain('a line of the test')
    expect(log.map((one) => one.seq)).toEqual(log.map((_, index) => (log[0]?.seq ?? 0n) + BigInt(index)))
  })

  it('shows the entry of a function before and after ftrace has patched it', async () => {
    const place = kernel.address(TRACED)
    const entry = async () => readEntryState(await kernel.read(place, 5), place)
    expect(await readLivePatches(kernel)).toEqual([])
    expect((await entry()).state).toBe('at-rest')
    const tracing = '/sys/kernel/tracing'
    const commands = `echo ${TRACED} >${tracing}/set_ftrace_filter; echo function >${tracing}/current_tracer; echo D""ONE\n`
    await until(port, 'DONE', commands)
    expect((await entry()).state).toBe('call')
  })
})

needs(
  'debian-kernel',
  'busybox-static',
  'qemu-system-x86_64',
)("Debian's kernel under KASLR on QEMU", () => {
  const folder = mkdtempSync(join(tmpdir(), 'transplant-debian-'))
  let guest: QemuGuest
  beforeAll(async () => {
    const initrd = join(folder, 'initrd.cpio')
    writeFileSync(initrd, busyboxInitrd(SCRIPT))
    const append = 'console=ttyS0 quiet'
    guest = await startQemu({ kernel: debianKernelPath() ?? '', initrd, append, memoryMiB: 256 })
    await until(guest.port, 'READY')
  })
  afterAll(() => {
    guest.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('is found where it was moved to, with its tasks, stacks and log', async () => {
    const kernel = await linux(guest.port)
    expect(kernel.image.info.kernelOffset).toBeGreaterThan(0n)
    expect(kernel.address('_stext') - kernel.image.info.kernelOffset).toBe(0xffff_ffff_8100_0000n)
    const { calls, complete } = await readStack(kernel, await named(kernel, 'sleep'))
    expect([complete, calls[0]?.replace(/\+.*/, '')]).toEqual([true, '__schedule'])
    expect((await readLog(kernel)).map((one) => one.text)).toContain('a line of the test')
  })
})
