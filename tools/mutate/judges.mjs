// Who decides about a mutant: test files, asked in order until one fails. They ask for behaviour, of a guest or of the library, and pass on
// sound sources. All of them are asked about every mutant of their kind; those that know most of its room come first.

const tracing = 'tests/e2e/tracing.test.ts'
const transitions = 'tests/e2e/transitions.test.ts'
const transcripts = 'tests/e2e/livepatch-transcripts.test.ts'
const modules = 'tests/e2e/modules.test.ts'
const guest = 'tests/e2e/guest-tests.test.ts'
const fields = 'tests/modules/fields.test.ts'
const crowds = 'tests/livepatch/crowds.test.ts'
const choices = 'tests/livepatch/choices.test.ts'
const pointers = 'tests/livepatch/pointers.test.ts'
const refusals = 'tests/livepatch/refusals.test.ts'
const mixes = 'tests/livepatch/mixes.test.ts'

const byRoom = {
  text: [tracing, crowds, transitions, modules, transcripts, guest],
  trace: [tracing, crowds, transitions, modules, transcripts, guest, choices],
  livepatch: [transitions, mixes, crowds, pointers, refusals, transcripts, modules, tracing, guest, choices],
  module: [modules, fields, transitions, transcripts, tracing, crowds, guest],
}

/** The rooms whose judges look at a kernel that is built from the changed source; `kernel` stands for all of them. */
export const kernelRooms = ['kernel', ...Object.keys(byRoom)]

/** By room. */
export const judges = { ...byRoom, kernel: [...new Set(Object.values(byRoom).flat())], patch: ['tests/patch'] }
