// Events and lifetimes. The two-line idiom everywhere:
//
//   private readonly outputEmitter = new Emitter<Uint8Array>()
//   readonly onOutput = this.outputEmitter.event
//
// `onOutput(listener)` returns a Disposable that removes the listener. Listeners run synchronously, in the order they
// were added; one removed while an event fires is not called any more, one added then waits for the next event.

import { requireKind } from './arguments.js'

/** Something to be given up when it is no longer needed; a second time does nothing. */
export interface Disposable {
  dispose(): void
  /** The same, for a declaration that ends with its block. */
  [Symbol.dispose]?(): void
}

/** Subscribes a listener; dispose of what it returns to end that. */
export type Event<T> = (listener: (value: T) => void) => Disposable

/** The owner's end of an event: fires it. */
export class Emitter<T> {
  private listeners: ((value: T) => void)[] = []

  readonly event: Event<T> = (listener) => {
    requireKind('listener', listener, 'function')
    // A wrapper of its own makes each registration distinct, so that one function may be registered twice.
    const entry = (value: T): void => listener(value)
    this.listeners = [...this.listeners, entry]
    return toDisposable(() => {
      this.listeners = this.listeners.filter((other) => other !== entry)
    })
  }

  get hasListeners(): boolean {
    return this.listeners.length > 0
  }

  fire(value: T): void {
    for (const listener of this.listeners) if (this.listeners.includes(listener)) listener(value)
  }

  dispose(): void {
    this.listeners = []
  }
}

/** Runs `action` on the first `dispose()` and never again. */
export function toDisposable(action: () => void): Disposable {
  let done = false
  const dispose = (): void => {
    if (done) return
    done = true
    action()
  }
  return { dispose, [Symbol.dispose]: dispose }
}

/** Several lifetimes as one; disposed in reverse order of adding. */
export class DisposableStore implements Disposable {
  private items: Disposable[] = []
  private disposed = false

  add<D extends Disposable>(item: D): D {
    if (this.disposed) item.dispose()
    else this.items.push(item)
    return item
  }

  dispose(): void {
    this.disposed = true
    const items = this.items.reverse()
    this.items = []
    for (const item of items) item.dispose()
  }
}
