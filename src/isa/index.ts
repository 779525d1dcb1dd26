// The instruction room: text to bytes (Keystone) and bytes to text (Capstone).
export {
  type AssembledInstruction,
  type AssembleResult,
  type Assembler,
  createAssembler,
  type SymbolField,
} from './assemble.js'
export {
  createDisassembler,
  type Disassembler,
  formatBytes,
  formatInstruction,
  type Instruction,
  LONGEST_INSTRUCTION,
} from './disassemble.js'
