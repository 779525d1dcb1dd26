// The monitor at the person's terminal (Ctrl-A c): the guest stands still while it is asked.

import { createInterface } from 'node:readline'
import { askMonitor, type MonitorView } from '../debug/index.js'

const PROMPT = '(transplant) '
const LEAVING = new Set(['cont', 'c', 'quit', 'q'])

/** Asks until the person wants the guest to go on: `cont`, `quit`, or Ctrl-D. */
export async function talkToMonitor(view: MonitorView, input = process.stdin, output = process.stdout): Promise<void> {
  const wasRaw = input.isRaw === true
  if (wasRaw) input.setRawMode(false)
  const lines = createInterface({ input, output, prompt: PROMPT, terminal: input.isTTY === true })
  output.write("\nThe guest stands still. 'help' lists the questions, 'cont' lets it go on.\n")
  lines.prompt()
  for await (const line of lines) {
    if (LEAVING.has(line.trim())) break
    if (line.trim() !== '') output.write(await askMonitor(view, line))
    lines.prompt()
  }
  lines.close()
  if (wasRaw) input.setRawMode(true)
  input.resume()
}
