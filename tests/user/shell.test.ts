// The guest's shell on the host: one case a line, what is typed and what comes out.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { needs } from '../needs.js'
import { unpackInitramfs } from './programs.js'

const cases: readonly (readonly [text: string, output: string, status: number])[] = [
  ['echo a "b  c" \'$x\' d\\ e', 'a b  c $x d e\n', 0],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's braces
  ['x=5; echo $x ${x}y ${none:-other}', '5 5y other\n', 0],
  ['echo $((1 + 2 * 3)) $(( (7 - 1) % 4 )) $((3 < 4))', '7 2 1\n', 0],
  ['echo one | cat | wc -c', '4\n', 0],
  ['false || echo or; true && echo and; ! true; echo $?', 'or\nand\n1\n', 0],
  ['if [ 1 -gt 2 ]; then echo a; elif true; then echo b; else echo c; fi', 'b\n', 0],
  ['i=0; while [ $i -lt 3 ]; do i=$((i+1)); [ $i = 2 ] && continue; echo $i; done', '1\n3\n', 0],
  ['for n in a b c; do [ $n = c ] && break; echo $n; done', 'a\nb\n', 0],
  ['echo $(echo inner $(echo most))', 'inner most\n', 0],
  ['(cd /; pwd); cd /tmp; pwd', '/\n/tmp\n', 0],
  ['echo e >&2', '', 0],
  ['ls /none 2>&1', "ls: cannot access '/none': No such file or directory\n", 2],
  ['{ echo x; echo y; } | grep -n y', '2:y\n', 0],
  ['seq 3 | while read n; do echo r$n; done', 'r1\nr2\nr3\n', 0],
  ['sleep 0.01 & wait; echo $?', '0\n', 0],
  ["sh -c 'kill -KILL $$'; echo $?", '137\n', 0],
  ['nothing-of-the-sort; echo $?', '127\n', 0],
  ['A=1 sh -c \'echo $A\'; echo "[$A]"', '1\n[]\n', 0],
  ['set -- p q; echo $# $2; shift; echo $1', '2 q\nq\n', 0],
  ['f() { echo $# $1; return 3; echo no; }; f a b; echo $?', '2 a\n3\n', 0],
  ['f() { while true; do return 5; done; }; f; echo $?; f() (echo anew); f', '5\nanew\n', 0],
  ['r() { [ $1 = 0 ] && return; echo $1; r $(($1 - 1)); }; r 2 | cat; which r', '2\n1\nr: function\n', 0],
  ['f() { f; }; f 2>&1', 'sh: f: functions call each other too deeply\n', 2],
  ['case abc in x) echo x;; q|a*) echo star;; *) echo other; esac', 'star\n', 0],
  ['for i in "a*" ab; do case $i in "a*") echo quoted;; a?) echo sign; esac; done', 'quoted\nsign\n', 0],
  ['case a in (b) echo b;; esac; echo $?', '0\n', 0],
  ['cat <<EOF\n$((1 + 2)) "q" \\$x\nEOF\necho after', '3 "q" $x\nafter\n', 0],
  ["cat <<'EOF' | wc -l\n$x\n$(y)\nEOF", '2\n', 0],
  ['f() { cat <<EOF\n<$1>\nEOF\n}; f one; cat <<A; cat <<B\na\nA\nb\nB', '<one>\na\nb\n', 0],
  ['cat <<EOF\nopen', '', 2],
  ['case a in', '', 2],
  ['f()', '', 2],
  ['exit 9', '', 9],
  ['if true', '', 2],
  ['echo "open', '', 2],
]

needs('x86-64-host')('the shell on the host', () => {
  const bin = join(unpackInitramfs(), 'bin')
  for (const [text, output, status] of cases) {
    it(`runs ${text}`, () => {
      const result = spawnSync(join(bin, 'sh'), ['-c', text], { encoding: 'utf8', timeout: 20_000, env: { PATH: bin } })
      expect({ output: result.stdout, status: result.status }).toEqual({ output, status })
    })
  }
})
