// The functions of the running kernel: a list to search, each with its entry bytes of this moment, and the chosen one disassembled.

import type { Entry, KernelFunction, ListedInstruction } from '../protocol.js'
import type { App } from './app.js'
import { h, put, setText } from './dom.js'
import type { Panel } from './panel.js'
import { VirtualList } from './virtual-list.js'

const STATES: Readonly<Record<Entry['state'], string>> = {
  'at-rest': '',
  breakpoint: 'int3',
  call: 'patched',
  other: '',
}

const REWRITTEN: ReadonlySet<Entry['state']> = new Set(['call', 'breakpoint'])
/** A kernel with more functions is not read all over four times a second. */
const MANY = 5000

export class FunctionsPanel implements Panel {
  readonly id = 'functions'
  readonly label = 'Functions'
  readonly element: HTMLElement
  private readonly app: App
  private readonly onPatch: (name: string) => void
  private readonly search = h('input', {
    ...{ type: 'search', placeholder: 'search', 'aria-label': 'Search functions', spellcheck: 'false' },
    oninput: () => this.filter(),
  })
  private readonly onlyPatched = h('input', { type: 'checkbox', onchange: () => this.filter() })
  private readonly total = h('span', { class: 'soft', role: 'status' })
  private readonly list: VirtualList<KernelFunction>
  private readonly names = h('datalist', { id: 'function-names' })
  private readonly title = h('h3', {})
  private readonly state = h('span', { class: 'chip' })
  private readonly code = h('pre', {
    class: 'listing',
    tabindex: 0,
    'aria-label': 'Instructions of the chosen function',
  })
  private readonly detail: HTMLElement
  private readonly entries = new Map<bigint, Entry>()
  private all: readonly KernelFunction[] = []
  /** The listing that is drawn: a line that was another one is marked. */
  private drawn = { address: 0n, text: '' }
  /** Of the list that is shown. */
  private key = ''
  private asking = false

  /** `onPatch`: somebody wants to replace the function. */
  constructor(app: App, onPatch: (name: string) => void) {
    this.app = app
    this.onPatch = onPatch
    this.list = new VirtualList({
      label: 'Functions of the kernel',
      row: (one) => this.row(one),
      choose: () => this.refresh(),
    })
    this.detail = h(
      'section',
      { class: 'function', 'aria-label': 'The chosen function', hidden: true },
      h(
        'div',
        { class: 'group spread' },
        h('div', { class: 'group' }, this.title, this.state),
        h(
          'div',
          { class: 'group' },
          h('button', { type: 'button', onclick: () => this.replace() }, 'Replace…'),
          h('button', { type: 'button', onclick: () => this.runTo() }, 'Run to it'),
        ),
      ),
      this.code,
    )
    this.element = h(
      'div',
      { class: 'functions' },
      h(
        'div',
        { class: 'group' },
        this.search,
        h('label', { class: 'group' }, this.onlyPatched, 'rewritten entries only'),
        this.total,
      ),
      this.list.element,
      this.detail,
      this.names,
    )
  }

  changed(): void {
    this.key = ''
    this.all = []
    this.entries.clear()
    this.list.set([], undefined)
  }

  shown(): void {
    this.refresh()
  }

  refresh(): void {
    const session = this.app.active.value
    if (this.asking || session === undefined) return
    this.asking = true
    this.update(session.id)
      // Before a kernel has come up there is nothing to list; what the guest is at is said by the controls.
      .catch(() => setText(this.total, 'no kernel that is known runs yet'))
      .finally(() => {
        this.asking = false
      })
  }

  private async update(session: number): Promise<void> {
    const { laboratory } = this.app
    const { key, functions } = await laboratory.functions(session, this.key)
    if (functions !== undefined) {
      this.key = key
      this.all = functions
      this.entries.clear()
      put(this.names, ...(functions.length > MANY ? [] : functions.map(({ name }) => h('option', { value: name }))))
      this.filter()
    }
    const wanted = this.worthReading()
    const read = await laboratory.entries(session, wanted)
    for (const [i, address] of wanted.entries()) this.entries.set(address, read[i] as Entry)
    if (this.onlyPatched.checked) this.filter()
    else this.list.draw()
    await this.showChosen(session)
  }

  /** Those that differ can be anywhere; of very many functions those that are seen, and those that differed before. */
  private worthReading(): readonly bigint[] {
    if (this.all.length <= MANY) return this.all.filter((one) => one.patchable !== false).map(({ address }) => address)
    const rewritten = [...this.entries].filter(([, { state }]) => REWRITTEN.has(state)).map(([address]) => address)
    return [...new Set([...rewritten, ...this.list.visible.map(({ address }) => address)])]
  }

  private isRewritten({ address }: KernelFunction): boolean {
    const state = this.entries.get(address)?.state
    return state !== undefined && REWRITTEN.has(state)
  }

  private filter(): void {
    const wanted = this.search.value.trim().toLowerCase()
    const matches = this.all.filter(
      (one) =>
        (wanted === '' || one.name.toLowerCase().includes(wanted)) &&
        (!this.onlyPatched.checked || this.isRewritten(one)),
    )
    setText(this.total, `${matches.length} of ${this.all.length}`)
    this.list.set(matches, this.list.chosen)
  }

  private row(one: KernelFunction): HTMLElement {
    const entry = this.entries.get(one.address)
    const state = entry === undefined ? '' : STATES[entry.state]
    return h(
      'div',
      { class: `row ${entry?.state ?? ''}` },
      h('span', { class: 'name' }, one.name),
      h('span', { class: 'entry' }, entry?.bytes ?? (one.patchable === false ? 'not patchable' : '')),
      h('span', { class: 'chip' }, state),
    )
  }

  private async showChosen(session: number): Promise<void> {
    const one = this.list.chosen
    this.detail.hidden = one === undefined
    if (one === undefined) return
    const listing = await this.app.laboratory.listing(session, one.address, one.size)
    const entry = this.entries.get(one.address)
    setText(this.title, one.name)
    setText(this.state, entry === undefined ? 'cannot be patched' : STATES[entry.state] || 'at rest')
    this.state.className = `chip ${entry?.state ?? ''}`
    const text = listing.map(listingLine).join('\n')
    // Drawn anew only where it differs, so that a selection in it stays.
    if (text === this.drawn.text) return
    const before = new Set(this.drawn.address === one.address ? this.drawn.text.split('\n') : [])
    this.drawn = { address: one.address, text }
    put(
      this.code,
      ...listing.map((line) => {
        const isNew = before.size > 0 && !before.has(listingLine(line))
        return h('span', { class: isNew ? 'line changed' : 'line' }, `${listingLine(line)}\n`)
      }),
    )
  }

  private replace(): void {
    const name = this.list.chosen?.name
    if (name !== undefined) this.onPatch(name)
  }

  private runTo(): void {
    const name = this.list.chosen?.name
    if (name !== undefined) this.app.runTo(name)
  }

  /** Chooses a function by name. */
  choose(name: string): void {
    this.search.value = ''
    this.onlyPatched.checked = false
    this.filter()
    const one = this.all.find((other) => other.name === name)
    if (one !== undefined) this.list.reveal(one)
  }
}

function listingLine({ address, bytes, text }: ListedInstruction): string {
  return `${address}  ${bytes.padEnd(24)} ${text}`
}
