// cpu: the x86-64 core. The seam to its WebAssembly module.

export * from './core-abi.js'
