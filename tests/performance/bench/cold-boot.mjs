// A boot to the prompt in a process that has done nothing before: the core is compiled, every table is built, nothing is warm. Run as
// a program it does that and prints what the boot alone took; `coldBoot` runs the program and times all of it, the start of the
// process included, as a boot of QEMU is timed.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { OurGuest } from './guest.mjs'
import { initrd } from './guest-images.mjs'

const program = fileURLToPath(import.meta.url)

export function coldBoot(jit) {
  const begin = performance.now()
  const done = spawnSync(process.execPath, [program, jit], { encoding: 'utf8' })
  const milliseconds = performance.now() - begin
  if (done.status !== 0) throw new Error(`a boot in a new process failed: ${done.stderr}`)
  const inside = JSON.parse(done.stdout)
  return { milliseconds, instructions: inside.instructions, insideMilliseconds: inside.milliseconds }
}

if (process.argv[1] === program) {
  process.stdout.write(JSON.stringify(await new OurGuest('transplant', initrd(), process.argv[2]).boot()))
}
