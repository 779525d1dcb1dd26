// cpu: the x86-64 core. The seam to its WebAssembly module, the layout of a vCPU's state, and the instance as an object.

export * from './bits.js'
export * from './core-abi.js'
export * from './cpu-core.js'
export type { CompilerStatistics } from './jit/index.js'
export * from './state-layout.js'
