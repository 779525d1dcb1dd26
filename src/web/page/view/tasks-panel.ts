// The tasks of the guest with their transition state; stragglers show where they are, and so does the task that is chosen.

import type { TaskRow, TaskView } from '../protocol.js'
import type { App } from './app.js'
import { h, put, setText } from './dom.js'
import type { Panel } from './panel.js'

const PATCH_STATES: Readonly<Record<number, string>> = { [-1]: '–', 0: 'unpatched', 1: 'patched' }
const WHERE = { asleep: 'asleep', kernel: 'in the kernel', user: 'in user mode' } as const

export class TasksPanel implements Panel {
  readonly id = 'tasks'
  readonly label = 'Tasks'
  readonly element: HTMLElement
  private readonly app: App
  private readonly transition = h('p', { role: 'status' })
  private readonly body = h('tbody', {})
  private readonly stacks = h('div', { class: 'stacks' })
  private chosen: number | undefined
  private shownText = ''
  private asking = false

  constructor(app: App) {
    this.app = app
    const heads = ['pid', 'name', 'where', 'patch_state'].map((name) => h('th', { scope: 'col' }, name))
    this.element = h(
      'div',
      { class: 'tasks' },
      this.transition,
      h('table', { class: 'task-table' }, h('thead', {}, h('tr', {}, ...heads)), this.body),
      this.stacks,
    )
  }

  changed(): void {
    this.chosen = undefined
  }

  shown(): void {
    this.refresh()
  }

  refresh(): void {
    const session = this.app.active.value
    if (this.asking || session === undefined) return
    this.asking = true
    this.app.laboratory
      .tasks(session.id, this.chosen)
      .then((view) => this.show(view))
      .catch(() => setText(this.transition, 'No kernel that is known runs yet.'))
      .finally(() => {
        this.asking = false
      })
  }

  private show({ rows, transition }: TaskView): void {
    const late = rows.filter((row) => row.isStraggler).length
    setText(
      this.transition,
      transition === undefined
        ? 'No transition is under way.'
        : `'${transition.patch}' is being ${transition.enabling ? 'applied' : 'taken back'}: ${late} of ${rows.length} tasks hold it up.`,
    )
    this.transition.className = transition === undefined ? 'soft' : 'late'
    // Drawn anew only where something differs: focus and selection stay.
    const text = JSON.stringify([rows, this.chosen])
    if (text === this.shownText) return
    this.shownText = text
    const focused = this.body.contains(document.activeElement)
      ? (document.activeElement as HTMLElement).dataset['pid']
      : undefined
    put(this.body, ...rows.map((row) => this.row(row)))
    put(this.stacks, ...rows.flatMap((row) => (row.stack === undefined ? [] : [stackOf(row, row.stack)])))
    if (focused !== undefined) this.body.querySelector<HTMLElement>(`[data-pid="${focused}"]`)?.focus()
  }

  private row({ pid, comm, where, patchState, isStraggler, isKernelThread }: TaskRow): HTMLElement {
    const choose = (): void => {
      this.chosen = this.chosen === pid ? undefined : pid
      this.refresh()
    }
    return h(
      'tr',
      { class: isStraggler ? 'straggler' : '' },
      h('td', {}, String(pid)),
      h(
        'th',
        { scope: 'row' },
        h(
          'button',
          {
            ...{ type: 'button', class: 'link', 'data-pid': pid, onclick: choose },
            ...{ 'aria-expanded': String(this.chosen === pid || isStraggler), title: 'Show its kernel stack' },
          },
          isKernelThread ? `[${comm}]` : comm,
        ),
      ),
      h('td', {}, WHERE[where]),
      h('td', {}, isStraggler ? `${PATCH_STATES[patchState]}, holds it up` : (PATCH_STATES[patchState] ?? '')),
    )
  }
}

function stackOf({ pid, comm, isStraggler }: TaskRow, calls: readonly string[]): HTMLElement {
  const title = isStraggler
    ? `Why ${comm} (pid ${pid}) has not switched: its stack names what is replaced`
    : `${comm} (pid ${pid})`
  return h(
    'section',
    { class: 'stack' },
    h('h3', {}, title),
    h('pre', {}, calls.length === 0 ? 'in user mode: no kernel stack' : calls.map(lineOf).join('\n')),
  )
}

function lineOf(call: string, depth: number): string {
  return `#${String(depth).padEnd(3)} ${call}`
}
