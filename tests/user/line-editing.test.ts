// A line that is typed at the console: real keys at a guest's prompt, and what a screen shows.

import { beforeAll, describe, expect, it } from 'vitest'
import { Hand, keys } from './hand.js'

const { control } = keys

describe('a line at the prompt', () => {
  let hand: Hand
  beforeAll(() => {
    hand = new Hand()
  })

  /** The row after the keys; Ctrl-C then gives the line up. */
  function rowAfter(...pressed: string[]): string {
    hand.press(...pressed)
    const row = hand.row
    hand.press(control('C'))
    expect(hand.row).toBe('/ # |')
    return row
  }

  it.each([
    ['text is put in where the cursor is', ['echo ac', keys.left, 'b'], '/ # echo ab|c'],
    ['the cursor stops at both ends', ['a', keys.left, keys.left, keys.right, keys.right, 'b'], '/ # ab|'],
    ['Home and End', ['bc', keys.home, 'a', keys.end, 'd'], '/ # abcd|'],
    [
      'Home and End of other terminals',
      ['bc', '\x1b[1~', 'a', '\x1b[4~', 'd', '\x1bOH', '_', '\x1bOF', '!'],
      '/ # _abcd!|',
    ],
    ['Ctrl-A and Ctrl-E', ['bc', control('A'), 'a', control('E'), 'd'], '/ # abcd|'],
    ['Backspace and Delete', ['abcd', keys.left, keys.backspace, keys.home, keys.delete], '/ # |bd'],
    ['Backspace at the beginning does nothing', ['a', keys.home, keys.backspace], '/ # |a'],
    ['Ctrl-D in a line deletes', ['abc', keys.home, control('D')], '/ # |bc'],
    ['Ctrl-K, and Ctrl-Y brings it back', ['one two', keys.home, control('K'), 'x', control('Y')], '/ # xone two|'],
    ['Ctrl-U', ['one two', keys.left, control('U')], '/ # |o'],
    ['Ctrl-W', ['one two/three  ', control('W')], '/ # one |'],
    ['Ctrl-Left and Alt-D', ['one two three', '\x1b[1;5D', '\x1b[1;5D', '\x1bd'], '/ # one | three'],
    ['a character of several bytes is one', ['höß€😀', keys.left, keys.left, keys.backspace, 'x'], '/ # höx|€😀'],
    ['a wide character takes two columns', ['日本', keys.left, keys.backspace], '/ # |本'],
    ['an unknown sequence does nothing', ['a\x1b[24~\x1b[99;3Rb'], '/ # ab|'],
    ['a bracketed paste is text', ['\x1b[200~a\tb\x01c\x1b[201~', keys.home, 'x'], '/ # x|a bc'],
  ])('%s', (_name, pressed, row) => {
    expect(rowAfter(...pressed)).toBe(row)
  })

  it('a line longer than a row is edited across rows, and what is run is the whole line', () => {
    const middle = 'm'.repeat(100)
    hand.newScreen()
    hand.press(`echo ${middle}`, keys.home, ...Array<string>(5).fill(keys.right), 'a', keys.end, 'z')
    expect(hand.screen).toBe(`/ # echo a${'m'.repeat(70)}\n${'m'.repeat(30)}z`)
    hand.press(keys.enter)
    expect(hand.screen.split('\n').slice(2, 4)).toEqual([`a${'m'.repeat(79)}`, `${'m'.repeat(21)}z`])
    expect(hand.row).toBe('/ # |')
  })

  it('a line that ends with the row has its cursor in the next one after a change', () => {
    hand.newScreen()
    hand.press(control('U'), 'x'.repeat(75), keys.home, 'y', keys.end)
    expect(hand.row).toBe('|')
    hand.press(keys.backspace)
    expect(hand.row).toBe(`/ # y${'x'.repeat(74)}|`)
    hand.press(control('C'))
  })

  it('Ctrl-C gives the line up, and the status is 130', () => {
    hand.newScreen()
    hand.press('echo not this', keys.left, control('C'))
    expect(hand.screen).toBe('/ # echo not this^C\n/ #')
    expect(hand.command('echo $?')).toBe('130')
  })

  it('Ctrl-C also gives up a command of several lines', () => {
    hand.newScreen()
    hand.press('if true', keys.enter)
    expect(hand.row).toBe('> |')
    hand.press(control('C'))
    expect(hand.row).toBe('/ # |')
  })

  it('Ctrl-L leaves the line on an empty screen', () => {
    hand.press('some', control('L'))
    expect(hand.screen).toBe('/ # some')
    hand.press(control('C'))
  })

  it('a program has the terminal as it was: it echoes, and takes back a character', () => {
    hand.newScreen()
    hand.press('cat', keys.enter, 'ab', keys.backspace, 'c', keys.enter, control('D'))
    expect(hand.screen).toBe('cat\nac\nac\n/ #')
  })

  it('lines that were typed ahead are run one after another', () => {
    hand.newScreen()
    hand.press('echo one\recho two\r')
    expect(hand.screen).toBe('echo one\none\n/ # echo two\ntwo\n/ #')
  })
})

describe('history', () => {
  it('goes up and down, and back to the line that was left', () => {
    const hand = new Hand()
    hand.press('echo first', keys.enter, 'echo second', keys.enter, 'echo second', keys.enter, 'left', keys.up)
    expect(hand.row).toBe('/ # echo second|')
    hand.press(keys.up)
    expect(hand.row).toBe('/ # echo first|')
    hand.press(keys.up)
    expect(hand.row).toBe('/ # echo first|')
    hand.press(keys.down, keys.down)
    expect(hand.row).toBe('/ # left|')
    hand.press(keys.down, keys.up, keys.up, ' again', keys.enter)
    expect(hand.screen).toMatch(/\nfirst again\n\/ #$/)
    expect(hand.command('history')).toBe(
      ['echo first', 'echo second', 'echo first again', 'history']
        .map((line, at) => `    ${at + 1}  ${line}`)
        .join('\n'),
    )
  })

  it('Ctrl-R finds what contains the text; again, an older one; Enter runs it, Ctrl-G gives the line back', () => {
    const hand = new Hand()
    hand.press('echo über alles', keys.enter, 'echo other', keys.enter, 'true', keys.enter)
    hand.press(control('R'), 'echo')
    expect(hand.row).toBe("(reverse-i-search)`echo': echo other|")
    hand.press(control('R'))
    expect(hand.row).toBe("(reverse-i-search)`echo': echo über alles|")
    hand.press(keys.left)
    expect(hand.row).toBe('/ # echo über alle|s')
    hand.press(control('U'), control('K'), 'kept', control('R'), 'ü')
    expect(hand.row).toBe("(reverse-i-search)`ü': echo über alles|")
    hand.press(control('G'))
    expect(hand.row).toBe('/ # kept|')
    hand.press(control('R'), 'oth', keys.enter)
    expect(hand.screen).toMatch(/\/ # echo other\nother\n\/ #$/)
  })
})

describe('completion', () => {
  let hand: Hand
  beforeAll(() => {
    hand = new Hand()
    hand.press('cd /tmp; mkdir folder; echo >fine; echo >food; echo >.hidden', keys.enter)
  })

  it.each([
    ['a command', ['una', keys.tab], '/tmp # uname |'],
    ['a builtin', ['conti', keys.tab], '/tmp # continue |'],
    ['a command behind a sign', ['true; una', keys.tab], '/tmp # true; uname |'],
    ['a path', ['cat /etc/mo', keys.tab], '/tmp # cat /etc/motd |'],
    ['a folder gets a slash', ['cd fol', keys.tab], '/tmp # cd folder/|'],
    ['what all have in common', ['cat f', keys.tab, 'i', keys.tab], '/tmp # cat fine |'],
    ['in the midst of a line', ['cat fi x', keys.left, keys.left, keys.tab], '/tmp # cat fine | x'],
    ['what begins with a dot', ['cat .', keys.tab], '/tmp # cat .hidden |'],
    ['nothing where there is nothing', ['cat nosuch', keys.tab], '/tmp # cat nosuch|'],
    ['nothing in a folder that is not there', ['cat /nosuch/a', keys.tab], '/tmp # cat /nosuch/a|'],
  ])('%s', (_name, pressed, row) => {
    hand.press(...pressed)
    expect(hand.row).toBe(row)
    hand.press(control('C'))
  })

  it('lists what may follow', () => {
    hand.newScreen()
    hand.press('cat fo', keys.tab)
    expect(hand.screen).toBe('cat fo\nfolder/  food\n/tmp # cat fo')
    hand.press(control('C'))
  })
})
