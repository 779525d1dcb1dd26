// A guest as a person wants it: how many vCPUs, which seed, which kernel. And the page's keys.

import type { BootOptions } from '../protocol.js'
import type { App } from './app.js'
import { h, put } from './dom.js'

interface Field {
  readonly name: 'vcpus' | 'memoryMiB' | 'seed'
  readonly label: string
  readonly min: number
  readonly max: number
  readonly value: number
}

const FIELDS: readonly Field[] = [
  { name: 'vcpus', label: 'vCPUs', min: 1, max: 16, value: 2 },
  { name: 'memoryMiB', label: 'RAM in MiB', min: 32, max: 2048, value: 128 },
  { name: 'seed', label: 'Seed of the scheduler', min: 0, max: Number.MAX_SAFE_INTEGER, value: 1 },
]

/** The dialog behind the button "New…". */
export function newGuestButton(app: App): HTMLElement {
  const inputs = FIELDS.map(({ name, label, min, max, value }) => {
    const input = h('input', { type: 'number', name, min, max, value, required: true, step: 1 })
    return { name, input, label: h('label', {}, label, input) }
  })
  const append = h('input', { type: 'text', name: 'append', value: 'console=ttyS0', spellcheck: 'false' })
  const dialog = h('dialog', { class: 'new-guest', 'aria-labelledby': 'new-guest-title' })
  const boot = (event: Event): void => {
    event.preventDefault()
    dialog.close()
    const numbers = Object.fromEntries(inputs.map(({ name, input }) => [name, input.valueAsNumber]))
    const options: BootOptions = { ...numbers, append: append.value }
    app.do(async () => {
      await app.boot(options)
      app.console.focus()
    })
  }
  put(
    dialog,
    h('h2', { id: 'new-guest-title' }, 'A new guest'),
    h(
      'form',
      { class: 'fields', onsubmit: boot },
      ...inputs.map(({ label }) => label),
      h('label', {}, "The kernel's command line", append),
      h(
        'div',
        { class: 'group' },
        h('button', { type: 'submit', class: 'primary' }, 'Boot'),
        h('button', { type: 'button', onclick: () => dialog.close() }, 'Cancel'),
      ),
    ),
  )
  document.body.append(dialog)
  return h('button', { type: 'button', title: 'Boot another guest', onclick: () => dialog.showModal() }, 'New…')
}

const KEYS: readonly (readonly [keys: string, says: string])[] = [
  ['F6, Shift-F6', 'to the next region of the page, or the one before: controls, console, panel'],
  ['F8', 'run or pause'],
  ['F9', 'one instruction back'],
  ['F10', 'one instruction on, on the vCPU that is chosen'],
  ['Arrow keys', 'between tabs, and in the list of functions'],
  ['Ctrl-Enter', 'in the editor: apply the patch'],
  ['Tab', 'is the guest’s in the console; F6 leaves it'],
]

/** The dialog behind the button "Help". */
export function helpButton(): HTMLElement {
  const dialog = h('dialog', { 'aria-labelledby': 'help-title' })
  put(
    dialog,
    h('h2', { id: 'help-title' }, 'What this is'),
    h(
      'p',
      {},
      'A small x86-64 kernel runs in this page, on an emulated PC. It patches itself and is replaced by another kernel while its programs go on. Nothing leaves the page.',
    ),
    h(
      'p',
      {},
      'Type at the console as at any shell. Choose a function and replace it; see what holds a transition up; upgrade the kernel and see what became of each page; or begin with the lessons. One instruction is one nanosecond of virtual time, and the line under the controls goes to any instant of the run.',
    ),
    h('h3', {}, 'Keys'),
    h('dl', { class: 'says' }, ...KEYS.flatMap(([keys, says]) => [h('dt', {}, keys), h('dd', {}, says)])),
    h('p', { class: 'soft' }, 'GPL-2.0-only; what else is in it: ', h('a', { href: './licences.md' }, 'licences'), '.'),
    h('button', { type: 'button', class: 'primary', onclick: () => dialog.close() }, 'Close'),
  )
  document.body.append(dialog)
  return h('button', { type: 'button', class: 'quiet', onclick: () => dialog.showModal() }, 'Help')
}
