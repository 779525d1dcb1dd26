import { Command } from 'commander'
import { expect, it } from 'vitest'
import { wrongNames } from '../../tools/names/names.mjs'

const program = new Command('transplant')
program.command('run').option('--exec <line>')
program.command('patch').command('build').option('-o, --output <file>')

/** What is wrong in this tree, besides two files that are right. */
function wrongIn(files: Record<string, string>, foreign: string[] = []): string[] {
  const right = {
    'src/base/bytes.ts': 'export function readBytes() {}',
    'src/engine.ts':
      'export class Engine extends Motor implements Gone<Any> {\n  private async start(): void {\n    let hovercraft\n  }\n}\n' +
      'class Motor {\n  readonly size = 1\n}\nexport interface Wheel extends Turbine {\n  turn?: () => void\n}\ntype Turbine = {\n  blades: number\n}\ntype Any = Whatever\nclass Box<T extends Any = Any> {\n  lid = 1\n}',
    'images/kernel/fs/pipe.c': 'int pipe_read(void);\n#define PIPE_BUF_SIZE 4096\nclass BytePort {}',
  }
  const tree = new Map(Object.entries({ ...right, ...files }))
  return wrongNames(tree, { foreign: new Set(foreign), scripts: { fuzz: '' }, program })
}

it('a paper and a comment may name what there is', () => {
  const paper = [
    '`fs/pipe.c`, `src/base/*.ts`, base/, ./src/base/bytes.ts and `pipe_read()`; /proc/self/maps.c is of the guest.',
    '    npm ci && npm run fuzz -- --seed 7',
    "    npx transplant run --exec 'ls --colour'    # or transplant --nothing",
    '    npx transplant patch build fix -o fix',
  ]
  const comment =
    '// PIPE_BUF_SIZE, without its beginning BUF_SIZE; a BytePort; PIPE_* and A_; I/O of MiB.\n' +
    '// Engine.start and `Engine.size`, Wheel.turn, `Wheel.blades`; Any.thing, `readBytes(at, 4)`, Promise.all\n' +
    '// base/bytes.ts has readBytes() and `readBytes`; see ./base/bytes.ts.\nlet text = "gone.ts // gone()"'
  expect(wrongIn({ 'README.md': paper.join('\n'), 'src/index.ts': comment })).toEqual([])
})

it.each([
  ['README.md', 'see `src/base/gone`', 'src/base/gone'],
  ['README.md', 'see base/gone.ts', 'base/gone.ts'],
  ['README.md', 'the room gone/ has it', 'gone'],
  ['README.md', 'see kernel/g*.c', 'kernel/g*.c'],
  ['README.md', '    npm run gone', 'npm run gone'],
  ['README.md', 'say `transplant gone`', 'transplant gone'],
  ['README.md', '    npx transplant patch undo x', 'transplant patch undo'],
  ['README.md', '    npx transplant patch build x --exec y', 'transplant patch build x --exec'],
  ['src/base/README.md', 'see ../gone.ts', '../gone.ts'],
  ['src/base/README.md', '`goneName` does it', 'goneName'],
  ['src/index.ts', '// gone() does it', 'gone'],
  ['src/index.ts', '/** As in base/gone.ts. */', 'base/gone.ts'],
  ['src/index.ts', '// A GonePort looks in.', 'GonePort'],
  ['src/index.ts', '// Throws GONE_CODE.', 'GONE_CODE'],
  ['README.md', 'GoneView and others', 'GoneView'],
  ['images/kernel/fs/a.c', '/* at most GONE_2_MAX */', 'GONE_2_MAX'],
  ['images/kernel/fs/a.c', '/* pipe_gone has it */', 'pipe_gone'],
  ['README.md', '`Engine.hovercraft` does it', 'Engine.hovercraft'],
  ['README.md', 'as `Engine.hovercraft(x)` does', 'Engine.hovercraft'],
  ['src/index.ts', '// What Engine.hovercraft throws.', 'Engine.hovercraft'],
  ['src/index.ts', '/** As `Turbine.hovercraft`. */', 'Turbine.hovercraft'],
  ['README.md', 'a Box.bottom', 'Box.bottom'],
  ['README.md', 'say `fly(x, y)`', 'fly'],
  ['src/index.ts', '// then `await fly(x)`', 'fly'],
])('%s may not say: %s', (file, text, name) => {
  expect(wrongIn({ [file]: text })).toEqual([`${file} names ${name}, which does not exist`])
  expect(wrongIn({ [file]: text }, [name])).toEqual([])
})

it('a foreign name that nobody uses is refused', () => {
  expect(wrongIn({}, ['gone.ts'])).toEqual(['gone.ts is listed as foreign, and nobody names it'])
})

it('what a changelog says of releases is history', () => {
  expect(wrongIn({ 'CHANGELOG.md': '# Changelog\n\n## Unreleased\n\n## 1.0\n\n`goneName` in gone.ts\n' })).toEqual([])
})
