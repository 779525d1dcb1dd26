// The 8254 against a counter that really ticks: the data sheet's modes in the plainest form, for random commands, counts and gates.

import { describe, expect, it } from 'vitest'
import { Random } from '../../src/base/index.js'
import { PIT_HZ, Pit } from '../../src/machine/devices/pit.js'
import { bench } from './fixtures.js'

/** Channel 2, tick by tick. A count is in the counting element from the tick on at which it is written. */
class TickingCounter {
  private mode = 0
  private register = 0
  private element = 0
  private running = false
  private ended = false
  output = false
  private gate = false
  private written = false
  /** Odd counts hold the high half for one tick more. */
  private wait = false

  program(mode: number): void {
    this.mode = mode
    this.running = false
    this.ended = false
    this.output = mode !== 0
  }

  write(count: number): void {
    const first = !this.running
    this.register = count
    this.written = true
    if (this.mode === 1 || this.mode === 5) return
    if (first || this.mode === 0 || this.mode === 4) this.load()
    if (first) this.running = true
  }

  private load(): void {
    this.element = this.mode === 3 ? this.register & ~1 : this.register
    this.ended = false
    this.wait = this.mode === 3 && this.output && this.register % 2 === 1
    if (this.mode === 0) this.output = false
    if (this.mode === 4) this.output = true
  }

  setGate(gate: boolean): void {
    const rises = gate && !this.gate
    this.gate = gate
    if (this.mode === 2 || this.mode === 3) {
      if (!gate) this.output = true
      if (rises && this.running) {
        this.output = true
        this.load()
      }
    } else if ((this.mode === 1 || this.mode === 5) && rises && this.written) {
      this.running = true
      this.load()
      this.output = this.mode === 5
    }
  }

  get count(): number | undefined {
    return this.running ? ((this.element % 0x1_0000) + 0x1_0000) % 0x1_0000 : undefined
  }

  tick(): void {
    if (!this.running || (!this.gate && this.mode !== 1 && this.mode !== 5)) return
    if (this.mode === 3) this.tickSquare()
    else {
      this.element--
      if (this.mode === 2) {
        this.output = this.element !== 1
        if (this.element === 0) this.load()
      } else if (this.mode < 2) {
        if (this.element === 0) this.ended = true
        this.output = this.ended
      } else this.output = this.element !== 0
    }
  }

  private tickSquare(): void {
    if (this.element > 0) this.element -= 2
    else this.wait = false
    if (this.element > 0 || this.wait) return
    this.output = !this.output
    this.load()
  }
}

describe('the 8254', () => {
  it('counts, and drives its output, as one that ticks does, in every mode, whatever is written when', () => {
    const random = new Random(8254)
    for (let round = 0; round < 120; round++) {
      const { bus, clock, line } = bench()
      new Pit(bus, clock, line)
      const slow = new TickingCounter()
      let now = 0
      const story: string[] = []
      const gate = (on: boolean): void => {
        story.push(`${now}: gate ${on}`)
        bus.portWrite(0x61, 1, on ? 1 : 0)
        slow.setGate(on)
      }
      const write = (count: number): void => {
        story.push(`${now}: count ${count}`)
        bus.portWrite(0x42, 1, count & 0xff)
        bus.portWrite(0x42, 1, count >> 8)
        slow.write(count)
      }
      const mode = round % 6
      story.push(`mode ${mode}`)
      bus.portWrite(0x43, 1, 0xb0 | (mode << 1))
      slow.program(mode)
      gate(random.below(2) === 1)
      write(4 + random.below(60))
      for (let step = 0; step < 40; step++) {
        for (let ticks = random.below(40); ticks > 0; ticks--) {
          now++
          slow.tick()
        }
        clock.advanceTo(Math.ceil((now * 1e9) / PIT_HZ))
        if (random.below(3) === 0) gate(random.below(3) !== 0)
        if (random.below(3) === 0) write(4 + random.below(60))
        bus.portWrite(0x43, 1, 0x80)
        const count = bus.portRead(0x42, 1) | (bus.portRead(0x42, 1) << 8)
        const output = (bus.portRead(0x61, 1) & 0x20) !== 0
        expect({ story, now, output, count }).toEqual({ story, now, output: slow.output, count: slow.count ?? count })
      }
    }
  })
})
