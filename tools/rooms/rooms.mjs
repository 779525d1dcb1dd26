// Which rooms of src/ may import which, and by which door. Pure: the tree comes as a map from path to text, so that a test can hand
// in one of its own.

import { dirname, join, normalize } from 'node:path'

/** From the lowest up; rooms on one line never import each other. */
const LEVELS = [
  ['base'],
  ['format'],
  ['isa'],
  ['cpu'],
  ['machine'],
  ['guest', 'workers'],
  ['patch', 'upgrade', 'debug'],
  ['lab'],
  ['node', 'toolchain'],
  ['cli', 'web'],
]
const LEVEL_OF = new Map(LEVELS.flatMap((rooms, level) => rooms.map((room) => [room, level])))
/** What lies at the top of src/ beside the rooms: the entries, which take from rooms by their doors, and what compiles them. */
const TOP_FILES = new Set(['index.ts', 'node.ts', 'platform.d.ts', 'tsconfig.json'])
/** What a folder may have beside TypeScript, and the single files that are something else. */
const PAPERS = new Set(['README.md', 'tsconfig.json'])
const OTHER_FILES = new Set([
  'cpu/core.wasm',
  'cpu/core-debug.wasm',
  'cpu/core.wat',
  'cpu/core/asconfig.json',
  'web/page/index.html',
  'web/page/icon.svg',
])
/** Folders of the page, which is a program and has no door. */
const PAGE_FOLDERS = new Set(['web/page', 'web/page/bench', 'web/page/lessons', 'web/page/style', 'web/page/view'])
/** Rooms whose inner folders are rooms too: entered by their index.ts. */
const INNER_ROOMS = new Set(['debug', 'guest', 'lab', 'patch', 'upgrade'])
/** Rooms whose inner folders are parts without a door of their own, and what of the room around it each part may import: files, or whole folders. */
const INNER_PARTS = {
  cpu: {
    core: ['numbers/'],
    jit: ['numbers/', 'core-abi', 'layouts', 'state-layout'],
    numbers: [],
  },
  machine: {
    boot: ['devices/fw-cfg', 'devices/vga'],
    devices: ['bus', 'guest-memory', 'guest-port', 'page-image', 'wake'],
  },
}
/** What nobody of the room around them imports by another file, or at all: the core is AssemblyScript, and another compiler's. */
const DOORS = { 'cpu/jit': 'cpu/jit/index', 'cpu/core': undefined }
/** The rooms of the CPU core, lowest first. */
const CORE_ROOMS = ['state', 'memory', 'blocks', 'decode', 'system', 'float', 'x87', 'vector', 'execute']
/**
 * What runs upward in the core all the same, name by name; its README says why.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const CORE_UPWARD = {
  'memory/physical -> blocks/blocks': ['storeIntoCode'],
  'memory/tlb -> blocks/blocks': ['stopAtBoundary'],
  'blocks/blocks -> decode/decode': ['decodeBlock', 'decodeCutBlock'],
}

/** Who may hold a machine: whoever drives one, or carries its calls to another thread. All others are given a GuestPort. */
const DRIVERS = ['guest/machine-session', 'workers/', 'lab/', 'cli/', 'web/']
const HELD = new Set(['Machine', 'MachineView'])
/** Who may ask a machine for what is the guest's own, registers and memory (looks.mjs), and why. */
export const DIRECT_LOOKERS = new Map([
  ['lab/lockstep/divergence', 'compares two executors, down to the state area; no guest is understood by it'],
  [
    'web/page/bench/bench',
    'tells where the vCPUs are between two stretches of one run, in which a port answers nobody',
  ],
])

/** Is a file the place, or in it? */
export const isIn = (path, place) => (place.endsWith('/') ? path.startsWith(place) : path === `${place}.ts`)

/** Does a file hold a machine that is to be given a port? */
function checkHeld(path, { target, names }, complain) {
  if (target !== 'machine/index' || !path.includes('/') || DRIVERS.some((place) => isIn(path, place))) return
  for (const name of names.filter((one) => HELD.has(one)))
    complain(`imports ${name}: who observes is given a GuestPort, who drives is on a list`)
}

const COMMENT = String.raw`(?:/\*[^*]*\*/\s*)?`
/** `import … from '…'`, `export … from '…'`, `import '…'` and `import('…')`, in any quotes, with the names that the first two take. */
const IMPORT = new RegExp(
  String.raw`(?:\b(?:import|export)\s+(?:type\s+)?(\{[^}]*\}|[\w$*,\s{}]*?)\s*from\s*|\bimport\s*\(?\s*${COMMENT})(['"${'`'}])(\.[^'"${'`'}\n]*)\2`,
  'g',
)

/** The relative imports of a file: what it takes by which names, as a path below src/ without extension. */
function importsOf(path, text) {
  return [...text.matchAll(IMPORT)].map(([, names = '', , target]) => ({
    target: normalize(join(dirname(path), target)).replace(/\.(?:js|ts)$/, ''),
    written: target,
    names: names
      .replace(/[{}]/g, '')
      .split(',')
      .map((name) => name.replace(/ as .*|^\s*type /g, '').trim())
      .filter((name) => name !== ''),
  }))
}

/** An import inside the core: down, or one of those that are listed. */
function checkCore(from, target, names, { complain, upward, seen }) {
  const to = target.replace(/^cpu\/core\//, '')
  const [low, high] = [from, to].map((file) => CORE_ROOMS.indexOf(file.split('/')[0]))
  if (from === 'index' || high <= low) return
  const arrow = `${from} -> ${to}`
  for (const name of names.length > 0 ? names : ['*']) {
    if (upward[arrow]?.includes(name)) seen.add(`${arrow}: ${name}`)
    else complain(`imports ${name} from ${to}: in the core imports go down too, but for those that its README tells of`)
  }
}

/** An import inside a room. */
function checkInside(room, from, { target, names }, rules) {
  const { complain } = rules
  if (INNER_ROOMS.has(room)) {
    const [here, there] = [dirname(from), dirname(target)]
    if (there !== here && there !== room && !target.endsWith('/index')) {
      complain(`imports ${target}: enter a folder by its index.ts`)
    }
    return
  }
  const parts = INNER_PARTS[room]
  if (parts === undefined) return
  const partOf = (path) => (path.split('/').length > 2 ? path.split('/')[1] : undefined)
  const [part, other] = [partOf(from), partOf(target)]
  if (part === other) {
    if (part === 'core') checkCore(from.replace('cpu/core/', ''), target, names, rules)
    return
  }
  const rest = target.slice(room.length + 1)
  if (
    part !== undefined &&
    !(parts[part] ?? []).some((may) => (may.endsWith('/') ? rest.startsWith(may) : rest === may))
  ) {
    complain(`imports ${target}: not one of what ${room}/${part} may take from the room around it`)
  }
  const folder = `${room}/${other}`
  if (folder in DOORS && target !== DOORS[folder]) complain(`imports ${target}: that is not how ${folder} is entered`)
}

/** Does a rule know the folder of this file? */
function isKnownFolder(path, tree) {
  const folder = dirname(path)
  const [room, part, inner, ...deeper] = folder.split('/')
  if (part === undefined || path.startsWith('cpu/core/')) return true
  if (INNER_PARTS[room] !== undefined) return part in INNER_PARTS[room] && inner === undefined
  if (INNER_ROOMS.has(room)) return inner === undefined && deeper.length === 0 && tree.has(`${folder}/index.ts`)
  return PAGE_FOLDERS.has(folder)
}

/** Is the file where a file may be? */
function checkPlace(path, tree, complain) {
  const [room, part, inner] = path.split('/')
  if (part === undefined) {
    if (!TOP_FILES.has(path)) complain('lies beside the rooms: put it into the one it belongs to')
    return
  }
  if (!LEVEL_OF.has(room)) {
    complain(`is in ${room}, which is no room: say in tools/rooms/rooms.mjs between which it lies`)
    return
  }
  const style = path.startsWith('web/page/style/') && path.endsWith('.css')
  if (!path.endsWith('.ts') && !style && !PAPERS.has(path.split('/').at(-1)) && !OTHER_FILES.has(path)) {
    complain('is no source, and no list knows it')
  }
  if (!isKnownFolder(path, tree)) {
    complain(`is in a folder of ${room} that no rule knows: say in tools/rooms/rooms.mjs what it may import`)
  }
  if (!path.startsWith('cpu/core/') || path === 'cpu/core/index.ts') return
  if (!path.endsWith('.ts') || path === 'cpu/core/README.md') return
  if (!CORE_ROOMS.includes(inner)) complain(`is in none of the core's rooms: ${CORE_ROOMS.join(', ')}`)
}

/** The table of what runs upward in the core's README, as `memory -> blocks`. */
const arrowsToldOf = (text) => [...text.matchAll(/^\| (\w+ -> \w+) \| ./gm)].map(([, arrow]) => arrow)

/** What runs upward in the core, and what its README says of it: the same arrows, each with a reason. */
function checkCoreReadme(tree, upward, wrong) {
  const text = tree.get('cpu/core/README.md')
  if (text === undefined) return
  const told = new Set(arrowsToldOf(text))
  const run = new Set(Object.keys(upward).map((arrow) => arrow.replace(/\/[\w-]+/g, '')))
  for (const arrow of run) if (!told.has(arrow)) wrong.push(`cpu/core/README.md does not say why ${arrow} runs upward`)
  for (const arrow of told)
    if (!run.has(arrow)) wrong.push(`cpu/core/README.md tells of ${arrow}, which does not run upward`)
}

/**
 * `tree`: every file, by its path below src/, with the text of those in TypeScript. Returns how many imports lead from room to room, and what is wrong,
 * a sentence each. `coreUpward` is for tests.
 */
export function checkRooms(tree, coreUpward = CORE_UPWARD) {
  const arrows = new Map()
  const wrong = []
  const seen = new Set()
  for (const [path, text] of tree) {
    const complain = (what) => wrong.push(`${path} ${what}`)
    const room = path.split('/')[0]
    checkPlace(path, tree, complain)
    if (!path.endsWith('.ts') || path.endsWith('.d.ts')) continue
    const level = TOP_FILES.has(path) ? LEVELS.length : (LEVEL_OF.get(room) ?? LEVELS.length)
    for (const one of importsOf(path, text)) {
      const { target, written } = one
      checkHeld(path, one, complain)
      const other = target.split('/')[0]
      if (written.includes('${')) complain(`imports ${written}: a path that nobody can follow`)
      else if (other === room) {
        checkInside(room, path.replace(/\.ts$/, ''), one, { complain, upward: coreUpward, seen })
      } else if (path.startsWith('cpu/core/'))
        complain(`imports ${target}: the core takes nothing from beyond numbers/`)
      else if (!LEVEL_OF.has(other)) complain(`imports ${target}, which is in no room`)
      else {
        if (LEVEL_OF.has(room)) arrows.set(`${room} -> ${other}`, (arrows.get(`${room} -> ${other}`) ?? 0) + 1)
        if (LEVEL_OF.get(other) >= level) complain(`imports ${target}: imports go down only`)
        else if (target !== `${other}/index`) complain(`imports ${target}: enter a room by its index.ts`)
      }
    }
  }
  for (const [arrow, names] of Object.entries(coreUpward)) {
    for (const name of names) {
      if (!seen.has(`${arrow}: ${name}`))
        wrong.push(`nothing runs upward by ${arrow}: ${name} any more: take it off the list`)
    }
  }
  checkCoreReadme(tree, coreUpward, wrong)
  return { arrows, wrong }
}
