/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ELF64: executables, modules, notes; the auxiliary vector. */
#ifndef _LINUX_ELF_H
#define _LINUX_ELF_H

#include <linux/types.h>

typedef u64 Elf64_Addr, Elf64_Off, Elf64_Xword;
typedef s64 Elf64_Sxword;
typedef u32 Elf64_Word;
typedef s32 Elf64_Sword;
typedef u16 Elf64_Half;

#define ELFMAG	    "\177ELF"
#define SELFMAG	    4
#define EI_NIDENT   16
#define EI_CLASS    4
#define EI_DATA	    5
#define ELFCLASS64  2
#define ELFDATA2LSB 1
#define ET_REL	    1
#define ET_EXEC	    2
#define ET_DYN	    3
#define EM_X86_64   62

typedef struct elf64_hdr {
	unsigned char e_ident[EI_NIDENT];
	Elf64_Half e_type, e_machine;
	Elf64_Word e_version;
	Elf64_Addr e_entry;
	Elf64_Off e_phoff, e_shoff;
	Elf64_Word e_flags;
	Elf64_Half e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx;
} Elf64_Ehdr;

typedef struct elf64_phdr {
	Elf64_Word p_type, p_flags;
	Elf64_Off p_offset;
	Elf64_Addr p_vaddr, p_paddr;
	Elf64_Xword p_filesz, p_memsz, p_align;
} Elf64_Phdr;
#define PT_LOAD	     1
#define PT_DYNAMIC   2
#define PT_INTERP    3
#define PT_NOTE	     4
#define PT_PHDR	     6
#define PT_TLS	     7
#define PT_GNU_STACK 0x6474e551
#define PF_X	     1
#define PF_W	     2
#define PF_R	     4

typedef struct elf64_shdr {
	Elf64_Word sh_name, sh_type;
	Elf64_Xword sh_flags;
	Elf64_Addr sh_addr;
	Elf64_Off sh_offset;
	Elf64_Xword sh_size;
	Elf64_Word sh_link, sh_info;
	Elf64_Xword sh_addralign, sh_entsize;
} Elf64_Shdr;
#define SHT_NULL	   0
#define SHT_PROGBITS	   1
#define SHT_SYMTAB	   2
#define SHT_STRTAB	   3
#define SHT_RELA	   4
#define SHT_NOTE	   7
#define SHT_NOBITS	   8
#define SHT_REL		   9
#define SHF_WRITE	   1
#define SHF_ALLOC	   2
#define SHF_EXECINSTR	   4
#define SHF_RELA_LIVEPATCH 0x00100000
#define SHN_UNDEF	   0
#define SHN_LORESERVE	   0xff00
#define SHN_LIVEPATCH	   0xff20
#define SHN_ABS		   0xfff1
#define SHN_COMMON	   0xfff2

typedef struct elf64_sym {
	Elf64_Word st_name;
	unsigned char st_info, st_other;
	Elf64_Half st_shndx;
	Elf64_Addr st_value;
	Elf64_Xword st_size;
} Elf64_Sym;
#define ELF_ST_BIND(i) ((i) >> 4)
#define ELF_ST_TYPE(i) ((i)&15)
#define ELF64_ST_BIND  ELF_ST_BIND
#define ELF64_ST_TYPE  ELF_ST_TYPE
#define STB_LOCAL      0
#define STB_GLOBAL     1
#define STB_WEAK       2
#define STT_NOTYPE     0
#define STT_OBJECT     1
#define STT_FUNC       2
#define STT_SECTION    3
#define STT_FILE       4

typedef struct elf64_rela {
	Elf64_Addr r_offset;
	Elf64_Xword r_info;
	Elf64_Sxword r_addend;
} Elf64_Rela;
#define ELF64_R_SYM(i)	((i) >> 32)
#define ELF64_R_TYPE(i) ((i)&0xffffffff)
#define R_X86_64_NONE	0
#define R_X86_64_64	1
#define R_X86_64_PC32	2
#define R_X86_64_PLT32	4
#define R_X86_64_32	10
#define R_X86_64_32S	11
#define R_X86_64_PC64	24

typedef struct elf64_note {
	Elf64_Word n_namesz, n_descsz, n_type;
} Elf64_Nhdr;
#define NT_GNU_BUILD_ID 3

#define AT_NULL	    0
#define AT_PHDR	    3
#define AT_PHENT    4
#define AT_PHNUM    5
#define AT_PAGESZ   6
#define AT_BASE	    7
#define AT_FLAGS    8
#define AT_ENTRY    9
#define AT_UID	    11
#define AT_EUID	    12
#define AT_GID	    13
#define AT_EGID	    14
#define AT_PLATFORM 15
#define AT_HWCAP    16
#define AT_CLKTCK   17
#define AT_SECURE   23
#define AT_RANDOM   25
#define AT_HWCAP2   26
#define AT_EXECFN   31

#endif
