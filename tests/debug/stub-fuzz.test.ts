// Packets that no debugger sends: the stub answers or stays silent, never ends, and changes nothing that was not asked for.
// 2,000 packets, about 5 s; TRANSPLANT_FUZZ_STUB says how many (npm run fuzz:stub: 100,000).
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { concatBytes, encodeText } from '../../src/base/index.js'
import { encodePacket, PacketReader } from '../../src/debug/index.js'
import { startStub } from './stub-session.js'

const count = Number(process.env['TRANSPLANT_FUZZ_STUB'] ?? 2000)
const seed = Number(process.env['TRANSPLANT_FUZZ_SEED'] ?? 1)

const hex = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value) => value.toString(16)),
  fc.constantFrom('0', '1', '-1', 'ffffffff80000000', 'ffffffffffffffff', '1000', '', '10000000000000000', 'zz'),
)
const text = fc.oneof(hex, fc.string({ maxLength: 12 }))
/** Shapes of packets that look, and those that may change the guest. */
const looking = fc.oneof(
  fc.constantFrom('?', 'g', 'qC', 'qfThreadInfo', 'qsThreadInfo', 'qAttached', 'vCont?', 'qSupported:a+;b-', 'T1', '!'),
  fc
    .tuple(
      fc.constantFrom('m', 'p', 'H', 'Hg', 'T', 'z0,', 'Z0,', 'Z1,', 'Z2,', 'q', 'Q', 'v'),
      text,
      fc.constantFrom(',', ';', ':', ''),
      text,
    )
    .map((parts) => parts.join('')),
  fc
    .tuple(fc.constantFrom('features:read:target.xml:', 'threads:read::', 'memory-map:read::'), hex, hex)
    .map(([object, at, size]) => `qXfer:${object}${at},${size}`),
  fc
    .constantFrom(
      'help',
      'info registers -a',
      'info cpus',
      'x /3i $rip',
      'x /9999999xg 0',
      'xp /2xw 0',
      'info tasks',
      'cpu 7',
      'x',
    )
    .chain((line) => fc.constant(`qRcmd,${Buffer.from(line).toString('hex')}`)),
  fc.string({ maxLength: 40 }).filter((one) => !/^[GMXPcsCSDkbvR]/.test(one)),
)
const changing = fc
  .tuple(fc.constantFrom('M', 'X', 'P', 'G'), text, fc.constantFrom(',', '='), text, fc.constantFrom(':', '='), text)
  .map((parts) => parts.join(''))
const wire = fc.oneof(
  { weight: 8, arbitrary: looking.map((packet) => ({ bytes: encodePacket(encodeText(packet)), changes: false })) },
  { weight: 1, arbitrary: changing.map((packet) => ({ bytes: encodePacket(encodeText(packet)), changes: true })) },
  {
    weight: 1,
    arbitrary: fc
      .uint8Array({ maxLength: 60 })
      .map((bytes) => ({ bytes: bytes.filter((byte) => byte !== 3), changes: true })),
  },
)

it(`answers ${count} packets of all shapes and is as it was`, { timeout: 3600_000 }, async () => {
  const stub = await startStub()
  const { machine, stream, ended } = stub
  let isOver = false
  void ended.then(() => {
    isOver = true
  })
  const reader = new PacketReader()
  let heard = 0
  let told = ''
  stream.onBytes((bytes) => {
    for (const event of reader.feed(bytes)) {
      heard++
      if (event.kind === 'packet') told = new TextDecoder().decode(event.data)
    }
  })
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
  /** Answers to everything sent have come when this one has. */
  const settle = async (): Promise<void> => {
    told = ''
    // What was begun and not ended ends here.
    stream.send(concatBytes(encodeText('#00'), encodePacket(encodeText('qC'))))
    for (let i = 0; i < 2000 && !told.startsWith('QC'); i++) await turn()
    expect(told).toMatch(/^QC[12]$/)
  }
  await settle()
  let before = machine.hash()
  for (const { bytes, changes } of fc.sample(wire, { numRuns: count, seed })) {
    stream.send(bytes)
    await settle()
    expect(isOver).toBe(false)
    if (changes) before = machine.hash()
    else expect(machine.hash()).toBe(before)
  }
  expect(heard).toBeGreaterThan(count)
  stream.close()
})
