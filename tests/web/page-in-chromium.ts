// The built page in Debian's Chromium, for tests: served as `transplant web` serves it, with everything that goes wrong noted.
import type { Server } from 'node:http'
import { join } from 'node:path'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { expect } from 'vitest'
import { servePage } from '../../src/cli/web.js'
import { root } from '../lab/images.js'
import { chromiumPath } from '../needs.js'

export interface OpenPage {
  readonly page: Page
  /** Errors of the page, requests to elsewhere, and answers that are none. */
  readonly problems: string[]
  /** From asking for the page to the guest's prompt, in milliseconds. */
  readonly openedIn: number
}

export const PROMPT = '/ # '

export class PageBrowser {
  private readonly browser: Browser
  private readonly server: Server
  readonly address: string

  private constructor(browser: Browser, server: Server, address: string) {
    this.browser = browser
    this.server = server
    this.address = address
  }

  static async start(): Promise<PageBrowser> {
    const { server, address } = await servePage(0, join(root, 'dist/page'))
    const browser = await chromium.launch({ executablePath: chromiumPath()!, args: ['--no-sandbox'] })
    return new PageBrowser(browser, server, address)
  }

  async stop(): Promise<void> {
    await this.browser.close()
    this.server.close()
  }

  /** The page in a context of its own, with nothing in its cache; `says`: what its console says when it is open. */
  async open(options: BrowserContextOptions = {}, fragment = '', says = PROMPT): Promise<OpenPage> {
    const context = await this.browser.newContext({ viewport: { width: 1360, height: 860 }, ...options })
    const page = await context.newPage()
    const problems: string[] = []
    page.on('pageerror', (error) => problems.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text())
    })
    page.on('request', (request) => {
      if (!request.url().startsWith(this.address)) problems.push(`asked for ${request.url()}`)
    })
    page.on('response', (response) => {
      if (response.status() >= 400) problems.push(`no ${response.url()}`)
    })
    const start = performance.now()
    await page.goto(`${this.address}${fragment}`)
    await saysOnConsole(page, says)
    return { page, problems, openedIn: performance.now() - start }
  }
}

const CONSOLE_ROWS = `[...document.querySelectorAll('.console .xterm-rows > div')].map((row) => row.textContent.replaceAll('\\u00a0', ' ').trimEnd()).join('\\n')`

/** Waits until the visible rows of the console have a text; rows have no spaces at their ends. */
export async function saysOnConsole(page: Page, text: string): Promise<void> {
  await expect.poll(() => consoleText(page), { timeout: 30_000, interval: 20 }).toContain(text.trimEnd())
}

export async function consoleText(page: Page): Promise<string> {
  return page.evaluate<string>(CONSOLE_ROWS)
}

/** Types a line at the guest. */
export async function typeLine(page: Page, line: string): Promise<void> {
  await page.locator('.console textarea').focus()
  await page.keyboard.type(`${line}\n`)
}

/** A figure of the controls. */
export async function figure(page: Page, name: 'state' | 'mips' | 'time' | 'instructions'): Promise<string> {
  return (await page.locator(`[data-figure="${name}"]`).textContent()) ?? ''
}

export async function instructions(page: Page): Promise<number> {
  return Number((await figure(page, 'instructions')).replaceAll(',', ''))
}

export const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })

/** Waits for a state of the controls. */
export async function untilState(page: Page, state: string): Promise<void> {
  await page.locator('[data-figure="state"]').filter({ hasText: state }).waitFor({ timeout: 60_000 })
}

/** Chooses what stands beside the console. */
export async function choosePanel(page: Page, name: string): Promise<void> {
  await page.getByRole('tab', { name, exact: true }).click()
}

/** Everything that the page may need later is there. */
export async function untilLoaded(page: Page): Promise<void> {
  await page.waitForSelector('html[data-loaded=all]', { state: 'attached', timeout: 60_000 })
}

/** Replaces the text in the patch editor. */
export async function writeSource(page: Page, source: string): Promise<void> {
  await page.getByLabel('Source of the patch').fill(source)
}
