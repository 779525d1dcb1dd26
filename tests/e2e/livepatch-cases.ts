// Live patching as transcripts: what is typed in the guest, and every line of the kernel's log that has to come of it, in
// order and nothing else. The wording and the order are Linux's (tools/testing/selftests/livepatch is judged the same way);
// the modules are images/patches.

export interface LivepatchCase {
  readonly name: string
  /** Shell commands; the exit status of each must be 0, unless it begins with `! `. */
  readonly commands: readonly string[]
  /** The log lines of livepatch and of the corpus, without time stamps. */
  readonly log: readonly string[]
  /** Words that the output of the commands must hold, in this order. */
  readonly output?: readonly string[]
}

const insmod = (name: string, args = '') => `insmod /lib/modules/${name}.ko ${args}`.trim()
/**
 * Loads a livepatch module and waits for the end of its transition, as who types in a shell has to, and Linux's own tests do: by looking
 * again and again. The same lines are typed under QEMU.
 */
const load = (name: string, args = '') => [
  insmod(name, args),
  `while [ "$(cat /sys/kernel/livepatch/${name.replace(/-/g, '_')}/transition)" = 1 ]; do sleep 0.1; done`,
]
const disable = (name: string) => [
  `echo 0 > /sys/kernel/livepatch/${name}/enabled`,
  `while [ -d /sys/kernel/livepatch/${name} ]; do sleep 0.1; done`,
]

const line = (patch: string, text: string) => `livepatch: '${patch}': ${text}`
const enabled = (patch: string, pre: readonly string[] = [], post: readonly string[] = []) => [
  `livepatch: enabling patch '${patch}'`,
  line(patch, 'initializing patching transition'),
  ...pre,
  line(patch, 'starting patching transition'),
  line(patch, 'completing patching transition'),
  ...post,
  line(patch, 'patching complete'),
]
const disabled = (patch: string, pre: readonly string[] = [], post: readonly string[] = []) => [
  line(patch, 'initializing unpatching transition'),
  ...pre,
  line(patch, 'starting unpatching transition'),
  line(patch, 'completing unpatching transition'),
  ...post,
  line(patch, 'unpatching complete'),
]
const callback = (which: string, where = 'vmlinux') => `klp_callbacks: ${which}_callback: ${where}`
const live = 'klp_target -> [MODULE_STATE_LIVE] Normal state'
const coming = 'klp_target -> [MODULE_STATE_COMING] Full formed, running module_init'
const going = 'klp_target -> [MODULE_STATE_GOING] Going away'

export const livepatchCases: readonly LivepatchCase[] = [
  {
    name: 'a function is patched and given back',
    commands: [
      ...load('livepatch-sample'),
      'cat /proc/cmdline',
      'cat /sys/kernel/livepatch/livepatch_sample/enabled /sys/kernel/livepatch/livepatch_sample/transition',
      'cat /sys/kernel/livepatch/livepatch_sample/vmlinux/patched',
      ...disable('livepatch_sample'),
      'rmmod livepatch_sample',
      '! grep -q patched /proc/cmdline',
    ],
    output: ['livepatch_sample: this has been live patched', '1', '0', '1'],
    log: [...enabled('livepatch_sample'), ...disabled('livepatch_sample')],
  },
  {
    name: 'a patch from assembly goes through the same loader',
    commands: [
      ...load('assembled-cmdline'),
      'cat /proc/cmdline',
      ...disable('assembled_cmdline'),
      'rmmod assembled_cmdline',
    ],
    output: ['assembled_cmdline: this has been live patched'],
    log: [...enabled('assembled_cmdline'), ...disabled('assembled_cmdline')],
  },
  {
    name: 'atomic replace gives back what only the older patch changed',
    commands: [
      ...load('livepatch-sample'),
      ...load('klp-replace', 'replace=1'),
      'while [ -d /sys/kernel/livepatch/livepatch_sample ]; do sleep 0.1; done',
      'rmmod livepatch_sample',
      '! grep -q patched /proc/cmdline',
      'cat /proc/version',
      ...disable('klp_replace'),
      'rmmod klp_replace',
    ],
    output: ['klp_replace: this has been live patched'],
    log: [...enabled('livepatch_sample'), ...enabled('klp_replace'), ...disabled('klp_replace')],
  },
  {
    name: 'two patches stack, the order is shown, the older may go first',
    commands: [
      ...load('livepatch-sample'),
      ...load('klp-replace', 'replace=0'),
      'cat /sys/kernel/livepatch/klp_replace/stack_order',
      ...disable('livepatch_sample'),
      'cat /sys/kernel/livepatch/klp_replace/stack_order',
      ...disable('klp_replace'),
      'rmmod livepatch_sample',
      'rmmod klp_replace',
    ],
    output: ['2', '1'],
    log: [
      ...enabled('livepatch_sample'),
      ...enabled('klp_replace'),
      ...disabled('livepatch_sample'),
      ...disabled('klp_replace'),
    ],
  },
  {
    name: 'callbacks run for a module that was there before the patch',
    commands: [
      insmod('klp-target'),
      ...load('klp-callbacks'),
      'cat /proc/klp_target',
      ...disable('klp_callbacks'),
      'cat /proc/klp_target',
      'rmmod klp_callbacks',
      'rmmod klp_target',
    ],
    output: ['2', '1'],
    log: [
      'klp_target: klp_target_init',
      ...enabled(
        'klp_callbacks',
        [callback('pre_patch'), callback('pre_patch', live)],
        [callback('post_patch'), callback('post_patch', live)],
      ),
      ...disabled(
        'klp_callbacks',
        [callback('pre_unpatch'), callback('pre_unpatch', live)],
        [callback('post_unpatch'), callback('post_unpatch', live)],
      ),
      'klp_target: klp_target_exit',
    ],
  },
  {
    name: 'callbacks run for a module that comes and goes under the patch',
    commands: [
      ...load('klp-callbacks'),
      insmod('klp-target'),
      'cat /proc/klp_target',
      'rmmod klp_target',
      ...disable('klp_callbacks'),
      'rmmod klp_callbacks',
    ],
    output: ['2'],
    log: [
      ...enabled('klp_callbacks', [callback('pre_patch')], [callback('post_patch')]),
      "livepatch: applying patch 'klp_callbacks' to loading module 'klp_target'",
      callback('pre_patch', coming),
      callback('post_patch', coming),
      'klp_target: klp_target_init',
      'klp_target: klp_target_exit',
      callback('pre_unpatch', going),
      "livepatch: reverting patch 'klp_callbacks' on unloading module 'klp_target'",
      callback('post_unpatch', going),
      ...disabled('klp_callbacks', [callback('pre_unpatch')], [callback('post_unpatch')]),
    ],
  },
  {
    name: 'a pre-patch callback that fails keeps the patch out',
    commands: [
      `! ${insmod('klp-callbacks', 'pre_patch_ret=-19')}`,
      '! [ -d /sys/kernel/livepatch/klp_callbacks ]',
      '! [ -d /sys/module/klp_callbacks ]',
    ],
    log: [
      "livepatch: enabling patch 'klp_callbacks'",
      line('klp_callbacks', 'initializing patching transition'),
      callback('pre_patch'),
      "livepatch: pre-patch callback failed for object 'vmlinux'",
      "livepatch: failed to enable patch 'klp_callbacks'",
      line('klp_callbacks', 'canceling patching transition, going to unpatch'),
      line('klp_callbacks', 'completing unpatching transition'),
      line('klp_callbacks', 'unpatching complete'),
    ],
  },
  {
    name: 'a pre-patch callback that fails keeps a coming module out',
    commands: [
      ...load('klp-callbacks'),
      'echo -19 > /sys/module/klp_callbacks/parameters/pre_patch_ret',
      `! ${insmod('klp-target')}`,
      '! [ -d /sys/module/klp_target ]',
      ...disable('klp_callbacks'),
      'rmmod klp_callbacks',
    ],
    log: [
      ...enabled('klp_callbacks', [callback('pre_patch')], [callback('post_patch')]),
      "livepatch: applying patch 'klp_callbacks' to loading module 'klp_target'",
      callback('pre_patch', coming),
      "livepatch: pre-patch callback failed for object 'klp_target'",
      "livepatch: patch 'klp_callbacks' failed for module 'klp_target', refusing to load module 'klp_target'",
      ...disabled('klp_callbacks', [callback('pre_unpatch')], [callback('post_unpatch')]),
    ],
  },
  {
    name: 'a task asleep in the patched function holds the transition up until it leaves',
    commands: [
      insmod('klp-target'),
      'cat /proc/klp_target_wait & sleep 0.3',
      insmod('klp-stack'),
      'sleep 2; cat /sys/kernel/livepatch/klp_stack/transition',
      `! ${insmod('livepatch-sample')}`,
      '! echo 1 > /sys/kernel/livepatch/klp_stack/enabled',
      'kill $!; sleep 2; cat /sys/kernel/livepatch/klp_stack/transition',
      'cat /proc/klp_target_wait',
      ...disable('klp_stack'),
      'rmmod klp_stack',
      'rmmod klp_target',
    ],
    output: ['1', '0', 'patched: nobody waits'],
    log: [
      'klp_target: klp_target_init',
      ...enabled('klp_stack'),
      ...disabled('klp_stack'),
      'klp_target: klp_target_exit',
    ],
  },
  {
    name: 'a sleeper is woken after fifteen tries, and its system call begins again in the new function',
    commands: [
      insmod('klp-target'),
      'cat /proc/klp_target_wait > /tmp/waited & sleep 0.3',
      insmod('klp-stack'),
      'while [ "$(cat /sys/kernel/livepatch/klp_stack/transition)" = 1 ]; do sleep 1; done',
      // not to the console, where the log may come between
      'sleep 1; cat /tmp/waited',
      ...disable('klp_stack'),
      'rmmod klp_stack',
      'rmmod klp_target',
    ],
    output: ['patched: nobody waits'],
    log: [
      'klp_target: klp_target_init',
      "livepatch: enabling patch 'klp_stack'",
      line('klp_stack', 'initializing patching transition'),
      line('klp_stack', 'starting patching transition'),
      'livepatch: signaling remaining tasks',
      line('klp_stack', 'completing patching transition'),
      line('klp_stack', 'patching complete'),
      ...disabled('klp_stack'),
      'klp_target: klp_target_exit',
    ],
  },
  {
    name: 'a transition that is held up can be turned around',
    commands: [
      insmod('klp-target'),
      'cat /proc/klp_target_wait & sleep 0.3',
      insmod('klp-stack'),
      ...disable('klp_stack'),
      'rmmod klp_stack',
      'kill $!; sleep 0.3',
      'rmmod klp_target',
    ],
    log: [
      'klp_target: klp_target_init',
      "livepatch: enabling patch 'klp_stack'",
      line('klp_stack', 'initializing patching transition'),
      line('klp_stack', 'starting patching transition'),
      line('klp_stack', 'reversing transition from patching to unpatching'),
      line('klp_stack', 'starting unpatching transition'),
      line('klp_stack', 'completing unpatching transition'),
      line('klp_stack', 'unpatching complete'),
      'klp_target: klp_target_exit',
    ],
  },
  {
    name: 'a forced patch stays in the kernel for ever',
    commands: [
      insmod('klp-target'),
      'cat /proc/klp_target_wait & sleep 0.3',
      insmod('klp-stack'),
      'echo 1 > /sys/kernel/livepatch/klp_stack/force',
      'while [ $(cat /sys/kernel/livepatch/klp_stack/transition) = 1 ]; do sleep 0.1; done',
      'kill $!; sleep 0.3',
      ...disable('klp_stack'),
      '! rmmod klp_stack',
    ],
    log: [
      'klp_target: klp_target_init',
      "livepatch: enabling patch 'klp_stack'",
      line('klp_stack', 'initializing patching transition'),
      line('klp_stack', 'starting patching transition'),
      'livepatch: forcing remaining tasks to the patched state',
      line('klp_stack', 'completing patching transition'),
      line('klp_stack', 'patching complete'),
      ...disabled('klp_stack'),
    ],
  },
]

/** The lines of the log that a case is judged by, as Linux's own test filters them. */
export function filterLog(log: string): string[] {
  return log
    .split('\n')
    .map((text) => text.replace(/\r/g, ''))
    .map((text) => /\[\s*\d+\.\d+\]\s(?:\[[CT]\d+\]\s)?(.*)$/.exec(text)?.[1] ?? '')
    .filter((text) => /livepatch:|^klp_|^livepatch_|^assembled_/.test(text))
    .filter((text) => !/tainting kernel|taints kernel/.test(text))
}
