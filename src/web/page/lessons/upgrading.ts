// Lessons on live upgrades, and on runs that can be repeated.

import type { Lesson, Step } from './lesson.js'

const COUNTER = 'counter 60 2000 20'
const RESULT: Step = {
  do: 'command',
  command: 'while ! grep -q result /tmp/result; do sleep 0.1; done; grep result /tmp/result',
}

const inPlace: Lesson = {
  id: 'in-place',
  title: 'An upgrade copies no page',
  claim:
    'Pages of programs and their page tables stay in their frames; everything else crosses to the next kernel as records that it checks.',
  panel: 'upgrade',
  script: {
    steps: [{ do: 'command', command: `${COUNTER} >/tmp/result &` }, { do: 'upgrade' }],
    expected: /\d+ user pages: 0 copied, 0 changed/,
    seen: 'Every user page has the bytes, and lies in the frame, that it had before: the panel Upgrade maps them.',
  },
  twin: {
    differs: 'A program holds a file of /proc open, whose text belongs to the old kernel.',
    steps: [
      { do: 'command', command: 'sleep 1000 < /proc/uptime >/dev/null 2>&1 &' },
      { do: 'upgrade' },
      { do: 'command', command: 'uname -r' },
    ],
    expected: /refused[\s\S]*\n1\.0/,
    seen: 'The old kernel refuses by name, before anything has changed, and goes on.',
  },
}

const goesOn: Lesson = {
  id: 'goes-on',
  title: 'Programs notice nothing',
  claim:
    'A program goes on at its next instruction, with its registers, under another kernel: it computes what it would have computed.',
  panel: 'upgrade',
  script: {
    steps: [
      { do: 'command', command: COUNTER },
      { do: 'command', command: `${COUNTER} >/tmp/result &` },
      { do: 'upgrade' },
      RESULT,
    ],
    expected: /result ([\da-f]{16})[\s\S]*then 1\.1[\s\S]*result \1/,
    seen: 'The result is the same as without the upgrade.',
  },
  twin: {
    differs: 'The kernel is changed as everybody does it: by starting again.',
    steps: [
      { do: 'command', command: `${COUNTER} >/tmp/result &` },
      { do: 'command', command: 'reboot' },
    ],
    expected: /guest ended/,
    seen: 'The machine resets, and the program is gone with all it knew.',
  },
}

const WORK: Step = { do: 'command', command: 'spin pipe 300' }

const repeatable: Lesson = {
  id: 'repeatable',
  title: 'The same seed gives the same run',
  claim:
    'Time is the count of instructions, and chance a seeded generator: the same images, seed and input end in the same state, bit for bit.',
  panel: 'tasks',
  script: {
    boot: { seed: 7 },
    steps: [WORK, { do: 'hash' }, { do: 'once more', boot: { seed: 7 } }],
    expected: /the same state/,
    seen: 'Another guest, from power-up: memory, registers and devices have the same hash.',
  },
  twin: {
    differs: 'The other guest has another seed: its vCPUs take turns otherwise.',
    boot: { seed: 7 },
    steps: [WORK, { do: 'hash' }, { do: 'once more', boot: { seed: 8 } }],
    expected: /another state/,
    seen: 'The same output, by another way: the states differ.',
  },
}

const future = (text: string): readonly Step[] => [
  { do: 'type', text },
  { do: 'go on', time: 3_000_000 },
  { do: 'hash' },
]

const timeTravel: Lesson = {
  id: 'time-travel',
  title: 'A way back is exact',
  claim: 'Any earlier instant can be gone to, and from there the same input has the same future.',
  panel: 'tasks',
  script: {
    steps: [{ do: 'remember' }, ...future('echo one\n'), { do: 'return' }, ...future('echo one\n')],
    expected: /state ([\da-f]{16})[\s\S]*state \1/,
    seen: 'Twice from the same instant, twice the same state.',
  },
  twin: {
    differs: 'The second time one letter is another.',
    steps: [{ do: 'remember' }, ...future('echo one\n'), { do: 'return' }, ...future('echo oNe\n')],
    expected: /state ([\da-f]{16})[\s\S]*state (?!\1)[\da-f]{16}/,
    seen: 'Another future: the two states differ.',
  },
}

export const upgradingLessons: readonly Lesson[] = [inPlace, goesOn, repeatable, timeTravel]
