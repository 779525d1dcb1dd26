// debug: gdb's remote protocol, and a port over QEMU's gdb stub.

export type { ByteStream } from './byte-stream.js'
export { GdbClient } from './gdb-client.js'
export { encodePacket, type PacketEvent, PacketReader } from './packets.js'
export { type QemuConnection, QemuPort } from './qemu-port.js'
export { readTargetDescription, type TargetRegister } from './target-description.js'
