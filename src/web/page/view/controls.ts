// The controls of the guest that is shown: run and pause, step, back, run to a function; and its figures, live.

import type { Status } from '../protocol.js'
import { h, put, setText } from './dom.js'
import { count, duration } from './figures.js'

export interface ControlActions {
  runOrPause(): void
  step(cpu: number): void
  stepBack(): void
  runTo(name: string, direction: 'forward' | 'back'): void
  goTo(time: number): void
  snapshot(): void
  fork(): void
}

const STATES: Readonly<Record<Status['state'], string>> = {
  running: 'running',
  paused: 'paused',
  waiting: 'waits for input',
  off: 'off',
}

export class Controls {
  readonly element: HTMLElement
  readonly cpus = h('ul', { class: 'vcpus', 'aria-label': 'vCPUs' })
  readonly slider: HTMLInputElement
  private readonly run: HTMLButtonElement
  private readonly cpu = h('select', { 'aria-label': 'vCPU to step' })
  private readonly target = h('input', {
    ...{ type: 'text', size: 18, placeholder: 'function', 'aria-label': 'Function to run to', list: 'function-names' },
    ...{ spellcheck: 'false', autocomplete: 'off' },
  })
  private readonly mips = h('output', { 'data-figure': 'mips' })
  private readonly time = h('output', { 'data-figure': 'time' })
  private readonly instructions = h('output', { 'data-figure': 'instructions' })
  private readonly state = h('output', { 'data-figure': 'state' })
  private readonly actions: ControlActions
  private sliding = false

  constructor(actions: ControlActions) {
    this.actions = actions
    const button = (label: string, keys: string, act: () => void, title = ''): HTMLButtonElement =>
      h('button', { type: 'button', onclick: act, title: `${title}${keys === '' ? '' : ` (${keys})`}`.trim() }, label)
    this.run = button('Pause', 'F8', actions.runOrPause, 'Run or pause')
    this.run.classList.add('primary')
    const runTo = (direction: 'forward' | 'back') => () => {
      if (this.target.value.trim() === '') this.target.focus()
      else actions.runTo(this.target.value.trim(), direction)
    }
    const form = h(
      'form',
      {
        class: 'group',
        onsubmit: (event) => {
          event.preventDefault()
          runTo('forward')()
        },
      },
      this.target,
      h('button', { type: 'submit', title: 'Run until a vCPU is about to execute its first instruction' }, 'Run to'),
      button('Back to', '', runTo('back'), 'The last time before now'),
    )
    this.slider = h('input', {
      ...{ type: 'range', min: 0, max: 1, value: 1, class: 'scrubber', 'aria-label': 'Instant of the run' },
      oninput: () => {
        this.sliding = true
      },
      onchange: () => {
        this.sliding = false
        actions.goTo(Number(this.slider.value))
      },
    })
    this.element = h(
      'div',
      { class: 'controls', role: 'toolbar', 'aria-label': 'Controls of the guest' },
      h(
        'div',
        { class: 'group' },
        this.run,
        button('Step', 'F10', () => this.step(), 'One instruction on this vCPU'),
        this.cpu,
        button('Back', 'F9', actions.stepBack, 'One instruction earlier'),
      ),
      form,
      h(
        'div',
        { class: 'group' },
        button('Snapshot', '', actions.snapshot, 'Save this instant as a file'),
        button('Fork', '', actions.fork, 'Another future of this instant, in a tab of its own'),
      ),
      h(
        'dl',
        { class: 'figures' },
        ...[
          ['state', this.state],
          ['MIPS', this.mips],
          ['virtual time', this.time],
          ['instructions', this.instructions],
        ].map(([name, value]) => h('div', {}, h('dt', {}, name as string), h('dd', {}, value as HTMLElement))),
      ),
    )
  }

  /** On the vCPU that is chosen. */
  step(): void {
    this.actions.step(Number(this.cpu.value))
  }

  show(status: Status | undefined): void {
    if (status === undefined) return
    const runs = status.state === 'running' || status.state === 'waiting' || status.busy !== undefined
    setText(this.run, runs ? 'Pause' : 'Run')
    this.run.disabled = status.state === 'off' && status.busy === undefined
    setText(this.state, status.busy ?? (status.why && status.state !== 'running' ? status.why : STATES[status.state]))
    setText(this.mips, status.mips >= 100 ? status.mips.toFixed(0) : status.mips.toFixed(1))
    setText(this.time, duration(status.time))
    setText(this.instructions, count(status.instructions))
    if (!this.sliding) {
      this.slider.max = String(status.end)
      this.slider.value = String(status.time)
      this.slider.setAttribute('aria-valuetext', `${duration(status.time)} of ${duration(status.end)}`)
    }
    if (this.cpu.options.length !== status.vcpus.length) {
      put(this.cpu, ...status.vcpus.map((_, cpu) => h('option', { value: cpu }, `vCPU ${cpu}`)))
    }
    this.showCpus(status)
  }

  private showCpus({ vcpus }: Status): void {
    while (this.cpus.children.length > vcpus.length) this.cpus.lastElementChild?.remove()
    for (const [cpu, { activity, rip, at }] of vcpus.entries()) {
      const row = this.cpus.children[cpu] ?? this.cpus.appendChild(h('li'))
      setText(row, `vCPU ${cpu}  ${activity.padEnd(7)}  ${rip}${at === undefined ? '' : `  ${at}`}`)
    }
  }
}
