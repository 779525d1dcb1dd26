// lab: experiments on whole guests. The demonstration, and what it is made of.

export * from './demo.js'
export * from './demo-checks.js'
export * from './demo-report.js'
export * from './guest-session.js'
export * from './observe-patch.js'
export * from './observe-upgrade.js'
export * from './workloads.js'
