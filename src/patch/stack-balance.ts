// What an assembled function does to the stack, as far as its text tells: a call without a frame, and a way out that leaves the stack as it
// was not. Neither keeps the module from loading, so each is a warning with its line, as a compiler would give.
//
// The kernel unwinds sleeping tasks by frame pointers. A function that calls another one without `push rbp; mov rbp, rsp` leaves its caller
// out of the trace: a transition may then switch a task that is inside an old function. Depth is followed along the text, and to labels by
// the jumps that were read before them; where nobody says how deep it is, nothing is said.

import type { Statement } from './assembly-source.js'

/** A doubt about a line of an assembly source. */
export interface StackWarning {
  readonly line: number
  readonly message: string
}

/** Bytes that lie on the stack; undefined where the text does not tell. */
type Depth = number | undefined

const WORD = 8

/** The same as a compiler's words, a line each. */
export function stackDiagnostics(file: string, statements: readonly Statement[]): string {
  return stackWarnings(statements)
    .map(({ line, message }) => `${file}:${line}: warning: ${message}\n`)
    .join('')
}

/** What is to be said of the functions in a source, in order of line. */
export function stackWarnings(statements: readonly Statement[]): StackWarning[] {
  const warnings: StackWarning[] = []
  let watch: StackWatch | undefined
  for (const statement of statements) {
    const { kind, line } = statement
    if (kind === 'patch' || kind === 'function') watch = new StackWatch(statement.name, warnings)
    else if (kind === 'section') watch = statement.name === '.text' ? watch : undefined
    else if (kind === 'label') watch?.label(statement.name, line)
    else if (kind === 'instruction') watch?.instruction(statement.text, line)
  }
  return warnings
}

class StackWatch {
  private readonly name: string
  private readonly warnings: StackWarning[]
  private depth: Depth = 0
  /** Since rbp was pushed at the entry and took rsp: how deep the stack was then. */
  private frame: Depth
  private pushed = false
  private told = false
  private readonly labels = new Map<string, Depth>()

  constructor(name: string, warnings: StackWarning[]) {
    this.name = name
    this.warnings = warnings
  }

  label(name: string, line: number): void {
    const jumped = this.labels.get(name)
    if (this.depth === undefined) this.depth = jumped
    else if (jumped !== undefined && jumped !== this.depth) {
      this.warn(line, `${name} is reached with ${jumped} and with ${this.depth} bytes on the stack`)
    }
    this.labels.set(name, this.depth)
  }

  instruction(text: string, line: number): void {
    const [, mnemonic = '', operands = ''] = /^(\w+)\s*(.*)$/.exec(text.toLowerCase()) ?? []
    const operand = operands.replace(/\s+/g, '')
    if (/^pushf?q?$/.test(mnemonic)) {
      this.pushed ||= operand === 'rbp' && this.depth === 0
      this.move(WORD)
    } else if (/^popf?q?$/.test(mnemonic)) this.pop(operand, line)
    else if (mnemonic === 'mov' && operand === 'rbp,rsp') this.frame = this.pushed ? this.depth : undefined
    else if (mnemonic === 'mov' && operand === 'rsp,rbp') this.depth = this.frame
    else if (mnemonic === 'leave') {
      this.depth = this.frame === undefined ? undefined : this.frame - WORD
      this.frame = undefined
    } else if (/^(sub|add)$/.test(mnemonic) && operand.startsWith('rsp,')) {
      const by = Number(operand.slice('rsp,'.length))
      this.depth =
        Number.isNaN(by) || this.depth === undefined ? undefined : this.depth + (mnemonic === 'sub' ? by : -by)
    } else if (/^(and|lea|mov|xchg)$/.test(mnemonic) && operand.startsWith('rsp,')) this.depth = undefined
    else if (mnemonic === 'call') this.call(operand, line)
    else if (mnemonic.startsWith('ret')) this.leave(line)
    else if (/^j|^loop/.test(mnemonic)) this.jump(mnemonic, operand, line)
  }

  private move(by: number): void {
    if (this.depth !== undefined) this.depth += by
  }

  private pop(operand: string, line: number): void {
    if (this.depth !== undefined && this.depth < WORD)
      this.warn(line, `takes more from the stack than it has put there`)
    this.move(-WORD)
    if (operand === 'rbp') this.frame = undefined
  }

  private call(callee: string, line: number): void {
    if (this.frame !== undefined || this.told) return
    this.told = true
    this.warn(line, `calls ${callee} without a frame (push rbp; mov rbp, rsp): who sleeps in it cannot be unwound`)
  }

  private leave(line: number): void {
    if (this.depth !== undefined && this.depth !== 0) {
      this.warn(line, `returns with ${this.depth} bytes on the stack`)
    }
    this.depth = undefined
  }

  /** A jump to a name that is no label here leaves the function. */
  private jump(mnemonic: string, target: string, line: number): void {
    const known = this.labels.get(target)
    if (known !== undefined && this.depth !== undefined && known !== this.depth) {
      this.warn(line, `goes to ${target} with ${this.depth} bytes on the stack, where there were ${known}`)
    }
    if (!this.labels.has(target)) this.labels.set(target, this.depth)
    if (mnemonic === 'jmp') this.depth = undefined
  }

  private warn(line: number, what: string): void {
    this.warnings.push({ line, message: `${this.name} ${what}` })
  }
}
