// What a real guest does, in phases. Each is a shell script that prints the same on every side.
import { findProgram } from './sources.mjs'

/** The kinds of load; `size` is 1 for a full measurement. Those of `needs` need a program of the host's besides busybox. */
export const phases = {
  sha256sum: (size) => `head -c ${16e6 * size} /dev/zero | sha256sum`,
  gzip: (size) => `seq 1 ${5e5 * size} | gzip | wc -c`,
  gunzip: (size) =>
    `seq 1 ${5e5 * size} | gzip -1 > /tmp/z; for i in 1 2; do gunzip -c /tmp/z | md5sum; done | tail -n 1`,
  awk: (size) => `awk 'BEGIN { for (i = 0; i < ${5e5 * size}; i++) a[i % 1000] += i; print a[7] }'`,
  pipe: (size) => `seq 1 ${5e4 * size} | awk '{ print $1 * 7 % 1000003 }' | sort -n | md5sum`,
  exec: (size) => `i=0; while [ $i -lt ${100 * size} ]; do /bin/busybox true; i=$((i + 1)); done; echo $i`,
  loop: (size) => `i=0; s=0; while [ $i -lt ${20000 * size} ]; do s=$((s + i * 3)); i=$((i + 1)); done; echo $s`,
  text: (size) => `seq 1 ${5e4 * size} | sed 's/1/xy/g' | wc; seq 1 ${5e4 * size} | grep -c 77`,
  files: (size) =>
    `mkdir /tmp/d; i=0; while [ $i -lt ${500 * size} ]; do echo $i > /tmp/d/$i; i=$((i + 1)); done; cat /tmp/d/* | md5sum; rm -r /tmp/d`,
  busy: (size) =>
    `for k in 1 2 3 4; do (awk -v k=$k 'BEGIN { for (i = 0; i < ${2e5 * size}; i++) s += i * k; print s }' > /tmp/b$k) & done; wait; cat /tmp/b1 /tmp/b2 /tmp/b3 /tmp/b4`,
  bash: (size) =>
    `bash -c 'for ((i = 0; i < ${30000 * size}; i++)); do a[i % 100]=$((i * i)); done; echo "\${a[*]}"' | md5sum`,
  lua: (size) =>
    `lua -e 'local t = {} for i = 1, ${5e5 * size} do t[i % 1000] = tostring(i * 1.5) end print(#table.concat(t))'`,
}

/** What must be installed for a phase, by the name it has in the guest: programs, and whether they need libraries. */
export const needs = { bash: 'bash-static', lua: 'lua5.4' }

/** The phases that can run with what is installed. */
export const available = () => Object.keys(phases).filter((name) => !needs[name] || findProgram(needs[name]))
