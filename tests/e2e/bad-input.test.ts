// What bad input gets inside the guest: patch modules and next kernels that must be refused. Each refusal has a message that
// names what is wrong, and each is followed by proof that the guest goes on: a program that has been at work all the time,
// commands, and in the end a good module and a good kernel, which the same guest takes.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeText, physAddr, readU32, writeU32 } from '../../src/base/index.js'
import { concatenateCpio, parseElf, writeCpio } from '../../src/format/index.js'
import {
  type MachineSession,
  readLayout,
  requireField,
  requireKernelImage,
  type StartedCommand,
} from '../../src/guest/index.js'
import { createDisassembler } from '../../src/isa/index.js'
import { withDemoFiles } from '../../src/lab/index.js'
import { checkPatch, observePatch, patchTarget, readKernelFacts } from '../../src/patch/index.js'
import { observeUpgrade } from '../../src/upgrade/index.js'
import { bootGuest, read } from '../lab/images.js'

/** A copy in which each `from`, standing behind a NUL or a '=', is `to`: same length, or shorter with NULs behind. */
function replaceText(bytes: Uint8Array, from: string, to: string): Uint8Array {
  const copy = bytes.slice()
  const wanted = encodeText(from)
  const given = encodeText(to.padEnd(from.length, '\0'))
  let times = 0
  for (let at = 1; at + wanted.length <= copy.length; at++) {
    if (!wanted.every((byte, index) => copy[at + index] === byte)) continue
    if (/\w/.test(String.fromCharCode(copy[at - 1] as number)) && !/^[0-9a-f]{40}$/.test(from)) continue
    copy.set(given, at)
    times++
  }
  if (times === 0) throw new Error(`there is no '${from}' in the file`)
  return copy
}

/** A copy whose first relocation of .text has a type that no kernel knows. */
function withUnknownRelocation(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice()
  const parsed = parseElf(copy)
  if (!parsed.ok) throw new Error(parsed.message)
  const section = parsed.value.sections.find((one) => one.name === '.rela.text')
  if (section === undefined) throw new Error('no .rela.text')
  writeU32(copy, section.offset + 8, 42)
  return copy
}

async function proveItGoesOn(session: MachineSession, atWork: StartedCommand): Promise<void> {
  expect(atWork.result).toBeUndefined()
  expect(await session.agent.read('echo $((6 * 7)); uname -r')).toMatch(/^42\n1\.0\n$/)
  expect(session.console.panic).toBeUndefined()
  expect(session.console.lines.filter((line) => /BUG:|Oops|WARNING:/.test(line.text))).toEqual([])
}

describe('a patch module that must be refused', () => {
  const kernel = read('images/built/scion-1.0.elf')
  const good = read('images/built/patches/livepatch-sample.ko')
  const facts = readKernelFacts(kernel)
  if (!facts.ok) throw new Error(facts.message)
  const otherId = facts.value.buildId.replace(/^./, (digit) => (digit === '0' ? '1' : '0'))
  let session: MachineSession
  let atWork: StartedCommand

  beforeAll(async () => {
    session = await bootGuest()
    atWork = await session.agent.start('counter 100000 1000 5 >/tmp/counter')
  })
  afterAll(() => session.dispose())

  it.each([
    ['not an ELF', encodeText('no module\n'), 'not-an-elf', /Invalid module format/, /ELF/],
    ['truncated', good.slice(0, good.length / 2), 'truncated', /Invalid module format/, /truncated/],
    ['empty', new Uint8Array(0), 'not-an-elf', /Invalid module format/, /./],
    [
      'built for another build-id',
      replaceText(good, facts.value.buildId, otherId),
      'other-build',
      /./,
      /version magic/,
    ],
    [
      'of a function that is not there',
      replaceText(good, 'cmdline_proc_show', 'cmdline_proc_shoo'),
      'unknown-function',
      /./,
      /cmdline_proc_shoo/,
    ],
    [
      'of a function that cannot be patched',
      replaceText(good, 'cmdline_proc_show', 'sync_core'),
      'not-patchable',
      /./,
      /sync_core/,
    ],
    [
      'with an unknown relocation',
      withUnknownRelocation(good),
      'unknown-relocation',
      /Invalid module format/,
      /relocation.*42/,
    ],
  ])('%s', async (name, module, code, error, message) => {
    const checked = checkPatch(module, facts.value)
    expect(checked.ok ? 'accepted' : checked.code).toBe(code)
    if (!checked.ok) expect(checked.message.length).toBeGreaterThan(20)

    const path = `/tmp/${name.replaceAll(' ', '-')}.ko`
    const firstLine = session.console.lines.length
    await session.agent.put(path, module)
    const insmod = await session.agent.exec(`insmod ${path}`)
    expect(insmod.status).toBe(1)
    expect(insmod.stderr).toMatch(error)
    if (module.length > 0) {
      const messages = session.console.messages(firstLine).map((one) => one.text)
      expect(messages.join('\n')).toMatch(message)
    }
    expect(await session.agent.read('ls /sys/kernel/livepatch; cat /proc/modules')).toBe('')
    await proveItGoesOn(session, atWork)
  })

  it('leaves a guest that takes a good one', async () => {
    await session.agent.put('/tmp/good.ko', good)
    const report = await observePatch(
      session,
      await session.kernel([requireKernelImage(kernel, 'the kernel')]),
      patchTarget(good, kernel, '/tmp/good.ko', 'cat /proc/cmdline'),
      await createDisassembler(),
    )
    expect(report).toMatchObject({ status: 0, enabled: '1', inTransition: '0' })
    expect(report.behaviour.after).toContain('live patched')
    await proveItGoesOn(session, atWork)
  })
})

describe('a next kernel that must be refused', () => {
  const kernel = read('images/built/scion-1.0.elf')
  const next = read('images/built/scion-1.1.elf')
  const image = requireKernelImage(kernel, 'the kernel')
  const nextImage = requireKernelImage(next, 'the next kernel')
  let session: MachineSession
  let atWork: StartedCommand

  const damaged = (change: (bytes: Uint8Array) => void): Uint8Array => {
    const bytes = next.slice()
    change(bytes)
    return bytes
  }
  const parsed = parseElf(next)
  if (!parsed.ok) throw new Error(parsed.message)
  const text = parsed.value.sections.find((section) => section.name === '.text')
  if (text === undefined) throw new Error('no .text')

  const fileName = (name: string): string => name.replaceAll(' ', '-')
  const images: readonly (readonly [name: string, bytes: Uint8Array, message: RegExp])[] = [
    ['not an ELF', encodeText('no kernel\n'), /kexec_file: /],
    ['truncated', next.slice(0, Math.floor(next.length / 3)), /kexec_file: .*truncated|kexec_file: .*end/],
    [
      '32-bit',
      damaged((bytes) => {
        bytes[4] = 1
      }),
      /kexec_file: /,
    ],
    [
      'with a bad checksum',
      damaged((bytes) => {
        bytes[text.offset + 100] = (bytes[text.offset + 100] as number) ^ 1
      }),
      /kexec_file: the image has checksum [0-9a-f]{8}, its note says [0-9a-f]{8}/,
    ],
    [
      'with a changed byte in what no segment has',
      damaged((bytes) => {
        bytes[bytes.length - 3] = (bytes[bytes.length - 3] as number) ^ 1
      }),
      /kexec_file: /,
    ],
    [
      'with a changed byte in its symbols',
      damaged((bytes) => {
        const at = bytes.length - 0x8000
        bytes[at] = (bytes[at] as number) ^ 1
      }),
      /kexec_file: the image has checksum [0-9a-f]{8}, its note says [0-9a-f]{8}/,
    ],
    [
      'of another ABI',
      damaged((bytes) => {
        for (let at = 12; at + 64 < bytes.length; at++) {
          // The note's owner "Scion", padded to 8 bytes, and then "scion-handover-v2".
          if (readU32(bytes, at) === 0x6f696353 && bytes[at + 8] === 0x73) bytes[at + 8 + 16] = 0x39
        }
      }),
      /built for handover ABI scion-handover-v9, this kernel speaks scion-handover-v2/,
    ],
  ]

  beforeAll(async () => {
    const files = images.map(([name, data]) => ({ name: fileName(name), mode: 0o100644, data }))
    const initrd = withDemoFiles(read('images/built/initramfs.cpio'), new Uint8Array(1), next)
    session = await bootGuest({ initrd: concatenateCpio([initrd, writeCpio(files)]) })
    atWork = await session.agent.start('counter 100000 1000 5 >/tmp/counter')
  })
  afterAll(() => session.dispose())

  it.each(images)('%s', async (name, _bytes, message) => {
    const path = `/${fileName(name)}`
    const firstLine = session.console.lines.length
    const load = await session.agent.exec(`kexec -l ${path}`)
    expect(load.status).toBe(1)
    expect(load.stderr).toMatch(/^kexec: kexec_file_load of .* failed: /)
    const messages = session.console.messages(firstLine).map((one) => one.text)
    expect(messages.join('\n')).toMatch(message)
    // Nothing is loaded, so nothing can be gone to.
    expect((await session.agent.exec('kexec -e')).status).toBe(1)
    await proveItGoesOn(session, atWork)
  })

  it('names an open file that cannot be carried, and goes on', async () => {
    const holder = await session.agent.start('exec sleep 1000 </proc/kallsyms')
    const report = await observeUpgrade(session, await session.kernel([image]), {
      path: '/boot/scion-next',
      image: nextImage,
    })
    expect(report.status).toBe(1)
    expect(report.switch).toBeUndefined()
    expect(report.messages.join('\n')).toMatch(
      new RegExp(
        `liveupdate: refused: task ${holder.pid} \\(sleep\\) fd 0: /proc/kallsyms \\(proc\\) cannot be preserved`,
      ),
    )
    await session.agent.signal(holder, 9)
    await session.agent.wait(holder)
    await proveItGoesOn(session, atWork)
  })

  it('goes back to the old kernel when the new one refuses the handover', async () => {
    const debug = session.port.debugPort()
    const old = await session.kernel([image])
    // One bit of the root page is flipped on the way: its checksum does not hold any more.
    const hold = await session.port.setBreakpoint(old.address('liveupdate_mark_switch'), async () => {
      const address = physAddr(
        readLayout(image).handoverRoot + requireField(image.btf, 'handover_root_ser', 'from_release').offset,
      )
      const [byte = 0] = await session.port.readPhysical(address, 1)
      await debug.writePhysical(address, Uint8Array.of(byte ^ 1))
      return 'continue' as const
    })
    const report = await observeUpgrade(session, old, { path: '/boot/scion-next', image: nextImage })
    hold.dispose()
    expect(report.status).toBe(1)
    expect(report.to).toBe('1.0')
    expect(report.messages.join('\n')).toMatch(/liveupdate: handover refused by 1\.1: /)
    await proveItGoesOn(session, atWork)
  })

  it('leaves a guest that takes the good one', async () => {
    const report = await observeUpgrade(session, await session.kernel([image]), {
      path: '/boot/scion-next',
      image: nextImage,
    })
    expect(report).toMatchObject({ status: 0, from: '1.0', to: '1.1', missing: [] })
    expect(atWork.result).toBeUndefined()
  })
})
