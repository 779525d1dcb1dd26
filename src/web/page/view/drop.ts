// Files of a person: dropped on the page or chosen. What a file is, is read from its first bytes.

import { ET_REL } from '../../../format/index.js'
import type { App } from './app.js'
import { h } from './dom.js'

/** What was dropped so far, for links that are of it. */
export interface OwnFiles {
  kernel?: Uint8Array
  initrd?: Uint8Array
}

export type FileKind = 'snapshot' | 'module' | 'kernel' | 'initrd' | 'source'

/** What is done with a file that is no image. */
export interface DropActions {
  source(name: string, text: string): void
  module(name: string, bytes: Uint8Array): void
}

/** More than any image that a machine here could hold. */
const LARGEST = 1 << 30
/** How compressed RAM disks begin: gzip, xz, zstd, lz4, bzip2, lzma. */
const COMPRESSED = ['1f8b', 'fd377a', '28b52ffd', '02214c18', '425a68', '5d0000']

const ascii = (bytes: Uint8Array, at: number, length: number): string =>
  String.fromCharCode(...bytes.subarray(at, at + length))

/** What a file is; undefined where it is nothing that is known here. */
export function kindOf(name: string, bytes: Uint8Array): FileKind | undefined {
  if (ascii(bytes, 0, 8) === 'TPSNAPSH') return 'snapshot'
  if (ascii(bytes, 0, 4) === '\x7fELF') return bytes[16] === ET_REL && bytes[17] === 0 ? 'module' : 'kernel'
  if (ascii(bytes, 0x202, 4) === 'HdrS') return 'kernel'
  if (/^07070[127]/.test(ascii(bytes, 0, 6))) return 'initrd'
  const start = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  if (COMPRESSED.some((magic) => start.startsWith(magic))) return 'initrd'
  return /\.s$/i.test(name) ? 'source' : undefined
}

export class Dropping {
  readonly button: HTMLElement
  readonly own: OwnFiles = {}
  private readonly app: App
  private readonly actions: DropActions

  constructor(app: App, actions: DropActions) {
    this.app = app
    this.actions = actions
    const chooser = h('input', {
      ...{ type: 'file', multiple: true, hidden: true, 'aria-label': 'Files to open' },
      onchange: () => {
        this.take(chooser.files)
        chooser.value = ''
      },
    })
    this.button = h(
      'span',
      {},
      h(
        'button',
        {
          ...{
            type: 'button',
            title: 'A kernel, an initial RAM disk, a snapshot, a patch module or its source; or drop it here',
          },
          onclick: () => chooser.click(),
        },
        'Open…',
      ),
      chooser,
    )
    addEventListener('dragover', (event) => {
      event.preventDefault()
      document.body.classList.add('dropping')
    })
    for (const end of ['dragleave', 'drop']) addEventListener(end, () => document.body.classList.remove('dropping'))
    addEventListener('drop', (event) => {
      event.preventDefault()
      this.take(event.dataTransfer?.files ?? null)
    })
  }

  private take(files: FileList | null): void {
    const list = [...(files ?? [])]
    if (list.length > 0) this.app.do(() => this.open(list))
  }

  private async open(files: readonly File[]): Promise<void> {
    const found: { kernel?: Uint8Array; initrd?: Uint8Array } = {}
    for (const file of files) {
      if (file.size > LARGEST) {
        this.app.notices.complain(`'${file.name}' is larger than anything that a guest here could hold.`)
        return
      }
      const bytes = new Uint8Array(await file.arrayBuffer())
      const kind = kindOf(file.name, bytes)
      if (kind === 'kernel' || kind === 'initrd') found[kind] = bytes
      else if (kind === 'snapshot') await this.openSnapshot(file.name, bytes)
      else if (kind === 'module') this.actions.module(file.name, bytes)
      else if (kind === 'source') this.actions.source(file.name.replace(/\.s$/i, ''), new TextDecoder().decode(bytes))
      else {
        const hint =
          'Kernels are ELF or bzImage files, RAM disks cpio archives; snapshots, patch modules and .s sources are known too.'
        this.app.notices.complain(`'${file.name}' is no file that the page can open.`, hint)
      }
    }
    if (found.kernel !== undefined || found.initrd !== undefined) await this.boot(found)
  }

  private async openSnapshot(name: string, bytes: Uint8Array): Promise<void> {
    const session = this.app.admitted(await this.app.laboratory.openSnapshot(bytes), name)
    if (session !== undefined) await this.app.laboratory.pause(session.id)
  }

  /** A RAM disk alone goes with the kernel that was dropped last. */
  private async boot(found: OwnFiles): Promise<void> {
    Object.assign(this.own, found)
    const { kernel } = this.own
    await this.app.boot({
      ...(kernel === undefined ? {} : { kernel }),
      ...found,
      memoryMiB: kernel === undefined ? 128 : 512,
    })
  }
}
