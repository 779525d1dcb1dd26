// The package in a real browser: what Vite bundles of it boots a guest in a Web Worker, assembles a patch and applies it there, and
// ends in the state that Node ends in, bit for bit. The page sees a static server on this host and nothing else.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium } from 'playwright-core'
import { build } from 'vite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { root } from '../lab/images.js'
import { chromiumPath, needs } from '../needs.js'

const patch = join(root, 'images/patches/assembled-cmdline.s')
const folder = mkdtempSync(join(tmpdir(), 'transplant-browser-'))
const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' }

/** Serves the bundle; `isolated`: as a page that may share memory with its workers. */
async function serve(isolated: boolean): Promise<{ server: Server; address: string }> {
  const headers = isolated
    ? { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }
    : {}
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const path = normalize(pathname === '/' ? '/index.html' : pathname)
    try {
      const bytes = readFileSync(join(folder, 'dist', path))
      const type = types[extname(path)] ?? 'application/octet-stream'
      response.writeHead(200, { ...headers, 'Content-Type': type }).end(bytes)
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

needs('chromium')('a page in Chromium', () => {
  let browser: Browser
  let expected: unknown

  beforeAll(async () => {
    cpSync(fileURLToPath(new URL('page', import.meta.url)), folder, { recursive: true })
    mkdirSync(join(folder, 'node_modules'))
    symlinkSync(root, join(folder, 'node_modules/transplant'))
    writeFileSync(join(folder, 'index.html'), '<!doctype html><script type="module" src="/main.js"></script>')
    await build({ root: folder, logLevel: 'silent', configFile: false })
    const node = spawnSync(process.execPath, [join(folder, 'node.mjs'), patch], { encoding: 'utf8' })
    expect(node.stderr).toBe('')
    expected = JSON.parse(node.stdout)
    browser = await chromium.launch({ executablePath: chromiumPath()!, args: ['--no-sandbox'] })
  })

  afterAll(async () => {
    await browser?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it.each([
    ['that shares memory with its workers', true],
    ['that is an ordinary one', false],
  ])('%s boots a guest, patches it, and has the state that Node has', async (_what, isolated) => {
    const { server, address } = await serve(isolated)
    try {
      const page = await browser.newPage()
      const problems: string[] = []
      page.on('pageerror', (error) => problems.push(error.message))
      page.on('request', (request) => {
        const url = request.url()
        if (!url.startsWith(address) && !url.startsWith('blob:') && !url.startsWith('data:'))
          problems.push(`asked for ${url}`)
      })
      page.on('response', (response) => {
        if (response.status() >= 400 && !response.url().endsWith('/favicon.ico')) problems.push(`no ${response.url()}`)
      })
      await page.goto(address)
      expect(await page.evaluate('crossOriginIsolated')).toBe(isolated)
      const run = (source: string): Promise<unknown> =>
        (globalThis as unknown as { runExperiment(text: string): Promise<unknown> }).runExperiment(source)
      const outcome = await page.evaluate(run, readFileSync(patch, 'utf8'))
      expect(problems).toEqual([])
      expect(outcome).toEqual(expected)
      expect(outcome).toMatchObject({
        greeting: 'a shell in Scion\n',
        patched: 'assembled_cmdline: this has been live patched\n',
      })
      await page.close()
    } finally {
      server.close()
    }
  })
})
