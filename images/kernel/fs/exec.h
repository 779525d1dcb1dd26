/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by exec.c, exec-arguments.c and binfmt-elf.c: a program that is to be. */
#ifndef _FS_EXEC_H
#define _FS_EXEC_H

#include <linux/elf.h>
#include <linux/fs.h>

struct mm_struct;

#define STACK_BYTES  (8UL << 20)
#define STACK_BOTTOM (STACK_TOP - STACK_BYTES)

/* argv and envp as the new program will have them. */
struct arguments {
	char *text; /* vmalloc: the strings, one after the other */
	size_t used, room;
	size_t argc, envc;
};

struct program {
	struct file *file;
	const char *filename; /* what AT_EXECFN and the task's name show */
	char *interp;	      /* name of @file: the same, or what a "#!" line says */
	struct arguments args;

	/* binfmt-elf.c, after elf_read() */
	Elf64_Ehdr header;
	Elf64_Phdr *phdr;
	unsigned long bias; /* what is added to the file's addresses */
};

/* exec-arguments.c: -E2BIG if they become more than a program may have (ARG_LIMIT). */
int arguments_add_user(struct arguments *args, const char __user *const __user *list,
		       size_t *count);
int arguments_add(struct arguments *args, const char *text, size_t *count);
int arguments_prepend(struct arguments *args, const char *text);
void arguments_drop_first(struct arguments *args);
/* Fills the stack (psABI 3.4.1); the stack pointer, or 0 if it cannot be written. */
unsigned long arguments_build_stack(struct program *prog, struct mm_struct *mm);

/* binfmt-elf.c: 0, or why the file cannot be executed; nothing of the caller is touched. */
int elf_read(struct program *prog);
/* Into current's new address space @mm. */
int elf_map(struct program *prog, struct mm_struct *mm);
/* Where the program headers are in memory, for AT_PHDR. */
unsigned long elf_phdr_address(const struct program *prog);

#endif
