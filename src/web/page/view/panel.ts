// What stands beside the console: each panel follows the guest that is shown, and asks the worker only while it is seen.

import type { Session } from './session.js'

export interface Panel {
  readonly id: string
  readonly label: string
  readonly element: HTMLElement
  /** Another guest is shown. */
  changed(session: Session): void
  /** The panel was chosen, or its guest changed while it was. */
  shown(): void
  /** Four times a second while it is seen and the guest is not at something long. */
  refresh(): void
}
