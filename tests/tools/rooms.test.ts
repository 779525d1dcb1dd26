import { expect, it } from 'vitest'
import { checkRooms } from '../../tools/rooms/rooms.mjs'

/** What is wrong in this tree. */
const wrongIn = (files: Record<string, string>, upward: Record<string, string[]> = {}): string[] =>
  checkRooms(new Map(Object.entries(files)), upward).wrong

it('an import goes down, and by the door; it is counted', () => {
  const files = {
    'machine/machine.ts': "import { a } from '../base/index.js'\nimport { B } from './devices/uart.js'",
    'machine/devices/uart.ts': "import type { Bus } from '../bus.js'\nexport { a } from '../../base/index.js'",
    'cpu/jit/emit.ts': "import { X } from '../numbers/x.js'\nimport { BLOCK } from '../layouts.js'",
    'cpu/cpu-core.ts': "import { C } from './jit/index.js'",
    'cpu/core/index.ts': "import { f } from './execute/run'",
    'cpu/core/memory/tlb.ts': "import { X } from '../../numbers/x'\nimport { c } from '../state/state'",
  }
  expect(wrongIn(files)).toEqual([])
  expect([...checkRooms(new Map(Object.entries(files)), {}).arrows]).toEqual([['machine -> base', 2]])
})

it.each([
  ['base/a.ts', "import { x } from '../cpu/index.js'", 'imports go down only'],
  ['upgrade/a.ts', "export * from '../patch/index.js'", 'imports go down only'],
  ['machine/a.ts', "import { x } from '../cpu/cpu-core.js'", 'enter a room by its index.ts'],
  ['guest/a.ts', "import { x } from './scion/tasks.js'", 'enter a folder by its index.ts'],
  ['base/a.ts', "import { x } from '../strays/index.js'", 'is in no room'],
  // Every way to write it.
  ['base/a.ts', 'import { x } from "../cpu/index.js"', 'imports go down only'],
  ['base/a.ts', "import '../cpu/index.js'", 'imports go down only'],
  ['base/a.ts', "import {\n  x,\n  type y,\n} from '../cpu/index.js'", 'imports go down only'],
  ['base/a.ts', "await import('../cpu/index.js')", 'imports go down only'],
  ['base/a.ts', 'await import(`../cpu/index.js`)', 'imports go down only'],
  ['base/a.ts', "await import(/* @vite-ignore */ '../cpu/index.js')", 'imports go down only'],
  ['base/a.ts', `await import(\`../\${room}/index.js\`)`, 'a path that nobody can follow'],
  // Parts of a room that have no door.
  ['machine/devices/uart.ts', "import { Machine } from '../machine.js'", 'not one of what machine/devices may take'],
  [
    'machine/devices/uart.ts',
    "import { plan } from '../boot/boot-plan.js'",
    'not one of what machine/devices may take',
  ],
  ['machine/boot/linux.ts', "import { Uart } from '../devices/uart.js'", 'not one of what machine/boot may take'],
  ['cpu/jit/emit.ts', "import { CpuCore } from '../cpu-core.js'", 'not one of what cpu/jit may take'],
  ['cpu/numbers/x.ts', "import { BLOCK } from '../layouts.js'", 'not one of what cpu/numbers may take'],
  ['cpu/cpu-core.ts', "import { Translator } from './jit/translate.js'", 'not how cpu/jit is entered'],
  ['cpu/cpu-core.ts', "import { run } from './core/index.js'", 'not how cpu/core is entered'],
  // The core.
  ['cpu/core/memory/tlb.ts', "import { run } from '../execute/run'", 'imports go down too'],
  ['cpu/core/memory/tlb.ts', "import { BLOCK } from '../../layouts'", 'not one of what cpu/core may take'],
  ['cpu/core/memory/tlb.ts', "import { x } from '../../../base/bytes'", 'nothing from beyond numbers/'],
])('%s may not %s', (path, text, why) => {
  expect(wrongIn({ [path]: text })).toEqual([expect.stringContaining(why)])
})

it('a file has a place: in a room of the core, and in a folder of a room that a rule knows', () => {
  expect(wrongIn({ 'cpu/core/stray.ts': '' })).toEqual([
    expect.stringContaining("cpu/core/stray.ts is in none of the core's rooms"),
  ])
  expect(wrongIn({ 'cpu/core/cache/lines.ts': '' })).toEqual([
    expect.stringContaining("is in none of the core's rooms"),
  ])
  expect(wrongIn({ 'machine/sound/beep.ts': '' })).toEqual([expect.stringContaining('that no rule knows')])
})

it('the core runs upward by the names that are listed, and by no other of the same file', () => {
  const upward = { 'memory/mmu -> system/debug': ['watchesPage'] }
  const listed = "import { watchesPage } from '../system/debug'"
  expect(wrongIn({ 'cpu/core/memory/mmu.ts': listed }, upward)).toEqual([])
  expect(
    wrongIn({ 'cpu/core/memory/mmu.ts': `${listed}\nimport { armDebug } from '../system/debug'` }, upward),
  ).toEqual([expect.stringContaining('imports armDebug from system/debug')])
  expect(wrongIn({ 'cpu/core/memory/mmu.ts': listed, 'cpu/core/memory/tlb.ts': listed }, upward)).toEqual([
    expect.stringContaining('cpu/core/memory/tlb.ts imports watchesPage'),
  ])
  expect(wrongIn({ 'cpu/core/memory/mmu.ts': '' }, upward)).toEqual([expect.stringContaining('take it off the list')])
})
