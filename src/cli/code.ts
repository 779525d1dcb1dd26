// `--code`: the program with the library that does what a command line says, to go on from. It goes to stdout, and nothing runs.

import type { MachineFlags } from './machine-options.js'
import { print } from './output.js'

/** What the program begins with. */
export interface CodeFlags extends MachineFlags {
  readonly from?: string
  readonly save?: string
  readonly code?: boolean
}

/** A program in the making: what it imports, and its statements. */
export class Program {
  private readonly library = new Set<string>(['MachineSession'])
  private readonly files = new Set<string>()
  private readonly statements: string[] = []

  /** A guest that has booted, or goes on, as the flags say. */
  constructor(image: string | undefined, flags: CodeFlags) {
    if (flags.from !== undefined) this.resume(flags.from)
    else this.boot(image, flags)
  }

  /** One or more statements, which may use names of the library. */
  add(text: string, ...library: readonly string[]): void {
    for (const name of library) this.library.add(name)
    this.statements.push(text)
  }

  /** An expression for the bytes of a file. */
  bytesOf(path: string): string {
    this.files.add('readFileSync')
    return `new Uint8Array(readFileSync(${quote(path)}))`
  }

  /** Ends with the guest in a file, where it is to be kept, and prints it all. */
  print(save: string | undefined): void {
    if (save !== undefined) {
      this.files.add('writeFileSync')
      this.add(`writeFileSync(${quote(save)}, encodeSnapshot(session.machine.snapshot()))`, 'encodeSnapshot')
    }
    const sorted = (names: ReadonlySet<string>): string => [...names].sort().join(', ')
    const files = this.files.size === 0 ? [] : [`import { ${sorted(this.files)} } from 'node:fs'`]
    print(
      [
        ...files,
        `import { ${sorted(this.library)} } from 'transplant'`,
        `import { readAssets } from 'transplant/node'`,
        '',
        ...this.statements,
        'session.dispose()',
      ].join('\n'),
    )
  }

  private boot(image: string | undefined, flags: MachineFlags): void {
    const { smp, memory, cpu, seed, append, initrd, disk, pcTestdev } = flags
    const machine = [
      ...(image === undefined ? [] : [`kernel: ${this.bytesOf(image)}`]),
      ...(initrd === undefined
        ? image === undefined
          ? []
          : ['initrd: undefined']
        : [`initrd: ${this.bytesOf(initrd)}`]),
      ...(disk === undefined ? [] : [`disk: ${this.bytesOf(disk)}`]),
      ...(pcTestdev === true ? ['pcTestdev: true'] : []),
      ...[`vcpus: ${Number(smp)}`, `memoryBytes: ${Number(memory)} * 1024 * 1024`, `cpu: ${quote(cpu)}`],
      ...[`seed: ${Number(seed)}`, `append: ${quote(append ?? 'console=ttyS0')}`, "onReset: 'stop'"],
    ]
    this.add(
      `const booted = await MachineSession.boot({\n  ...readAssets(),\n${machine.map((line) => `  ${line},\n`).join('')}})`,
    )
    this.add(`${orExit('booted')}\nconst session = booted.value`)
  }

  private resume(snapshot: string): void {
    this.add(`const snapshot = decodeSnapshot(${this.bytesOf(snapshot)})`, 'decodeSnapshot')
    this.add(orExit('snapshot'))
    this.add('const session = await MachineSession.resume(readAssets().coreWasm, snapshot.value)')
  }
}

/** A refusal ends the program with its sentence. */
const orExit = (name: string): string => `if (!${name}.ok) {\n  console.error(${name}.message)\n  process.exit(2)\n}`

/** A text as a literal of JavaScript. */
export const quote = (text: string): string => (/['\\\n\r\u2028\u2029]/.test(text) ? JSON.stringify(text) : `'${text}'`)
