// Why a patch is refused, as a value. Codes are stable: the command line and scripts switch on them. Each refusal says
// in one sentence what is wrong and what to do; misuse of the library throws instead.
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

/** Why a patch is refused. */
export interface PatchRefusal {
  readonly ok: false
  readonly code: PatchRefusalCode
  readonly message: string
  readonly symbol?: string
  readonly line?: number
  readonly detail?: string
}

export function refuse(
  code: PatchRefusalCode,
  message: string,
  more: Omit<PatchRefusal, 'ok' | 'code' | 'message'> = {},
): PatchRefusal {
  return { ok: false, code, message, ...more }
}
