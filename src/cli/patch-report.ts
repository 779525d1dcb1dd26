// What is told of a diff or a module: functions, reasons, ways out.

import type { DiffReport, Reason } from '../patch/index.js'
import { print } from './output.js'

export function tellReport(source: string, report: DiffReport): void {
  const { functions, added, removed, reasons, matched, units } = report
  print(`${source}: ${report.verdict}`)
  print(
    `  ${matched} functions of ${units} files are in the kernel as the sources make them; ${functions.length} change`,
  )
  for (const { path, line, name, because, first } of functions) {
    print(`  ${path}:${line}: ${name}(): ${because}`)
    if (first.place !== undefined) print(`      first at byte ${first.offset}, ${first.place}: it ${first.what}`)
  }
  for (const { path, name, kind } of added) print(`  ${path}: new ${kind} ${name}`)
  for (const { path, name, kind } of removed) print(`  ${path}: ${kind} ${name} is gone`)
  for (const reason of reasons) tellReason(reason)
}

export function tellReason({ path, line, subject, what, wayOut, verdict }: Reason): void {
  print(`  ${path}:${line}: ${verdict}: ${subject} ${what}`)
  print(`      ${wayOut}`)
}
