// What the page's worker makes of hostile files: a refusal or an error with a sentence, or a guest; never a defect of ours.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { equalBytes, Random, TransplantError } from '../../src/base/index.js'
import { encodeSnapshot, Machine } from '../../src/machine/index.js'
import { PageLaboratory } from '../../src/web/page/bench/laboratory.js'
import { read, root } from '../lab/images.js'

const modules = readdirSync(join(root, 'images/built/patches')).map((file) => [
  file,
  read(`images/built/patches/${file}`),
])
const images = {
  coreWasm: read('dist/cpu/core.wasm'),
  firmware: read('images/built/firmware.bin'),
  kernel: read('images/built/scion-1.0.elf'),
  nextKernel: read('images/built/scion-1.1.elf'),
  initrd: read('images/built/initramfs.cpio'),
  modules: Object.fromEntries(modules) as Record<string, Uint8Array>,
}

async function laboratory(): Promise<PageLaboratory> {
  const made = new PageLaboratory(() => {})
  await made.load(images)
  return made
}

/** Some bytes changed, mostly near the beginning, where headers are; now and then cut. */
function damage(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = bytes.slice()
  const reach = random.below(3) === 0 ? copy.length : Math.min(copy.length, 512)
  for (let left = 1 + random.below(6); left > 0; left--) copy[random.below(reach)] = random.below(256)
  return random.below(5) === 0 ? copy.subarray(0, random.below(copy.length)) : copy
}

/** The outcome, or the error's code; anything else is thrown. */
async function attempt(act: () => unknown): Promise<string> {
  try {
    const outcome = (await act()) as { readonly ok: boolean; readonly code?: string; readonly message?: string }
    if (!outcome.ok) expect(outcome.message).toMatch(/\w \w/)
    return outcome.ok ? 'ok' : (outcome.code ?? '')
  } catch (error) {
    if (!(error instanceof TransplantError) || error.code === 'INTERNAL') throw error
    expect(error.sentence).toMatch(/\w \w/)
    return error.code
  }
}

describe('hostile files', () => {
  it('300 damaged kernels are refused, or boot into whatever they are, and the page goes on', async () => {
    const own = await laboratory()
    const random = new Random(11)
    const outcomes = new Set<string>()
    for (let round = 0; round < 300; round++) {
      const kernel = damage(images.kernel, random)
      const outcome = await attempt(async () => {
        const made = own.boot({ kernel, memoryMiB: 32 })
        if (made.ok) {
          await own.goOn(made.value.session, 300_000)
          await own.pause(made.value.session)
          own.close(made.value.session)
        }
        return made
      })
      outcomes.add(outcome)
    }
    expect(outcomes.size).toBeGreaterThan(4)
    expect(outcomes).toContain('ok')
  })

  it('300 damaged modules are refused, by the page or by the guest', async () => {
    const own = await laboratory()
    const made = own.boot({})
    if (!made.ok) throw new Error(made.message)
    const { session } = made.value
    await own.exec(session, 'true')
    const random = new Random(12)
    const outcomes = new Set<string>()
    for (let round = 0; round < 300; round++) {
      const bytes = damage(images.modules['demo.ko']!, random)
      outcomes.add(await attempt(() => own.build(session, { kind: 'module', name: 'hostile.ko', bytes })))
    }
    expect(outcomes.size).toBeGreaterThan(4)
    expect((await own.exec(session, 'echo still here')).stdout).toBe('still here\n')
  })

  it('100 damaged snapshots are refused', async () => {
    const own = await laboratory()
    const made = Machine.create({ coreWasm: images.coreWasm, firmware: images.firmware, memoryBytes: 2 << 20 })
    if (!made.ok) throw new Error(made.message)
    const file = encodeSnapshot(made.value.snapshot())
    const random = new Random(13)
    for (let round = 0; round < 100; round++) {
      const bytes = damage(file, random)
      if (equalBytes(bytes, file)) continue
      const outcome = await attempt(() => own.openSnapshot(bytes))
      expect(['not-a-snapshot', 'snapshot-version', 'snapshot-damaged']).toContain(outcome)
    }
    expect(await attempt(() => own.openSnapshot(file))).toBe('ok')
  })
})
