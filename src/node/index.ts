// node: what the library needs of Node.js beside files. Threads.

export { nodeThread, nodeWorkers } from './node-workers.js'
