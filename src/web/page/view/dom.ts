// Elements, and values that elements follow: all the view layer there is.

type Child = Node | string | false | undefined
type Listener = (event: Event) => void
type Attributes = Readonly<Record<string, string | number | boolean | undefined | Listener>>

/** An element with attributes (a listener under `onclick` and the like; `false` and undefined are left out) and children. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  setAttributes(element, attributes)
  put(element, ...children)
  return element
}

function setAttributes(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value)
    else if (value === undefined || value === false) element.removeAttribute(name)
    else element.setAttribute(name, value === true ? '' : String(value))
  }
}

/** Replaces the children of an element. */
export function put(element: Element, ...children: readonly Child[]): void {
  element.replaceChildren(...children.filter((child): child is Node | string => child !== undefined && child !== false))
}

/** Sets the text only where it differs: a selection in it stays. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/** A value that others follow. */
export class State<T> {
  private current: T
  private readonly listeners = new Set<(value: T) => void>()

  constructor(value: T) {
    this.current = value
  }

  get value(): T {
    return this.current
  }

  set value(value: T) {
    this.current = value
    for (const listener of [...this.listeners]) listener(value)
  }

  /** Calls the listener now and at each change; what is returned ends that. */
  follow(listener: (value: T) => void): () => void {
    this.listeners.add(listener)
    listener(this.current)
    return () => this.listeners.delete(listener)
  }
}
