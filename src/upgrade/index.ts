// upgrade: the handover contract as the host reads it, following an upgrade, and its verification.

export * from './follow.js'
export * from './handover.js'
export * from './rehearse.js'
export * from './report.js'
export * from './verify.js'
