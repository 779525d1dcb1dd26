import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, crc32, Emitter, encodeText } from '../../src/base/index.js'
import { ConsoleLog, encodeFrame, FrameReader, parseKernelMessage } from '../../src/guest/index.js'
import type { ConsoleOutput, GuestPort } from '../../src/machine/index.js'

describe('frames of the agent', () => {
  it('have the checksum of zlib', () => {
    expect(crc32(encodeText('123456789'))).toBe(0xcbf43926)
    expect(crc32(new Uint8Array(0))).toBe(0)
    expect(crc32(encodeText('56789'), crc32(encodeText('1234')))).toBe(0xcbf43926)
  })

  it('come out as they went in, however the bytes are cut', () => {
    const frame = fc.tuple(fc.constantFrom('out', 'exit', 'data'), fc.nat(), fc.uint8Array({ maxLength: 300 }))
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 50 })), (frames, cuts) => {
        const bytes = concatBytes(...frames.map(([verb, id, payload]) => encodeFrame(verb, id, payload)))
        const reader = new FrameReader()
        const got = []
        let at = 0
        for (const cut of [...cuts, bytes.length]) {
          got.push(...reader.feed(bytes.subarray(at, at + cut)))
          at += cut
        }
        expect(got).toEqual(frames.map(([verb, id, payload]) => ({ verb, id, payload: Uint8Array.from(payload) })))
      }),
    )
  })

  it('are found again after noise and after a damaged one', () => {
    const reader = new FrameReader()
    const damaged = encodeFrame('out', 1, encodeText('damaged'))
    damaged[damaged.length - 2] = 0
    const frames = reader.feed(
      concatBytes(encodeText('noise\n[ 1.0] more\n'), damaged, encodeFrame('out', 2, encodeText('whole'))),
    )
    expect(frames.map((frame) => frame.id)).toEqual([2])
    expect(reader.skipped).toBeGreaterThan(2)
  })
})

describe('the console log', () => {
  const listen = () => {
    const emitter = new Emitter<ConsoleOutput>()
    // The log asks its port for nothing but this event.
    const log = new ConsoleLog({ onConsole: emitter.event } as GuestPort)
    return {
      log,
      type: (text: string, time = 0, channel: 0 | 1 = 0) => emitter.fire({ channel, bytes: encodeText(text), time }),
    }
  }

  it('keeps lines with the time of their end', () => {
    const { log, type } = listen()
    type('[    0.5', 1)
    type('00000] hello\r\n# ', 2)
    type('other channel\n', 3, 1)
    expect(log.lines).toEqual([{ time: 2, text: '[    0.500000] hello' }])
    expect(log.tail()).toBe('[    0.500000] hello\n# ')
    expect(log.messages()).toEqual([{ timestamp: 0.5, text: 'hello' }])
  })

  it('finds a kernel message behind a prompt and leaves other output alone', () => {
    expect(parseKernelMessage('# [   12.345678] livepatch: x')).toEqual({ timestamp: 12.345678, text: 'livepatch: x' })
    expect(parseKernelMessage('ls [1]')).toBeUndefined()
  })

  it('notices a panic', () => {
    const { log, type } = listen()
    expect(log.panic).toBeUndefined()
    type('[    1.000000] Kernel panic - not syncing: no init\n')
    expect(log.panic).toBe('Kernel panic - not syncing: no init')
  })
})
