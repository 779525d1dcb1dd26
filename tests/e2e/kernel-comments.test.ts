// The guest kernel's comments and its assertions (linux/lockdep.h) say the same: read as text, without building anything.
// (tests/e2e/checked-kernel.test.ts runs the kernel that has the assertions compiled in.)

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from '../lab/images.js'
import { unasserted } from './kernel-demands.js'

const kernel = join(root, 'images/kernel')
const files = readdirSync(kernel, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.[ch]$/.test(path))
  .sort()
  .map((path) => ({ path, text: readFileSync(join(kernel, path), 'utf8') }))
const sources = files.filter(({ path }) => path.endsWith('.c'))

/** `trace/sites.c 3`: what the head of a file numbers, but for the steps of a protocol. */
const constraints = sources
  .filter(({ path }) =>
    /^(trace|livepatch|liveupdate)\/|^kernel\/sched\.c$|^arch\/(entry|text-patching)\.c$/.test(path),
  )
  .flatMap(({ path, text }) => {
    const paragraphs = text.slice(text.indexOf('/*'), text.indexOf('*/')).split(/\n \*\n/)
    const head = paragraphs.filter((paragraph) => !/^ \* Protocol/.test(paragraph)).join('\n')
    return [...head.matchAll(/^ \* +(\d+)\. /gm)].map((match) => `${path} ${match[1]}`)
  })
const asserted = sources.flatMap(({ text }) =>
  [...text.matchAll(/(?:ASSERT|BUG_UNLESS)_CONSTRAINT\(\s*"([^"]+)"/g)].map((m) => m[1]),
)

describe('what the comments of the guest kernel say', () => {
  it('of constraints, an assertion names, each of them', () => {
    expect(constraints.length).toBeGreaterThan(30)
    expect(constraints.filter((constraint) => !asserted.includes(constraint))).toEqual([])
  })

  it('is all that assertions name', () => {
    expect(asserted.filter((constraint) => !constraints.includes(constraint ?? ''))).toEqual([])
  })

  it('of locks, interrupts and preemption, the function itself asserts', () => {
    const { said, missing } = unasserted(files)
    expect(said).toBeGreaterThan(25)
    expect(missing).toEqual([])
  })
})

/** A function whose comment says this, with this in its body. */
const above = (comment: string, body = '\tx = 1;'): string => `/* ${comment} */\nstatic void f(void)\n{\n${body}\n}\n`
const missing = (...texts: string[]): string[] =>
  unasserted(texts.map((text, index) => ({ path: index === 0 ? 'a.c' : `${index}.h`, text }))).missing

describe('a comment that demands something of the caller', () => {
  it.each([
    'vfs_mutex held.',
    'Queue lock is held.',
    'The tree; vfs_mutex must be held.',
    'With the lock.',
    'Finds it; with the mutex.',
    'With vfs_mutex: the dentry.',
    'Under the lock: nobody moves.',
    'Of the modules, those that are live; under module_mutex.',
    'Called with klp_mutex.',
    'Called under tasklist_lock (constraint 3).',
    'The caller holds the lock.',
    'Whoever calls has the mutex.',
    'tasklist_lock: the next one.',
    'klp_mutex.',
    'The queue is locked.',
    'In the timer interrupt, interrupts off.',
    'si_code; with interrupts off, as the registers are shared.',
    'Interrupts must be off.',
    'Interrupts are disabled.',
    'Without interrupts.',
    'Call with preemption off.',
    'Preemption disabled.',
    'The caller cannot be preempted.',
    'In atomic context only.',
  ])('is refused without an assertion, and not with one: %s', (comment) => {
    expect(missing(above(comment))).toEqual(['a.c: f()'])
    expect(missing(above(comment, '\tlockdep_assert_held(&vfs_mutex);'))).toEqual([])
  })

  it.each([
    'Takes the lock and gives the first.',
    'A block of the ring; it holds a reference on the frame.',
    'The next block.',
    'Frees it with all that it holds.',
  ])('is none where the words tell of something else: %s', (comment) => {
    expect(missing(above(comment))).toEqual([])
  })

  const definition = 'int f(int x)\n{\n\treturn x;\n}\n'
  it.each([
    ['beside the prototype', 'int f(int x); /* with vfs_mutex */\n'],
    ['above the prototype', '/* one more; siglock held */\nint f(int x);\n'],
    ['above a group', '/* all with mmap_lock held */\nint other(void);\nint f(int x);\n'],
    ['at the head of a group', '/* with tty->lock: */\nint other(void);\nint f(int x);\n'],
    [
      'at the head of the header',
      '/*\n * A walk. All of it is called with vfs_mutex.\n */\n\n#include <a.h>\n\nint f(int x);\n',
    ],
  ])('is found in a header: %s', (_where, header) => {
    expect(missing(definition, header)).toEqual(['a.c: f()'])
    expect(missing(definition.replace('return', 'lockdep_assert_held(&l);\n\treturn'), header)).toEqual([])
  })

  it('in a header does not reach past an empty line, nor to one that takes the lock itself', () => {
    expect(missing(definition, '/* all with mmap_lock held */\nint other(void);\n\nint f(int x);\n')).toEqual([])
    expect(missing(definition, '/* all with mmap_lock held */\nint f(int x); /* takes mmap_lock itself */\n')).toEqual(
      [],
    )
  })

  it('in a header is found of an inline function', () => {
    expect(missing('', '/* rq_lock held. */\nstatic inline int f(int x)\n{\n\treturn x;\n}\n')).toEqual(['1.h: f()'])
  })

  it('at the head of a section speaks for what is called from outside of it', () => {
    const section = (body: string): string =>
      `/* ---- queue; rq_lock held ---- */\n\nstatic int inner(int x)\n{\n\treturn x;\n}\n\nint f(int x)\n{\n${body}\n}\n\n/* ---- end ---- */\n`
    expect(missing(section('\treturn inner(x);'))).toEqual(['a.c: f()'])
    expect(missing(section('\tlockdep_assert_held(&rq_lock);\n\treturn inner(x);'))).toEqual([])
    expect(missing(section('\tspin_lock(&rq_lock);\n\treturn inner(x);'))).toEqual([])
    expect(missing(`${section('\tassert();')}\nint g(void)\n{\n\treturn inner(1);\n}\n`)).toEqual(['a.c: inner()'])
  })
})
