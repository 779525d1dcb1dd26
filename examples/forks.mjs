// Two futures of one instant, and a guest that moves to another thread while it works.

import { MachineSession, migrate } from 'transplant'
import { nodeWorkers, readAssets } from 'transplant/node'

const booted = await MachineSession.boot({ ...readAssets(), vcpus: 2, append: 'console=ttyS0' })
if (!booted.ok) throw new Error(booted.message)
const session = booted.value
await session.put('/tmp/note', new TextEncoder().encode('before\n'))

const other = await session.fork()
await other.exec('echo after >/tmp/note')
for (const one of [session, other]) console.log((await one.exec('cat /tmp/note')).stdout.trim())
other.dispose()

const moved = await migrate(session, nodeWorkers())
console.log(`on another thread: ${(await moved.session.exec('cat /tmp/note')).stdout.trim()}`)
moved.session.dispose()
moved.machine.dispose()

// Prints:
// before
// after
// on another thread: before
