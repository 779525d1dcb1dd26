// Competitor: v86, the 32-bit emulator with a compiler to WebAssembly. Boots the 32-bit image as a Multiboot kernel without a BIOS
// and asks it over COM1; begin and end are the moments at which the guest says so. It is stopped between measurements, for it
// would go on polling its serial line.
import { readFileSync } from 'node:fs'
import { kernelImage, path } from './kernel-image.mjs'

export async function createV86() {
  let V86
  try {
    V86 = (await import('v86')).V86
  } catch {
    return { name: 'v86', absent: 'the npm package v86 is not installed' }
  }
  const image = kernelImage(32)
  const emulator = new V86({
    wasm_path: path('node_modules/v86/build/v86.wasm'),
    multiboot: { buffer: image.bytes.slice().buffer },
    memory_size: 64 << 20,
    vga_memory_size: 2 << 20,
    autostart: false,
    disable_keyboard: true,
    disable_mouse: true,
    disable_speaker: true,
  })
  let pending
  let begin = 0
  let tail
  let ready
  const isReady = new Promise((resolve) => {
    ready = resolve
  })
  emulator.add_listener('serial0-output-byte', (byte) => {
    if (tail !== undefined) {
      tail.bytes.push(byte)
      if (tail.bytes.length < 4) return
      const { bytes, milliseconds } = tail
      tail = undefined
      pending?.({ result: new DataView(Uint8Array.from(bytes).buffer).getUint32(0, true), milliseconds })
    } else if (byte === 0x53) begin = performance.now()
    else if (byte === 0x45) tail = { bytes: [], milliseconds: performance.now() - begin }
    else if (byte === 0x52) ready()
  })
  await new Promise((resolve) => emulator.add_listener('emulator-ready', resolve))
  await emulator.run()
  await isReady
  await emulator.stop()
  return {
    name: 'v86',
    version: JSON.parse(readFileSync(path('node_modules/v86/package.json'), 'utf8')).version,
    async run(kernel, rounds) {
      const words = new DataView(new ArrayBuffer(5))
      words.setUint8(0, image.names.indexOf(kernel))
      words.setUint32(1, rounds, true)
      const answer = new Promise((resolve) => {
        pending = resolve
      })
      emulator.serial_send_bytes(0, new Uint8Array(words.buffer))
      await emulator.run()
      const outcome = await answer
      await emulator.stop()
      return outcome
    },
    async close() {
      await emulator.destroy()
    },
  }
}
