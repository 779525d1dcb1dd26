// The live upgrade: its phases on a line of virtual time, the ledger, what the programs can tell of it, and each frame of RAM.

import type { UpgradeReport } from '../../../upgrade/index.js'
import type { Phase, UpgradeView } from '../protocol.js'
import type { App } from './app.js'
import { h, put, setText } from './dom.js'
import { count, duration } from './figures.js'
import { chooseFile } from './files.js'
import { memoryMap } from './memory-map.js'
import type { Panel } from './panel.js'
import type { Session } from './session.js'

/** Programs that say at their end what they have computed. */
const PROGRAMS = 'counter 400 20000 20 & pipeline 400 4 20 &'

export class UpgradePanel implements Panel {
  readonly id = 'upgrade'
  readonly label = 'Upgrade'
  readonly element: HTMLElement
  private readonly app: App
  private readonly button = h(
    'button',
    { type: 'button', class: 'primary', onclick: () => this.start(undefined) },
    'Upgrade to Scion 1.1',
  )
  private readonly verdict = h('p', { class: 'verdict', role: 'status' })
  private readonly outcome = h('div', { class: 'outcome' })
  /** What each guest's last upgrade was. */
  private readonly views = new WeakMap<Session, UpgradeView>()

  constructor(app: App) {
    this.app = app
    this.element = h(
      'div',
      { class: 'upgrade' },
      h(
        'p',
        { class: 'soft' },
        'Another kernel takes over under running programs: their memory stays where it is, the rest crosses as records.',
      ),
      h(
        'div',
        { class: 'group' },
        h('button', { type: 'button', onclick: () => this.startPrograms() }, 'Start two programs'),
        this.button,
        chooseFile('Upgrade to…', 'A kernel image of your own', (bytes) => this.start(bytes)),
      ),
      this.verdict,
      this.outcome,
    )
  }

  changed(session: Session): void {
    const view = this.views.get(session)
    if (view !== undefined) this.show(view)
    else {
      setText(this.verdict, '')
      put(this.outcome)
    }
  }

  shown(): void {}

  refresh(): void {}

  private startPrograms(): void {
    const typed = new TextEncoder().encode(`${PROGRAMS}\n`)
    this.app.withSession(({ id }) => this.app.laboratory.type(id, 0, typed))
  }

  /** `image`: a kernel of the person's own. */
  start(image: Uint8Array | undefined): void {
    this.app.withSession(async (session) => {
      this.button.disabled = true
      try {
        const done = await this.app.laboratory.upgrade(session.id, image)
        if (!done.ok) {
          this.app.notices.complain(done.message, done.hint)
          return
        }
        this.views.set(session, done.value)
        if (this.app.active.value === session) this.show(done.value)
      } finally {
        this.button.disabled = false
      }
    })
  }

  private show({ report, phases, map }: UpgradeView): void {
    this.verdict.className = `verdict ${report.switch === undefined ? 'bad' : 'good'}`
    setText(this.verdict, verdictOf(report))
    put(
      this.outcome,
      phases.length > 0 && phaseLine(phases, (time) => this.app.goTo(time)),
      report.switch !== undefined && figures(report),
      map !== undefined && memoryMap(map),
      report.ledger.length > 0 && ledgerTable(report.ledger),
      report.switch === undefined && h('pre', { class: 'messages' }, report.messages.join('\n')),
    )
  }
}

function verdictOf(report: UpgradeReport): string {
  if (report.switch === undefined) return `The guest refused: ${report.error || report.messages.at(-1) || ''}`
  const changed = report.processes.filter((one) => one.pagesChanged + one.pagesCopied + one.entriesChanged > 0)
  const what =
    changed.length === 0 && report.missing.length === 0
      ? `${report.processes.length} processes go on, bit for bit`
      : `${changed.length} of ${report.processes.length} processes differ`
  return `Scion ${report.from}, then ${report.to}: ${what}.`
}

/** Each phase as long as it took, at least as wide as can be clicked. */
function phaseLine(phases: readonly Phase[], goTo: (time: number) => void): HTMLElement {
  return h(
    'section',
    { 'aria-label': 'Phases' },
    h('h3', {}, 'Phases'),
    h(
      'ol',
      { class: 'phases' },
      ...phases.map(({ name, says, from, to }) => {
        const item = h(
          'li',
          {},
          h(
            'button',
            { type: 'button', onclick: () => goTo(to), title: `${says}. Click to go to its end.` },
            h('span', {}, name),
            h('span', { class: 'soft' }, duration(to - from)),
          ),
        )
        item.style.flexGrow = String(Math.max(1, to - from))
        return item
      }),
    ),
    h('dl', { class: 'says' }, ...phases.flatMap(({ name, says }) => [h('dt', {}, name), h('dd', {}, says)])),
  )
}

function figures({ switch: between, processes, handover, handoverUnread }: UpgradeReport): HTMLElement {
  const sum = (what: (one: UpgradeReport['processes'][number]) => number): number =>
    processes.reduce((total, one) => total + what(one), 0)
  const records = handover?.components.reduce((total, one) => total + one.records, 0) ?? 0
  const rows: readonly (readonly [string, string])[] = [
    [
      'between the kernels',
      `${count(between?.instructions ?? 0)} instructions, of them ${between?.userEntries} in user mode`,
    ],
    ['programs stood still', between?.userStopped === undefined ? 'unknown' : duration(between.userStopped)],
    [
      'user pages',
      `${count(sum((one) => one.pages))}: ${sum((one) => one.pagesCopied)} copied, ${sum((one) => one.pagesChanged)} changed`,
    ],
    ['page-table entries', `${sum((one) => one.entriesChanged)} changed`],
    [
      'handed over',
      handoverUnread?.message ?? `${count(records)} records, ${count(handover?.preservedFrames ?? 0)} frames in place`,
    ],
  ]
  return h(
    'table',
    { class: 'facts' },
    h('tbody', {}, ...rows.map(([name, text]) => h('tr', {}, h('th', { scope: 'row' }, name), h('td', {}, text)))),
  )
}

/** The guest's own lines: a class and its four counts. */
function ledgerTable(lines: readonly string[]): HTMLElement {
  const cells = lines.map((line) => line.trim().split(/\s{2,}/))
  const [head = [], ...rows] = cells
  return h(
    'table',
    { class: 'ledger' },
    h('caption', {}, "The new kernel's ledger"),
    h('thead', {}, h('tr', {}, ...head.map((name) => h('th', { scope: 'col' }, name)))),
    h(
      'tbody',
      {},
      ...rows.map(([name = '', ...counts]) =>
        h(
          'tr',
          {},
          h('th', { scope: 'row' }, name),
          ...counts.map((value) => h('td', { class: value === '0' ? 'zero' : '' }, value)),
        ),
      ),
    ),
  )
}
