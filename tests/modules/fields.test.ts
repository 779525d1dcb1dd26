// Each number and each pointer of a module's file that is wrong is refused by its name, and by nothing but a refusal; the same file, sound,
// is taken. About 6 s.
import { beforeAll, expect, it } from 'vitest'
import type { Snapshot } from '../../src/machine/index.js'
import { bootWith, buildModule, inGuest, messages } from '../e2e/module-guest.js'
import { needs } from '../needs.js'
import { RawModule } from './raw-module.js'

const SOURCE = `
#include <linux/module.h>
#include <linux/kernel.h>
#include <linux/export.h>
#include <linux/livepatch.h>
int fields_one(void) { return 1; }
EXPORT_SYMBOL(fields_one);
int fields_two(void) { return 2; }
EXPORT_SYMBOL(fields_two);
const int fields_constants[8] = { 1, 2, 3 };
int fields_data[8] = { 1, 2, 3 };
static int fields_zeroes[8];
static int number = 5, list[4] = { 1, 2 };
static unsigned int fields_listed = 2;
module_param(number, int, 0644);
module_param_array(list, int, &fields_listed, 0444);
static const char *const words[] = { "one", "two" };
KLP_RELOC_SYMBOL(vmlinux, version_proc_show, 0);
extern char version_proc_show[];
static int start(void)
{
	pr_info("%s %d %px\\n", words[number % 2], fields_constants[number % 8] + fields_data[number % 8] + fields_zeroes[0],
		version_proc_show);
	pr_debug("debugged %d\\n", number);
	return 0;
}
static void stop(void) { }
module_init(start);
module_exit(stop);
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
`

const WRITE = 1
const ALLOC = 2
const EXEC = 4
const LATE = '.klp.rela.vmlinux..text'
const SELF = '.gnu.linkonce.this_module'

type Change = (file: RawModule) => void
type Header = keyof RawModule['header']
type Section = keyof RawModule['symbolTable']
const header =
  (field: Header, value: number): Change =>
  (file) => {
    file.header[field] = value
  }
const section =
  (name: string, field: Section, value: number): Change =>
  (file) => {
    file.section(name)[field] = value
  }
const sectionZero =
  (field: Section, value: number): Change =>
  (file) => {
    file.sectionAt(0)[field] = value
  }
const symbols =
  (field: Section, value: number): Change =>
  (file) => {
    file.symbolTable[field] = value
  }

/** Of a name: the field that is wrong, and what else tells the case; how; and what the refusal has to say. */
const wrong: Record<string, [Change, RegExp]> = {
  // The file's header.
  'e_ident, version': [(file) => file.bytes.set([2], 6), /e_version is 2/],
  e_version: [header('e_version', 0), /e_version is 0/],
  'e_ehsize, less': [header('e_ehsize', 63), /e_ehsize is 63/],
  'e_shnum, one': [header('e_shnum', 1), /e_shnum is 1\b/],
  'e_shnum, reserved': [header('e_shnum', 0xff00), /e_shnum is 65280/],
  'e_shoff, in the header': [header('e_shoff', 56), /e_shoff is 0x38/],
  'e_shoff, not aligned': [
    (file) => {
      file.header.e_shoff += 4
    },
    /e_shoff is 0x/,
  ],
  'e_shoff, past the end': [
    (file) => {
      file.header.e_shoff += 64
    },
    /e_shoff: .*past the end/,
  ],
  'e_shstrndx, none': [header('e_shstrndx', 0), /e_shstrndx is 0, which is not a string table/],
  'e_shstrndx, a section with code': [
    (file) => {
      file.header.e_shstrndx = file.index('.text')
    },
    /e_shstrndx is \d+, which is not a string table/,
  ],
  'e_shstrndx, first past the end': [
    (file) => {
      file.header.e_shstrndx = file.header.e_shnum
    },
    /e_shstrndx is \d+, which is not a string table/,
  ],
  // Section 0.
  'section 0, sh_type': [sectionZero('sh_type', 1), /section 0: sh_type is 1/],
  'section 0, sh_addr': [sectionZero('sh_addr', 4096), /section 0: sh_addr/],
  'section 0, sh_size': [sectionZero('sh_size', 1), /section 0: sh_size/],
  // What is in its data.
  'elements of an array parameter, more than there are': [
    (file) => setWord('fields_listed', 5)(file),
    /__param: arg of parameter list/,
  ],
  // Any section.
  'sh_type, unknown': [section('.data', 'sh_type', 5), /section \d+: sh_type is 0x5/],
  'sh_offset, past the end': [
    (file) => {
      file.section('.data').sh_offset = file.bytes.length - 1
    },
    /section \d+ \(type 1\): sh_offset, sh_size lie past the end/,
  ],
  'sh_size, around the end of numbers': [section('.data', 'sh_size', -1), /sh_offset, sh_size lie/],
  'sh_size, of too many zeroes': [
    section('.bss', 'sh_size', (16 << 20) + 1),
    /section \d+: sh_size is 16777217 bytes of zeroes/,
  ],
  'sh_addralign, no power of two': [section('.data', 'sh_addralign', 24), /sh_addralign is 24/],
  'sh_addralign, more than a page': [section('.data', 'sh_addralign', 8192), /sh_addralign is 8192/],
  'sh_flags, writable and executable': [
    section('.text', 'sh_flags', WRITE | ALLOC | EXEC),
    /section \d+: sh_flags: both writable and executable/,
  ],
  'sh_flags, compressed': [
    (file) => {
      file.section('.data').sh_flags |= 0x800
    },
    /sh_flags: compressed or thread/,
  ],
  'sh_flags, thread-local': [
    (file) => {
      file.section('.data').sh_flags |= 0x400
    },
    /sh_flags: compressed or thread/,
  ],
  'sh_name, past the end': [
    (file) => {
      file.section('.data').sh_name = file.sectionAt(file.header.e_shstrndx).sh_size
    },
    /section \d+: sh_name is past the end/,
  ],
  // One under another.
  'sh_offset, inside of another': [
    (file) => {
      file.section('.rodata').sh_offset = file.section('.text').sh_offset + 1
    },
    /section \d+: sh_offset lies inside of section \d+/,
  ],
  'sh_offset, where another begins': [
    (file) => {
      file.section('.data').sh_offset = file.section('.rodata').sh_offset
    },
    /section \d+: sh_offset lies inside of section \d+/,
  ],
  'sh_offset, in the header': [section('.data', 'sh_offset', 63), /inside of the file's header/],
  'sh_offset, in the section headers': [
    (file) => {
      file.section('.data').sh_offset = file.header.e_shoff + 8
    },
    /section \d+: sh_offset, sh_size cover the section headers/,
  ],
  // String tables.
  'text of names, without an end': [
    (file) => {
      const { sh_offset, sh_size } = file.sectionAt(file.header.e_shstrndx)
      file.bytes[sh_offset + sh_size - 1] = 65
    },
    /e_shstrndx: the text of string table \d+ does not begin and end with NUL/,
  ],
  'text of symbols, without a beginning': [
    (file) => {
      file.bytes[file.sectionAt(file.symbolTable.sh_link).sh_offset] = 65
    },
    /sh_link: the text of string table \d+ does not begin/,
  ],
  // Sections with a part to play.
  'this_module, sh_flags': [section(SELF, 'sh_flags', ALLOC), /this_module: sh_flags is 0x2/],
  'this_module, sh_size': [
    (file) => {
      file.section(SELF).sh_size -= 64
    },
    /this_module: sh_size/,
  ],
  'this_module, sh_addralign': [section(SELF, 'sh_addralign', 1), /sh_addralign is 1\b/],
  'this_module, name with a slash': [
    (file) => {
      file.bytes[file.section(SELF).sh_offset + offsetOfName(file) + 1] = 47
    },
    /name: empty, too long, taken or no name for a file/,
  ],
  'modinfo, sh_type': [section('.modinfo', 'sh_type', 7), /\.modinfo: sh_type is 7/],
  'modinfo, executable': [section('.modinfo', 'sh_flags', EXEC), /\.modinfo: sh_flags/],
  'modinfo, empty': [section('.modinfo', 'sh_size', 0), /\.modinfo: sh_size is 0/],
  'modinfo, a second': [
    (file) => {
      file.section('.rodata').sh_name = file.section('.modinfo').sh_name
    },
    /section \d+: sh_name: a second \.modinfo|\.modinfo: /,
  ],
  'ksymtab, sh_size': [
    (file) => {
      file.section('__ksymtab').sh_size -= 8
    },
    /__ksymtab: sh_size is/,
  ],
  'param, writable code': [
    (file) => {
      file.section('__param').sh_flags |= EXEC
    },
    /__param: sh_flags/,
  ],
  'mcount_loc, sh_size': [
    (file) => {
      file.section('__mcount_loc').sh_size -= 4
    },
    /__mcount_loc: sh_size/,
  ],
  'mcount_loc, not loaded': [section('__mcount_loc', 'sh_flags', 0), /__mcount_loc: sh_flags is 0x0/],
  'dyndbg, sh_size': [
    (file) => {
      file.section('__dyndbg').sh_size -= 8
    },
    /__dyndbg: sh_size/,
  ],
  'dyndbg, not writable': [section('__dyndbg', 'sh_flags', ALLOC), /__dyndbg: sh_flags is 0x2/],
  // Symbols.
  'a second symbol table': [section('.data', 'sh_type', 2), /section \d+: sh_type: more than one symbol table/],
  'no symbol table': [symbols('sh_type', 7), /no symbol table/],
  'symbols, sh_entsize': [symbols('sh_entsize', 16), /symbol table's sh_entsize/],
  'symbols, sh_size': [
    (file) => {
      file.symbolTable.sh_size -= 8
    },
    /symbol table's sh_entsize/,
  ],
  'symbols, sh_link': [symbols('sh_link', 0), /symbol table's sh_link is 0/],
  'symbol 0': [
    (file) => {
      file.symbolAt(0).st_value = 1
    },
    /symbol 0 is not empty/,
  ],
  'st_name, past the end': [
    (file) => {
      file.symbolAt(1).st_name = file.sectionAt(file.symbolTable.sh_link).sh_size
    },
    /symbol 1: st_name is past the end/,
  ],
  'st_info, thread-local': [
    (file) => {
      file.symbol('fields_one').st_info = 0x16
    },
    /st_info: type 6/,
  ],
  'st_info, indirect': [
    (file) => {
      file.symbol('fields_one').st_info = 0x1a
    },
    /st_info: type 10/,
  ],
  'st_shndx, first that is not there': [
    (file) => {
      file.symbol('fields_one').st_shndx = file.header.e_shnum
    },
    /st_shndx: section \d+ is not there/,
  ],
  'st_value, past the section': [
    (file) => {
      file.symbol('fields_data').st_value = file.section('.data').sh_size + 1
    },
    /st_value, st_size reach past section/,
  ],
  'st_size, past the section': [
    (file) => {
      file.symbol('fields_data').st_size = file.section('.data').sh_size + 1
    },
    /st_value, st_size reach past section/,
  ],
  // Relocations.
  'rela, sh_info none': [section('.rela.text', 'sh_info', 0), /sh_info: section 0 is not there/],
  'rela, sh_info past the end': [
    (file) => {
      file.section('.rela.text').sh_info = file.header.e_shnum
    },
    /sh_info: section \d+ is not there/,
  ],
  'rela, of zeroes': [
    (file) => {
      file.section('.rela.text').sh_info = file.index('.bss')
    },
    /sh_info: section \d+ has no bytes/,
  ],
  'rela, sh_entsize': [section('.rela.text', 'sh_entsize', 16), /sh_entsize, sh_size or/],
  'rela, sh_size': [
    (file) => {
      file.section('.rela.text').sh_size -= 8
    },
    /sh_entsize, sh_size or/,
  ],
  'rela, sh_link': [section('.rela.text', 'sh_link', 1), /sh_link: section 1 is not the symbol/],
  'r_info, symbol': [
    (file) => {
      file.relocation('.rela.text', 0).r_symbol = file.symbolTable.sh_size / 24
    },
    /relocation 0 of section \.text: r_info: no such symbol/,
  ],
  'r_info, a symbol for later': [
    (file) => {
      file.relocation('.rela.text', 0).r_symbol = file.symbolIndex('.klp.sym.vmlinux.version_proc_show,0')
    },
    /r_info names a livepatch symbol/,
  ],
  'r_info, of a section that is not loaded': [
    (file) => {
      file.symbol('fields_constants').st_shndx = file.index('.modinfo')
    },
    /lies in a section that is not loaded/,
  ],
  'r_offset, one too far': [
    (file) => {
      file.relocation('.rela.text', 1).r_offset = file.section('.text').sh_size - 3
    },
    /relocation 1 of section \.text: r_offset is out of place/,
  ],
  'late rela, sh_info of the module itself': [
    (file) => {
      file.section(LATE).sh_info = file.index(SELF)
    },
    /sh_info: section \d+ is not for late relocations/,
  ],
  'late rela, without an object': [
    (file) => {
      const names = file.sectionAt(file.header.e_shstrndx).sh_offset
      file.bytes[names + file.section(LATE).sh_name + 10] = 46
    },
    /sh_name: a livepatch relocation section has an incorrectly formatted name/,
  ],
  'late r_info, a common symbol': [
    (file) => {
      file.relocation(LATE, 0).r_symbol = file.symbolIndex('fields_one')
    },
    /r_info: symbol fields_one is not marked as a livepatch symbol/,
  ],
  'late r_info, of another object': [
    (file) => {
      const names = file.sectionAt(file.symbolTable.sh_link).sh_offset
      file.bytes[names + file.symbol('.klp.sym.vmlinux.version_proc_show,0').st_name + 9] = 86
    },
    /r_info: symbol .klp.sym.Vmlinux.version_proc_show,0 is not of object vmlinux/,
  ],
  // What relocations make of pointers.
  'init, in data': [
    (file) => {
      file.relocation(`.rela${SELF}`, 0).r_symbol = file.symbolIndex('fields_data')
    },
    /(init|exit): [0-9a-f]+ is not in the module's text/,
  ],
  'exit, in data': [
    (file) => {
      file.relocation(`.rela${SELF}`, 1).r_symbol = file.symbolIndex('fields_data')
    },
    /(init|exit): [0-9a-f]+ is not in the module's text/,
  ],
  'ksymtab, value': [
    (file) => {
      file.relocation('.rela__ksymtab', { at: 0 }).r_addend += 1 << 20
    },
    /__ksymtab: value of fields_\w+ is not in the module/,
  ],
  'ksymtab, name': [
    (file) => {
      file.relocation('.rela__ksymtab', { at: 8 }).r_addend += 1 << 20
    },
    /__ksymtab: name of export 0 is not in the module/,
  ],
  'ksymtab, one name twice': [
    (file) => {
      const [first, second] = [0, 1].map((i) => file.relocation('.rela__ksymtab', { at: 16 * i + 8 }))
      if (!first || !second) throw new Error('two exports')
      second.r_addend = first.r_addend
      second.r_symbol = first.r_symbol
    },
    /exports duplicate symbol fields_/,
  ],
  'mcount_loc, no function': [
    (file) => {
      file.relocation('.rela__mcount_loc', 0).r_addend += 1
    },
    /__mcount_loc: no function of the module has a site/,
  ],
  'mcount_loc, one twice': [
    (file) => {
      const [first, second] = [0, 1].map((i) => file.relocation('.rela__mcount_loc', i))
      if (!first || !second) throw new Error('two sites')
      second.r_addend = first.r_addend
      second.r_symbol = first.r_symbol
    },
    /__mcount_loc: two sites at/,
  ],
}

/** What a variable holds in the file. */
const setWord =
  (name: string, value: number): Change =>
  (file) => {
    const { st_shndx, st_value } = file.symbol(name)
    new DataView(file.bytes.buffer).setUint32(file.sectionAt(st_shndx).sh_offset + st_value, value, true)
  }

/** Where struct module has its name. */
const offsetOfName = (file: RawModule): number => {
  const { sh_offset, sh_size } = file.section(SELF)
  return Buffer.from(file.bytes.subarray(sh_offset, sh_offset + sh_size)).indexOf('fields\0')
}

needs('gcc')('a module with something wrong in its file', () => {
  let booted: Snapshot
  const names = Object.keys(wrong)
  beforeAll(async () => {
    const sound = await buildModule('fields', SOURCE)
    const files = names.map((name, i) => {
      const file = new RawModule(sound)
      wrong[name]?.[0](file)
      if (Buffer.compare(file.bytes, sound) === 0) throw new Error(`'${name}' changes nothing`)
      return [`case_${i}`, file.bytes] as const
    })
    booted = await bootWith({ sound, ...Object.fromEntries(files) })
  })

  it('is refused by the name of what is wrong, whatever it is, and leaves nothing behind', () =>
    inGuest(booted, async (guest) => {
      await guest.agent.read('insmod /lib/test/sound.ko && rmmod fields')
      const found: string[] = []
      for (const [i, name] of names.entries()) {
        const from = messages(guest).length
        const { status } = await guest.agent.exec(`insmod /lib/test/case_${i}.ko`)
        const said = messages(guest).slice(from).join('\n')
        if (status === 0 || !wrong[name]?.[1].test(said)) found.push(`${name}: ${status}, ${said}`)
        if (status === 0) await guest.agent.exec('rmmod fields')
      }
      expect(found).toEqual([])
      expect(await guest.agent.read('cat /proc/modules; ls /sys/module')).toBe('')
      await guest.agent.read('insmod /lib/test/sound.ko && rmmod fields')
    }))
})
