// The commands that change a kernel, as a user types them.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { read, root } from '../lab/images.js'
import { has, needs } from '../needs.js'
import { change } from '../toolchain/diffs.js'
import { folder, transplant } from './command.js'

const source = (name: string): string => join(root, 'images/patches', name)

describe('transplant patch', () => {
  it('builds a module from assembly, loads it, keeps the guest, and tells what is in it', () => {
    const built = transplant(['patch', 'build', source('assembled-cmdline.s'), '-o', 'own.ko'])
    expect(built).toMatchObject({ status: 0 })
    expect(built.stdout).toContain('vmlinux:cmdline_proc_show at 0xffffffff')

    const loaded = transplant(['patch', 'load', 'own.ko', '--save', 'patched.snapshot', '--json'])
    expect(loaded.status).toBe(0)
    expect(JSON.parse(loaded.stdout)).toMatchObject({
      ...{ schema: 'transplant-patch-load/1', ok: true, guestGoesOn: true, name: 'assembled_cmdline', enabled: '1' },
    })

    const status = transplant(['patch', 'status', '--from', 'patched.snapshot'])
    expect(status).toMatchObject({ status: 0, stdout: 'assembled_cmdline  enabled 1  transition 0\n' })

    const undone = transplant(['patch', 'undo', 'assembled_cmdline', '--from', 'patched.snapshot', '--save', 'undone'])
    expect(undone.status).toBe(0)
    expect(transplant(['patch', 'status', '--from', 'undone']).stdout).toBe('no patches\n')
    const again = transplant(['patch', 'undo', 'assembled_cmdline', '--from', 'undone'])
    expect(again.status).toBe(5)
    expect(again.stderr).toContain("The guest has no patch 'assembled_cmdline'")

    const upgraded = transplant(['upgrade', '--from', 'patched.snapshot', '--json'])
    expect(upgraded.status).toBe(0)
    expect(JSON.parse(upgraded.stdout)).toMatchObject({ schema: 'transplant-upgrade/1', ok: true, guestGoesOn: true })
  })

  it('tries one: a command before it, with it, and after it is gone', () => {
    const words = ['patch', 'try', source('assembled-cmdline.s'), '--exec', 'cat /proc/cmdline; exit 3']
    const tried = transplant(words)
    expect(tried.status).toBe(0)
    expect(tried.stdout.replace(/console=\S+/g, 'SAME')).toBe(
      `before (exit status 3)\n  SAME\nwith assembled_cmdline (exit status 3)\n  assembled_cmdline: this has been live patched\nundone (exit status 3)\n  SAME\n`,
    )
    expect(tried.stderr).toContain('The command shows the patch')
    expect(tried.stderr).toContain('Without it the output is what it was.')
    const blind = transplant(['patch', 'try', source('assembled-cmdline.s'), '--exec', 'echo hi', '--json'])
    expect(JSON.parse(blind.stdout)).toMatchObject({ shows: false, asBefore: true, undone: { stdout: 'hi\n' } })
    expect(transplant(['patch', 'try', 'fix.txt', '--exec', 'true']).status).toBe(2)
    expect(transplant(['patch', 'try', 'gone.ko', '--exec', 'true']).status).toBe(2)
  })

  it('refuses a source that the kernel cannot take, with a code, a reason and exit code 5', () => {
    writeFileSync(join(folder, 'nowhere.s'), '.patch no_such_function\n\tret\n')
    const { status, stdout } = transplant(['patch', 'build', 'nowhere.s', '--json'])
    expect(status).toBe(5)
    expect(JSON.parse(stdout)).toMatchObject({ schema: 'transplant-error/1', code: 'unknown-function', exitCode: 5 })
  })

  it('tells a source that is wrong in itself by its line', () => {
    writeFileSync(join(folder, 'wrong.s'), '.patch cmdline_proc_show\n\tfrobnicate rax\n')
    const { status, stderr } = transplant(['patch', 'build', 'wrong.s'])
    expect(status).toBe(2)
    expect(stderr).toMatch(/line 2/)
  })

  it('shows that the guest goes on after a bad module', () => {
    writeFileSync(join(folder, 'bad.ko'), read('images/built/patches/livepatch-sample.ko').slice(0, 2000))
    const { status, stderr } = transplant(['patch', 'load', 'bad.ko'])
    expect(status).toBe(5)
    expect(stderr).toContain('the guest refused bad.ko')
    expect(stderr).toContain('The guest goes on undisturbed')
  })
})

needs('gcc')('transplant patch build with gcc', () => {
  it('tries a diff, and says why one cannot be a patch', () => {
    const tried = transplant(['patch', 'try', source('version-text.diff'), '--exec', 'cat /proc/version'])
    expect(tried.stdout).toMatch(/^before\n {2}(Scion .*)\nwith version_text\n {2}\1 \(patched\)\nundone\n {2}\1\n$/)
    const refused = transplant(['patch', 'try', source('init-text.diff'), '--exec', 'true'])
    expect(refused.status).toBe(5)
    expect(refused.stdout).toContain('mem_devices_init runs only while the kernel starts')
  })

  it('builds a module from C', () => {
    expect(has('gcc')).toBe(true)
    const { status } = transplant(['patch', 'build', source('demo.c'), '-o', 'demo.ko', '--json'])
    expect(status).toBe(0)
    expect(new Uint8Array(readFileSync(join(folder, 'demo.ko')))).toEqual(read('images/built/patches/demo.ko'))
  })

  it("shows the compiler's own words where the source does not compile", () => {
    writeFileSync(join(folder, 'wrong.c'), '#include <linux/livepatch.h>\nint f(void) { return nonsense; }\n')
    const { status, stderr } = transplant(['patch', 'build', 'wrong.c'])
    expect(status).toBe(2)
    expect(stderr).toMatch(/nonsense.*undeclared/)
  })
})

needs('gcc')('transplant patch build with a diff', () => {
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text)
  const version = change('fs/proc/info.c', '"%s version %s %s\\n"', '"%s version %s %s (by diff)\\n"')
  const quieter = change(
    'kernel/printk.c',
    'int console_loglevel = CONSOLE_LOGLEVEL_DEFAULT;',
    'int console_loglevel = CONSOLE_LOGLEVEL_QUIET;',
  )

  it('makes a module that a guest takes', () => {
    write('by-diff.diff', version)
    const built = transplant(['patch', 'build', 'by-diff.diff', '--show-first-changed'])
    expect(built).toMatchObject({ status: 0 })
    expect(built.stdout).toMatch(/images\/kernel\/fs\/proc\/info.c:\d+: version_proc_show\(\): its text changed/)
    expect(built.stdout).toMatch(/first at byte \d+, images\/kernel\/fs\/proc\/info.c:\d+/)
    expect(transplant(['patch', 'load', 'by-diff.ko', '--save', 'by-diff.snapshot'])).toMatchObject({ status: 0 })
    const { stdout } = transplant(['run', '--from', 'by-diff.snapshot', '--exec', 'cat /proc/version'])
    expect(stdout).toContain('(by diff)')
  })

  it('tells the verdict with its reasons, writes C to begin with, and takes it', () => {
    write('quieter.diff', quieter)
    const refused = transplant(['patch', 'build', 'quieter.diff', '--sketch', 'quieter-help.c', '--json'])
    expect(refused.status).toBe(5)
    expect(JSON.parse(refused.stdout)).toMatchObject({
      ...{ schema: 'transplant-patch-diff/1', verdict: 'needs-help', output: null },
      reasons: [{ code: 'initial-value', path: 'images/kernel/kernel/printk.c', subject: 'console_loglevel' }],
    })
    expect(transplant(['patch', 'build', 'quieter.diff']).stdout).toMatch(
      /printk.c:\d+: needs-help: console_loglevel has/,
    )
    expect(transplant(['patch', 'build', 'quieter.diff', '--with', 'quieter-help.c'])).toMatchObject({ status: 0 })
    expect(transplant(['patch', 'load', 'quieter.ko'])).toMatchObject({ status: 0 })
  })

  it.each([
    ['moved.diff', version.replaceAll('version', 'vision'), 2, /info.c: hunk 1 of 1 .* does not fit/],
    ['words.diff', 'no diff\n', 2, /not a unified diff/],
    [
      'program.diff',
      '--- a/images/user/bin/cat.c\n+++ b/images/user/bin/cat.c\n@@ -1 +1 @@\n-a\n+b\n',
      2,
      /no source of the kernel/,
    ],
    [
      'wrong.diff',
      change('kernel/sys.c', 'return current->tgid;', 'return nonsense;'),
      2,
      /sys.c does not compile[\s\S]*nonsense/,
    ],
    ['same.diff', change('kernel/sys.c', 'return current->tgid;', 'return (current->tgid);'), 3, /changes no function/],
    ['lost.diff', '', 2, /./],
  ])('%s ends with the exit code that is documented', (name, text, status, words) => {
    if (text !== '') write(name, text)
    const result = transplant(['patch', 'build', name])
    expect(result.status).toBe(status)
    expect(result.stderr).toMatch(words)
  })

  it('goes on only where a folder is named', () => {
    write('go-on.diff', version)
    expect(transplant(['patch', 'build', 'go-on.diff', '--from', 'extract'])).toMatchObject({ status: 2 })
  })
})

needs('gcc')('transplant patch new and check', () => {
  it.each(['c', 'assembly'])('begin a patch that builds, in %s', (language) => {
    const file = `begun.${language === 'c' ? 'c' : 's'}`
    expect(transplant(['patch', 'new', 'uptime_proc_show', '--language', language, '-o', file])).toMatchObject({
      status: 0,
    })
    const built = transplant(['patch', 'build', file, '-o', 'begun.ko'])
    expect(built).toMatchObject({ status: 0 })
    expect(built.stdout).toContain('vmlinux:uptime_proc_show at 0xffffffff')
    expect(built.stderr).not.toContain('warning')
    expect(transplant(['patch', 'check', 'begun.ko'])).toMatchObject({ status: 0, stdout: 'begun.ko: applies\n' })
  })

  it('say of a function that is never left that it cannot be patched, and where it stands', () => {
    expect(transplant(['patch', 'new', 'schedule', '-o', 'never.c'])).toMatchObject({ status: 0 })
    expect(transplant(['patch', 'build', 'never.c']).stdout).toContain('cannot: schedule is on the stack of every task')
    const { status, stdout } = transplant(['patch', 'check', 'never.ko', '--json'])
    expect(status).toBe(5)
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ schema: 'transplant-patch-check/1', verdict: 'cannot' },
      reasons: [{ code: 'never-left', path: 'images/kernel/kernel/sched.c', subject: 'schedule' }],
    })
  })

  it.each([
    ['no_such_function', /is no function of kernel/],
    ['pipe_read', /is there 2 times \(1: images\/kernel\/fs\/pipe.c, 2: images\/kernel\/trace\/tracefs.c\)/],
    ['pipe_read,3', /only 2 of pipe_read/],
    ['local_clock', /no patchable entry/],
  ])('refuse to begin %s', (name, words) => {
    const { status, stderr } = transplant(['patch', 'new', name])
    expect(status).toBe(5)
    expect(stderr).toMatch(words)
  })

  it('refuse a module for another build, and one that is none', () => {
    writeFileSync(join(folder, 'cut.ko'), read('images/built/patches/demo.ko').slice(0, 3000))
    expect(transplant(['patch', 'check', 'cut.ko']).status).toBe(2)
    const other = join(root, 'images/built/scion-1.1.elf')
    const { status, stderr } = transplant([
      'patch',
      'check',
      join(root, 'images/built/patches/demo.ko'),
      '--kernel',
      other,
    ])
    expect(status).toBe(5)
    expect(stderr).toMatch(/was built for/)
  })

  it('warn of an assembly patch that calls without a frame, with its line', () => {
    writeFileSync(join(folder, 'frameless.s'), '.patch cmdline_proc_show\n\tcall seq_puts\n\tret\n')
    const { status, stderr } = transplant(['patch', 'build', 'frameless.s'])
    expect(status).toBe(0)
    expect(stderr).toMatch(/frameless.s:2: warning: cmdline_proc_show calls seq_puts without a frame/)
  })
})

needs('gcc')('transplant lab corpus', () => {
  it('prints a line for each change, and ends with 0 where all are as they expect', () => {
    const { status, stdout } = transplant(['lab', 'corpus', 'version-text', 'schedule-count'])
    expect(status).toBe(0)
    expect(stdout).toMatch(/^ version-text +applies +1 +\d+ +\d+ .* as before$/m)
    expect(stdout).toMatch(/^ schedule-count +cannot: never-left/m)
  })

  it('knows no other names', () => {
    expect(transplant(['lab', 'corpus', 'nope'])).toMatchObject({ status: 2 })
  })
})

describe('transplant upgrade', () => {
  it('changes the kernel and says so', () => {
    const { status, stdout } = transplant(['upgrade'])
    expect(status).toBe(0)
    expect(stdout).toContain('liveupdate: Scion 1.1 has taken over from 1.0')
    expect(stdout).toMatch(/^rehearsed in a fork first: every check held, the guest stayed at [0-9a-f]+$/m)
    expect(stdout).not.toContain('FAIL')
  })

  it('shows that the guest goes on with the old kernel when the image is refused', () => {
    writeFileSync(join(folder, 'no-kernel.elf'), 'no kernel\n')
    const { status, stderr } = transplant(['upgrade', 'no-kernel.elf'])
    expect(status).toBe(5)
    expect(stderr).toContain('the guest refused no-kernel.elf: kexec_file: ')
    expect(stderr).toContain('The guest goes on with 1.0 undisturbed')
  })
})

describe('transplant demo', () => {
  it('tells its story on stdout, its progress on stderr, and ends with 0', () => {
    const { status, stdout, stderr } = transplant(['demo'])
    expect(status).toBe(0)
    expect(stdout).toMatch(/All \d+ checks held\./)
    expect(stdout).not.toContain('\x1b')
    expect(stderr).toMatch(/\d\.\d{6} s {2}upgrade/)
    // The README shows lines of it, with an ellipsis for each figure that changes with the kernels.
    const readme = readFileSync(join(root, 'README.md'), 'utf8')
    const shown = readme.slice(readme.indexOf("    The live patch 'demo'"), readme.indexOf('## Hands on')).split('\n')
    for (const line of shown.map((one) => one.trim()).filter((one) => one !== '' && one !== '...')) {
      const pattern = line.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/ +/g, ' +'))
      expect(stdout).toMatch(new RegExp(pattern.join('\\S+')))
    }
  })

  it('is one JSON document with --json', () => {
    const { status, stdout } = transplant(['demo', '--json'])
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ schema: 'transplant-demo/1', ok: true })
  })
})
