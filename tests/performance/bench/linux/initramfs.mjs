// An initramfs around Debian's busybox: a shell that reads names of phases from the console and runs them.
import { writeCpio } from '../../../../dist/format/index.js'
import { available, needs, phases } from './phases.mjs'
import { findProgram, librariesOf, read } from './sources.mjs'

const MARK = '@'

const init = `#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
stty -echo < /dev/console
echo ${MARK}ready
while read phase; do
  result=$(sh /phases/$phase 2>&1 | tr '\\n' ' ')
  echo "${MARK}end $phase $result"
done
poweroff -f
`

/** The folders above an absolute path, outermost first, without the root. */
function parentsOf(path) {
  const parts = path.split('/').slice(1, -1)
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'))
}

/** The archive; `size` is that of the phases. */
export function initramfs(size) {
  const file = (name, data, mode = 0o100755) => ({
    name,
    mode,
    data: typeof data === 'string' ? Buffer.from(data) : data,
  })
  const directory = (name) => ({ name, mode: 0o040755, data: Buffer.alloc(0) })
  const programs = available().flatMap((name) => (needs[name] ? [[name, findProgram(needs[name])]] : []))
  const libraries = new Set(programs.flatMap(([, program]) => librariesOf(program)))
  const folders = new Set([...libraries].flatMap((library) => parentsOf(library)))
  return writeCpio([
    ...['bin', 'proc', 'sys', 'dev', 'tmp', 'phases'].map(directory),
    { ...file('dev/console', Buffer.alloc(0), 0o020600), device: { major: 5, minor: 1 } },
    file('bin/busybox', read(findProgram('busybox'))),
    file('init', init),
    ...[...folders].map(directory),
    ...[...libraries].map((library) => file(library.slice(1), read(library))),
    ...programs.map(([name, program]) => file(`bin/${name}`, read(program))),
    ...available().map((name) => file(`phases/${name}`, `${phases[name](size)}\n`)),
  ])
}
