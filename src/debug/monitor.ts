// The monitor: questions about a stopped guest in QEMU's words, for gdb's `monitor` and for the console. It only looks.

import { formatAddress, PAGE_SIZE, type PhysAddr, physAddr, TransplantError, type VirtAddr } from '../base/index.js'
import { PAGE_BITS, REGISTER_BITS } from '../cpu/index.js'
import { type KernelView, readLivePatches, readTasks } from '../guest/index.js'
import { createDisassembler } from '../isa/index.js'
import type { GuestPort, Registers } from '../machine/index.js'
import { dumpMemory, parseDumpFormat } from './memory-dump.js'

/** What a monitor looks at. */
export interface MonitorView {
  readonly port: GuestPort
  /** The vCPU that is spoken of. */
  cpu: number
  /** The kernel that runs, if it is known. */
  kernel(): Promise<KernelView | undefined>
}

interface Question {
  /** As it is typed, with its arguments. */
  readonly usage: string
  readonly says: string
  readonly ask: (view: MonitorView, args: readonly string[]) => Promise<string>
}

const HINT = "'help' lists the commands."

function misused(message: string): TransplantError {
  return new TransplantError('MONITOR_USAGE', message, HINT)
}

const hex = (value: bigint | number, digits = 16): string =>
  BigInt.asUintN(64, BigInt(value)).toString(16).padStart(digits, '0')

// Registers and vCPUs ////////////////////////////////////////////////////////////////////////////////////////////////////

const GENERAL = ['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rbp', 'rsp', 'r8', 'r9'] as const
const MORE = ['r10', 'r11', 'r12', 'r13', 'r14', 'r15'] as const

function registerRows(cpu: number, registers: Registers): string[] {
  const general = [...GENERAL, ...MORE].map((name) => `${name.toUpperCase().padEnd(3)}=${hex(registers[name])}`)
  const rows = Array.from({ length: general.length / 4 }, (_, i) => general.slice(4 * i, 4 * i + 4).join(' '))
  const { rip, rflags, cpl, efer } = registers
  return [
    `vCPU ${cpu}`,
    ...rows,
    `RIP=${hex(rip)} RFL=${hex(rflags, 8)} CPL=${cpl}`,
    (['es', 'cs', 'ss', 'ds', 'fs', 'gs'] as const)
      .map((name) => `${name.toUpperCase()}=${hex(registers[name], 4)}`)
      .join(' '),
    `FS_BASE=${hex(registers.fsBase)} GS_BASE=${hex(registers.gsBase)} KERNEL_GS_BASE=${hex(registers.kernelGsBase)}`,
    `CR0=${hex(registers.cr0, 8)} CR2=${hex(registers.cr2)} CR3=${hex(registers.cr3)} CR4=${hex(registers.cr4, 8)} CR8=${hex(registers.cr8, 1)}`,
    `EFER=${hex(efer)}`,
  ]
}

async function showRegisters({ port, cpu }: MonitorView, [which]: readonly string[]): Promise<string> {
  if (which !== undefined && which !== '-a') throw misused(`'${which}' is no option of info registers.`)
  const cpus = which === '-a' ? Array.from({ length: port.vcpus }, (_, i) => i) : [cpu]
  const all = await Promise.all(cpus.map(async (one) => registerRows(one, await port.registers(one)).join('\n')))
  return all.join('\n\n')
}

async function showCpus(view: MonitorView): Promise<string> {
  const kernel = await view.kernel()
  const rows = Array.from({ length: view.port.vcpus }, async (_, cpu) => {
    const { rip, cr3 } = await view.port.registers(cpu)
    const at = kernel && (await kernel.on(cpu)).functionAt(rip)
    const place = at === undefined ? '' : ` <${at.symbol.name}+0x${at.offset.toString(16)}>`
    const mark = cpu === view.cpu ? '*' : ' '
    return `${mark} vCPU ${cpu}: ${await view.port.activity(cpu)} at ${formatAddress(rip)}${place}, CR3 ${formatAddress(cr3)}`
  })
  return (await Promise.all(rows)).join('\n')
}

async function chooseCpu(view: MonitorView, [text]: readonly string[]): Promise<string> {
  const cpu = Number(text)
  if (text === undefined || !Number.isInteger(cpu) || cpu < 0 || cpu >= view.port.vcpus) {
    throw misused(`There is no vCPU '${text ?? ''}': 0 to ${view.port.vcpus - 1}.`)
  }
  view.cpu = cpu
  return ''
}

// Page tables ////////////////////////////////////////////////////////////////////////////////////////////////////////////

const { PTE_FRAME, PTE_LARGE, PTE_NX, PTE_PRESENT, PTE_USER, PTE_WRITE } = PAGE_BITS
const { CR0_PG, EFER_LMA } = REGISTER_BITS
const LEVELS = 4

interface Range {
  readonly start: bigint
  end: bigint
  readonly rights: string
}

/** What 4-level tables map, neighbours of equal rights as one; `visit` is called in order of addresses. */
async function walkMapped(
  port: GuestPort,
  cr3: bigint,
  visit: (start: bigint, bytes: bigint, entry: bigint, rights: bigint) => void,
): Promise<void> {
  const table = async (at: bigint, level: number, base: bigint, above: bigint): Promise<void> => {
    const bytes = await port.readPhysical(physAddr(Number(at)) as PhysAddr, PAGE_SIZE).catch(() => undefined)
    if (bytes === undefined) return
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    const span = 1n << BigInt(12 + 9 * (level - 1))
    for (let i = 0; i < 512; i++) {
      const entry = view.getBigUint64(8 * i, true)
      if ((entry & PTE_PRESENT) === 0n) continue
      let start = base + span * BigInt(i)
      if (level === LEVELS) start = BigInt.asUintN(64, BigInt.asIntN(48, start))
      // What a table forbids, nothing below it allows; NX forbids.
      const rights = (above & entry & (PTE_WRITE | PTE_USER)) | ((above | entry) & PTE_NX)
      if (level > 1 && (entry & PTE_LARGE) === 0n) await table(entry & PTE_FRAME, level - 1, start, rights)
      else visit(start, span, entry, rights)
    }
  }
  await table(cr3 & PTE_FRAME, LEVELS, 0n, PTE_WRITE | PTE_USER)
}

const rightsText = (rights: bigint): string =>
  `${(rights & PTE_USER) === 0n ? '-' : 'u'}r${(rights & PTE_WRITE) === 0n ? '-' : 'w'}${(rights & PTE_NX) === 0n ? 'x' : '-'}`

async function tablesOf({ port, cpu }: MonitorView): Promise<bigint> {
  const { cr0, cr3, efer } = await port.registers(cpu)
  if ((cr0 & CR0_PG) !== 0n && (efer & EFER_LMA) !== 0n) return cr3
  throw misused(`vCPU ${cpu} is not in IA-32e mode: no 4-level tables.`)
}

async function showMappings(view: MonitorView): Promise<string> {
  const ranges: Range[] = []
  await walkMapped(view.port, await tablesOf(view), (start, bytes, _entry, bits) => {
    const rights = rightsText(bits)
    const last = ranges.at(-1)
    if (last?.end === start && last.rights === rights) last.end = start + bytes
    else ranges.push({ start, end: start + bytes, rights })
  })
  return ranges.map(({ start, end, rights }) => `${hex(start)}-${hex(end)} ${hex(end - start)} ${rights}`).join('\n')
}

const TLB_ROWS = 4096

async function showTranslations(view: MonitorView): Promise<string> {
  const rows: string[] = []
  await walkMapped(view.port, await tablesOf(view), (start, bytes, entry, rights) => {
    const frame = entry & PTE_FRAME & ~(bytes - 1n)
    if (rows.length < TLB_ROWS) rows.push(`${hex(start)}: ${hex(frame)} ${rightsText(rights)}`)
    else if (rows.length === TLB_ROWS) rows.push('... and more: info mem shows ranges')
  })
  return rows.join('\n')
}

// The kernel /////////////////////////////////////////////////////////////////////////////////////////////////////////////

async function requireKernel(view: MonitorView): Promise<KernelView> {
  const kernel = await view.kernel()
  if (kernel !== undefined) return kernel.on(view.cpu)
  throw new TransplantError(
    'KERNEL_UNKNOWN',
    'No kernel that is known runs here (yet).',
    'Give its image, and let it boot.',
  )
}

async function showTasks(view: MonitorView): Promise<string> {
  const kernel = await requireKernel(view)
  const rows = (await readTasks(kernel)).map(
    ({ pid, tgid, comm, address, patchState, pgd }) =>
      [pid, tgid, patchState].map((value) => String(value).padStart(6)).join('') +
      `  ${formatAddress(address)}  ${pgd === undefined ? `[${comm}]` : comm}`,
  )
  return ['   pid  tgid patch  task_struct         name', ...rows].join('\n')
}

async function showPatches(view: MonitorView): Promise<string> {
  const patches = await readLivePatches(await requireKernel(view))
  if (patches.length === 0) return 'no live patch is loaded'
  return patches
    .flatMap(({ name, enabled, inTransition, functions }) => [
      `${name}: ${enabled ? 'enabled' : 'disabled'}${inTransition ? ', in transition' : ''}`,
      ...functions.map((one) => {
        const state = [one.patched ? 'patched' : 'not patched', ...(one.inTransition ? ['in transition'] : [])].join(
          ', ',
        )
        return `  ${one.object}:${one.name} ${formatAddress(one.oldAddress)} -> ${formatAddress(one.newAddress)}, ${state}`
      }),
    ])
    .join('\n')
}

/** An address: a number, a register ($rip), a symbol; sums of them. */
async function addressOf(view: MonitorView, text: string): Promise<bigint> {
  const registers = await view.port.registers(view.cpu)
  const kernel = await view.kernel()
  const parts = text.split('+').map((part) => {
    if (/^(0x[0-9a-fA-F]+|\d+)$/.test(part)) return BigInt(part)
    const value = part.startsWith('$') ? registers[part.slice(1) as keyof Registers] : undefined
    if (typeof value === 'bigint' || typeof value === 'number') return BigInt(value)
    if (kernel?.has(part) === true) return BigInt(kernel.address(part))
    throw misused(`'${part}' is no address: a number, $register or a symbol of the kernel.`)
  })
  return BigInt.asUintN(
    64,
    parts.reduce((sum, value) => sum + value, 0n),
  )
}

async function examine(view: MonitorView, args: readonly string[], physical: boolean): Promise<string> {
  const [first = '', ...rest] = args
  const format = parseDumpFormat(first.startsWith('/') ? first : '/')
  const where = first.startsWith('/') ? rest.join('') : args.join('')
  if (format === undefined || where === '') throw misused('x /8xw ADDRESS: /count, x d u o c i, b h w g.')
  const { port, cpu } = view
  const read = (at: VirtAddr, length: number) =>
    physical ? port.readPhysical(physAddr(Number(at)), length) : port.readVirtual(at, length, { cpu })
  return dumpMemory(read, await addressOf(view, where), format, createDisassembler)
}

// The commands ///////////////////////////////////////////////////////////////////////////////////////////////////////////

const QUESTIONS: Readonly<Record<string, Question>> = {
  help: { usage: 'help', says: 'this list', ask: async () => helpText() },
  'info registers': { usage: 'info registers [-a]', says: 'registers of the vCPU, or of all', ask: showRegisters },
  'info cpus': { usage: 'info cpus', says: 'where each vCPU is', ask: showCpus },
  'info mem': { usage: 'info mem', says: 'what is mapped, and with which rights', ask: showMappings },
  'info tlb': { usage: 'info tlb', says: 'what is mapped, page by page', ask: showTranslations },
  'info tasks': { usage: 'info tasks', says: 'tasks of the kernel, with their patch_state', ask: showTasks },
  'info patches': { usage: 'info patches', says: 'live patches and their functions', ask: showPatches },
  cpu: { usage: 'cpu N', says: 'the vCPU that is spoken of', ask: chooseCpu },
  x: {
    usage: 'x /FMT ADDRESS',
    says: 'memory: x /8xw $rsp, x /5i $rip',
    ask: (view, args) => examine(view, args, false),
  },
  xp: {
    usage: 'xp /FMT ADDRESS',
    says: 'the same at a physical address',
    ask: (view, args) => examine(view, args, true),
  },
}

function helpText(): string {
  return Object.values(QUESTIONS)
    .map(({ usage, says }) => `${usage.padEnd(22)}${says}`)
    .join('\n')
}

/**
 * The monitor's answer to one line, ended by a line feed. What is wrong with the line is an answer too (MONITOR_USAGE), and so is what the
 * guest refuses; throws what is a defect (INTERNAL).
 */
export async function askMonitor(view: MonitorView, line: string): Promise<string> {
  const words = line
    .trim()
    .split(/\s+/)
    .filter((word) => word !== '')
  const name = [words.slice(0, 2).join(' '), words[0] ?? 'help'].find((key) => Object.hasOwn(QUESTIONS, key))
  try {
    const question = name === undefined ? undefined : QUESTIONS[name]
    if (question === undefined || name === undefined) throw misused(`The monitor has no '${line.trim()}'.`)
    const text = await question.ask(view, words.slice(name.split(' ').length))
    return text === '' ? '' : `${text}\n`
  } catch (error) {
    if (error instanceof TransplantError) return `${error.message}\n`
    throw error
  }
}
