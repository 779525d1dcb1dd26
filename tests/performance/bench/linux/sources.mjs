// Debian's own files that a real guest is made of, where they are installed or unpacked; nothing of them is committed.
//
//   TRANSPLANT_LINUX=folder   an unpacked linux-image package (dpkg-deb -x), or a root with boot/ and lib/modules/; else /
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const SETUP_SECTORS = 0x1f1
const PAYLOAD_OFFSET = 0x248
const PAYLOAD_LENGTH = 0x24c

/** One block of the LZ4 format at `from` in `input`, up to `end`, into `output` at `to`; gives where it ended there. */
function decodeBlock(input, from, end, output, to) {
  const length = (nibble) => {
    let sum = nibble
    if (nibble === 15) {
      let more
      do {
        more = input[from++]
        sum += more
      } while (more === 255)
    }
    return sum
  }
  while (from < end) {
    const token = input[from++]
    const literals = length(token >> 4)
    input.copy(output, to, from, from + literals)
    to += literals
    from += literals
    if (from >= end) break
    const distance = input.readUInt16LE(from)
    from += 2
    const stop = to + length(token & 15) + 4
    for (; to < stop; to++) output[to] = output[to - distance]
  }
  return to
}

/** The legacy frame of LZ4 as kernels use it: a magic number, blocks with their sizes, and behind them the size of it all. */
function decodeLz4(payload) {
  const output = Buffer.alloc(payload.readUInt32LE(payload.length - 4))
  let to = 0
  for (let at = 4; at < payload.length - 4; ) {
    const bytes = payload.readUInt32LE(at)
    to = decodeBlock(payload, at + 4, at + 4 + bytes, output, to)
    at += 4 + bytes
  }
  return output.subarray(0, to)
}

function decodeBy(program, payload) {
  const done = spawnSync(program, ['-dc'], { input: payload, maxBuffer: 1 << 30 })
  if (done.error) throw new Error(`the kernel is packed with ${program}, which is not installed`)
  return done.stdout
}

const decoders = new Map([
  ['02214c18', decodeLz4],
  ['fd377a58', (payload) => decodeBy('xz', payload)],
  ['28b52ffd', (payload) => decodeBy('zstd', payload)],
])

/** The ELF inside a bzImage. */
export function elfOf(image) {
  const begin = (image[SETUP_SECTORS] + 1) * 512 + image.readUInt32LE(PAYLOAD_OFFSET)
  const payload = image.subarray(begin, begin + image.readUInt32LE(PAYLOAD_LENGTH))
  const decode = decoders.get(payload.toString('hex', 0, 4))
  if (decode === undefined) throw new Error('the kernel is packed in a way that is not known here')
  return decode(payload)
}

/** Debian's kernel: its release, its image, the folder of its modules; or `{ absent }` with what to install. */
export function findKernel(root = process.env.TRANSPLANT_LINUX ?? '/') {
  const boot = join(root, 'boot')
  const name = existsSync(boot) && readdirSync(boot).find((file) => /^vmlinuz-.*-cloud-amd64$/.test(file))
  if (!name)
    return {
      absent: `no cloud kernel in ${boot} (Debian: linux-image-cloud-amd64; TRANSPLANT_LINUX names an unpacked package)`,
    }
  const release = name.slice('vmlinuz-'.length)
  return { release, image: join(boot, name), modules: join(root, 'lib/modules', release) }
}

/** A static program by its usual place, or undefined. */
export const findProgram = (name) =>
  ['/bin', '/usr/bin', '/sbin', '/usr/sbin'].map((folder) => join(folder, name)).find(existsSync)

/** The shared libraries of a program, the dynamic linker among them; none of a static one. */
export function librariesOf(program) {
  const told = spawnSync('ldd', [program], { encoding: 'utf8' }).stdout ?? ''
  return [...told.matchAll(/(\/\S+\.so\S*) \(/g)].map(([, path]) => path)
}

export const read = (file) => readFileSync(file)
