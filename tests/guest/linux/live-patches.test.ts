// A live patch in a kernel that nobody here built, made by the distribution's own tools: what the host reads of it through the port is
// what the guest says of itself. About 15 s.

import { beforeAll, expect, it } from 'vitest'
import { type LinuxView, type LivePatch, readLivePatches, readStragglers } from '../../../src/guest/index.js'
import type { MachinePort } from '../../../src/machine/index.js'
import { readEntryState } from '../../../src/patch/index.js'
import { needs } from '../../needs.js'
import { buildModule, busyboxInitrd, bzImage, debianMachine, linux, until, vmlinux } from './debian.js'

const SCRIPT = `mount -t proc p /proc
mount -t sysfs s /sys
mount -t devtmpfs d /dev
sleep 1000 &
echo READY
exec sh
`
const NAME = 'cmdline_patch'
const PATCHED = 'cmdline_proc_show'
const FILES = `/sys/kernel/livepatch/${NAME}`

needs(
  'debian-kernel',
  'debian-headers',
  'busybox-static',
  'lz4',
)("a live patch in Debian's kernel", () => {
  let port: MachinePort
  let kernel: LinuxView
  beforeAll(async () => {
    const initrd = busyboxInitrd(SCRIPT, { [`${NAME}.ko`]: buildModule(NAME) })
    port = debianMachine(vmlinux(bzImage()), initrd)
    await until(port, 'READY')
    kernel = await linux(port)
  })

  /** What a command says. */
  async function ask(command: string): Promise<string> {
    const text = await until(port, '<end>', `echo "<"begin">"; ${command}; echo "<"end">"\n`)
    return (/<begin>\r\n([\s\S]*)<end>/.exec(text)?.[1] ?? '').replaceAll('\r', '').trim()
  }

  async function entry(): Promise<{ state: string; bytes: Uint8Array }> {
    const place = kernel.address(PATCHED)
    const bytes = await kernel.read(place, 5)
    // The same bytes by the frame that they lie in.
    const frame = await port.translate(place, { cpu: 0 })
    if (frame === undefined) throw new Error('the entry is not mapped')
    expect(await port.readPhysical(frame, 5)).toEqual(bytes)
    return { state: readEntryState(bytes, place).state, bytes }
  }

  it('is there with name, state, functions and entry from its first task to its last, and is gone behind it', async () => {
    expect(await readLivePatches(kernel)).toEqual([])
    const rest = await entry()
    expect(rest.state).toBe('at-rest')
    const bootLine = await ask('cat /proc/cmdline')
    expect(bootLine).toContain('console=ttyS0')

    // On its way in: the entry leads away already, and no task has to have switched.
    let under: LivePatch[] = []
    let stragglers = 0
    const hold = await port.setBreakpoint(kernel.address('klp_try_complete_transition'), async ({ cpu }) => {
      if (under.length > 0) return 'continue' as const
      const here = await kernel.on(cpu)
      under = await readLivePatches(here)
      stragglers = (await readStragglers(here)).length
      expect((await entry()).state).toBe('call')
      return 'continue' as const
    })
    expect(await ask(`insmod /bin/${NAME}.ko`)).toBe('')
    hold.dispose()
    const functions = [
      {
        object: 'vmlinux',
        name: PATCHED,
        oldAddress: kernel.address(PATCHED),
        oldSize: BigInt(kernel.image.symbol(PATCHED)!.size),
        newAddress: expect.any(BigInt),
      },
    ]
    const state = (patched: boolean, inTransition: boolean) =>
      functions.map((one) => ({ ...one, patched, inTransition }))
    expect(under).toEqual([{ name: NAME, enabled: true, inTransition: true, functions: state(true, true) }])
    expect(stragglers).toBeGreaterThan(20)

    // In.
    expect(await ask(`while grep -q 1 ${FILES}/transition; do sleep 0.1; done`)).toBe('')
    const [patch] = await readLivePatches(kernel)
    expect(patch).toEqual({ name: NAME, enabled: true, inTransition: false, functions: state(true, false) })
    expect(await ask(`cat ${FILES}/enabled ${FILES}/transition; ls ${FILES}/vmlinux`)).toMatch(
      new RegExp(`^1\\s+0\\s[\\s\\S]*\\b${PATCHED},1`),
    )
    const symbols = await ask(`grep -w patched_${PATCHED} /proc/kallsyms`)
    expect(BigInt(`0x${symbols.split(' ')[0]}`)).toBe(patch?.functions[0]?.newAddress)
    expect(symbols).toContain(`[${NAME}]`)
    expect(await ask('cat /proc/cmdline')).toBe('patched')
    expect((await entry()).state).toBe('call')

    // Out again.
    await ask(`echo 0 >${FILES}/enabled; while [ -d ${FILES} ]; do sleep 0.1; done`)
    expect(await readLivePatches(kernel)).toEqual([])
    expect(await ask('cat /proc/cmdline')).toBe(bootLine)
    expect(await entry()).toEqual(rest)
  })
})
