// Tabs as ARIA describes them: arrow keys move, Home and End jump, one panel is shown.

import { h, put } from './dom.js'

export interface Tab {
  readonly id: string
  readonly label: string
  readonly content: HTMLElement
}

export class Tabs {
  readonly list: HTMLElement
  readonly panels = h('div', { class: 'panels' })
  private readonly onSelect: (id: string) => void
  private tabs: readonly Tab[] = []
  private selectedId = ''

  constructor(label: string, onSelect: (id: string) => void) {
    this.onSelect = onSelect
    this.list = h('div', { role: 'tablist', class: 'tabs', 'aria-label': label, onkeydown: (event) => this.key(event) })
  }

  get selected(): string {
    return this.selectedId
  }

  labelOf(id: string): string {
    return this.tabs.find((tab) => tab.id === id)?.label ?? ''
  }

  set(tabs: readonly Tab[]): void {
    this.tabs = tabs
    put(this.list, ...tabs.map((tab) => this.button(tab)))
    put(
      this.panels,
      ...tabs.map(({ id, content }) => {
        content.id = `panel-${id}`
        content.setAttribute('role', 'tabpanel')
        content.setAttribute('aria-labelledby', `tab-${id}`)
        return content
      }),
    )
    this.show()
  }

  select(id: string): void {
    if (!this.tabs.some((tab) => tab.id === id)) return
    this.selectedId = id
    this.show()
    this.onSelect(id)
  }

  private button({ id, label }: Tab): HTMLElement {
    return h(
      'button',
      { type: 'button', role: 'tab', id: `tab-${id}`, 'aria-controls': `panel-${id}`, onclick: () => this.select(id) },
      label,
    )
  }

  private show(): void {
    for (const [i, { id, content }] of this.tabs.entries()) {
      const isSelected = id === this.selectedId
      const button = this.list.children[i] as HTMLElement
      button.setAttribute('aria-selected', String(isSelected))
      button.tabIndex = isSelected ? 0 : -1
      content.hidden = !isSelected
    }
  }

  private key(event: Event): void {
    const { key } = event as KeyboardEvent
    const at = this.tabs.findIndex(({ id }) => id === this.selectedId)
    const last = this.tabs.length - 1
    const to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at <= 0 ? last : at - 1, Home: 0, End: last }[key]
    const tab = to === undefined ? undefined : this.tabs[to]
    if (tab === undefined) return
    event.preventDefault()
    this.select(tab.id)
    ;(this.list.children[to as number] as HTMLElement).focus()
  }
}
