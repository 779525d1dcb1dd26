import { describe, expect, it } from 'vitest'
import { closest, didYouMean } from '../../src/base/index.js'

describe('what a mistyped name may have meant', () => {
  it.each([
    ['verison_proc_show', ['version_proc_show', 'vision'], 'version_proc_show'],
    ['kmaloc', ['kfree', 'kmalloc', 'kmalloc_array'], 'kmalloc'],
    ['abcdef', ['abcxef', 'abcdxf'], 'abcxef'],
    ['kmalloc', ['kmalloc'], undefined],
    ['xy', ['xz'], undefined],
    ['completely', ['different'], undefined],
    ['', ['a'], undefined],
  ])('%s of %j is %s', (word, candidates, meant) => {
    expect(closest(word, candidates)).toBe(meant)
  })

  it('is a sentence, or nothing', () => {
    expect(didYouMean('uname_r', ['uname'])).toBe("Did you mean 'uname'?")
    expect(didYouMean('uname_r', ['nothing'])).toBe('')
  })
})
