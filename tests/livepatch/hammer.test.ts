// A patch of a system call that a process on each vCPU does all the time: every one of them is seen in the new function, as by Linux's
// own test of the kind.
import { beforeAll, expect, it } from 'vitest'
import type { Snapshot } from '../../src/machine/index.js'
import { bootWith, inGuest, testModule } from '../e2e/module-guest.js'
import { needs } from '../needs.js'

needs('gcc')('a system call that is called all the time', () => {
  const booted: Snapshot[] = []
  beforeAll(async () => {
    const numbers = await testModule('numbers')
    for (const vcpus of [1, 2, 4]) booted[vcpus] = await bootWith({ numbers }, vcpus)
  })

  it.each([1, 2, 4])('is patched under %i process(es), one for each vCPU, and unpatched', (vcpus) =>
    inGuest(booted[vcpus]!, async ({ agent }) => {
      const pids: string[] = []
      for (let i = 0; i < vcpus; i++)
        pids.push((await agent.read('spin getpid 1000000000 > /dev/null & echo $!')).trim())
      const left = 'cat /sys/kernel/numbers/left'
      const transition = 'cat /sys/kernel/livepatch/numbers/transition'
      await agent.read(`insmod /lib/test/numbers.ko pids=${pids.join(',')}; sleep 1`)
      expect(await agent.read(`${left}; ${transition}`)).toBe('0\n0\n')
      await agent.read('echo 0 > /sys/kernel/livepatch/numbers/enabled; sleep 1; rmmod numbers')
      // They go on.
      for (const pid of pids) expect(await agent.read(`cat /proc/${pid}/comm; kill ${pid}`)).toBe('spin\n')
    }),
  )
})
