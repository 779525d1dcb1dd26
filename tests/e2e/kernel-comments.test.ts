// The guest kernel's comments and its assertions (linux/lockdep.h) say the same: read as text, without building anything.
// (tests/e2e/checked-kernel.test.ts runs the kernel that has the assertions compiled in.)

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from '../lab/images.js'
import { constantAssertions, unasserted } from './kernel-demands.js'

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
    expect(said).toBeGreaterThan(100)
    expect(missing).toEqual([])
  })

  it('is asserted by conditions that can fail', () => {
    expect(constantAssertions(files)).toEqual([])
  })
})

/** A function whose comment says this, with this in its body. */
const above = (comment: string, body = '\tx = 1;'): string => `/* ${comment} */\nstatic void f(void)\n{\n${body}\n}\n`
const missing = (...texts: string[]): string[] =>
  unasserted(texts.map((text, index) => ({ path: index === 0 ? 'a.c' : `${index}.h`, text }))).missing

const VFS = 'lockdep_assert_held(&vfs_mutex);'
const SOME = 'lockdep_assert_held(&queue->head);'
const KLP = 'lockdep_assert_held(&klp_mutex);'
const TASKS = 'ASSERT_CONSTRAINT("a.c 3", lockdep_is_held(&tasklist_lock));'
const IRQS = 'lockdep_assert_irqs_disabled();'
const PREEMPTION = 'lockdep_assert_preemption_disabled();'
/** None of them answers what another one does. */
const OTHERS = [
  'lockdep_assert_held(&other_lock);',
  'lockdep_assert_irqs_enabled();',
  'might_sleep();',
  'assert_nothing();',
]

describe('a comment that demands something of the caller', () => {
  it.each([
    ['vfs_mutex held.', VFS],
    ['Queue lock is held.', SOME],
    ['The tree; vfs_mutex must be held.', VFS],
    ['With the lock.', SOME],
    ['Finds it; with the mutex.', SOME],
    ['With vfs_mutex: the dentry.', VFS],
    ['Under the lock: nobody moves.', SOME],
    ['Of the modules, those that are live; under module_mutex.', 'lockdep_assert_held(&module_mutex);'],
    ['Called with klp_mutex.', KLP],
    ['Called under tasklist_lock (constraint 3).', TASKS],
    ['The caller holds the lock.', SOME],
    ['Whoever calls has the mutex.', SOME],
    ['tasklist_lock: the next one.', TASKS],
    ['klp_mutex.', KLP],
    ["Needs the pipe's mutex.", SOME],
    ['Needs vfs_mutex', VFS],
    ['Serialised by klp_mutex', KLP],
    ["Serialised by the queue's lock.", SOME],
    ['Protected by vfs_mutex', VFS],
    ['Has to do with order: see klp_mutex.', KLP],
    ['One of mm->lock, as all of them.', 'mm_assert_held(mm, lock);'],
    ['The queue is locked.', SOME],
    ['In the timer interrupt, interrupts off.', IRQS],
    ['si_code; with interrupts off, as the registers are shared.', IRQS],
    ['Interrupts must be off.', IRQS],
    ['Interrupts are disabled.', IRQS],
    ['Interrupts have to be disabled', 'DEBUG_ASSERT(irqs_disabled());'],
    ['No allocation, no interrupt, no other CPU yet.', IRQS],
    ['Without interrupts.', IRQS],
    ['Call with preemption off.', PREEMPTION],
    ['Preemption disabled.', PREEMPTION],
    ['The caller cannot be preempted.', IRQS],
    ['Call inside rcu_read_lock()', PREEMPTION],
    ['Under RCU.', PREEMPTION],
    ['In atomic context only.', PREEMPTION],
  ])('is refused without the assertion of the same, and not with it: %s', (comment, assertion) => {
    for (const text of [
      above(comment),
      above(comment).replace(/\/\* (.*) \*\//, '// $1'),
      above(comment).replace('*/\n', '*/\n\n'),
    ])
      expect(missing(text)).toEqual(['a.c: f()'])
    const wrong = OTHERS.filter((one) => assertion !== SOME || !one.includes('_held'))
    for (const other of wrong) expect(missing(above(comment, `\t${other}`))).toEqual(['a.c: f()'])
    expect(missing(above(comment, `\t/* ${assertion} */`))).toEqual(['a.c: f()'])
    expect(missing(above(comment, `\t${assertion}`))).toEqual([])
  })

  it('in a body is answered by an assertion, or by what the body takes itself', () => {
    const body = (before: string): string =>
      `static void f(void)\n{\n\t${before}\n\t/* Interrupts have to be disabled. */\n\tg();\n}\n`
    expect(missing(body('g();'))).toEqual(['a.c: f()'])
    for (const before of [IRQS, 'local_irq_save(flags);', 'spin_lock_irqsave(&lock, flags);'])
      expect(missing(body(before))).toEqual([])
    const locked = (before: string): string => body(before).replace('Interrupts have to be disabled', 'Needs vfs_mutex')
    expect(missing(locked('mutex_lock(&klp_mutex);'))).toEqual(['a.c: f()'])
    expect(missing(locked('mutex_lock(&vfs_mutex);'))).toEqual([])
  })

  it('is answered by the assertions of a function that is called assert_...() and has them', () => {
    const helper = (body: string): string => `static void assert_there(void)\n{\n\t${body}\n}\n\n`
    expect(missing(helper(VFS) + above('vfs_mutex held.', '\tassert_there();'))).toEqual([])
    expect(missing(helper('g();') + above('vfs_mutex held.', '\tassert_there();'))).toEqual(['a.c: f()'])
  })

  it.each(['1', 'true', '!0', '2 > 1', 'sizeof(long) == 8'])(
    'is not answered by what always holds: %s',
    (condition) => {
      const text = (it: string): string => `void f(void)\n{\n\tASSERT_CONSTRAINT("a.c 1", ${it});\n}\n`
      expect(constantAssertions([{ path: 'a.c', text: text(condition) }])).toHaveLength(1)
      expect(constantAssertions([{ path: 'a.c', text: text('irqs_disabled()') }])).toEqual([])
    },
  )

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
    ['beside the prototype', 'vfs_mutex', 'int f(int x); /* with vfs_mutex */\n'],
    ['above the prototype', 'sighand->siglock', '/* one more; siglock held */\nint f(int x);\n'],
    ['above a group', 'mm->mmap_lock', '/* all with mmap_lock held */\nint other(void);\nint f(int x);\n'],
    ['at the head of a group', 'tty->lock', '/* with tty->lock: */\nint other(void);\nint f(int x);\n'],
    [
      'at the head of the header',
      'vfs_mutex',
      '/*\n * A walk. All of it is called with vfs_mutex.\n */\n\n#include <a.h>\n\nint f(int x);\n',
    ],
  ])('is found in a header: %s', (_where, lock, header) => {
    expect(missing(definition, header)).toEqual(['a.c: f()'])
    const asserting = (lock: string): string => definition.replace('return', `lockdep_assert_held(&${lock});\n\treturn`)
    expect(missing(asserting('other'), header)).toEqual(['a.c: f()'])
    expect(missing(asserting(lock), header)).toEqual([])
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
    expect(missing(`${section('\tlockdep_assert_held(&rq_lock);')}\nint g(void)\n{\n\treturn inner(1);\n}\n`)).toEqual([
      'a.c: inner()',
    ])
  })
})
