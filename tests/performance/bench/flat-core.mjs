// Competitor: the project's CPU core alone, without a machine. 64-bit kernels at CPL 0 in long mode, the first 32 MiB mapped onto
// themselves in 2 MiB pages; 32-bit ones in protected mode without paging.

import {
  CpuCore,
  EXIT_HALT,
  noDevices,
  STATE_ATTRIBUTES,
  STATE_LIMITS,
  STATE_SELECTORS,
} from '../../../dist/cpu/index.js'
import { CPU_STATE } from '../../../dist/cpu/layouts.js'
import { architecturalRanges } from '../../../dist/machine/registers.js'
import {
  coreModule,
  ENTRY_ADDRESS,
  IMAGE_ADDRESS,
  kernelImage,
  MEMORY_BYTES,
  REQUEST_ADDRESS,
  request,
} from './kernel-image.mjs'

/** Offset of the flag that HLT sets (state.ts of the core). */
const PAGE_TABLES = 0x2000
/** V8 replaces running code by faster code between calls only, so the core is called in pieces. */
const PIECE = 500_000

export function createFlatCore({ bits = 64, jit = 'on', name = 'transplant', core: module = coreModule } = {}) {
  const core = new CpuCore(module, noDevices(), 1, MEMORY_BYTES, { jit })
  const image = kernelImage(bits)
  const tables = new DataView(new ArrayBuffer(0x3000))
  tables.setBigUint64(0, BigInt(PAGE_TABLES + 0x1000) | 3n, true)
  tables.setBigUint64(0x1000, BigInt(PAGE_TABLES + 0x2000) | 3n, true)
  for (let i = 0; i < MEMORY_BYTES >> 21; i++) tables.setBigUint64(0x2000 + 8 * i, (BigInt(i) << 21n) | 0x83n, true)
  core.writeRam(PAGE_TABLES, new Uint8Array(tables.buffer))
  core.writeRam(IMAGE_ADDRESS, image.bytes)
  const state = core.state(0)
  for (let i = 0; i < 6; i++) {
    state.setUint32(STATE_SELECTORS + 4 * i, i === 1 ? 8 : 16, true)
    state.setUint32(STATE_LIMITS + 4 * i, 0xffff_ffff, true)
    state.setUint32(STATE_ATTRIBUTES + 4 * i, i === 1 ? (bits === 64 ? 0xa09b : 0xc09b) : 0xc093, true)
  }
  core.setRegisters(0, {
    cr0: bits === 64 ? 0x8000_0033n : 0x33n,
    ...{ esBase: 0n, csBase: 0n, ssBase: 0n, dsBase: 0n, fsBase: 0n, gsBase: 0n },
    cr3: BigInt(PAGE_TABLES),
    cr4: 0x620n,
    efer: bits === 64 ? 0x500n : 0n,
    rflags: 2n,
  })

  return {
    name,
    version: `${bits}-bit kernels`,
    async run(kernel, rounds) {
      core.writeRam(REQUEST_ADDRESS, request(image.names.indexOf(kernel), rounds))
      core.state(0).setUint32(CPU_STATE.halted, 0, true)
      core.setRegisters(0, { rip: BigInt(ENTRY_ADDRESS) })
      let total = 0
      const begin = performance.now()
      for (;;) {
        const reason = core.run(0, PIECE)
        total += core.exports.retired()
        if (reason === EXIT_HALT) break
        if (reason !== 0) throw new Error(`the core stopped with ${reason} at ${core.register(0, 'rip').toString(16)}`)
      }
      const milliseconds = performance.now() - begin
      const result = new DataView(core.readRam(REQUEST_ADDRESS + 8, 4).buffer).getUint32(0, true)
      return { result, milliseconds, instructions: total }
    },
    /** Everything that a state hash is about: RAM, and the vCPU's architectural state. */
    state() {
      core.exports.synchronize(0)
      const { buffer, byteOffset } = core.state(0)
      const ranges = architecturalRanges(core.cpu).map(
        ([start, end]) => new Uint8Array(buffer, byteOffset + start, end - start),
      )
      return Buffer.concat([core.ram, ...ranges])
    },
    async close() {},
  }
}
