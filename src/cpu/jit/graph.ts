// The control-flow graph of a region: order, dominators, loops; and how a graph that is no nest of loops is made one.
//
// Nodes are 0 to count - 1; the root is node `count`, with an edge to every entry. WebAssembly has structured control only, so each
// loop must have one header that dominates it. Where a way leads into a loop past its header, that header becomes a
// `dispatched` node: it is reached through the root only, which is then itself a loop around everything.
// Promises: afterwards every edge to a node of lower or equal order, to the root excepted, is the back edge of a natural loop.

export interface FlowGraph {
  readonly root: number
  /** Position of each node in reverse postorder; the root's is 0. */
  readonly order: Int32Array
  /** Immediate dominator of each node. */
  readonly dominator: Int32Array
  /** Nodes that are reached through the root wherever the way comes from. */
  readonly dispatched: ReadonlySet<number>
  /** Is there a back edge to the node? */
  readonly loops: Uint8Array
  /** Forward edges into each node, the root's not counted. */
  readonly forward: Int32Array
  /** Nodes that the root's dispatcher leads to. */
  readonly entries: readonly number[]
}

function reversePostorder(root: number, successors: readonly (readonly number[])[]): number[] {
  const seen = new Uint8Array(root + 1)
  const postorder: number[] = []
  const stack: [node: number, next: number][] = [[root, 0]]
  seen[root] = 1
  while (stack.length > 0) {
    const top = stack[stack.length - 1] as [number, number]
    const ways = successors[top[0]] as readonly number[]
    if (top[1] < ways.length) {
      const next = ways[top[1]++] as number
      if (seen[next] === 0) {
        seen[next] = 1
        stack.push([next, 0])
      }
    } else {
      postorder.push(top[0])
      stack.pop()
    }
  }
  return postorder.reverse()
}

/** Immediate dominators, by the iteration of Cooper, Harvey and Kennedy. */
function dominators(
  sequence: readonly number[],
  order: Int32Array,
  predecessors: readonly (readonly number[])[],
): Int32Array {
  const idom = new Int32Array(order.length).fill(-1)
  const root = sequence[0] as number
  idom[root] = root
  const meet = (a: number, b: number): number => {
    let x = a
    let y = b
    while (x !== y) {
      while ((order[x] as number) > (order[y] as number)) x = idom[x] as number
      while ((order[y] as number) > (order[x] as number)) y = idom[y] as number
    }
    return x
  }
  for (let changed = true; changed; ) {
    changed = false
    for (const node of sequence) {
      if (node === root) continue
      let found = -1
      for (const p of predecessors[node] as readonly number[]) {
        if (idom[p] === -1) continue
        found = found === -1 ? p : meet(found, p)
      }
      if (idom[node] !== found) {
        idom[node] = found
        changed = true
      }
    }
  }
  return idom
}

function dominates(idom: Int32Array, order: Int32Array, above: number, below: number): boolean {
  let node = below
  while ((order[node] as number) > (order[above] as number)) node = idom[node] as number
  return node === above
}

export function analyse(ways: readonly (readonly number[])[], entries: readonly number[]): FlowGraph {
  const count = ways.length
  const root = count
  const dispatched = new Set<number>()
  for (;;) {
    const starts = [...new Set([...entries, ...dispatched])]
    const kept = dispatched.size === 0 ? ways : ways.map((list) => list.filter((to) => !dispatched.has(to)))
    const successors = [...kept, starts]
    const sequence = reversePostorder(root, successors)
    const order = new Int32Array(count + 1).fill(-1)
    sequence.forEach((node, i) => {
      order[node] = i
    })
    const predecessors: number[][] = Array.from({ length: count + 1 }, () => [])
    for (const node of sequence) for (const to of successors[node] as readonly number[]) predecessors[to]?.push(node)
    const dominator = dominators(sequence, order, predecessors)
    const loops = new Uint8Array(count + 1)
    const forward = new Int32Array(count + 1)
    let irreducible = false
    for (const node of sequence) {
      for (const to of successors[node] as readonly number[]) {
        if ((order[to] as number) > (order[node] as number)) {
          if (node !== root) forward[to] = (forward[to] as number) + 1
        } else if (dominates(dominator, order, to, node)) loops[to] = 1
        else {
          dispatched.add(to)
          irreducible = true
        }
      }
    }
    if (!irreducible) {
      if (dispatched.size > 0) loops[root] = 1
      return { root, order, dominator, dispatched, loops, forward, entries: starts }
    }
  }
}
