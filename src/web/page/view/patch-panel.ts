// Patches: a source to edit or one that the page ships, applied in place by the guest itself; what it did, step by step; what is loaded.

import type { LivePatch } from '../../../guest/index.js'
import type { PatchReport } from '../../../patch/index.js'
import type { BuiltPatch, PatchSource, Refused } from '../protocol.js'
import { BenchError } from '../remote.js'
import type { App } from './app.js'
import { h, put, setText } from './dom.js'
import type { Editor } from './editor.js'
import { count } from './figures.js'
import type { Panel } from './panel.js'
import { showReport } from './patch-report.js'
import { fetchSources, replacementOf, SHIPPED } from './patch-templates.js'
import type { Session } from './session.js'

const OWN = 'own'
/** A pause in typing after which the source is looked at. */
const PAUSE = 400

export class PatchPanel implements Panel {
  readonly id = 'patch'
  readonly label = 'Patch'
  readonly element: HTMLElement
  private readonly app: App
  private readonly choice = h(
    'select',
    { 'aria-label': 'Patch', onchange: () => this.chosen() },
    h('option', { value: OWN }, 'a replacement of your own, in assembly'),
    ...SHIPPED.map(({ file, says }) => h('option', { value: file }, `${file}: ${says}`)),
  )
  private readonly name = h('input', {
    ...{ type: 'text', size: 14, value: 'first_patch', 'aria-label': "The patch's name", spellcheck: 'false' },
  })
  private readonly host = h('div', { class: 'editor' }, h('p', { class: 'soft' }, 'The editor is loading.'))
  private readonly verdict = h('p', { class: 'verdict', role: 'status' })
  private readonly button = h('button', { type: 'button', class: 'primary', onclick: () => this.apply() }, 'Apply')
  private readonly loaded = h('div', { class: 'loaded' })
  private readonly outcome = h('section', { class: 'outcome', 'aria-label': 'What the guest did' })
  private editor: Editor | undefined
  private loading: Promise<Editor> | undefined
  private own = ''
  private shipped: ReadonlyMap<string, string> = new Map()
  private timer: ReturnType<typeof setTimeout> | undefined
  /** Verdicts that were asked for: the last one counts. */
  private asked = 0

  constructor(app: App) {
    this.app = app
    this.element = h(
      'div',
      { class: 'patch' },
      h('div', { class: 'group' }, this.choice),
      this.host,
      this.verdict,
      h(
        'div',
        { class: 'group' },
        this.button,
        h('label', { class: 'group soft' }, 'as', this.name),
        h('span', { class: 'soft' }, 'Ctrl-Enter in the editor'),
      ),
      this.loaded,
      this.outcome,
    )
  }

  changed(): void {
    put(this.outcome)
    put(this.loaded)
  }

  shown(): void {
    this.app.do(async () => {
      await this.ready()
      this.look()
    })
    this.refresh()
  }

  refresh(): void {
    const session = this.app.active.value
    if (session === undefined) return
    this.app.laboratory.livePatches(session.id).then(
      (patches) => this.showLoaded(patches),
      // No kernel yet: nothing is loaded.
      () => put(this.loaded),
    )
  }

  /** The editor, loaded once. */
  ready(): Promise<Editor> {
    this.loading ??= this.begin()
    return this.loading
  }

  private async begin(): Promise<Editor> {
    const [{ createEditor }, { first, shipped }] = await Promise.all([import('./editor.js'), fetchSources()])
    this.shipped = shipped
    this.own = first
    const editor = createEditor(
      first,
      () => this.edited(),
      () => this.apply(),
    )
    put(this.host, editor.element)
    this.editor = editor
    return editor
  }

  /** Begins a replacement for a function. */
  async replace(name: string): Promise<void> {
    await this.setSource(`${name}_patch`, replacementOf(name))
  }

  /** Puts a source of the person's into the editor. */
  async setSource(name: string, text: string): Promise<void> {
    const editor = await this.ready()
    this.choice.value = OWN
    this.name.value = name
    this.own = text
    this.chosen()
    editor.focus()
  }

  private get isOwn(): boolean {
    return this.choice.value === OWN
  }

  private chosen(): void {
    this.name.disabled = !this.isOwn
    if (this.editor === undefined) return
    this.editor.setReadOnly(false)
    this.editor.text = this.shipped.get(this.choice.value) ?? this.own
    this.editor.setReadOnly(!this.isOwn)
    this.look()
  }

  private edited(): void {
    if (!this.isOwn || this.editor === undefined) return
    this.own = this.editor.text
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.look(), PAUSE)
  }

  private source(): PatchSource {
    if (!this.isOwn) return { kind: 'shipped', file: this.choice.value }
    return { kind: 'assembly', name: this.name.value.trim() || 'patch', text: this.editor?.text ?? this.own }
  }

  /** Builds without applying, to say early what is wrong. */
  private look(): void {
    const session = this.app.active.value
    if (session === undefined) return
    const asked = ++this.asked
    const answer = (tell: () => void): void => {
      if (asked === this.asked) tell()
    }
    this.app.laboratory.build(session.id, this.source()).then(
      (built) => answer(() => (built.ok ? this.accepted(built.value) : this.refused(built))),
      (error: unknown) => answer(() => this.judge('bad', error instanceof Error ? error.message : String(error))),
    )
  }

  private accepted({ functions, bytes }: BuiltPatch): void {
    this.editor?.unmark()
    const what = functions.length === 0 ? 'an ordinary module' : `replaces ${functions.join(', ')}`
    this.judge('good', `${what}; a module of ${count(bytes)} bytes`)
  }

  private refused({ message, hint, line, symbol }: Refused): void {
    const place = line ?? this.lineOf(symbol)
    if (this.isOwn && place !== undefined) this.editor?.mark(place, message)
    else this.editor?.unmark()
    const where = line === undefined || message.startsWith(`line ${line}`) ? '' : `line ${line}: `
    this.judge('bad', `${where}${message.replace(/\.$/, '')}. ${hint}`)
  }

  /** The first line, counted from 1, that names a symbol. */
  private lineOf(symbol: string | undefined): number | undefined {
    const index = symbol === undefined ? -1 : this.own.split('\n').findIndex((line) => line.includes(symbol))
    return index < 0 ? undefined : index + 1
  }

  private judge(kind: 'good' | 'bad', text: string): void {
    this.verdict.className = `verdict ${kind}`
    setText(this.verdict, text)
  }

  apply(): void {
    this.app.withSession(async (session) => {
      await this.ready()
      const source = this.source()
      if (source.kind === 'assembly') session.sources.push({ name: source.name, text: source.text })
      await this.load(session, source)
    })
  }

  /** A module of the person's own. */
  applyModule(name: string, bytes: Uint8Array): void {
    this.app.withSession(async (session) => {
      await this.ready()
      await this.load(session, { kind: 'module', name, bytes })
    })
  }

  private async load(session: Session, source: PatchSource): Promise<void> {
    clearTimeout(this.timer)
    this.asked++
    this.button.disabled = true
    try {
      const applied = await this.app.laboratory.apply(session.id, source)
      if (applied.ok) this.tell(applied.value)
      else this.refused(applied)
    } catch (error) {
      // Loaded, and held up: that is told where it is seen.
      if (error instanceof BenchError && error.code === 'TRANSITION_STUCK') this.app.tabs.select('tasks')
      throw error
    } finally {
      this.button.disabled = false
      this.refresh()
    }
  }

  private tell(report: PatchReport): void {
    if (report.status !== 0) this.judge('bad', `The guest refused it: ${report.error}`)
    else this.judge('good', `${report.name} is loaded.`)
    put(this.outcome, ...showReport(report, (time) => this.app.goTo(time)))
  }

  private showLoaded(patches: readonly LivePatch[]): void {
    const text = patches.map(({ name, enabled }) => `${name} ${enabled}`).join()
    if (this.loaded.dataset['shown'] === text) return
    this.loaded.dataset['shown'] = text
    put(this.loaded, ...(patches.length === 0 ? [] : this.rows(patches)))
  }

  private rows(patches: readonly LivePatch[]): HTMLElement[] {
    return [
      h('h3', {}, 'Loaded'),
      h(
        'ul',
        { class: 'plain' },
        ...patches.map(({ name, enabled, functions }) =>
          h(
            'li',
            { class: 'group' },
            h('code', {}, name),
            h('span', { class: enabled ? 'chip call' : 'chip' }, enabled ? 'enabled' : 'disabled'),
            h('span', { class: 'soft' }, functions.map((one) => one.name).join(', ')),
            enabled && h('button', { type: 'button', onclick: () => this.disable(name) }, `Disable ${name}`),
          ),
        ),
      ),
    ]
  }

  /** What is disabled goes: a patch may be loaded again, as in Linux, not enabled again. */
  private disable(name: string): void {
    this.app.withSession(async ({ id }) => {
      const said = await this.app.laboratory.enable(id, name, false)
      if (said !== '') this.app.notices.complain(said)
      this.refresh()
    })
  }
}
