// What could still wake a machine of which no vCPU runs: something that is due, input from outside, or nothing at all.
//
// Nothing executes meanwhile, so no mask, priority or route changes: an interrupt line matters only if its controller would
// pass it on as things stand, to a vCPU that listens. Where a device cannot tell whether it would raise its line, it says
// that it may: a machine is called stuck only when it is.

import type { VirtAddr } from '../base/index.js'
import { DELIVERY_EXTINT, DELIVERY_INIT, DELIVERY_LOWEST, DELIVERY_NMI } from './devices/apic-messages.js'
import { ioApicPin } from './devices/interrupt-lines.js'
import type { IoApic } from './devices/io-apic.js'
import type { LocalApic } from './devices/local-apic.js'
import type { PicPair } from './devices/pic.js'

/** A device, as far as the question goes whether it may raise its interrupt line. */
export interface InterruptSource {
  /** Something is due that may raise it. */
  readonly isDue: boolean
  /** Input from outside may raise it. */
  readonly awaitsInput: boolean
}

export type Wake = 'time' | 'input' | 'nothing'

/** What a vCPU that will never run again waits for. */
export interface StuckCpu {
  readonly cpu: number
  /** The instruction after its HLT; of a vCPU that was never started, its reset vector. */
  readonly rip: VirtAddr
  /**
   * 'startup': INIT and SIPI, which no vCPU sends. 'nmi': it halted with interrupts off (RFLAGS.IF = 0).
   * 'interrupt': it listens, but every source is masked, blocked or has nothing due.
   */
  readonly waitsFor: 'startup' | 'nmi' | 'interrupt'
}

/** A vCPU that does not run: 'listens' is halted with interrupts on. */
export type Sleep = 'listens' | 'deaf' | 'waiting'

export interface InterruptControllers {
  readonly apics: readonly LocalApic[]
  readonly ioApic: IoApic
  readonly pic: PicPair
  /** By interrupt number. */
  readonly sources: readonly { readonly irq: number; readonly source: InterruptSource }[]
}

export function whatCanWake(controllers: InterruptControllers, sleep: (cpu: number) => Sleep): Wake {
  const { apics, sources } = controllers
  if (apics.some((apic) => sleep(apic.index) === 'listens' && apic.timerMayInterrupt)) return 'time'
  const reaching = sources.filter(({ irq, source }) => {
    return (source.isDue || source.awaitsInput) && reachesAny(controllers, irq, sleep)
  })
  if (reaching.some(({ source }) => source.isDue)) return 'time'
  return reaching.length > 0 ? 'input' : 'nothing'
}

function reachesAny({ apics, ioApic, pic }: InterruptControllers, irq: number, sleep: (cpu: number) => Sleep): boolean {
  const message = ioApic.messageOf(ioApicPin(irq))
  if (message?.targets.some((apic) => wakes(message.mode, message.vector, apic, sleep(apic.index))) === true)
    return true
  const [boot] = apics
  const external = irq < 16 && pic.wouldServe(irq) ? boot?.externalMessage : undefined
  if (boot === undefined || external === undefined) return false
  if (external.mode === DELIVERY_EXTINT) return sleep(0) === 'listens'
  return wakes(external.mode, external.vector, boot, sleep(0))
}

function wakes(mode: number, vector: number, apic: LocalApic, sleep: Sleep): boolean {
  if (mode <= DELIVERY_LOWEST) return sleep === 'listens' && apic.wouldDeliver(vector)
  return apic.globallyEnabled && (mode === DELIVERY_INIT || (mode === DELIVERY_NMI && sleep !== 'waiting'))
}
