import { fetchAssets, webWorkers } from 'transplant/web'
import { experiment } from './experiment.js'

window.runExperiment = async (source) => experiment(webWorkers(), await fetchAssets(), source)
