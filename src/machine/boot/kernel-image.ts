// Takes a kernel image as QEMU's `-kernel` does and prepares what the firmware finds: segments in RAM (PVH), a flat block with
// a Multiboot information structure, or the parts of a Linux bzImage; and the fw_cfg items that go with each.
//
// Everything wrong with an image is a refusal with a stable code, found before the machine is built. The layout of the
// items is QEMU's (hw/i386/x86.c and multiboot.c describe it; see firmware/README.md for what our ROM reads).

import { accept, type Refusal, type Result, refuse } from '../../base/index.js'
import { buildId, type ElfFile, EM_386, EM_X86_64, neededMemory, parseElf, pvhEntry } from '../../format/index.js'
import * as key from '../devices/fw-cfg.js'
import { type BootPlan, type BootRefusalCode, type KernelRequest, stringItem, u32Item } from './boot-plan.js'
import { isLinuxImage, planLinux } from './linux.js'
import { flattenSegments, loadSegments } from './load-segments.js'
import { findMultibootHeader, givesAddresses, planMultiboot } from './multiboot.js'
import { placeInitrd, refuseFirmwareMemory } from './places.js'

/** Reads a kernel image and plans how it is booted, or says why it cannot be. */
export function planBoot(request: KernelRequest): Result<BootPlan, BootRefusalCode> {
  const { image } = request
  if (isLinuxImage(image)) return planLinux(request)
  const header = findMultibootHeader(image)
  if (header !== undefined && givesAddresses(header)) return planMultiboot(header, request)
  const parsed = parseElf(image, 'headers')
  if (!parsed.ok) return header === undefined ? elfRefusal(parsed.code, parsed.message) : planMultiboot(header, request)
  const elf = parsed.value
  if (elf.bits === 32) {
    if (elf.machine !== EM_386) return wrongMachine(elf)
    if (header !== undefined) return planMultiboot(header, request)
    return refuse(
      'elf32-without-multiboot',
      'The kernel is a 32-bit ELF without a Multiboot header in its first 8192 bytes.',
      'Give an ELF64 image with a PVH note, or link a Multiboot header near the start of the file.',
    )
  }
  if (elf.machine !== EM_X86_64) return wrongMachine(elf)
  return planPvh(elf, request)
}

function elfRefusal(code: string, message: string): Refusal<BootRefusalCode> {
  if (code === 'not-an-elf') {
    return refuse(
      'not-an-elf',
      `The kernel image is ${message}.`,
      'Give an ELF file (scion-1.0.elf, vmlinux), a Linux bzImage or a Multiboot image, not an archive or a disk image.',
    )
  }
  if (code === 'truncated')
    return refuse('truncated', `The kernel image is ${message}.`, 'Copy or build the file again.')
  return refuse('bad-elf', `The kernel image cannot be read: ${message}.`, 'Check it with `readelf -a`.')
}

function wrongMachine(elf: ElfFile): Refusal<BootRefusalCode> {
  return refuse(
    'wrong-machine',
    `The kernel image is for ELF machine ${elf.machine}, not for x86.`,
    'Build it for x86-64 (machine 62) or i386 with Multiboot (machine 3).',
  )
}

/** Both in bytes. A kernel with less than it needs panics before it has a console, or runs without its files. */
function refuseMemory(needed: number, memoryBytes: number): Refusal<BootRefusalCode> {
  const mebibytes = Math.ceil(needed / 2 ** 20)
  return refuse(
    'larger-than-ram',
    `The kernel needs ${mebibytes} MiB of memory with this initrd, but the machine has ${memoryBytes / 2 ** 20} MiB.`,
    `Give the machine more memory (--memory ${mebibytes}).`,
  )
}

function planPvh(elf: ElfFile, request: KernelRequest): Result<BootPlan, BootRefusalCode> {
  const entry = pvhEntry(elf)
  if (entry === undefined) {
    return refuse(
      'no-pvh-note',
      'The kernel is an ELF64 image without a PVH note (owner "Xen", type 18).',
      'Link a XEN_ELFNOTE_PHYS32_ENTRY note that gives the 32-bit physical entry point.',
    )
  }
  const loaded = loadSegments(elf, request.memoryBytes)
  if (!loaded.ok) return loaded
  const needed = neededMemory(elf, request.initrd?.length ?? 0)
  if (needed !== undefined && needed > request.memoryBytes) return refuseMemory(needed, request.memoryBytes)
  const segments = loaded.value
  const inside = segments.some((segment) => entry >= segment.address && entry < segment.address + segment.memoryBytes)
  if (!inside) {
    return refuse(
      'entry-outside-image',
      `The PVH entry point 0x${entry.toString(16)} is in no loadable segment.`,
      'Link the entry into a PT_LOAD segment, and give its physical address in the note.',
    )
  }
  const over = refuseFirmwareMemory(
    segments.map(({ address, memoryBytes }) => ({ start: address, end: address + memoryBytes })),
    true,
  )
  if (over !== undefined) return over
  const { start, end } = flattenSegments(segments)
  const items = new Map<number, Uint8Array>([
    [key.FW_CFG_KERNEL_ENTRY, u32Item(entry)],
    [key.FW_CFG_KERNEL_ADDR, u32Item(start)],
    [key.FW_CFG_KERNEL_SIZE, u32Item(end - start)],
    [key.FW_CFG_CMDLINE_SIZE, u32Item(stringItem(request.append).length)],
    [key.FW_CFG_CMDLINE_DATA, stringItem(request.append)],
    // The head of the file tells the firmware which protocol this is.
    [key.FW_CFG_SETUP_SIZE, u32Item(Math.min(8192, elf.bytes.length))],
    [key.FW_CFG_SETUP_DATA, elf.bytes.slice(0, 8192)],
  ])
  const refusal = placeInitrd(request, end, request.memoryBytes, items)
  if (refusal !== undefined) return refusal
  return accept({ protocol: 'pvh', entry, buildId: buildId(elf), preload: segments, items })
}
