// Who looks into a guest by its machine where a port would tell: found by the TypeScript compiler, for a machine has many names.

import { openProgram, SyntaxKind } from '../docs/program.mjs'
import { DIRECT_LOOKERS, isIn } from './rooms.mjs'

/** What is the guest's own. Time, hashes, statistics and the screen are the machine's. */
const LOOKS = new Set(['registers', 'vectors', 'translate', 'activity', 'readPhysical', 'ram'])
/** Interfaces and classes that tell it of a machine, without a port between. */
const MACHINES = new Set(['MachineView', 'Machine', 'LockstepMachine'])

/** The names by which a file asks for what may be the guest's own, each with what it leads to. */
function looksIn(program, file) {
  const found = []
  const visit = (node) => {
    if (node.kind === SyntaxKind.PropertyAccessExpression && LOOKS.has(node.name.text)) {
      found.push([node.name.text, program.targetsOf(node.name)])
    }
    if (node.kind === SyntaxKind.BindingElement) {
      const name = (node.propertyName ?? node.name)?.text
      if (LOOKS.has(name)) found.push([name, program.takenBy(node)])
    }
    node.forEachChild(visit)
  }
  visit(file)
  return found
}

/** `tree`: the text of each TypeScript file, by its path below src/. A sentence for each that looks, and for each excuse that nobody needs. */
export function directLooks(tree, lookers = DIRECT_LOOKERS) {
  const files = [...tree.keys()].filter((path) => path.endsWith('.ts') && !path.startsWith('cpu/core/'))
  const program = openProgram(tree, files)
  const wrong = []
  const used = new Set()
  try {
    for (const path of files) {
      if (path.startsWith('machine/')) continue
      for (const [name, targets] of looksIn(program, program.fileAt(path))) {
        if (!targets.some((target) => MACHINES.has(target.parent?.name?.getText()))) continue
        const place = [...lookers.keys()].find((one) => isIn(path, one))
        if (place === undefined) wrong.push(`${path} asks a machine for ${name}: ask a GuestPort`)
        else used.add(place)
      }
    }
  } finally {
    program.close()
  }
  for (const place of lookers.keys())
    if (!used.has(place)) wrong.push(`${place} looks by no machine any more: take it off the list`)
  return wrong
}
