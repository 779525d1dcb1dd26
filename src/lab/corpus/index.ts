// corpus: the source changes of images/patches, and how one is tried in a guest.
export { type CorpusEntry, type CorpusProgram, readCorpusEntry } from './entry.js'
export { type Trial, tryPatch } from './trial.js'
