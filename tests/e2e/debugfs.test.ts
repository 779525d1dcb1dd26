// debugfs, and dynamic debug, which has its file there: modules with files and with pr_debug(). About 10 s.
import { beforeAll, expect, it } from 'vitest'
import type { Snapshot } from '../../src/machine/index.js'
import { read } from '../lab/images.js'
import { needs } from '../needs.js'
import { attempt, bootWith, inGuest, testModule } from './module-guest.js'

const CONTROL = '/sys/kernel/debug/dynamic_debug/control'

needs('gcc')('debugfs', () => {
  let booted: Snapshot
  beforeAll(async () => {
    booted = await bootWith({
      files: await testModule('files'),
      talker: await testModule('talker'),
      next: read('images/built/scion-1.1.elf'),
    })
  })

  it('is mounted by the kernel, with tracefs beside it, and by nobody else', () =>
    inGuest(booted, async (guest) => {
      const mounts = await guest.agent.read('cat /proc/mounts')
      expect(mounts).toContain('debugfs /sys/kernel/debug debugfs rw 0 0\ntracefs /sys/kernel/tracing tracefs rw 0 0\n')
      expect(await attempt(guest, 'mount -t debugfs none /tmp')).toMatchObject({ status: 1 })
      expect(await attempt(guest, 'umount /sys/kernel/debug')).toMatchObject({ status: 1 })
      expect(await guest.agent.read('ls -l /sys/kernel')).toMatch(/^drwx------.* debug$/m)
    }))

  it("has a module's files, which read and write what they stand for", () =>
    inGuest(booted, async (guest) => {
      await guest.agent.read('insmod /lib/test/files.ko')
      const at = '/sys/kernel/debug/files'
      expect(await guest.agent.read(`ls ${at}`)).toBe('flag\nlink\nnumber\ntext\n')
      expect(await guest.agent.read(`ls -l ${at}/text`)).toMatch(/^-r--------/)
      expect(await guest.agent.read(`cat ${at}/text ${at}/number ${at}/flag`)).toBe('number is 7\n7\nN\n')
      expect(await guest.agent.read(`echo 0x10 > ${at}/link; echo y > ${at}/flag; cat ${at}/text ${at}/flag`)).toBe(
        'number is 16\nY\n',
      )
      expect(await attempt(guest, `echo many > ${at}/number`)).toMatchObject({ status: 1 })
      expect(await attempt(guest, `echo 1 > ${at}/text`)).toMatchObject({ status: 1 })
      expect(await guest.agent.read(`cat ${at}/number`)).toBe('16\n')
      await guest.agent.read('rmmod files')
      expect(await attempt(guest, `cat ${at}/number`)).toMatchObject({ status: 1 })
    }))

  it('keeps a module while one of its files is open', () =>
    inGuest(booted, async (guest) => {
      await guest.agent.read('insmod /lib/test/files.ko')
      // A number is the kernel's own file, a text the module's.
      await guest.agent.read('sleep 1 < /sys/kernel/debug/files/text > /dev/null &')
      expect(await attempt(guest, 'rmmod files')).toMatchObject({ status: 1 })
      await guest.agent.read('sleep 2; sleep 60 < /sys/kernel/debug/files/number > /dev/null &')
      await guest.agent.read('rmmod files')
    }))

  it('is made anew by an upgrade, which an open file of it keeps away', () =>
    inGuest(booted, async (guest) => {
      await guest.agent.read(
        'kexec -l /lib/test/next.ko; sleep 1 < /sys/kernel/debug/dynamic_debug/control > /dev/null &',
      )
      expect(await attempt(guest, 'kexec -e')).toMatchObject({ status: 1 })
      expect(await guest.agent.read('dmesg')).toMatch(/liveupdate: refused: .*control.*debugfs/)
      await guest.agent.read('sleep 2; mount -t tmpfs mine /tmp; kexec -l /lib/test/next.ko; kexec -e')
      expect(await guest.agent.read('uname -r; cat /proc/mounts')).toBe(
        [
          '1.1',
          'rootfs / tmpfs rw 0 0',
          ...['dev /dev tmpfs rw 0 0', 'proc /proc proc rw 0 0', 'sysfs /sys sysfs rw 0 0', 'mine /tmp tmpfs rw 0 0'],
          'debugfs /sys/kernel/debug debugfs rw 0 0',
          'tracefs /sys/kernel/tracing tracefs rw 0 0',
          '',
        ].join('\n'),
      )
      expect(await guest.agent.read(`cat ${CONTROL}`)).toContain('klp_init_transition =p')
      // Numbers of devices go on where the old kernel stopped.
      await guest.agent.read('mkdir /a; mount -t tmpfs other /a; echo 1 > /a/file; cat /a/file')
    }))
})

needs('gcc')('dynamic debug', () => {
  let booted: Snapshot
  beforeAll(async () => {
    booted = await bootWith({ talker: await testModule('talker') })
  })

  /** What of the talker's two texts the log has after one reading of its file. */
  const spoken = async (guest: Parameters<Parameters<typeof inGuest>[1]>[0]): Promise<string> =>
    guest.agent.read('dmesg -c > /dev/null; cat /proc/speak; dmesg')

  it('lists every site with its place, its flags and its text', () =>
    inGuest(booted, async (guest) => {
      await guest.agent.read('insmod /lib/test/talker.ko')
      const lines = (await guest.agent.read(`cat ${CONTROL}`)).split('\n')
      expect(lines[0]).toBe('# filename:lineno [module]function flags format')
      expect(lines.join('\n')).toMatch(
        /^kernel\/livepatch\/transition.c:\d+ \[livepatch\]klp_init_transition =p "'%s': initializing %s transition\\n"$/m,
      )
      expect(lines).toContain(String.raw`talker.c:10 [talker]speak_show =_ "speak is shown\n"`)
      expect(lines).toContain(String.raw`talker.c:11 [talker]speak_show =_ "as \"well\"\n"`)
    }))

  it.each([
    ['module talker +p', 2],
    ['file talker.c +p', 2],
    ['file ?alk*.c func spea* line 10 =p', 1],
    ['file talker.c line 11- =p', 1],
    ['file talker.c line -10 =p', 1],
    ['file talker.c line 10-11 =p', 2],
    ['format "is shown" =p', 1],
    ["module talker =p; format 'is shown' -p", 1],
    ['module talker =p; module other -p', 2],
    ['file alker.c =p', 0],
    ['file kernel/livepatch/* =p', 0],
    ['# a word\n\nmodule talker +pmf\n', 2],
  ])('%j switches %i of two on', (query, expected) =>
    inGuest(booted, async (guest) => {
      await guest.agent.read('insmod /lib/test/talker.ko')
      expect(await spoken(guest)).toBe('')
      await guest.agent.put('/tmp/query', new TextEncoder().encode(query))
      await guest.agent.read(`cat /tmp/query > ${CONTROL}`)
      expect((await spoken(guest)).split('\n').filter((line) => line !== '')).toHaveLength(expected)
    }),
  )

  it('says in front who speaks', () =>
    inGuest(booted, async (guest) => {
      await guest.agent.read(`insmod /lib/test/talker.ko; echo 'line 10 module talker +pmflt' > ${CONTROL}`)
      expect(await spoken(guest)).toMatch(/^\[.*\] \[\d+\] talker:speak_show:10: talker: speak is shown\n$/)
      await guest.agent.read(`echo 'module talker -mft' > ${CONTROL}`)
      expect(await spoken(guest)).toMatch(/\] 10: talker: speak is shown\n$/)
      expect(await guest.agent.read(`cat ${CONTROL}`)).toContain('[talker]speak_show =pl "speak')
      await guest.agent.read(`echo 'module talker =_' > ${CONTROL}`)
      expect(await spoken(guest)).toBe('')
    }))

  it.each(['module talker', 'talker +p', 'module talker +x', 'line 9-8 +p', 'module "talker +p', '+p +m', 'line x +p'])(
    '%j is not understood, and changes nothing',
    (query) =>
      inGuest(booted, async (guest) => {
        await guest.agent.read('insmod /lib/test/talker.ko')
        const before = await guest.agent.read(`cat ${CONTROL}`)
        await guest.agent.put('/tmp/query', new TextEncoder().encode(query))
        expect(await attempt(guest, `cat /tmp/query > ${CONTROL}`)).toMatchObject({ status: 1 })
        expect(await guest.agent.read(`cat ${CONTROL}`)).toBe(before)
      }),
  )
})
