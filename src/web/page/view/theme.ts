// Light and dark: what the system prefers, unless a person has chosen. The colours are CSS's light-dark().

import { h, State } from './dom.js'

type Choice = 'system' | 'light' | 'dark'
const CHOICES: readonly Choice[] = ['system', 'light', 'dark']
const LABELS: Readonly<Record<Choice, string>> = { system: '◐ System', light: '☀ Light', dark: '☾ Dark' }
const KEY = 'transplant-theme'

export class Theme {
  /** What is shown now. */
  readonly scheme = new State<'light' | 'dark'>('light')
  private readonly dark = matchMedia('(prefers-color-scheme: dark)')
  private choice: Choice = recall()
  readonly button = h('button', { type: 'button', class: 'quiet', onclick: () => this.next() })

  constructor() {
    this.dark.addEventListener('change', () => this.apply())
    this.apply()
  }

  private next(): void {
    this.choice = CHOICES[(CHOICES.indexOf(this.choice) + 1) % CHOICES.length] as Choice
    remember(this.choice)
    this.apply()
  }

  private apply(): void {
    const { choice } = this
    document.documentElement.style.colorScheme = choice === 'system' ? 'light dark' : choice
    this.button.textContent = LABELS[choice]
    this.button.setAttribute('aria-label', `Colours: ${choice}`)
    this.scheme.value = choice === 'system' ? (this.dark.matches ? 'dark' : 'light') : choice
  }
}

/** A page whose storage is closed to it forgets. */
function recall(): Choice {
  try {
    const kept = localStorage.getItem(KEY)
    return CHOICES.find((choice) => choice === kept) ?? 'system'
  } catch {
    return 'system'
  }
}

function remember(choice: Choice): void {
  try {
    localStorage.setItem(KEY, choice)
  } catch {
    // Nothing to do: the choice holds for this visit.
  }
}
