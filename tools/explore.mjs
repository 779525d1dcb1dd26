// Explores upgrades and the int3 protocol with many seeds, for a machine that has time: `npm run explore [FIRST..LAST]`, default 1..200.
// A line that fails says all that is needed to run it again. Exit code 0: nothing was wrong; 8: something was; 2: wrong usage.
import { findPokes, runPoke, UpgradeExplorer } from '../dist/index.js'
import { readAssets } from '../dist/node.js'
import { readOptions } from './options.mjs'

const SLICES = [5000, 300, 20_000, 1000, 60, 20]
const { positionals } = readOptions(process.argv[1], { allowPositionals: true })
const [wanted = '1..200'] = positionals
const range = /^(\d+)\.\.(\d+)$/.exec(wanted)
if (range === null || positionals.length > 1) {
  console.error(`explore: '${positionals.join(' ')}' is no range of seeds; write FIRST..LAST, as 1..200`)
  process.exit(2)
}
const [first, last] = range.slice(1).map(Number)
const seeds = Array.from({ length: last - first + 1 }, (_, index) => first + index)
const assets = readAssets()
let wrong = 0

function report(name, found) {
  if (found.length > 0) wrong++
  console.log(found.length === 0 ? `ok    ${name}` : `WRONG ${name}\n      ${found.join('\n      ')}`)
}

for (const vcpus of [2, 3, 4]) {
  for (const poke of await findPokes(assets, vcpus, true)) {
    const stumbles = []
    for (const seed of seeds) stumbles.push(await runPoke(poke, seed))
    report(
      `${poke.name} a patch, ${vcpus} vCPUs, ${seeds.length} schedules`,
      stumbles.filter(Boolean).map((one) => JSON.stringify(one)),
    )
  }
}
const explorer = new UpgradeExplorer(assets)
for (const seed of seeds) {
  const options = { seed, vcpus: 1 + (seed % 4), meanSlice: SLICES[Math.floor(seed / 4) % SLICES.length] }
  report(`upgrades, seed ${seed}, ${options.vcpus} vCPUs, slices of ${options.meanSlice}`, await explorer.run(options))
}
process.exit(wrong === 0 ? 0 : 8)
