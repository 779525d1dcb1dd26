// Multiboot 1 images as QEMU's `-kernel` takes them: ELF32 with a Multiboot header in the first 8192 bytes.
//
// The kernel, its command line, module list and modules form one block (KERNEL_DATA) that the firmware copies to
// KERNEL_ADDR; the information structure (INITRD_DATA) goes to 9000H, and the firmware completes it with the memory map.
// `--initrd` names the one module. Source: Multiboot Specification 0.6.96 sections 3.1 and 3.3.

import { accept, alignUp, type Result, readU32, refuse, writeU32 } from '../../base/index.js'
import { buildId, type ElfFile } from '../../format/index.js'
import * as key from '../devices/fw-cfg.js'
import { type BootPlan, type BootRefusalCode, type KernelRequest, stringItem, u32Item } from './boot-plan.js'
import { flattenSegments, loadSegments } from './load-segments.js'

const HEADER_MAGIC = 0x1bad_b002
const SEARCH_BYTES = 8192
/** Bits 0 (align modules), 1 (memory information) and 2 (video mode, ignored as optional) are understood. */
const KNOWN_REQUIREMENTS = 0x0007
const HEADER_HAS_ADDRESSES = 1 << 16

const INFORMATION_ADDRESS = 0x9000
const INFORMATION_BYTES = 88
const MEMORY_MAP_OFFSET = 500
const FLAG_MEMORY = 1
const FLAG_BOOT_DEVICE = 2
const FLAG_COMMAND_LINE = 4
const FLAG_MODULES = 8
const FLAG_MEMORY_MAP = 0x40
const FLAG_LOADER_NAME = 0x200

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

export function prepareMultiboot(
  elf: ElfFile,
  header: MultibootHeader,
  request: KernelRequest,
): Result<BootPlan, BootRefusalCode> {
  const unknown = header.flags & 0xffff & ~KNOWN_REQUIREMENTS
  if (unknown !== 0 || (header.flags & HEADER_HAS_ADDRESSES) !== 0) {
    return refuse(
      'unsupported-multiboot',
      `The Multiboot header's flags 0x${header.flags.toString(16)} ask for what is not offered here (bits 0, 1 and 2 are).`,
      'Build the kernel as an ELF image, without the address fields (flag bit 16) and without unknown requirements.',
    )
  }
  const loaded = loadSegments(elf, request.memoryBytes)
  if (!loaded.ok) return loaded
  const flat = flattenSegments(loaded.value)
  const entry = Number(elf.entry)
  if (entry < flat.start || entry >= flat.end) {
    return refuse(
      'entry-outside-image',
      `The entry point 0x${entry.toString(16)} is in no loadable segment.`,
      'Set the entry symbol in the linker script (ENTRY).',
    )
  }

  // Behind the kernel, from the next page: command lines and names, the module list, and page-aligned modules.
  const commandLine = stringItem(request.append === '' ? 'kernel' : `kernel ${request.append}`)
  const loaderName = stringItem('transplant')
  const moduleLine = stringItem('initrd')
  const kernelBytes = alignUp(flat.end - flat.start, 4096)
  const commandLineAt = kernelBytes
  const loaderNameAt = commandLineAt + commandLine.length
  const moduleLineAt = loaderNameAt + loaderName.length
  const moduleListAt = alignUp(moduleLineAt + moduleLine.length, 16)
  const moduleAt = alignUp(moduleListAt + 16, 4096)
  const total = request.initrd === undefined ? moduleAt : moduleAt + alignUp(request.initrd.length, 4096)
  if (flat.start + total > request.memoryBytes) {
    return refuse(
      'initrd-larger-than-ram',
      `Kernel and modules need RAM up to 0x${(flat.start + total).toString(16)}, but it ends at 0x${request.memoryBytes.toString(16)}.`,
      'Give the machine more memory (--memory).',
    )
  }

  const block = new Uint8Array(total)
  block.set(flat.bytes())
  block.set(commandLine, commandLineAt)
  block.set(loaderName, loaderNameAt)
  block.set(moduleLine, moduleLineAt)
  if (request.initrd !== undefined) {
    block.set(request.initrd, moduleAt)
    writeU32(block, moduleListAt, flat.start + moduleAt)
    writeU32(block, moduleListAt + 4, flat.start + moduleAt + request.initrd.length)
    writeU32(block, moduleListAt + 8, flat.start + moduleLineAt)
  }

  const information = new Uint8Array(INFORMATION_BYTES)
  const flags = FLAG_MEMORY | FLAG_BOOT_DEVICE | FLAG_COMMAND_LINE | FLAG_MODULES | FLAG_MEMORY_MAP | FLAG_LOADER_NAME
  writeU32(information, 0, flags)
  writeU32(information, 4, 640)
  writeU32(information, 8, Math.floor(request.memoryBytes / 1024) - 1024)
  writeU32(information, 12, 0x8000_ffff) // the first hard disk, no partition
  writeU32(information, 16, flat.start + commandLineAt)
  writeU32(information, 20, request.initrd === undefined ? 0 : 1)
  writeU32(information, 24, flat.start + moduleListAt)
  writeU32(information, 48, INFORMATION_ADDRESS + MEMORY_MAP_OFFSET)
  writeU32(information, 64, flat.start + loaderNameAt)

  const items = new Map<number, Uint8Array>([
    [key.FW_CFG_KERNEL_ENTRY, u32Item(entry)],
    [key.FW_CFG_KERNEL_ADDR, u32Item(flat.start)],
    [key.FW_CFG_KERNEL_SIZE, u32Item(total)],
    [key.FW_CFG_KERNEL_DATA, block],
    [key.FW_CFG_INITRD_ADDR, u32Item(INFORMATION_ADDRESS)],
    [key.FW_CFG_INITRD_SIZE, u32Item(INFORMATION_BYTES)],
    [key.FW_CFG_INITRD_DATA, information],
  ])
  return accept({ protocol: 'multiboot', entry, buildId: buildId(elf), preload: [], items })
}
