// What following a patch has seen, for a person: the entry's five bytes at each synchronization, the tasks, the kernel's messages.

import type { PatchReport } from '../../../patch/index.js'
import { h } from './dom.js'
import { count, duration } from './figures.js'

const WHEN = { before: 'before', sync: 'all CPUs synchronize', after: 'after' } as const

/** `goTo` takes the guest to an instant. */
export function showReport(report: PatchReport, goTo: (time: number) => void): HTMLElement[] {
  const { functions, transition, messages } = report
  return [
    ...functions.map(({ name, address, stages }) =>
      h(
        'table',
        { class: 'stages' },
        h('caption', {}, `The entry of ${name}, at ${address}`),
        h(
          'tbody',
          {},
          ...stages.map(({ when, time, state, bytes, listing }) =>
            h(
              'tr',
              { class: state },
              h('th', { scope: 'row' }, WHEN[when]),
              h('td', {}, h('code', {}, bytes)),
              h('td', {}, h('code', {}, instructionOf(listing[0] ?? ''))),
              h(
                'td',
                {},
                time !== undefined &&
                  h(
                    'button',
                    {
                      type: 'button',
                      class: 'quiet',
                      onclick: () => goTo(time),
                      'aria-label': `Go to ${duration(time)}`,
                    },
                    `⟲ ${duration(time)}`,
                  ),
              ),
            ),
          ),
        ),
      ),
    ),
    transition.instructions === undefined
      ? h('p', {})
      : h(
          'p',
          {},
          `${transition.switched} of ${transition.tasks.length} tasks switched, each where it could not be inside old code, in ${count(transition.instructions)} instructions.`,
        ),
    messages.length === 0 ? h('p', {}) : h('pre', { class: 'messages' }, messages.join('\n')),
  ]
}

/** Of a listing's line what stands behind address and bytes. */
function instructionOf(line: string): string {
  return line.slice(18 + 25).trim()
}
