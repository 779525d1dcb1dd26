// Debian's kernel on vCPUs of x86-64-v3: it finds AVX and XSAVE, switches with them, and so do the frames of its signals. About 12 s.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { Machine } from '../../src/machine/index.js'
import { busyboxInitrd, bzImage } from '../guest/linux/debian.js'
import { shippedAssets } from '../lab/images.js'
import { needs } from '../needs.js'

const source = fileURLToPath(new URL('guests/ymm.c', import.meta.url))

function program(): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'ymm-'))
  try {
    const path = join(folder, 'ymm')
    execFileSync('gcc', ['-O2', '-mavx2', '-static', '-o', path, source])
    return new Uint8Array(readFileSync(path))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

needs(
  'debian-kernel',
  'busybox-static',
  'gcc',
)("Debian's kernel with x86-64-v3", () => {
  it('keeps the YMM registers of three processes over switches and signals', () => {
    const { coreWasm, firmware } = shippedAssets()
    const script = 'mount -t proc p /proc\ngrep -m1 flags /proc/cpuinfo\nymm\npoweroff -f\n'
    const made = Machine.create({
      ...{ coreWasm, firmware, kernel: bzImage(), initrd: busyboxInitrd(script, { ymm: program() }) },
      ...{ cpu: 'x86-64-v3', vcpus: 2, memoryBytes: 256 << 20, onReset: 'stop', append: 'console=ttyS0 quiet' },
    })
    if (!made.ok) throw new Error(made.message)
    let text = ''
    made.value.onConsole(({ bytes }) => {
      text += String.fromCharCode(...bytes)
    })
    expect(made.value.run({ instructions: 10e9 }), text).toEqual({ reason: 'power-off' })
    const flags = /flags\s*:(.*)/.exec(text)?.[1]?.split(' ') ?? []
    expect(flags).toEqual(
      expect.arrayContaining(['avx', 'avx2', 'bmi1', 'bmi2', 'f16c', 'fma', 'abm', 'movbe', 'xsavec']),
    )
    expect(text).toContain('registers kept')
  }, 300_000)
})
