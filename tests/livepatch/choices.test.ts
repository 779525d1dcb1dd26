// The rule of images/kernel/livepatch/redirect.c: a choice of a version, once made, is named on the stack until control is in that version.
//
// One program asks for its parent's number for ever; the function behind it is patched. The program is preempted after each
// instruction from the function's entry to the version's first, in a fork each, by a key typed at the console: a second program, which
// waits for it, disables the patch in the same time slice, waits until it is gone, and removes its module. From when the patch is
// about to go, its version sleeps: a task that was switched although it had chosen this version returns into freed memory. A key takes
// its time to become an interrupt, so it is typed that much before the instant. About 20 s; TRANSPLANT_INSTANTS=1 tries every instant.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { MachineSession } from '../../src/guest/index.js'
import { readKernelFacts } from '../../src/patch/index.js'
import { read } from '../lab/images.js'
import { needs } from '../needs.js'
import { buildModule, guestWith, patchOf } from './modules.js'

const SLOW = `
static bool slow;
static long version(const struct pt_regs *regs)
{
	if (READ_ONCE(slow))
		msleep(150);
	return task_ppid_nr(current);
}
static void about_to_go(struct klp_object *obj) { slow = true; }
`
const patch = (name: string) =>
  buildModule(name, SLOW + patchOf({ __x64_sys_getppid: 'version' }, '.callbacks = { .pre_unpatch = about_to_go }'))

// No fork and no exec between the key and the store: the preempted program gets no time in between.
const TRIGGER = `
static long call(long nr, long a, long b, long c)
{
	long ret;

	asm volatile("syscall" : "=a" (ret) : "a" (nr), "D" (a), "S" (b), "d" (c) : "rcx", "r11", "memory");
	return ret;
}
void begin(long *stack)
{
	char **argv = (char **)(stack + 1), key;
	long ten_ms[2] = { 0, 10000000 }, file = call(2, (long)argv[1], 1, 0);

	call(0, 0, (long)&key, 1);
	call(1, file, (long)"0", 1);
	call(3, file, 0, 0);
	while (!call(21, (long)argv[1], 0, 0))
		call(35, (long)ten_ms, 0, 0);
	call(231, call(176, (long)argv[2], 0, 0), 0, 0);
}
asm(".globl _start\\n_start: mov %rsp, %rdi\\nand $-16, %rsp\\ncall begin");
`

function buildTrigger(): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'transplant-trigger-'))
  try {
    writeFileSync(join(folder, 'trigger.c'), TRIGGER)
    const flags = ['-O1', '-static', '-nostdlib', '-ffreestanding', '-fno-stack-protector', '-fno-pie', '-no-pie']
    execFileSync('gcc', [...flags, '-o', join(folder, 'trigger'), join(folder, 'trigger.c')])
    return new Uint8Array(readFileSync(join(folder, 'trigger')))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The patches that are loaded, oldest first, and the one that goes. */
const directions = [
  { name: 'the only patch', loaded: ['first'], goes: 'first' },
  { name: 'a patch on top of another', loaded: ['first', 'second'], goes: 'second' },
]

/** The longest way from the function's entry into the version, in instructions. */
const LONGEST_WAY = 110
/** Within so many instructions a key has become an interrupt, and the program has gone several times around. */
const TRAIL = 9000
/** Between two instants that are tried; 1 tries all. */
const STEP = Number(process.env['TRANSPLANT_INSTANTS'] ?? 11)

async function prepare(loaded: readonly string[], goes: string): Promise<MachineSession> {
  const modules: Record<string, Uint8Array> = {}
  for (const name of loaded) modules[name] = await patch(name)
  const session = await guestWith(modules, { vcpus: 1 })
  for (const name of loaded) await session.agent.read(`insmod /tmp/${name}.ko`)
  await session.agent.put('/tmp/trigger', buildTrigger(), 0o755)
  const script = [
    `spin syscall 4000000000 & /tmp/trigger /sys/kernel/livepatch/${goes}/enabled ${goes}`,
    'kill $!; sleep 0.4; echo it is over\n',
  ]
  session.machine.sendConsole(0, new TextEncoder().encode(script.join('; ')))
  session.machine.run({ instructions: 30_000_000 })
  return session
}

needs('gcc')('a task preempted with its choice made', () => {
  it.each(directions)('never returns into freed text: $name', async ({ loaded, goes }) => {
    const session = await prepare(loaded, goes)
    const { machine, console: log } = session
    const facts = readKernelFacts(read('images/built/scion-1.0.elf'))
    if (!facts.ok) throw new Error(facts.message)
    const entry = facts.value.symbols.get('__x64_sys_getppid')?.[0]?.address ?? 0n
    const stop = machine.setBreakpoint(entry as never)
    expect(machine.run({ instructions: 10_000_000 }).reason).toBe('breakpoint')
    stop.dispose()
    const start = machine.snapshot()
    const press = () => machine.sendConsole(0, new TextEncoder().encode('\n'))
    /** Where the program is after each instruction, with a key pressed after so many. */
    const trail = (pressed: number): bigint[] => {
      machine.restore(start)
      return Array.from({ length: TRAIL }, (_, at) => {
        const { rip } = machine.registers(0)
        if (at === pressed) press()
        machine.step(0, 1)
        return rip
      })
    }
    const undisturbed = trail(-1)
    const interrupted = (pressed: number) => trail(pressed).findIndex((rip, at) => rip !== undisturbed[at])
    const delay = interrupted(0)
    const entered = undisturbed.findIndex((rip, at) => at >= delay && rip === entry)
    expect(delay).toBeGreaterThan(0)
    expect(entered).toBeGreaterThan(0)
    // The instruction at which it is interrupted is the first that is not there any more.
    expect(interrupted(entered - delay + 20)).toBe(entered + 20)
    const failures: string[] = []
    for (let instant = 0; instant < LONGEST_WAY; instant += STEP) {
      machine.restore(start)
      const pressed = entered - delay + instant
      if (pressed > 0) machine.step(0, pressed)
      const from = log.lines.length
      press()
      const over = () => log.lines.slice(from).some((line) => line.text.includes('it is over'))
      machine.run({ instructions: 6e8, until: over })
      const said = log.lines.slice(from).map((line) => line.text)
      if (!over() || said.some((text) => /Oops|BUG:|WARNING:|panic/.test(text)))
        failures.push(`${instant}: ${said.find((text) => /Oops|BUG:|WARNING:|panic/.test(text)) ?? 'did not end'}`)
    }
    session.dispose()
    expect(failures).toEqual([])
  })
})
