/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Module parameters: `module_param(name, type, mode)` puts a record into the
 * section __param; the loader fills the variable from "name=value" words and
 * /sys/module/<module>/parameters/<name> reads and writes it afterwards.
 *
 * Promises: a value that does not parse changes nothing and is refused with
 * -EINVAL. Must not know how a module is loaded.
 */
#ifndef _LINUX_MODULEPARAM_H
#define _LINUX_MODULEPARAM_H

#include <linux/types.h>

struct kernel_param;

struct kernel_param_ops {
	/* Returns 0 or -errno; leaves the variable alone on error. */
	int (*set)(const char *val, const struct kernel_param *kp);
	/* Writes at most one page with a final newline; returns the length. */
	int (*get)(char *buffer, const struct kernel_param *kp);
};

struct kparam_array {
	unsigned int max;
	unsigned int elemsize;
	unsigned int *num;
	const struct kernel_param_ops *ops;
	void *elem;
};

struct kparam_string {
	unsigned int maxlen; /* with its NUL */
	char *string;
};

struct kernel_param {
	const char *name;
	const struct kernel_param_ops *ops;
	u16 perm;
	union {
		void *arg;
		const struct kparam_array *arr;
		const struct kparam_string *str;
	};
};

extern const struct kernel_param_ops param_ops_int;
extern const struct kernel_param_ops param_ops_uint;
extern const struct kernel_param_ops param_ops_long;
extern const struct kernel_param_ops param_ops_ulong;
extern const struct kernel_param_ops param_ops_bool;
extern const struct kernel_param_ops param_ops_charp;
extern const struct kernel_param_ops param_array_ops;
extern const struct kernel_param_ops param_ops_string;

#define __param_record(pname, pops, pperm, ...)                                            \
	static const struct kernel_param __param_##pname                                   \
		__attribute__((used, section("__param"), aligned(8))) = { .name = #pname,  \
									  .ops = (pops),   \
									  .perm = (pperm), \
									  __VA_ARGS__ }

#define module_param_named(pname, value, type, perm)                             \
	__param_record(pname, &param_ops_##type, perm, .arg = (void *)&(value)); \
	__MODULE_INFO(parmtype, pname##type, #pname ":" #type)
#define module_param(name, type, perm) module_param_named(name, name, type, perm)

#define module_param_array(aname, type, nump, perm)                                              \
	static const struct kparam_array __param_arr_##aname = { .max = sizeof(aname) /          \
									sizeof((aname)[0]),      \
								 .elemsize = sizeof((aname)[0]), \
								 .num = (nump),                  \
								 .ops = &param_ops_##type,       \
								 .elem = (aname) };              \
	__param_record(aname, &param_array_ops, perm, .arr = &__param_arr_##aname);              \
	__MODULE_INFO(parmtype, aname##type, #aname ":array of " #type)

/* Text that is copied into an array of @len bytes. */
#define module_param_string(pname, text, len, perm)                                   \
	static const struct kparam_string __param_str_##pname = { .maxlen = (len),    \
								  .string = (text) }; \
	__param_record(pname, &param_ops_string, perm, .str = &__param_str_##pname);  \
	__MODULE_INFO(parmtype, pname##type, #pname ":string")

/* One "tag=value" string in .modinfo. The variable's name keeps them apart. */
#define __modinfo_cat(a, b)   a##b
#define __modinfo_id(tag, id) __modinfo_cat(__modinfo_##tag, id)
#define __MODULE_INFO(tag, id, info)              \
	static const char __modinfo_id(tag, id)[] \
		__attribute__((used, section(".modinfo"), aligned(1))) = #tag "=" info
#define MODULE_INFO(tag, info)	     __MODULE_INFO(tag, __COUNTER__, info)
#define MODULE_PARM_DESC(parm, desc) __MODULE_INFO(parm, parm, #parm ":" desc)

struct module;

/* Reads the module's arguments; -EINVAL or -ENOENT names the word at fault. */
int parse_args(const char *name, char *args, const struct kernel_param *params, unsigned int num);

#endif
