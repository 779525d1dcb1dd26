// /proc where threads and modules show: task/<tid>, and what has tainted the kernel.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import type { MachineSession } from '../../src/guest/index.js'
import type { Snapshot } from '../../src/machine/index.js'
import { needs } from '../needs.js'
import { attempt, bootWith, buildModule, inGuest, patchSource, testModule } from './module-guest.js'

/** A process of three threads, which sleep for ever; the first one writes its number, and that of the last. */
const THREADS = `
static long call(long n, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d, r8 __asm__("r8") = e;
	__asm__ volatile("syscall" : "+a"(n) : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8) : "rcx", "r11", "memory");
	return n;
}
static char stacks[2][4096] __attribute__((aligned(16)));
__attribute__((noreturn)) void thread(void)
{
	for (;;)
		call(34, 0, 0, 0, 0, 0); /* pause */
}
static long start_thread(char *top)
{
	long pid;
	((void **)top)[-1] = thread;
	__asm__ volatile("syscall\\n test %%eax, %%eax\\n jnz 1f\\n ret\\n1:"
			 : "=a"(pid)
			 : "a"(56), "D"(0x10f00), "S"(top - 8), "d"(0), "r"(0)
			 : "rcx", "r11", "memory"); /* clone: VM, FS, FILES, SIGHAND, THREAD */
	return pid;
}
void _start(void)
{
	long pid = call(39, 0, 0, 0, 0, 0), last;
	char text[] = "00000 00000\\n";

	start_thread(stacks[0] + 4096);
	last = start_thread(stacks[1] + 4096);
	for (int i = 4; i >= 0; i--, pid /= 10, last /= 10) {
		text[i] += pid % 10;
		text[i + 6] += last % 10;
	}
	call(1, 1, (long)text, 12, 0, 0);
	thread();
}
`

function program(source: string): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'transplant-program-'))
  try {
    writeFileSync(join(folder, 'it.c'), source)
    const words = ['-O1', '-static', '-nostdlib', '-ffreestanding', '-fno-pic', '-no-pie', '-fno-stack-protector']
    execFileSync('gcc', [...words, '-Wl,--build-id=none', '-o', 'it', 'it.c'], { cwd: folder })
    return new Uint8Array(readFileSync(join(folder, 'it')))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

needs('gcc')('/proc', () => {
  let booted: Snapshot
  beforeAll(async () => {
    const slow = 'static long NEW(const struct pt_regs *regs) { return 0; }'
    booted = await bootWith({
      patch: await buildModule('patch', patchSource([{ name: '__x64_sys_pause', code: slow }])),
      files: await testModule('files'),
    })
  })

  /** The process of three threads: its number and those of its threads. */
  async function threads(guest: MachineSession): Promise<number[]> {
    await guest.agent.put('/tmp/threads', program(THREADS), 0o755)
    await guest.agent.read('/tmp/threads > /tmp/numbers &')
    await guest.agent.read('sleep 1')
    const [pid, last] = (await guest.agent.read('cat /tmp/numbers')).trim().split(' ').map(Number)
    const all = (await guest.agent.read(`ls /proc/${pid}/task`)).trim().split('\n').map(Number)
    expect(all).toEqual([pid, last! - 1, last])
    return all
  }

  it('has a directory for each thread of a process, with the files of a process', () =>
    inGuest(booted, async (guest) => {
      const { agent } = guest
      const [pid, second, third] = await threads(guest)
      expect(await agent.read(`grep Threads /proc/${pid}/status`)).toBe('Threads:\t3\n')
      const status = await agent.read(`cat /proc/${pid}/task/${third}/status`)
      expect(status).toContain(`Tgid:\t${pid}\nPid:\t${third}\n`)
      const names = (await agent.read(`ls /proc/${pid}`)).trim().split('\n')
      expect((await agent.read(`ls /proc/${pid}/task/${second}`)).trim().split('\n')).toEqual(
        names.filter((name) => name !== 'task'),
      )
      expect(names).toContain('task')
      // Of another process, and of none.
      expect(await attempt(guest, `cat /proc/${pid}/task/1/status`)).toMatchObject({ status: 1 })
      expect(await attempt(guest, `cat /proc/1/task/${pid}/status`)).toMatchObject({ status: 1 })
      await agent.read(`kill -9 ${pid}; sleep 1`)
      expect(await attempt(guest, `cat /proc/${pid}/task/${third}/status`)).toMatchObject({ status: 1 })
    }))

  it('says of each thread where it stands in a transition, and why', () =>
    inGuest(booted, async (guest) => {
      const { agent } = guest
      const [pid, second, third] = await threads(guest)
      const states = () =>
        agent.read([pid, second, third].map((tid) => `cat /proc/${pid}/task/${tid}/patch_state`).join('; '))
      expect(await states()).toBe('-1\n-1\n-1\n')
      await agent.read('insmod /lib/test/patch.ko')
      expect(await states()).toBe('0\n0\n0\n')
      expect(await agent.read(`cat /proc/${pid}/task/${second}/stack`)).toMatch(/__x64_sys_pause/)
      await agent.read(`kill -9 ${pid}; sleep 1`)
      expect(await agent.read('cat /sys/kernel/livepatch/patch/transition')).toBe('0\n')
    }))

  it('has what has tainted the kernel, which is added to', () =>
    inGuest(booted, async (guest) => {
      const { agent } = guest
      const tainted = '/proc/sys/kernel/tainted'
      expect(await agent.read(`cat ${tainted}`)).toBe('0\n')
      await agent.read('insmod /lib/test/patch.ko')
      expect(await agent.read(`cat ${tainted}`)).toBe('32768\n')
      expect(await agent.read(`echo 512 > ${tainted}; echo 0 > ${tainted}; cat ${tainted}`)).toBe('33280\n')
      expect(await attempt(guest, `echo -1 > ${tainted}`)).toMatchObject({ status: 1 })
      expect(await attempt(guest, `echo 0x80000 > ${tainted}`)).toMatchObject({ status: 1 })
    }))

  it('and /sys say where a module is, and how much memory it has', () =>
    inGuest(booted, async ({ agent }) => {
      await agent.read('insmod /lib/test/files.ko')
      const sections = '/sys/module/files/sections'
      const [, text] = / (0x[0-9a-f]{16})\n$/.exec(await agent.read('cat /proc/modules')) ?? []
      expect(await agent.read(`cat ${sections}/.text`)).toBe(`${text}\n`)
      expect(await agent.read(`ls -l ${sections}/.text`)).toMatch(/^-r--------/)
      const names = (await agent.read(`ls -a ${sections}`)).trim().split('\n')
      expect(names).toEqual(expect.arrayContaining(['.gnu.linkonce.this_module', '.rodata', '.text']))
      const [, size] = /^files (\d+) /m.exec(await agent.read('cat /proc/modules')) ?? []
      expect(await agent.read('cat /sys/module/files/coresize')).toBe(`${size}\n`)
    }))
})
