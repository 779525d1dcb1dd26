// From a diff to a module: what is replaced and what is brought along, each kind of verdict, and what is refused. About a minute.
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseElf, readObject } from '../../src/format/index.js'
import { read } from '../lab/images.js'
import { needs } from '../needs.js'
import { build, change, outcome } from './diffs.js'

const VERSION = '"%s version %s %s\\n"'
const version = (text: string) => change('fs/proc/info.c', VERSION, `"${text}"`)

needs('gcc')('a diff that applies', () => {
  it('replaces the function that it changes, and nothing else', async () => {
    const { report, module } = await build(version('%s Version %s %s\\n'))
    expect(report).toMatchObject({ verdict: 'applies', reasons: [], units: 1, added: [], removed: [] })
    expect(report.functions).toMatchObject([
      { path: 'images/kernel/fs/proc/info.c', name: 'version_proc_show', because: 'its text changed' },
    ])
    expect(report.functions[0]?.line).toBe(lineOf('images/kernel/fs/proc/info.c', 'static int version_proc_show'))
    expect(report.matched).toBeGreaterThan(10)
    expect(module?.patch?.functions.map((one) => one.name)).toEqual(['version_proc_show'])
  })

  it('gives the same bytes each time', async () => {
    const [one, two] = [await build(version('%s 1 %s %s\\n')), await build(version('%s 1 %s %s\\n'))]
    expect(two.module?.module).toEqual(one.module?.module)
  })

  it('brings new functions and variables along, and uses those of the kernel where they are', async () => {
    const text = `static unsigned long asked;
static noinline void count(struct seq_file *m)
{
	seq_printf(m, "%lu %d\\n", ++asked, last_pid);
}

static int version_proc_show(struct seq_file *m, void *v)
{
	count(m);`
    const { report, module } = await build(
      change('fs/proc/info.c', 'static int version_proc_show(struct seq_file *m, void *v)\n{', text),
    )
    expect(report.added.map(({ kind, name }) => `${kind} ${name}`).sort()).toEqual(['function count', 'variable asked'])
    const names = symbolsOf(module?.module)
    expect(names).toContain('count')
    expect(names).toContain('asked')
    expect(names).toContain('.klp.sym.vmlinux.last_pid,0')
    expect(names.filter((name) => name.includes('seq_printf'))).toEqual(['seq_printf'])
  })

  it('tells one static function from others of its name by its source', async () => {
    const elf = parseElf(read('images/built/scion-1.0.elf'))
    const places = elf.ok ? elf.value.symbols.filter((symbol) => symbol.name === 'pipe_read') : []
    expect(places).toHaveLength(2)
    const pipe = change('fs/pipe.c', 'if (done || !pipe->writers)', 'if (done || !pipe->writers || !pipe->readers)')
    const tracing = change(
      'trace/tracefs.c',
      'static ssize_t pipe_read(struct file *file, char __user *buf, size_t count, loff_t *pos)\n{',
      'static ssize_t pipe_read(struct file *file, char __user *buf, size_t count, loff_t *pos)\n{\n\tasm volatile("pause");',
    )
    const { module } = await build(pipe + tracing)
    const named = module?.patch?.functions.filter((one) => one.name === 'pipe_read') ?? []
    // Files are linked by their paths: fs/ comes first.
    expect(named.map((one) => one.position)).toEqual([1, 2])
    expect(named.map((one) => one.entry)).toEqual(places.map((one) => one.value).sort())
  })

  it('replaces all functions that an inline function of a header was built into', async () => {
    const { report } = await build(
      change(
        'include/linux/utsname.h',
        '\treturn &init_uts_ns_name;',
        '\tstruct new_utsname *name = &init_uts_ns_name;\n\n\tasm("" : "+r"(name));\n\treturn name;',
      ),
    )
    expect(report.verdict).toBe('applies')
    expect(report.functions.map((one) => one.name)).toContain('version_proc_show')
    expect(new Set(report.functions.map((one) => one.path)).size).toBeGreaterThan(1)
    expect(report.functions.map((one) => one.because)).toContain(
      'it inlines utsname() of images/kernel/include/linux/utsname.h',
    )
  })

  it('replaces the readers of a constant that changes', async () => {
    const { report, module } = await build(change('fs/proc/info.c', '{ 0, 0, "fpu" }', '{ 0, 0, "FPU" }'))
    expect(report.functions).toMatchObject([{ name: 'cpuinfo_proc_show', because: 'uses features, which changed' }])
    expect(symbolsOf(module?.module)).toContain('features')
  })

  it('takes a table of jumps along, which leads into the new function', async () => {
    const cut = change('drivers/char/syslog.c', 'read_all(buf, size, action', 'read_all(buf, min(size, 64), action')
    const { module } = await build(cut)
    const elf = parseElf(module?.module ?? new Uint8Array(0))
    const object = elf.ok ? readObject(elf.value) : elf
    if (!object.ok) throw new Error(object.message)
    const table = object.value.sections.find((section) => section.name === '.rodata')?.relocations ?? []
    const targets = table.flatMap((group) => group.entries.map((entry) => entry.symbol.name))
    expect(new Set(targets)).toEqual(new Set(['__x64_sys_syslog']))
    expect(targets.length).toBeGreaterThan(4)
    expect(symbolsOf(module?.module)).not.toContain('.klp.sym.vmlinux.__x64_sys_syslog,0')
  })

  it("hands out the kernel's address of a function that it replaces, which is right without the patch too", async () => {
    const line = change('fs/proc/info.c', '"%-17s %6lu %6u %6lu\\n", name', '"%-19s %6lu %6u %6lu\\n", name')
    const table = change('fs/proc/info.c', 'seq_puts(m, "# name ', 'seq_puts(m, "#  name ')
    const { module } = await build(line + table)
    expect(module?.patch?.functions.map((one) => one.name).sort()).toEqual(['slab_line', 'slabinfo_proc_show'])
    expect(symbolsOf(module?.module)).toContain('.klp.sym.vmlinux.slab_line,0')
  })

  it('goes on from each station that is complete', async () => {
    const work = mkdtempSync(join(tmpdir(), 'transplant-stations-'))
    const diff = version('%s version %s %s!\\n')
    const first = await build(diff, { work })
    const made = (path: string) => statSync(join(work, path)).mtimeMs
    const kept = ['2-original/.complete', '4-compare/report.json'].map(made)
    for (const from of ['extract', 'module'] as const) {
      const again = await build(diff, { work, from })
      expect(again).toEqual(first)
    }
    expect(['2-original/.complete', '4-compare/report.json'].map(made)).toEqual(kept)
    expect(existsSync(join(work, '6-module/fix.ko'))).toBe(true)
    rmSync(join(work, '5-extract/.complete'))
    expect(await outcome(diff, { work, from: 'module' })).toMatchObject({ ok: false, code: 'no-station' })
    rmSync(work, { recursive: true })
  })

  it('says in which line each function differs first, if asked', async () => {
    const { report } = await build(version('%s version %s %s?\\n'), { showFirstChanged: true })
    const line = lineOf('images/kernel/fs/proc/info.c', VERSION)
    expect(report.functions[0]?.first.place).toMatch(new RegExp(`images/kernel/fs/proc/info.c:${line}`))
  })
})

needs('gcc')('a diff that needs help', () => {
  it('has a new member, for which a shadow variable is begun', async () => {
    const { report, module } = await build(
      change('fs/sysfs.c', 'struct sysfs_open {', 'struct sysfs_open {\n\tunsigned long seen;'),
    )
    expect(module).toBeUndefined()
    expect(report).toMatchObject({
      verdict: 'needs-help',
      reasons: [{ code: 'layout', subject: 'struct sysfs_open' }],
    })
    expect(report.reasons[0]?.sketch).toContain('klp_shadow_get_or_alloc')
    expect(report.reasons[0]?.line).toBe(lineOf('images/kernel/fs/sysfs.c', 'struct sysfs_open {'))
  })

  const quieter = change(
    'kernel/printk.c',
    'int console_loglevel = CONSOLE_LOGLEVEL_DEFAULT;',
    'int console_loglevel = CONSOLE_LOGLEVEL_QUIET;',
  )

  it('changes an initial value, and applies with the callback that was begun for it', async () => {
    const { report } = await build(quieter)
    expect(report).toMatchObject({
      verdict: 'needs-help',
      reasons: [{ code: 'initial-value', subject: 'console_loglevel' }],
    })
    expect(report.reasons[0]?.wayOut).toMatch(/post_patch/)
  })

  it('counts up in one function and down in another', async () => {
    const up = change(
      'fs/seq-file.c',
      'int single_open(struct file *file, int (*show)(struct seq_file *, void *), void *data)\n{',
      'int single_open(struct file *file, int (*show)(struct seq_file *, void *), void *data)\n{\n\tfile->f_inode->i_nlink++;',
    )
    const down = change(
      'fs/proc/root.c',
      'static int proc_reg_release(struct inode *inode, struct file *file)\n{',
      'static int proc_reg_release(struct inode *inode, struct file *file)\n{\n\tinode->i_nlink--;',
    )
    const { report } = await build(up + down)
    expect(report).toMatchObject({ verdict: 'needs-help', reasons: [{ code: 'counting', subject: 'single_open' }] })
    expect(report.reasons[0]?.sketch).toContain('i_nlink_marked')
  })
})

needs('gcc')('a diff with the callbacks that its author wrote', () => {
  const walker = `static void count_slab(const char *name, unsigned int size, unsigned long objects, unsigned long pages, void *data)
{
	++*(unsigned int *)data;
}

static int slabinfo_proc_show(struct seq_file *m, void *v)
{
	unsigned int slabs = 0;

	slab_for_each(count_slab, &slabs);
	seq_printf(m, "%u\\n", slabs);`
  const diff = change('fs/proc/info.c', 'static int slabinfo_proc_show(struct seq_file *m, void *v)\n{', walker)

  it('is asked who keeps the address of a new function, and takes the answer', async () => {
    const { report } = await build(diff)
    expect(report).toMatchObject({ verdict: 'needs-help', reasons: [{ code: 'kept-address', subject: 'count_slab' }] })
    const help = report.reasons[0]?.sketch ?? ''
    const helped = await build(diff, { help })
    expect(helped.report).toMatchObject({ verdict: 'applies', reasons: [] })
    expect(symbolsOf(helped.module?.module)).toContain('pre_unpatch')
  })

  it('is not content with callbacks for something else', async () => {
    const help = 'static void pre_unpatch(struct klp_object *obj)\n{\n}\n'
    expect((await build(diff, { help })).report.verdict).toBe('needs-help')
  })
})

needs('gcc')('a diff that cannot be a live patch', () => {
  it.each([
    [
      'start-code',
      'mem_devices_init',
      'drivers/char/mem.c',
      '\t/* major 1, Linux',
      '\tbarrier();\n\tprintk("once\\n");\n\t/* major 1, Linux',
    ],
    [
      'never-left',
      'schedule',
      'kernel/sched.c',
      '\tif (current->worker && current->__state)',
      '\tif (current->worker && current->__state > 0)\n\t\tcurrent->nvcsw++;\n\tif (current->worker && current->__state)',
    ],
    [
      'never-left',
      'worker_main',
      'kernel/workqueue.c',
      '\t\tif (take_item(worker))',
      '\t\tcond_resched();\n\t\tif (take_item(worker))',
    ],
    [
      'never-left',
      'cpu_startup_entry',
      'kernel/sched.c',
      '\tlocal_irq_enable();\n\tfor (;;) {\n\t\twhile',
      '\tlocal_irq_enable();\n\tcurrent->nvcsw++;\n\tfor (;;) {\n\t\twhile',
    ],
    [
      'notrace',
      'local_clock',
      'arch/time.c',
      'notrace u64 local_clock(void)\n{',
      'notrace u64 local_clock(void)\n{\n\tasm volatile("pause");\n',
    ],
    [
      'assembly',
      'images/kernel/arch/entry.S',
      'arch/entry.S',
      '\t.globl switch_to_asm',
      '\tnop\n\t.globl switch_to_asm',
    ],
    ['build-file', 'images/kernel/kernel.lds', 'kernel.lds', '. = ALIGN(64);', '. = ALIGN(128);'],
    [
      'table-entry',
      '',
      'kernel/sys.c',
      'SYSCALL_DEFINE0(gettid)',
      'SYSCALL_DEFINE0(vhangup)\n{\n\treturn 0;\n}\n\nSYSCALL_DEFINE0(gettid)',
    ],
  ])('is told so: %s, %s', async (code, subject, path, from, to) => {
    const { report, module } = await build(change(path, from, to))
    expect(module).toBeUndefined()
    expect(report.verdict).toBe('cannot')
    const reason = report.reasons.find((one) => one.code === code)
    expect(reason).toMatchObject({ verdict: 'cannot', path: `images/kernel/${path}` })
    if (subject !== '') expect(reason?.subject).toBe(subject)
    expect(reason?.line).toBeGreaterThan(0)
    expect(reason?.wayOut).toMatch(/\.$/)
  })

  it('gives a member another type, of what exists', async () => {
    const { report } = await build(change('drivers/char/kmsg.c', '\tchar line[460];', '\tchar line[300];'))
    expect(report.reasons[0]).toMatchObject({ verdict: 'cannot', subject: 'struct kmsg_reader' })
    expect(report.reasons[0]?.what).toMatch(/gives line another type/)
    expect(report.reasons.map((one) => one.code)).toEqual(['layout'])
  })
})

needs('gcc')('a diff that is refused', () => {
  it('does not compile: in the words and the lines of the compiler', async () => {
    const bad = change(
      'fs/proc/info.c',
      `seq_printf(m, ${VERSION},`,
      `/* one\n\t * two */\n\tno_such_function(m);\n\tseq_printf(m, ${VERSION},`,
    )
    const refused = await outcome(bad)
    expect(refused).toMatchObject({
      ok: false,
      code: 'compile-failed',
      message: 'images/kernel/fs/proc/info.c does not compile',
    })
    const line = lineOf('images/kernel/fs/proc/info.c', `seq_printf(m, ${VERSION}`) + 2
    expect(refused.ok ? '' : refused.detail).toContain(`info.c:${line}:`)
  })

  it.each([
    [
      'comments and empty lines',
      '\tif (pgid < 0)\n\t\treturn -EINVAL;',
      '\t/* no group has such a number */\n\n\tif (pgid < 0)\n\t\treturn -EINVAL;',
    ],
    ['other words for the same', 'return current->tgid;', 'return (pid_t)(current->tgid);'],
  ])('changes nothing: %s', async (_what, from, to) => {
    expect(await outcome(change('kernel/sys.c', from, to))).toMatchObject({ ok: false, code: 'no-change' })
  })

  it('moves the lines of warnings, and changes nothing', async () => {
    const path = 'trace/stubs.c'
    const text = new TextDecoder().decode(read(`images/kernel/${path}`))
    expect(text).toMatch(/WARN|BUG/)
    const include = text.match(/^#include .*$/m)?.[0] ?? ''
    expect(await outcome(change(path, include, `/*\n * More is said\n * of it here.\n */\n${include}`))).toMatchObject({
      code: 'no-change',
    })
  })

  it('is for a kernel that its sources do not make, with the function that differs', async () => {
    const kernel = read('images/built/scion-1.0.elf')
    const elf = parseElf(kernel)
    const show = elf.ok ? elf.value.symbols.find((symbol) => symbol.name === 'uptime_proc_show') : undefined
    const text = elf.ok ? elf.value.sections.find((section) => section.name === '.text') : undefined
    if (!show || !text) throw new Error('no such function')
    const at = text.offset + Number(show.value - text.address) + 6
    kernel[at] = (kernel[at] as number) ^ 0x40
    const refused = await outcome(version('%s x %s %s\\n'), { kernel })
    expect(refused).toMatchObject({ ok: false, code: 'running-differs', symbol: 'uptime_proc_show' })
    expect(refused.ok ? '' : refused.message).toMatch(
      /uptime_proc_show\(\) of images\/kernel\/fs\/proc\/info\.c differs at its byte \d+/,
    )
  })

  it('is for no kernel at all', async () => {
    expect(await outcome(version('%s x %s %s\\n'), { kernel: new Uint8Array(100) })).toMatchObject({
      code: 'not-an-elf',
    })
  })
})

describe('the text of the kernel', () => {
  it('has what these tests change', () => {
    expect(lineOf('images/kernel/fs/proc/info.c', VERSION)).toBeGreaterThan(1)
  })
})

function lineOf(path: string, text: string): number {
  const at = new TextDecoder()
    .decode(read(path))
    .split('\n')
    .findIndex((line) => line.includes(text))
  return at + 1
}

function symbolsOf(module: Uint8Array | undefined): string[] {
  const elf = parseElf(module ?? new Uint8Array(0))
  return elf.ok ? elf.value.symbols.map((symbol) => symbol.name) : []
}
