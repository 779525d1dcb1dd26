// Bytes <-> values, no I/O: the file formats that the project reads and writes.

export * from './asciicast.js'
export * from './btf.js'
export * from './cpio.js'
export * from './dwarf-lines.js'
export * from './elf.js'
export * from './elf-parser.js'
export * from './elf-writer.js'
