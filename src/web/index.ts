// web: what the library needs of a page. Threads.

export { webWorkers } from './web-workers.js'
