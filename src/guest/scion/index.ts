// scion: what only our own kernel has. Two arenas, and a layout that its image tells.

export * from './find-kernel.js'
export { ARENAS, type Arena, type KernelLayout, readLayout } from './layout.js'
export * from './user-registers.js'
