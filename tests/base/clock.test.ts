// base: virtual time.

import { describe, expect, it } from 'vitest'
import { StateReader, StateWriter, type Timer, VirtualClock } from '../../src/base/index.js'

describe('VirtualClock', () => {
  it('fires timers in order of deadline, and those of one instant in order of creation', () => {
    const clock = new VirtualClock()
    const fired: string[] = []
    const make = (name: string): Timer => clock.createTimer(name, () => fired.push(`${name}@${clock.now}`))
    const [a, b, c] = [make('a'), make('b'), make('c')]
    c.arm(10)
    b.arm(20)
    a.arm(20)
    clock.advanceTo(30)
    expect(fired).toEqual(['c@10', 'a@20', 'b@20'])
    expect(clock.now).toBe(30)
  })

  it('lets a timer arm itself again while it fires', () => {
    const clock = new VirtualClock()
    const times: number[] = []
    const timer: Timer = clock.createTimer('tick', () => {
      times.push(clock.now)
      timer.arm(clock.now + 10)
    })
    timer.arm(10)
    clock.advanceTo(35)
    expect(times).toEqual([10, 20, 30])
    expect(clock.nextDeadline).toBe(40)
  })

  it('reports a timer armed before the horizon of the running slice', () => {
    const clock = new VirtualClock()
    let cuts = 0
    clock.onEarlier = () => {
      cuts++
    }
    clock.elapsed = () => 5
    clock.setHorizon(100)
    const timer = clock.createTimer('timer', () => {})
    timer.arm(150)
    expect(cuts).toBe(0)
    timer.arm(50)
    expect(cuts).toBe(1)
    timer.arm(1)
    expect(timer.deadline).toBe(5)
  })

  it('saves its deadlines and refuses those of another machine', () => {
    const build = (names: string[]): { clock: VirtualClock; timers: Timer[] } => {
      const clock = new VirtualClock()
      return { clock, timers: names.map((name) => clock.createTimer(name, () => {})) }
    }
    const first = build(['pit', 'uart'])
    first.clock.advanceTo(7)
    first.timers[1]?.arm(12)
    const writer = new StateWriter()
    writer.section(first.clock)
    const second = build(['pit', 'uart'])
    new StateReader(writer.finish()).section(second.clock)
    expect(second.clock.now).toBe(7)
    expect(second.clock.nextDeadline).toBe(12)
    expect(() => new StateReader(writer.finish()).section(build(['pit', 'rtc']).clock)).toThrow(
      expect.objectContaining({ code: 'STATE_SECTION' }),
    )
  })
})
