// guest: seeing into a guest, through GuestPort only.

export * from './agent.js'
export * from './agent-frames.js'
export * from './console-log.js'
export * from './kernel-image.js'
export * from './kernel-view.js'
export * from './memory-image.js'
export * from './page-tables.js'
export * from './session.js'
export * from './tasks.js'
export * from './user-registers.js'
