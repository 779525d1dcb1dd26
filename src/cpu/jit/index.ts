// jit: hot blocks of the core to WebAssembly. See README.md.
export { Compiler, type CompilerStatistics, DEFAULT_THRESHOLD, TABLE_SIZE } from './compiler.js'
