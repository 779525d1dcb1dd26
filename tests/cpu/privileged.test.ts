// Random privileged cases in 32-bit protected and virtual-8086 mode (privileged-rom.ts) and in 64-bit mode (privileged-long-rom.ts). The digests are those of what Bochs 2.7 printed for the same ROMs, at
// port E9H in COM1's place: on a difference boot the ROM of that seed there and compare line by line.
// Seeds are left out where Bochs departs from the manual: it checks the entry point of an interrupt before the room on the inner stack, ignores the
// upper half of RIP in a 64-bit return to compatibility code, and lets a null SS have another RPL than the level returned to.
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { privilegedLongRom } from './privileged-long-rom.js'
import { CASES_PER_ROM, privilegedRom } from './privileged-rom.js'
import { bootOurs } from './rom-machines.js'

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)

const PROTECTED: readonly (readonly [seed: number, digest: string])[] = [
  [1, '0a728e484e6c5d7d'],
  [2, 'af7dcdbe92b29cfd'],
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
  [15, '943ff2c94b2667af'],
  [16, 'b9c52d86c1a906be'],
  [17, 'ab22aad16e98eebb'],
  [18, '8a0e199c379d6e41'],
  [19, 'b1fbe98313887277'],
  [21, '915f4b4958e0b803'],
  [22, 'c0d30091e01d6599'],
  [23, '5521c85618da45e2'],
  [24, '54060a3f2e66f3fb'],
]

const VIRTUAL: readonly (readonly [seed: number, digest: string])[] = [
  [1, '9ba2e2a3de55e73f'],
  [2, '93d746920b814417'],
  [3, '184b78aab475787e'],
  [4, '1605e776b7c1bdd3'],
  [5, '2e4027cfde50e531'],
  [6, '9683b4423e2b7cb7'],
  [7, '97ce79bd6c94cd6e'],
  [8, '771d7c2c0f8d7c73'],
  [9, '520923a67a9a7f64'],
  [10, '4b5296ab01df1d3e'],
  [11, 'c3b1539b7af40595'],
  [12, '749d3d519b4c6c98'],
  [13, '14cc891d488ec95a'],
  [14, '4727c8feb377820e'],
]

const LONG: readonly (readonly [seed: number, digest: string])[] = [
  [1, 'eca1f4796c121ff9'],
  [2, '2885b7a4889a918e'],
  [4, '67908879cf6b854b'],
  [6, '7f19d7caa963273a'],
  [7, 'dac64334851f5e86'],
  [8, 'eac6c0b58cedfb15'],
  [9, '5629ac45f65bb6bd'],
  [10, 'b5d9ab5c6ef88332'],
  [15, 'af33c5894734b40e'],
  [16, '6e973ee16e0fd7d3'],
  [18, '8658544ac274c815'],
  [20, 'ccb3d27b288cf0cc'],
  [22, '929afabfef87f0a8'],
  [23, 'd64075544d600653'],
]

/** The seeds whose ROM prints something else. */
function wrong(expected: readonly (readonly [number, string])[], rom: (seed: number) => Uint8Array): number[] {
  return expected.flatMap(([seed, known]) => {
    const { text } = bootOurs(rom(seed), 1_000_000)
    expect(text.split('\n').length).toBeGreaterThan(CASES_PER_ROM)
    return digest(text) === known ? [] : [seed]
  })
}

describe('random privileged sequences', () => {
  it('end as on another processor in 32-bit protected mode: transfers, gates, tasks, segment loads, limits, flags', () => {
    expect(wrong(PROTECTED, privilegedRom)).toEqual([])
  })

  it('end as on another processor in virtual-8086 mode: IOPL, interrupts, what is undefined there', () => {
    expect(wrong(VIRTUAL, (seed) => privilegedRom(seed, true))).toEqual([])
  })

  it('end as on another processor in 64-bit mode: gates, IST, returns, control registers, MSRs, addresses', () => {
    expect(wrong(LONG, privilegedLongRom)).toEqual([])
  })

  it('end the same however the run is cut', () => {
    for (const rom of [privilegedRom(2), privilegedLongRom(1)])
      expect(bootOurs(rom, 1)).toEqual(bootOurs(rom, 1_000_000))
  })
})
