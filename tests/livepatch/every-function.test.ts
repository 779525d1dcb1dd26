// Every function that can be patched is patched, one by one, each in a fork of one booted guest: loaded, worked under, unloaded, worked
// after. The version goes on behind the original's entry, so a patched function does what it did before; what is asked is whether the
// way there (entry, stub, handler, return) needs a function that it has just redirected. In CI each third function, which third by
// TRANSPLANT_SEED (0 by default), about 40 s; `npm run patch:every` does all.
import { expect, it } from 'vitest'
import { MachineSession } from '../../src/guest/index.js'
import { type KernelFacts, readKernelFacts } from '../../src/patch/index.js'
import { read } from '../lab/images.js'
import { needs } from '../needs.js'
import { buildModule, guestWith } from './modules.js'

const VERSION = `
static char *name = "";
static unsigned long position, entry;
module_param(name, charp, 0444);
module_param(position, ulong, 0444);
module_param(entry, ulong, 0444);

/* Behind the five bytes of the entry, with everything as the caller left it. */
unsigned long behind_entry;
void version(void);
asm(".text\\n.globl version\\n.type version, @function\\nversion: jmp *behind_entry(%rip)\\n.size version, . - version");

static struct klp_func funcs[] = { { .new_func = version }, { } };
static struct klp_object objs[] = { { .funcs = funcs }, { } };
static struct klp_patch patch = { .mod = THIS_MODULE, .objs = objs };
static int start(void)
{
	funcs[0].old_name = name;
	funcs[0].old_sympos = position;
	behind_entry = entry + 5;
	return klp_enable_patch(&patch);
}
static void stop(void) { }
module_init(start);
module_exit(stop);
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
`

interface Patchable {
  readonly name: string
  readonly position: number
  readonly entry: bigint
}

/** In the order of their addresses; the bodies of weak functions that were replaced have no name. */
function patchable(kernel: KernelFacts): Patchable[] {
  const named = new Map<bigint, Patchable>()
  for (const [name, places] of kernel.symbols) {
    places.forEach(({ address, isFunction }, index) => {
      if (isFunction) named.set(address, { name, position: index + 1, entry: address })
    })
  }
  return kernel.patchableEntries.flatMap((entry) => named.get(entry) ?? [])
}

/** Fork, exec, signals, files, pipes, sleeps and wake-ups; silent when all is well. */
const WORK = 'usertests -q append pipe_through_fork signal_child futex_values > /tmp/report || cat /tmp/report'

const folder = '/sys/kernel/livepatch/every'
/** Seconds of the guest; two rounds of fake signals and more: then whoever can be moved has been. */
const PATIENCE = 35

/**
 * One line of a shell for the whole cycle: the function that is patched may be one that a breakpoint, or the agent between two
 * commands, needs.
 */
const cycle = ({ name, position, entry }: Patchable): string =>
  [
    `insmod /tmp/every.ko name=${name} position=${position} entry=0x${entry.toString(16)} || exit`,
    WORK,
    `echo 0 > ${folder}/enabled; n=0`,
    `while [ -d ${folder} ] && [ $n -lt ${PATIENCE * 20} ]; do sleep 0.05; n=$((n + 1)); done`,
    'rmmod every || exit',
    WORK,
    'echo done',
  ].join('\n')

/** One of so many. */
const SHARE = Number(process.env['TRANSPLANT_EVERY'] ?? 3)
const SEED = Number(process.env['TRANSPLANT_SEED'] ?? 0)

needs('gcc')('each function that can be patched', () => {
  it('can be, and the guest works with it and after it', async () => {
    const facts = readKernelFacts(read('images/built/scion-1.0.elf'))
    if (!facts.ok) throw new Error(facts.message)
    const all = patchable(facts.value)
    expect(all.length).toBeGreaterThan(1200)
    // Compiled code would not last: each restore and each patch takes it away again.
    const session = await guestWith({ every: await buildModule('every', VERSION) }, { jit: 'off' })
    expect(await session.agent.read(WORK)).toBe('')
    const booted = session.machine.snapshot()
    const wrong: string[] = []
    for (const one of all.filter((_, index) => (index + SEED) % SHARE === 0)) {
      session.machine.restore(booted)
      const guest = new MachineSession(session.machine, { limit: 120e9 })
      const say = (what: string) => wrong.push(`${one.name},${one.position}: ${what}`)
      try {
        await guest.agent.connect()
        const { stdout, stderr } = await guest.agent.exec(cycle(one))
        if (stdout !== 'done\n' || stderr !== '') say(`${stderr}${stdout}`)
      } catch (error) {
        say(error instanceof Error ? error.message : String(error))
      }
      const complaint = guest.console.lines.find((line) => /Oops|BUG:|WARNING:|panic/.test(line.text))
      if (complaint !== undefined) say(complaint.text)
      guest.dispose()
    }
    session.dispose()
    expect(wrong).toEqual([])
  }, 3_600_000)
})
