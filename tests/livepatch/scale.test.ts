// What a transition costs in virtual time: on an idle guest, with as many vCPUs as there may be; for a patch of a thousand functions.
// About 12 s.
import { expect, it } from 'vitest'
import { needs } from '../needs.js'
import { buildModule, gone, guestWith, patchOf, settled } from './modules.js'

const MILLISECOND = 1_000_000
const HELLO = `static int hello(struct seq_file *m, void *v) { seq_puts(m, "patched\\n"); return 0; }`

needs('gcc')('a transition of an idle guest', () => {
  it.each([1, 2, 16])('completes within 20 ms, both ways, with %i vCPU(s)', async (vcpus) => {
    const patch = await buildModule('patch', HELLO + patchOf({ cmdline_proc_show: 'hello' }))
    const session = await guestWith({ patch }, { vcpus })
    const { agent, machine } = session
    // The CPUs fall asleep, each at its own time.
    await agent.read('sleep 0.5')
    /** From "starting" to "complete", by the guest's own clock, in ms. */
    const took = (kind: string): number => {
      const at = (text: string) =>
        session.console.messages().find((one) => one.text.includes(text))?.timestamp ?? Number.NaN
      return (at(`${kind} complete`) - at(`starting ${kind}`)) * 1000
    }
    await settled(session, 'patch', 'insmod /tmp/patch.ko')
    expect(took('patching')).toBeLessThan(20)
    expect(await agent.read('cat /proc/cmdline')).toBe('patched\n')
    const from = machine.now
    await gone(session, 'patch')
    expect(machine.now - from).toBeLessThan(60 * MILLISECOND)
    expect(took('unpatching')).toBeLessThan(20)
    session.dispose()
  })
})

const COUNT = 1000
const numbers = Array.from({ length: COUNT }, (_, i) => i)

// A thousand functions of a module, all called when /proc/sum is read.
const TARGET = `
${numbers.map((i) => `noinline int target_fn_${i}(int x) { barrier(); return x + 1; }`).join('\n')}
static int show(struct seq_file *m, void *v)
{
	int sum = 0;

	${numbers.map((i) => `sum = target_fn_${i}(sum);`).join('\n\t')}
	seq_printf(m, "%d\\n", sum);
	return 0;
}
static int start(void) { return proc_create_single("sum", 0444, NULL, show) ? 0 : -ENOMEM; }
static void stop(void) { remove_proc_entry("sum", NULL); }
module_init(start);
module_exit(stop);
MODULE_LICENSE("GPL");
`
const CHANGED = numbers.map((i) => `static int new_fn_${i}(int x) { barrier(); return x + 2; }`).join('\n')

needs('gcc')('a patch of a thousand functions', () => {
  it('loads, completes and unloads within one second', async () => {
    const functions = Object.fromEntries(numbers.map((i) => [`target_fn_${i}`, `new_fn_${i}`]))
    const source = patchOf(functions, '.name = "target"')
    const modules = { target: await buildModule('target', TARGET), patch: await buildModule('patch', CHANGED + source) }
    const session = await guestWith(modules)
    const { agent, machine } = session
    await agent.read('insmod /tmp/target.ko')
    const from = machine.now
    await settled(session, 'patch', 'insmod /tmp/patch.ko')
    expect(await agent.read('cat /proc/sum')).toBe(`${2 * COUNT}\n`)
    await gone(session, 'patch')
    expect(machine.now - from).toBeLessThan(1000 * MILLISECOND)
    expect(await agent.read('cat /proc/sum')).toBe(`${COUNT}\n`)
    session.dispose()
  })
})
