// The guest's console: a terminal (xterm) on the first serial line.

import { FitAddon } from '@xterm/addon-fit'
import { type ITheme, Terminal } from '@xterm/xterm'
import { h } from './dom.js'
import type { Session } from './session.js'

const THEMES: Readonly<Record<'light' | 'dark', ITheme>> = {
  light: {
    ...{ background: '#fbfaf7', foreground: '#1d2326', cursor: '#0f766e', cursorAccent: '#fbfaf7' },
    ...{ selectionBackground: '#cfe5e1', black: '#1d2326', red: '#b42318', green: '#1a7f4b', yellow: '#8a5a00' },
    ...{ blue: '#1f5fbf', magenta: '#8e3fa8', cyan: '#0f766e', white: '#6b7478', brightBlack: '#6b7478' },
  },
  dark: {
    ...{ background: '#0e1416', foreground: '#d7e0e2', cursor: '#5eead4', cursorAccent: '#0e1416' },
    ...{ selectionBackground: '#23464a', black: '#0e1416', red: '#ff8a80', green: '#7ddc9f', yellow: '#f5c451' },
    ...{ blue: '#8ab4ff', magenta: '#d9a2f0', cyan: '#5eead4', white: '#d7e0e2', brightBlack: '#7f8c90' },
  },
}

export class ConsolePanel {
  readonly element: HTMLElement
  private readonly terminal: Terminal
  private readonly fit = new FitAddon()
  private readonly host = h('div', { class: 'terminal' })

  /** `type` gets the bytes of each key. */
  constructor(type: (bytes: Uint8Array) => void) {
    this.terminal = new Terminal({
      convertEol: true,
      cursorBlink: true,
      fontFamily: 'ui-monospace, "SF Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace',
      fontSize: 13,
      scrollback: 5000,
      screenReaderMode: true,
    })
    this.terminal.loadAddon(this.fit)
    const encoder = new TextEncoder()
    this.terminal.onData((text) => type(encoder.encode(text)))
    // F6 leaves the console, and the page's function keys are no keys of the guest.
    this.terminal.attachCustomKeyEventHandler((event) => !/^F([6-9]|10)$/.test(event.key))
    this.element = h('section', { class: 'console', 'aria-label': "The guest's console" }, this.host)
  }

  /** To be called when the element is in the document. */
  open(): void {
    this.terminal.open(this.host)
    new ResizeObserver(() => this.fit.fit()).observe(this.host)
    this.fit.fit()
  }

  focus(): void {
    this.terminal.focus()
  }

  setScheme(scheme: 'light' | 'dark'): void {
    this.terminal.options.theme = THEMES[scheme]
  }

  write(bytes: Uint8Array): void {
    this.terminal.write(bytes)
  }

  /** Draws what a guest has printed so far. */
  show(session: Session): void {
    this.terminal.reset()
    for (const bytes of session.transcript.all) this.terminal.write(bytes)
  }
}
