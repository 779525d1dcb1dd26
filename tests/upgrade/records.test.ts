// The lists of fields (images/kernel/include/abi/records.h) in a process of the host: the kernel's own sources of streams, tables,
// checking and schema, compiled with gcc and run on a handover that is damaged one field at a time (records/damage.c). And what does
// not compile: a field that one side forgets. About 4 s.

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { WARNINGS } from '../../src/toolchain/index.js'
import { needs } from '../needs.js'

const KERNEL = 'images/kernel'
const HERE = 'tests/upgrade/records'

interface Line {
  readonly kind: string
  readonly what: string
  readonly value: string
  readonly refusal: string
}

needs('gcc')('records by their lists', () => {
  const folder = mkdtempSync(join(tmpdir(), 'transplant-records-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const freestanding = [
    ...['-std=gnu11', '-O1', '-ffreestanding', '-nostdinc', '-fno-pic', '-fno-strict-aliasing', ...WARNINGS],
    ...[`-I${KERNEL}/include`, '-Ifirmware', '-include', `${HERE}/host-memory.h`],
  ]

  let lines: Line[]
  beforeAll(() => {
    const program = join(folder, 'damage')
    const sources = ['stream', 'records', 'check', 'schema'].map((name) => `${KERNEL}/liveupdate/${name}.c`)
    execFileSync('gcc', [...freestanding, '-no-pie', '-static', '-o', program, `${HERE}/damage.c`, ...sources])
    const output = execFileSync(program, { encoding: 'utf8', maxBuffer: 1 << 24 })
    lines = output
      .trimEnd()
      .split('\n')
      .map((line) => {
        const [kind = '', what = '', value = '', refusal = ''] = line.split('\t')
        return { kind, what, value, refusal }
      })
  }, 60_000)
  const all = (kind: string): Line[] => lines.filter((line) => line.kind === kind)

  it('a handover that is sound is accepted, before the damage and after it', () => {
    expect(all('sound').map((line) => line.refusal)).toEqual(['', ''])
  })

  it('each field that cannot have every value is refused by class, record, name and value', () => {
    const checked = all('table').filter((line) => line.value === '1')
    const damaged = new Set(all('field').map((line) => line.what))
    // The schema's own fields are damaged as a schema, below.
    const expected = checked.map((line) => line.what).filter((what) => !/^(schema|field)\./.test(what))
    expect([...damaged].sort()).toEqual(expected.sort())
    expect(damaged.size).toBeGreaterThan(75)
    for (const { what, value, refusal } of all('field')) {
      const [layout = '', field = ''] = what.split('.')
      expect({ what, value, refusal }).toEqual({
        ...{ what, value },
        refusal: expect.stringMatching(new RegExp(`^class (${layout}|\\w+), record 1(, ${layout} 1)?: ${field} (?=.)`)),
      })
    }
  })

  it('says which value it was', () => {
    const said = (what: string) =>
      all('field')
        .filter((line) => line.what === what)
        .map((line) => line.refusal)
    expect(said('group.pgrp')[0]).toBe('class group, record 1: pgrp 32768 is out of range')
    expect(said('child.pid')[0]).toBe('class task, record 1, child 1: pid 32768 is out of range')
    expect(said('task.pid')).toContain('class task, record 1: pid 10 is there twice')
    expect(said('task.mm')).toEqual(['class task, record 1: mm 3 names no mm that came before'])
    expect(said('name.parent')).toEqual(['class name, record 1: parent 3 names no name that came before'])
    expect(said('page.frame')[0]).toBe('class inode, record 1, page 1: frame 0x6 does not stay')
    expect(said('task.comm')).toEqual(['class task, record 1: comm is not terminated'])
    expect(said('task.regs')).toHaveLength(4)
  })

  it('a component that ends early, goes on, or has another number of records is refused', () => {
    const shapes = all('shape')
    expect(shapes.length).toBeGreaterThan(70)
    for (const line of shapes)
      expect(line).toMatchObject({ refusal: expect.stringMatching(`^class ${line.what}, record `) })
  })

  it('a list that differs under the same compatible string is refused by the path of the field, in the words of both', () => {
    const differences = all('schema')
    expect(differences.length).toBe(7 * all('table').length)
    for (const { what, value, refusal } of differences) {
      const [layout, field = ''] = what.split('.')
      const path = value === 'name' ? `${layout}.\\?${field.slice(1)}` : what
      expect(refusal, `${what} ${value}`).toMatch(new RegExp(`${path.replace('.', '\\.')}|class schema, record`))
    }
    expect(differences.find((line) => line.what === 'task.exit_code' && line.value === 'width')?.refusal).toMatch(
      /^task\.exit_code is u64 at \d+, any value in the handover and u32 at \d+, any value in 1\.0$/,
    )
    expect(differences.find((line) => line.what === 'mm.pcid' && line.value === 'gone')?.refusal).toBe(
      'mm.pcid is missing in the handover, and both say scion-mm-v1',
    )
    expect(differences.find((line) => line.what === 'task.nice' && line.value === 'name')?.refusal).toBe(
      'task.?ice is not known to 1.0, and both say scion-task-v3',
    )
  })

  it('a list under another compatible string is another language, and not compared', () => {
    expect(all('other').filter((line) => line.refusal !== '')).toEqual([])
  })

  const FORGETTING = readFileSync(`${HERE}/forgetting.c`, 'utf8')

  /** What gcc says of the file with `from` replaced. */
  function compile(from: string, to: string): { readonly status: number | null; readonly said: string } {
    expect(FORGETTING).toContain(from)
    const file = join(folder, 'forgetting.c')
    writeFileSync(file, FORGETTING.replace(from, to))
    const args = [...freestanding, `-I${KERNEL}/liveupdate`, '-c', '-o', join(folder, 'forgetting.o'), file]
    const { status, stderr } = spawnSync('gcc', args, { encoding: 'utf8' })
    return { status, said: stderr }
  }

  it('a reader and a writer that forget nothing compile', () => {
    expect(compile('', '')).toEqual({ status: 0, said: '' })
  })

  it.each([
    ['a MADE field that the reader does not use', 'return pid;', 'return 0;', /unused variable .pid./],
    [
      'SAME fields that the reader does not assign',
      'read_range(record, range);',
      '(void)record;',
      /.read_range. defined but not used/,
    ],
    ['a record that is not written', 'write_range(w, range);', '', /.write_range. defined but not used/],
    [
      'a SAME field in a list that has no reader',
      'DEFINE_RECORD(range,',
      'DEFINE_MADE_RECORD(range,',
      /field start is read by nobody/,
    ],
    ['a member that is wider than its field', 'struct memory_range', 'struct wide_range', /field usable is cut/],
    ['a field whose member is gone', 'struct memory_range', 'struct short_range', /no member named .usable./],
  ])('%s does not compile', (_, from, to, says) => {
    const { status, said } = compile(from, to)
    expect(status).not.toBe(0)
    expect(said).toMatch(says)
  })
})
