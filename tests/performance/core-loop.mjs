// Speed of the interpreter on two loops, through paging in long mode: registers only, and one with a load and a store.
// Usage: node tests/performance/core-loop.mjs [core.wasm] (after npm run build). Prints MIPS: guest instructions for each microsecond of wall time.
import { readFileSync } from 'node:fs'
import { CpuCore, noDevices, STATE_ATTRIBUTES, STATE_LIMITS, STATE_SELECTORS } from '../../dist/cpu/index.js'
import { CPU_STATE } from '../../dist/cpu/layouts.js'
import { readOptions } from '../../tools/options.mjs'

const { positionals } = readOptions(process.argv[1], { allowPositionals: true })
const wasm = readFileSync(positionals[0] ?? new URL('../../src/cpu/core.wasm', import.meta.url))

function machine(code) {
  const core = new CpuCore(wasm, noDevices(), 1, 16 << 20)
  const ram = core.ram
  const view = new DataView(ram.buffer, ram.byteOffset, ram.byteLength)
  view.setBigUint64(0x10000, 0x11007n, true)
  view.setBigUint64(0x11000, 0x12007n, true)
  for (let i = 0; i < 8; i++) view.setBigUint64(0x12000 + 8 * i, BigInt(i * 0x200000) | 0x87n, true)
  ram.set(code, 0x100000)
  core.exports.ramChanged(0, 16 << 20)
  const s = core.state(0)
  for (const [offset, value] of [
    [CPU_STATE.cr0, 0x80010033n],
    [CPU_STATE.cr3, 0x10000n],
    [CPU_STATE.cr4, 0x6a0n],
    [CPU_STATE.efer, 0xd01n],
    [CPU_STATE.csBase, 0n],
    [CPU_STATE.rip, 0x100000n],
    [CPU_STATE.eflags, 2n],
    [CPU_STATE.rsp, 0x300000n],
    [CPU_STATE.rsi, 0x200000n],
    [CPU_STATE.rdi, 0x240000n],
  ]) {
    s.setBigUint64(offset, value, true)
  }
  for (let i = 0; i < 6; i++) {
    s.setUint32(STATE_SELECTORS + 4 * i, i === 1 ? 8 : 16, true)
    s.setUint32(STATE_LIMITS + 4 * i, 0xffffffff, true)
    s.setUint32(STATE_ATTRIBUTES + 4 * i, i === 1 ? 0xa09b : 0xc093, true)
  }
  core.exports.stateChanged(0)
  return core
}

const loops = {
  // add rax,rbx; xor rcx,rax; lea rdx,[rax+rcx]; shl rdx,3; sub rbx,1 ; add r8,rdx; jmp
  'compute, 7 instructions': [
    0x48, 0x01, 0xd8, 0x48, 0x31, 0xc1, 0x48, 0x8d, 0x14, 0x08, 0x48, 0xc1, 0xe2, 0x03, 0x49, 0x01, 0xd0, 0x48, 0x83,
    0xeb, 0x01, 0x75, 0xe9,
  ],
  // mov rax,[rsi+rcx*8]; add rax,rbx; mov [rdi+rcx*8],rax; inc rcx; and ecx,1023; dec rbx; jnz
  'load and store, 7 instructions': [
    0x48, 0x8b, 0x04, 0xce, 0x48, 0x01, 0xd8, 0x48, 0x89, 0x04, 0xcf, 0x48, 0xff, 0xc1, 0x81, 0xe1, 0xff, 0x03, 0x00,
    0x00, 0x48, 0xff, 0xcb, 0x75, 0xe7,
  ],
  // call f; dec rbx; jnz ; f: push rbp; mov rbp,rsp; add rax,1; pop rbp; ret
  'call and return, 8 instructions': [
    0xe8, 0x05, 0x00, 0x00, 0x00, 0x48, 0xff, 0xcb, 0x75, 0xf6, 0x55, 0x48, 0x89, 0xe5, 0x48, 0x83, 0xc0, 0x01, 0x5d,
    0xc3,
  ],
}

for (const [name, code] of Object.entries(loops)) {
  const core = machine(Uint8Array.from(code))
  for (let i = 0; i < 200; i++) core.run(0, 100_000)
  let best = 0
  for (let round = 0; round < 5; round++) {
    const begin = performance.now()
    for (let i = 0; i < 300; i++) core.run(0, 100_000)
    best = Math.max(best, 30_000_000 / (performance.now() - begin) / 1000)
  }
  console.log(`${name.padEnd(34)} ${best.toFixed(0).padStart(6)} MIPS`)
}
