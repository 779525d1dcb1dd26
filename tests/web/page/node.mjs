// The experiment in Node: its outcome on standard output.
import { readFileSync } from 'node:fs'
import { nodeWorkers, readAssets } from 'transplant/node'
import { experiment } from './experiment.js'

const source = readFileSync(process.argv[2], 'utf8')
console.log(JSON.stringify(await experiment(nodeWorkers(), readAssets(), source)))
