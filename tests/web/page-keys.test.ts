// The page without a mouse and without sight of it: keys, focus, names and roles, and text that stands out by day and by night.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { needs } from '../needs.js'
import {
  button,
  choosePanel,
  PageBrowser,
  saysOnConsole,
  typeLine,
  untilLoaded,
  untilState,
} from './page-in-chromium.js'

needs('chromium')('the page by keyboard', () => {
  let browser: PageBrowser

  beforeAll(async () => {
    browser = await PageBrowser.start()
  })
  afterAll(async () => {
    await browser?.stop()
  })

  const focused = (page: Page): Promise<string> =>
    page.evaluate(`(() => {
      const one = document.activeElement
      const region = one.closest('.controls') ? 'controls' : one.closest('.console') ? 'console' : one.closest('.right') ? 'panel' : 'elsewhere'
      return region + ': ' + (one.getAttribute('aria-label') ?? one.textContent)
    })()`)

  it('patches a function by keys alone', async () => {
    const { page, problems } = await browser.open()
    await untilLoaded(page)
    expect(await focused(page)).toMatch(/^console/)
    await page.keyboard.press('F6')
    expect(await focused(page)).toBe('panel: Functions')
    await page.keyboard.press('Tab')
    expect(await focused(page)).toBe('panel: Search functions')
    await page.keyboard.type('uptime_proc')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    expect(await focused(page)).toBe('panel: Functions of the kernel')
    await page.keyboard.press('ArrowDown')
    await page.getByRole('option', { name: /uptime_proc_show/, selected: true }).waitFor()
    await button(page, 'Replace…').focus()
    await page.keyboard.press('Enter')
    await page.locator('.verdict').filter({ hasText: 'replaces uptime_proc_show' }).waitFor()
    await page.keyboard.press('Control+Enter')
    await page.getByText('uptime_proc_show_patch is loaded.').waitFor()
    await page.keyboard.press('F8')
    await untilState(page, 'paused')
    // Round the regions and back to where a person types.
    await page.keyboard.press('F6')
    expect(await focused(page)).toMatch(/^controls/)
    await page.keyboard.press('F6')
    expect(await focused(page)).toMatch(/^console/)
    await page.keyboard.press('Shift+F6')
    expect(await focused(page)).toMatch(/^controls/)
    expect(problems).toEqual([])
    await page.context().close()
  })

  it('moves between its tabs by arrows, and shows one panel', async () => {
    const { page } = await browser.open()
    await page.getByRole('tab', { name: 'Functions' }).focus()
    for (const name of ['Patch', 'Tasks', 'Upgrade', 'Lessons', 'Functions']) {
      await page.keyboard.press('ArrowRight')
      expect(await focused(page)).toBe(`panel: ${name}`)
      await page.getByRole('tab', { name, selected: true }).waitFor()
      expect(await page.getByRole('tabpanel').count()).toBe(1)
      await page.getByRole('tabpanel', { name }).waitFor()
    }
    await page.keyboard.press('End')
    expect(await focused(page)).toBe('panel: Lessons')
    await page.context().close()
  })

  it('has a name for everything that can be used', async () => {
    const { page } = await browser.open()
    for (const panel of ['Functions', 'Patch', 'Tasks', 'Upgrade', 'Lessons']) {
      await choosePanel(page, panel)
      const nameless = await page.evaluate<
        string[]
      >(`[...document.querySelectorAll('button, input, select, textarea, canvas, dialog')]
        .filter((one) => one.checkVisibility() && !one.getAttribute('aria-label') && !one.getAttribute('aria-labelledby') && !one.closest('label') && !one.textContent.trim())
        .map((one) => one.outerHTML.slice(0, 120))`)
      expect(nameless).toEqual([])
    }
    await page.context().close()
  })

  it.each(['light', 'dark'] as const)('has text that stands out, %s', async (colorScheme) => {
    const { page } = await browser.open({ colorScheme })
    await typeLine(page, 'insmod /lib/modules/livepatch-sample.ko')
    await saysOnConsole(page, 'patching complete')
    for (const panel of ['Functions', 'Patch', 'Tasks', 'Upgrade', 'Lessons']) {
      await choosePanel(page, panel)
      const faint = await page.evaluate<string[]>(FAINT_TEXT)
      expect(faint).toEqual([])
    }
    await page.context().close()
  })

  it('boots a guest as it is wanted, from a dialog', async () => {
    const { page, problems } = await browser.open()
    await button(page, 'New…').click()
    const dialog = page.getByRole('dialog', { name: 'A new guest' })
    await dialog.getByLabel('vCPUs').fill('17')
    await page.keyboard.press('Enter')
    await expect.poll(() => dialog.isVisible()).toBe(true)
    await dialog.getByLabel('vCPUs').fill('4')
    await dialog.getByLabel('Seed of the scheduler').fill('9')
    await page.keyboard.press('Enter')
    await button(page, 'Guest 2').waitFor()
    await saysOnConsole(page, 'smp: Brought up 1 node, 4 CPUs')
    expect(await page.locator('.vcpus li').count()).toBe(4)
    await button(page, 'Help').click()
    await page.getByRole('dialog', { name: 'What this is' }).waitFor()
    await page.keyboard.press('Escape')
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0)
    expect(problems).toEqual([])
    await page.context().close()
  })

  it('is one column on a narrow screen, and nothing sticks out', async () => {
    const { page } = await browser.open({ viewport: { width: 360, height: 740 } })
    for (const panel of ['Functions', 'Patch', 'Tasks', 'Upgrade', 'Lessons']) {
      await choosePanel(page, panel)
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
    }
    const [left, right] = [await page.locator('.left').boundingBox(), await page.locator('.right').boundingBox()]
    expect(right!.y).toBeGreaterThanOrEqual(left!.y + left!.height - 1)
    await page.context().close()
  })
})

/** Texts in the page, outside of the console, whose contrast to what is behind them is under 4.5 (WCAG 2.2, 1.4.3). */
const FAINT_TEXT = `(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true })
  const parse = (color) => {
    canvas.clearRect(0, 0, 1, 1)
    canvas.fillStyle = color
    canvas.fillRect(0, 0, 1, 1)
    return [...canvas.getImageData(0, 0, 1, 1).data]
  }
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((one) => one / 255).map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
    return 0.2126 * x + 0.7152 * y + 0.0722 * z
  }
  const behind = (one) => {
    for (let at = one; at !== null; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor)
      if (color[3] === 255) return color
    }
    return [255, 255, 255]
  }
  const faint = []
  for (const one of document.querySelectorAll('#app *')) {
    if (one.closest('.terminal') || one.closest(':disabled') || !one.checkVisibility()) continue
    const own = [...one.childNodes].filter((child) => child.nodeType === 3).map((child) => child.data.trim()).join('')
    if (own === '' || one.classList.contains('zero') || one.tagName === 'OPTION') continue
    const [a, b] = [luminance(parse(getComputedStyle(one).color)), luminance(behind(one))]
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
    if (contrast < 4.5) faint.push(contrast.toFixed(2) + ' ' + own.slice(0, 40))
  }
  return faint
})()`
