import { describe, expect, it } from 'vitest'
import { concatBytes, decodeText, Emitter, encodeText } from '../../src/base/index.js'
import { type ByteStream, encodePacket, GdbClient, PacketReader, readTargetDescription } from '../../src/debug/index.js'

describe('packets', () => {
  it('come out as they went in, with every byte in them, however they are cut', () => {
    const data = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    const wire = concatBytes(encodeText('+'), encodePacket(data), encodePacket(encodeText('g')), Uint8Array.of(3))
    for (const size of [1, 2, 7, wire.length]) {
      const reader = new PacketReader()
      const events = []
      for (let at = 0; at < wire.length; at += size) events.push(...reader.feed(wire.subarray(at, at + size)))
      expect(events).toEqual([
        { kind: 'acknowledged' },
        { kind: 'packet', data },
        { kind: 'packet', data: encodeText('g') },
        { kind: 'interrupt' },
      ])
    }
  })

  it('are written as the manual shows, and read with repetitions', () => {
    expect(decodeText(encodePacket(encodeText('OK')))).toBe('$OK#9a')
    const [event] = new PacketReader().feed(encodeText('$0* #7a'))
    expect(event).toEqual({ kind: 'packet', data: encodeText('0000') })
  })

  it('that are damaged are told, and what is no packet is skipped', () => {
    const events = new PacketReader().feed(encodeText('noise$OK#00%Stop:T05#89-$OK#9a'))
    expect(events).toEqual([{ kind: 'damaged' }, { kind: 'again' }, { kind: 'packet', data: encodeText('OK') }])
  })
})

/** A target that answers each packet by a table, and keeps what it was sent. */
function scripted(answers: Readonly<Record<string, string[]>>): ByteStream & { readonly sent: string[]; end(): void } {
  const bytes = new Emitter<Uint8Array>()
  const end = new Emitter<void>()
  const reader = new PacketReader()
  const sent: string[] = []
  return {
    sent,
    onBytes: bytes.event,
    onEnd: end.event,
    close() {},
    end: () => end.fire(),
    send: (wire) => {
      for (const event of reader.feed(wire)) {
        const text = event.kind === 'packet' ? decodeText(event.data) : event.kind
        sent.push(text)
        if (event.kind === 'again' || event.kind === 'packet') {
          for (const answer of answers[text] ?? []) bytes.fire(encodeText(answer))
        }
      }
    },
  }
}

describe('a client', () => {
  it('asks one thing at a time and gets each answer', async () => {
    const stream = scripted({ qC: ['+$QC1#c5'], '?': ['+$S05#b8'] })
    const client = new GdbClient(stream)
    expect(await Promise.all([client.text('qC'), client.text('?'), client.text('qC')])).toEqual(['QC1', 'S05', 'QC1'])
    expect(stream.sent).toEqual(['qC', 'acknowledged', '?', 'acknowledged', 'qC', 'acknowledged'])
  })

  it('sends again what did not come well, and asks again for what came damaged', async () => {
    const asked = scripted({ qC: ['+$QC1#00'], again: ['$QC1#c5'] })
    expect(await new GdbClient(asked).text('qC')).toBe('QC1')
    let first = true
    const stream = scripted({ qC: ['+$QC1#c5'] })
    const bytes = new Emitter<Uint8Array>()
    stream.onBytes((data) => bytes.fire(data))
    const client = new GdbClient({
      ...stream,
      onBytes: bytes.event,
      send: (data) => {
        if (first) {
          first = false
          bytes.fire(encodeText('-'))
        } else stream.send(data)
      },
    })
    expect(await client.text('qC')).toBe('QC1')
  })

  it('tells a refusal, an unknown request and the end of the connection apart', async () => {
    const stream = scripted({ m0: ['$E14#aa'], vFoo: ['$#00'] })
    const client = new GdbClient(stream)
    await expect(client.ask('m0')).rejects.toMatchObject({ code: 'GDB_REFUSED' })
    await expect(client.ask('vFoo')).rejects.toMatchObject({ code: 'GDB_UNSUPPORTED' })
    const waiting = client.ask('c')
    stream.end()
    await expect(waiting).rejects.toMatchObject({ code: 'GDB_CLOSED' })
    await expect(client.ask('g')).rejects.toMatchObject({ code: 'GDB_CLOSED' })
  })
})

it('a description gives each register its place, over several documents, without what stands in comments', async () => {
  const documents: Record<string, string> = {
    'target.xml': '<target><xi:include href="a.xml"/><reg name="late" regnum="9" bitsize="16"/></target>',
    'a.xml':
      '<feature><reg bitsize="64" name="rax" regnum="0"/><!--<reg name="no" bitsize="64"/>--><reg name="x" bitsize="32"/></feature>',
  }
  const registers = await readTargetDescription(async (name) => documents[name] ?? '')
  expect([...registers.values()]).toEqual([
    { name: 'rax', bytes: 8, offset: 0 },
    { name: 'x', bytes: 4, offset: 8 },
    { name: 'late', bytes: 2, offset: 12 },
  ])
})
