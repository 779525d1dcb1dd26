// lab: experiments on whole guests.

export * from './assets.js'
export * from './corpus/index.js'
export * from './demo/index.js'
export * from './explore/index.js'
export * from './lockstep/index.js'
export * from './migrate.js'
export * from './workloads.js'
