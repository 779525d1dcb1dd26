// Which mutants a run tries: the faults made by hand whose place is there, and places drawn from the rooms' files by a seeded generator,
// equally many for each room. Same sources, seed and count: same mutants in the same order.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../images/toolchain.mjs'
import { apply, placeByAnchor, placesOf } from './places.mjs'
import { faults } from './seeded.mjs'
import { unobservable } from './unobservable.mjs'

const sourcesBelow = (folder, ending) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => `${folder}/${name}`)

/** The rooms, and the files of each that are changed. */
export function rooms() {
  return [
    { name: 'text', files: ['images/kernel/arch/text-patching.c'] },
    {
      name: 'trace',
      files: [...sourcesBelow('images/kernel/trace', '.c'), 'images/kernel/arch/ftrace_64.S'],
    },
    { name: 'livepatch', files: sourcesBelow('images/kernel/livepatch', '.c') },
    { name: 'module', files: sourcesBelow('images/kernel/module', '.c') },
    { name: 'patch', files: sourcesBelow('src/patch', '.ts') },
  ]
}

/** Numbers in [0, 1) from a seed (mulberry32). */
function generator(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function shuffled(list, random) {
  const copy = [...list]
  for (let at = copy.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1))
    ;[copy[at], copy[other]] = [copy[other], copy[at]]
  }
  return copy
}

function mutant(room, file, source, place, id, says) {
  const was = source.slice(place.start, place.end)
  const mutated = apply(source, place)
  return {
    ...{ id, room: room.name, file, line: place.line, function: place.function },
    ...{ operator: place.operator, was, becomes: place.text, says, mutated },
    key: createHash('sha256').update(file).update(mutated).digest('hex'),
  }
}

/** The first place of a fault that is in a file of its room. */
function placeOf(fault, room) {
  for (const wanted of fault.places) {
    for (const file of room.files) {
      const source = readFileSync(join(root, file), 'utf8')
      const place = placeByAnchor(source, file, wanted.function, wanted.pattern, wanted.replacement)
      if (place) return { file, source, place }
    }
  }
  return undefined
}

/** The faults made by hand, and those whose place is gone. */
export function seededMutants() {
  const found = []
  const gone = []
  for (const fault of faults) {
    const room = rooms().find((one) => one.name === fault.room)
    const at = placeOf(fault, room)
    if (at) found.push(mutant(room, at.file, at.source, at.place, fault.id, fault.says))
    else gone.push(fault)
  }
  return { found, gone }
}

/** All places of a room in the order of the seed: file by file in turn, so that a long file does not crowd the others out. */
export function drawnMutants(room, seed) {
  const random = generator(seed ^ Number.parseInt(createHash('sha256').update(room.name).digest('hex').slice(0, 8), 16))
  const queues = shuffled(room.files, random).map((file) => {
    const source = readFileSync(join(root, file), 'utf8')
    const places = placesOf(source, file).filter((place) => !unobservable(file, place, source))
    return shuffled(places, random).map((place) => {
      const id = `${file.replace(/^images\/kernel\/|^src\//, '')}:${place.line} ${place.operator}`
      return mutant(room, file, source, place, id)
    })
  })
  const drawn = []
  for (let turn = 0; queues.some((queue) => turn < queue.length); turn++) {
    for (const queue of queues) if (turn < queue.length) drawn.push(queue[turn])
  }
  return drawn
}
