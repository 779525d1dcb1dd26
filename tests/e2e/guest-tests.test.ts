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
