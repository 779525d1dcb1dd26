// Virtual time as ticks of a crystal, exact for as long as virtual time is.

const SECOND = 1_000_000_000

/** Whole ticks of `hz` in `time` nanoseconds. The product could be inexact, so seconds and the rest are converted apart. */
export function ticksAt(time: number, hz: number): number {
  const seconds = Math.floor(time / SECOND)
  return seconds * hz + Math.floor(((time - seconds * SECOND) * hz) / SECOND)
}

/** The first instant at which `ticksAt` is at least `tick`. */
export function timeOfTick(tick: number, hz: number): number {
  const seconds = Math.floor(tick / hz)
  return seconds * SECOND + Math.ceil(((tick - seconds * hz) * SECOND) / hz)
}
