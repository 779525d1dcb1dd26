// The lessons: a claim, a few steps that are done before one's eyes, what is seen; and beside it the twin that leaves something out.

import { LESSONS } from '../lessons/index.js'
import type { Lesson, Script } from '../lessons/lesson.js'
import { describeStep, type LessonOutcome, runLesson } from '../lessons/run-lesson.js'
import type { App } from './app.js'
import { h, put, setText } from './dom.js'
import type { Panel } from './panel.js'
import type { Session } from './session.js'

const GUESTS = { 'its guest': '', 'once more': ', again', 'a future': ', a future' } as const

export class LessonsPanel implements Panel {
  readonly id = 'lessons'
  readonly label = 'Lessons'
  readonly element: HTMLElement
  private readonly app: App
  private readonly list: HTMLElement
  private readonly page = h('article', { class: 'lesson' })
  private running = false
  /** What has been booted for each side of a lesson. */
  private readonly guests = new Map<Script, readonly Session[]>()

  constructor(app: App) {
    this.app = app
    this.list = h(
      'ol',
      { class: 'lesson-list' },
      ...LESSONS.map((lesson) =>
        h(
          'li',
          {},
          h('button', { type: 'button', 'data-lesson': lesson.id, onclick: () => this.open(lesson) }, lesson.title),
        ),
      ),
    )
    this.element = h('div', { class: 'lessons' }, h('nav', { 'aria-label': 'Lessons' }, this.list), this.page)
  }

  changed(): void {}

  shown(): void {
    if (this.page.childElementCount === 0) this.open(LESSONS[0] as Lesson)
  }

  refresh(): void {}

  private open(lesson: Lesson): void {
    for (const button of this.list.querySelectorAll('button')) {
      button.setAttribute('aria-current', String(button.dataset['lesson'] === lesson.id))
    }
    const look = h(
      'button',
      { type: 'button', onclick: () => this.app.tabs.select(lesson.panel) },
      `Look at ${this.app.tabs.labelOf(lesson.panel)}`,
    )
    put(
      this.page,
      h('h2', {}, lesson.title),
      h('p', {}, lesson.claim),
      h(
        'div',
        { class: 'pair' },
        this.side(lesson, lesson.script, 'The claim'),
        this.side(lesson, lesson.twin, 'Its twin', lesson.twin.differs),
      ),
      h('div', { class: 'group' }, look),
    )
  }

  private side(lesson: Lesson, script: Script, name: string, differs?: string): HTMLElement {
    const verdict = h('p', { class: 'verdict', role: 'status' })
    const said = h('pre', { class: 'said', tabindex: 0, 'aria-label': `${name}: what was done and said` })
    setText(said, script.steps.map(describeStep).join('\n'))
    const button = h('button', { type: 'button', class: 'primary' }, `Run ${name.toLowerCase()}`)
    button.addEventListener('click', () => this.run(lesson, script, { button, said, verdict }))
    return h(
      'section',
      { 'aria-label': name },
      h('h3', {}, name),
      h('p', { class: 'soft differs' }, differs ?? 'The kernel as it is.'),
      h('div', { class: 'group' }, button),
      verdict,
      said,
    )
  }

  private run(
    lesson: Lesson,
    script: Script,
    { button, said, verdict }: { button: HTMLButtonElement; said: HTMLElement; verdict: HTMLElement },
  ): void {
    if (this.running) return
    this.running = true
    button.disabled = true
    verdict.className = 'verdict'
    setText(verdict, 'It runs.')
    const name = `Lesson ${LESSONS.indexOf(lesson) + 1}${script === lesson.script ? '' : ', twin'}`
    // Those of the last time are in the way.
    for (const session of this.guests.get(script) ?? []) this.app.close(session)
    const mine: Session[] = []
    this.guests.set(script, mine)
    const work = runLesson(this.app.laboratory, script, {
      guest: (info, what, console) => {
        const session = this.app.admitInfo(info, `${name}${GUESTS[what]}`, console)
        mine.push(session)
      },
      told: (text) => setText(said, text),
    })
    this.app.do(() =>
      work
        .then((outcome) => tell(outcome, script, verdict))
        .finally(() => {
          this.running = false
          button.disabled = false
        }),
    )
  }
}

function tell({ holds }: LessonOutcome, script: Script, verdict: HTMLElement): void {
  verdict.className = `verdict ${holds ? 'good' : 'bad'}`
  setText(
    verdict,
    holds ? `✓ ${script.seen}` : '✗ This was not seen: the kernel here is another than the lesson is of.',
  )
}
