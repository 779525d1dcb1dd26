// Sharing: a guest as a link that repeats it, and such a link as a guest. The link is all there is; no server has a part in it.

import type { App } from './app.js'
import { h, put } from './dom.js'
import type { OwnFiles } from './drop.js'
import { count, duration } from './figures.js'
import type { PatchPanel } from './patch-panel.js'

const PREFIX = '#run='

/** The experiment in an address; undefined where it has none. */
export function sharedIn(address: string): string | undefined {
  const at = address.indexOf(PREFIX)
  return at < 0 ? undefined : address.slice(at + PREFIX.length)
}

export class Sharing {
  readonly button = h('button', { type: 'button', onclick: () => this.share() }, 'Share')
  private readonly app: App
  private readonly own: OwnFiles
  private readonly patch: PatchPanel
  private readonly dialog = h('dialog', { class: 'share', 'aria-label': 'Share this run' })

  constructor(app: App, own: OwnFiles, patch: PatchPanel) {
    this.app = app
    this.own = own
    this.patch = patch
    document.body.append(this.dialog)
    addEventListener('hashchange', () => {
      const text = sharedIn(location.hash)
      if (text !== undefined) app.do(() => this.open(text))
    })
  }

  private share(): void {
    this.app.withSession(async (session) => {
      const made = await this.app.laboratory.share(session.id, session.sources)
      if (!made.ok) {
        this.app.notices.complain(made.message, made.hint)
        return
      }
      const link = `${location.href.replace(/#.*$/s, '')}${PREFIX}${made.value}`
      const time = session.status.value?.time ?? 0
      this.show(link, `From power-up to ${duration(time)} of virtual time, in ${count(link.length)} characters.`)
    })
  }

  private show(link: string, says: string): void {
    const field = h('textarea', { readonly: true, rows: 4, 'aria-label': 'Link' }, link)
    const copy = async (): Promise<void> => {
      await navigator.clipboard.writeText(link)
      this.dialog.close()
      this.app.notices.say('The link is copied.')
    }
    put(
      this.dialog,
      h('h2', {}, 'Share this run'),
      h('p', {}, `${says} Whoever opens it sees the same run, bit for bit, and the page checks that it is.`),
      field,
      h(
        'div',
        { class: 'group' },
        h('button', { type: 'button', class: 'primary', onclick: () => this.app.do(copy) }, 'Copy'),
        h('button', { type: 'button', onclick: () => this.dialog.close() }, 'Close'),
      ),
    )
    this.dialog.showModal()
    field.select()
  }

  /** Opens and repeats an experiment; false where it was refused, which is told. */
  async open(text: string): Promise<boolean> {
    const { laboratory, notices } = this.app
    const opened = await laboratory.openShared(text, this.own)
    const session = this.app.admitted(opened, 'Shared run')
    if (session === undefined || !opened.ok) return false
    session.sources.push(...opened.value.sources)
    const source = opened.value.sources.at(-1)
    if (source !== undefined) await this.patch.setSource(source.name, source.text)
    const done = await laboratory.repeat(session.id)
    if (done.kind === 'same') notices.say(`Repeated bit for bit: the state is ${done.hash}, as in the link.`)
    else if (done.kind === 'stopped') notices.say('Stopped before its end.')
    else {
      notices.complain(
        `The run differs from the link's: at ${duration(done.time)} the state is ${done.hash}, not ${opened.value.end.hash}.`,
        'The page that made it may be of another version.',
      )
    }
    return true
  }
}
