// What the editor begins with, and the patches that the page ships with their sources.

export interface ShippedPatch {
  readonly file: string
  readonly says: string
  /** Where its source is, as gcc took it. */
  readonly source: URL
}

export const SHIPPED: readonly ShippedPatch[] = [
  {
    file: 'livepatch-sample.ko',
    says: 'the first patch: /proc/cmdline says so',
    source: new URL('../../../../images/patches/livepatch-sample.c', import.meta.url),
  },
  {
    file: 'demo.ko',
    says: 'a function that programs run through, and a text that shows it',
    source: new URL('../../../../images/patches/demo.c', import.meta.url),
  },
  {
    file: 'klp-replace.ko',
    says: 'atomic replace: older patches go back to the original',
    source: new URL('../../../../images/patches/klp-replace.c', import.meta.url),
  },
  {
    file: 'klp-syscall.ko',
    says: 'a function that running programs call all the time',
    source: new URL('../../../../images/patches/klp-syscall.c', import.meta.url),
  },
  {
    file: 'klp-shadow.ko',
    says: 'a new field per task, as a shadow variable',
    source: new URL('../../../../images/patches/klp-shadow.c', import.meta.url),
  },
  {
    file: 'klp-target.ko',
    says: 'an ordinary module to be patched',
    source: new URL('../../../../images/patches/klp-target.c', import.meta.url),
  },
  {
    file: 'klp-callbacks.ko',
    says: 'the four callbacks, for a module that may come later',
    source: new URL('../../../../images/patches/klp-callbacks.c', import.meta.url),
  },
  {
    file: 'klp-stack.ko',
    says: 'a task asleep in the patched function holds the transition up',
    source: new URL('../../../../images/patches/klp-stack.c', import.meta.url),
  },
]

const FIRST_PATCH = new URL('../../../../images/patches/assembled-cmdline.s', import.meta.url)

/** The first patch in assembly, and the sources of the shipped ones by their file. */
export interface Sources {
  readonly first: string
  readonly shipped: ReadonlyMap<string, string>
}

export async function fetchSources(): Promise<Sources> {
  const read = async (url: URL): Promise<string> => (await fetch(url)).text()
  const shipped = SHIPPED.map(async ({ file, source }) => [file, await read(source)] as const)
  return { first: await read(FIRST_PATCH), shipped: new Map(await Promise.all(shipped)) }
}

/** A replacement that does nothing but return. */
export function replacementOf(name: string): string {
  return `; What follows replaces ${name} when the guest has loaded it.
; Arguments come in rdi, rsi, rdx, rcx, r8, r9; the result goes into rax.

.patch ${name}
	xor eax, eax
	ret
`
}
