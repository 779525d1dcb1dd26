// The page: which guests there are, which one is shown, and what the controls do to it.

import type { BenchEvent, BootOptions, Direction, Outcome, SessionInfo } from '../protocol.js'
import type { RemoteLaboratory } from '../remote.js'
import { ConsolePanel } from './console-panel.js'
import { type ControlActions, Controls } from './controls.js'
import { h, put, State } from './dom.js'
import { duration } from './figures.js'
import { offerFile } from './files.js'
import { GuestTabs } from './guests.js'
import { Notices } from './notices.js'
import type { Panel } from './panel.js'
import { Session } from './session.js'
import { Tabs } from './tabs.js'
import { Theme } from './theme.js'

export class App {
  readonly laboratory: RemoteLaboratory
  readonly notices = new Notices()
  readonly active = new State<Session | undefined>(undefined)
  readonly console: ConsolePanel
  readonly tabs: Tabs
  private readonly panels = new Map<string, Panel>()
  private readonly controls: Controls
  private readonly theme = new Theme()
  private readonly guests = new GuestTabs({
    choose: (session) => this.choose(session),
    close: (session) => this.close(session),
  })
  private sessions: Session[] = []
  private names = 0

  constructor(laboratory: RemoteLaboratory) {
    this.laboratory = laboratory
    this.console = new ConsolePanel((bytes) => this.withSession(({ id }) => laboratory.type(id, 0, bytes)))
    this.controls = new Controls(this.actions())
    this.tabs = new Tabs('What to look at', (id) => this.panels.get(id)?.shown())
    this.theme.scheme.follow((scheme) => {
      this.console.setScheme(scheme)
    })
    addEventListener('keydown', (event) => this.key(event))
    setInterval(() => this.refresh(), 250)
  }

  /** Puts the page together. */
  mount(host: HTMLElement, panels: readonly Panel[], headerItems: readonly HTMLElement[]): void {
    for (const panel of panels) this.panels.set(panel.id, panel)
    this.tabs.set(panels.map(({ id, label, element }) => ({ id, label, content: element })))
    put(
      host,
      h(
        'header',
        { class: 'top' },
        h('h1', {}, 'Transplant'),
        this.guests.element,
        h('div', { class: 'group' }, ...headerItems, this.theme.button),
      ),
      this.controls.element,
      h('div', { class: 'scrub' }, this.controls.slider),
      this.notices.element,
      h(
        'main',
        { class: panels.length === 0 ? 'work alone' : 'work' },
        h('div', { class: 'left' }, this.console.element, this.controls.cpus),
        panels.length > 0 && h('section', { class: 'right' }, this.tabs.list, this.tabs.panels),
      ),
    )
    this.console.open()
    if (panels[0] !== undefined) this.tabs.select(panels[0].id)
  }

  // Guests //////////////////////////////////////////////////////////////////////////////////////////////////////////

  /** Boots a guest in a tab of its own and runs it; undefined where it was refused, which is told. */
  async boot(options: BootOptions, name?: string): Promise<Session | undefined> {
    const session = this.admitted(await this.laboratory.boot(options), name)
    if (session !== undefined) await this.laboratory.resume(session.id)
    return session
  }

  /** A guest that the worker has made, in a tab of its own. */
  admitted(made: Outcome<SessionInfo>, name?: string): Session | undefined {
    if (made.ok) return this.admit(new Session(made.value, name ?? `Guest ${++this.names}`))
    this.notices.complain(made.message, made.hint)
    return undefined
  }

  /** The same for one that a lesson has made; `console`: what it has printed unheard. */
  admitInfo(info: SessionInfo, name: string, console = ''): Session {
    const session = new Session(info, name)
    session.transcript.add(0, new TextEncoder().encode(console))
    return this.admit(session)
  }

  private admit(session: Session): Session {
    this.sessions = [...this.sessions, session]
    session.status.follow((status) => {
      if (this.active.value === session) this.controls.show(status)
    })
    this.choose(session)
    return session
  }

  choose(session: Session): void {
    this.active.value = session
    this.guests.show(this.sessions, session)
    this.controls.show(session.status.value)
    this.console.show(session)
    for (const panel of this.panels.values()) panel.changed(session)
    this.panels.get(this.tabs.selected)?.shown()
  }

  close(session: Session): void {
    if (!this.sessions.includes(session)) return
    this.sessions = this.sessions.filter((other) => other !== session)
    this.do(() => this.laboratory.close(session.id))
    const next = this.sessions.at(-1)
    if (this.active.value === session && next !== undefined) this.choose(next)
    else this.guests.show(this.sessions, this.active.value)
  }

  hear(event: BenchEvent): void {
    const id = event.kind === 'status' ? event.status.session : event.session
    const session = this.sessions.find((one) => one.id === id)
    if (session === undefined) return
    const shown = this.active.value === session
    if (event.kind === 'status') session.status.value = event.status
    else if (event.kind === 'console') {
      session.transcript.add(event.time, event.bytes)
      if (shown) this.console.write(event.bytes)
    } else {
      session.transcript.cutAfter(event.time)
      if (shown) this.console.show(session)
    }
  }

  // Hands ///////////////////////////////////////////////////////////////////////////////////////////////////////////

  /** Does something with the worker; what fails is told. */
  do(work: () => Promise<unknown>): void {
    work().catch((error: unknown) => this.notices.failed(error))
  }

  withSession(act: (session: Session) => Promise<unknown>): void {
    const session = this.active.value
    if (session !== undefined) this.do(() => act(session))
  }

  runTo(name: string, direction: Direction = 'forward'): void {
    this.withSession(async ({ id }) => {
      const reached = await this.laboratory.runTo(id, name, direction)
      if (!reached.ok) this.notices.complain(reached.message, reached.hint)
      else if (!reached.value) this.notices.say(`${name} was not reached.`)
    })
  }

  goTo(time: number): void {
    this.withSession(({ id }) => this.laboratory.goTo(id, time))
  }

  private actions(): ControlActions {
    const { laboratory } = this
    return {
      runOrPause: () =>
        this.withSession(({ id, status: { value: status } }) =>
          status?.state === 'paused' && status.busy === undefined ? laboratory.resume(id) : laboratory.pause(id),
        ),
      step: (cpu) => this.withSession(({ id }) => laboratory.step(id, cpu)),
      stepBack: () => this.withSession(({ id }) => laboratory.stepBack(id, 1)),
      goTo: (time) => this.goTo(time),
      runTo: (name, direction) => this.runTo(name, direction),
      snapshot: () =>
        this.withSession(async ({ id, status }) => {
          const bytes = await laboratory.snapshot(id)
          offerFile('transplant.snapshot', bytes)
          this.notices.say(`Saved at ${duration(status.value?.time ?? 0)}. Drop the file on the page to go on from it.`)
        }),
      fork: () =>
        this.withSession(async (session) => {
          const info = await laboratory.fork(session.id)
          const forked = this.admit(new Session(info, `Fork of ${session.name}`, session))
          await laboratory.pause(forked.id)
        }),
    }
  }

  private refresh(): void {
    const status = this.active.value?.status.value
    if (document.hidden || status === undefined || status.busy !== undefined) return
    this.panels.get(this.tabs.selected)?.refresh()
  }

  private key(event: KeyboardEvent): void {
    const actions: Readonly<Record<string, () => void>> = {
      F6: () => this.focusNext(event.shiftKey ? -1 : 1),
      F8: () => this.actions().runOrPause(),
      F9: () => this.actions().stepBack(),
      F10: () => this.controls.step(),
    }
    const act = actions[event.key]
    if (act === undefined || event.ctrlKey || event.altKey || event.metaKey) return
    event.preventDefault()
    act()
  }

  /** F6 goes through the regions of the page, as desktops have it. */
  private focusNext(direction: 1 | -1): void {
    const regions: readonly (readonly [Element | null, () => void])[] = [
      [this.controls.element, () => this.controls.element.querySelector('button')?.focus()],
      [this.console.element, () => this.console.focus()],
      [this.tabs.list.parentElement, () => this.tabs.list.querySelector<HTMLElement>('[tabindex="0"]')?.focus()],
    ]
    const at = regions.findIndex(([region]) => region?.contains(document.activeElement) === true)
    const next = at < 0 ? 0 : (at + direction + regions.length) % regions.length
    regions[next]?.[1]()
  }
}
