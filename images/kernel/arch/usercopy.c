// SPDX-License-Identifier: GPL-2.0-or-later
/* Access to the memory of the current process; see linux/uaccess.h and the end of entry.S. */
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm/pgtable.h>
#include <asm/processor.h>

unsigned long copy_user_generic(void *to, const void *from, unsigned long n);
unsigned long clear_user_generic(void *to, unsigned long n);
long get_user_byte(const char *from);

unsigned long copy_to_user(void __user *to, const void *from, unsigned long n)
{
	if (!access_ok(to, n))
		return n;
	stac();
	n = copy_user_generic(to, from, n);
	clac();
	return n;
}

unsigned long copy_from_user(void *to, const void __user *from, unsigned long n)
{
	if (!access_ok(from, n))
		return n;
	stac();
	n = copy_user_generic(to, from, n);
	clac();
	return n;
}

unsigned long clear_user(void __user *to, unsigned long n)
{
	if (!access_ok(to, n))
		return n;
	stac();
	n = clear_user_generic(to, n);
	clac();
	return n;
}

static long get_byte(const char __user *from)
{
	long byte;

	if (!access_ok(from, 1))
		return -EFAULT;
	stac();
	byte = get_user_byte(from);
	clac();
	return byte;
}

long strncpy_from_user(char *to, const char __user *from, long n)
{
	for (long i = 0; i < n; i++) {
		long byte = get_byte(from + i);

		if (byte < 0)
			return -EFAULT;
		to[i] = byte;
		if (!byte)
			return i;
	}
	return n;
}

long strnlen_user(const char __user *s, long n)
{
	for (long i = 0; i < n; i++) {
		long byte = get_byte(s + i);

		if (byte < 0)
			return 0;
		if (!byte)
			return i + 1;
	}
	return n + 1;
}

/* Page by page through the kernel's own tables: nothing can fault. */
long copy_from_kernel_nofault(void *dst, const void *src, size_t size)
{
	unsigned long at = (unsigned long)src, last = at + size - 1;

	/* The last byte, not the one behind it: that may be address 0. */
	if (!size)
		return 0;
	if (at < PAGE_OFFSET || last < at)
		return -EFAULT;
	for (unsigned long page = at >> PAGE_SHIFT; page <= last >> PAGE_SHIFT; page++)
		if (!lookup_kernel_pte(page << PAGE_SHIFT, NULL))
			return -EFAULT;
	memcpy(dst, src, size);
	return 0;
}
