// The editor for patches in assembly: CodeMirror with what this needs of it. Loaded when the first patch is looked at.

import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { HighlightStyle, StreamLanguage, syntaxHighlighting } from '@codemirror/language'
import { type Diagnostic, lintGutter, setDiagnostics } from '@codemirror/lint'
import { Compartment, EditorState } from '@codemirror/state'
import { EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view'
import { tags } from '@lezer/highlight'

const REGISTER = /^(?:[re]?[abcd]x|[re]?(?:si|di|bp|sp)|[abcd][lh]|r(?:8|9|1[0-5])[dwb]?|rip|[xy]mm\d+|[c-gs]s)\b/i
const PREFIX = /^(?:byte|word|dword|qword|ptr)\b/i

/** The language of src/patch/assembly-source.ts; of C only what looks alike is coloured. */
const assembly = StreamLanguage.define<{ begun: boolean }>({
  startState: () => ({ begun: false }),
  token(stream, state) {
    if (stream.sol()) state.begun = false
    if (stream.eatSpace()) return null
    if (stream.match(/^(?:;|#|\/\/|\/?\*).*/)) return 'comment'
    if (stream.match(/^"(?:[^"\\]|\\.)*"?/)) return 'string'
    if (stream.match(/^\.[a-z]+/)) {
      state.begun = true
      return 'keyword'
    }
    if (stream.match(/^[\w.$]+:/)) return 'labelName'
    if (stream.match(/^-?(?:0x[\da-f]+|\d+)\b/i)) return 'number'
    if (stream.match(REGISTER)) return 'variableName'
    if (stream.match(PREFIX)) return 'modifier'
    if (stream.match(/^[\w$]+/)) {
      const isInstruction = !state.begun
      state.begun = true
      return isInstruction ? 'operatorKeyword' : 'name'
    }
    stream.next()
    return null
  },
})

const colours = HighlightStyle.define([
  { tag: tags.comment, color: 'var(--soft)', fontStyle: 'italic' },
  { tag: tags.string, color: 'var(--good)' },
  { tag: tags.keyword, color: 'var(--warm)' },
  { tag: tags.labelName, color: 'var(--warm)', fontWeight: '600' },
  { tag: tags.number, color: 'var(--good)' },
  { tag: tags.operatorKeyword, color: 'var(--accent)', fontWeight: '600' },
  { tag: tags.variableName, color: 'var(--ink)' },
  { tag: tags.modifier, color: 'var(--soft)' },
])

const looks = EditorView.theme({
  '&': { backgroundColor: 'var(--raised)', color: 'var(--ink)', fontSize: '13px', height: '100%' },
  '.cm-content': { fontFamily: 'var(--mono)', caretColor: 'var(--accent)' },
  '.cm-gutters': { backgroundColor: 'var(--surface)', color: 'var(--soft)', borderRight: '1px solid var(--line)' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--tint)' },
  '.cm-cursor': { borderLeftColor: 'var(--accent)' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground, ::selection': {
    backgroundColor: 'color-mix(in srgb, var(--accent) 25%, transparent) !important',
  },
})

export interface Editor {
  readonly element: HTMLElement
  text: string
  focus(): void
  setReadOnly(on: boolean): void
  /** Marks a line, counted from 1, with what is wrong there. */
  mark(line: number, message: string): void
  unmark(): void
}

/** `submit` is called by Ctrl-Enter. Tab leaves the editor, as everywhere on a page. */
export function createEditor(text: string, onChange: () => void, submit: () => void): Editor {
  const access = new Compartment()
  const extensions = [
    lineNumbers(),
    lintGutter(),
    history(),
    highlightActiveLine(),
    assembly,
    syntaxHighlighting(colours),
    looks,
    EditorState.tabSize.of(8),
    access.of(EditorState.readOnly.of(false)),
    EditorView.contentAttributes.of({ 'aria-label': 'Source of the patch' }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) onChange()
    }),
    keymap.of([
      {
        key: 'Ctrl-Enter',
        run: () => {
          submit()
          return true
        },
      },
      ...defaultKeymap,
      ...historyKeymap,
    ]),
  ]
  const view = new EditorView({ state: EditorState.create({ doc: text, extensions }) })
  const show = (diagnostics: readonly Diagnostic[]): void => view.dispatch(setDiagnostics(view.state, diagnostics))
  return {
    element: view.dom,
    get text() {
      return view.state.doc.toString()
    },
    set text(value: string) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: value } })
    },
    focus: () => view.focus(),
    setReadOnly: (on) => view.dispatch({ effects: access.reconfigure(EditorState.readOnly.of(on)) }),
    mark: (line, message) => {
      const { from, to } = view.state.doc.line(Math.max(1, Math.min(line, view.state.doc.lines)))
      show([{ from, to, severity: 'error', message }])
    },
    unmark: () => show([]),
  }
}
