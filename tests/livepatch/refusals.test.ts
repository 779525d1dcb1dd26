// Patches that contradict themselves: whoever is asked says so by name. The guest in one line of its log, and is as it was; the host
// before there is a module. About 8 s.
import { beforeAll, describe, expect, it } from 'vitest'
import { MachineSession } from '../../src/guest/index.js'
import type { Snapshot } from '../../src/machine/index.js'
import { read } from '../lab/images.js'
import { needs } from '../needs.js'
import { buildModule, guestWith, patchOf } from './modules.js'

const VERSIONS = `
static int first(struct seq_file *m, void *v) { seq_puts(m, "first\\n"); return 0; }
static int second(struct seq_file *m, void *v) { seq_puts(m, "second\\n"); return 0; }
`
/** The module's end, with these objects. */
const withObjects = (lists: string, objects: string) =>
  `${VERSIONS}${lists}${patchOf({})
    .replace(/static struct klp_func.*\n/, '')
    .replace(/objs\[\] = \{.*\};/, `objs[] = { ${objects} { } };`)}`

const long = 'x'.repeat(200)
const cases = [
  {
    name: 'no-new-func',
    source: withObjects(
      'static struct klp_func a[] = { { .old_name = "cmdline_proc_show" }, { } };',
      '{ .funcs = a },',
    ),
    guest: /livepatch: 'no_new_func': function 'cmdline_proc_show' of object 'vmlinux' has no new_func/,
    errno: /Invalid (argument|parameters)/,
    host: /function 'cmdline_proc_show' of object 'vmlinux' has no new_func/,
  },
  {
    name: 'no-old-name',
    source: withObjects('static struct klp_func a[] = { { .new_func = first }, { } };', '{ .funcs = a },'),
    guest: /livepatch: 'no_old_name': a function of object 'vmlinux' has no old_name/,
    errno: /Invalid (argument|parameters)/,
    host: /a function of object 'vmlinux' has no old_name/,
  },
  {
    name: 'object-twice',
    source: withObjects(
      `static struct klp_func a[] = { { .old_name = "cmdline_proc_show", .new_func = first }, { } };
static struct klp_func b[] = { { .old_name = "version_proc_show", .new_func = second }, { } };`,
      '{ .funcs = a }, { .funcs = b },',
    ),
    guest: /livepatch: 'object_twice': object 'vmlinux' is there twice/,
    errno: /File exists/,
    host: /object 'vmlinux' is there twice/,
  },
  {
    name: 'module-twice',
    source: withObjects(
      `static struct klp_func a[] = { { .old_name = "a", .new_func = first }, { } };
static struct klp_func b[] = { { .old_name = "b", .new_func = second }, { } };`,
      '{ .name = "later", .funcs = a }, { .name = "later", .funcs = b },',
    ),
    guest: /livepatch: 'module_twice': object 'later' is there twice/,
    errno: /File exists/,
    host: /object 'later' is there twice/,
  },
  {
    name: 'function-twice',
    source: withObjects(
      `static struct klp_func a[] = { { .old_name = "cmdline_proc_show", .new_func = first },
	{ .old_name = "cmdline_proc_show", .new_func = second, .old_sympos = 1 }, { } };`,
      '{ .funcs = a },',
    ),
    guest: /livepatch: 'function_twice': function 'cmdline_proc_show,1' of object 'vmlinux' is there twice/,
    errno: /File exists/,
    host: /function 'cmdline_proc_show,1' of object 'vmlinux' is there twice/,
  },
  {
    name: 'no-funcs',
    source: withObjects('', '{ .name = "later" },'),
    guest: /livepatch: 'no_funcs': object 'later' has no funcs/,
    errno: /Invalid (argument|parameters)/,
    host: /object 'later' has no funcs/,
  },
  {
    name: 'long-name',
    source: withObjects(
      `static struct klp_func a[] = { { .old_name = "${long}", .new_func = first }, { } };`,
      '{ .funcs = a },',
    ),
    guest: /livepatch: 'long_name': the name of function 'x{32}\.\.\.' of object 'vmlinux' is longer than 127/,
    errno: /Invalid (argument|parameters)/,
    host: /the name of function 'x{200}' is longer than 127/,
  },
]

needs('gcc')('a patch that contradicts itself', () => {
  let booted: Snapshot
  beforeAll(async () => {
    const modules: Record<string, Uint8Array> = {}
    for (const { name, source } of cases) modules[name] = await buildModule(name, source)
    const session = await guestWith(modules)
    booted = session.machine.snapshot()
    session.dispose()
  })

  describe.each(cases)('$name', ({ name, source, guest, errno, host }) => {
    it('is refused by the guest in one line, which goes on as before', async () => {
      const session = await MachineSession.resume(read('src/cpu/core.wasm'), booted)
      const from = session.console.lines.length
      const { status, stderr } = await session.agent.exec(`insmod /tmp/${name}.ko`)
      expect(status).not.toBe(0)
      expect(stderr).toMatch(errno)
      const said = session.console
        .messages(from)
        .map((message) => message.text)
        .filter((text) => text.startsWith('livepatch:'))
      expect(said).toHaveLength(1)
      expect(said[0]).toMatch(guest)
      expect(await session.agent.read('ls /sys/kernel/livepatch; cat /proc/modules')).toBe('')
      session.dispose()
    })

    it('is refused by the host with the reason', async () => {
      await expect(buildModule(name, source, { check: true })).rejects.toThrow(host)
    })
  })
})
