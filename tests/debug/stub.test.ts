// The stub, asked packet by packet: what a debugger is told is what the machine holds, and only what it asks for changes.
import { describe, expect, it } from 'vitest'
import { decodeText, encodeText, fromHex, toHex, virtAddr } from '../../src/base/index.js'
import { encodePacket, PacketReader, readTargetDescription } from '../../src/debug/index.js'
import { readKernelImage } from '../../src/guest/index.js'
import { read } from '../lab/images.js'
import { startClient, startStub } from './stub-session.js'

function symbol(name: string): bigint {
  const image = readKernelImage(read('images/built/scion-1.0.elf'))
  const found = image.ok ? image.value.symbol(name) : undefined
  if (found === undefined) throw new Error(`no ${name}`)
  return found.address
}

const hex = (value: bigint | number): string => value.toString(16)
const littleEndian = (text: string): bigint =>
  (fromHex(text) ?? new Uint8Array()).reduceRight((all, byte) => (all << 8n) | BigInt(byte), 0n)

describe('registers', () => {
  it('are described, and each is what the machine holds', async () => {
    const { client, machine } = await startClient()
    const layout = await readTargetDescription((name) => client.transfer('features', name))
    const all = await client.text('g')
    const value = (name: string): bigint => {
      const at = layout.get(name)
      if (at === undefined) throw new Error(`no register ${name}`)
      return littleEndian(all.slice(2 * at.offset, 2 * (at.offset + at.bytes)))
    }
    expect(all.length / 2).toBe([...layout.values()].reduce((sum, { bytes }) => sum + bytes, 0))
    const { rip, rflags, cr3, gsBase, efer, cs, r15 } = machine.registers(0)
    expect([value('rip'), value('eflags'), value('cr3'), value('gs_base')]).toEqual([rip, rflags, cr3, gsBase])
    expect([value('efer'), value('cs'), value('r15')]).toEqual([efer, BigInt(cs), r15])
    expect([...layout.keys()].indexOf('rip')).toBe(16)
    client.close()
  })

  it('are written one by one and all together; those that cannot be are refused', async () => {
    const { client, machine } = await startClient()
    await client.ok(`P0=${'1122334455667788'}`)
    expect(machine.registers(0).rax).toBe(0x8877665544332211n)
    const layout = await readTargetDescription((name) => client.transfer('features', name))
    const before = await client.text('g')
    const xmm3 = layout.get('xmm3')
    if (xmm3 === undefined) throw new Error('no xmm3')
    const value = '000102030405060708090a0b0c0d0e0f'
    const changed = before.slice(0, 2 * xmm3.offset) + value + before.slice(2 * (xmm3.offset + 16))
    await client.ok(`G${changed}`)
    expect(await client.text('g')).toBe(changed)
    expect(toHex(machine.vectors(0).fxsave.subarray(160 + 48, 160 + 64))).toBe(value)
    const cr0 = [...layout.keys()].indexOf('cr0')
    await expect(client.ok(`P${hex(cr0)}=0000000000000000`)).rejects.toMatchObject({ code: 'GDB_REFUSED' })
    await expect(client.ok('P0=11')).rejects.toMatchObject({ code: 'GDB_REFUSED' })
    client.close()
  })

  it('of the x87 stand in the order of the stack, with their full tags', async () => {
    const { client, machine } = await startClient()
    const vectors = machine.vectors(0)
    expect(vectors.fxsave).toHaveLength(512)
    const layout = await readTargetDescription((name) => client.transfer('features', name))
    const number = (name: string): string => hex([...layout.keys()].indexOf(name))
    // TOP 5: ST(0) is register 5, which alone is in use. 3.0, then 0.0, then an infinity.
    await client.ok(`P${number('fstat')}=${'00280000'}`)
    await client.ok(`P${number('ftag')}=${'fff30000'}`)
    const three = '00000000000000c00040'
    await client.ok(`P${number('st0')}=${three}`)
    expect(await client.text(`p${number('st0')}`)).toBe(three)
    expect(await client.text(`p${number('ftag')}`)).toBe('fff30000')
    await client.ok(`P${number('st0')}=${'0'.repeat(20)}`)
    expect(await client.text(`p${number('ftag')}`)).toBe('fff70000')
    await client.ok(`P${number('st0')}=0000000000000080ff7f`)
    expect(await client.text(`p${number('ftag')}`)).toBe('fffb0000')
    client.close()
  })
})

describe('memory', () => {
  it('is read as far as it is mapped, and written where it is asked to be and nowhere else', async () => {
    const { client, machine } = await startClient()
    const at = symbol('linux_banner')
    expect(decodeText(fromHex(await client.text(`m${hex(at)},5`)) ?? new Uint8Array())).toBe('Scion')
    await expect(client.text('m1234567890,8')).rejects.toMatchObject({ code: 'GDB_REFUSED' })
    const end = symbol('_end')
    const mapped = await client.text(`m${hex(at)},2000`)
    expect(mapped.length).toBe(0x4000)
    expect((await client.text(`m${hex((end | 0x1fffffn) - 3n)},10`)).length).toBeLessThanOrEqual(32)
    const before = machine.hash()
    await client.ok(`M${hex(at)},5:${toHex(encodeText('Scium'))}`)
    expect(decodeText(fromHex(await client.text(`m${hex(at)},5`)) ?? new Uint8Array())).toBe('Scium')
    expect(machine.hash()).not.toBe(before)
    await client.ok(`X${hex(at)},5:Scion`)
    expect(machine.hash()).toBe(before)
    await expect(client.ok(`M${hex(at)},5:00`)).rejects.toMatchObject({ code: 'GDB_REFUSED' })
    client.close()
  })

  it('is not changed by breakpoints, which come and go, and stop before their instruction', async () => {
    const { client, machine } = await startClient()
    const at = symbol('__x64_sys_read')
    const before = machine.hash()
    await client.ok(`Z0,${hex(at)},1`)
    expect(machine.hash()).toBe(before)
    machine.sendConsole(0, encodeText('echo hi\n'))
    expect(await client.text('vCont;c')).toMatch(/^T05thread:[12];swbreak:;$/)
    const stopped = [0, 1].map((cpu) => machine.registers(cpu).rip)
    expect(stopped).toContain(at)
    await client.ok(`z0,${hex(at)},1`)
    await client.ok(`Z1,${hex(symbol('__x64_sys_write'))},1`)
    expect(await client.text('vCont;c')).toMatch(/^T05thread:[12];hwbreak:;$/)
    await expect(client.ok('Z9,0,1')).rejects.toMatchObject({ code: 'GDB_UNSUPPORTED' })
    client.close()
  })
})

describe('a run', () => {
  it('steps one vCPU, alone or among the others, and goes back the same way', async () => {
    const { client, machine } = await startClient()
    await client.ok(`Z1,${hex(symbol('__x64_sys_read'))},1`)
    machine.sendConsole(0, encodeText('echo hi\n'))
    const stop = /thread:(\d)/.exec(await client.text('vCont;c'))
    const cpu = Number(stop?.[1]) - 1
    const rips = [machine.registers(cpu).rip]
    for (const action of [`s:${cpu + 1}`, `s:${cpu + 1};c`, 's']) {
      const { retired } = machine.statistics
      expect(await client.text(`vCont;${action}`)).toBe(`T05thread:${cpu + 1};`)
      expect(machine.statistics.retired[cpu]).toBe((retired[cpu] ?? 0) + 1)
      rips.push(machine.registers(cpu).rip)
    }
    // A step has executed the breakpoint's instruction; going back comes by it all the same.
    const end = machine.now
    expect(await client.text('bc')).toBe(`T05thread:${cpu + 1};`)
    expect(machine.registers(cpu).rip).toBe(rips[0])
    while (machine.now < end) await client.text('vCont;s')
    for (const rip of rips.slice(0, 3).reverse()) {
      expect(await client.text('bs')).toBe(`T05thread:${cpu + 1};`)
      expect(machine.registers(cpu).rip).toBe(rip)
    }
    client.close()
  })

  it('ends after an instruction that touches watched memory, and is the same run as without', async () => {
    const { client, machine } = await startClient()
    machine.sendConsole(0, encodeText('sleep 0; sleep 0; sleep 0\n'))
    const at = machine.snapshot()
    const lastPid = symbol('last_pid')
    const value = () =>
      littleEndian(toHex(machine.readPhysical(machine.translate(0, virtAddr(lastPid)) ?? 0, 4) ?? new Uint8Array()))
    const start = value()
    await client.ok(`Z2,${hex(lastPid)},4`)
    expect(await client.text('c')).toMatch(new RegExp(`^T05thread:[12];watch:${hex(lastPid)};$`))
    expect(value()).toBe(start + 1n)
    const first = machine.now
    expect(await client.text('c')).toContain('watch:')
    expect(value()).toBe(start + 2n)
    await client.ok(`z2,${hex(lastPid)},4`)
    await client.ok(`Z3,${hex(lastPid)},4`)
    expect(await client.text('c')).toContain(`rwatch:${hex(lastPid)};`)
    await client.ok(`z3,${hex(lastPid)},4`)
    await client.ok(`Z2,${hex(lastPid)},4`)
    const end = machine.now
    // Back to before the second store, and before the first.
    for (const stores of [1n, 0n]) {
      expect(await client.text('bc')).toMatch(/^T05thread:[12];$/)
      expect(value()).toBe(start + stores)
      const { rip } = machine.registers(Number(/:(\d)/.exec(await client.text('?'))?.[1]) - 1)
      expect(await client.text('vCont;s')).toContain('watch:')
      expect(value()).toBe(start + stores + 1n)
      await client.text('bs')
      expect([machine.registers(0).rip, machine.registers(1).rip]).toContain(rip)
    }
    await client.ok(`z2,${hex(lastPid)},4`)
    machine.run({ instructions: end - machine.now })
    const [now, hash] = [machine.now, machine.hash()]
    client.close()
    machine.restore(at)
    machine.run({ instructions: first - machine.now })
    expect(value()).toBe(start + 1n)
    machine.run({ instructions: now - machine.now })
    expect(machine.hash()).toBe(hash)
  })

  it('goes back to where a breakpoint was last passed, and to the beginning', async () => {
    const { client, machine } = await startClient()
    const start = machine.now
    machine.sendConsole(0, encodeText('echo hi\n'))
    await client.ok(`Z1,${hex(symbol('do_exit'))},1`)
    await client.ok(`Z0,${hex(symbol('__x64_sys_write'))},1`)
    const seen: number[] = []
    for (let i = 0; i < 3; i++) {
      expect(await client.text('c')).toContain('break')
      seen.push(machine.now)
    }
    expect(await client.text('bc')).toMatch(/^T05thread:\d;$/)
    expect(machine.now).toBe(seen[1])
    expect(await client.text('bc')).toMatch(/^T05thread:\d;$/)
    expect(machine.now).toBe(seen[0])
    expect(await client.text('bc')).toMatch(/^T05thread:\d;replaylog:begin;$/)
    expect(machine.now).toBe(start)
    client.close()
  })

  it('is interrupted, tells how it ended, and leaves nothing behind when the debugger goes', async () => {
    const { client, machine, ended } = await startClient()
    machine.sendConsole(0, encodeText('while true; do true; done\n'))
    const running = client.text('vCont;c')
    await new Promise((resolve) => setTimeout(resolve, 50))
    client.interrupt()
    expect(await running).toMatch(/^T02thread:/)
    await client.ok(`Z0,${hex(symbol('__x64_sys_wait4'))},1`)
    await client.ok('D')
    expect(await ended).toBe('detached')
    expect(machine.run({ instructions: 5e6 }).reason).toBe('limit')

    const other = await startClient()
    other.machine.sendConsole(0, encodeText('poweroff\n'))
    expect(await other.client.text('vCont;c')).toBe('W00')
    expect(await other.ended).toBe('ended')
  })
})

describe('what is no packet of ours', () => {
  it('gets nothing, an error, or is asked for again, and the stub goes on', async () => {
    const { stream } = await startStub()
    const reader = new PacketReader()
    const heard: string[] = []
    stream.onBytes((bytes) => {
      for (const event of reader.feed(bytes)) {
        heard.push(event.kind === 'packet' ? `$${decodeText(event.data)}` : event.kind)
      }
    })
    const packets = [
      'vNothing',
      '!',
      'm',
      'm,',
      'mzz,1',
      'G00',
      'P',
      'Hx1',
      'T9',
      'qXfer:auxv:read::0,10',
      'vCont;x',
      'qC',
    ]
    for (const packet of packets) stream.send(encodePacket(encodeText(packet)))
    stream.send(encodeText('$qC#00'))
    await new Promise((resolve) => setTimeout(resolve, 50))
    const answers = heard.filter((one) => one.startsWith('$'))
    expect(answers).toEqual(['$', '$', ...Array(7).fill('$E01'), '$E01', '$E01', '$QC1'])
    expect(heard).toContain('again')
    stream.close()
  })

  it('asks the machine for no address that is none', async () => {
    const { client } = await startClient()
    await expect(client.text(`m${hex(virtAddr(0xffff_ffff_ffff_fff8n))},20`)).rejects.toMatchObject({
      code: 'GDB_REFUSED',
    })
    client.close()
  })
})
