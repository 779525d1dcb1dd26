// The small programs that a hand types without thinking, on the host, with input from a pipe; and those that need a terminal, at the
// guest's console.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { needs } from '../needs.js'
import { Hand, keys } from './hand.js'
import { unpackInitramfs } from './programs.js'

const cases: readonly (readonly [text: string, output: string, status: number])[] = [
  ['seq 20 | head -3', '1\n2\n3\n', 0],
  ['seq 20 | head -n 2', '1\n2\n', 0],
  ['seq 20 | tail -2', '19\n20\n', 0],
  ['seq 20 | tail -n 1', '20\n', 0],
  ['seq 20 | tail | head -1', '11\n', 0],
  ['seq 2 | tail -5', '1\n2\n', 0],
  ['seq 3 | tail -0', '', 0],
  ['tail /none 2>&1', "tail: cannot open '/none': No such file or directory\n", 1],
  ['{ echo b; echo a; echo b; } | sort', 'a\nb\nb\n', 0],
  ['{ echo b; echo a; echo b; } | sort -ru', 'b\na\n', 0],
  ['{ echo 10; echo 9; echo -1; } | sort -n', '-1\n9\n10\n', 0],
  ['{ echo a; echo a; echo b; echo a; } | uniq', 'a\nb\na\n', 0],
  ['{ echo a; echo a; echo b; } | uniq -c', '      2 a\n      1 b\n', 0],
  ['true | uniq', '', 0],
  ["env A=1 B=2 sh -c 'echo $A$B'", '12\n', 0],
  ['env A=1 env | grep -c ^A=1$', '1\n', 0],
  ['env nothing-of-the-sort 2>&1', "env: 'nothing-of-the-sort': No such file or directory\n", 127],
  ['cd /proc/self/fdinfo; find . -name 1', './1\n', 0],
  ['find /dev/null -type c; find /dev/null -type f', '/dev/null\n', 0],
  ['find /none 2>&1', "find: '/none': No such file or directory\n", 1],
  ['watch -n 0 true 2>&1', 'usage: watch [-n SECONDS] COMMAND [ARGUMENT...]\n', 1],
  ['cd $(pwd); which cd; which nothing-of-the-sort', 'cd: shell builtin\n', 1],
]

needs('x86-64-host')('small programs on the host', () => {
  const bin = join(unpackInitramfs(), 'bin')
  for (const [text, output, status] of cases) {
    it(`run ${text}`, () => {
      const result = spawnSync(join(bin, 'sh'), ['-c', text], { encoding: 'utf8', timeout: 20_000, env: { PATH: bin } })
      expect({ output: result.stdout, status: result.status }).toEqual({ output, status })
    })
  }
})

describe('at the console', () => {
  let hand: Hand
  beforeAll(() => {
    hand = new Hand()
  })

  it('the first words name three things to type, and each of them works', () => {
    const typed = [...hand.screen.matchAll(/^ {2}(\S.*?) {2,}/gm)].map(([, command = '']) => command)
    expect(typed).toEqual(['ps -a', 'ls /sys/kernel', 'help'])
    for (const command of typed) {
      hand.command(command)
      expect(hand.command('echo $?')).toBe('0')
    }
  })

  it('help names every builtin, and which says where a program is', () => {
    expect(hand.command('help')).toMatch(/ cd .* history .*\n(.*\n)*.*insmod/)
    expect(hand.command('which ls')).toBe('/bin/ls')
  })

  it('clear empties the screen', () => {
    hand.press('clear', keys.enter)
    expect(hand.screen).toBe('/ #')
  })

  it('find walks folders, by name and type', () => {
    hand.press('mkdir /tmp/a /tmp/a/b; touch /tmp/a/one.c /tmp/a/b/two.c', keys.enter)
    expect(hand.command("find /tmp/a -name '*.c' | sort")).toBe('/tmp/a/b/two.c\n/tmp/a/one.c')
    expect(hand.command('find /tmp/a -type d | sort')).toBe('/tmp/a\n/tmp/a/b')
    expect(hand.command('cd /; find / -name mot?')).toBe('/etc/motd')
  })

  it('watch runs a command on an empty screen, again and again until Ctrl-C', () => {
    hand.press('watch -n 1 cat /proc/uptime', keys.enter)
    const first = hand.screen
    expect(first).toMatch(/^Every 1s: cat \/proc\/uptime\n\n\d+\.\d+ \d+\.\d+$/m)
    for (let turn = 0; turn < 1000 && hand.screen === first; turn++) hand.press('')
    expect(hand.screen).not.toBe(first)
    hand.press(keys.control('C'))
    expect(hand.row).toBe('/ # |')
  })

  it('touch makes a file, and leaves one as it is', () => {
    expect(hand.command('touch /tmp/new; echo x >/tmp/old; touch /tmp/old; wc -c /tmp/new /tmp/old')).toBe(
      '0 /tmp/new\n2 /tmp/old',
    )
  })

  it('stty tells and changes the size, and the line is edited in it', () => {
    expect(hand.command('stty size')).toBe('24 80')
    expect(hand.command('stty rows 10 cols 20; stty size')).toBe('10 20')
    hand.newScreen(20)
    hand.press('x'.repeat(30), keys.home, 'y')
    expect(hand.screen).toBe(`/ # y${'x'.repeat(15)}\n${'x'.repeat(15)}`)
    expect(hand.row).toBe(`/ # y|${'x'.repeat(15)}`)
    hand.press(keys.control('C'), 'stty rows 24 cols 80', keys.enter)
  })

  it('resize asks the terminal, and gives up where none answers', () => {
    hand.newScreen()
    hand.press('resize', keys.enter, '\x1b[50;132R')
    expect(hand.command('stty size')).toBe('50 132')
    hand.press('stty rows 24 cols 80', keys.enter)
  })

  it('stty tells the modes that a program has', () => {
    expect(hand.command('stty -a')).toBe('rows 24; columns 80; icanon echo isig icrnl opost')
  })
})
