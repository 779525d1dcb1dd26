// Raising a fault: record it, and let every caller return.
//
// Promises: nothing is delivered here; the first fault raised wins until `deliverFault` (exceptions.ts) consumes it.
import { CpuState } from './state'

export const VECTOR_DE: u32 = 0
export const VECTOR_DB: u32 = 1
export const VECTOR_NMI: u32 = 2
export const VECTOR_OF: u32 = 4
export const VECTOR_BR: u32 = 5
export const VECTOR_UD: u32 = 6
export const VECTOR_NM: u32 = 7
export const VECTOR_DF: u32 = 8
export const VECTOR_TS: u32 = 10
export const VECTOR_NP: u32 = 11
export const VECTOR_SS: u32 = 12
export const VECTOR_GP: u32 = 13
export const VECTOR_PF: u32 = 14
export const VECTOR_MF: u32 = 16
export const VECTOR_AC: u32 = 17
export const VECTOR_XM: u32 = 19

/** The fault last raised is #GP of an address that is not canonical: #SS, if the address is based on the stack segment. */
export let notCanonical: bool = false

export function raise(c: CpuState, vector: u32, code: u32): void {
  if (c.fault) return
  notCanonical = false
  c.fault = 1
  c.faultVector = vector
  c.faultCode = code
  c.faultHasCode = 1
}

export function raiseNoCode(c: CpuState, vector: u32): void {
  if (c.fault) return
  notCanonical = false
  c.fault = 1
  c.faultVector = vector
  c.faultCode = 0
  c.faultHasCode = 0
}

export function raiseNotCanonical(c: CpuState): void {
  if (c.fault) return
  raise(c, VECTOR_GP, 0)
  notCanonical = true
}

/** #PF: the address becomes CR2 only at delivery. */
export function raisePageFault(c: CpuState, linear: u64, code: u32): void {
  if (c.fault) return
  raise(c, VECTOR_PF, code)
  c.faultAddress = linear
}
