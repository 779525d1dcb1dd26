// The live upgrade in the page: phases, figures, ledger and the map of memory, of which the guest's own books say the same.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { read } from '../lab/images.js'
import { needs } from '../needs.js'
import { button, choosePanel, PageBrowser, saysOnConsole, typeLine, untilState } from './page-in-chromium.js'

needs('chromium')('the upgrade in the page', () => {
  let browser: PageBrowser

  beforeAll(async () => {
    browser = await PageBrowser.start()
  })
  afterAll(async () => {
    await browser?.stop()
  })

  it('changes the kernel under programs that go on, and shows what became of each frame', async () => {
    const { page, problems } = await browser.open()
    await choosePanel(page, 'Upgrade')
    await button(page, 'Start two programs').click()
    await saysOnConsole(page, 'pipeline 400')
    await button(page, 'Upgrade to Scion 1.1').click()
    await page.getByText(/Scion 1\.0, then 1\.1: \d+ processes go on, bit for bit\./).waitFor()
    expect(await page.locator('.phases button span:first-child').allTextContents()).toEqual([
      ...['load', 'prepare', 'freeze', 'jump', 'boot', 'adopt', 'resume'],
    ])
    const facts = (await page.locator('.facts tr').allTextContents()).join('\n')
    expect(facts).toMatch(/between the kernels[\d,]+ instructions, of them 0 in user mode/)
    expect(facts).toMatch(/user pages\d+: 0 copied, 0 changed/)
    const preserved = Number(/records, ([\d,]+) frames in place/.exec(facts)?.[1]?.replace(',', ''))
    const legend = (await page.getByLabel(/^Frames of RAM/).getAttribute('aria-label')) ?? ''
    const frames = [...legend.matchAll(/([\d,]+) ([a-z-]+)/g)].map(([, n = '', kind]) => [
      kind,
      Number(n.replace(',', '')),
    ])
    const counts = Object.fromEntries(frames) as Record<string, number>
    expect(counts['kept']).toBe(preserved)
    expect(preserved).toBeGreaterThan(100)
    for (const kind of ['re-hashed', 'rebuilt', 'new-kernel', 'old-kernel', 'free'])
      expect(counts[kind]).toBeGreaterThan(0)
    expect(Object.values(counts).reduce((a, b) => a + b)).toBe((128 << 20) / 4096)
    const ledger = await page.locator('.ledger tbody tr').allTextContents()
    expect(ledger).toContainEqual(expect.stringMatching(/^page tables\d+000$/))
    await saysOnConsole(page, 'counter: pid')
    await typeLine(page, 'uname -r; cat /sys/kernel/liveupdate/ledger | grep descriptors')
    await saysOnConsole(page, '1.1')
    await page.locator('.phases button').nth(2).click()
    await untilState(page, 'paused')
    await choosePanel(page, 'Functions')
    expect(problems).toEqual([])
    await page.context().close()
  })

  it('says what the kernel will not carry, and the guest goes on', async () => {
    const { page, problems } = await browser.open()
    await typeLine(page, 'cat < /proc/version; exec 5< /proc/uptime; echo holds it')
    await saysOnConsole(page, 'holds it')
    await choosePanel(page, 'Upgrade')
    await button(page, 'Upgrade to Scion 1.1').click()
    await page.locator('.verdict.bad').filter({ hasText: 'The guest refused' }).waitFor()
    await page
      .locator('.outcome .messages')
      .filter({ hasText: /liveupdate:/ })
      .waitFor()
    await typeLine(page, 'uname -r; exec 5<&-; echo still here')
    await saysOnConsole(page, '1.0\nstill here')
    expect(await page.locator('.memory-map').count()).toBe(0)
    expect(problems).toEqual([])
    await page.context().close()
  })

  it("upgrades to an image of the person's own, and says what is none", async () => {
    const { page, problems } = await browser.open()
    await choosePanel(page, 'Upgrade')
    const give = (buffer: Buffer): Promise<void> =>
      page.getByLabel('A kernel image of your own').setInputFiles({ name: 'next', mimeType: '', buffer })
    await give(Buffer.from('no kernel'))
    await page.locator('.complaint').filter({ hasText: /ELF/ }).waitFor()
    const image = Buffer.from(read('images/built/scion-1.1.elf'))
    const damaged = Buffer.from(image)
    damaged[0x2000] = damaged[0x2000]! ^ 1
    await give(damaged)
    await page.locator('.verdict.bad').filter({ hasText: 'The guest refused' }).waitFor()
    await give(image)
    await page.getByText(/Scion 1\.0, then 1\.1: \d+ processes go on, bit for bit\./).waitFor()
    expect(problems).toEqual([])
    await page.context().close()
  })
})
