// Competitor: libunicorn, the C library, through koffi. Flat 64-bit code, no paging.
import { accessSync, constants } from 'node:fs'
import {
  ENTRY_ADDRESS,
  HALT_ADDRESS,
  IMAGE_ADDRESS,
  kernelImage,
  MEMORY_BYTES,
  REQUEST_ADDRESS,
  request,
} from './kernel-image.mjs'

const ARCHITECTURE_X86 = 4
const MODE_64 = 8
const folders = ['/usr/lib/x86_64-linux-gnu', '/usr/lib', '/usr/lib64', '/usr/local/lib']

function libraryPath() {
  return folders
    .map((folder) => `${folder}/libunicorn.so.2`)
    .find((path) => {
      try {
        accessSync(path, constants.R_OK)
        return true
      } catch {
        return false
      }
    })
}

export async function createLibunicorn() {
  const path = libraryPath()
  if (path === undefined)
    return { name: 'libunicorn', absent: 'libunicorn.so.2 is not installed (Debian: libunicorn2)' }
  let koffi
  try {
    koffi = (await import('koffi')).default
  } catch {
    return { name: 'libunicorn', absent: 'the npm package koffi is not installed' }
  }
  const library = koffi.load(path)
  const version = library.func('uint32_t uc_version(void *, void *)')(null, null)
  const open = library.func('int uc_open(int, int, _Out_ void **)')
  const map = library.func('int uc_mem_map(void *, uint64_t, size_t, uint32_t)')
  const write = library.func('int uc_mem_write(void *, uint64_t, const uint8_t *, size_t)')
  const readMemory = library.func('int uc_mem_read(void *, uint64_t, _Out_ uint8_t *, size_t)')
  const start = library.func('int uc_emu_start(void *, uint64_t, uint64_t, uint64_t, size_t)')
  const close = library.func('int uc_close(void *)')
  const check = (code, what) => {
    if (code !== 0) throw new Error(`libunicorn: ${what} failed with code ${code}`)
  }

  const image = kernelImage(64)
  const out = [null]
  check(open(ARCHITECTURE_X86, MODE_64, out), 'uc_open')
  const engine = out[0]
  check(map(engine, 0, MEMORY_BYTES, 7), 'uc_mem_map')
  check(write(engine, IMAGE_ADDRESS, image.bytes, image.bytes.length), 'uc_mem_write')
  return {
    name: 'libunicorn',
    version: `${version >>> 24}.${(version >>> 16) & 255}.${(version >>> 8) & 255}`,
    async run(kernel, rounds) {
      check(write(engine, REQUEST_ADDRESS, request(image.names.indexOf(kernel), rounds), 12), 'uc_mem_write')
      const begin = performance.now()
      check(start(engine, ENTRY_ADDRESS, HALT_ADDRESS, 0, 0), 'uc_emu_start')
      const milliseconds = performance.now() - begin
      const result = new Uint8Array(4)
      check(readMemory(engine, REQUEST_ADDRESS + 8, result, 4), 'uc_mem_read')
      return { result: new DataView(result.buffer).getUint32(0, true), milliseconds }
    },
    async close() {
      close(engine)
    },
  }
}
