// Random privileged cases in 32-bit protected mode (privileged-rom.ts). The digests are those of what Bochs 2.7 printed for the same ROMs, at
// port E9H in COM1's place: on a difference boot the ROM of that seed there and compare line by line.
// Where Bochs departs from the manual the seed is left out: it checks the entry point of an interrupt before the room on the inner stack.
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { CASES_PER_ROM, privilegedRom } from './privileged-rom.js'
import { bootOurs } from './rom-machines.js'

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)

const BOCHS: readonly (readonly [seed: number, digest: string])[] = [
  [1, '0a728e484e6c5d7d'],
  [2, '9e6b49d0dde0012f'],
  [3, 'a98f403ed1ea0c94'],
  [4, 'c44c577bc766c6be'],
  [5, '3744a5536d9a8129'],
  [6, 'e59c6be076b07dbb'],
  [7, '9bf5e980e176635b'],
  [8, '74430eb4bcae52c1'],
  [9, '294f41ed0db0a4a3'],
  [10, '5b000a5b5ce472ee'],
  [11, '13360ccbcbf16cb5'],
  [12, 'af6f2fcc5abca92b'],
  [13, '88bcee077a18e88e'],
  [14, '500248e22a7b0238'],
  [15, 'e85848b4837365c8'],
  [16, 'b9c52d86c1a906be'],
  [17, 'ab22aad16e98eebb'],
  [18, '73f86a92245454eb'],
  [19, 'b1fbe98313887277'],
  [21, '915f4b4958e0b803'],
  [22, 'c0d30091e01d6599'],
  [23, '5521c85618da45e2'],
  [24, '11e6fa0d1ac6a47c'],
]

describe('random privileged sequences', () => {
  it('end as on another processor: transfers, gates, tasks, segment loads, limits, flags, error codes', () => {
    const wrong = BOCHS.filter(([seed, expected]) => {
      const { text } = bootOurs(privilegedRom(seed), 1_000_000)
      expect(text.split('\n').length).toBeGreaterThan(CASES_PER_ROM)
      return digest(text) !== expected
    })
    expect(wrong).toEqual([])
  })

  it('end the same however the run is cut', () => {
    const whole = bootOurs(privilegedRom(2), 1_000_000)
    expect(bootOurs(privilegedRom(2), 1)).toEqual(whole)
  })
})
