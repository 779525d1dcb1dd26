// What a machine is made of, and the check of it. Plain data; a snapshot carries it, so that one file restores a machine.

import {
  accept,
  MIB,
  type Result,
  refuse,
  requireKind,
  requireOneOf,
  requireSeed,
  requireWhole,
  TransplantError,
} from '../base/index.js'
import { CPU_MODELS, type CpuModel, type JitOption } from '../cpu/index.js'
import type { BootPlan, BootRefusalCode } from './boot/boot-plan.js'
import { planBoot } from './boot/kernel-image.js'
import { DEFAULT_EPOCH } from './devices/rtc.js'
import { SECTOR } from './devices/virtio-block.js'
import { VIRTIO_MMIO_BASE, VIRTIO_MMIO_BYTES, VIRTIO_MMIO_FIRST_IRQ } from './devices/virtio-mmio.js'
import { DEFAULT_MEAN_SLICE } from './scheduler.js'

/** What a machine is made of. */
export interface MachineOptions {
  /** The compiled core: bytes of core.wasm, or a module compiled once and shared. */
  readonly coreWasm: Uint8Array | WebAssembly.Module
  /** The boot ROM, 64 or 128 KiB. */
  readonly firmware: Uint8Array
  /** Bytes of RAM, a multiple of 64 KiB, 2 MiB to 3 GiB. Default 128 MiB. */
  readonly memoryBytes?: number
  /** 1 to 16. Default 1. */
  readonly vcpus?: number
  /** What the vCPUs offer, in the words of the x86-64 psABI. Default 'x86-64-v2'. */
  readonly cpu?: CpuModel
  /** Default 1. */
  readonly seed?: number | bigint
  /** ELF64 with PVH note, Linux bzImage, or Multiboot image. Without one the firmware finds nothing to boot. */
  readonly kernel?: Uint8Array
  /** The kernel's command line. */
  readonly append?: string
  /** The initial RAM disk, given to the kernel as it is. */
  readonly initrd?: Uint8Array
  /** A disk image for the virtio block device; writes stay in the machine. */
  readonly disk?: Uint8Array
  /** Mean length of a scheduler slice in instructions; 1 switches after every instruction. Default 5000. */
  readonly meanSlice?: number
  /** Time of day at power-up, in seconds since 1970. Default 2026-01-01. */
  readonly epoch?: number
  /** What a reset request does: boot again (default), or stop with reason 'reset' (as QEMU's -no-reboot). */
  readonly onReset?: 'reboot' | 'stop'
  /** Whether other vCPUs may see rewritten code bytes late, as hardware may. Default 'hardware'. */
  readonly coherence?: 'hardware' | 'immediate'
  /** QEMU's `pc-testdev`, for public test suites of machines (devices/pc-testdev.ts). Default false. */
  readonly pcTestdev?: boolean
  /** Compiled code: 'on' (default), 'off', or on with another number of entries after which a block is compiled. Changes speed only. */
  readonly jit?: JitOption
}

/** A checked configuration with every default filled in; each field as `MachineOptions` says. */
export interface Configuration {
  readonly firmware: Uint8Array
  readonly memoryBytes: number
  readonly vcpus: number
  readonly cpu: CpuModel
  readonly seed: bigint
  readonly kernel: Uint8Array | undefined
  readonly append: string
  readonly initrd: Uint8Array | undefined
  readonly disk: Uint8Array | undefined
  readonly meanSlice: number
  readonly epoch: number
  readonly onReset: 'reboot' | 'stop'
  readonly coherence: 'hardware' | 'immediate'
  readonly pcTestdev: boolean
  readonly boot: BootPlan | undefined
}

function require(condition: boolean, message: string, hint: string): void {
  if (!condition) throw new TransplantError('MACHINE_CONFIGURATION', message, hint)
}

const CODE = 'MACHINE_CONFIGURATION'

/** What JavaScript may give in place of what the types say. */
function checkKinds(options: MachineOptions): void {
  requireKind('options', options, 'object', CODE)
  for (const name of ['coreWasm', 'firmware'] as const) {
    require(options[name] !==
      undefined, `A machine needs '${name}'.`, "In Node, readAssets() of 'transplant/node' has it; in a page, the package's exports do.")
  }
  requireKind('firmware', options.firmware, 'bytes', CODE)
  for (const name of ['kernel', 'initrd', 'disk'] as const) {
    if (options[name] !== undefined) requireKind(name, options[name], 'bytes', CODE)
  }
  const { seed, epoch, append, onReset, coherence, pcTestdev } = options
  if (append !== undefined) requireKind('append', append, 'text', CODE)
  if (seed !== undefined) requireSeed(seed, CODE)
  if (epoch !== undefined) requireWhole('epoch', epoch, 0, Number.MAX_SAFE_INTEGER, CODE)
  if (onReset !== undefined) requireOneOf('onReset', onReset, ['reboot', 'stop'], CODE)
  if (coherence !== undefined) requireOneOf('coherence', coherence, ['hardware', 'immediate'], CODE)
  if (pcTestdev !== undefined) requireKind('pcTestdev', pcTestdev, 'flag', CODE)
}

/** Checks the options. A bad number is misuse and throws; a bad image is a refusal. */
export function configure(options: MachineOptions): Result<Configuration, BootRefusalCode> {
  checkKinds(options)
  const { memoryBytes = 128 * MIB, vcpus = 1, seed = 1, meanSlice = DEFAULT_MEAN_SLICE, firmware } = options
  const cpu = options.cpu ?? 'x86-64-v2'
  require(Number.isInteger(memoryBytes) &&
    memoryBytes % 0x10000 === 0 &&
    memoryBytes >= 2 * MIB &&
    memoryBytes <=
      3072 * MIB, `Memory of ${memoryBytes} bytes is not possible.`, 'Use a multiple of 64 KiB from 2 MiB to 3 GiB.')
  require(Number.isInteger(vcpus) && vcpus >= 1 && vcpus <= 16, `${vcpus} vCPUs are not possible.`, 'Use 1 to 16.')
  require(CPU_MODELS.includes(cpu), `There is no CPU '${cpu}'.`, `Use ${CPU_MODELS.join(' or ')}.`)
  require(firmware.length > 0 &&
    firmware.length % 0x10000 === 0 &&
    firmware.length <=
      0x20000, `Firmware of ${firmware.length} bytes is not possible.`, 'Use an image of 64 or 128 KiB.')
  require(Number.isInteger(meanSlice) &&
    meanSlice >= 1 &&
    meanSlice <= 0x4000_0000, `A mean slice of ${meanSlice} is not possible.`, 'Use an integer from 1 to 2^30.')
  const sectors = (options.disk?.length ?? SECTOR) / SECTOR
  require(Number.isInteger(sectors) &&
    sectors >
      0, `A disk of ${options.disk?.length} bytes is not possible.`, `Use a multiple of ${SECTOR} bytes; pad the image with zeros.`)

  const append = withDiskParameter(options.append ?? '', options.disk !== undefined)
  let boot: BootPlan | undefined
  if (options.kernel !== undefined) {
    const planned = planBoot({ image: options.kernel, append, initrd: options.initrd, memoryBytes })
    if (!planned.ok) return planned
    boot = planned.value
  } else if (options.initrd !== undefined) {
    return refuse('not-an-elf', 'An initrd was given without a kernel.', 'Give the kernel image too (--kernel).')
  }
  return accept({
    firmware,
    memoryBytes,
    vcpus,
    cpu,
    seed: BigInt.asUintN(64, BigInt(seed)),
    kernel: options.kernel,
    append,
    initrd: options.initrd,
    disk: options.disk,
    meanSlice,
    epoch: options.epoch ?? DEFAULT_EPOCH,
    onReset: options.onReset ?? 'reboot',
    coherence: options.coherence ?? 'hardware',
    pcTestdev: options.pcTestdev ?? false,
    boot,
  })
}

/** Tells the kernel where the disk is, as QEMU's microvm does, unless the command line already names a device. */
function withDiskParameter(append: string, disk: boolean): string {
  if (!disk || append.includes('virtio_mmio.device=')) return append
  const parameter = `virtio_mmio.device=${VIRTIO_MMIO_BYTES}@0x${VIRTIO_MMIO_BASE.toString(16)}:${VIRTIO_MMIO_FIRST_IRQ}`
  return append === '' ? parameter : `${append} ${parameter}`
}
