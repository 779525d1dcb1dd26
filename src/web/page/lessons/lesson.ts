// What a lesson is: a claim, a few steps in a guest of its own, and what is seen then. Its twin leaves something out, and shows what for.

import type { BootOptions, PatchSource } from '../protocol.js'

export type Step =
  /** A command line in the guest. */
  | { readonly do: 'command'; readonly command: string }
  | { readonly do: 'patch'; readonly source: PatchSource }
  | { readonly do: 'upgrade' }
  /** At the console, without waiting for what becomes of it. */
  | { readonly do: 'type'; readonly text: string }
  | { readonly do: 'go on'; readonly time: number }
  /** The first of these that the kernel has: a compiler may split a function. */
  | { readonly do: 'run to'; readonly functions: readonly string[] }
  | { readonly do: 'futures'; readonly count: number; readonly time: number }
  /** Remembers this instant, and goes back to it. */
  | { readonly do: 'remember' }
  | { readonly do: 'return' }
  /** The hash of the whole state. */
  | { readonly do: 'hash' }
  /** All of it once more, in another guest that differs in this. */
  | { readonly do: 'once more'; readonly boot: BootOptions }

export interface Script {
  readonly boot?: BootOptions
  readonly steps: readonly Step[]
  /** What the steps have told must match it. */
  readonly expected: RegExp
  /** What is seen, in a sentence. */
  readonly seen: string
}

export interface Lesson {
  readonly id: string
  readonly title: string
  readonly claim: string
  readonly script: Script
  readonly twin: Script & { readonly differs: string }
  /** The panel in which more of it is seen. */
  readonly panel: 'functions' | 'patch' | 'tasks' | 'upgrade'
}

/** A patch in assembly that makes a file of /proc say something else. */
export function sayingPatch(name: string, replaced: string, text: string, more = ''): PatchSource {
  return {
    kind: 'assembly',
    name,
    text: `${more}.patch ${replaced}
	push rbp
	mov rbp, rsp
	lea rsi, [rip + text]
	call seq_puts
	xor eax, eax
	pop rbp
	ret
.rodata
text:
	.asciz "${text}\\n"
`,
  }
}
