// The guest kernel's comments and its assertions (linux/lockdep.h) say the same: read as text, without building anything.
// (tests/e2e/checked-kernel.test.ts runs the kernel that has the assertions compiled in.)

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from '../lab/images.js'

const kernel = join(root, 'images/kernel')
const sources = readdirSync(kernel, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.c'))
  .sort()
  .map((path) => ({ path, text: readFileSync(join(kernel, path), 'utf8') }))

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

/** Comment, name and body of each function that has a comment right above it. */
function commented(text: string): { comment: string; name: string; body: string }[] {
  const functions =
    /\/\*((?:(?!\*\/)[\s\S])*)\*\/\n((?:\w[^\n;{}]*\n)(?:[ \t][^\n;{}]*\n)*)\{\n((?:[^}\n][^\n]*\n|\n)*)\}\n/g
  return [...text.matchAll(functions)].map(([, comment = '', head = '', body = '']) => ({
    comment: comment.replace(/\n \* ?/g, ' ').trim(),
    name: /(\w+)\(/.exec(head)?.[1] ?? head,
    body,
  }))
}

/** Words that say what has to be so when the function is called. */
const SAYS = /(lock|mutex) (is )?held|(?<!with )\b(interrupts|preemption) (are |is )?off/i

describe('what the comments of the guest kernel say', () => {
  it('of constraints, an assertion names, each of them', () => {
    expect(constraints.length).toBeGreaterThan(30)
    expect(constraints.filter((constraint) => !asserted.includes(constraint))).toEqual([])
  })

  it('is all that assertions name', () => {
    expect(asserted.filter((constraint) => !constraints.includes(constraint ?? ''))).toEqual([])
  })

  it('of locks, interrupts and preemption, the function itself asserts', () => {
    const said = sources.flatMap(({ path, text }) =>
      commented(text)
        .filter(({ comment }) => SAYS.test(comment))
        .map((one) => ({ ...one, name: `${path}: ${one.name}()` })),
    )
    expect(said.length).toBeGreaterThan(25)
    expect(said.filter(({ body }) => !/assert|BUG_UNLESS/i.test(body)).map(({ name }) => name)).toEqual([])
  })
})
