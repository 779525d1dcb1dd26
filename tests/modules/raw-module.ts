// The numbers of a module's file, to be made wrong one at a time: by the names of the System V ABI, wherever they lie in the file.

const FILE_HEADER = {
  ...({ e_type: [16, 2], e_machine: [18, 2], e_version: [20, 4], e_shoff: [40, 8], e_ehsize: [52, 2] } as const),
  ...({ e_shentsize: [58, 2], e_shnum: [60, 2], e_shstrndx: [62, 2] } as const),
} as const
const SECTION_HEADER = {
  ...({ sh_name: [0, 4], sh_type: [4, 4], sh_flags: [8, 8], sh_addr: [16, 8], sh_offset: [24, 8] } as const),
  ...({ sh_size: [32, 8], sh_link: [40, 4], sh_info: [44, 4], sh_addralign: [48, 8], sh_entsize: [56, 8] } as const),
} as const
const SYMBOL = { st_name: [0, 4], st_info: [4, 1], st_shndx: [6, 2], st_value: [8, 8], st_size: [16, 8] } as const
const RELOCATION = { r_offset: [0, 8], r_type: [8, 4], r_symbol: [12, 4], r_addend: [16, 8] } as const

type Layout = Readonly<Record<string, readonly [number, number]>>
/** The fields of one structure of the file, as properties that can be read and written. */
export type Fields<L extends Layout> = { -readonly [name in keyof L]: number }

const SYMTAB = 2

export class RawModule {
  readonly bytes: Uint8Array
  private readonly view: DataView

  constructor(module: Uint8Array) {
    this.bytes = module.slice()
    this.view = new DataView(this.bytes.buffer)
  }

  private fields<L extends Layout>(layout: L, base: number): Fields<L> {
    const view = this.view
    const read = (at: number, size: number) => {
      if (size === 1) return view.getUint8(at)
      if (size === 2) return view.getUint16(at, true)
      return size === 4 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true))
    }
    const write = (at: number, size: number, value: number) => {
      if (size === 1) view.setUint8(at, value)
      else if (size === 2) view.setUint16(at, value, true)
      else if (size === 4) view.setUint32(at, value, true)
      else view.setBigInt64(at, BigInt(value), true)
    }
    const object = {}
    for (const [name, [offset, size]] of Object.entries(layout)) {
      Object.defineProperty(object, name, {
        get: () => read(base + offset, size),
        set: (value: number) => write(base + offset, size, value),
      })
    }
    return object as Fields<L>
  }

  get header(): Fields<typeof FILE_HEADER> {
    return this.fields(FILE_HEADER, 0)
  }

  /** Section by number. */
  sectionAt(index: number): Fields<typeof SECTION_HEADER> {
    return this.fields(SECTION_HEADER, this.header.e_shoff + 64 * index)
  }

  text(at: number): string {
    return Buffer.from(this.bytes.subarray(at, this.bytes.indexOf(0, at))).toString('latin1')
  }

  /** The number of a section by its name. */
  index(name: string): number {
    const names = this.sectionAt(this.header.e_shstrndx).sh_offset
    for (let i = 1; i < this.header.e_shnum; i++) {
      if (this.text(names + this.sectionAt(i).sh_name) === name) return i
    }
    throw new Error(`no section ${name}`)
  }

  section(name: string): Fields<typeof SECTION_HEADER> {
    return this.sectionAt(this.index(name))
  }

  get symbolTable(): Fields<typeof SECTION_HEADER> {
    for (let i = 1; i < this.header.e_shnum; i++) {
      if (this.sectionAt(i).sh_type === SYMTAB) return this.sectionAt(i)
    }
    throw new Error('no symbol table')
  }

  /** Symbol by number. */
  symbolAt(index: number): Fields<typeof SYMBOL> {
    return this.fields(SYMBOL, this.symbolTable.sh_offset + 24 * index)
  }

  symbolIndex(name: string): number {
    const { sh_size, sh_link } = this.symbolTable
    for (let i = 1; i < sh_size / 24; i++) {
      if (this.text(this.sectionAt(sh_link).sh_offset + this.symbolAt(i).st_name) === name) return i
    }
    throw new Error(`no symbol ${name}`)
  }

  symbol(name: string): Fields<typeof SYMBOL> {
    return this.symbolAt(this.symbolIndex(name))
  }

  /** The n-th relocation of a section that is relocated; `at` finds the one of this offset. */
  relocation(section: string, which: number | { readonly at: number }): Fields<typeof RELOCATION> {
    const { sh_offset, sh_size } = this.section(section)
    for (let i = 0; i < sh_size / 24; i++) {
      const entry = this.fields(RELOCATION, sh_offset + 24 * i)
      if (typeof which === 'number' ? i === which : entry.r_offset === which.at) return entry
    }
    throw new Error(`no such relocation in ${section}`)
  }
}
