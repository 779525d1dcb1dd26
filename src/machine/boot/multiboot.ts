// Multiboot 1 images as QEMU's `-kernel` takes them: a Multiboot header in the first 8192 bytes of an ELF32 file, or of any file
// whose header gives the addresses itself (flag bit 16).
//
// The kernel, its module list, strings and modules form one block (KERNEL_DATA) that the firmware copies to KERNEL_ADDR; the
// information structure (INITRD_DATA) goes to 9000H, or where the kernel leaves room, and the firmware completes it with the memory
// map behind it. Where the modules would not fit behind the kernel (one that is linked below 1 MiB), they go with the information
// structure. `--initrd` names the one module. Source: Multiboot Specification 0.6.96 sections 3.1 to 3.3.

import {
  accept,
  alignUp,
  concatBytes,
  PAGE_SIZE,
  type Result,
  readU32,
  refuse,
  writeU32,
  writeU64,
} from '../../base/index.js'
import { buildId, type ElfFile, EM_386, parseElf } from '../../format/index.js'
import * as key from '../devices/fw-cfg.js'
import { VGA_COLUMNS, VGA_ROWS, VGA_TEXT_BASE } from '../devices/vga.js'
import { type BootPlan, type BootRefusalCode, type KernelRequest, stringItem, u32Item } from './boot-plan.js'
import { flattenSegments, type LoadedSegment, loadSegments } from './load-segments.js'
import { findPlace, isLow, isUsable, refuseFirmwareMemory } from './places.js'

const HEADER_MAGIC = 0x1bad_b002
const SEARCH_BYTES = 8192
/** Bits 0 (align modules), 1 (memory information) and 2 (video mode, a wish) are understood. */
const KNOWN_REQUIREMENTS = 0x0007
const HEADER_HAS_ADDRESSES = 1 << 16
const ADDRESSES_END = 32

const INFORMATION_BYTES = 116
const MEMORY_MAP_OFFSET = 500
/** 64 ranges of 24 bytes: the most that the firmware has. */
const MEMORY_MAP_BYTES = 64 * 24
const FLAG_MEMORY = 1
const FLAG_BOOT_DEVICE = 2
const FLAG_COMMAND_LINE = 4
const FLAG_MODULES = 8
const FLAG_MEMORY_MAP = 0x40
const FLAG_LOADER_NAME = 0x200
const FLAG_FRAMEBUFFER = 0x1000
const FRAMEBUFFER_TEXT = 2

export interface MultibootHeader {
  readonly offset: number
  readonly flags: number
}

/** The header: 4-byte aligned, magic, flags and a checksum that makes the three sum to zero. */
export function findMultibootHeader(image: Uint8Array): MultibootHeader | undefined {
  const end = Math.min(image.length, SEARCH_BYTES)
  for (let offset = 0; offset + 12 <= end; offset += 4) {
    if (readU32(image, offset) !== HEADER_MAGIC) continue
    const flags = readU32(image, offset + 4)
    if (((HEADER_MAGIC + flags + readU32(image, offset + 8)) & 0xffff_ffff) === 0) return { offset, flags }
  }
  return undefined
}

/** Whether the header itself says where to load the file, whatever its format. */
export function givesAddresses(header: MultibootHeader): boolean {
  return (header.flags & HEADER_HAS_ADDRESSES) !== 0
}

interface Image {
  readonly entry: number
  readonly segments: readonly LoadedSegment[]
  readonly buildId: string | undefined
}

export function planMultiboot(header: MultibootHeader, request: KernelRequest): Result<BootPlan, BootRefusalCode> {
  const unknown = header.flags & 0xffff & ~KNOWN_REQUIREMENTS
  if (unknown !== 0) {
    return refuse(
      'unsupported-multiboot',
      `The Multiboot header's flags 0x${header.flags.toString(16)} ask for what is not offered here (bits 0, 1, 2 and 16 are).`,
      'Build the kernel without unknown requirements.',
    )
  }
  const image = givesAddresses(header) ? imageByAddresses(header, request) : imageOfElf(request)
  if (!image.ok) return image
  const ranges = image.value.segments.map(({ address, memoryBytes }) => ({
    start: address,
    end: address + memoryBytes,
  }))
  const over = refuseFirmwareMemory(ranges, false)
  if (over !== undefined) return over
  if (!ranges.some(({ start, end }) => image.value.entry >= start && image.value.entry < end)) {
    return refuse(
      'entry-outside-image',
      `The entry point 0x${image.value.entry.toString(16)} is in no loadable segment.`,
      'Set the entry symbol in the linker script (ENTRY).',
    )
  }
  return layOut(image.value, request)
}

function imageOfElf(request: KernelRequest): Result<Image, BootRefusalCode> {
  const parsed = parseElf(request.image, 'headers')
  const elf: ElfFile | undefined =
    parsed.ok && parsed.value.bits === 32 && parsed.value.machine === EM_386 ? parsed.value : undefined
  if (elf === undefined) {
    return refuse(
      'unsupported-multiboot',
      'The kernel has a Multiboot header without address fields, but is no ELF32 file for the i386.',
      'Link it as ELF32, or give the addresses in the header (flag bit 16).',
    )
  }
  const segments = loadSegments(elf, request.memoryBytes)
  if (!segments.ok) return segments
  return accept({ entry: Number(elf.entry), segments: segments.value, buildId: buildId(elf) })
}

/** The fields header_addr, load_addr, load_end_addr, bss_end_addr and entry_addr; 0 for the file's end, and for no BSS. */
function imageByAddresses(header: MultibootHeader, request: KernelRequest): Result<Image, BootRefusalCode> {
  const { image, memoryBytes } = request
  const bad = (message: string): Result<Image, BootRefusalCode> =>
    refuse('bad-multiboot-addresses', message, 'Correct the address fields of the Multiboot header (section 3.1.3).')
  if (header.offset + ADDRESSES_END > image.length)
    return bad('The file ends within the address fields of its Multiboot header.')
  const [headerAt, start, loadEnd, bssEnd, entry] = [12, 16, 20, 24, 28].map((at) =>
    readU32(image, header.offset + at),
  ) as [number, number, number, number, number]
  const offset = header.offset - (headerAt - start)
  if (headerAt < start || offset < 0) {
    return bad(
      `The Multiboot header says that it lies at 0x${headerAt.toString(16)} in what is loaded at 0x${start.toString(16)}, but it is at byte ${header.offset} of the file.`,
    )
  }
  const fileEnd = loadEnd === 0 ? image.length : offset + loadEnd - start
  if (fileEnd > image.length || fileEnd <= offset) {
    return bad(`The Multiboot header wants bytes ${offset} to ${fileEnd} of the file, which has ${image.length}.`)
  }
  const bytes = image.subarray(offset, fileEnd)
  const end = Math.max(bssEnd, start + bytes.length)
  if (bssEnd !== 0 && bssEnd < start + bytes.length) {
    return bad(`The Multiboot header ends the BSS at 0x${bssEnd.toString(16)}, within what is loaded.`)
  }
  if (end > memoryBytes) {
    return refuse(
      'larger-than-ram',
      `The kernel needs RAM up to 0x${end.toString(16)}, but it ends at 0x${memoryBytes.toString(16)}.`,
      'Give the machine more memory (--memory).',
    )
  }
  const segment = { address: start, bytes, memoryBytes: end - start }
  return accept({ entry, segments: [segment], buildId: undefined })
}

interface Extras {
  readonly bytes: Uint8Array
  readonly commandLine: number
  readonly loaderName: number
  readonly modules: number
}

/** Strings, module list and page-aligned module, for address `base`, which is page aligned. */
function makeExtras(base: number, request: KernelRequest): Extras {
  const { initrd } = request
  const commandLine = stringItem(request.append === '' ? 'kernel' : `kernel ${request.append}`)
  const loaderName = stringItem('transplant')
  const strings = concatBytes(commandLine, loaderName, stringItem('initrd'))
  const listAt = alignUp(strings.length, 16)
  const moduleAt = alignUp(listAt + 16, PAGE_SIZE)
  const bytes = new Uint8Array(moduleAt + (initrd === undefined ? 0 : alignUp(initrd.length, PAGE_SIZE)))
  bytes.set(strings)
  if (initrd !== undefined) {
    bytes.set(initrd, moduleAt)
    writeU32(bytes, listAt, base + moduleAt)
    writeU32(bytes, listAt + 4, base + moduleAt + initrd.length)
    writeU32(bytes, listAt + 8, base + commandLine.length + loaderName.length)
  }
  return { bytes, commandLine: base, loaderName: base + commandLine.length, modules: base + listAt }
}

function layOut(image: Image, request: KernelRequest): Result<BootPlan, BootRefusalCode> {
  const { memoryBytes } = request
  const high = image.segments.filter(({ address, memoryBytes }) => !isLow(address + memoryBytes))
  const low = image.segments.filter((segment) => !high.includes(segment))
  // One block, but never across the firmware's memory: where both sides have parts, the high ones are in RAM from the start.
  const preload = low.length === 0 ? [] : high
  const flat = flattenSegments(low.length === 0 ? high : low)
  const taken = preload.map(({ address, memoryBytes }) => ({ start: address, end: address + memoryBytes }))
  const behind = alignUp(flat.end, PAGE_SIZE)
  let extras = makeExtras(behind, request)
  const block = { start: flat.start, end: behind + extras.bytes.length }
  const isBehind = isUsable(block, memoryBytes)
  const kernel = isBehind ? block : { start: flat.start, end: flat.end }

  const tail = alignUp(MEMORY_MAP_OFFSET + MEMORY_MAP_BYTES, PAGE_SIZE)
  const informationAt = findPlace(isBehind ? tail : tail + extras.bytes.length, [kernel, ...taken], memoryBytes)
  if (informationAt === undefined) {
    return refuse(
      'initrd-larger-than-ram',
      `Beside the kernel at 0x${flat.start.toString(16)}..0x${flat.end.toString(16)} no RAM is left for ${extras.bytes.length + tail} bytes of modules and boot information.`,
      'Give the machine more memory (--memory).',
    )
  }
  if (!isBehind) extras = makeExtras(informationAt + tail, request)

  const kernelBytes = new Uint8Array(kernel.end - kernel.start)
  kernelBytes.set(flat.bytes())
  if (isBehind) kernelBytes.set(extras.bytes, behind - kernel.start)
  const information = new Uint8Array(isBehind ? INFORMATION_BYTES : tail + extras.bytes.length)
  information.set(describe(informationAt, extras, request))
  if (!isBehind) information.set(extras.bytes, tail)
  const items = new Map<number, Uint8Array>([
    [key.FW_CFG_KERNEL_ENTRY, u32Item(image.entry)],
    [key.FW_CFG_KERNEL_ADDR, u32Item(kernel.start)],
    [key.FW_CFG_KERNEL_SIZE, u32Item(kernelBytes.length)],
    [key.FW_CFG_KERNEL_DATA, kernelBytes],
    [key.FW_CFG_INITRD_ADDR, u32Item(informationAt)],
    [key.FW_CFG_INITRD_SIZE, u32Item(information.length)],
    [key.FW_CFG_INITRD_DATA, information],
  ])
  return accept({ protocol: 'multiboot', entry: image.entry, buildId: image.buildId, preload, items })
}

/** The information structure; the firmware adds the memory map (section 3.3). */
function describe(at: number, extras: Extras, request: KernelRequest): Uint8Array {
  const information = new Uint8Array(INFORMATION_BYTES)
  const flags =
    FLAG_MEMORY |
    FLAG_BOOT_DEVICE |
    FLAG_COMMAND_LINE |
    FLAG_MODULES |
    FLAG_MEMORY_MAP |
    FLAG_LOADER_NAME |
    FLAG_FRAMEBUFFER
  writeU32(information, 0, flags)
  writeU32(information, 4, 640)
  writeU32(information, 8, Math.floor(request.memoryBytes / 1024) - 1024)
  writeU32(information, 12, 0x8000_ffff) // the first hard disk, no partition
  writeU32(information, 16, extras.commandLine)
  writeU32(information, 20, request.initrd === undefined ? 0 : 1)
  writeU32(information, 24, extras.modules)
  writeU32(information, 48, at + MEMORY_MAP_OFFSET)
  writeU32(information, 64, extras.loaderName)
  writeU64(information, 88, BigInt(VGA_TEXT_BASE))
  writeU32(information, 96, 2 * VGA_COLUMNS)
  writeU32(information, 100, VGA_COLUMNS)
  writeU32(information, 104, VGA_ROWS)
  information[108] = 16 // bits a cell
  information[109] = FRAMEBUFFER_TEXT
  return information
}
