// Linux bzImages, by the boot protocol that Linux documents (Documentation/arch/x86/boot.rst) and the items of QEMU's `-kernel`:
// the setup part (SETUP_DATA) with its header filled in, the protected-mode part (KERNEL_DATA) for 1 MiB, initrd and command line.
//
// The firmware enters by the 32-bit protocol; the kernel decompresses itself, to where it prefers to lie, so the initrd is kept
// above that. What the header says about its own sizes is checked against the file here, so that a broken file is a refusal.

import { accept, type Result, readU16, readU32, readU64, refuse, writeU32 } from '../../base/index.js'
import * as key from '../devices/fw-cfg.js'
import { type BootPlan, type BootRefusalCode, type KernelRequest, stringItem, u32Item } from './boot-plan.js'
import { placeInitrd } from './places.js'

const SETUP_SECTOR = 512
const BOOT_FLAG_AT = 0x1fe
const SIGNATURE_AT = 0x202
/** "HdrS" */
const SIGNATURE = 0x5372_6448
/** 2.06 (Linux 2.6.22): the first that says how long a command line may be. */
const OLDEST_PROTOCOL = 0x206
const LOADED_HIGH = 1
const LOADER_UNDEFINED = 0xff
const DEFAULT_SETUP_SECTORS = 4
const KERNEL_ADDRESS = 0x10_0000
/** The firmware's buffer for the command line, with its NUL. */
const COMMAND_LINE_LIMIT = 8192
export function isLinuxImage(image: Uint8Array): boolean {
  return image.length >= SIGNATURE_AT + 6 && readU32(image, SIGNATURE_AT) === SIGNATURE
}

export function planLinux(request: KernelRequest): Result<BootPlan, BootRefusalCode> {
  const { image } = request
  const version = readU16(image, SIGNATURE_AT + 4)
  const refusal = refuseHeader(image, version)
  if (refusal !== undefined) return refusal
  const setupBytes = ((image[0x1f1] || DEFAULT_SETUP_SECTORS) + 1) * SETUP_SECTOR
  const kernelBytes = 16 * readU32(image, 0x1f4)
  // The last paragraph may be missing: the size is rounded up, and later kernels do not pad the file.
  if (setupBytes + kernelBytes - 15 > image.length || kernelBytes === 0) {
    return refuse(
      'truncated',
      `The Linux image has ${image.length} bytes, but its header speaks of ${setupBytes} of setup and ${kernelBytes} of kernel.`,
      'Copy or build the file again.',
    )
  }
  const mostText = Math.min(readU32(image, 0x238), COMMAND_LINE_LIMIT - 1)
  const commandLine = stringItem(request.append)
  if (commandLine.length - 1 > mostText) {
    return refuse(
      'command-line-too-long',
      `The command line has ${commandLine.length - 1} bytes; this kernel takes ${mostText}.`,
      'Shorten --append.',
    )
  }
  const setup = image.slice(0, setupBytes)
  setup[0x210] = LOADER_UNDEFINED
  const kernel = image.subarray(setupBytes)
  const end = endOfKernel(image, version, kernel.length)
  if (end > request.memoryBytes) {
    return refuse(
      'larger-than-ram',
      `The kernel needs RAM up to 0x${end.toString(16)} to decompress itself, but it ends at 0x${request.memoryBytes.toString(16)}.`,
      'Give the machine more memory (--memory).',
    )
  }
  const items = new Map<number, Uint8Array>([
    [key.FW_CFG_KERNEL_ADDR, u32Item(KERNEL_ADDRESS)],
    [key.FW_CFG_KERNEL_SIZE, u32Item(kernel.length)],
    [key.FW_CFG_KERNEL_DATA, kernel],
    [key.FW_CFG_CMDLINE_SIZE, u32Item(commandLine.length)],
    [key.FW_CFG_CMDLINE_DATA, commandLine],
  ])
  const placed = placeInitrd(request, end, readU32(image, 0x22c), items)
  if (placed !== undefined) return placed
  writeU32(
    setup,
    0x218,
    items.has(key.FW_CFG_INITRD_ADDR) ? readU32(items.get(key.FW_CFG_INITRD_ADDR) as Uint8Array, 0) : 0,
  )
  writeU32(setup, 0x21c, request.initrd?.length ?? 0)
  items.set(key.FW_CFG_SETUP_SIZE, u32Item(setup.length))
  items.set(key.FW_CFG_SETUP_DATA, setup)
  return accept({ protocol: 'linux', entry: KERNEL_ADDRESS, buildId: undefined, preload: [], items })
}

function refuseHeader(image: Uint8Array, version: number) {
  const number = `${version >>> 8}.${(version & 0xff).toString().padStart(2, '0')}`
  if (readU16(image, BOOT_FLAG_AT) !== 0xaa55 || image.length < 0x268) {
    return refuse(
      'bad-linux-image',
      'The kernel has the signature of a Linux image, but not a whole setup header (AA55H at 1FEH).',
      'Copy or build the file again.',
    )
  }
  if (version < OLDEST_PROTOCOL) {
    return refuse(
      'old-linux-protocol',
      `The Linux image speaks boot protocol ${number}; 2.06 (Linux 2.6.22) or later is needed.`,
      'Give a newer kernel, or its vmlinux with a PVH note.',
    )
  }
  if (((image[0x211] as number) & LOADED_HIGH) === 0) {
    return refuse(
      'old-linux-protocol',
      'The Linux image is a zImage, which is loaded below 1 MiB.',
      'Build a bzImage (make bzImage).',
    )
  }
  return undefined
}

/** The end of what the kernel uses before it has read the memory map: its file, and since 2.10 where it decompresses itself to. */
function endOfKernel(image: Uint8Array, version: number, kernelBytes: number): number {
  const loaded = KERNEL_ADDRESS + kernelBytes
  if (version < 0x20a) return loaded
  return Math.max(loaded, Number(readU64(image, 0x258)) + readU32(image, 0x260))
}
