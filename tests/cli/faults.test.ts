// What a person does wrong, and what a guest does: one sentence, a documented exit code, nothing lost. Each exit code is
// reached here, in command-line.test.ts (0, 6, 7) or in patch-and-upgrade.test.ts (5).

import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from '../lab/images.js'
import { needs } from '../needs.js'
import { folder, type Outcome, transplant } from './command.js'

const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return name
}
const PATCH = '.patch cmdline_proc_show\n\tret\n'

function build(text: string, ...words: string[]): Outcome {
  return transplant(['patch', 'build', file('case.s', text), ...words])
}

describe('a patch source', () => {
  it.each([
    [`${PATCH}.data\n.zero -5\n`, 'line 4: .zero wants'],
    [`${PATCH}.data\n.zero 1e9\n`, 'line 4: .zero wants'],
    [`${PATCH}.data\n${'.zero 0x100000\n'.repeat(2)}`, 'line 5: .data has more than 1 MiB'],
    [`${PATCH}.align 0x7fffffff\n`, 'line 3: .align wants'],
    [`${PATCH}.align 3\n`, 'line 3: .align wants'],
    [`${PATCH}.data\n.byte 256\n`, 'line 4: "256" does not fit'],
    ['.patch cmdline_proc_show,99999999999999999999\n\tret\n', 'line 1: "99999999999999999999" is no position'],
    [`${PATCH}\tmov ah, byte ptr [r8]\n`, 'line 3: cannot assemble'],
    [`${PATCH}\tpush 0xffffffff\n`, 'line 3: cannot assemble'],
    [`${PATCH}${PATCH}`, 'line 3: cmdline_proc_show is patched twice'],
  ])('that is wrong (%j) is refused with its line, named once', (text, message) => {
    const { status, stderr } = build(text)
    expect(stderr).toMatch(/^transplant: line /)
    expect(stderr).toContain(message)
    expect(stderr.match(/line \d+:/g)).toHaveLength(1)
    expect(status).toBe(2)
  })

  it('that patches nothing ends with 3', () => {
    expect(build('.rodata\n.byte 1\n')).toMatchObject({ status: 3, stderr: expect.stringContaining('no function') })
    expect(build('')).toMatchObject({ status: 3 })
  })

  it('patches two static functions of one name', () => {
    const { status, stdout } = build('.patch number_show,1\n\tret\n.patch number_show,2\n\tret\n', '-o', 'two.ko')
    expect(status).toBe(0)
    expect(stdout.match(/vmlinux:number_show at/g)).toHaveLength(2)
  })

  it('that is a named pipe is refused, and one on the standard input is read', () => {
    execFileSync('mkfifo', [join(folder, 'pipe.s'), join(folder, 'pipe.ko')])
    const refused = { status: 2, stderr: expect.stringContaining('it is a named pipe, not a regular file') }
    expect(transplant(['patch', 'build', 'pipe.s'])).toMatchObject(refused)
    expect(transplant(['patch', 'load', 'pipe.ko'])).toMatchObject(refused)
    expect(build(PATCH, '-o', 'pipe.ko')).toMatchObject(refused)
    const piped = `cat images/built/scion-1.0.elf | node dist/cli/main.js patch build ${folder}/case.s -o ${folder}/case.ko --kernel /dev/stdin`
    expect(execFileSync('sh', ['-c', piped], { cwd: root, encoding: 'utf8' })).toContain("patch 'case' for build-id")
  })

  it('that is no source by its name, or too large, is refused', () => {
    expect(transplant(['patch', 'build', file('case.txt', '')])).toMatchObject({ status: 2 })
    truncateSync(join(folder, file('large.s', '')), 1 << 30)
    const { status, stderr } = transplant(['patch', 'build', 'large.s'])
    expect({ status, stderr }).toMatchObject({ status: 2, stderr: expect.stringContaining('1,073,741,824 bytes') })
  })
})

describe('a file that cannot be written', () => {
  it.each([
    ['/nonexistent/x.ko', 'ENOENT'],
    ['.', 'EISDIR'],
    ['/dev/full', 'ENOSPC'],
  ])('as %s is told with the reason of the system', (output, reason) => {
    const { status, stderr } = build(PATCH, '-o', output)
    expect(stderr).toContain(`cannot write '${output}': ${reason}`)
    expect(status).toBe(2)
  })

  it('is found before the guest runs, and a file that can be is not left behind', () => {
    file('case.ko', 'no module')
    const { status, stderr } = transplant(['patch', 'load', 'case.ko', '--save', '/nonexistent/x'])
    expect({ status, stderr }).toMatchObject({ status: 2, stderr: expect.stringContaining('/nonexistent/x') })
    transplant(['patch', 'load', 'case.ko', '--save', 'new.snapshot', '--append', 'init=/nosuch'])
    expect(existsSync(join(folder, 'new.snapshot'))).toBe(false)
  })
})

needs('gcc')('a C source', () => {
  it('that patches nothing ends with 3', () => {
    expect(transplant(['patch', 'build', file('empty.c', '')])).toMatchObject({ status: 3 })
  })
})

describe('without gcc', () => {
  it('a C source ends with 4 and is pointed to assembly', () => {
    const path = process.env['PATH']
    process.env['PATH'] = folder
    try {
      const { status, stderr } = transplant(['patch', 'build', file('any.c', '')])
      expect({ status, stderr }).toMatchObject({ status: 4, stderr: expect.stringContaining('assembly') })
    } finally {
      process.env['PATH'] = path
    }
  })
})

describe('options that say nothing', () => {
  it.each([
    [['run', '--json'], '--json says nothing without --exec'],
    [['run', '--exec', 'true', '--snapshot', 'x'], '--snapshot says nothing beside --exec'],
    [['run', '--from', 'x', '--smp', '4'], '--smp says nothing beside --from'],
    [['run', '--from', 'x', '--pc-testdev'], '--pc-testdev says nothing beside --from'],
    [['run', '-s', '--gdb', ':9'], '-s says nothing beside --gdb'],
    [['patch', 'load', 'x.ko', '--from', 'x', '--memory', '64'], '--memory says nothing beside --from'],
    [['upgrade', '--from', 'x', '--kernel', 'y'], '--kernel says nothing beside --from'],
  ])('%j are refused', (words, message) => {
    const { status, stderr } = transplant(words)
    expect(stderr).toContain(message)
    expect(status).toBe(2)
  })
})

describe('a guest', () => {
  it('whose input is over ends with 6', () => {
    const { status, stdout, stderr } = transplant(['run'], 'uname -r\n')
    expect(stdout).toContain('\n1.0\r\n')
    expect({ status, stderr }).toMatchObject({ status: 6, stderr: expect.stringContaining('the input is over') })
  })

  it('that panics at its console ends with 7', () => {
    const { status, stderr } = transplant(['run', '--append', 'console=ttyS0 init=/nosuch'])
    expect(stderr).toContain('the guest panicked: Kernel panic')
    expect(status).toBe(7)
  })

  it('that reboots or powers off ends the same way at a console and with --exec', () => {
    for (const command of ['reboot', 'poweroff']) {
      expect(transplant(['run'], `${command}\n`).status).toBe(0)
      expect(transplant(['run', '--exec', command]).status).toBe(0)
    }
  })

  it('that oopses while a patch is loaded says so at once, with the first lines', () => {
    expect(build('.patch vfs_read\n\tud2\n', '-o', 'oops.ko').status).toBe(0)
    const { status, stderr } = transplant(['patch', 'load', 'oops.ko'])
    expect(stderr).toMatch(/kernel oopsed.*\n\[.*invalid opcode: 0000 \[#1\]/)
    expect(stderr).not.toContain('undisturbed')
    expect(status).toBe(7)
  })

  it('takes a module that patches nothing, which ends with 3', () => {
    const { status, stderr } = transplant(['patch', 'load', join(folder, '../nowhere.ko')])
    expect({ status, stderr }).toMatchObject({ status: 2 })
    const target = new URL('../../images/built/patches/klp-target.ko', import.meta.url).pathname
    expect(transplant(['patch', 'load', target])).toMatchObject({ status: 3 })
  })
})

describe('hands on', () => {
  it('gives files and standard input to a guest, keeps it, and goes on', () => {
    expect(transplant(['run', '--exec', 'cat'], 'hi\n')).toEqual({ status: 0, stdout: 'hi\n', stderr: '' })
    expect(build(PATCH, '-o', 'hands.ko').status).toBe(0)
    const words = 'insmod hands.ko && cat /etc/own /sys/kernel/livepatch/*/enabled'
    file('own', 'mine\n')
    chmodSync(join(folder, file('script', '#!/bin/sh\necho own\n')), 0o755)
    // One of the module's names in the package: the person's own goes before.
    const put = ['hands.ko', 'own:/etc/own', 'own:/lib/modules/demo.ko', 'script'].flatMap((one) => ['--put', one])
    expect(transplant(['run', ...put, '--exec', `${words} && cat /lib/modules/demo.ko && /script`])).toMatchObject({
      ...{ status: 0, stdout: 'mine\n1\nmine\nown\n' },
    })
    expect(transplant(['patch', 'load', 'hands.ko', '--save', 'hands.snapshot']).status).toBe(0)
    const from = [
      'run',
      '--from',
      'hands.snapshot',
      '--put',
      'own',
      '--exec',
      'cat own /sys/kernel/livepatch/*/enabled',
    ]
    expect(transplant(from)).toMatchObject({ status: 0, stdout: 'mine\n1\n' })
  })

  it.each([
    ['/dev/null/x', 'the kernel makes that folder itself'],
    ['/tmp/../proc/version', 'the kernel makes that folder itself'],
    ['/bin/sh/x', "'/bin/sh' is a file"],
    ['/etc', 'it is a folder'],
    [`/${'n'.repeat(256)}`, 'a name in it has 256 bytes'],
    [`/${'a/'.repeat(3000)}`, 'the path has 6004 bytes'],
  ])('refuses to put a file at %s', (path, why) => {
    const { status, stdout, stderr } = transplant([
      'run',
      '--put',
      `${file('own', 'mine\n')}:${path}`,
      '--exec',
      'true',
    ])
    expect(stderr).toContain(why)
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  })

  it('says that a guest has no room for a file', () => {
    truncateSync(join(folder, file('large', '')), 24 << 20)
    const { status, stderr } = transplant(['run', '--memory', '64', '--put', 'large', '--exec', 'true'])
    expect(stderr).toMatch(/The kernel needs \d+ MiB of memory with this initrd, but the machine has 64 MiB/)
    expect(status).toBe(2)
  })

  it('takes a large standard input in virtual time that does not grow with it', () => {
    const { status, stdout } = transplant(['run', '--json', '--exec', 'wc -c'], 'x'.repeat(3_000_000))
    const result = JSON.parse(stdout) as { stdout: string; instructions: number }
    expect({ status, stdout: result.stdout }).toEqual({ status: 0, stdout: '3000000\n' })
    expect(result.instructions).toBeLessThan(200e6)
  })

  it('works as the README says: a module that is there, and the next kernel', () => {
    const { status, stdout } = transplant(
      ['run'],
      'insmod /lib/modules/livepatch-sample.ko\nsleep 2\nkexec -l /boot/scion-1.1 && kexec -e\nuname -r\npoweroff\n',
    )
    expect(status).toBe(0)
    expect(stdout).toContain('Scion 1.1 has taken over from 1.0')
  })
})

describe('the help of a command', () => {
  it.each([['run'], ['demo'], ['upgrade'], ['patch'], ['patch build'], ['patch load'], ['patch status']])(
    'of %s begins with its own examples and ends with its own exit codes',
    (name) => {
      const { stdout } = transplant([...name.split(' '), '--help'])
      expect(stdout).toMatch(new RegExp(`^Examples:\\n {2}transplant ${name}`))
      expect(stdout.match(/Examples:/g)).toHaveLength(1)
      expect(stdout.match(/Exit codes:/g)).toHaveLength(1)
    },
  )
})
