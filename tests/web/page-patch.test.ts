// Patching in the page: the functions of the kernel as they are in memory, a replacement in assembly applied by the guest itself, and
// what was rewritten, instant by instant.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { root } from '../lab/images.js'
import { needs } from '../needs.js'
import {
  button,
  choosePanel,
  consoleText,
  PageBrowser,
  saysOnConsole,
  typeLine,
  untilLoaded,
  untilState,
  writeSource,
} from './page-in-chromium.js'

const AT_REST = '0f 1f 44 00 00'

needs('chromium')('patching in the page', () => {
  let browser: PageBrowser

  beforeAll(async () => {
    browser = await PageBrowser.start()
  })
  afterAll(async () => {
    await browser?.stop()
  })

  const entryOf = (page: Page, name: string) =>
    page.locator('.row', { has: page.getByText(name, { exact: true }) }).locator('.entry')

  const chooseFunction = async (page: Page, name: string): Promise<void> => {
    await choosePanel(page, 'Functions')
    await page.getByLabel('Search functions').fill(name)
    await page.locator('.row', { has: page.getByText(name, { exact: true }) }).click()
  }

  it("rewrites the entry of a function before one's eyes, and the guest answers differently", async () => {
    const { page, problems } = await browser.open()
    await chooseFunction(page, 'cmdline_proc_show')
    await expect.poll(() => entryOf(page, 'cmdline_proc_show').textContent()).toBe(AT_REST)
    const listing = page.getByLabel('Instructions of the chosen function')
    await listing.filter({ hasText: /0f 1f 44 00 00\s+nop dword ptr/ }).waitFor()
    await listing.filter({ hasText: '<seq_printf>' }).waitFor()
    expect(await page.locator('.line.changed').count()).toBe(0)
    await choosePanel(page, 'Patch')
    await page.getByText('replaces cmdline_proc_show').waitFor()
    await button(page, 'Apply').click()
    await page.getByText('first_patch is loaded.').waitFor()
    const stages = await page.locator('.stages tr').allTextContents()
    expect(stages.map((text) => /([\da-f]{2} ){4}[\da-f]{2}/.exec(text)?.[0])).toEqual([
      AT_REST,
      'cc 1f 44 00 00',
      expect.stringMatching(/^cc .. .. .. ..$/),
      expect.stringMatching(/^e8 /),
      expect.stringMatching(/^e8 /),
    ])
    await typeLine(page, 'cat /proc/cmdline')
    await saysOnConsole(page, 'assembled_cmdline: this has been live patched')
    await choosePanel(page, 'Functions')
    await expect.poll(() => entryOf(page, 'cmdline_proc_show').textContent()).toMatch(/^e8 /)
    await listing.filter({ hasText: /e8 .* call 0xffffffffc0/ }).waitFor()
    expect(await page.locator('.line.changed').allTextContents()).toEqual([expect.stringMatching(/ e8 /)])
    await page.getByLabel('rewritten entries only').check()
    await expect.poll(() => page.locator('.row .name').allTextContents()).toEqual(['cmdline_proc_show'])
    expect(problems).toEqual([])
    await page.context().close()
  })

  it('goes back to the instant at which the entry is a breakpoint, and on from there', async () => {
    const { page, problems } = await browser.open()
    await choosePanel(page, 'Patch')
    await button(page, 'Apply').click()
    await page.locator('.stages tr.breakpoint button').first().click()
    await chooseFunction(page, 'cmdline_proc_show')
    await expect.poll(() => entryOf(page, 'cmdline_proc_show').textContent()).toBe('cc 1f 44 00 00')
    await expect.poll(() => consoleText(page)).not.toContain('patching complete')
    expect(await consoleText(page)).toContain('initializing patching transition')
    await button(page, 'Run').click()
    await saysOnConsole(page, 'patching complete')
    await expect.poll(() => entryOf(page, 'cmdline_proc_show').textContent()).toMatch(/^e8 /)
    expect(problems).toEqual([])
    await page.context().close()
  })

  it.each([
    ['.patch cmdline_proc_show\n\txor eax, eax\n\tfrobnicate rax\n\tret\n', 3, /line 3.*frobnicate/i],
    ['; a comment\n.patch no_such_function\n\tret\n', 2, /no_such_function/],
    ['.patch cmdline_proc_show\n\txor eax, eax\n', 2, /cmdline_proc_show/],
  ])('refuses %j with its line', async (source, line, says) => {
    const { page, problems } = await browser.open()
    await choosePanel(page, 'Patch')
    await writeSource(page, source)
    const verdict = page.locator('.verdict.bad')
    await verdict.filter({ hasText: says }).waitFor()
    const marked = page.locator('.cm-lintRange-error').first()
    expect(source.split('\n')[line - 1]).toContain(await marked.textContent())
    await button(page, 'Apply').click()
    await verdict.filter({ hasText: says }).waitFor()
    await choosePanel(page, 'Functions')
    await page.getByLabel('rewritten entries only').check()
    await page.getByText(/^0 of \d+$/).waitFor()
    expect(problems).toEqual([])
    await page.context().close()
  })

  it('applies a patch that the page ships, shows its source, and takes it back', async () => {
    const { page, problems } = await browser.open()
    await typeLine(page, 'spin getpid 1000000000 &')
    await choosePanel(page, 'Patch')
    await page.getByRole('combobox', { name: 'Patch' }).selectOption('klp-syscall.ko')
    const source = readFileSync(join(root, 'images/patches/klp-syscall.c'), 'utf8')
    await page
      .locator('.cm-content')
      .filter({ hasText: source.split('\n')[2]!.slice(3) })
      .waitFor()
    await button(page, 'Apply').click()
    await page.getByText('klp_syscall is loaded.').waitFor()
    await page
      .locator('.loaded')
      .filter({ hasText: /klp_syscall\s*enabled/ })
      .waitFor()
    await button(page, 'Disable klp_syscall').click()
    await saysOnConsole(page, "'klp_syscall': unpatching complete")
    expect(problems).toEqual([])
    await page.context().close()
  })

  it('begins a replacement from the list of functions', async () => {
    const { page, problems } = await browser.open()
    await chooseFunction(page, 'uptime_proc_show')
    await button(page, 'Replace…').click()
    await page.locator('.verdict').filter({ hasText: 'replaces uptime_proc_show' }).waitFor()
    await page.getByLabel('Source of the patch').press('Control+Enter')
    await page.getByText('uptime_proc_show_patch is loaded.').waitFor()
    await typeLine(page, 'cat /proc/uptime; echo nothing before this')
    await saysOnConsole(page, 'cat /proc/uptime; echo nothing before this\nnothing before this')
    expect(problems).toEqual([])
    await page.context().close()
  })

  it('asks the network for nothing once it has loaded', async () => {
    const { page, problems } = await browser.open()
    await untilLoaded(page)
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    await page.context().setOffline(true)
    await choosePanel(page, 'Patch')
    await button(page, 'Apply').click()
    await page.getByText('first_patch is loaded.').waitFor()
    await button(page, 'Fork').click()
    await untilState(page, 'paused')
    await button(page, 'Run').click()
    await typeLine(page, 'cat /proc/cmdline')
    await saysOnConsole(page, 'assembled_cmdline: this has been live patched')
    expect(asked).toEqual([])
    expect(problems).toEqual([])
    await page.context().close()
  })
})
