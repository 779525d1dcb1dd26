// Assembly text to bytes for bare-metal test code, by Keystone, in 16-, 32- and 64-bit code.
//
// Promises: Intel syntax, labels work, lines are separated by newlines or semicolons; a syntax error throws with the text.
import loadKeystone from '@alexaltea/keystone-js'

const engine = (await loadKeystone()) as unknown as {
  ARCH_X86: number
  MODE_16: number
  MODE_32: number
  MODE_64: number
  OPT_SYNTAX: number
  OPT_SYNTAX_INTEL: number
  Keystone: new (
    architecture: number,
    mode: number,
  ) => {
    asm(source: string, address: number): { mc: Uint8Array; failed: boolean }
    option(type: number, value: number): void
  }
}
const modes = { 16: engine.MODE_16, 32: engine.MODE_32, 64: engine.MODE_64 }

function encoder(bits: 16 | 32 | 64) {
  const keystone = new engine.Keystone(engine.ARCH_X86, modes[bits])
  keystone.option(engine.OPT_SYNTAX, engine.OPT_SYNTAX_INTEL)
  return keystone
}
const encoders = { 16: encoder(16), 32: encoder(32), 64: encoder(64) }

export function assemble(text: string, address: number, bits: 16 | 32 | 64 = 64): Uint8Array {
  const result = encoders[bits].asm(text, address)
  if (result.failed) throw new Error(`cannot assemble:\n${text}`)
  return Uint8Array.from(result.mc)
}
