// `transplant web`: what the server of the page gives, and what it does not.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { servePage } from '../../src/cli/web.js'
import { root } from '../lab/images.js'

const command = join(root, 'dist/cli/main.js')
const folder = join(root, 'dist/page')

describe('the server of the page', () => {
  let served: Awaited<ReturnType<typeof servePage>>
  beforeAll(async () => {
    served = await servePage(0, folder)
  })
  afterAll(() => served.server.close())

  /** As it is written: no client tidies the path. */
  const ask = (path: string, method = 'GET'): Promise<{ status: number; type: string | undefined; length: number }> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(served.address)
      const sent = request({ hostname, port, path, method }, (answer) => {
        let length = 0
        answer.on('data', (part: Buffer) => {
          length += part.length
        })
        const type = answer.headers['content-type']
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, type, length }))
      })
      sent.on('error', reject).end()
    })

  it('gives the page, whatever stands behind the path', async () => {
    for (const path of ['/', '/index.html', '/?x=1']) {
      const answer = await ask(path)
      expect(answer).toMatchObject({ status: 200, type: 'text/html; charset=utf-8' })
      expect(answer.length).toBeGreaterThan(500)
    }
    expect(await ask('/', 'HEAD')).toMatchObject({ status: 200, length: 0 })
  })

  it.each([
    '/../package.json',
    '/assets/../../package.json',
    '/%2e%2e/package.json',
    '/assets',
    '/nothing',
    '//etc/passwd',
  ])('gives nothing at %s', async (path) => {
    expect(await ask(path)).toMatchObject({ status: 404, length: 0 })
  })

  it('gives the licences of all that is in it', async () => {
    const licences = await (await fetch(new URL('licences.md', served.address))).text()
    const names = [...licences.matchAll(/^## (\S+) - /gm)].map(([, name]) => name)
    const wanted = ['@xterm/xterm', '@codemirror/view', '@alexaltea/capstone-js', '@alexaltea/keystone-js']
    expect(names).toEqual(expect.arrayContaining(wanted))
    expect(licences).toMatch(/keystone-js - .*\(GPL-2\.0\)[\s\S]*GNU GENERAL PUBLIC LICENSE/)
  })

  it('takes nothing', async () => {
    for (const method of ['POST', 'PUT', 'DELETE']) expect(await ask('/', method)).toMatchObject({ status: 405 })
  })

  it('listens on the loopback address alone', () => {
    expect(served.server.address()).toMatchObject({ address: '127.0.0.1' })
  })

  it('says in a sentence that a port is taken, or is none', () => {
    const { port } = new URL(served.address)
    const taken = spawnSync(process.execPath, [command, 'web', '--port', port], { encoding: 'utf8' })
    expect(taken.status).toBe(2)
    expect(taken.stderr).toContain(`cannot listen on port ${port}: it is in use.`)
    const none = spawnSync(process.execPath, [command, 'web', '--port', '65536'], { encoding: 'utf8' })
    expect(none.status).toBe(2)
    expect(none.stderr).toContain('65535')
  })
})

describe('transplant web', () => {
  it('prints the address at which the page is, and ends by Ctrl-C', async () => {
    const child = spawn(process.execPath, [command, 'web', '--port', '0'], { stdio: ['ignore', 'pipe', 'ignore'] })
    const [first] = (await once(child.stdout, 'data')) as [Buffer]
    const answer = await fetch(first.toString().trim())
    expect(answer.status).toBe(200)
    expect(await answer.text()).toContain('<title>Transplant</title>')
    child.kill('SIGINT')
    const [, signal] = (await once(child, 'exit')) as [number | null, string]
    expect(signal).toBe('SIGINT')
  })
})
