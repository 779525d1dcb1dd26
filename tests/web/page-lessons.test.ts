// The lessons as a person takes them: in the page, each in guests of its own. What they show is in lessons.test.ts.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { needs } from '../needs.js'
import { button, choosePanel, consoleText, PageBrowser, saysOnConsole } from './page-in-chromium.js'

needs('chromium')('the lessons in the page', () => {
  let browser: PageBrowser

  beforeAll(async () => {
    browser = await PageBrowser.start()
  })
  afterAll(async () => {
    await browser?.stop()
  })

  it('are ten, to be chosen from', async () => {
    const { page } = await browser.open()
    await choosePanel(page, 'Lessons')
    expect(await page.locator('.lesson-list li').count()).toBe(10)
    await button(page, 'A way back is exact').click()
    await page.getByRole('heading', { name: 'A way back is exact' }).waitFor()
    await page.context().close()
  })

  it('show the torn instruction of a kernel without its synchronizations, beside the kernel with them', async () => {
    const { page, problems } = await browser.open()
    await choosePanel(page, 'Lessons')
    await button(page, 'No CPU executes half an instruction').click()
    await button(page, 'Run the claim').click()
    await page.getByText('✓ Three programs keep calling').waitFor({ timeout: 60_000 })
    await button(page, 'Run its twin').click()
    await page.getByText('✓ A CPU took the old first byte with the new ones behind it').waitFor({ timeout: 60_000 })
    await page
      .locator('.said')
      .filter({ hasText: /\d+ futures of this instant: \d+ went wrong/ })
      .waitFor()
    // The future that went wrong is a guest of its own, where it fell.
    await button(page, 'Lesson 2, twin, a future').first().waitFor()
    await saysOnConsole(page, 'BUG: unable to handle page fault')
    await button(page, 'Lesson 2').click()
    await saysOnConsole(page, 'Scion version 1.0')
    expect(await consoleText(page)).not.toContain('BUG')
    expect(problems).toEqual([])
    await page.context().close()
  })

  it('can be taken again: the guests of the last time go', async () => {
    const { page, problems } = await browser.open()
    await choosePanel(page, 'Lessons')
    for (let time = 0; time < 2; time++) {
      await button(page, 'Run the claim').click()
      await page.locator('.verdict.good').filter({ hasText: '✓' }).waitFor()
    }
    expect(await page.locator('.guest').count()).toBe(2)
    await button(page, 'Look at Functions').click()
    await page.getByLabel('rewritten entries only').check()
    await expect.poll(() => page.locator('.row .name').allTextContents()).toEqual(['cmdline_proc_show'])
    expect(problems).toEqual([])
    await page.context().close()
  })
})
