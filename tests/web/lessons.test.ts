// The lessons of the page: each shows what it claims, and its twin fails as it says. The page's own laboratory does them here, without a page.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PageLaboratory } from '../../src/web/page/bench/laboratory.js'
import { LESSONS } from '../../src/web/page/lessons/index.js'
import type { Lesson, Script } from '../../src/web/page/lessons/lesson.js'
import { runLesson } from '../../src/web/page/lessons/run-lesson.js'
import type { BenchEvent, ShippedImages } from '../../src/web/page/protocol.js'
import type { RemoteLaboratory } from '../../src/web/page/remote.js'
import { read, root } from '../lab/images.js'

const modules = readdirSync(join(root, 'images/built/patches')).map((file) => [
  file,
  read(`images/built/patches/${file}`),
])
const images: ShippedImages = {
  coreWasm: read('dist/cpu/core.wasm'),
  firmware: read('images/built/firmware.bin'),
  kernel: read('images/built/scion-1.0.elf'),
  nextKernel: read('images/built/scion-1.1.elf'),
  initrd: read('images/built/initramfs.cpio'),
  modules: Object.fromEntries(modules) as Record<string, Uint8Array>,
}

/** A laboratory on this thread; what it answers is cloned, as between page and worker. */
async function laboratory(): Promise<RemoteLaboratory> {
  const own = new PageLaboratory((event: BenchEvent) => structuredClone(event))
  await own.load(images)
  return new Proxy({} as RemoteLaboratory, {
    get: (_target, name) =>
      name === 'then'
        ? undefined
        : async (...args: unknown[]) => {
            const method = own[name as keyof RemoteLaboratory] as (...args: unknown[]) => unknown
            return structuredClone(await method.apply(own, args))
          },
  })
}

const silent = { guest: () => {}, told: () => {} }
const run = async (script: Script) => runLesson(await laboratory(), script, silent)

describe('the lessons', () => {
  it('are ten, each with a name, a claim and a twin of its own', () => {
    expect(LESSONS.length).toBe(10)
    for (const what of ['id', 'title', 'claim'] as const) expect(new Set(LESSONS.map((one) => one[what])).size).toBe(10)
    for (const { twin, script } of LESSONS) expect(twin.expected.source).not.toBe(script.expected.source)
  })

  it.each(LESSONS.map((one): [string, Lesson] => [one.id, one]))(
    '%s: what is claimed is seen, and the twin differs',
    async (_id, lesson) => {
      const sound = await run(lesson.script)
      expect(sound.text).toMatch(lesson.script.expected)
      const twin = await run(lesson.twin)
      expect(twin.text).toMatch(lesson.twin.expected)
      // Neither would do for the other: what is looked for tells them apart.
      expect(sound.text).not.toMatch(lesson.twin.expected)
      expect(twin.text).not.toMatch(lesson.script.expected)
    },
  )
})
