// What an APIC says to its vCPU, hears from the 8259, and says to other APICs: lines, and delivery modes (SDM 3A 11.6.1).

/** The lines of one vCPU. */
export interface CpuLines {
  setInterrupt(level: boolean): void
  raiseNmi(): void
  raiseInit(): void
  startup(vector: number): void
}

/** The 8259 pair's output, for ExtINT. */
export interface ExternalInterrupts {
  readonly pending: boolean
  acknowledge(): number
}

export const DELIVERY_FIXED = 0
export const DELIVERY_LOWEST = 1
export const DELIVERY_NMI = 4
export const DELIVERY_INIT = 5
export const DELIVERY_STARTUP = 6
export const DELIVERY_EXTINT = 7

/** A message to one or several APICs (SDM 3A 11.6.1). */
export interface InterruptCommand {
  /** 0 none, 1 self, 2 all including self, 3 all excluding self. */
  readonly shorthand: number
  readonly destination: number
  readonly logical: boolean
  readonly mode: number
  readonly vector: number
  readonly level: boolean
}

/** The interrupt command register's two halves, of x2APIC mode or not; undefined where it says nothing. */
export function parseCommand(low: number, high: number, extended: boolean): InterruptCommand | undefined {
  const mode = (low >>> 8) & 7
  const assert = (low & (1 << 14)) !== 0
  const levelTriggered = (low & (1 << 15)) !== 0
  // INIT level de-assert only synchronized arbitration IDs on the Pentium; it resets nothing (SDM 3A 11.6.1).
  if (mode === DELIVERY_INIT && levelTriggered && !assert) return undefined
  return {
    shorthand: (low >>> 18) & 3,
    destination: extended ? high : high >>> 24,
    logical: (low & (1 << 11)) !== 0,
    mode,
    vector: low & 0xff,
    level: false, // interrupt commands are edge triggered on every processor since the Pentium 4
  }
}

/** Of logical destinations of x2APIC mode: cluster above, members below (SDM 3A 11.12.10.2). */
export function matchesExtended(destination: number, mine: number): boolean {
  return destination >>> 16 === mine >>> 16 && (destination & mine & 0xffff) !== 0
}

/** Of those of xAPIC mode in the cluster model: the high nibble names the cluster (15: all), the low one the members. */
export function matchesCluster(destination: number, mine: number): boolean {
  const cluster = destination >>> 4
  return (cluster === 0xf || cluster === mine >>> 4) && (mine & destination & 0xf) !== 0
}
