// The page that `transplant web` serves, in a real browser: what a person sees and does, and that it asks for nothing but its own files.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { decodeSnapshot } from '../../src/machine/index.js'
import { needs } from '../needs.js'
import {
  button,
  choosePanel,
  consoleText,
  figure,
  instructions,
  PageBrowser,
  PROMPT,
  saysOnConsole,
  typeLine,
  untilState,
} from './page-in-chromium.js'

needs('chromium')('the page', () => {
  let browser: PageBrowser

  beforeAll(async () => {
    browser = await PageBrowser.start()
  })
  afterAll(async () => {
    await browser?.stop()
  })

  it('opens to a prompt within three seconds on a cold cache, by its own files alone', async () => {
    const attempts: number[] = []
    // The other tests may have both cores: the best of three says what the page takes.
    while (attempts.length < 3 && !attempts.some((one) => one < 3000)) {
      const { page, problems, openedIn } = await browser.open()
      attempts.push(openedIn)
      expect(problems).toEqual([])
      await page.context().close()
    }
    expect(Math.min(...attempts)).toBeLessThan(3000)
  })

  it('runs what is typed at its console', async () => {
    const { page, problems } = await browser.open()
    await typeLine(page, 'echo seven times six is $((7 * 6)); uname -r')
    await saysOnConsole(page, 'seven times six is 42')
    await expect.poll(() => consoleText(page)).toMatch(/seven times six is 42\s*\n1\.0/)
    await untilState(page, 'waits for input')
    expect(problems).toEqual([])
    await page.context().close()
  })

  it('pauses, steps one instruction, and goes back to where it was', async () => {
    const { page, problems } = await browser.open()
    await typeLine(page, 'spin syscall 1000000000 &')
    await untilState(page, 'running')
    await button(page, 'Pause').click()
    await untilState(page, 'paused')
    expect(await page.locator('.vcpus li').count()).toBe(2)
    const before = await instructions(page)
    const cpus = await page.locator('.vcpus li').allTextContents()
    await page.getByLabel('vCPU to step').selectOption(String(cpus.findIndex((text) => text.includes('running'))))
    await page.keyboard.press('F10')
    await expect.poll(() => instructions(page)).toBe(before + 1)
    await page.keyboard.press('F9')
    await expect.poll(() => instructions(page)).toBe(before)
    expect(await page.locator('.vcpus li').allTextContents()).toEqual(cpus)
    expect(problems).toEqual([])
    await page.context().close()
  })

  it('runs to a function and back to it, and forgets on the console what was not said then', async () => {
    const { page, problems } = await browser.open()
    await page.getByLabel('Function to run to').fill('cmdline_proc_show')
    await button(page, 'Run to').click()
    await untilState(page, 'running to it')
    await typeLine(page, 'cat /proc/cmdline')
    await untilState(page, 'paused')
    await page
      .locator('.vcpus li')
      .filter({ hasText: /\scmdline_proc_show$/ })
      .waitFor()
    const there = await figure(page, 'time')
    await button(page, 'Run').click()
    await saysOnConsole(page, 'console=ttyS0\n/ #')
    await button(page, 'Back to').click()
    await expect.poll(() => figure(page, 'time')).toBe(there)
    await expect.poll(async () => (await consoleText(page)).trimEnd()).toMatch(/cat \/proc\/cmdline$/)
    await page.getByLabel('Function to run to').fill('no_such_function')
    await button(page, 'Run to').click()
    await page.getByText("The kernel has no function 'no_such_function'.").waitFor()
    expect(problems).toEqual([])
    await page.context().close()
  })

  it('forks a guest: the two have one past and different futures', async () => {
    const { page, problems } = await browser.open()
    await typeLine(page, 'x=before')
    await button(page, 'Fork').click()
    await button(page, 'Fork of Guest 1').waitFor()
    await untilState(page, 'paused')
    await button(page, 'Run').click()
    await typeLine(page, 'x=$x-forked; echo value $x')
    await saysOnConsole(page, 'value before-forked')
    await button(page, 'Guest 1').click()
    await typeLine(page, 'echo own $x')
    await saysOnConsole(page, 'own before')
    expect(await consoleText(page)).not.toContain('forked')
    expect(problems).toEqual([])
    await page.context().close()
  })

  it('saves a snapshot that the library reads', async () => {
    const { page, problems } = await browser.open()
    const [download] = await Promise.all([page.waitForEvent('download'), button(page, 'Snapshot').click()])
    const decoded = decodeSnapshot(new Uint8Array(readFileSync(await download.path())))
    expect(decoded).toMatchObject({ ok: true, value: { configuration: { vcpus: 2, append: 'console=ttyS0' } } })
    expect(problems).toEqual([])
    await page.context().close()
  })

  it('shows who holds a transition up, and where he sleeps', async () => {
    const { page, problems } = await browser.open()
    await typeLine(page, 'insmod /lib/modules/klp-target.ko; cat /proc/klp_target_wait & sleep 0.001; echo sleeps')
    await saysOnConsole(page, 'sleeps')
    await typeLine(page, 'insmod /lib/modules/klp-stack.ko')
    await saysOnConsole(page, 'starting patching transition')
    await choosePanel(page, 'Tasks')
    await page.getByText("'klp_stack' is being applied: 1 of").waitFor()
    await page
      .locator('.straggler')
      .filter({ hasText: /cat.*asleep.*unpatched, holds it up/ })
      .waitFor()
    const stack = page.locator('.stack').filter({ hasText: 'Why cat' })
    await stack.filter({ hasText: /klp_target_wait\+0x[0-9a-f]+ \[klp_target\][\s\S]*entry_SYSCALL_64/ }).waitFor()
    await button(page, 'init').click()
    await page.locator('.stack').filter({ hasText: 'do_wait' }).waitFor()
    await typeLine(page, `kill -9 ${await page.locator('.straggler td').first().textContent()}`)
    await page.getByText('No transition is under way.').waitFor()
    expect(await page.locator('.straggler').count()).toBe(0)
    expect(problems).toEqual([])
    await page.context().close()
  })

  it('has colours for day and night, by the system and by a switch', async () => {
    const { page } = await browser.open({ colorScheme: 'dark' })
    const ground = () => page.evaluate('getComputedStyle(document.body).backgroundColor')
    const dark = await ground()
    await page.getByRole('button', { name: 'Colours: system' }).click()
    expect(await ground()).not.toBe(dark)
    await page.getByRole('button', { name: 'Colours: light' }).click()
    expect(await ground()).toBe(dark)
    await page.reload()
    await saysOnConsole(page, PROMPT)
    expect(await page.getByRole('button', { name: 'Colours: dark' }).count()).toBe(1)
    await page.context().close()
  })
})
