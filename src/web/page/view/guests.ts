// The guests that are open, as tabs above everything: to choose one, to close one.

import { h, put } from './dom.js'
import type { Session } from './session.js'

export interface GuestActions {
  choose(session: Session): void
  close(session: Session): void
}

export class GuestTabs {
  readonly element = h('div', { class: 'guests', role: 'group', 'aria-label': 'Guests' })
  private readonly actions: GuestActions

  constructor(actions: GuestActions) {
    this.actions = actions
  }

  show(sessions: readonly Session[], active: Session | undefined): void {
    put(
      this.element,
      ...sessions.map((session) =>
        h(
          'span',
          { class: 'guest' },
          h(
            'button',
            {
              ...{ type: 'button', 'aria-pressed': String(session === active) },
              onclick: () => this.actions.choose(session),
            },
            session.name,
          ),
          sessions.length > 1 &&
            h(
              'button',
              {
                ...{ type: 'button', class: 'close', 'aria-label': `Close ${session.name}` },
                onclick: () => this.actions.close(session),
              },
              '×',
            ),
        ),
      ),
    )
  }
}
