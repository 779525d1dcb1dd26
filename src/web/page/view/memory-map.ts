// RAM as a map, a pixel a frame, coloured by what became of it; the legend counts, and pointing at a frame names it.

import { PAGE_SIZE } from '../../../base/index.js'
import { FRAME_KINDS, type FrameKind } from '../protocol.js'
import { h, setText } from './dom.js'
import { count } from './figures.js'

const COLUMNS = 256

interface Look {
  readonly colour: readonly [red: number, green: number, blue: number]
  readonly says: string
}

const LOOKS: Readonly<Record<FrameKind, Look>> = {
  kept: { colour: [20, 150, 136], says: 'kept: a program’s page, table or file page, where it was' },
  're-hashed': { colour: [233, 105, 44], says: 're-hashed: descriptors under the same numbers in a new table' },
  rebuilt: { colour: [236, 178, 46], says: 'rebuilt: written between the kernels, records and what was made of them' },
  'new-kernel': { colour: [92, 110, 220], says: 'the new kernel' },
  'old-kernel': { colour: [150, 140, 190], says: 'the old kernel, given back' },
  left: { colour: [150, 155, 158], says: 'untouched: what lay there lies there' },
  free: { colour: [128, 128, 128], says: 'zero' },
}
/** Zero pages hardly show, by day and by night. */
const FAINT = 28

export function memoryMap(map: Uint8Array): HTMLElement {
  const rows = Math.ceil(map.length / COLUMNS)
  const canvas = h('canvas', { width: COLUMNS, height: rows, class: 'memory-map', role: 'img' })
  const counts = FRAME_KINDS.map((_, kind) => map.reduce((sum, one) => sum + (one === kind ? 1 : 0), 0))
  const shown = FRAME_KINDS.map((name, kind) => ({ name, count: counts[kind] ?? 0 }))
    .filter((one) => one.count > 0)
    .reverse()
  canvas.setAttribute(
    'aria-label',
    `Frames of RAM: ${shown.map((one) => `${count(one.count)} ${one.name}`).join(', ')}`,
  )
  paint(canvas, map)
  const pointed = h('p', { class: 'soft pointed' }, 'Point at a frame.')
  canvas.addEventListener('pointermove', ({ offsetX, offsetY }) => {
    const column = Math.floor((offsetX / canvas.clientWidth) * COLUMNS)
    const frame = Math.floor((offsetY / canvas.clientHeight) * rows) * COLUMNS + column
    const kind = FRAME_KINDS[map[frame] ?? -1]
    if (kind !== undefined)
      setText(pointed, `0x${(frame * PAGE_SIZE).toString(16).padStart(8, '0')}  ${LOOKS[kind].says}`)
  })
  return h(
    'section',
    { 'aria-label': 'Memory' },
    h('h3', {}, 'Memory, a pixel for each frame of 4 KiB'),
    canvas,
    pointed,
    h(
      'ul',
      { class: 'plain legend' },
      ...shown.map(({ name, count: frames }) => {
        const swatch = h('span', { class: 'swatch' })
        swatch.style.background = `rgb(${LOOKS[name].colour.join(' ')} / ${name === 'free' ? FAINT / 255 : 1})`
        return h('li', {}, swatch, h('b', {}, count(frames)), ` ${LOOKS[name].says}`)
      }),
    ),
  )
}

function paint(canvas: HTMLCanvasElement, map: Uint8Array): void {
  const context = canvas.getContext('2d')
  if (context === null) return
  const image = context.createImageData(canvas.width, canvas.height)
  for (const [frame, kind] of map.entries()) {
    const name = FRAME_KINDS[kind] ?? 'free'
    image.data.set([...LOOKS[name].colour, name === 'free' ? FAINT : 255], 4 * frame)
  }
  context.putImageData(image, 0, 0)
}
