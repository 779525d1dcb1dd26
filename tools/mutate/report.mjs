// What came of the mutants: a line each as they are judged, and at the end the rooms with their survivors.

const shown = (text) => text.replace(/\s+/g, ' ').trim().slice(0, 60)
const where = (one) => `${one.file}:${one.line} ${one.function}()`
const what = (one) =>
  one.says ? `${one.id}: ${one.says}` : `${one.operator}: ${shown(one.was)} -> ${shown(one.becomes) || 'nothing'}`

export function tell(one) {
  const by = one.verdict === 'killed' ? ` by ${one.judge}: ${one.by}` : one.by ? ` (${one.by})` : ''
  process.stdout.write(`${one.verdict}  ${where(one)}  ${what(one)}${by}  ${one.seconds} s\n`)
}

const tally = (list) => {
  const of = (verdict) => list.filter((one) => one.verdict === verdict).length
  const [killed, survived, equivalent, broken] = ['killed', 'survived', 'equivalent', 'broken build'].map(of)
  return { killed, survived, equivalent, broken, share: killed + survived === 0 ? 1 : killed / (killed + survived) }
}

const sentence = ({ killed, survived, equivalent, broken, share }) =>
  `${killed} of ${killed + survived} killed (${Math.floor(share * 100)} %); ${equivalent} change nothing, ${broken} do not build`

/** `run.required` in a hundred of the mutants that change behaviour must be killed. */
export function reportOf(results, gone, run) {
  const lines = ['']
  const byRoom = {}
  for (const room of [...new Set(results.map((one) => one.room))].sort()) {
    const own = results.filter((one) => one.room === room)
    byRoom[room] = tally(own)
    lines.push(`${room}: ${sentence(byRoom[room])}`)
    for (const one of own.filter((each) => each.verdict === 'survived')) lines.push(`  ${where(one)}  ${what(one)}`)
  }
  const total = tally(results)
  lines.push(`all: ${sentence(total)}`)
  if (gone.length > 0) lines.push(`no place in the sources any more for ${gone.map((fault) => fault.id).join(', ')}`)
  const json = {
    schema: 'transplant-mutation/1',
    ...run,
    total,
    rooms: byRoom,
    gone: gone.map((one) => one.id),
    mutants: results,
  }
  return { ok: 100 * total.share >= run.required, text: `${lines.join('\n')}\n`, json }
}
