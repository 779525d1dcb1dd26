// A target's registers as it describes them (gdb's manual, "Target Descriptions"): which there are, how wide, and where each lies in
// the answer to `g`. Reads the parts of the format that say this; features may be spread over several documents.

/** A register of the target description: name, size, number. */
export interface TargetRegister {
  readonly name: string
  /** Bytes that it takes in a 'g' packet. */
  readonly bytes: number
  /** Where it begins in the answer to `g`. */
  readonly offset: number
}

/** `read` gives a document by its name; the first is `target.xml`. */
export async function readTargetDescription(
  read: (name: string) => Promise<string>,
): Promise<ReadonlyMap<string, TargetRegister>> {
  const found: { readonly name: string; readonly bytes: number; readonly number: number }[] = []
  const visit = async (document: string): Promise<void> => {
    const text = (await read(document)).replace(/<!--[\s\S]*?-->/g, '')
    for (const match of text.matchAll(/<(xi:include|reg)\s([^>]*)>/g)) {
      const attributes = new Map(
        [...(match[2] ?? '').matchAll(/([\w-]+)\s*=\s*"([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]),
      )
      if (match[1] === 'xi:include') await visit(attributes.get('href') ?? '')
      else {
        const before = found.at(-1)
        const number = Number(attributes.get('regnum') ?? (before === undefined ? 0 : before.number + 1))
        found.push({ name: attributes.get('name') ?? '', bytes: Number(attributes.get('bitsize')) / 8, number })
      }
    }
  }
  await visit('target.xml')
  found.sort((a, b) => a.number - b.number)
  const registers = new Map<string, TargetRegister>()
  let offset = 0
  for (const { name, bytes } of found) {
    registers.set(name, { name, bytes, offset })
    offset += bytes
  }
  return registers
}
