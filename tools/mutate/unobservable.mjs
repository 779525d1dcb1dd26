// Places where a change can be seen by nobody, each with the reason. Whatever is listed here is not drawn: a mutant that changes no
// behaviour says nothing about the tests.

const byFunction = {
  poke_batch_repeat_for_tcg: "acts on QEMU's translator only",
  print_modules: 'words of an oops',
  look_for_name: 'looks for what the rule of redirect.c keeps away: a second look, for the day when the first is wrong',
  sink_last: 'the linker sorts',
}

/** Why a change at this place cannot be seen; undefined where it can. */
export function unobservable(_file, place, source) {
  if (byFunction[place.function]) return byFunction[place.function]
  const line = source.split('\n')[place.line - 1] ?? ''
  if (/-ENOMEM|kfree|\bpanic\(/.test(source.slice(place.start, place.end)))
    return 'memory is never out; what is not freed is lost in silence'
  if (/^\s*(pr_\w+|printk|refuse)\(/.test(line)) return 'words'
  if (/_CONSTRAINT\(|\bDEBUG_ASSERT\(|\blockdep_/.test(line)) return 'an assertion, which only the checked kernel has'
  return undefined
}
