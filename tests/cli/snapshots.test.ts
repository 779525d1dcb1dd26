// `transplant snapshot`, and `transplant symbols`.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { decodeSnapshot, Machine } from '../../src/machine/index.js'
import { read } from '../lab/images.js'
import { folder, transplant } from './command.js'

describe('transplant snapshot', () => {
  it('saves a booted guest with what was done in it, and tells what is in the file', () => {
    const saved = transplant([
      'snapshot',
      'save',
      'set-up',
      '--smp',
      '3',
      '--exec',
      'echo kept >/tmp/a',
      '--exec',
      'cat /tmp/a',
    ])
    expect(saved).toMatchObject({ status: 0, stderr: expect.stringContaining('saved set-up') })
    expect(transplant(['run', '--from', 'set-up', '--exec', 'cat /tmp/a'])).toMatchObject({
      status: 0,
      stdout: 'kept\n',
    })

    const file = decodeSnapshot(new Uint8Array(readFileSync(join(folder, 'set-up'))))
    if (!file.ok) throw new Error(file.message)
    const { hash, now } = ((machine) => ({ hash: machine.hash(), now: machine.now }))(
      Machine.from(file.value, read('src/cpu/core.wasm')),
    )
    const { status, stdout } = transplant(['snapshot', 'info', 'set-up', '--json'])
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ schema: 'transplant-snapshot/1', kernel: 'Scion 1.0', vcpus: 3, memoryBytes: 128 << 20, hash, time: now },
      buildId: expect.stringMatching(/^[0-9a-f]{40}$/),
    })
    const told = transplant(['snapshot', 'info', 'set-up']).stdout
    expect(told).toMatch(/^kernel +Scion 1\.0$/m)
    expect(told).toContain(hash)
  })

  it('names the kernel that runs, not the one that was booted', () => {
    expect(transplant(['upgrade', '--save', 'upgraded'])).toMatchObject({ status: 0 })
    expect(transplant(['snapshot', 'info', 'upgraded']).stdout).toMatch(/^kernel +Scion 1\.1$/m)
  })

  it('saves nothing where a command fails, and says which', () => {
    const { status, stderr } = transplant(['snapshot', 'save', 'half', '--exec', 'true', '--exec', 'ls /nowhere'])
    expect(status).toBe(1)
    expect(stderr).toContain('ls /nowhere')
    expect(transplant(['snapshot', 'info', 'half'])).toMatchObject({ status: 2 })
  })

  it('lists a folder: each snapshot, and what is wrong with a damaged one', () => {
    mkdirSync(join(folder, 'guests'))
    const whole = readFileSync(join(folder, 'set-up'))
    writeFileSync(join(folder, 'guests/whole'), whole)
    writeFileSync(join(folder, 'guests/half'), whole.subarray(0, whole.length >> 1))
    writeFileSync(join(folder, 'guests/words'), 'no snapshot\n')
    const { status, stdout } = transplant(['snapshot', 'list', 'guests'])
    expect(status).toBe(0)
    expect(stdout).toMatch(
      /^half +The snapshot is damaged.*\nwhole +\d+\.\d{9} s {2}3 vCPUs of x86-64-v2 {2}128 MiB {2}seed 1\n$/,
    )
    const { snapshots } = JSON.parse(transplant(['snapshot', 'list', 'guests', '--json']).stdout)
    expect(snapshots).toMatchObject([{ file: 'half' }, { file: 'whole', vcpus: 3 }])
  })

  it.each([
    ['a file that is none', ['info', 'words.txt'], /not a Transplant snapshot/],
    ['a file that is not there', ['info', 'nowhere'], /cannot read 'nowhere': ENOENT/],
    ['a folder that is not there', ['list', 'nowhere'], /cannot read the folder 'nowhere': ENOENT/],
    ['an output that cannot be', ['save', '/nonexistent/x'], /cannot write '\/nonexistent\/x'/],
    [
      'what says nothing beside --from',
      ['save', 'x', '--from', 'set-up', '--smp', '4'],
      /--smp says nothing beside --from/,
    ],
  ])('refuses %s in one sentence', (_what, words, sentence) => {
    writeFileSync(join(folder, 'words.txt'), 'no snapshot\n')
    const { status, stderr } = transplant(['snapshot', ...words])
    expect(status).toBe(2)
    expect(stderr).toMatch(sentence)
  })
})

describe('transplant symbols', () => {
  it('tells address, size and whether a patch can replace it', () => {
    const { status, stdout } = transplant(['symbols', 'version_proc_show'])
    expect(status).toBe(0)
    expect(stdout).toMatch(/^ffffffff8[0-9a-f]{7} {2}\d+ {2}version_proc_show {2}patchable\n$/)
  })

  it('says why something cannot be patched', () => {
    const { symbols, buildId } = JSON.parse(transplant(['symbols', '--json']).stdout)
    expect(buildId).toMatch(/^[0-9a-f]{40}$/)
    const reason = (name: string) => symbols.find((one: { name: string }) => one.name === name)?.reason
    expect(reason('version_proc_show')).toBeNull()
    expect(reason('linux_banner')).toBe('no function')
    expect(reason('do_syscall_64')).toBe('notrace or assembly: patch its callers')
    const patchable = JSON.parse(transplant(['symbols', '--patchable', '--json']).stdout).symbols
    expect(patchable).toEqual(symbols.filter((one: { patchable: boolean }) => one.patchable))
  })

  it('takes wildcards for whole names, and counts those of one name', () => {
    const { stdout } = transplant(['symbols', '__x64_sys_getp*id', '--json'])
    const names = JSON.parse(stdout).symbols.map((one: { name: string }) => one.name)
    expect(names).toEqual(expect.arrayContaining(['__x64_sys_getpid', '__x64_sys_getppid']))
    expect(names.every((name: string) => /^__x64_sys_getp.*id$/.test(name))).toBe(true)
    const several = JSON.parse(transplant(['symbols', '--json']).stdout).symbols.filter(
      (one: { position: number }) => one.position > 0,
    )
    expect(several.length).toBeGreaterThan(1)
    expect(transplant(['symbols', several[0].name]).stdout).toContain(`${several[0].name},1 `)
  })

  it('knows what a mistyped name may have meant, as a patch does', () => {
    expect(transplant(['symbols', 'verison_proc_show'])).toMatchObject({
      ...{ status: 2, stderr: expect.stringContaining("Did you mean 'version_proc_show'?") },
    })
    writeFileSync(join(folder, 'mistyped.s'), '.patch verison_proc_show\n\tret\n')
    expect(transplant(['patch', 'build', 'mistyped.s'])).toMatchObject({
      ...{ status: 5, stderr: expect.stringContaining("Did you mean 'version_proc_show'?") },
    })
  })

  it('refuses lines of another kernel, and an image that is none', () => {
    writeFileSync(join(folder, 'other.elf'), read('images/built/scion-1.1.elf'))
    expect(transplant(['symbols', 'schedule', '--debug', 'other.elf'])).toMatchObject({
      ...{ status: 2, stderr: expect.stringContaining('has the lines of another kernel') },
    })
    writeFileSync(join(folder, 'none.elf'), 'none')
    expect(transplant(['symbols', '--kernel', 'none.elf'])).toMatchObject({ status: 2 })
  })
})
