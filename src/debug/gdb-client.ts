// The debugger's end of gdb's remote protocol: requests one at a time, each with its answer.
//
// 1. Requests wait for one another, so their order is that of the calls. A request that lets the target run is answered when the
//    target stops; until then only `interrupt` gets through.
// 2. An answer `E..` is a TransplantError GDB_REFUSED, an empty one GDB_UNSUPPORTED, the end of the connection GDB_CLOSED.

import { decodeText, encodeText, fromHex, TransplantError, toHex } from '../base/index.js'
import type { ByteStream } from './byte-stream.js'
import { ACKNOWLEDGE, encodePacket, INTERRUPT, PacketReader, SEND_AGAIN } from './packets.js'

interface Request {
  readonly packet: Uint8Array
  /** Console text that comes before the answer (`O` packets). */
  readonly output: Uint8Array[]
  resolve(answer: Uint8Array): void
  reject(error: TransplantError): void
}

const isOutput = (answer: Uint8Array): boolean => answer[0] === 0x4f && !(answer.length === 2 && answer[1] === 0x4b)

/** The client's side of gdb's remote protocol. */
export class GdbClient {
  private readonly stream: ByteStream
  private readonly reader = new PacketReader()
  private waiting: Request[] = []
  private acknowledges = true
  private isClosed = false
  /** Bytes that one packet may hold. */
  packetBytes = 400

  /**
   * Over a stream to a stub; `start` speaks first. What is asked on a stream that has ended is rejected with GDB_CLOSED. Throws nothing
   * itself.
   */
  constructor(stream: ByteStream) {
    this.stream = stream
    stream.onBytes((bytes) => this.take(bytes))
    stream.onEnd(() => this.end())
  }

  get closed(): boolean {
    return this.isClosed
  }

  /** Agrees on packet size and acknowledgements. Throws what `GdbClient.ask` throws. */
  async start(): Promise<void> {
    const features = (await this.text('qSupported:multiprocess-;swbreak-;hwbreak-;vContSupported+')).split(';')
    const size = features.find((feature) => feature.startsWith('PacketSize='))
    if (size !== undefined) this.packetBytes = Number.parseInt(size.slice(11), 16)
    if (features.includes('QStartNoAckMode+')) {
      await this.ok('QStartNoAckMode')
      this.acknowledges = false
    }
  }

  /**
   * Sends one packet and waits for its answer, as bytes. Throws GDB_UNSUPPORTED for an empty answer (the target does not know the packet),
   * GDB_REFUSED for E and two digits, GDB_CLOSED where the connection has ended.
   */
  async ask(request: string): Promise<Uint8Array> {
    return (await this.exchange(request)).answer
  }

  /** The answer as text. Throws what `GdbClient.ask` throws. */
  async text(request: string): Promise<string> {
    return decodeText(await this.ask(request))
  }

  /** A request whose only good answer is OK. Throws GDB_REFUSED for another, and what `GdbClient.ask` throws. */
  async ok(request: string): Promise<void> {
    const answer = await this.text(request)
    if (answer !== 'OK') throw new TransplantError('GDB_REFUSED', `The target answered '${answer}' to '${request}'.`)
  }

  /** A command of the target's own monitor; what it printed. Throws what `GdbClient.ask` throws. */
  async monitor(command: string): Promise<string> {
    const { answer, output } = await this.exchange(`qRcmd,${toHex(encodeText(command))}`)
    const said = [...output.map((one) => decodeText(one.subarray(1))), decodeText(answer).replace(/^OK$/, '')]
    return decodeText(fromHex(said.join('')) ?? new Uint8Array(0))
  }

  /** A whole object by `qXfer`, as the target's description of itself. Throws what `GdbClient.ask` throws. */
  async transfer(object: string, annex: string): Promise<string> {
    let text = ''
    const piece = Math.floor((this.packetBytes - 8) / 2).toString(16)
    for (;;) {
      const answer = await this.text(`qXfer:${object}:read:${annex}:${text.length.toString(16)},${piece}`)
      text += answer.slice(1)
      if (answer[0] !== 'm') return text
    }
  }

  /** Stops a target that runs; the request that let it run gets the answer. */
  interrupt(): void {
    this.stream.send(INTERRUPT)
  }

  /** Ends the connection; requests under way are rejected with GDB_CLOSED. */
  close(): void {
    this.stream.close()
    this.end()
  }

  private async exchange(request: string): Promise<{ readonly answer: Uint8Array; readonly output: Uint8Array[] }> {
    if (this.isClosed) throw closed()
    const output: Uint8Array[] = []
    const answer = await new Promise<Uint8Array>((resolve, reject) => {
      this.waiting.push({ packet: encodePacket(encodeText(request)), output, resolve, reject })
      if (this.waiting.length === 1) this.sendFirst()
    })
    if (answer.length === 0) {
      throw new TransplantError('GDB_UNSUPPORTED', `The target does not know '${request.split(/[:,]/)[0]}'.`)
    }
    if (answer[0] === 0x45 && answer.length === 3) {
      throw new TransplantError('GDB_REFUSED', `The target answered ${decodeText(answer)} to '${request}'.`)
    }
    return { answer, output }
  }

  private sendFirst(): void {
    const first = this.waiting[0]
    if (first !== undefined) this.stream.send(first.packet)
  }

  private take(bytes: Uint8Array): void {
    for (const event of this.reader.feed(bytes)) {
      if (event.kind === 'again') this.sendFirst()
      else if (event.kind === 'damaged') this.stream.send(SEND_AGAIN)
      else if (event.kind === 'packet') {
        if (this.acknowledges) this.stream.send(ACKNOWLEDGE)
        this.answer(event.data)
      }
    }
  }

  private answer(data: Uint8Array): void {
    const request = this.waiting[0]
    if (request === undefined) return
    if (isOutput(data)) {
      request.output.push(data)
      return
    }
    this.waiting.shift()
    this.sendFirst()
    request.resolve(data)
  }

  private end(): void {
    this.isClosed = true
    for (const request of this.waiting.splice(0)) request.reject(closed())
  }
}

function closed(): TransplantError {
  return new TransplantError('GDB_CLOSED', 'The connection to the target has ended.', 'Has the guest powered off?')
}
