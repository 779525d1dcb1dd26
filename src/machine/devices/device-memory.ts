// Memory of a device in saved state: a copy for every snapshot, so zeros at its end, mostly all of it, are left out.

import type { StateReader, StateWriter } from '../../base/index.js'

export function saveMemory(writer: StateWriter, memory: Uint8Array): void {
  let end = memory.length
  while (end > 0 && memory[end - 1] === 0) end--
  writer.blob(memory.subarray(0, end))
}

export function loadMemory(reader: StateReader, memory: Uint8Array): void {
  const saved = reader.blob()
  memory.set(saved)
  memory.fill(0, saved.length)
}
