// Why a patch is refused, as a value. Codes are stable: the command line and scripts switch on them. Each refusal says
// in one sentence what is wrong and what to do; misuse of the library throws instead.
import type { Accepted, Refusal } from '../base/index.js'

/** Why a patch is refused, in one word. */
export type PatchRefusalCode =
  | 'not-an-elf'
  | 'truncated'
  | 'wrong-kind'
  | 'bad-module'
  | 'no-modinfo'
  | 'not-a-livepatch'
  | 'other-build'
  | 'unknown-symbol'
  | 'ambiguous-symbol'
  | 'unknown-function'
  | 'not-patchable'
  | 'bad-patch'
  | 'unknown-relocation'
  | 'compile-failed'
  | 'syntax'
  | 'no-change'
  | 'bad-diff'
  | 'outside-tree'
  | 'does-not-apply'
  | 'no-station'
  | 'running-differs'
  | 'needs-help'
  | 'cannot'

/** Why a patch is refused: which symbol or line it is about, and what another program said, where there is one. */
export interface PatchRefusal extends Refusal<PatchRefusalCode> {
  readonly symbol?: string
  /** Of the source, from 1 on. */
  readonly line?: number
  readonly detail?: string
}

/** What a patch needs, or why it is refused. */
export type PatchResult<T> = Accepted<T> | PatchRefusal
