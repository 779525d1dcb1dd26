// A listbox of thousands of rows of which only those in sight exist. Arrow keys, Page Up and Down, Home and End move the choice.

import { h, put } from './dom.js'

const ROW = 24
const SPARE = 4

export interface ListOptions<T> {
  readonly label: string
  readonly row: (item: T) => HTMLElement
  readonly choose: (item: T) => void
}

export class VirtualList<T> {
  readonly element: HTMLElement
  private readonly space = h('div', { class: 'space', role: 'presentation' })
  private readonly options: ListOptions<T>
  private items: readonly T[] = []
  private chosenIndex = -1

  constructor(options: ListOptions<T>) {
    this.options = options
    this.element = h(
      'div',
      {
        ...{ class: 'virtual-list', role: 'listbox', tabindex: 0, 'aria-label': options.label },
        onscroll: () => this.draw(),
        onkeydown: (event) => this.key(event as KeyboardEvent),
      },
      this.space,
    )
    new ResizeObserver(() => this.draw()).observe(this.element)
  }

  get chosen(): T | undefined {
    return this.items[this.chosenIndex]
  }

  /** The rows in sight. */
  get visible(): readonly T[] {
    const { first, last } = this.range()
    return this.items.slice(first, last)
  }

  set(items: readonly T[], chosen: T | undefined): void {
    this.items = items
    this.chosenIndex = chosen === undefined ? -1 : items.indexOf(chosen)
    this.space.style.height = `${items.length * ROW}px`
    this.draw()
  }

  /** Scrolls to an item and chooses it. */
  reveal(item: T): void {
    this.choose(this.items.indexOf(item))
  }

  private range(): { first: number; last: number } {
    const first = Math.max(0, Math.floor(this.element.scrollTop / ROW) - SPARE)
    return { first, last: first + Math.ceil(this.element.clientHeight / ROW) + 2 * SPARE }
  }

  draw(): void {
    const { first } = this.range()
    put(
      this.space,
      ...this.visible.map((item, i) => {
        const index = first + i
        const row = this.options.row(item)
        const isChosen = index === this.chosenIndex
        row.id = `${this.options.label.replaceAll(/\W/g, '-')}-${index}`
        row.setAttribute('role', 'option')
        row.setAttribute('aria-selected', String(isChosen))
        row.setAttribute('aria-setsize', String(this.items.length))
        row.setAttribute('aria-posinset', String(index + 1))
        row.style.top = `${index * ROW}px`
        row.addEventListener('click', () => this.choose(index))
        if (isChosen) this.element.setAttribute('aria-activedescendant', row.id)
        return row
      }),
    )
  }

  private key(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(this.element.clientHeight / ROW) - 1)
    const at = this.chosenIndex
    const to = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: this.items.length - 1,
    }[event.key]
    if (to === undefined || this.items.length === 0) return
    event.preventDefault()
    this.choose(Math.max(0, Math.min(this.items.length - 1, to)))
  }

  private choose(index: number): void {
    const item = this.items[index]
    if (item === undefined) return
    this.chosenIndex = index
    const top = index * ROW
    const { scrollTop, clientHeight } = this.element
    if (top < scrollTop) this.element.scrollTop = top
    else if (top + ROW > scrollTop + clientHeight) this.element.scrollTop = top + ROW - clientHeight
    this.draw()
    this.options.choose(item)
  }
}
