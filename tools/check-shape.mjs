// Checks what a reader can hold at once, over src/ (AssemblyScript too) and tools/: no function over 80 lines and no file over 500
// that is not a table, and one way to hide a member: `private`, not `#`.

import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const FUNCTION_LINES = 80
const FILE_LINES = 500
/** Functions that are one list of cases, a row for each opcode, operation or register: nothing is held in mind from one to the next. */
const TABLES = new Set([
  'src/cpu/core/decode/decode-one-byte.ts: decodeOneByte',
  'src/cpu/core/decode/decode-two-byte.ts: decodeTwoByte',
  'src/cpu/core/decode/sse-decode.ts: decodeSseMove',
  'src/cpu/core/decode/sse-decode.ts: decodeSseGeneral',
  'src/cpu/core/decode/sse-extended-decode.ts: decode3a',
  'src/cpu/core/decode/system-decode.ts: systemDecode',
  'src/cpu/core/execute/cold.ts: coldOp',
  'src/cpu/core/execute/interpret.ts: interpret',
  'src/cpu/core/system/msr.ts: writeMsr',
  'src/cpu/core/system/reset.ts: resetState',
  'src/cpu/core/system/system-ops.ts: systemOp',
  'src/cpu/core/vector/mmx.ts: mmxFunction',
  'src/cpu/core/vector/sse-extended-integer.ts: map38',
  'src/cpu/core/vector/sse-integer.ts: arithmeticOperation',
  'src/cpu/core/vector/sse.ts: sseOp',
  'src/cpu/core/x87/x87-fast.ts: registerForm',
  'src/cpu/core/x87/x87.ts: memoryForm',
  'src/cpu/core/x87/x87.ts: unaryForm',
  'src/cpu/jit/vector-effects.ts: vectorEffects',
])
/** Files that are such a list, or one small function for each operation. */
const TABLE_FILES = new Set([
  'src/cpu/core/decode/avx-decode.ts',
  'src/cpu/core/vector/avx.ts',
  'src/cpu/core/decode/decode-one-byte.ts',
  'src/cpu/core/decode/sse-decode.ts',
  'src/cpu/core/execute/cold.ts',
  'src/cpu/core/execute/interpret.ts',
  'src/cpu/core/system/system-ops.ts',
  'src/cpu/core/vector/sse-float.ts',
  'src/cpu/core/x87/x87.ts',
  'src/cpu/core/x87/x87-transcendental.ts',
  'src/cpu/jit/emit-integer.ts',
  'src/cpu/jit/emit-vector-float.ts',
])
const wrong = []
const excused = new Set()

/** Formatted code closes a block at the indentation at which it began: no parser is needed. */
function checkFunctions(path, lines) {
  const open =
    /^(\s*)(?:export |default |async |private |static |override |get |set )*(?:function\*? )?([\w$]+)(?:<.*)?\(.*\{$|^(\s*)(?:export )?const ([\w$]+) = .*(?:=> |function.*)\{$/
  for (const [index, line] of lines.entries()) {
    let match = open.exec(line)
    let start = index
    if (match === null && /^\s*\)(?:: .*)? (?:=> )?\{$/.test(line)) {
      // A header of several lines: its beginning is the line above with the same indentation.
      const indentation = /^\s*/.exec(line)[0]
      start = lines.findLastIndex(
        (one, at) => at < index && one.startsWith(indentation) && /^\S/.test(one.slice(indentation.length)),
      )
      match = /^(\s*)(?:export |default |async |private |static |override )*(?:function\*? |const )?([\w$]+)/.exec(
        lines[start] ?? '',
      )
    }
    if (match === null) continue
    const [indentation, name] = [match[1] ?? match[3], match[2] ?? match[4]]
    if (['if', 'for', 'while', 'switch', 'catch', 'return', 'describe', 'it'].includes(name)) continue
    const end = lines.findIndex((one, at) => at > index && one.startsWith(`${indentation}}`))
    const count = end - start + 1
    if (count > FUNCTION_LINES) excused.add(`${path}: ${name}`)
    if (count > FUNCTION_LINES && !TABLES.has(`${path}: ${name}`)) {
      wrong.push(
        `${path}: ${name} has ${count} lines; at most ${FUNCTION_LINES}, or declare it a table in tools/check-shape.mjs`,
      )
    }
  }
}

for (const folder of ['src', 'tools']) {
  for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.(ts|mjs)$/.test(entry.name) || entry.name === 'layouts.ts') continue
    const file = join(entry.parentPath, entry.name)
    const path = relative(root, file)
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    if (lines.length > FILE_LINES) excused.add(path)
    if (lines.length > FILE_LINES && !TABLE_FILES.has(path)) {
      wrong.push(
        `${path} has ${lines.length} lines; at most ${FILE_LINES}, or declare it a table in tools/check-shape.mjs`,
      )
    }
    checkFunctions(path, lines)
    const hidden = path.endsWith('.mjs')
      ? -1
      : lines.findIndex((line) => /^\s+(?:(?:static|readonly|async|get|set) )*#[a-zA-Z]\w*[\s(:=!?<]/.test(line))
    if (hidden >= 0) wrong.push(`${path}:${hidden + 1}: hides a member by #; say private, as everywhere`)
  }
}

/** A list that names what is short now, or gone, excuses something else one day. */
for (const name of [...TABLES, ...TABLE_FILES])
  if (!excused.has(name)) wrong.push(`${name} is not over the limit: take it off the list`)

for (const line of wrong) console.error(`wrong: ${line}`)
process.exit(wrong.length === 0 ? 0 : 1)
