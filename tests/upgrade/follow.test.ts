// That the verification of an upgrade finds what it is there for: a single bit that is changed between the two looks, by
// hand, in what the new kernel has adopted.

import { describe, expect, it } from 'vitest'
import { encodeText, offsetPhys, physAddr, writeU64 } from '../../src/base/index.js'
import {
  type MachineSession,
  readLayout,
  readTasks,
  readUserTables,
  requireField,
  requireKernelImage,
  scionIn,
} from '../../src/guest/index.js'
import { judgeUpgrade, withDemoFiles } from '../../src/lab/index.js'
import { observeUpgrade } from '../../src/upgrade/index.js'
import { bootGuest, read } from '../lab/images.js'

const atWork = { upgrade: 1, upgraded: 1 }

/** Upgrades a guest; `tamper` acts when the new kernel is about to let programs run. */
async function upgrade(tamper: (session: MachineSession, pgd: bigint) => Promise<void>) {
  const kernel = requireKernelImage(read('images/built/scion-1.0.elf'), 'the kernel')
  const next = read('images/built/scion-1.1.elf')
  const nextImage = requireKernelImage(next, 'the next kernel')
  const initrd = withDemoFiles(read('images/built/initramfs.cpio'), new Uint8Array(1), next)
  const session = await bootGuest({ initrd })
  const workload = await session.agent.start('exec fpu 1000000 100 10 >/tmp/fpu')
  // The shell becomes the program only now.
  await session.agent.runFor(20_000_000)
  const view = await session.kernel([kernel])
  const task = (await readTasks(view)).find((one) => one.pid === workload.pid)
  if (task?.pgd === undefined) throw new Error('no such task')
  const { pgd } = task
  let times = 0
  const resume = scionIn(session.port, nextImage, 'B', 0n).address('liveupdate_mark_resume')
  await session.port.setBreakpoint(resume, async () => {
    if (times++ === 0) await tamper(session, pgd)
    return 'continue' as const
  })
  const report = await observeUpgrade(session, view, {
    path: '/boot/scion-next',
    image: nextImage,
    pids: [workload.pid],
  })
  session.dispose()
  return { pid: workload.pid, report, checks: judgeUpgrade(report, atWork) }
}

const failed = (checks: readonly { readonly name: string; readonly ok: boolean }[]): string[] =>
  checks.filter((check) => !check.ok).map((check) => check.name)

describe('the verification of an upgrade', () => {
  it('holds where nothing is changed', async () => {
    const { report, checks } = await upgrade(async () => {})
    expect(failed(checks)).toEqual([])
    expect(report).toMatchObject({ from: '1.0', to: '1.1', arenas: { from: 'A', to: 'B' } })
    expect([report.handover?.status, report.handoverUnread]).toEqual(['adopted', undefined])
  })

  it('finds one changed accessed bit in one page-table entry, and names process and page', async () => {
    let page = 0n
    const { pid, report, checks } = await upgrade(async (session, pgd) => {
      const { tables } = await readUserTables(session.port, pgd)
      const table = tables.find((one) => one.level === 1)
      const index = table?.entries.findIndex((entry) => (entry & 1n) !== 0n) ?? -1
      const entry = table?.entries[index]
      if (table === undefined || entry === undefined) throw new Error('no entry')
      page = table.base + (BigInt(index) << 12n)
      const bytes = new Uint8Array(8)
      writeU64(bytes, 0, entry ^ (1n << 5n))
      await session.port.debugPort().writePhysical(physAddr(table.frame + index * 8), bytes)
    })
    expect(failed(checks)).toEqual(['user page tables are the same bit for bit'])
    const process = report.processes.find((one) => one.pid === pid)
    expect(process).toMatchObject({ comm: 'fpu', entriesChanged: 1, pagesChanged: 0, pagesCopied: 0 })
    expect(process?.differences[0]).toContain(`level 1 entry for 0x${page.toString(16)} was 0x`)
  })

  it('finds one changed bit in one user page', async () => {
    const { pid, report, checks } = await upgrade(async (session, pgd) => {
      const { mappings } = await readUserTables(session.port, pgd)
      // The last page of the stack's mapping: nobody else's.
      const mapping = mappings.at(-1)
      if (mapping === undefined) throw new Error('no page')
      const [byte = 0] = await session.port.readPhysical(mapping.physical, 1)
      await session.port.debugPort().writePhysical(mapping.physical, Uint8Array.of(byte ^ 1))
    })
    expect(failed(checks)).toEqual(['no user page changes'])
    expect(report.processes.find((one) => one.pid === pid)).toMatchObject({ pagesChanged: 1, entriesChanged: 0 })
  })

  it('refuses a root page of another contract by name, and does not take it for none', async () => {
    const image = requireKernelImage(read('images/built/scion-1.0.elf'), 'the kernel')
    const { handoverRoot } = readLayout(image)
    const { offset } = requireField(image.btf, 'handover_root_ser', 'compatible')
    const { report, checks } = await upgrade(async (session) => {
      await session.port.debugPort().writePhysical(offsetPhys(handoverRoot, offset), encodeText('scion-handover-v9'))
    })
    expect(report.handover).toBeUndefined()
    const message = "the root page is 'scion-handover-v9', and the image knows 'scion-handover-v2'"
    expect(report.handoverUnread).toMatchObject({ code: 'unknown-handover', message })
    expect(checks.filter((check) => !check.ok)).toEqual([
      { name: 'the handover is adopted', ok: false, detail: message },
    ])
  })
})
