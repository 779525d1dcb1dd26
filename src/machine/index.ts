// machine: a PC around the CPU core. See README.md.

export type { BootPlan, BootRefusalCode, KernelRequest } from './boot/boot-plan.js'
export { planBoot } from './boot/kernel-image.js'
export * from './configuration.js'
export * from './guest-port.js'
export type { DeviceWrite, Input, MachineStatistics, Snapshot } from './machine.js'
export { Machine } from './machine.js'
export { MachinePort, type MachinePortOptions } from './machine-port.js'
export { walkPageTables } from './page-walk.js'
export type { Page, PageImage } from './ram-pages.js'
export * from './recording.js'
export { DEFAULT_MEAN_SLICE } from './scheduler.js'
export { decodeSnapshot, encodeSnapshot, type SnapshotRefusalCode } from './snapshot-file.js'
