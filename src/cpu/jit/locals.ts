// The locals of a region's function by name: its parameters, which the core and the way on (emit-chain.ts) give it, and what the builder
// declares as it is used.
import { F32, F64, type FunctionType, I32, I64, V128 } from './wasm.js'

/** A region: the vCPU's state, the region's record, the number of the block to begin with, fuel. It returns how it was left. */
export const REGION_TYPE: FunctionType = { parameters: [I32, I32, I32, I32], results: [I32] }

// Parameters.
export const C = 0
export const R = 1
export const ENTRY = 2
export const FUEL = 3
// Names of locals; the function declares those that it uses. 64 bits:
export const FIRST_REGISTER = 4
export const FIRST_TEMPORARY = 20
export const FLAG_A = 29
export const FLAG_B = 30
export const FLAG_C = 31
export const FIRST_SEGMENT = 32
export const X0 = 38
export const X1 = 39
export const X2 = 40
export const X3 = 41
// 32 bits:
export const TLB = 42
export const FORM = 43
export const EXIT = 44
export const TAG = 45
/** Not 0: SSE instructions raise #UD or #NM now. */
export const VECTORS_OFF = 46
/** 0: arithmetic may be WebAssembly's own, as far as MXCSR is concerned (core/vector/sse-float.ts, way 1). MXCSR_PE alone: exact arithmetic may. */
export const UNUSUAL = 47
// Vectors:
export const V0 = 48
export const V1 = 49
export const V2 = 50
/** Never written: zero. */
export const VZERO = 51
export const FIRST_VECTOR = 52
// Floating point:
export const D0 = 68
export const S0 = 69
export const D1 = 70
// Vectors again, for AVX: upper halves of its operands, and both halves of its result before it is written.
export const A_UPPER = 71
export const B_UPPER = 72
export const LOWER = 73
export const UPPER = 74
export const NAMES = 75

export function typeOf(name: number): number {
  return name === D0 || name === D1 ? F64 : name === S0 ? F32 : name >= V0 ? V128 : name >= TLB ? I32 : I64
}
