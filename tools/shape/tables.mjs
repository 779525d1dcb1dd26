// What is a table and may be longer than a reader holds at once, and what says `ok` of something else than a result.

/** Functions that are one list of cases, a row for each opcode, operation or register: nothing is held in mind from one to the next. */
export const TABLES = new Set([
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
  // Generated programs, a case for each form or step; a ROM or a descriptor table, entry by entry; one list of tests.
  'images/user/oracle/extended-forms.mjs: extendedForms',
  'tests/cpu/privileged-long-steps.ts: step',
  'tests/cpu/tasks-rom.ts: tasksRom',
  'tests/machine/guest-port-contract.ts: guestPortContract',
  'tests/oracle/generate.ts: instruction',
  'tests/property/jit-board.ts: handlers',
  'tests/property/jit-integers.ts: flagProducer',
  'tests/property/jit-integers.ts: quiet',
  'tests/property/jit-system.ts: system',
  'tests/property/jit-vectors.ts: vector',
])
/** Files that are such a list, or one small function for each operation. */
export const TABLE_FILES = new Set([
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
  'src/cpu/jit/emit-vector-integer.ts',
  'images/user/oracle/generate.mjs',
  'tests/cpu/modes-rom.ts',
  'tests/oracle/generate.ts',
])
/**
 * Files whose `ok` is the verdict on what was done and looked at, not a value or its refusal; it is the word of the JSON that the command
 * line prints (SPECIFICATION.md).
 */
export const VERDICT_FILES = new Set([
  'src/base/exit-codes.ts',
  'src/cli/lab.ts',
  'src/cli/patch.ts',
  'src/cli/program.ts',
  'src/cli/replay.ts',
  'src/cli/upgrade.ts',
  'src/lab/demo/checks.ts',
  'src/lab/demo/demo.ts',
  'src/upgrade/verify.ts',
])
