// node: what the library needs of Node.js beside files. Threads, sockets, a guest on QEMU.

export { nodeThread, nodeWorkers } from './node-workers.js'
export { type QemuGuest, type QemuGuestOptions, startQemu } from './qemu.js'
export { type Address, connectStream, type Listening, listenStreams } from './sockets.js'
