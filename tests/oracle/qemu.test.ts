// QEMU as an oracle for whole images: the same kernel and initramfs, the same typed lines, on our machine and under QEMU, from the
// first message through patch and upgrade to power-off. The two consoles must say the same text.
//
// What is taken out before they are compared, and why it cannot be the same:
//   1. time stamps of the kernel's log: QEMU's clock is the host's;
//   2. the rate of the TSC and of the APIC timer, and whether it was measured or told: QEMU's default CPU does not tell it;
//   3. the time an upgrade took, before or after which prompt the shell says that a job has ended, and the numbers of processes:
//      waiting for a transition starts programs; whether a shell that has just started a program sleeps already;
//   4. with QEMU's own firmware (not with ours): how much memory the firmware keeps for itself, and what our firmware says.
// While commands run, the kernel's log goes to its ring only, which is printed between them: on four CPUs a line of the log that
// comes by itself (a transition that ends) may stand before or behind what a program prints at that moment.
// Lines that read counters of events (interrupts, context switches) or the CPU's name are not typed at all.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { needs } from '../needs.js'
import { firmwarePath, OurGuest, QemuGuest, type WholeGuest } from './whole-guest.js'
import { createWholeInitrd, NEXT_KERNEL, scion10 } from './whole-guest-initrd.js'

// Both guests are driven by typed lines alone, so who types looks until the transition is over, as in any shell.
const patch = '/sys/kernel/livepatch/demo'
const transition = `while grep -q 1 ${patch}/transition; do sleep 0.1; done`
const disable = `echo 0 > ${patch}/enabled; while [ -d ${patch} ]; do sleep 0.1; done`

/** Files of /proc and /sys whose contents come from the guest alone. */
const files = [
  ...['/proc/version', '/proc/cmdline', '/proc/filesystems', '/proc/mounts', '/proc/modules', '/proc/self/maps'],
  ...['/proc/self/cmdline', '/proc/1/cmdline', '/proc/self/patch_state', '/sys/kernel/kexec_loaded'],
]

/** What the kernel has said since the last time; from here on it says it to its ring only. */
const log = 'dmesg -n 1; dmesg -c'

const programs: readonly string[] = [
  log,
  'uname -a',
  'ls -l / /bin /lib/modules',
  'echo $((6 * 7)) "a  b" $HOME; false; echo $?',
  'seq 1 40 | grep 3 | wc; echo one two | cat > /tmp/x; cat /tmp/x; rm /tmp/x; ls /tmp',
  // In a shell of its own: an interactive one says the numbers of processes that start at the same moment.
  "sh -c 'for n in 1 2 3; do (sleep 0.$n; echo slept $n) & done; wait'; sh -c 'kill -TERM $$'; echo $?",
  'ps',
  'grep -c . /proc/kallsyms; grep " T __x64_sys_getppid" /proc/kallsyms; grep -c ^processor /proc/cpuinfo',
  'grep -v ctxt_switches /proc/self/status; ls /proc /sys /sys/kernel /sys/module',
  ...files.map((path) => `cat ${path}; echo`),
  'hexdump /sys/kernel/notes',
  'counter 20 1000; fpu 10 500; pipeline 10 4; signals 20 1; timers 10 1000; cow 5 16; files 10 100',
  'usertests -q',
]

const patching: readonly string[] = [
  'cat /proc/version',
  `insmod /lib/modules/demo.ko; ${transition}`,
  `cat ${patch}/enabled ${patch}/transition; cat /proc/self/patch_state; lsmod`,
  'signals 20 1; cat /proc/version',
  disable,
  'cat /proc/version; rmmod demo; lsmod',
  `insmod /lib/modules/demo.ko; ${transition}`,
  'signals 20 1; cat /proc/version',
  'insmod /lib/modules/demo.ko; insmod /proc/version; rmmod nothing',
  disable,
  'rmmod demo',
  log,
]

const upgrading: readonly string[] = [
  // Two programs that live through it: one computes, one waits, and each tells at the end what it has seen.
  'x=kept; (counter 200 1000 5 > /tmp/counter; echo done >> /tmp/counter) & (sleep 1; echo awake > /tmp/sleeper) &',
  `kexec -l ${NEXT_KERNEL}; echo loaded $?; cat /sys/kernel/kexec_loaded`,
  'kexec -e; echo $?',
  log,
  'uname -r; cat /proc/version; echo $x; cat /sys/kernel/kexec_loaded; lsmod',
  'wait; cat /tmp/counter /tmp/sleeper',
  'usertests -q',
  log,
]

function normalise(text: string, ownFirmware: boolean): string {
  let same = text
    .replace(/^(.*?)\[ *\d+\.\d{6}\] /gm, '$1[time] ')
    .replace(/tsc: (Detected|Measured) \d+\.\d{3} MHz/g, 'tsc: rate')
    .replace(/APIC timer: \d+\.\d{3} MHz/g, 'APIC timer: rate')
    .replace(/\d+ us without a user instruction/g, 'some us without a user instruction')
    .replace(/(: pid |^\[)\d+(:|\])/gm, '$1number$2')
    .replace(/^\[number\] done, status 0: .*\n/gm, '')
    .replace(/^( +\d+ +\d+ )[RS]( sh)$/gm, '$1S$2')
  // QEMU 7.2's TCG raises no unmasked floating-point exception, gives INT1 no vector 1, and its processor has no FSGSBASE: what the programs say of these
  // is asked of our machine alone, where "not ok" is looked for below.
  same = same
    .replace(/^# (faults\.c:|SKIP the processor has no FSGSBASE).*\n/gm, '')
    .replace(/^(not )?ok \d+ (floating_point_codes|trap_codes|segment_bases).*\n/gm, '')
    .replace(/^# Totals: .*\n/gm, '')
  if (!ownFirmware) {
    same = same.replace(/^(Transplant firmware|firmware:) .*\n/gm, '').replace(/Memory: \d+K\/\d+K/g, 'Memory:')
  }
  return same
}

/** The whole session; gives all that the console said. */
async function session(guest: WholeGuest): Promise<string> {
  try {
    await guest.prompt()
    for (const line of [...programs, ...patching, ...upgrading]) await guest.prompt(line)
    await guest.end('poweroff')
    return guest.transcript
  } finally {
    await guest.close()
  }
}

let folder = ''
let initrd = ''

needs('gcc', 'qemu-system-x86_64')('our machine and QEMU', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'transplant-qemu-'))
    initrd = await createWholeInitrd(folder)
  }, 60_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  for (const cpus of [1, 4]) {
    for (const [name, bios] of [
      ["QEMU's firmware", undefined],
      ['our firmware', firmwarePath],
    ] as const) {
      it(`say the same from boot through patch and upgrade to power-off: ${cpus} CPU(s), ${name}`, async () => {
        const images = { kernel: scion10, initrd }
        const expected = await session(new QemuGuest(images, { cpus, ...(bios === undefined ? {} : { bios }) }))
        const ours = await session(new OurGuest(images, { cpus }))
        const own = bios !== undefined
        expect(normalise(ours, own).split('\n')).toEqual(normalise(expected, own).split('\n'))
        expect(ours).not.toMatch(/Oops|BUG:|Call Trace|WARNING:|not ok \d/)
        expect(ours).toMatch(/^# Totals: pass:\d+ fail:0 xfail:0 xpass:0 skip:0 error:0$/m)
        // Equal is not enough: both could have refused.
        expect(ours).toMatch(/live patched, 20 parent lookups/)
        expect(ours).toMatch(/liveupdate: Scion 1\.1 has taken over from 1\.0: update 1,/)
        expect(ours).toMatch(/^kept$[\s\S]*^done$\s^awake$/m)
        expect(ours).toMatch(/reboot: Power down\n$/)
      }, 480_000)
    }
  }
})
