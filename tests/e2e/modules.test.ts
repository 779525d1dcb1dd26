// What loading a module promises: it is as its file says, its pages have the rights of what is in them, it holds what it uses and lets it
// go, and a file that is not in order is refused with an errno and a reason, and leaves nothing behind.
import { beforeAll, expect, it } from 'vitest'
import { SHN_LIVEPATCH } from '../../src/format/index.js'
import type { MachineSession } from '../../src/guest/index.js'
import type { Snapshot } from '../../src/machine/index.js'
import { needs } from '../needs.js'
import {
  attempt,
  bootWith,
  buildModule,
  change,
  inGuest,
  kernelFacts,
  messages,
  patchSource,
  readKernel,
  rights,
  testModule,
} from './module-guest.js'
import { replaceText, section, wrong } from './wrong-modules.js'

const small = (body: string, more = '') => `#include <linux/module.h>
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/printk.h>
#include <linux/livepatch.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
${more}
static int start(void) { ${body} }
static void stop(void) { }
module_init(start);
module_exit(stop);
MODULE_LICENSE("GPL");
`

/** Has a relocation of each type. */
const sentences = 'static const char *const words[] = { "one", "two" };\nstatic volatile int pick;'

/** Three functions of one name in one module, told apart by their order. */
const namesakes = small(
  `return proc_create_single("namesakes", 0444, NULL, show) ? 0 : -ENOMEM;`,
  `static __attribute__((noipa)) int namesake_a(void) { return 1; }
static __attribute__((noipa)) int namesake_b(void) { return 2; }
static __attribute__((noipa)) int namesake_c(void) { return 3; }
static int show(struct seq_file *m, void *v) { seq_printf(m, "%d %d %d\\n", namesake_a(), namesake_b(), namesake_c()); return 0; }`,
).replace('static void stop(void) { }', 'static void stop(void) { remove_proc_entry("namesakes", NULL); }')

const patchOf = (name: string, position: number, object?: string) =>
  patchSource([
    { ...(object === undefined ? {} : { object }), name, position, code: 'static int NEW(void) { return 9; }' },
  ])

needs('gcc')('a module', () => {
  let booted: Snapshot
  let duplicated: string
  beforeAll(async () => {
    const sound = await buildModule(
      'wrong',
      small('pr_info("%s\\n", words[pick]); pr_debug("picked\\n"); return 0;', sentences),
    )
    const failing = await buildModule('failing', small('return -ENODEV;'))
    const same = await buildModule('namesakes', namesakes)
    const modules: Record<string, Uint8Array> = {
      loaded: await testModule('loaded', ['loaded_weak']),
      api: await testModule('api'),
      entries: await testModule('entries'),
      exporter: await testModule('exporter'),
      importer: await buildImporter('importer', 'return exporter_twice(3) + exporter_thrice(4) - 18;'),
      importer_fails: await buildImporter('importer_fails', 'return exporter_twice(3) ? -ENODEV : 0;'),
      importer_lacks: await buildImporter('importer_lacks', 'return exporter_twice(3) + exporter_nothing(1);'),
      failing,
      mute: await buildModule('mute', small('').replace(/static int start[\s\S]*module_exit.*\n/, '')),
      positive: await buildModule('positive', small('return 3;')),
      permanent: await buildModule('permanent', small('return 0;').replace(/module_exit.*\n/, '')),
      good: await buildModule('good', small('return 0;')),
      namesakes: change(same, (object) => {
        for (const symbol of object.symbols) symbol.name = symbol.name.replace(/^namesake_[abc]$/, 'namesake')
      }),
      unmarked: change(await buildModule('unmarked', patchOf('version_proc_show', 0)), (object) => {
        const info = section(object, '.modinfo')
        info.data = replaceText(info.data, 'livepatch=', 'livepatcH=')
      }),
      bad_klp_name: change(await buildReferrer('bad_klp_name', 'version_proc_show', 0), (object) => {
        for (const symbol of object.symbols)
          if (symbol.section === SHN_LIVEPATCH) symbol.name = symbol.name.replace(',0', ',x')
      }),
      not_there: await buildModule('not_there', patchOf('no_such_function', 0)),
      notrace: await buildModule('notrace', patchOf('sync_core', 0)),
    }
    for (const [name, [spoil]] of Object.entries(wrong)) {
      modules[`wrong_${name}`] = spoil(name === 'fails' ? failing : sound)
    }
    for (const position of [0, 1, 2, 3, 4])
      modules[`namesake_${position}`] = await buildModule(
        `namesake_${position}`,
        patchOf('namesake', position, 'namesakes'),
      )
    duplicated = duplicatedName()
    for (const position of [1, 2]) {
      modules[`twin_${position}`] = await buildModule(`twin_${position}`, patchOf(duplicated, position))
      modules[`refers_${position}`] = await buildReferrer(`refers_${position}`, duplicated, position)
    }
    modules['twin_0'] = await buildModule('twin_0', patchOf(duplicated, 0))
    booted = await bootWith(modules)
  })
  const guest = (test: (session: MachineSession) => Promise<void>) => inGuest(booted, test)

  /** A module that uses what exporter has, which no kernel image knows of. */
  function buildImporter(name: string, body: string): Promise<Uint8Array> {
    const names = ['exporter_twice', 'exporter_thrice', 'exporter_nothing']
    return buildModule(name, small(body, names.map((one) => `int ${one}(int);`).join('\n')), names)
  }

  /** A livepatch module that tells the address of the n-th symbol of a name that the kernel does not export. */
  function buildReferrer(name: string, symbol: string, position: number): Promise<Uint8Array> {
    const more = `extern char ${symbol}[];\nKLP_RELOC_SYMBOL(vmlinux, ${symbol}, ${position});
static unsigned long address;\nmodule_param(address, ulong, 0444);\nMODULE_INFO(livepatch, "Y");`
    return buildModule(name, small(`address = (unsigned long)${symbol}; return 0;`, more))
  }

  /** A name that two traceable functions of the kernel share. */
  function duplicatedName(): string {
    const { symbols, patchableEntries } = kernelFacts()
    const entries = new Set(patchableEntries)
    for (const [name, places] of symbols) {
      // Parts that gcc splits off have names that C cannot write.
      if (/^\w+$/.test(name) && places.length >= 2 && places.every((one) => one.isFunction && entries.has(one.address)))
        return name
    }
    throw new Error('no two functions of the kernel share a name')
  }

  it('may use all that the headers offer', () =>
    guest(async ({ agent }) => {
      await agent.read('insmod /lib/test/api.ko')
      expect(await agent.read('cat /proc/api')).toMatch(/^\d{2,} checks\n$/)
      await agent.read('rmmod api')
    }))

  it('makes entries of each kind in /proc and /sys, and takes them back', () =>
    guest(async ({ agent }) => {
      const at = '/sys/kernel/entries'
      await agent.read('insmod /lib/test/entries.ko')
      expect(await agent.read(`cd ${at}; cat named/inside beside raw`)).toBe(
        'inside of entries\nbeside of entries\nraw\n',
      )
      expect(await agent.read('cat /proc/entries_data /proc/entries_bare')).toBe('the data\nno data\n')
      await agent.read(`echo withdraw > ${at}/do`)
      expect(await agent.read(`ls ${at}`)).toBe('do\n')
      await agent.read('rmmod entries')
      expect(await agent.read('ls /sys/kernel /proc | grep entries; dmesg | grep -c "entries is released"')).toBe('1\n')
    }))

  it('is held by a reference that it takes on itself', () =>
    guest(async ({ agent }) => {
      await agent.read('insmod /lib/test/entries.ko; echo hold > /sys/kernel/entries/do')
      expect(await agent.read('cat /sys/module/entries/refcnt')).toBe('1\n')
      expect((await agent.exec('rmmod entries')).status).not.toBe(0)
      expect(await agent.read('echo drop > /sys/kernel/entries/do; rmmod entries; cat /proc/modules')).toBe('')
    }))

  it('stops the recording of traces, and starts it', () =>
    guest(async ({ agent }) => {
      const mark = 'echo marked > /sys/kernel/tracing/trace_marker; grep -c marked /sys/kernel/tracing/trace'
      await agent.read('insmod /lib/test/entries.ko')
      expect(await agent.read(`echo mute > /sys/kernel/entries/do; ${mark} || true`)).toBe('0\n')
      expect(await agent.read(`echo tell > /sys/kernel/entries/do; ${mark}`)).toBe('1\n')
    }))

  it('is what its file says, its parameters too', () =>
    guest(async ({ agent }) => {
      const given = 'plain=-11 natural=0xaF wide=-9000000000 flag=1 word=hello list=7,8 hidden=10'
      await agent.read(`insmod /lib/test/loaded.ko ${given}`)
      expect(await agent.read('cat /proc/loaded')).toBe('13 checks\n')
      const at = '/sys/module/loaded/parameters'
      expect(await agent.read(`cd ${at}; cat plain natural wide flag word list`)).toBe(
        '-11\n175\n-9000000000\nY\nhello\n7,8\n',
      )
      expect(await agent.read(`ls ${at}`)).not.toContain('hidden')
      await agent.read(`cd ${at}; echo 12 > plain; echo n > flag; echo 1,2,3 > list; echo -1 > wide`)
      expect(await agent.read(`cd ${at}; cat plain flag list wide`)).toBe('12\nN\n1,2,3\n-1\n')
      for (const [file, text] of [
        ['plain', 'x'],
        ['plain', '2147483648'],
        ['plain', '1x'],
        ['plain', ''],
        ['flag', 'maybe'],
        ['list', '1,2,3,4'],
        ['natural', '5'],
        ['word', 'other'],
        ['wide', '9223372036854775808'],
      ])
        expect((await agent.exec(`echo ${text} > ${at}/${file}`)).status, `${file} ${text}`).not.toBe(0)
      expect(await agent.read(`cd ${at}; cat plain natural wide flag word list`)).toBe('12\n175\n-1\nN\nhello\n1,2,3\n')
      await agent.read('rmmod loaded')
      for (const bad of ['plain=x', 'plain', 'natural=-1', 'flag=2', 'list=1,2,3,4', 'list=1,,2']) {
        expect((await agent.exec(`insmod /lib/test/loaded.ko ${bad}`)).status, bad).not.toBe(0)
        expect(await agent.read('ls /sys/module')).not.toContain('loaded')
      }
      await agent.read('insmod /lib/test/loaded.ko flag')
      expect(await agent.read(`cd ${at}; cat plain natural wide flag word list`)).toBe('5\n6\n-7\nY\nnone\n1,2,3\n')
    }))

  it('has pages with the rights of what is in them, and no right is left when it has gone', () =>
    guest(async (session) => {
      const { agent } = session
      await agent.read('insmod /lib/test/loaded.ko && cat /proc/loaded')
      const read = async (name: string) => BigInt(await agent.read(`cat /sys/module/loaded/parameters/${name}_at`))
      const [text, rodata, data, bss] = [
        await read('text'),
        await read('rodata'),
        await read('data'),
        await read('bss'),
      ]
      const textRights = { present: true, writable: false, executable: true }
      expect(await rights(session, text)).toMatchObject(textRights)
      expect(await rights(session, rodata)).toMatchObject({ present: true, writable: false, executable: false })
      for (const place of [data, bss])
        expect(await rights(session, place)).toMatchObject({ present: true, writable: true, executable: false })
      expect((await readKernel(session, rodata, 4))[0]).toBe(1)
      // Every page of the module, and no page that is both.
      for (let page = text & ~0xfffn; (await rights(session, page)).present; page += 4096n) {
        const { writable, executable } = await rights(session, page)
        expect(writable && executable).toBe(false)
      }
      const line = await agent.read('grep loaded /proc/modules')
      expect(line).toMatch(/^loaded \d+ 0 - Live 0xffffffffc0[0-9a-f]{6}\n$/)
      const size = Number(line.split(' ')[1])
      expect(size % 4096).toBe(0)
      expect(size).toBeGreaterThanOrEqual(6 * 4096)
      expect(await agent.read('grep loaded_function /proc/kallsyms')).toBe(
        `${text.toString(16).padStart(16, '0')} t loaded_function\t[loaded]\n`,
      )
      await agent.read('rmmod loaded')
      for (const place of [text, rodata, data, bss]) expect((await rights(session, place)).present).toBe(false)
      expect((await agent.exec('grep loaded_function /proc/kallsyms')).status).not.toBe(0)
    }))

  it('whose entry is redirected calls into a page that nobody can write', () =>
    guest(async (session) => {
      await session.agent.read('insmod /lib/test/namesakes.ko && insmod /lib/test/namesake_2.ko && sleep 1.5')
      const symbols = (await session.agent.read('grep namesake /proc/kallsyms')).split('\n')
      const at = symbols.flatMap((line) => (/ namesake\t/.test(line) ? [BigInt(`0x${line.split(' ')[0]}`)] : []))
      const bytes = await Promise.all(at.map((place) => readKernel(session, place, 5)))
      expect(bytes.map((five) => five[0])).toEqual([0x0f, 0xe8, 0x0f])
      const five = bytes[1] as Uint8Array
      const target = (at[1] as bigint) + 5n + BigInt(new DataView(five.buffer, five.byteOffset).getInt32(1, true))
      expect(await rights(session, target)).toMatchObject({ present: true, writable: false, executable: true })
    }))

  it('holds the modules that it uses, and lets them go with itself', () =>
    guest(async (session) => {
      const { agent } = session
      const users = async () => (await agent.read('grep exporter /proc/modules')).split(' ').slice(2, 4)
      await agent.read('insmod /lib/test/exporter.ko')
      expect(await users()).toEqual(['0', '-'])
      for (let round = 0; round < 2; round++) {
        await agent.read('insmod /lib/test/importer.ko')
        expect(await agent.read('grep ^exporter /proc/modules')).toMatch(/^exporter \d+ 1 importer, Live/)
        expect(await agent.read('cat /sys/module/exporter/refcnt /sys/module/exporter/initstate')).toBe('1\nlive\n')
        const refused = await attempt(session, 'rmmod exporter')
        expect(refused.status).not.toBe(0)
        expect(refused.said).toMatch(/unavailable|in use/i)
        await agent.read('rmmod importer')
        expect(await users()).toEqual(['0', '-'])
      }
      for (const name of ['importer_fails', 'importer_lacks', 'importer_fails', 'importer_lacks']) {
        expect((await attempt(session, `insmod /lib/test/${name}.ko`)).status).not.toBe(0)
        expect(await users()).toEqual(['0', '-'])
      }
      await agent.read('rmmod exporter')
      const alone = await attempt(session, 'insmod /lib/test/importer.ko')
      expect(alone.status).not.toBe(0)
      expect(messages(session).join('\n')).toMatch(/importer: Unknown symbol exporter_(twice|thrice) \(err -2\)/)
    }))

  it('that fails leaves nothing: no name, no memory', () =>
    guest(async (session) => {
      const { agent } = session
      const free = async () => Number(/MemFree:\s*(\d+)/.exec(await agent.read('cat /proc/meminfo'))?.[1])
      const round =
        'insmod /lib/test/failing.ko; insmod /lib/test/wrong_overflow_32s.ko; insmod /lib/test/wrong_unknown_symbol.ko; insmod /lib/test/loaded.ko && rmmod loaded'
      await agent.exec(`${round}; ${round}`)
      const before = await free()
      await agent.exec(`for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do ${round}; done`)
      // Sixteen rounds of modules of at least four pages each.
      expect(before - (await free())).toBeLessThan(16 * 4)
      expect(await agent.read('cat /proc/modules; ls /sys/module')).not.toMatch(/failing|wrong|loaded/)
      const bases = new Set<string>()
      for (let i = 0; i < 3; i++) {
        await agent.read('insmod /lib/test/exporter.ko')
        bases.add((await agent.read('grep exporter /proc/modules')).split(' ').at(-1) ?? '')
        await agent.read('rmmod exporter')
      }
      expect(bases.size).toBe(1)
    }))

  it('is there once, goes once, and stays where it cannot go', () =>
    guest(async (session) => {
      const refused = async (command: string, words: RegExp) => {
        const { status, said } = await attempt(session, command)
        expect(status, command).not.toBe(0)
        expect(said, command).toMatch(words)
      }
      await session.agent.read('insmod /lib/test/exporter.ko')
      await refused('insmod /lib/test/exporter.ko', /exists/i)
      expect(await session.agent.read('grep exporter /proc/modules')).toMatch(/^exporter \d+ 0 - Live [^\n]*\n$/)
      await session.agent.read('rmmod exporter')
      await refused('rmmod exporter', /no such file|not/i)
      await session.agent.read('insmod /lib/test/permanent.ko')
      await refused('rmmod permanent', /busy|in use/i)
      await session.agent.read('insmod /lib/test/mute.ko && grep mute /proc/modules && rmmod mute')
      expect(messages(session).join('\n')).not.toMatch(/suspiciously/)
      await session.agent.read('insmod /lib/test/positive.ko && rmmod positive')
      expect(messages(session).join('\n')).toMatch(/'positive'->init suspiciously returned 3/)
      await refused('insmod /lib/test/none.ko', /no such file/i)
      await refused('insmod /lib', /./)
    }))

  it.each(Object.entries(wrong).map(([name, [, reason, errno]]) => [name, reason, errno] as const))(
    'that is wrong, %s, is refused by reason and errno',
    (name, reason, errno) =>
      guest(async (session) => {
        const before = await session.agent.read('cat /proc/modules; ls /sys/module')
        const { status, said } = await attempt(session, `insmod /lib/test/wrong_${name}.ko`)
        expect(status).not.toBe(0)
        expect(said).toMatch(errno)
        expect(messages(session).join('\n')).toMatch(reason)
        expect(await session.agent.read('cat /proc/modules; ls /sys/module')).toBe(before)
        await session.agent.read('insmod /lib/test/good.ko && rmmod good')
      }),
  )

  it.each([
    ['unmarked', /module unmarked is not marked as a livepatch module/],
    ['not_there', /livepatch: symbol 'no_such_function' not found in symbol table/],
    ['notrace', /livepatch: failed to find location for function 'sync_core'/],
    ['bad_klp_name', /\.klp\.sym\.vmlinux\.version_proc_show,x/],
    ['twin_0', /livepatch: unresolvable ambiguity for symbol '\w+' in object/],
  ])('that patches is refused where it asks for what is not there: %s', (name, reason) =>
    guest(async (session) => {
      const { status } = await attempt(session, `insmod /lib/test/${name}.ko`)
      expect(status).not.toBe(0)
      expect(messages(session).join('\n')).toMatch(reason)
      expect(await session.agent.read('ls /sys/kernel/livepatch; cat /proc/modules')).toBe('')
    }),
  )

  it.each([1, 2, 3])('that patches the %i. of three functions of one name patches that one', (position) =>
    guest(async ({ agent }) => {
      await agent.read('insmod /lib/test/namesakes.ko')
      expect(await agent.read('cat /proc/namesakes')).toBe('1 2 3\n')
      await agent.read(`insmod /lib/test/namesake_${position}.ko && sleep 1.5`)
      const expected = [1, 2, 3].map((value) => (value === position ? 9 : value)).join(' ')
      expect(await agent.read('cat /proc/namesakes')).toBe(`${expected}\n`)
    }),
  )

  it('that patches a name has to say which one of several, and one that is there', () =>
    guest(async (session) => {
      await session.agent.read('insmod /lib/test/namesakes.ko')
      for (const [position, reason] of [
        [0, /unresolvable ambiguity for symbol 'namesake' in object 'namesakes'/],
        [4, /symbol position '4' for symbol 'namesake' in object 'namesakes' not found/],
      ] as const) {
        expect((await attempt(session, `insmod /lib/test/namesake_${position}.ko`)).status).not.toBe(0)
        expect(messages(session).join('\n')).toMatch(reason)
      }
      expect(await session.agent.read('cat /proc/namesakes')).toBe('1 2 3\n')
    }))

  it.each([1, 2])('that patches or names the %i. of two functions of the kernel gets that one', (position) =>
    guest(async (session) => {
      const places = kernelFacts().symbols.get(duplicated) ?? []
      await session.agent.read(`insmod /lib/test/refers_${position}.ko`)
      const address = await session.agent.read(`cat /sys/module/refers_${position}/parameters/address`)
      expect(BigInt(address)).toBe(places[position - 1]?.address)
      // The transition need not end for the entry to be redirected; it may wait for who is inside.
      await session.agent.read(`insmod /lib/test/twin_${position}.ko`)
      const first = await Promise.all(places.map(async (place) => (await readKernel(session, place.address, 1))[0]))
      expect(first).toEqual(places.map((_, i) => (i === position - 1 ? 0xe8 : 0x0f)))
    }),
  )
})
