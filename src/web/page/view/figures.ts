// Numbers as a person reads them.

/** Virtual time: "1.234567 s", "12.3 µs"; one instruction is one nanosecond. */
export function duration(nanoseconds: number): string {
  if (nanoseconds >= 1e9) return `${(nanoseconds / 1e9).toFixed(3)} s`
  if (nanoseconds >= 1e6) return `${(nanoseconds / 1e6).toFixed(3)} ms`
  if (nanoseconds >= 1e3) return `${(nanoseconds / 1e3).toFixed(1)} µs`
  return `${nanoseconds} ns`
}

export function count(value: number): string {
  return value.toLocaleString('en-US')
}
