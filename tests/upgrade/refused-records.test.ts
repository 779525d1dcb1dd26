// A handover that cannot be is refused while there is a way back: by the old kernel, which looks at what it has written, by the next one,
// which looks before it changes anything; and so is one whose lists differ. Kernels in which one source is changed; programs go on.
// About 25 s, most of it compiling.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { buildKernel } from '../../src/toolchain/index.js'
import { bootGuest, read } from '../lab/images.js'
import { needs } from '../needs.js'

const RECORDS = 'images/kernel/liveupdate'

needs('gcc')('records that another kernel must refuse', () => {
  const folder = mkdtempSync(join(tmpdir(), 'transplant-refused-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** A kernel in which some text of some files of liveupdate/ is another one. */
  async function build(name: string, ...changes: readonly (readonly [string, string, string])[]): Promise<Uint8Array> {
    const replace = Object.fromEntries(
      changes.map(([file, from, to]) => {
        const source = Buffer.from(read(`${RECORDS}/${file}`)).toString()
        expect(source).toContain(from)
        const path = join(folder, `${name}-${basename(file)}`)
        writeFileSync(path, source.replace(from, to))
        return [`${RECORDS}/${file}`, path]
      }),
    )
    return read(await buildKernel({ suffix: '-refused', replace, output: join(folder, `${name}.elf`) }))
  }

  let sound: Uint8Array
  beforeAll(async () => {
    sound = await build('sound')
  }, 300_000)

  /** Upgrades; gives what is said of the refusal. A program that runs meanwhile must not notice. */
  async function refusal(kernel: Uint8Array, next: Uint8Array): Promise<string[]> {
    const session = await bootGuest({ kernel })
    const { agent } = session
    await agent.put('/tmp/next', next)
    const counter = await agent.start('counter 60 20000 5')
    await agent.runFor(5_000_000)
    await agent.read('kexec -l /tmp/next')
    expect((await agent.exec('kexec -e')).status).toBe(1)
    expect((await agent.wait(counter)).stdout).toContain('result 5b3513ba6eb78bb8')
    const said = session.console.lines.map((line) => line.text).flatMap((text) => /refused.*?: .*/.exec(text) ?? [])
    session.dispose()
    return said
  }

  const WRONG_STATE = ['tasks.c', 'return task_is_stopped(t) ?', 'return t ? 9 : t->mm ?'] as const

  it('a record of which a field is out of range, by the kernel that has written it', async () => {
    expect(await refusal(await build('wrong', WRONG_STATE), sound)).toEqual([
      'refused: class task, record 0: state 9 is out of range',
    ])
  }, 300_000)

  it('the same by the next kernel, where the old one does not look', async () => {
    const unchecked = await build('unchecked', WRONG_STATE, ['core.c', 'why = records_check(root)', 'why = NULL'])
    expect(await refusal(unchecked, sound)).toEqual(['refused by 1.0: class task, record 0: state 9 is out of range'])
  }, 300_000)

  it('a list that differs under the same compatible string', async () => {
    const before = '#define ROW_ONE'
    const next = await build('list', ['records.c', before, `#undef RESTARTS\n#define RESTARTS 9\n${before}`])
    expect(await refusal(sound, next)).toEqual([
      expect.stringMatching(
        /^refused by 1\.0: task\.restart is u32 at \d+, number up to 8 in the handover and u32 at \d+, number up to 9 in 1\.0$/,
      ),
    ])
  }, 300_000)

  const SWITCH = 'ret = enter_next_kernel();'
  it.each([
    [
      'a block of records whose successor lies nowhere',
      ['core.c', SWITCH, `writers[3].first->next = 0x123456789000; ${SWITCH}`],
      'refused by 1.0: component scion-uart-v2: block lies outside of memory',
    ],
    [
      'a map of frames in which one bit is set and one is cleared',
      [
        'core.c',
        SWITCH,
        `{ u64 *map = __va(root->bitmap) + root->bitmap_bytes / 2; while (!*map || !~*map) map++;
           *map ^= (*map & -*map) | (~*map & (*map + 1)); } ${SWITCH}`,
      ],
      'refused by 1.0: the root page or the map of preserved frames has a bad checksum',
    ],
    [
      'a loaded kernel of which a byte has changed',
      [
        'core.c',
        'int ret = prepare_check();',
        '((u8 *)__va(next_kernel.phys))[0x3000] ^= 1; int ret = prepare_check();',
      ],
      'refused: the kernel that was loaded is no longer what it was',
    ],
  ] as const)(
    '%s',
    async (_, change, says) => {
      expect(await refusal(await build('damaging', change), sound)).toEqual([says])
    },
    300_000,
  )

  const VALIDATE = 'why = root_phys =='
  it.each([
    ['panics', 'panic("made to"); ', 'refused by 1.0: panic: made to'],
    ['faults', '*(volatile int *)8 = 0; ', 'refused by 1.0: panic: Oops'],
  ])(
    'a kernel that %s before it has accepted',
    async (_, fault, says) => {
      expect(await refusal(sound, await build('failing', ['arrive.c', VALIDATE, fault + VALIDATE]))).toEqual([says])
    },
    300_000,
  )

  it('records of another version', async () => {
    const before = '#define ROW_ONE'
    const other = `#undef TASK_COMPATIBLE\n#define TASK_COMPATIBLE "scion-task-v9"\n${before}`
    expect(await refusal(sound, await build('version', ['records.c', before, other]))).toEqual([
      'refused by 1.0: component scion-task-v3 is not known to 1.0',
    ])
  }, 300_000)
})
