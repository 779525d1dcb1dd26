// A turn of the event loop. By a message to oneself, since browsers make a timer of 0 ms wait for 4; and now and then by a timer
// all the same, since an event loop may serve one port for as long as it has messages.

const TIMER_EVERY = 32

let channel: MessageChannel | undefined
let breaths = 0
const waiting: (() => void)[] = []

export function breathe(): Promise<void> {
  if (++breaths % TIMER_EVERY === 0) return new Promise((resolve) => setTimeout(resolve, 0))
  if (channel === undefined) {
    channel = new MessageChannel()
    channel.port1.onmessage = () => waiting.shift()?.()
  }
  const { port2 } = channel
  return new Promise((resolve) => {
    waiting.push(resolve)
    port2.postMessage(undefined)
  })
}
