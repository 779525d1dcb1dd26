// Lessons on live patches.

import { type Lesson, type Step, sayingPatch } from './lesson.js'

const CMDLINE = sayingPatch('says_hello', 'cmdline_proc_show', 'hello from a patch')
const SHOW: Step = { do: 'command', command: 'cat /proc/cmdline' }

const entry: Lesson = {
  id: 'entry',
  title: 'A patch is five bytes',
  claim:
    'Nobody who calls a patched function knows of it: the first five bytes of the old one, a NOP until then, become a call.',
  panel: 'functions',
  script: {
    steps: [SHOW, { do: 'patch', source: CMDLINE }, SHOW],
    expected: /0f 1f 44 00 00[\s\S]*e8 (?:.. ){3}..[\s\S]*hello from a patch/,
    seen: 'The entry was 0f 1f 44 00 00 and begins with e8 now, and /proc/cmdline answers otherwise.',
  },
  twin: {
    differs: 'A function whose entry was compiled without these five bytes.',
    steps: [
      {
        do: 'patch',
        source: { kind: 'assembly', name: 'no_entry', text: '.patch do_sync_core\n\txor eax, eax\n\tret\n' },
      },
    ],
    expected: /refused: .*do_sync_core/,
    seen: 'It cannot be patched: it serializes the CPUs while other entries are rewritten.',
  },
}

/** Three vCPUs that do nothing but call what is about to be rewritten. */
const BUSY = { vcpus: 3 }
const REWRITE: readonly Step[] = [
  { do: 'command', command: 'spin syscall 100000000000 >/dev/null & '.repeat(3) },
  { do: 'go on', time: 5_000_000 },
  { do: 'type', text: 'insmod /lib/modules/demo.ko\n' },
  { do: 'run to', functions: ['poke_batch_run', 'poke_batch_run.part.0'] },
  { do: 'futures', count: 64, time: 100_000 },
]
const sync = (nth: number) => ({ inside: ['poke_batch_run', 'poke_batch_run.part.0'], callee: 'on_each_cpu', nth })

const torn: Lesson = {
  id: 'torn',
  title: 'No CPU executes half an instruction',
  claim:
    'A CPU may see rewritten bytes late and one by one. So the kernel writes int3 first, then the tail, then the first byte, and has all CPUs serialize after each.',
  panel: 'functions',
  script: {
    boot: BUSY,
    steps: REWRITE,
    expected: /64 futures of this instant: all went well/,
    seen: 'Three programs keep calling the function while it is rewritten, in 64 interleavings, and none stumbles.',
  },
  twin: {
    differs: 'The same kernel without the first two of its synchronizations.',
    boot: { ...BUSY, leaveOut: [sync(0), sync(1)] },
    steps: REWRITE,
    expected: /futures of this instant: [1-9]\d* went wrong[\s\S]*(?:Oops|BUG: unable)/,
    seen: 'A CPU took the old first byte with the new ones behind it: an instruction that nobody has written, torn from two.',
  },
}

const TARGET: Step = { do: 'command', command: 'insmod /lib/modules/klp-target.ko' }
const STACK: Step = { do: 'patch', source: { kind: 'shipped', file: 'klp-stack.ko' } }

const straggler: Lesson = {
  id: 'straggler',
  title: 'A task switches where it is not inside old code',
  claim:
    'Each task goes over to the new functions by itself: at the edge of user mode, or asleep with a stack that names none of the old ones.',
  panel: 'tasks',
  script: {
    steps: [TARGET, STACK],
    expected: /klp_stack is loaded[\s\S]*patching complete/,
    seen: 'All tasks have switched, and the transition is complete.',
  },
  twin: {
    differs: 'Somebody sleeps in the old function meanwhile.',
    steps: [TARGET, { do: 'command', command: 'cat /proc/klp_target_wait >/dev/null & sleep 0.001' }, STACK],
    expected: /does not end: cat \(pid \d+\) did not switch/,
    seen: 'The transition waits for cat: its stack, in the panel Tasks, names klp_target_wait.',
  },
}

const back: Lesson = {
  id: 'back',
  title: 'What is taken back leaves as it came',
  claim:
    'Disabling a patch is a transition too: only when no task is inside the new code are the entries NOPs again, and only then can the module go.',
  panel: 'patch',
  script: {
    steps: [
      { do: 'patch', source: CMDLINE },
      {
        do: 'command',
        command: 'echo 0 > /sys/kernel/livepatch/says_hello/enabled; sleep 0.1; rmmod says_hello && echo it is gone',
      },
      SHOW,
    ],
    expected: /it is gone[\s\S]*console=ttyS0/,
    seen: 'The module is gone, and /proc/cmdline is the original again.',
  },
  twin: {
    differs: 'The module is to go while its patch is enabled.',
    steps: [{ do: 'patch', source: CMDLINE }, { do: 'command', command: 'rmmod says_hello' }, SHOW],
    expected: /is in use[\s\S]*hello from a patch/,
    seen: 'The kernel refuses, and the patch stays: a task might be inside it.',
  },
}

const replacing = (more: string): Step => ({
  do: 'patch',
  source: sayingPatch('second', 'version_proc_show', 'a second patch', more),
})
const BOTH: Step = { do: 'command', command: 'cat /proc/version /proc/cmdline' }

const replace: Lesson = {
  id: 'replace',
  title: 'A cumulative patch replaces all before it',
  claim:
    'With .replace a patch takes over what older patches replaced: functions that it does not name go back to their originals, in one transition.',
  panel: 'patch',
  script: {
    steps: [{ do: 'patch', source: CMDLINE }, replacing('.replace\n'), BOTH],
    expected: /a second patch\s+console=ttyS0/,
    seen: 'The second patch is there, and /proc/cmdline is the original again.',
  },
  twin: {
    differs: 'The second patch does not say .replace.',
    steps: [{ do: 'patch', source: CMDLINE }, replacing(''), BOTH],
    expected: /a second patch\s+hello from a patch/,
    seen: 'Both are there, one upon the other: a year of such patches is hard to tell from another year.',
  },
}

const INSMOD: Step = { do: 'command', command: 'insmod /lib/modules/livepatch-sample.ko; cat /proc/cmdline' }

const build: Lesson = {
  id: 'build',
  title: 'A patch is for one build',
  claim:
    'A module names the build that it was made for; a kernel takes no other, since addresses and structures would be different ones.',
  panel: 'patch',
  script: {
    steps: [INSMOD],
    expected: /livepatch_sample: this has been live patched/,
    seen: 'Scion 1.0 takes the module that was built for it.',
  },
  twin: {
    differs: 'The same module, after an upgrade to Scion 1.1.',
    steps: [{ do: 'upgrade' }, INSMOD],
    expected: /console=ttyS0[\s\S]*Invalid module format/,
    seen: 'Scion 1.1 refuses it, and says why in its log.',
  },
}

export const patchingLessons: readonly Lesson[] = [entry, torn, straggler, back, replace, build]
