// The guest's own tests of its kernel, in the guest.
import { expect, it } from 'vitest'
import { bootGuest } from '../lab/images.js'

it('a booted guest passes its own tests', async () => {
  const guest = await bootGuest({}, { limit: 6e9 })
  const { status, stdout } = await guest.agent.exec('usertests -q')
  expect(stdout.split('\n').filter((line) => line.startsWith('not ok'))).toEqual([])
  expect(stdout).toMatch(/# Totals: pass:\d+ fail:0 /)
  expect(status).toBe(0)
  guest.dispose()
})

it('a small guest tells a list of arguments that is too long from memory that is short', async () => {
  const guest = await bootGuest({ memoryBytes: 36 << 20 }, { limit: 6e9 })
  expect(await guest.agent.read('usertests argument_limits')).toMatch(/# Totals: pass:1 fail:0 /)
  guest.dispose()
})
