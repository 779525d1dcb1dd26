// Makes a case that differs smaller while it still differs in the same place first: fewer prefixes, plainer state.
import { AT, type TestCase, viewOf, withParts } from './record.js'

/** `run` gives the differences of a case. */
export function shrink(test: TestCase, run: (test: TestCase) => string[]): TestCase {
  const kind = (lines: readonly string[]) => lines[0]?.split(':')[0]
  const wanted = kind(run(test))
  let best = test
  const tryThis = (candidate: TestCase) => {
    if (kind(run(candidate)) === wanted) best = candidate
  }
  for (let i = best.parts.prefixes.length - 1; i >= 0; i--) {
    tryThis(withParts(best, { ...best.parts, prefixes: best.parts.prefixes.filter((_, j) => j !== i) }))
  }
  for (const rex of [undefined, 0x40, 0x48]) {
    if (best.parts.rex !== undefined && best.parts.rex !== rex) tryThis(withParts(best, { ...best.parts, rex }))
  }
  const cleared = (edit: (view: DataView) => void) => {
    const record = best.record.slice()
    edit(viewOf(record))
    tryThis({ ...best, record })
  }
  for (let r = 0; r < 16; r++) {
    if (r !== 4) cleared((view) => view.setBigUint64(AT.registers + 8 * r, 0n, true))
  }
  cleared((view) => view.setBigUint64(AT.flags, 0x202n, true))
  for (let p = 0; p < 2; p++) cleared((view) => view.setBigUint64(AT.patches + 40 * p, 0n, true))
  cleared((view) => view.setUint16(AT.fx, 0x37f, true))
  cleared((view) => view.setUint16(AT.fx + 2, 0, true))
  cleared((view) => view.setUint8(AT.fx + 4, 0xff))
  cleared((view) => view.setUint32(AT.fx + 24, 0x1f80, true))
  for (let i = 0; i < 24; i++) {
    cleared((view) => {
      view.setBigUint64(AT.fx + 32 + 16 * i, 0n, true)
      view.setBigUint64(AT.fx + 40 + 16 * i, 0n, true)
    })
  }
  return best
}
