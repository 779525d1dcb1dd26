// Builds images/user/oracle/ to images/built/oracle: the static program that executes generated instruction forms, natively or in the
// guest (tests/oracle), and to images/built/oracle-cases: the one that executes on the host what tests/oracle/cases generates. Their
// general-register build never disturbs the vector state they measure.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generate } from '../../images/user/oracle/generate.mjs'
import { buildFolder, builtFolder, compile, root, run, WARNINGS } from './toolchain.mjs'

const flags = [
  ...['-O2', ...WARNINGS, '-std=gnu11', '-ffreestanding', '-fno-pic', '-fno-pie', '-fno-stack-protector'],
  ...['-fcf-protection=none', '-fno-asynchronous-unwind-tables', '-mgeneral-regs-only', '-mno-red-zone'],
  ...['-fno-tree-loop-distribute-patterns', '-Iimages/user/oracle'],
]

export function buildOracle() {
  const generated = 'images/build/oracle/forms.S'
  mkdirSync(join(buildFolder, 'oracle'), { recursive: true })
  writeFileSync(join(root, generated), generate())
  const sources = [...['run.S', 'oracle.c', 'operands.c'].map((name) => `images/user/oracle/${name}`), generated]
  const objects = sources.map((source) => compile('oracle', source, flags))
  return [link('oracle', objects), buildCases()]
}

/** Far above all addresses that its cases make on purpose. */
function buildCases() {
  const objects = ['images/user/oracle/cases-run.S', 'images/user/oracle/cases.c'].map((source) =>
    compile('oracle', source, [...flags, '-mcmodel=large']),
  )
  return link('oracle-cases', objects, ['-Ttext-segment=0x7e0000000000'])
}

function link(name, objects, options = []) {
  const program = join(builtFolder, name)
  const usual = ['-m', 'elf_x86_64', '-static', '-nostdlib', '--build-id=none', '-s', '-z', 'noexecstack']
  run('ld', [...usual, '-z', 'max-page-size=4096', ...options, '-o', program, ...objects])
  return program
}
