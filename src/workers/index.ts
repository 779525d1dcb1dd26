// workers: machines on other threads. See README.md.

export type { JobContext, JobFunction } from './job-server.js'
export * from './jobs.js'
export type { Promised, RemoteMachineApi } from './machine-calls.js'
export { RemoteMachine } from './remote-machine.js'
export { RemotePort } from './remote-port.js'
export { sameThread } from './same-thread.js'
export { serve } from './serve.js'
export { shareAssets } from './share-assets.js'
export type { SharedSignal } from './shared-signal.js'
export * from './transport.js'
export type { WorkerOptions } from './worker-client.js'
