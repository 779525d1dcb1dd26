// A transform of the AssemblyScript compiler: writes the offsets of the core's records, as it laid them out itself, for the host.
// So a field stands in one place, its class in src/cpu/core.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Transform } from 'assemblyscript/transform'

const target = fileURLToPath(new URL('../../src/cpu/layouts.ts', import.meta.url))
const records = {
  CPU_STATE: 'state/state/CpuState',
  TLB_ENTRY: 'memory/tlb-entry/TlbEntry',
  UOP: 'blocks/ir/Uop',
  BLOCK: 'blocks/ir/Block',
  CODE_PAGE: 'memory/code-pages/CodePage',
  REGION: 'blocks/regions/Region',
}

// biome-ignore lint/style/noDefaultExport: the compiler takes a transform from the default export
export default class Layouts extends Transform {
  afterCompile() {
    const lines = [
      "// Offsets of the fields of the core's records, in bytes. Written by the build (tools/core/layouts.mjs).",
    ]
    for (const [name, path] of Object.entries(records)) {
      const record = this.program.elementsByName.get(`src/cpu/core/${path}`)?.getResolvedInstance('')
      if (!record) throw new Error(`the core has no record ${path}`)
      lines.push('', `export const ${name} = {`)
      for (const { name: field, instance } of record.members.values()) {
        if (instance?.isField) lines.push(`  ${field}: ${instance.memoryOffset},`)
      }
      lines.push('} as const')
    }
    const text = `${lines.join('\n')}\n`
    if (!existsSync(target) || readFileSync(target, 'utf8') !== text) writeFileSync(target, text)
  }
}
