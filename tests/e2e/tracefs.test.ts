// tracefs and the function tracer, as Linux's documentation has them: which functions, whose calls, in which form. About 20 s.
import { beforeAll, describe, expect, it } from 'vitest'
import type { MachineSession } from '../../src/guest/index.js'
import type { Snapshot } from '../../src/machine/index.js'
import { read } from '../lab/images.js'
import { needs } from '../needs.js'
import { attempt, bootWith, buildModule, inGuest, patchSource, testModule } from './module-guest.js'

const AT = '/sys/kernel/tracing'

/** The events of a trace: who, on which CPU, what and from where. */
interface Event {
  readonly task: string
  readonly pid: number
  readonly cpu: number
  readonly flags: string
  readonly seconds: number
  readonly text: string
}

const EVENT = /^ *(.+)-(\d+) +\[(\d{3})\] (.{5}) +(\d+\.\d{6}): (.*)$/

function events(trace: string): Event[] {
  const lines = trace.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return lines.map((line) => {
    const [, task, pid, cpu, flags, seconds, text] = EVENT.exec(line) ?? []
    expect(text, `'${line}' is an event`).toBeDefined()
    return { task: task!, pid: Number(pid), cpu: Number(cpu), flags: flags!, seconds: Number(seconds), text: text! }
  })
}

const trace = async (guest: MachineSession): Promise<Event[]> => events(await guest.agent.read(`cat ${AT}/trace`))

needs('gcc')('tracefs', () => {
  const booted: Snapshot[] = []
  beforeAll(async () => {
    const shown = patchSource([
      {
        name: 'cmdline_proc_show',
        code: 'static int NEW(struct seq_file *m, void *v) { seq_puts(m, "patched\\n"); return 0; }',
      },
    ])
    const modules = {
      talker: await testModule('talker'),
      patch: await buildModule('patch', shown),
      next: read('images/built/scion-1.1.elf'),
    }
    for (const vcpus of [1, 2, 4]) booted[vcpus] = await bootWith(modules, vcpus)
  })
  const guest = (test: (guest: MachineSession) => Promise<void>, vcpus = 2) => inGuest(booted[vcpus]!, test)

  it('offers its tracers, and is off', () =>
    guest(async ({ agent }) => {
      expect(
        await agent.read(
          `cd ${AT}; cat available_tracers current_tracer tracing_on set_ftrace_filter set_ftrace_notrace`,
        ),
      ).toBe('function nop\nnop\n1\n#### all functions enabled ####\n#### no functions disabled ####\n')
      expect(await agent.read(`cat ${AT}/enabled_functions`)).toBe('')
      expect(await agent.read('ls /sys/kernel/debug/tracing/')).toBe(await agent.read(`ls ${AT}`))
    }))

  it('lists every function that can be traced', () =>
    guest(async ({ agent }) => {
      const names = (await agent.read(`cat ${AT}/available_filter_functions`)).trim().split('\n')
      const [entries] = /\d+(?= entries)/.exec(await agent.read('dmesg')) ?? []
      expect(names).toHaveLength(Number(entries))
      expect(names).toContain('cmdline_proc_show')
      await agent.read('insmod /lib/test/talker.ko')
      expect(await agent.read(`cat ${AT}/available_filter_functions`)).toContain('\nspeak_show [talker]\n')
    }))

  describe.each([1, 2, 4])('with %i vCPU(s)', (vcpus) => {
    it("has each call of a chosen function once, with who called it, in Linux's form", () =>
      guest(async (session) => {
        const { agent } = session
        await agent.read(`cd ${AT}; echo cmdline_proc_show > set_ftrace_filter; echo function > current_tracer`)
        expect(await agent.read(`cat ${AT}/set_ftrace_filter ${AT}/enabled_functions`)).toBe(
          'cmdline_proc_show\ncmdline_proc_show (1) R\n',
        )
        await agent.read('cat /proc/cmdline; cat /proc/uptime; cat /proc/cmdline')
        const text = await agent.read(`cat ${AT}/trace`)
        expect(text).toMatch(
          new RegExp(
            `^# tracer: function\n#\n# entries-in-buffer/entries-written: 2/2   #P:${vcpus}\n#\n#  .*irqs-off`,
          ),
        )
        const seen = events(text)
        expect(seen.map((event) => [event.task, event.text])).toEqual([
          ['cat', 'cmdline_proc_show <-seq_read'],
          ['cat', 'cmdline_proc_show <-seq_read'],
        ])
        expect(seen[1]!.pid).toBeGreaterThan(seen[0]!.pid)
        expect(seen[1]!.seconds).toBeGreaterThan(seen[0]!.seconds)
        expect(seen.every((event) => event.cpu < vcpus && event.flags === '.....')).toBe(true)
        // It is still there, until it is overwritten.
        expect(await trace(session)).toHaveLength(2)
        expect(await agent.read(`echo > ${AT}/trace; cat ${AT}/trace`)).toContain(
          'entries-in-buffer/entries-written: 0/2',
        )
        await agent.read(`echo nop > ${AT}/current_tracer; cat /proc/cmdline`)
        expect(await trace(session)).toEqual([])
        expect(await agent.read(`cat ${AT}/enabled_functions`)).toBe('')
      }, vcpus))

    it('traces all functions, in order of time, and the guest goes on', () =>
      guest(async (session) => {
        const { agent } = session
        await agent.read(`echo function > ${AT}/current_tracer; cat /proc/cmdline > /tmp/it; echo 0 > ${AT}/tracing_on`)
        const seen = await trace(session)
        expect(seen.length).toBeGreaterThan(1000)
        for (let i = 1; i < seen.length; i++) expect(seen[i]!.seconds).toBeGreaterThanOrEqual(seen[i - 1]!.seconds)
        const texts = seen.map((event) => event.text)
        expect(texts).toContain('cmdline_proc_show <-seq_read')
        expect(texts).toContain('vfs_write <-rw_at_position')
        expect(new Set(seen.map((event) => event.task)).size).toBeGreaterThan(1)
        // In interrupts too, where they are off.
        expect(seen.some((event) => /^d.h/.test(event.flags))).toBe(true)
        await agent.read(`echo nop > ${AT}/current_tracer`)
      }, vcpus))
  })

  it.each([
    ['echo cmdline_proc_show > F', ['cmdline_proc_show']],
    ['echo "cmdline_proc_show version_proc_show" > F', ['cmdline_proc_show', 'version_proc_show']],
    ['echo cmdline_proc_show > F; echo version_proc_show >> F', ['cmdline_proc_show', 'version_proc_show']],
    ['echo cmdline_proc_show > F; echo version_proc_show > F', ['version_proc_show']],
    ['echo "*line_proc_sh?w" > F', ['cmdline_proc_show']],
    ['echo "*line_proc_show version_proc_show" > F; echo "!*line*" >> F', ['version_proc_show']],
    ['echo :mod:talker > F', ['speak_show [talker]', 'start [talker]', 'stop [talker]']],
    ['echo "sp*:mod:talk*" > F', ['speak_show [talker]']],
  ])('%s', (command, expected) =>
    guest(async ({ agent }) => {
      await agent.read(`insmod /lib/test/talker.ko; ${command.replaceAll(' F', ` ${AT}/set_ftrace_filter`)}`)
      const names = (await agent.read(`cat ${AT}/set_ftrace_filter`)).trim().split('\n')
      expect(names.sort()).toEqual(expected)
    }),
  )

  it('refuses a function that there is not, a tracer that there is not, and numbers that are none', () =>
    guest(async (session) => {
      const { agent } = session
      await agent.read(`echo cmdline_proc_show > ${AT}/set_ftrace_filter`)
      for (const line of [
        `echo no_such_function >> ${AT}/set_ftrace_filter`,
        `echo cmdline_proc_show:mod:talker >> ${AT}/set_ftrace_filter`,
        `echo function_graph > ${AT}/current_tracer`,
        `echo maybe > ${AT}/tracing_on`,
        `echo 1 > ${AT}/available_tracers`,
      ])
        expect(await attempt(session, line), line).toMatchObject({ status: 1 })
      expect(await agent.read(`cat ${AT}/set_ftrace_filter ${AT}/current_tracer`)).toBe('cmdline_proc_show\nnop\n')
    }))

  it('leaves out what it is told to, from all and from some', () =>
    guest(async (session) => {
      const { agent } = session
      await agent.read(
        `cd ${AT}; echo "*_proc_show" > set_ftrace_filter; echo version_proc_show > set_ftrace_notrace; echo function > current_tracer`,
      )
      await agent.read('cat /proc/version /proc/cmdline')
      expect((await trace(session)).map((event) => event.text)).toEqual(['cmdline_proc_show <-seq_read'])
      // A choice that is changed while the tracer runs.
      await agent.read(`cd ${AT}; echo > set_ftrace_notrace; echo > trace; cat /proc/version /proc/cmdline`)
      expect((await trace(session)).map((event) => event.text)).toEqual([
        'version_proc_show <-seq_read',
        'cmdline_proc_show <-seq_read',
      ])
      await agent.read(
        `cd ${AT}; echo "*_proc_show" > set_ftrace_notrace; echo > trace; cat /proc/version /proc/cmdline`,
      )
      expect(await trace(session)).toEqual([])
    }))

  it('gives each event once through trace_pipe, and waits there', () =>
    guest(async (session) => {
      const { agent } = session
      await agent.read(`cd ${AT}; echo cmdline_proc_show > set_ftrace_filter; echo function > current_tracer`)
      await agent.read(`cat ${AT}/trace_pipe > /tmp/pipe & echo $! > /tmp/reader`)
      await agent.read('cat /proc/cmdline; cat /proc/cmdline; sleep 1')
      expect(events(await agent.read('cat /tmp/pipe')).map((event) => event.text)).toEqual([
        'cmdline_proc_show <-seq_read',
        'cmdline_proc_show <-seq_read',
      ])
      expect(await trace(session)).toEqual([])
      await agent.read('kill $(cat /tmp/reader)')
    }))

  it('has what the kernel and modules print to it, once somebody has looked', () =>
    guest(async (session) => {
      const { agent } = session
      await agent.read(`insmod /lib/test/talker.ko; cat /proc/speak ${AT}/trace > /dev/null; cat /proc/speak`)
      expect((await trace(session)).map((event) => event.text)).toEqual(['speak_show [talker]: spoken 2 times'])
    }))

  it('makes room for the newest events', () =>
    guest(async (session) => {
      const { agent } = session
      await agent.read(
        `echo function > ${AT}/current_tracer; usertests -l > /tmp/list; cat /proc/kallsyms > /tmp/names`,
      )
      await agent.read(`echo last > ${AT}/trace_marker; echo 0 > ${AT}/tracing_on; cat ${AT}/trace > /tmp/trace`)
      const [, kept, written] = /(\d+)\/(\d+)/.exec(await agent.read('grep entries-written: /tmp/trace')) ?? []
      expect(Number(written)).toBeGreaterThan(Number(kept))
      expect(Number(kept)).toBeGreaterThan(4000)
      expect(await agent.read('grep -c "tracing_mark_write: last" /tmp/trace')).toBe('1\n')
    }, 1))

  it('has what programs mark, and stops and goes on', () =>
    guest(async (session) => {
      const { agent } = session
      await agent.read(
        `cd ${AT}; echo begin > trace_marker; echo 0 > tracing_on; echo lost > trace_marker; echo 1 > tracing_on`,
      )
      await agent.read(`echo -n end > ${AT}/trace_marker`)
      expect((await trace(session)).map((event) => event.text)).toEqual([
        'tracing_mark_write: begin',
        'tracing_mark_write: end',
      ])
    }))

  it('traces a function that is patched, and what replaces it', () =>
    guest(async (session) => {
      const { agent } = session
      await agent.read('insmod /lib/test/patch.ko; sleep 1')
      await agent.read(`cd ${AT}; echo "cmdline_proc_show new_0" > set_ftrace_filter; echo function > current_tracer`)
      expect(await agent.read('cat /proc/cmdline')).toBe('patched\n')
      expect((await trace(session)).map((event) => event.text)).toEqual([
        'cmdline_proc_show <-seq_read',
        'new_0 [patch] <-seq_read',
      ])
      expect(await agent.read(`cat ${AT}/enabled_functions`)).toBe('cmdline_proc_show (2) R I\nnew_0 [patch] (1) R\n')
      // What goes is chosen no more; the other one still is.
      await agent.read('echo 0 > /sys/kernel/livepatch/patch/enabled; sleep 1; rmmod patch; cat /proc/cmdline')
      expect(await agent.read(`cat ${AT}/set_ftrace_filter`)).toBe('cmdline_proc_show\n')
      expect((await trace(session)).map((event) => event.text)).toHaveLength(3)
    }))

  it('keeps an upgrade away while a tracer is on', () =>
    guest(async (session) => {
      const { agent } = session
      await agent.read(`kexec -l /lib/test/next.ko; echo function > ${AT}/current_tracer`)
      expect(await attempt(session, 'kexec -e')).toMatchObject({ status: 1 })
      expect(await agent.read('dmesg')).toContain('liveupdate: refused: tracer function is on')
      await agent.read(`echo nop > ${AT}/current_tracer; kexec -l /lib/test/next.ko; kexec -e`)
      expect(await agent.read('uname -r')).toBe('1.1\n')
    }))
})
