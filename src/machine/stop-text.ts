// Why a machine stopped, as a sentence for a person and as text in saved state.

import { formatAddress, virtAddr } from '../base/index.js'
import type { StopReason, TripleFault } from './guest-port.js'
import type { StuckCpu } from './wake.js'

const EXCEPTIONS: readonly string[] =
  '#DE #DB NMI #BP #OF #BR #UD #NM #DF 9 #TS #NP #SS #GP #PF 15 #MF #AC #MC #XM #VE #CP'.split(' ')

function vectorName(vector: number): string {
  return EXCEPTIONS[vector] ?? `interrupt ${vector.toString(16).toUpperCase()}H`
}

/** NMI, INT3 and INTO have names of their own. */
function interruptName(vector: number): string {
  return vector >= 2 && vector <= 4 ? vectorName(vector) : `interrupt ${vector.toString(16).toUpperCase()}H`
}

/** "vCPU 0 at RIP 0x7c05: #UD, ..." */
export function describeTripleFault({ cpu, rip, origin, byInterrupt, vectors }: TripleFault): string {
  const [first, second, third] = vectors.map(vectorName)
  const name = byInterrupt ? interruptName(origin) : vectorName(origin)
  const began = origin === vectors[0] && !byInterrupt ? '' : `${name} led to `
  return `triple fault on vCPU ${cpu} at RIP ${formatAddress(rip)}: ${began}${first}, its delivery to ${second}, and that of #DF to ${third}`
}

function describeStuckCpu({ cpu, rip, waitsFor }: StuckCpu): string {
  if (waitsFor === 'startup') return `vCPU ${cpu} waits for INIT and SIPI`
  const why =
    waitsFor === 'nmi' ? 'with interrupts off' : 'and every interrupt source is masked, blocked or has nothing due'
  return `vCPU ${cpu} halted before ${formatAddress(rip)} ${why}`
}

/** A sentence without its full stop. */
export function describeStop(stop: StopReason): string {
  switch (stop.reason) {
    case 'stuck':
      return `nothing can happen any more: ${stop.vcpus.map(describeStuckCpu).join('; ')}`
    case 'idle':
      return 'every vCPU halts, and only console input can wake one'
    case 'reset':
      return stop.tripleFault === undefined ? `reset (${stop.cause})` : describeTripleFault(stop.tripleFault)
    case 'exit':
      return `exit status ${stop.status}`
    default:
      return stop.reason
  }
}

/** For saved state; '' for none. Addresses are written as 0x... texts. */
export function encodeStop(stop: StopReason | undefined): string {
  if (stop === undefined) return ''
  return JSON.stringify(stop, (_key, value) => (typeof value === 'bigint' ? `0x${value.toString(16)}` : value))
}

export function decodeStop(text: string): StopReason | undefined {
  if (text === '') return undefined
  return JSON.parse(text, (key, value) => (key === 'rip' ? virtAddr(BigInt(value)) : value)) as StopReason
}
