// Linux's own livepatch selftests: the scripts and modules of Debian's linux-source, unmodified, under Debian's bash and busybox, with
// one, two and four vCPUs. What the scripts call and busybox has otherwise than kmod, procps and coreutils lies in linux-tools/.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CpioEntry, writeCpio } from '../../src/format/index.js'
import type { GuestSession } from '../../src/guest/index.js'
import type { Snapshot } from '../../src/machine/index.js'
import { messages, resume } from '../e2e/module-guest.js'
import { bootGuest, read, root } from '../lab/images.js'
import { needs } from '../needs.js'
import { LinuxSource } from './linux-source.js'

const SCRIPTS = 'tools/testing/selftests/livepatch'
const MODULES = 'lib/livepatch'
const NAMES = ['livepatch', 'callbacks', 'shadow-vars', 'state', 'ftrace', 'sysfs']

const text = (words: string): Uint8Array => new TextEncoder().encode(words)
const program = (name: string, data: Uint8Array): CpioEntry => ({ name, mode: 0o100755, data })
const link = (name: string, to: string): CpioEntry => ({ name, mode: 0o120777, data: text(to) })

/** /linux: commands in bin, the scripts in selftests; the modules where modprobe looks for them, listed as depmod does. */
async function initrd(source: LinuxSource, release: string): Promise<Uint8Array> {
  const tools = join(root, 'tests/livepatch/linux-tools')
  const busybox = '/bin/busybox'
  const applets = execFileSync(busybox, ['--list'], { encoding: 'utf8' }).split('\n')
  const own = readdirSync(tools)
  const modules = source.names(MODULES, '.c')
  const folder = `lib/modules/${release}`
  return writeCpio([
    program('linux/bin/busybox', new Uint8Array(readFileSync(busybox))),
    program('bin/bash', new Uint8Array(readFileSync('/bin/bash-static'))),
    ...applets.filter((name) => name && !own.includes(name)).map((name) => link(`linux/bin/${name}`, 'busybox')),
    ...own.map((name) => program(`linux/bin/${name}`, new Uint8Array(readFileSync(join(tools, name))))),
    // What the scripts have on any Linux: bash's <(...) opens one of these.
    link('dev/fd', '/proc/self/fd'),
    // One script calls it by this name.
    program('bin/stat', new Uint8Array(readFileSync(join(tools, 'stat')))),
    ...source
      .names(SCRIPTS, '.sh')
      .map((name) => program(`linux/selftests/${name}.sh`, source.read(`${SCRIPTS}/${name}.sh`))),
    ...(await Promise.all(
      modules.map(async (name) => ({
        name: `${folder}/${name}.ko`,
        mode: 0o100644,
        data: await source.module(MODULES, name),
      })),
    )),
    { name: `${folder}/modules.dep`, mode: 0o100644, data: text(modules.map((name) => `${name}.ko:\n`).join('')) },
  ])
}

const run = (guest: GuestSession, command: string) =>
  guest.agent.exec(`PATH=/linux/bin:/bin; export PATH; cd /linux/selftests; ${command}`)

needs(
  'linux-source',
  'bash-static',
  'busybox-static',
  'gcc',
)("Linux's livepatch selftests", () => {
  let source: LinuxSource
  let archive: Uint8Array
  beforeAll(async () => {
    source = new LinuxSource([SCRIPTS, MODULES])
    archive = new Uint8Array(Buffer.concat([read('images/built/initramfs.cpio'), await initrd(source, '1.0')]))
  }, 120_000)
  afterAll(() => source.dispose())

  it('are all here', () => {
    expect(source.names(SCRIPTS, '.sh').filter((name) => name.startsWith('test-'))).toEqual(
      NAMES.map((name) => `test-${name}`).sort(),
    )
  })

  describe.each([1, 2, 4])('with %i vCPU(s)', (vcpus) => {
    let booted: Snapshot
    beforeAll(async () => {
      const session = await bootGuest({ initrd: archive, vcpus })
      booted = session.machine.snapshot()
      session.dispose()
    }, 120_000)

    it.each(NAMES)('test-%s.sh', async (name) => {
      const guest = await resume(booted)
      try {
        const said = await run(guest, `./test-${name}.sh`)
        const script = new TextDecoder().decode(source.read(`${SCRIPTS}/test-${name}.sh`))
        const titles = [...script.matchAll(/^start_test "(.*)"$/gm)]
        const log = (await run(guest, 'dmesg')).stdout
        expect(said.stdout + said.stderr, log).toBe(titles.map(([, title]) => `TEST: ${title} ... ok\n`).join(''))
        expect(said.status).toBe(0)
        expect(messages(guest).filter((line) => /Oops|BUG:|WARNING|Call Trace/.test(line))).toEqual([])
      } finally {
        guest.dispose()
      }
    })
  })

  it('fail where a patch does not do what it says', async () => {
    const guest = await bootGuest({ initrd: archive })
    try {
      // The patch that says it has replaced the other one's function replaces another, and none of it.
      const said = await run(
        guest,
        'cp /lib/modules/1.0/test_klp_livepatch.ko /lib/modules/1.0/test_klp_atomic_replace.ko; ./test-livepatch.sh',
      )
      expect(said.stdout).toContain('TEST: basic function patching ... ok')
      expect(said.stderr).toContain('ERROR: ')
      expect(said.status).toBe(1)
    } finally {
      guest.dispose()
    }
  })
})
