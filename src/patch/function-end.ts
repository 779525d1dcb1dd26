// Whether control can run off the end of an assembled function, into the padding behind it and whatever comes then.
//
// The last instruction must be one that never goes on to the next: what comes behind it is data, and no branch may lead
// there. A call counts as one that returns, whatever it calls: who knows better writes `ud2` behind it.
import { refuse } from '../base/index.js'
import type { Disassembler } from '../isa/index.js'
import type { PatchRefusal } from './refusal.js'

const neverGoesOn =
  /^(?:(?:repz?|repn?e|repnz)\s+)?(?:jmp|l?retf?[nq]?|iret[wdq]?|sysret[lq]?|sysexit[lq]?|ud[012][ab]?)\b/i

/** What is known of a function's code while it is read. Offsets are those of .text. */
export class FunctionEnd {
  private readonly name: string
  /** Of the last line that control runs through. */
  private line: number
  /** Where the code ends for good; undefined while control goes on. */
  private end: number | undefined
  private sectionEnd = 0

  constructor(name: string, line: number) {
    this.name = name
    this.line = line
  }

  instruction(text: string, line: number, end: number): void {
    this.line = line
    this.end = neverGoesOn.test(text) ? end : undefined
  }

  /** Bytes may be code too, where control runs into them. */
  bytes(disassembler: Disassembler, bytes: Uint8Array, line: number, end: number): void {
    const last = disassembler.disassemble(bytes, 0n).at(-1)?.mnemonic
    if (last === undefined) return
    if (this.end === undefined || neverGoesOn.test(last)) this.instruction(last, line, end)
  }

  /** The function ends at `offset`. */
  close(offset: number): PatchRefusal | undefined {
    this.sectionEnd = offset
    return this.end === undefined ? this.fallsOff(this.line) : undefined
  }

  /** A branch in `line` leads to `offset`. */
  branch(offset: number, line: number): PatchRefusal | undefined {
    const behind = this.end !== undefined && offset >= this.end && offset <= this.sectionEnd
    return behind ? this.fallsOff(line) : undefined
  }

  private fallsOff(line: number): PatchRefusal {
    return refuse(
      'syntax',
      `line ${line}: control falls off the end of ${this.name} there`,
      'End it with ret or jmp, or with ud2 where control never comes.',
      { line },
    )
  }
}
