// What the text of a change says of locks and counters, and where functions stand in a source.
import { describe, expect, it } from 'vitest'
import { lockReversals, newPairs } from '../../../src/patch/diff/source-meaning.js'
import { sourceFunctions, sourceName } from '../../../src/patch/index.js'

const one = (name: string, ...body: string[]) =>
  `static void ${name}(struct thing *t)\n{\n${body.map((line) => `\t${line}\n`).join('')}}\n`
const file = (before: string, after: string) => [{ path: 'images/kernel/kernel/x.c', before, after }]

describe('the functions of a source', () => {
  it('have the names of their symbols, and their lines', () => {
    const text = `int x;\n\n${one('first', 'x = 1;')}\nSYSCALL_DEFINE1(answer, int, to)\n{\n\treturn 42;\n}\n\nint __printf(1, 2) say(const char *f,\n\t\t...)\n{\n}\n`
    const found = sourceFunctions(text)
    expect([...found.keys()]).toEqual(['first', '__x64_sys_answer', 'say'])
    expect(found.get('first')).toMatchObject({ first: 3, last: 6, body: ['\tx = 1;'] })
    expect(found.get('say')?.first).toBe(13)
  })

  it('are those of the symbols that the compiler split off', () => {
    const names = ['a.isra.0', 'a.part.0.constprop.1', 'a.cold', 'a.0', 'a']
    expect(names.map(sourceName)).toEqual(['a', 'a', 'a', 'a', 'a'])
  })
})

describe('locks', () => {
  const outer = ['spin_lock(&t->a);', 'spin_lock(&t->b);', 'spin_unlock(&t->b);', 'spin_unlock(&t->a);']
  const inner = ['spin_lock(&t->b);', 'spin_lock(&t->a);', 'spin_unlock(&t->a);', 'spin_unlock(&t->b);']

  it('are seen to change their order, with the place', () => {
    const found = lockReversals(file(one('f', ...outer), one('f', ...inner)))
    expect(found).toEqual([{ path: 'images/kernel/kernel/x.c', function: 'f', line: 4, first: 't->b', second: 't->a' }])
  })

  it('are seen to change their order in two functions at once', () => {
    const found = lockReversals(file(one('f', ...outer) + one('g', ...outer), one('f', ...inner) + one('g', ...inner)))
    expect(found).toHaveLength(1)
  })

  it('that are only added, or taken one after the other, change no order', () => {
    expect(lockReversals(file(one('f', 'x = 1;'), one('f', ...outer)))).toEqual([])
    const turns = ['mutex_lock(&t->b);', 'mutex_unlock(&t->b);', 'mutex_lock(&t->a);', 'mutex_unlock(&t->a);']
    expect(lockReversals(file(one('f', ...outer), one('f', ...turns)))).toEqual([])
  })
})

describe('counters', () => {
  it.each([
    ['get_page(t->page);', 'put_page(t->page);', 'page'],
    ['thing_get(t);', 'thing_put(t);', 'thing'],
    ['atomic_inc(&t->users);', 'atomic_dec(&t->users);', 'users'],
    ['t->users++;', 't->users--;', 'users'],
  ])('%s in one function and %s in another are a pair', (up, down, subject) => {
    const found = newPairs(file(one('f', 'a();') + one('g', 'b();'), one('f', 'a();', up) + one('g', 'b();', down)))
    expect(found).toMatchObject([{ function: 'f', other: 'g', subject }])
  })

  it('that one function keeps alone are none', () => {
    expect(newPairs(file(one('f', 'a();'), one('f', 'get_page(p);', 'put_page(p);')))).toEqual([])
    expect(newPairs(file(one('f', 'a();'), one('f', 'a();', 'get_page(p);')))).toEqual([])
  })

  it('of a function alone, a loop say, are none', () => {
    const [before, after] = [one('f', 'a();') + one('g', 'b();'), one('f', 'i++;') + one('g', 'i--;')]
    expect(newPairs(file(before, after))).toEqual([])
  })
})
