// An initial RAM disk for a Linux kernel, to standard output: the static busybox of this machine, a script, and the files that are named.
// One that is called rc is run first.

import { existsSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { writeCpio } from 'transplant/format'

const BUSYBOX = '/bin/busybox'
const INIT = `#!/bin/sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
[ -f /rc ] && sh /rc
exec setsid cttyhack sh
`

if (!existsSync(BUSYBOX)) {
  console.error(`There is no ${BUSYBOX}: install busybox-static.`)
  process.exit(4)
}
const bytes = (path) => new Uint8Array(readFileSync(path))
const folder = (name) => ({ name, mode: 0o040755, data: new Uint8Array(0) })
const file = (name, data) => ({ name, mode: 0o100755, data })
process.stdout.write(
  writeCpio([
    ...['bin', 'dev', 'proc', 'sys', 'tmp'].map(folder),
    file('bin/busybox', bytes(BUSYBOX)),
    { name: 'bin/sh', mode: 0o120777, data: new TextEncoder().encode('busybox') },
    file('init', new TextEncoder().encode(INIT)),
    ...process.argv.slice(2).map((path) => file(basename(path), bytes(path))),
  ]),
)
