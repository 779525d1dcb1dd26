// The debugger that everybody has, at the guest of a command line: what it is told is what a newcomer would look for.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { imagePath, root } from '../lab/images.js'
import { needs } from '../needs.js'

const folder = mkdtempSync(join(tmpdir(), 'transplant-gdb-'))
const guests: ChildProcess[] = []
afterAll(() => {
  // Those of tests that failed.
  for (const guest of guests) guest.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

interface Guest {
  readonly port: number
  /** Exit status, once it has ended. */
  readonly ended: Promise<number | null>
  said(): string
  type(text: string): void
}

async function startGuest(...options: string[]): Promise<Guest> {
  const child = spawn(process.execPath, [`${root}dist/cli/main.js`, 'run', '--gdb', ':0', ...options])
  guests.push(child)
  let said = ''
  child.stdout.on('data', (data: Buffer) => {
    said += data.toString()
  })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const port = await new Promise<number>((resolve, reject) => {
    let talk = ''
    child.stderr.on('data', (data: Buffer) => {
      talk += data.toString()
      const found = /target remote :(\d+)/.exec(talk)
      if (found) resolve(Number(found[1]))
    })
    child.once('exit', () => reject(new Error(talk)))
  })
  return { port, ended, said: () => said, type: (text) => void child.stdin.write(text) }
}

function gdb(port: number, commands: readonly string[]): string {
  const file = join(folder, 'commands')
  const lines = [
    'set pagination off',
    'set confirm off',
    `file ${imagePath('scion-1.0.elf')}`,
    `target remote :${port}`,
  ]
  writeFileSync(file, [...lines, ...commands, ''].join('\n'))
  const { stdout, stderr } = spawnSync('gdb', ['-q', '-nx', '-batch', '-x', file], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  return `${stdout}${stderr}`
}

needs('gdb')('gdb', () => {
  it('sees the boot from its first instruction, with vCPUs as threads, and goes back', async () => {
    const guest = await startGuest('-S')
    const said = gdb(guest.port, [
      'break start_kernel',
      'continue',
      'info threads',
      'backtrace',
      'stepi',
      'stepi',
      'info registers rip',
      'reverse-stepi',
      'info registers rip cr3 efer mxcsr',
      'reverse-continue',
      'print $xmm0.v4_int32',
      'x/2i $rip',
      'monitor info cpus',
      'delete',
      'kill',
    ])
    expect(said).toMatch(/hit Breakpoint 1, .*start_kernel/)
    expect(said).toMatch(/\* 1 +Thread 1 "vCPU 0" \(swapper\/0 \(pid 0\)\) .*start_kernel/)
    expect(said).toMatch(/2 +Thread 2 "vCPU 1" \(waiting\)/)
    expect(said).toMatch(/#2 .* in pvh_start \(\)/)
    expect(
      said.match(/rip +0x[0-9a-f]+ +0x[0-9a-f]+ <start_kernel\+(\d+)>/g)?.map((line) => line.split('+')[1]),
    ).toEqual(['6>', '5>'])
    expect(said).toMatch(/mxcsr +0x1f80 +\[ IM DM ZM OM UM PM \]/)
    expect(said).toMatch(/= \{0, 0, 0, 0\}/)
    expect(said).toMatch(/\* vCPU 0: running at 0xffffffff[0-9a-f]{8} <start_kernel\+0x0>/)
    expect(await guest.ended).toBe(0)
  })

  it('stops a running guest, changes it by hand, and lets it go on to its end', async () => {
    const guest = await startGuest()
    guest.type('(while true; do sleep 1; done) &\n')
    const said = gdb(guest.port, [
      'hbreak __x64_sys_getppid',
      'info breakpoints',
      'delete',
      'tbreak schedule',
      'continue',
      'watch *(int *)&last_pid',
      'continue',
      'continue',
      'delete',
      'info threads',
      'print (char[5])linux_banner',
      "set {char}&linux_banner = 'Z'",
      'print (char[5])linux_banner',
      'set $rbx = 0x1234',
      'print/x $rbx',
      'monitor info tasks',
      'monitor x /2i $rip',
      'monitor nonsense',
      'detach',
    ])
    expect(said).toMatch(/hw breakpoint +keep +y +0x[0-9a-f]+ <__x64_sys_getppid/)
    expect(said).toMatch(/Temporary breakpoint 2, .*schedule/)
    expect(said).toMatch(/Hardware watchpoint 3: \*\(int \*\)&last_pid\n\nOld value = (\d+)\nNew value = (\d+)\n/)
    expect(said).toContain('"Scion"')
    expect(said).toContain('"Zcion"')
    expect(said).toContain('0x1234')
    expect(said).toMatch(/ 1 +1 +-1 +0x[0-9a-f]+ +init/)
    expect(said).toContain("The monitor has no 'nonsense'.")
    guest.type('poweroff\n')
    expect(await guest.ended).toBe(0)
    expect(guest.said()).toContain('Power down')
  })
})

describe('a command line that asks for a debugger', () => {
  const run = (...options: string[]) =>
    spawnSync(process.execPath, [`${root}dist/cli/main.js`, 'run', ...options], { encoding: 'utf8', input: '' })

  it.each([
    [['--gdb', 'nowhere'], "--gdb is 'nowhere'."],
    [['--gdb', ':70000'], "--gdb is ':70000'."],
    [['-s', '--exec', 'true'], '-s says nothing beside --exec'],
  ])('%j is refused with what is wrong', (options, message) => {
    const { status, stderr } = run(...options)
    expect(stderr).toContain(message)
    expect(status).toBe(2)
  })
})
