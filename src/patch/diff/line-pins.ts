// Line numbers are no change. A fix that adds three lines at the top of a file moves every WARN() below it, whose line is an operand of
// the code. So the patched text gets `#line` directives, by which every line that the diff left alone keeps its old number.
//
// A directive may stand only between two whole tokens of ordinary text: not within a comment, a continued line, or the parentheses of a
// macro's arguments. Where the next line is no such place, the one after it is taken.

import { diffArrays } from 'diff'

/** `after` with directives, so that what it shares with `before` has the numbers that it has there. */
export function pinLines(before: string, after: string): string {
  const [oldLines, newLines] = [before.split('\n'), after.split('\n')]
  const safe = safeLines(newLines)
  const out: string[] = []
  let [oldAt, newAt, shift] = [0, 0, 0]
  for (const { added, removed, count } of diffArrays(oldLines, newLines)) {
    if (removed) oldAt += count
    else if (added) {
      out.push(...newLines.slice(newAt, newAt + count))
      newAt += count
    } else {
      for (let i = 0; i < count; i++, oldAt++, newAt++) {
        // The last line is what follows the last newline: nothing.
        if (oldAt - newAt !== shift && safe[newAt] === true && newAt < newLines.length - 1) {
          out.push(`#line ${oldAt + 1}`)
          shift = oldAt - newAt
        }
        out.push(newLines[newAt] as string)
      }
    }
  }
  return out.join('\n')
}

/** For each line, whether a directive may stand before it. */
export function safeLines(lines: readonly string[]): boolean[] {
  let [comment, depth, continued, directive] = [false, 0, false, false]
  return lines.map((line) => {
    const safe = !comment && depth === 0 && !continued
    if (!continued) directive = !comment && /^\s*#/.test(line)
    const scanned = scanLine(line, comment)
    comment = scanned.comment
    continued = line.endsWith('\\')
    // The parentheses of a macro's definition are its own.
    if (!directive) depth = Math.max(0, depth + scanned.depth)
    return safe
  })
}

/** How many more parentheses a line opens than it closes, and whether a comment is open at its end. */
function scanLine(line: string, comment: boolean): { readonly comment: boolean; readonly depth: number } {
  let [inside, depth] = [comment, 0]
  for (let i = 0; i < line.length; i++) {
    const two = line.slice(i, i + 2)
    if (inside) {
      if (two !== '*/') continue
      inside = false
      i++
    } else if (two === '//') break
    else if (two === '/*') {
      inside = true
      i++
    } else if (line[i] === '"' || line[i] === "'") i = endOfLiteral(line, i)
    else if (line[i] === '(') depth++
    else if (line[i] === ')') depth--
  }
  return { comment: inside, depth }
}

function endOfLiteral(line: string, start: number): number {
  for (let i = start + 1; i < line.length; i++) {
    if (line[i] === '\\') i++
    else if (line[i] === line[start]) return i
  }
  return line.length
}
