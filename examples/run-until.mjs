// Running a guest until something happens: a text, a pattern, a function of its kernel, whatever can be asked.

import { MachineSession, readKernelImage } from 'transplant'
import { readAssets } from 'transplant/node'

const assets = readAssets()
const booted = await MachineSession.boot({ ...assets, vcpus: 1, append: 'console=ttyS0' })
if (!booted.ok) throw new Error(booted.message)
const session = booted.value
const image = readKernelImage(assets.kernel)
if (!image.ok) throw new Error(image.message)
const kernel = await session.kernel([image.value])

const type = (text) => session.port.sendConsole(0, new TextEncoder().encode(text))

await session.runUntil('/ # ')
await type('echo $((6 * 7)) apples\n')
const { match } = await session.runUntil(/^(\d+) apples$/m)
console.log(`the guest counted ${match[1]}`)

await type('uname -r\n')
const { cpu } = await session.runUntil({ symbol: '__x64_sys_uname', kernel })
console.log(`vCPU ${cpu} is about to ask for its kernel's name`)
await session.runUntil('1.0')

await type('sleep 1; touch /tmp/done\n')
await session.runUntil(async () => (await session.port.capabilities.time()) > 0.5e9)
console.log('half a second is over')

await type('for word in one two three; do echo $word; done\n')
for await (const { text } of session.lines()) {
  if (text === 'three') break
}
console.log('and three lines were read')
session.dispose()

// Prints:
// the guest counted 42
// vCPU 0 is about to ask for its kernel's name
// half a second is over
// and three lines were read
