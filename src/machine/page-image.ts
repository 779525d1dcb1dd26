// The contents of many pages at one instant, as a persistent tree: immutable, and sharing everything with the image it was made from except
// the changed pages and the nodes above them.
//
// Pages are in leaves of 64, leaves in branches of 64 (16 MiB), branches in the root. So an image after k changed pages costs k pages
// and at most 2 k nodes of 64 pointers, and two images are compared by looking only where their nodes differ: neither cost depends on how
// much RAM there is.

import { PAGE_SIZE } from '../base/index.js'

/** A page's bytes, never written to; or `zero`: all zeros in RAM, not written on a disk. */
export type Page = Uint8Array | 'zero'

const FAN = 64
const BRANCH_PAGES = FAN * FAN
/** Of a node in memory: its pointers and what the engine adds. */
const NODE_BYTES = FAN * 8 + 64

/** `edit` names the change a node was made in, during which alone it is written to. */
interface Node<T> {
  readonly edit: object
  readonly items: readonly T[]
}
type Leaf = Node<Page>
type Branch = Node<Leaf>

const NEVER = {}
const ZERO_LEAF: Leaf = { edit: NEVER, items: new Array<Page>(FAN).fill('zero') }
const ZERO_BRANCH: Branch = { edit: NEVER, items: new Array<Leaf>(FAN).fill(ZERO_LEAF) }

/** The node at `index`, made writable for `edit` if it is not yet. */
function own<T>(nodes: Node<T>[], index: number, edit: object): T[] {
  const node = nodes[index] as Node<T>
  if (node.edit === edit) return node.items as T[]
  const items = node.items.slice()
  nodes[index] = { edit, items }
  return items
}

/** A page's contents, shared by all snapshots in which it is the same. */
export class PageImage {
  readonly count: number
  private readonly root: readonly Branch[]

  private constructor(count: number, root: readonly Branch[]) {
    this.count = count
    this.root = root
  }

  static zeros(count: number): PageImage {
    return new PageImage(count, new Array<Branch>(Math.ceil(count / BRANCH_PAGES)).fill(ZERO_BRANCH))
  }

  get(page: number): Page {
    const branch = this.root[Math.floor(page / BRANCH_PAGES)]
    return branch?.items[Math.floor(page / FAN) % FAN]?.items[page % FAN] ?? 'zero'
  }

  /** This image with `content(page)` in each of `pages`. */
  with(pages: readonly number[], content: (page: number) => Page): PageImage {
    const root = this.root.slice()
    const edit = {}
    for (const page of pages) {
      const leaves = own(root, Math.floor(page / BRANCH_PAGES), edit)
      own(leaves, Math.floor(page / FAN) % FAN, edit)[page % FAN] = content(page)
    }
    return new PageImage(this.count, root)
  }

  /** Calls `visit` for each page that is not the same object here and in `other`, in order. */
  differences(other: PageImage, visit: (page: number) => void): void {
    for (let b = 0; b < this.root.length; b++) {
      const [mine, theirs] = [this.root[b] as Branch, other.root[b] ?? ZERO_BRANCH]
      if (mine === theirs) continue
      for (let l = 0; l < FAN; l++) {
        const [left, right] = [mine.items[l] as Leaf, theirs.items[l] as Leaf]
        if (left === right) continue
        for (let p = 0; p < FAN; p++) {
          if (left.items[p] !== right.items[p]) visit(b * BRANCH_PAGES + l * FAN + p)
        }
      }
    }
  }

  /** The pages that are not zero, in order. */
  *present(): Generator<readonly [page: number, bytes: Uint8Array]> {
    for (let b = 0; b < this.root.length; b++) {
      const branch = this.root[b] as Branch
      if (branch === ZERO_BRANCH) continue
      for (let l = 0; l < FAN; l++) {
        const leaf = branch.items[l] as Leaf
        if (leaf === ZERO_LEAF) continue
        for (let p = 0; p < FAN; p++) {
          const page = leaf.items[p] as Page
          if (page !== 'zero') yield [b * BRANCH_PAGES + l * FAN + p, page]
        }
      }
    }
  }

  /** What images take together, each page and node that several share counted once. */
  static footprint(images: Iterable<PageImage>): { readonly pages: number; readonly bytes: number } {
    const nodes = new Set<object>([ZERO_BRANCH, ZERO_LEAF])
    const pages = new Set<Uint8Array>()
    let roots = 0
    for (const { root } of new Set(images)) {
      roots += root.length * 8
      for (const branch of root) {
        if (nodes.has(branch)) continue
        nodes.add(branch)
        for (const leaf of branch.items) {
          if (nodes.has(leaf)) continue
          nodes.add(leaf)
          for (const page of leaf.items) if (page !== 'zero') pages.add(page)
        }
      }
    }
    return { pages: pages.size, bytes: pages.size * PAGE_SIZE + (nodes.size - 2) * NODE_BYTES + roots }
  }
}
