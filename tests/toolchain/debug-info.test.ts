// A kernel with DWARF is the kernel that runs: what gdb says of a line holds for the built image. About 25 s of CPU, for the compilers.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parseElf, sectionBytes } from '../../src/format/index.js'
import { buildKernel } from '../../src/toolchain/index.js'
import { transplant } from '../cli/command.js'
import { imagePath, read } from '../lab/images.js'
import { needs } from '../needs.js'

const SHF_ALLOC = 2

/** What is loaded, without the notes, which have the build id and a checksum over it. */
function loaded(path: string) {
  const elf = parseElf(read(path))
  if (!elf.ok) throw new Error(elf.message)
  return elf.value.sections
    .filter((section) => (section.flags & SHF_ALLOC) !== 0 && section.name !== '.notes')
    .map((section) => [section.name, section.address, Buffer.from(sectionBytes(elf.value, section)).toString('base64')])
}

needs('gcc', 'gdb')('a kernel with DWARF', () => {
  it('is the built one, byte for byte at the same addresses, and gdb knows its lines and types', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'transplant-dwarf-'))
    try {
      const image = await buildKernel({ debugInfo: true, output: join(folder, 'kernel.elf') })
      expect(loaded(image)).toEqual(loaded(imagePath('scion-1.0.elf')))
      const asked = ['info line kernel_init', 'ptype struct list_head', 'info scope vfs_init']
      const { stdout } = spawnSync('gdb', ['-q', '-nx', '-batch', ...asked.flatMap((line) => ['-ex', line]), image], {
        encoding: 'utf8',
      })
      expect(stdout).toMatch(/Line \d+ of "images\/kernel\/kernel\/main.c" starts at address 0x[0-9a-f]+ <kernel_init>/)
      expect(stdout).toMatch(/struct list_head \*next;/)
      const [, line] = /^Line (\d+) of .*<kernel_init>/m.exec(stdout) ?? []
      const symbols = transplant(['symbols', 'kernel_init', '--debug', image])
      expect(symbols.stdout).toMatch(new RegExp(`kernel_init +patchable  images/kernel/kernel/main.c:${line}$`, 'm'))
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
