// Files of a person: offered for saving, and chosen.

import { h } from './dom.js'

/** Lets the browser save bytes under a name. */
export function offerFile(name: string, bytes: Uint8Array): void {
  const url = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>]))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** A button that lets a person choose one file, and gives its bytes. */
export function chooseFile(label: string, title: string, take: (bytes: Uint8Array) => void): HTMLElement {
  const chooser = h('input', {
    ...{ type: 'file', hidden: true, 'aria-label': title },
    onchange: async () => {
      const bytes = await chooser.files?.[0]?.arrayBuffer()
      chooser.value = ''
      if (bytes !== undefined) take(new Uint8Array(bytes))
    },
  })
  return h('span', {}, h('button', { type: 'button', title, onclick: () => chooser.click() }, label), chooser)
}
