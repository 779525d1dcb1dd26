// Writes a "newc" cpio archive, the form of an initramfs (cpio(5), "New ASCII Format"). Inode numbers are positions and times are 0, so
// the same entries give the same bytes.

const hex = (value) => value.toString(16).toUpperCase().padStart(8, '0')
const padded = (bytes) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)])

function record(inode, { name, mode, data, device }) {
  const text = Buffer.from(`${name}\0`)
  const links = (mode & 0o170000) === 0o040000 ? 2 : 1
  const fields = [
    inode,
    mode,
    0,
    0,
    links,
    0,
    data.length,
    0,
    0,
    device?.major ?? 0,
    device?.minor ?? 0,
    text.length,
    0,
  ]
  return Buffer.concat([
    padded(Buffer.concat([Buffer.from(`070701${fields.map(hex).join('')}`), text])),
    padded(Buffer.from(data)),
  ])
}

/** Entries are `{ name, mode, data, device? }`; a symbolic link's data is its target. */
export function writeCpio(entries) {
  const records = entries.map((entry, index) => record(index + 1, entry))
  const trailer = record(0, { name: 'TRAILER!!!', mode: 0, data: new Uint8Array() })
  const archive = Buffer.concat([...records, trailer])
  return Buffer.concat([archive, Buffer.alloc(-archive.length & 511)])
}
