// A live patch: loaded, seen at work, and taken back.

import { MachineSession } from 'transplant'
import { readAssets } from 'transplant/node'

const assets = readAssets()
const booted = await MachineSession.boot({ ...assets, vcpus: 2, append: 'console=ttyS0' })
if (!booted.ok) throw new Error(booted.message)
const session = booted.value

const version = async () => (await session.exec('cat /proc/version')).stdout.trim().replace(/\d+ parent/, 'N parent')
console.log(await version())
const { name } = await session.loadPatch(assets.patchModule)
console.log(await version())
await session.unloadPatch(name)
console.log(await version())
session.dispose()

// Prints:
// Scion version 1.0 #1 SMP PREEMPT
// Scion version 1.0 #1 SMP PREEMPT (live patched, N parent lookups)
// Scion version 1.0 #1 SMP PREEMPT
