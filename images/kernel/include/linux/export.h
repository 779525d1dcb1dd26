/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * EXPORT_SYMBOL() lets modules link against a symbol. Each export is a record
 * in the section __ksymtab and a symbol __ksymtab_<name>, by which the host's
 * patch builder tells exported symbols from the others.
 */
#ifndef _LINUX_EXPORT_H
#define _LINUX_EXPORT_H

struct kernel_symbol {
	unsigned long value;
	const char *name;
};

#define EXPORT_SYMBOL(sym)                                                                       \
	extern __typeof__(sym) sym;                                                              \
	static const struct kernel_symbol __ksymtab_##sym                                        \
		__attribute__((used, section("__ksymtab"), aligned(8))) = { (unsigned long)&sym, \
									    #sym }
#define EXPORT_SYMBOL_GPL(sym) EXPORT_SYMBOL(sym)

#endif
