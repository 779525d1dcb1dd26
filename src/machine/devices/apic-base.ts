// IA32_APIC_BASE of one vCPU (SDM 3A 10.4.4): where its local APIC's page lies, and in which mode the APIC is: off, xAPIC or x2APIC.

import { APIC_BASE_ENABLE, APIC_BASE_EXTD } from '../../cpu/index.js'

const DEFAULT_BASE = 0xfee0_0000
const BOOT_PROCESSOR = 1 << 8
const RESERVED = 0x2ff

export class ApicBase {
  /** As read by RDMSR; a saved state holds it. */
  value: number
  private readonly fixed: number

  constructor(index: number) {
    this.fixed = index === 0 ? BOOT_PROCESSOR : 0
    this.value = this.initial
  }

  private get initial(): number {
    return DEFAULT_BASE + APIC_BASE_ENABLE + this.fixed
  }

  powerUp(): void {
    this.value = this.initial
  }

  get enabled(): boolean {
    return (this.value & APIC_BASE_ENABLE) !== 0
  }

  get extended(): boolean {
    return (this.value & APIC_BASE_EXTD) !== 0
  }

  /** The physical address of the register page; undefined while there is none. */
  get page(): number | undefined {
    return this.enabled && !this.extended ? (this.value & 0xffff_f000) >>> 0 : undefined
  }

  /** What a write means; undefined for #GP. x2APIC mode is entered from xAPIC mode only, and left only by disabling (SDM 3A 11.12.5). */
  write(low: number, high: number): 'extends' | 'disables' | 'moves' | undefined {
    const on = (low & APIC_BASE_ENABLE) !== 0
    const extended = (low & APIC_BASE_EXTD) !== 0
    // Registers above 4 GiB are out of the machine's reach, so the address is refused as if it were too wide.
    if (high !== 0 || (low & RESERVED) !== 0 || (extended && !on)) return undefined
    if (extended ? !this.enabled : on && this.extended) return undefined
    const before = { enabled: this.enabled, extended: this.extended }
    this.value = ((low & ~BOOT_PROCESSOR) | this.fixed) >>> 0
    if (extended && !before.extended) return 'extends'
    return before.enabled && !on ? 'disables' : 'moves'
  }
}
