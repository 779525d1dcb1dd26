// The package in a page: what Vite makes of it has the engines, the core and the images that it names.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'vite'
import { describe, expect, it } from 'vitest'
import { bundledAddress } from '../../src/base/index.js'
import { read, root } from '../lab/images.js'

const PAGE = `
import { createAssembler, createDisassembler } from 'transplant/isa'
import { fetchAssets } from 'transplant/web'
import image from 'transplant/images/scion-1.0.elf?url'
import core from 'transplant/core.wasm?url'
console.log(createAssembler, createDisassembler, fetchAssets, image, core)
`

describe('a page', () => {
  it('that Vite bundles carries the WebAssembly of the engines and of the core, and the images', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'transplant-page-'))
    try {
      mkdirSync(join(folder, 'node_modules'))
      symlinkSync(root, join(folder, 'node_modules/transplant'))
      writeFileSync(join(folder, 'index.html'), '<script type="module" src="/main.js"></script>')
      writeFileSync(join(folder, 'main.js'), PAGE)
      await build({ root: folder, logLevel: 'silent', configFile: false })
      const assets = readdirSync(join(folder, 'dist/assets'))
      const emitted = (pattern: RegExp): Uint8Array => {
        const name = assets.find((one) => pattern.test(one))
        if (name === undefined) throw new Error(`${pattern} is not among ${assets.join(' ')}`)
        return new Uint8Array(readFileSync(join(folder, 'dist/assets', name)))
      }
      for (const engine of ['capstone', 'keystone']) {
        const file = read(`node_modules/@alexaltea/${engine}-js/dist/${engine}.wasm`)
        expect(emitted(new RegExp(`^${engine}-.*\\.wasm$`)).length).toBe(file.length)
      }
      expect(emitted(/^core-.*\.wasm$/)).toEqual(read('dist/cpu/core.wasm'))
      expect(emitted(/^scion-1\.0-.*\.elf$/)).toEqual(read('images/built/scion-1.0.elf'))
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it("finds files where Vite's development server leaves them", () => {
    const moved = 'http://localhost:5173/base/node_modules/.vite/deps/transplant.js?v=1'
    const own = 'http://localhost:5173/assets/index.js'
    const address = 'http://localhost:5173/assets/keystone.wasm'
    expect(bundledAddress(address, own, 'engine/keystone.wasm')).toBe(address)
    expect(bundledAddress('nowhere', moved, 'engine/keystone.wasm')).toBe(
      'http://localhost:5173/base/node_modules/engine/keystone.wasm',
    )
  })
})
