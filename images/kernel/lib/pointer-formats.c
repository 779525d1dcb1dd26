// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a pointer points to, as text: Linux's extensions of "%p"
 * (Documentation/core-api/printk-formats.rst).
 *
 *	%p %pK %px	the address; it is never hidden here: %px is unpadded
 *	%pe		-ENOENT of ERR_PTR(-ENOENT)
 *	%pS %pB %ps	symbol+0xoffset/0xsize [module]; of a return address; the name alone
 *	%pa[p] %pad	the physical or DMA address that lies there
 *	%*ph[CDN]	as many bytes: with blanks, colons, dashes, nothing between them
 *	%pM[R] %pMF %pm[R]	six bytes of a MAC address; R: last first
 *	%pI4[hnbl] %pi4	1.2.3.4, 001.002.003.004; the byte order it is stored in
 *	%pI6[c] %pi6	eight groups of an IPv6 address; c: as short as RFC 5952 has it
 *	%pU[bBlL]	a UUID; l: its first three fields are little endian; capital: so are the digits
 *	%pd[234] %pD[234]	the last names of a dentry's path, of a file's
 *	%*pb[l]		a bitmap of so many bits: groups of 32 bits, or a list of ranges
 *	%pGg %pGv	names of gfp_t and VM_ flags
 *	%ptT[dt][s]	a time64_t: 2024-02-29T12:00:00, date or time alone, a blank for the T
 *	%pV		a struct va_format
 *
 * Nothing that is no address is read: it is told as (null) or (efault).
 */
#include <linux/bitops.h>
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/string.h>
#include "vsprintf.h"

#define BYTES_MOST  64
#define NAMES_MOST  4
#define FIRST_VALID 4096

static void put_formatted_text(struct output *out, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	put_formatted(out, fmt, &args);
	va_end(args);
}

/* ---- addresses, symbols, errors ---- */

static void put_address(struct output *out, struct spec *spec, const void *pointer)
{
	spec->precision = 2 * sizeof(pointer);
	put_number(out, spec, (unsigned long)pointer, 16, false);
}

static void put_symbol(struct output *out, const struct spec *spec, char form, unsigned long addr)
{
	char name[KSYM_NAME_LEN], text[KSYM_SYMBOL_LEN], *module = NULL;
	unsigned long size, offset;
	unsigned int back =
		form == 'B'; /* behind a call that does not return lies another function */
	const char *symbol = kallsyms_lookup(addr - back, &size, &offset, &module, name);
	int n;

	if (!symbol)
		n = scnprintf(text, sizeof(text), "0x%lx", addr);
	else if (form == 's')
		n = scnprintf(text, sizeof(text), "%s", symbol);
	else
		n = scnprintf(text, sizeof(text), "%s+0x%lx/0x%lx", symbol, offset + back, size);
	if (symbol && module)
		scnprintf(text + n, sizeof(text) - n, " [%s]", module);
	put_text(out, spec, text);
}

#define ERROR_NAME(code) [code] = "-" #code
static const char *const error_names[] = {
	ERROR_NAME(EPERM),	 ERROR_NAME(ENOENT),	    ERROR_NAME(ESRCH),
	ERROR_NAME(EINTR),	 ERROR_NAME(EIO),	    ERROR_NAME(ENXIO),
	ERROR_NAME(E2BIG),	 ERROR_NAME(ENOEXEC),	    ERROR_NAME(EBADF),
	ERROR_NAME(ECHILD),	 ERROR_NAME(EAGAIN),	    ERROR_NAME(ENOMEM),
	ERROR_NAME(EACCES),	 ERROR_NAME(EFAULT),	    ERROR_NAME(ENOTBLK),
	ERROR_NAME(EBUSY),	 ERROR_NAME(EEXIST),	    ERROR_NAME(EXDEV),
	ERROR_NAME(ENODEV),	 ERROR_NAME(ENOTDIR),	    ERROR_NAME(EISDIR),
	ERROR_NAME(EINVAL),	 ERROR_NAME(ENFILE),	    ERROR_NAME(EMFILE),
	ERROR_NAME(ENOTTY),	 ERROR_NAME(ETXTBSY),	    ERROR_NAME(EFBIG),
	ERROR_NAME(ENOSPC),	 ERROR_NAME(ESPIPE),	    ERROR_NAME(EROFS),
	ERROR_NAME(EMLINK),	 ERROR_NAME(EPIPE),	    ERROR_NAME(EDOM),
	ERROR_NAME(ERANGE),	 ERROR_NAME(EDEADLK),	    ERROR_NAME(ENAMETOOLONG),
	ERROR_NAME(ENOLCK),	 ERROR_NAME(ENOSYS),	    ERROR_NAME(ENOTEMPTY),
	ERROR_NAME(ELOOP),	 ERROR_NAME(ENOMSG),	    ERROR_NAME(ENODATA),
	ERROR_NAME(ETIME),	 ERROR_NAME(EPROTO),	    ERROR_NAME(EBADMSG),
	ERROR_NAME(EOVERFLOW),	 ERROR_NAME(EILSEQ),	    ERROR_NAME(EUSERS),
	ERROR_NAME(ENOTSOCK),	 ERROR_NAME(EOPNOTSUPP),    ERROR_NAME(EAFNOSUPPORT),
	ERROR_NAME(EADDRINUSE),	 ERROR_NAME(EADDRNOTAVAIL), ERROR_NAME(ECONNRESET),
	ERROR_NAME(ENOBUFS),	 ERROR_NAME(ETIMEDOUT),	    ERROR_NAME(EALREADY),
	ERROR_NAME(EINPROGRESS), ERROR_NAME(ESTALE),	    ERROR_NAME(ECANCELED),
	ERROR_NAME(ENOKEY),	 ERROR_NAME(EKEYREJECTED),  ERROR_NAME(EOWNERDEAD),
	ERROR_NAME(ERESTARTSYS), ERROR_NAME(EPROBE_DEFER),  ERROR_NAME(ENOTSUPP),
};

static void put_error(struct output *out, struct spec *spec, const void *pointer)
{
	unsigned long code = -(unsigned long)pointer;

	if (!IS_ERR(pointer))
		put_address(out, spec, pointer);
	else if (code < ARRAY_SIZE(error_names) && error_names[code])
		put_text(out, spec, error_names[code]);
	else
		put_number(out, spec, code, 10, true);
}

/* ---- bytes ---- */

/* The width says how many bytes, not how wide. */
static void put_bytes(struct output *out, const struct spec *spec, char separator, const u8 *bytes)
{
	int count = spec->width > BYTES_MOST ? BYTES_MOST : spec->width ? spec->width : 1;

	for (int i = 0; i < count; i++) {
		if (i && separator)
			put_formatted_text(out, "%c", separator);
		put_formatted_text(out, "%02x", bytes[i]);
	}
}

static const char *put_hex(struct output *out, const struct spec *spec, const char *fmt,
			   const u8 *bytes)
{
	static const char letters[] = "CDN", separators[] = ":-";
	const char *which = *fmt ? strchr(letters, *fmt) : NULL;

	put_bytes(out, spec, which ? separators[which - letters] : ' ', bytes);
	return which ? fmt + 1 : fmt;
}

static const char *put_mac(struct output *out, const struct spec *spec, char form, const char *fmt,
			   const u8 *bytes)
{
	const char *separator = form == 'm' ? "" : *fmt == 'F' ? "-" : ":";
	bool reversed = *fmt == 'R';
	char text[18];

	for (int i = 0, n = 0; i < 6; i++)
		n += scnprintf(text + n, sizeof(text) - n, "%s%02x", i ? separator : "",
			       bytes[reversed ? 5 - i : i]);
	put_text(out, spec, text);
	return reversed || (form == 'M' && *fmt == 'F') ? fmt + 1 : fmt;
}

static const char *put_ipv4(struct output *out, const struct spec *spec, bool padded,
			    const char *fmt, const u8 *bytes)
{
	bool little = *fmt == 'h' || *fmt == 'l'; /* the host is */
	char text[16];

	for (int i = 0, n = 0; i < 4; i++)
		n += scnprintf(text + n, sizeof(text) - n, padded ? "%s%03u" : "%s%u", i ? "." : "",
			       bytes[little ? 3 - i : i]);
	put_text(out, spec, text);
	return *fmt && strchr("hnbl", *fmt) ? fmt + 1 : fmt;
}

/* The longest run of zero groups, the first of several; runs of one do not count. */
static int longest_zeros(const u16 group[8], int *length)
{
	int best = -1;

	for (int i = 0, run = 0; i < 8; i++) {
		run = group[i] ? 0 : run + 1;
		if (run > *length) {
			*length = run;
			best = i - run + 1;
		}
	}
	return best;
}

static const char *put_ipv6(struct output *out, const struct spec *spec, bool bare, const char *fmt,
			    const u8 *bytes)
{
	bool compact = !bare && *fmt == 'c';
	int n = 0, length = 1, zeros;
	char text[40];
	u16 group[8];

	for (int i = 0; i < 8; i++)
		group[i] = bytes[2 * i] << 8 | bytes[2 * i + 1];
	zeros = compact ? longest_zeros(group, &length) : -1;
	for (int i = 0; i < 8; i++) {
		if (i == zeros) {
			n += scnprintf(text + n, sizeof(text) - n, i ? ":" : "::");
			i += length - 1;
			continue;
		}
		n += scnprintf(text + n, sizeof(text) - n, compact ? "%x" : "%04x", group[i]);
		if (i != 7 && !bare)
			n += scnprintf(text + n, sizeof(text) - n, ":");
	}
	put_text(out, spec, text);
	return compact ? fmt + 1 : fmt;
}

static const char *put_ip(struct output *out, const struct spec *spec, char form, const char *fmt,
			  const u8 *bytes)
{
	if (*fmt == '4')
		return put_ipv4(out, spec, form == 'i', fmt + 1, bytes);
	if (*fmt == '6')
		return put_ipv6(out, spec, form == 'i', fmt + 1, bytes);
	return fmt;
}

static const char *put_uuid(struct output *out, struct spec *spec, const char *fmt, const u8 *bytes)
{
	static const u8 swapped[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };
	bool little = *fmt == 'l' || *fmt == 'L', capital = *fmt == 'B' || *fmt == 'L';
	char text[37];

	for (int i = 0, n = 0; i < 16; i++)
		n += scnprintf(text + n, sizeof(text) - n, capital ? "%s%02X" : "%s%02x",
			       i >= 4 && i <= 10 && !(i & 1) ? "-" : "",
			       bytes[little ? swapped[i] : i]);
	put_text(out, spec, text);
	return *fmt && strchr("bBlL", *fmt) ? fmt + 1 : fmt;
}

/* ---- bitmaps and flags ---- */

static bool bit_at(const unsigned long *map, unsigned int bit)
{
	return map[bit / 64] >> bit % 64 & 1;
}

static void put_ranges(struct output *out, const unsigned long *map, unsigned int bits)
{
	const char *separator = "";

	for (unsigned int first = 0, last; first < bits; first = last + 1) {
		last = first;
		if (!bit_at(map, first))
			continue;
		while (last + 1 < bits && bit_at(map, last + 1))
			last++;
		put_formatted_text(out, first == last ? "%s%u" : "%s%u-%u", separator, first, last);
		separator = ",";
	}
}

/* The highest group first; it has only as many digits as it has bits. */
static void put_groups(struct output *out, const unsigned long *map, unsigned int bits)
{
	for (unsigned int left = bits; left;) {
		unsigned int size = (left - 1) % 32 + 1;
		u32 group = map[(left - size) / 64] >> (left - size) % 64;

		if (size < 32)
			group &= (1U << size) - 1;
		put_formatted_text(out, left == bits ? "%0*x" : ",%0*x", (size + 3) / 4, group);
		left -= size;
	}
}

struct flag_name {
	unsigned long mask;
	const char *name;
};

/* What stands for several comes first. */
static const struct flag_name gfp_names[] = {
	{ GFP_HIGHUSER, "GFP_HIGHUSER" },
	{ GFP_USER, "GFP_USER" },
	{ GFP_KERNEL, "GFP_KERNEL" },
	{ GFP_NOFS, "GFP_NOFS" },
	{ GFP_ATOMIC, "GFP_ATOMIC" },
	{ GFP_NOIO, "GFP_NOIO" },
	{ GFP_NOWAIT, "GFP_NOWAIT" },
	{ __GFP_HIGHMEM, "__GFP_HIGHMEM" },
	{ __GFP_HIGH, "__GFP_HIGH" },
	{ __GFP_IO, "__GFP_IO" },
	{ __GFP_FS, "__GFP_FS" },
	{ __GFP_ZERO, "__GFP_ZERO" },
	{ __GFP_ATOMIC, "__GFP_ATOMIC" },
	{ __GFP_DIRECT_RECLAIM, "__GFP_DIRECT_RECLAIM" },
	{ __GFP_KSWAPD_RECLAIM, "__GFP_KSWAPD_RECLAIM" },
	{ __GFP_NOWARN, "__GFP_NOWARN" },
	{ __GFP_HARDWALL, "__GFP_HARDWALL" },
	{ 0, NULL },
};

static const struct flag_name vm_names[] = {
	{ VM_READ, "read" },
	{ VM_WRITE, "write" },
	{ VM_EXEC, "exec" },
	{ VM_SHARED, "shared" },
	{ VM_MAYREAD, "mayread" },
	{ VM_MAYWRITE, "maywrite" },
	{ VM_MAYEXEC, "mayexec" },
	{ VM_GROWSDOWN, "growsdown" },
	{ VM_PFNMAP, "pfnmap" },
	{ VM_DONTCOPY, "dontcopy" },
	{ 0, NULL },
};

static void put_flag_names(struct output *out, const struct flag_name *names, unsigned long flags)
{
	const char *separator = "";

	if (!flags)
		put_formatted_text(out, "none");
	for (; flags && names->name; names++) {
		if ((flags & names->mask) != names->mask)
			continue;
		put_formatted_text(out, "%s%s", separator, names->name);
		flags &= ~names->mask;
		separator = "|";
	}
	if (flags)
		put_formatted_text(out, "%s%#lx", separator, flags);
}

static const char *put_flags(struct output *out, const char *fmt, const void *pointer)
{
	if (*fmt == 'g')
		put_flag_names(out, gfp_names, *(const gfp_t *)pointer);
	else if (*fmt == 'v')
		put_flag_names(out, vm_names, *(const unsigned long *)pointer);
	else
		return fmt;
	return fmt + 1;
}

/* ---- names and times ---- */

/* The caller sees to it that the names stay. */
static const char *put_path(struct output *out, const struct spec *spec, const char *fmt,
			    const struct dentry *d)
{
	int names = *fmt >= '2' && *fmt <= '4' ? *fmt - '0' : 1, found = 0;
	const struct dentry *chain[NAMES_MOST];
	char buffer[128];
	struct output text = { .at = buffer, .end = buffer + sizeof(buffer) - 1 };

	for (; d && found < names; d = d->d_parent == d ? NULL : d->d_parent)
		chain[found++] = d;
	while (found--) {
		bool root = chain[found]->d_parent == chain[found];

		put_formatted_text(&text,
				   root && found ? ""
				   : found	 ? "%s/"
						 : "%s",
				   chain[found]->d_name);
		if (root && found)
			put_formatted_text(&text, "/");
	}
	*text.at = 0;
	put_text(out, spec, buffer);
	return names > 1 ? fmt + 1 : fmt;
}

static const char *put_time(struct output *out, const char *fmt, const time64_t *time)
{
	long days = *time / 86400, seconds = *time % 86400;
	bool date = true, clock = true;
	char between = 'T';

	if (*fmt != 'T')
		return fmt;
	fmt++;
	if (*fmt == 'd' || *fmt == 't') {
		date = *fmt == 'd';
		clock = *fmt == 't';
		fmt++;
	}
	if (*fmt == 's') {
		between = ' ';
		fmt++;
	}
	if (seconds < 0) {
		seconds += 86400;
		days--;
	}
	if (date) {
		struct calendar_date on = date_of_day(days);

		put_formatted_text(out, "%04ld-%02ld-%02ld", on.year, on.month, on.day);
	}
	if (date && clock)
		put_formatted_text(out, "%c", between);
	if (clock)
		put_formatted_text(out, "%02ld:%02ld:%02ld", seconds / 3600, seconds / 60 % 60,
				   seconds % 60);
	return fmt;
}

/* ---- which form it is ---- */

/* The forms that read what the pointer points to; @form has been passed. */
static const char *put_target(struct output *out, struct spec *spec, char form, const char *fmt,
			      const void *pointer)
{
	switch (form) {
	case 'a':
		spec->alternate = true;
		spec->precision = 16;
		put_number(out, spec, *(const phys_addr_t *)pointer, 16, false);
		return *fmt == 'p' || *fmt == 'd' ? fmt + 1 : fmt;
	case 'h':
		return put_hex(out, spec, fmt, pointer);
	case 'M':
	case 'm':
		return put_mac(out, spec, form, fmt, pointer);
	case 'I':
	case 'i':
		return put_ip(out, spec, form, fmt, pointer);
	case 'U':
		return put_uuid(out, spec, fmt, pointer);
	case 'd':
		return put_path(out, spec, fmt, pointer);
	case 'D':
		return put_path(out, spec, fmt, ((const struct file *)pointer)->f_dentry);
	case 'b':
		(*fmt == 'l' ? put_ranges : put_groups)(out, pointer, spec->width);
		return *fmt == 'l' ? fmt + 1 : fmt;
	case 'G':
		return put_flags(out, fmt, pointer);
	case 't':
		return put_time(out, fmt, pointer);
	default: { /* 'V' */
		const struct va_format *inner = pointer;

		put_formatted(out, inner->fmt, inner->va);
		return fmt;
	}
	}
}

const char *put_pointer(struct output *out, struct spec *spec, const char *fmt, const void *pointer)
{
	char form = *fmt;

	switch (form) {
	case 'S':
	case 'B':
	case 's':
		put_symbol(out, spec, form, (unsigned long)pointer);
		/* R: without what a relocated symbol's name may have; b: with a build-id */
		return fmt[1] == 'R' || fmt[1] == 'b' ? fmt + 2 : fmt + 1;
	case 'e':
		put_error(out, spec, pointer);
		return fmt + 1;
	case 'x':
		put_number(out, spec, (unsigned long)pointer, 16, false);
		return fmt + 1;
	case 'K':
		put_address(out, spec, pointer);
		return fmt + 1;
	}
	if (!form || !strchr("ahMmIiUdDbGtV", form)) {
		put_address(out, spec, pointer);
		return fmt;
	}
	if ((unsigned long)pointer < FIRST_VALID || IS_ERR(pointer)) {
		put_text(out, spec, pointer ? "(efault)" : "(null)");
		for (fmt++; isalnum(*fmt); fmt++)
			;
		return fmt;
	}
	return put_target(out, spec, form, fmt + 1, pointer);
}
