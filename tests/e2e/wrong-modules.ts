// Modules that are not in order: each way to spoil one, and what the kernel has to say of it.

import { type ObjectFile, R_X86_64_32, R_X86_64_32S, R_X86_64_64, R_X86_64_PC32 } from '../../src/format/index.js'
import { change } from './module-guest.js'

export const section = (object: ObjectFile, name: string) => {
  const found = object.sections.find((one) => one.name === name)
  if (!found) throw new Error(`no ${name}`)
  return found
}
/** The first relocation of a type, wherever it is. */
const relocation = (object: ObjectFile, type: number) => {
  for (const one of object.sections) {
    for (const group of one.relocations) {
      const entry = group.entries.find((each) => each.type === type)
      if (entry) return { entry, section: one }
    }
  }
  throw new Error(`no relocation of type ${type}`)
}
export const replaceText = (data: Uint8Array, from: string, to: string) =>
  new Uint8Array(Buffer.from(Buffer.from(data).toString('latin1').replace(from, to), 'latin1'))
const poke = (module: Uint8Array, offset: number, ...bytes: number[]) => {
  const copy = module.slice()
  copy.set(bytes, offset)
  return copy
}

/** Modules made wrong in one respect, and what has to be said of each: the reason, and the errno's words. */
export const wrong: Record<string, [(module: Uint8Array) => Uint8Array, RegExp, RegExp]> = {
  empty: [() => new Uint8Array(0), /.*/, /format|invalid/i],
  short: [(module) => module.subarray(0, 63), /truncated: 63 bytes/, /format/i],
  header_only: [(module) => module.subarray(0, 64), /truncated|section/, /format/i],
  cut: [(module) => module.subarray(0, module.length - 1), /truncated/, /format/i],
  not_elf: [(module) => poke(module, 3, 0x47), /not an ELF/, /format/i],
  elf32: [(module) => poke(module, 4, 1), /ELF64/, /format/i],
  big_endian: [(module) => poke(module, 5, 2), /ELF64|little/, /format/i],
  executable: [(module) => poke(module, 16, 2), /e_type is 2/, /format/i],
  other_machine: [(module) => poke(module, 18, 3), /e_machine is 3/, /format/i],
  entry_size: [(module) => poke(module, 58, 63), /e_shentsize is 63/, /format/i],
  many_sections: [(module) => poke(module, 60, 0xff, 0x7f), /truncated|section/, /format/i],
  names_index: [(module) => poke(module, 62, 0xff, 0x7f), /e_shstrndx/, /format/i],
  debug_site: [
    (module) =>
      change(module, (object) => {
        // The function's name, of the first site.
        for (const group of section(object, '__dyndbg').relocations) {
          group.entries = group.entries.filter((entry) => entry.offset !== 0)
        }
      }),
    /__dyndbg: site 0 is not in the module/,
    /format/i,
  ],
  other_build: [
    (module) =>
      change(module, (object) => {
        const info = section(object, '.modinfo')
        info.data = replaceText(info.data, 'build-id=', 'build-iD=')
      }),
    /version magic '.*build-iD=[0-9a-f]+' should be '.*build-id=[0-9a-f]+'/,
    /format/i,
  ],
  no_vermagic: [
    (module) =>
      change(module, (object) => {
        const info = section(object, '.modinfo')
        info.data = replaceText(info.data, 'vermagic=', 'vermagiC=')
      }),
    /version magic ''/,
    /format/i,
  ],
  no_modinfo: [
    (module) =>
      change(module, (object) => object.sections.splice(object.sections.indexOf(section(object, '.modinfo')), 1)),
    /no .modinfo/,
    /format/i,
  ],
  open_modinfo: [
    (module) =>
      change(module, (object) => {
        const info = section(object, '.modinfo')
        info.data[info.data.length - 1] = 65
      }),
    /modinfo/,
    /format/i,
  ],
  no_this_module: [
    (module) =>
      change(module, (object) => {
        section(object, '.gnu.linkonce.this_module').name = '.gnu.linkonce.that_module'
      }),
    /this_module/,
    /format/i,
  ],
  no_name: [
    (module) => change(module, (object) => section(object, '.gnu.linkonce.this_module').data.fill(0, 8, 64)),
    /name/,
    /format/i,
  ],
  long_name: [
    (module) => change(module, (object) => section(object, '.gnu.linkonce.this_module').data.fill(65, 8, 64)),
    /name/,
    /format/i,
  ],
  unknown_symbol: [
    (module) =>
      change(module, (object) => {
        for (const symbol of object.symbols) if (symbol.name === 'printk') symbol.name = 'printq'
      }),
    /Unknown symbol printq \(err -2\)/,
    /symbol|No such file/i,
  ],
  common_symbol: [
    (module) =>
      change(module, (object) => {
        for (const symbol of object.symbols) if (symbol.name === 'printk') symbol.section = 0xfff2
      }),
    /-fno-common/,
    /format/i,
  ],
  unknown_relocation: [
    (module) =>
      change(module, (object) => {
        relocation(object, R_X86_64_64).entry.type = 9
      }),
    /Unknown rela relocation: 9/,
    /format/i,
  ],
  ...Object.fromEntries(
    [
      // A kernel address has no place in 32 bits without a sign; the others are just past what fits.
      ['overflow_32', R_X86_64_32S, R_X86_64_32, 0n],
      ['overflow_32s', R_X86_64_32S, R_X86_64_32S, 3n << 30n],
      ['overflow_32s_below', R_X86_64_32S, R_X86_64_32S, -(1n << 31n)],
      ['overflow_pc32', R_X86_64_PC32, R_X86_64_PC32, 3n << 30n],
      ['overflow_pc32_below', R_X86_64_PC32, R_X86_64_PC32, -(3n << 30n)],
    ].map(([name, from, to, more]) => [
      name,
      [
        (module: Uint8Array) =>
          change(module, (object) => {
            const { entry } = relocation(object, from as number)
            entry.type = to as number
            entry.addend += more as bigint
          }),
        /overflow in relocation type \d+ val/,
        /format/i,
      ],
    ]),
  ),
  past_the_end: [
    (module) =>
      change(module, (object) => {
        const found = relocation(object, R_X86_64_64)
        found.entry.offset = found.section.size - 7
      }),
    /out of place|past|outside/,
    /format/i,
  ],
  far_past_the_end: [
    (module) =>
      change(module, (object) => {
        const found = relocation(object, R_X86_64_PC32)
        found.entry.offset = found.section.size + 4
      }),
    /out of place|past|outside/,
    /format/i,
  ],
  own_fields: [
    (module) =>
      change(module, (object) => {
        const self = section(object, '.gnu.linkonce.this_module')
        const entry = self.relocations[0]?.entries[0]
        if (!entry) throw new Error('no init')
        entry.offset = 80
      }),
    /out of place|this_module/,
    /format/i,
  ],
  fails: [(module) => module, /.*/, /No such device/i],
}
