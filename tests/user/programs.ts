// The guest's programs, unpacked from the committed initramfs into a folder of the host: they are static Linux programs, so the host's
// kernel can run them, and what they do there is what the guest's kernel must make them do.

import { chmodSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readCpio } from '../../src/format/index.js'

const archive = fileURLToPath(new URL('../../images/built/initramfs.cpio', import.meta.url))

const fileType = 0o170000
const regularFile = 0o100000
const symbolicLink = 0o120000

/** Unpacks files and links (no devices); returns the folder that stands for `/`. */
export function unpackInitramfs(): string {
  const folder = mkdtempSync(join(tmpdir(), 'initramfs-'))
  const result = readCpio(readFileSync(archive))
  if (!result.ok) throw new Error(`images/built/initramfs.cpio: ${result.code}`)
  for (const entry of result.value) {
    const path = join(folder, entry.name)
    const kind = entry.mode & fileType
    if (kind !== regularFile && kind !== symbolicLink) continue
    mkdirSync(dirname(path), { recursive: true })
    if (kind === symbolicLink) symlinkSync(new TextDecoder().decode(entry.data), path)
    else {
      writeFileSync(path, entry.data)
      chmodSync(path, entry.mode & 0o777)
    }
  }
  return folder
}
