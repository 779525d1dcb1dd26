// `transplant web`: gives the built page (dist/page) to a browser on this machine. The page needs nothing of this server but its files:
// any other that gives files does as well.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { EXIT_CODES, TransplantError } from '../base/index.js'
import { reasonOf } from './files.js'
import { explain } from './help.js'
import { integerOption } from './machine-options.js'
import { CommandFailure, print, say } from './output.js'

const pageFolder = fileURLToPath(new URL('../page', import.meta.url))
const DEFAULT_PORT = '8064'
const LOOPBACK = '127.0.0.1'

const TYPES: Readonly<Record<string, string>> = {
  ...{ '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' },
  ...{ '.wasm': 'application/wasm', '.md': 'text/markdown; charset=utf-8' },
}

/** Addresses of the page's files; nothing else is given, whatever is asked for. */
function pageFiles(folder: string): ReadonlyMap<string, string> {
  if (!existsSync(join(folder, 'index.html'))) {
    throw new TransplantError('ASSET_MISSING', `There is no page in '${folder}'.`, 'Build it: npm run build.')
  }
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = files.map((entry) => join(entry.parentPath, entry.name))
  const named = paths.map((path) => [`/${path.slice(folder.length + 1).replaceAll('\\', '/')}`, path] as const)
  return new Map([...named, ['/', join(folder, 'index.html')]])
}

/** Serves the page on the loopback address until the server is closed; port 0 takes a free one. */
export async function servePage(port: number, folder = pageFolder): Promise<{ server: Server; address: string }> {
  const files = pageFiles(folder)
  const server = createServer((request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { Allow: 'GET, HEAD' }).end()
      return
    }
    const path = files.get((request.url ?? '/').replace(/[?#].*$/s, ''))
    if (path === undefined) {
      response.writeHead(404).end()
      return
    }
    const bytes = readFileSync(path)
    response.writeHead(200, {
      'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream',
      'Content-Length': bytes.length,
      // Names in assets/ change with their contents.
      'Cache-Control': path.includes('assets') ? 'max-age=31536000, immutable' : 'no-cache',
      'X-Content-Type-Options': 'nosniff',
    })
    response.end(request.method === 'HEAD' ? undefined : bytes)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, LOOPBACK, resolve)
  })
  return { server, address: `http://${LOOPBACK}:${(server.address() as AddressInfo).port}/` }
}

export function addWebCommand(program: Command): void {
  explain(
    program
      .command('web')
      .description('the page: a guest in the browser, with its functions, patches, tasks and upgrades')
      .option('--port <n>', "port on this machine's loopback address; 0 takes a free one", DEFAULT_PORT),
    {
      examples: [
        `transplant web                             http://${LOOPBACK}:${DEFAULT_PORT}/ until Ctrl-C`,
        'transplant web --port 0                    on a free port',
      ],
      more: 'The page is a folder of static files (dist/page of the package): any web server can give it.',
      exitCodes: '0 ended by Ctrl-C, 2 usage, or the port is taken.',
    },
  ).action(async (flags: { readonly port: string }) => {
    const port = integerOption('port', flags.port, 0, 65_535)
    const { address } = await servePage(port).catch((error: unknown) => {
      if (error instanceof TransplantError) throw error
      const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
      const why = taken ? 'it is in use' : reasonOf(error)
      const hint = 'Give another one, or 0 for a free one: --port 0.'
      throw new CommandFailure(EXIT_CODES.usage, 'port-unusable', `cannot listen on port ${port}: ${why}.`, hint)
    })
    print(address)
    say('Ctrl-C ends it.')
  })
}
