// Reading a kernel from outside: its tasks, and a structure of its own by its own types.

import { MachineSession, readKernelImage, readTasks } from 'transplant'
import { readAssets } from 'transplant/node'

const assets = readAssets()
const booted = await MachineSession.boot({ ...assets, vcpus: 2, append: 'console=ttyS0' })
if (!booted.ok) throw new Error(booted.message)
const session = booted.value
const image = readKernelImage(assets.kernel)
if (!image.ok) throw new Error(image.message)
const kernel = await session.kernel([image.value])

const tasks = await readTasks(kernel)
const init = tasks.find((task) => task.pid === 1)
console.log(`pid 1 is ${init.comm}`)

const { pid, comm, patch_state } = (await kernel.readStruct('task_struct', init.address)).values()
console.log({ pid, comm, patch_state })
console.log(`schedule() takes ${image.value.symbol('schedule').size > 0 ? 'some' : 'no'} bytes`)
session.dispose()

// Prints:
// pid 1 is init
// { pid: 1n, comm: 'init', patch_state: -1n }
// schedule() takes some bytes
