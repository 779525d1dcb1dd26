// What the page has to say: one line at a time, read out by screen readers; an error stays until it is put away.

import { BenchError } from '../remote.js'
import { h, put } from './dom.js'

export class Notices {
  readonly element = h('div', { class: 'notices', role: 'status', 'aria-live': 'polite' })
  private timer: ReturnType<typeof setTimeout> | undefined

  say(text: string): void {
    this.show('notice', text)
    this.timer = setTimeout(() => put(this.element), 6000)
  }

  /** A refusal or a failure, with what to do about it. */
  complain(message: string, hint = ''): void {
    this.show('notice complaint', `${message} ${hint}`.trim())
  }

  failed(error: unknown): void {
    if (error instanceof BenchError) this.complain(error.message, error.hint)
    else this.complain(error instanceof Error ? error.message : String(error))
  }

  private show(kind: string, text: string): void {
    clearTimeout(this.timer)
    const close = h('button', { type: 'button', class: 'quiet', onclick: () => put(this.element) }, 'Close')
    put(this.element, h('p', { class: kind }, text, ' ', close))
  }
}
