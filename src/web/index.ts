// web: what the library needs of a page. Threads, and the shipped files.

export { type Assets, assetUrls, fetchAssets } from './assets.js'
export { webWorkers } from './web-workers.js'
