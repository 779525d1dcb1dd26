import { expect, it } from 'vitest'
import { directLooks } from '../../tools/rooms/looks.mjs'
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
  // The entries.
  ['node.ts', "import { x } from './machine/execution.js'", 'enter a room by its index.ts'],
  ['index.ts', "export { x } from './strays/index.js'", 'is in no room'],
  // A machine is held by who drives it, and a guest is looked into by its port.
  ['guest/tasks.ts', "import type { GuestPort, Machine } from '../machine/index.js'", 'imports Machine: who observes'],
  ['patch/a.ts', "import { type MachineView } from '../machine/index.js'", 'imports MachineView: who observes'],
  ['debug/a.ts', "export { Machine as M } from '../machine/index.js'", 'imports Machine: who observes'],
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

it.each([
  ['stray.ts', 'lies beside the rooms'],
  ['notes.md', 'lies beside the rooms'],
  ['newroom/index.ts', 'which is no room'],
  ['newroom/README.md', 'which is no room'],
  ['base/inner/a.ts', 'a folder of base that no rule knows'],
  ['base/inner/README.md', 'a folder of base that no rule knows'],
  ['web/other/a.ts', 'a folder of web that no rule knows'],
  ['web/page/other/a.ts', 'a folder of web that no rule knows'],
  ['guest/inner/a.ts', 'a folder of guest that no rule knows'],
  ['machine/devices/inner/a.ts', 'a folder of machine that no rule knows'],
  ['base/notes.txt', 'is no source'],
  ['base/NOTES.md', 'is no source'],
  ['base/old.css', 'is no source'],
  ['cpu/core/memory/notes.txt', 'is no source'],
])('%s %s', (path, why) => {
  expect(wrongIn({ [path]: '' })).toEqual([expect.stringContaining(why)])
})

it("who drives may hold a machine, and what is the machine's own is asked of it", () => {
  const held = "import { Machine } from '../machine/index.js'"
  expect(
    wrongIn({
      'guest/machine-session.ts': held,
      'cli/run.ts': `${held}\nsay(machine.now, machine.hash())`,
      'guest/tasks.ts': "import type { GuestPort } from '../machine/index.js'",
    }),
  ).toEqual([])
})

it('a guest is looked into by its port, whatever its machine is called', () => {
  const looks = (text: string, path = 'cli/a.ts', lookers = new Map<string, string>()): string[] =>
    directLooks(
      new Map([
        [
          'machine/index.ts',
          "export { Machine } from './machine.js'\nexport interface GuestPort {\n  registers(cpu: number): number\n}",
        ],
        [
          'machine/machine.ts',
          "import { MachineView } from './machine-view.js'\nexport class Machine extends MachineView {}",
        ],
        [
          'machine/machine-view.ts',
          'export class MachineView {\n  now = 0\n  ram = 0\n  registers(cpu: number) {\n    return cpu\n  }\n}',
        ],
        [
          path,
          `import type { GuestPort, Machine } from '../machine/index.js'\nfunction f(it: Machine, port: GuestPort) {\n  ${text}\n}`,
        ],
      ]),
      lookers,
    )
  for (const text of ['it.registers(0)', 'const same = it\n  same.registers(0)', 'const { registers } = it']) {
    expect(looks(text)).toEqual(['cli/a.ts asks a machine for registers: ask a GuestPort'])
  }
  expect(looks('const { ram: memory } = it')).toEqual(['cli/a.ts asks a machine for ram: ask a GuestPort'])
  expect(looks('port.registers(0)\n  return it.now')).toEqual([])
  expect(looks('it.registers(0)', 'machine/replay.ts')).toEqual([])
  const excused = new Map([['cli/a', 'for a reason']])
  expect(looks('it.registers(0)', 'cli/a.ts', excused)).toEqual([])
  expect(looks('port.registers(0)', 'cli/a.ts', excused)).toEqual([
    'cli/a looks by no machine any more: take it off the list',
  ])
})

it('what has a place may stay there', () => {
  const files = [
    ...['index.ts', 'node.ts', 'base/README.md', 'base/tsconfig.json', 'cpu/core.wasm', 'cpu/core/memory/tlb.ts'],
    ...['guest/scion/index.ts', 'guest/scion/tasks.ts', 'machine/devices/uart.ts', 'web/page/style/page.css'],
  ]
  expect(wrongIn(Object.fromEntries(files.map((file) => [file, ''])))).toEqual([])
})

it('what runs upward in the core is what its README gives a reason for', () => {
  const upward = { 'memory/mmu -> system/debug': ['watchesPage'] }
  const tree = (readme: string) => ({
    'cpu/core/README.md': readme,
    'cpu/core/memory/mmu.ts': "import { watchesPage } from '../system/debug'",
  })
  expect(wrongIn(tree('| memory -> system | a data breakpoint |'), upward)).toEqual([])
  expect(wrongIn(tree('nothing'), upward)).toEqual(['cpu/core/README.md does not say why memory -> system runs upward'])
  expect(wrongIn(tree('| memory -> system | why |\n| memory -> decode | why |'), upward)).toEqual([
    'cpu/core/README.md tells of memory -> decode, which does not run upward',
  ])
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
