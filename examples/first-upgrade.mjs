// A live upgrade: another kernel under a program that keeps counting.

import { MachineSession } from 'transplant'
import { readAssets } from 'transplant/node'

const assets = readAssets()
const booted = await MachineSession.boot({ ...assets, vcpus: 2, append: 'console=ttyS0' })
if (!booted.ok) throw new Error(booted.message)
const session = booted.value

const counting = await session.agent.start('for i in 1 2 3 4 5; do echo $i $(uname -r); sleep 1; done')
await session.agent.runFor(2.5e9)
const { from, to } = await session.upgrade(assets.nextKernel)
console.log(`from ${from} to ${to}`)
const { stdout } = await session.agent.wait(counting)
console.log(stdout.trim().split('\n').join(', '))
session.dispose()

// Prints:
// from 1.0 to 1.1
// 1 1.0, 2 1.0, 3 1.0, 4 1.0, 5 1.1
