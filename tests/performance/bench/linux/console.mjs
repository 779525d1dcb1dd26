// Our machine with its console on standard input and output, as QEMU's `-serial stdio`. When the input ends, a line of JSON on
// standard error says what was compiled.
//
//   node console.mjs '{"kernel": FILE, "initrd": FILE, "append": TEXT, "vcpus": N, "memory": MiB, "jit": "on"}'

import { readFileSync } from 'node:fs'
import { Machine } from '../../../../dist/machine/index.js'
import { coreModule, read } from '../kernel-image.mjs'

const PIECE = 2_000_000

const { kernel, initrd, append, vcpus, memory, jit, disk } = JSON.parse(process.argv[2])
const made = Machine.create({
  coreWasm: coreModule,
  firmware: read('images/built/firmware.bin'),
  kernel: readFileSync(kernel),
  initrd: readFileSync(initrd),
  ...(disk === undefined ? {} : { disk: readFileSync(disk) }),
  append,
  vcpus,
  memoryBytes: memory * 1024 * 1024,
  jit,
})
if (!made.ok) throw new Error(made.message)
const machine = made.value
machine.onConsole(({ channel, bytes }) => {
  if (channel === 0) process.stdout.write(bytes)
})
let ended = false
process.stdin.on('data', (bytes) => machine.sendConsole(0, new Uint8Array(bytes)))
process.stdin.on('end', () => {
  ended = true
})
while (!ended) {
  const stop = machine.run({ instructions: PIECE })
  if (stop.reason !== 'limit' && stop.reason !== 'idle') break
  await new Promise(setImmediate)
}
process.stderr.write(`${JSON.stringify({ ...machine.statistics, ...machine.compilerStatistics })}\n`)
process.exit(0)
