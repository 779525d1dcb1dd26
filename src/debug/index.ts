// debug: gdb's remote protocol from both ends: a stub over our machine, and a port over QEMU's stub.

export type { ByteStream } from './byte-stream.js'
export { GdbClient } from './gdb-client.js'
export { type GdbEnd, GdbServer } from './gdb-server.js'
export { type GdbHistory, type GdbTarget, type MachineTargetParts, machineTarget } from './gdb-target.js'
export { askMonitor, type MonitorView } from './monitor.js'
export { encodePacket, type PacketEvent, PacketReader } from './packets.js'
export { type QemuConnection, QemuPort } from './qemu-port.js'
export { readTargetDescription, type TargetRegister } from './target-description.js'
