// A fault of the kernel itself: it is reported as Linux reports it, the task that caused it is gone, the rest goes on. The
// faulty function is a livepatch from assembly, so that nothing but npm packages is needed.

import { afterAll, expect, it } from 'vitest'
import type { MachineSession } from '../../src/guest/index.js'
import { buildPatchFromAssembly, readKernelFacts } from '../../src/patch/index.js'
import { bootGuest, read } from '../lab/images.js'

const source = `
.patch cmdline_proc_show
	push rbp
	mov rbp, rsp
	xor eax, eax
	mov dword ptr [rax + 0x18], 1
	pop rbp
	ret
`

let session: MachineSession | undefined
afterAll(() => session?.dispose())

it('an oops names the fault, the registers and the call trace, and costs one task', async () => {
  const facts = readKernelFacts(read('images/built/scion-1.0.elf'))
  if (!facts.ok) throw new Error(facts.message)
  const built = await buildPatchFromAssembly({ sourceName: 'faulty.s', source, kernel: facts.value })
  if (!built.ok) throw new Error(built.message)

  session = await bootGuest()
  const { agent } = session
  await agent.put('/tmp/faulty.ko', built.value.module)
  expect(await agent.exec('insmod /tmp/faulty.ko')).toMatchObject({ status: 0 })
  await agent.exec('while [ "$(cat /sys/kernel/livepatch/faulty/transition)" != 0 ]; do sleep 0.1; done')
  const reader = await agent.exec('cat /proc/cmdline')
  expect(reader.status).not.toBe(0)

  const text = session.console.lines.map((line) => line.text).join('\n')
  expect(text).toMatch(/BUG: kernel NULL pointer dereference, address: 0000000000000018/)
  expect(text).toMatch(/Oops: 0002 \[#1\] PREEMPT SMP/)
  expect(text).toMatch(/Comm: cat .*Tainted: .*K/)
  expect(text).toMatch(/RIP: 0010:\S+\+0x[0-9a-f]+\/0x[0-9a-f]+ \[faulty\]/)
  expect(text).toMatch(/Call Trace:\n(\[.*\] )? {1,2}<TASK>/)
  expect(text).toMatch(/seq_read|seq_file/)
  expect(text).toMatch(/Modules linked in: faulty/)
  expect(text).toMatch(/---\[ end trace [0-9a-f]+ \]---/)
  expect(text).not.toMatch(/Kernel panic|WARNING:/)

  expect(await agent.read('echo $((6 * 7)); cat /proc/uptime | wc -l')).toBe('42\n1\n')
})
