// Runs that are shared by a link, and files that are dropped on the page: a run is repeated bit for bit, and whatever is hostile gets a
// sentence, with the page as it was.
import { deflateRawSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { busyboxInitrd, bzImage } from '../guest/linux/debian.js'
import { read } from '../lab/images.js'
import { needs } from '../needs.js'
import {
  button,
  choosePanel,
  consoleText,
  figure,
  instructions,
  PageBrowser,
  saysOnConsole,
  typeLine,
  untilState,
  writeSource,
} from './page-in-chromium.js'

const SOURCE = `.patch version_proc_show
	push rbp
	mov rbp, rsp
	lea rsi, [rip + text]
	call seq_puts
	xor eax, eax
	pop rbp
	ret
.rodata
text:
	.asciz "a version that was shared\\n"
`

needs('chromium')('sharing', () => {
  let browser: PageBrowser

  beforeAll(async () => {
    browser = await PageBrowser.start()
  })
  afterAll(async () => {
    await browser?.stop()
  })

  /** Experiments that were shared: the fragment of the link. */
  const share = async (page: Page): Promise<string> => {
    await button(page, 'Share').click()
    const link = await page.getByLabel('Link').inputValue()
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
    return new URL(link).hash
  }

  it('repeats a run with a patch, a step and another future, bit for bit, from the link alone', async () => {
    const { page, problems } = await browser.open()
    await typeLine(page, 'spin syscall 100000000 &')
    await choosePanel(page, 'Patch')
    await writeSource(page, SOURCE)
    await button(page, 'Apply').click()
    await page.getByText('first_patch is loaded.').waitFor()
    // Back before the patch's end and on from there: what was typed later is no part of the run.
    await typeLine(page, 'echo $((3 * 3)) are forgotten')
    await saysOnConsole(page, '9 are forgotten')
    await page.locator('.stages button').last().click()
    await untilState(page, 'paused')
    await page.keyboard.press('F10')
    await button(page, 'Run').click()
    await typeLine(page, 'cat /proc/version')
    await saysOnConsole(page, 'a version that was shared')
    const fragment = await share(page)
    const there = {
      text: (await consoleText(page)).trimEnd(),
      time: await figure(page, 'time'),
      retired: await instructions(page),
    }
    expect(fragment.length).toBeLessThan(8000)
    expect(problems).toEqual([])
    await page.context().close()

    const other = await browser.open({}, fragment, 'a version that was shared')
    await other.page.getByText(/Repeated bit for bit: the state is [\da-f]{16}, as in the link/).waitFor()
    const here = async () => ({
      text: (await consoleText(other.page)).trimEnd(),
      time: await figure(other.page, 'time'),
      retired: await instructions(other.page),
    })
    await expect.poll(here).toEqual(there)
    expect(there.text).not.toContain('forgotten')
    await choosePanel(other.page, 'Patch')
    await other.page.locator('.cm-content').filter({ hasText: 'a version that was shared' }).waitFor()
    // It is a guest like any other: it goes on, and can be shared again.
    await button(other.page, 'Run').click()
    await typeLine(other.page, 'echo goes on')
    await saysOnConsole(other.page, 'echo goes on\ngoes on')
    expect((await share(other.page)).length).toBeGreaterThan(fragment.length)
    expect(other.problems).toEqual([])
    await other.page.context().close()
  })

  it.each([
    ['nonsense', 'not+an*experiment', 'The link holds no experiment'],
    ['a bomb', deflateRawSync(new Uint8Array(200 << 20)).toString('base64url'), 'The link holds no experiment'],
  ])('answers %s with a sentence, and boots as ever', async (_what, text, says) => {
    const { page, problems } = await browser.open({}, `#run=${text}`)
    await page.getByText(says).waitFor()
    expect(problems).toEqual([])
    await page.context().close()
  })

  it('says that a link is of images that it has not', async () => {
    const { page } = await browser.open()
    const { encodeExperiment, decodeExperiment } = await import('../../src/web/page/bench/share-link.js')
    const decoded = await decodeExperiment((await share(page)).slice('#run='.length))
    if (!decoded.ok) throw new Error(decoded.message)
    await page.context().close()
    const images = { ...decoded.value.images, kernel: '0123456789abcdef' }
    const other = await browser.open({}, `#run=${await encodeExperiment({ ...decoded.value, images })}`)
    await other.page
      .getByText('is of other images than this page has: the kernel 0123456789abcdef is missing')
      .waitFor()
    await other.page.context().close()
    // A state that is not the link's is told, too.
    const end = { ...decoded.value.end, hash: '0123456789abcdef' }
    const third = await browser.open({}, `#run=${await encodeExperiment({ ...decoded.value, end })}`)
    await third.page.getByText(/The run differs from the link's: .* not 0123456789abcdef/).waitFor()
    await third.page.context().close()
  })

  it('stops repeating a run that does not end, when it is told to', async () => {
    const { page } = await browser.open()
    await typeLine(page, 'spin syscall 100000000000 &')
    await untilState(page, 'running')
    const { encodeExperiment, decodeExperiment } = await import('../../src/web/page/bench/share-link.js')
    const decoded = await decodeExperiment((await share(page)).slice('#run='.length))
    if (!decoded.ok) throw new Error(decoded.message)
    await page.context().close()
    const end = { ...decoded.value.end, time: 2 ** 52, slices: 2 ** 31 }
    const other = await browser.open({}, `#run=${await encodeExperiment({ ...decoded.value, end })}`)
    await untilState(other.page, 'repeating')
    await button(other.page, 'Pause').click()
    await other.page.getByText('Stopped before its end.').waitFor()
    await button(other.page, 'Run').click()
    await typeLine(other.page, 'echo $((40 + 2)) still')
    await saysOnConsole(other.page, '42 still')
    expect(other.problems).toEqual([])
    await other.page.context().close()
  })

  const drop = (page: Page, ...files: { name: string; buffer: Buffer }[]): Promise<void> =>
    page
      .getByLabel('Files to open')
      .setInputFiles(files.map((file) => ({ ...file, mimeType: 'application/octet-stream' })))

  it('boots a kernel and an initial RAM disk that are dropped on it', async () => {
    const { page, problems } = await browser.open()
    await drop(
      page,
      { name: 'vmlinux', buffer: Buffer.from(read('images/built/scion-1.1.elf')) },
      { name: 'initramfs', buffer: Buffer.from(read('images/built/initramfs.cpio')) },
    )
    await button(page, 'Guest 2').waitFor()
    await saysOnConsole(page, '/ #')
    await typeLine(page, 'uname -r; ls /boot; echo end')
    await saysOnConsole(page, '1.1\n')
    const fragment = await share(page)
    await button(page, 'Guest 1').click()
    await saysOnConsole(page, 'Scion version 1.0')
    // Of a kernel that the page ships the RAM disk is missing elsewhere.
    const other = await browser.open({}, fragment)
    await other.page.getByText('the initial RAM disk').waitFor()
    await other.page.context().close()
    expect(problems).toEqual([])
    await page.context().close()
  })

  it('goes on from a snapshot, applies a module and edits a source', async () => {
    const { page, problems } = await browser.open()
    await typeLine(page, 'x=kept')
    const [download] = await Promise.all([page.waitForEvent('download'), button(page, 'Snapshot').click()])
    await page.getByLabel('Files to open').setInputFiles(await download.path())
    await untilState(page, 'paused')
    await button(page, 'Run').click()
    await typeLine(page, 'echo $x')
    await saysOnConsole(page, 'kept')
    await button(page, 'Share').click()
    await page.getByText('a link cannot tell how it began').waitFor()
    await drop(page, {
      name: 'livepatch-sample.ko',
      buffer: Buffer.from(read('images/built/patches/livepatch-sample.ko')),
    })
    await page.getByText('livepatch_sample is loaded.').waitFor()
    await drop(page, { name: 'mine.s', buffer: Buffer.from('.patch no_such\n\tret\n') })
    await page.locator('.verdict.bad').filter({ hasText: 'no_such' }).waitFor()
    expect(problems).toEqual([])
    await page.context().close()
  })

  const damaged = (bytes: Uint8Array, at: number): Buffer => {
    const copy = Buffer.from(bytes)
    copy[at] = copy[at]! ^ 0xff
    return copy
  }

  it.each([
    ['a text', 'notes.txt', Buffer.from('nothing to boot'), "'notes.txt' is no file that the page can open"],
    ['an empty file', 'empty', Buffer.alloc(0), "'empty' is no file that the page can open"],
    [
      'half a kernel',
      'vmlinux',
      Buffer.from(read('images/built/scion-1.0.elf').subarray(0, 5000)),
      /end|trunc|outside/i,
    ],
    ['a kernel of another machine', 'arm', damaged(read('images/built/scion-1.0.elf'), 18), /machine|x86/i],
    ['a header alone', 'head', Buffer.from('\x7fELF'), /header|short|trunc|end/i],
    [
      'a damaged snapshot',
      'a.snapshot',
      Buffer.from('TPSNAPSH\x04\0\0\0\xff\xff\xff\xff', 'latin1'),
      'The snapshot is damaged',
    ],
    ['a damaged module', 'a.ko', damaged(read('images/built/patches/demo.ko'), 41), /section|outside|trunc|end/i],
    ['an empty RAM disk for a PC', 'initrd', Buffer.from('070701'), /\w/],
  ])('answers %s with a sentence or a kernel that says so', async (what, name, buffer, says) => {
    const { page, problems } = await browser.open()
    await drop(page, { name, buffer })
    const place = name.endsWith('.ko') ? page.locator('.verdict.bad') : page.locator('.complaint')
    if (what.startsWith('an empty RAM disk')) await button(page, 'Guest 2').waitFor()
    else await place.filter({ hasText: says }).waitFor()
    await button(page, 'Guest 1').click()
    await typeLine(page, 'echo still here')
    await saysOnConsole(page, 'echo still here\nstill here')
    expect(problems).toEqual([])
    await page.context().close()
  })
})

needs(
  'chromium',
  'debian-kernel',
  'busybox-static',
  'lz4',
)("Debian's kernel and a RAM disk, dropped on the page", () => {
  it('boot to a shell', async () => {
    const browser = await PageBrowser.start()
    try {
      const { page, problems } = await browser.open()
      const files = [
        { name: 'vmlinuz', mimeType: '', buffer: Buffer.from(bzImage()) },
        {
          name: 'initrd.img',
          mimeType: '',
          buffer: Buffer.from(busyboxInitrd('echo "a shell of $(uname -s)"\nexec sh\n')),
        },
      ]
      await page.getByLabel('Files to open').setInputFiles(files)
      await button(page, 'Guest 2').waitFor()
      await expect.poll(() => consoleText(page), { timeout: 110_000 }).toContain('a shell of Linux')
      await typeLine(page, 'echo $((6 * 7)) by hand')
      await saysOnConsole(page, '42 by hand')
      await choosePanel(page, 'Tasks')
      await button(page, '[kthreadd]').click({ timeout: 60_000 })
      await page
        .locator('.stack')
        .filter({ hasText: /kthreadd\+0x[\s\S]*ret_from_fork/ })
        .waitFor()
      await page.locator('tr').filter({ hasText: /^1sh/ }).waitFor()
      await choosePanel(page, 'Functions')
      await page.getByLabel('Search functions').fill('cmdline_proc_show')
      const row = page.locator('.row').filter({ hasText: /^cmdline_proc_show/ })
      await expect.poll(() => row.locator('.entry').textContent()).toBe('0f 1f 44 00 00')
      await row.click()
      await page.getByLabel('Instructions of the chosen function').filter({ hasText: '<seq_puts>' }).waitFor()
      expect(problems).toEqual([])
    } finally {
      await browser.stop()
    }
  })
})
