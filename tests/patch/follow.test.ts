// Following a patch into a guest: what is seen of the entries, of the tasks, of the messages, and of a patch that is refused.
import { expect, it } from 'vitest'
import { readKernelImage } from '../../src/guest/index.js'
import { createDisassembler } from '../../src/isa/index.js'
import { observePatch, patchTarget } from '../../src/patch/index.js'
import { bootGuest, read } from '../lab/images.js'

const kernel = read('images/built/scion-1.0.elf')
const demo = read('images/built/patches/demo.ko')

async function follow(target: ReturnType<typeof patchTarget>, prepare = '', module = demo) {
  const session = await bootGuest()
  await session.agent.put(target.path, module)
  if (prepare !== '') await session.agent.read(prepare)
  const image = readKernelImage(kernel)
  if (!image.ok) throw new Error(image.message)
  const report = await observePatch(session, await session.kernel([image.value]), target, await createDisassembler())
  session.dispose()
  return report
}

it('sees the entries change, the tasks switch, and what a program sees', async () => {
  const target = patchTarget(demo, kernel, '/tmp/demo.ko', 'cat /proc/version')
  expect(target).toMatchObject({ name: 'demo', path: '/tmp/demo.ko', behaviour: 'cat /proc/version' })
  const report = await follow(target)
  expect(report).toMatchObject({ name: 'demo', module: '/tmp/demo.ko', status: 0, error: '' })
  expect(report.functions.map((one) => one.name)).toEqual(target.functions.map((one) => one.name))
  for (const { address, stages } of report.functions) {
    expect(address).toMatch(/^0x[0-9a-f]{16}$/)
    expect(stages.map((stage) => stage.state)).toEqual(expect.arrayContaining(['at-rest', 'breakpoint', 'call']))
    expect(stages[0]).toMatchObject({ when: 'before', state: 'at-rest', bytes: '0f 1f 44 00 00' })
    expect(stages.at(-1)).toMatchObject({ when: 'after', state: 'call' })
    for (const stage of stages) expect(stage.listing).toHaveLength(stage.state === 'breakpoint' ? 2 : 1)
    for (let i = 1; i < stages.length; i++) {
      expect(stages[i]!.time).toBeGreaterThanOrEqual(stages[i - 1]!.time ?? Number.POSITIVE_INFINITY)
      // Only what has changed is a stage of its own.
      if (stages[i]!.when === 'sync') expect(stages[i]!.bytes).not.toBe(stages[i - 1]!.bytes)
    }
  }
  const { transition } = report
  expect(transition.started).toBeGreaterThan(0)
  expect(transition.completed).toBeGreaterThan(transition.started!)
  expect(transition.instructions).toBe(transition.completed! - transition.started!)
  expect(transition.tasks.length).toBeGreaterThan(3)
  expect(transition.tasks.find((task) => task.pid === 1)).toMatchObject({ started: 0, completed: 1 })
  expect(transition.switched).toBe(transition.tasks.filter((task) => task.started === 0 && task.completed === 1).length)
  expect(transition.switched).toBeGreaterThan(1)
  expect([report.enabled, report.inTransition]).toEqual(['1', '0'])
  expect(report.messages).toContain("livepatch: 'demo': patching complete")
  expect(report.behaviour.before).not.toBe(report.behaviour.after)
  expect(report.behaviour).toMatchObject({ command: 'cat /proc/version', later: report.behaviour.after })
})

it('tells of a patch that the guest refuses by status and words, with all entries at rest', async () => {
  const target = { ...patchTarget(demo, kernel, '/tmp/demo.ko'), path: '/tmp/cut.ko' }
  const report = await follow(target, '', demo.subarray(0, 100))
  expect(report.status).not.toBe(0)
  expect(report.error).toMatch(/Invalid module format/)
  expect([report.enabled, report.inTransition]).toEqual(['', ''])
  for (const { stages } of report.functions) expect(stages.map((stage) => stage.state)).toEqual(['at-rest', 'at-rest'])
  expect(report.transition).toMatchObject({ started: undefined, completed: undefined, instructions: undefined })
  expect(report.transition).toMatchObject({ tasks: [], switched: 0 })
  expect(report.behaviour).toEqual({ command: '', before: '', after: '', later: '' })
})

/** A guest in which a task sleeps in what klp-stack replaces. */
async function sleepingIn() {
  const module = read('images/built/patches/klp-stack.ko')
  const session = await bootGuest({}, { limit: 3e9 })
  await session.agent.put('/tmp/klp-target.ko', read('images/built/patches/klp-target.ko'))
  await session.agent.put('/tmp/klp-stack.ko', module)
  await session.agent.read('insmod /tmp/klp-target.ko')
  const sleeper = await session.agent.start('exec cat /proc/klp_target_wait')
  await session.agent.read('sleep 0.3')
  const image = readKernelImage(kernel)
  if (!image.ok) throw new Error(image.message)
  const target = patchTarget(module, kernel, '/tmp/klp-stack.ko')
  const kernelView = await session.kernel([image.value])
  const follow = async () => observePatch(session, kernelView, target, await createDisassembler())
  return { session, sleeper, kernel: kernelView, follow }
}

it('names the tasks for which a transition does not end', async () => {
  const { session, sleeper, follow } = await sleepingIn()
  await expect(follow()).rejects.toMatchObject({
    code: 'TRANSITION_STUCK',
    message: expect.stringContaining(`cat (pid ${sleeper.pid}) did not switch`),
  })
  session.dispose()
})

it('says what else has ended the wait for a transition as it is, whoever has not switched', async () => {
  const { session, kernel, follow } = await sleepingIn()
  await session.port.setBreakpoint(kernel.address('retry_work_fn'))
  await expect(follow()).rejects.toMatchObject({ code: 'GUEST_STOPPED' })
  session.dispose()
})

it('throws for what is no kernel and for a patch that the kernel would not take', () => {
  expect(() => patchTarget(demo, demo, '/x')).toThrow(expect.objectContaining({ code: 'KERNEL_IMAGE' }))
  expect(() => patchTarget(kernel, kernel, '/x')).toThrow(expect.objectContaining({ code: 'PATCH_REFUSED' }))
})
