// The host's idea of a kernel's symbols and the table that the guest looks them up in are one: what a check accepts, the guest finds.
import { expect, it } from 'vitest'
import { readKernelFacts } from '../../src/patch/index.js'
import { bootGuest, read } from '../lab/images.js'

it('every symbol that the host knows is in the guest by the same name, number and order', async () => {
  const facts = readKernelFacts(read('images/built/scion-1.0.elf'))
  if (!facts.ok) throw new Error(facts.message)
  const kernel = facts.value
  const session = await bootGuest()
  const guest = new Map<string, bigint[]>()
  for (const line of (await session.agent.read('cat /proc/kallsyms')).trim().split('\n')) {
    const [address, , name] = line.split(' ')
    guest.set(name ?? '', [...(guest.get(name ?? '') ?? []), BigInt(`0x${address}`)])
  }
  session.dispose()
  expect(guest.size).toBeGreaterThan(1000)
  const places = new Map([...kernel.symbols].map(([name, list]) => [name, list.map((one) => one.address)]))
  expect([...places.keys()].filter((name) => !guest.has(name))).toEqual([])
  for (const [name, addresses] of places) expect(guest.get(name), name).toEqual(addresses)
  // Names that begin like the table's own are names like others.
  expect(guest.has('kallsyms_lookup')).toBe(true)
})
