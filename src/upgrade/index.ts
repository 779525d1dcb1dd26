// upgrade: the handover contract as the host reads it, and the verification of an upgrade.

export * from './handover.js'
export * from './verify.js'
