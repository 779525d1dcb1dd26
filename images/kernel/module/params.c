// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Values of module parameters: text to variable and back.
 *
 * Promises: a text that is not wholly a value of the type leaves the variable
 * alone and gives -EINVAL (-ERANGE if it is a number too large). Must not know
 * where texts come from.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/slab.h>
#include <linux/printk.h>
#include <linux/module.h>

/* Decimal, 0x hexadecimal or 0 octal, one optional sign, one final newline. */
static int parse_number(const char *text, bool is_signed, unsigned long *value)
{
	unsigned long base = 10, result = 0;
	bool negative = false;

	if (is_signed && (*text == '-' || *text == '+'))
		negative = *text++ == '-';
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	} else if (text[0] == '0' && text[1] >= '0' && text[1] <= '7') {
		base = 8;
	}
	if (!*text || *text == '\n')
		return -EINVAL;
	for (; *text && *text != '\n'; text++) {
		unsigned long digit;

		if (*text >= '0' && *text <= '9')
			digit = *text - '0';
		else if ((*text | 32) >= 'a' && (*text | 32) <= 'f')
			digit = (*text | 32) - 'a' + 10;
		else
			return -EINVAL;
		if (digit >= base)
			return -EINVAL;
		if (result > (~0UL - digit) / base)
			return -ERANGE;
		result = result * base + digit;
	}
	if (*text == '\n' && text[1])
		return -EINVAL;
	if (is_signed && result > (~0UL >> 1) + negative)
		return -ERANGE;
	*value = negative ? -result : result;
	return 0;
}

#define NUMBER_OPS(name, type, is_signed, format)				\
static int param_set_##name(const char *val, const struct kernel_param *kp)	\
{										\
	unsigned long value;							\
	int ret = val ? parse_number(val, is_signed, &value) : -EINVAL;		\
										\
	if (ret)								\
		return ret;							\
	if ((unsigned long)(type)value != value)				\
		return -ERANGE;							\
	*(type *)kp->arg = value;						\
	return 0;								\
}										\
static int param_get_##name(char *buffer, const struct kernel_param *kp)	\
{										\
	return sprintf(buffer, format "\n", *(type *)kp->arg);			\
}										\
const struct kernel_param_ops param_ops_##name = {				\
	.set = param_set_##name, .get = param_get_##name,			\
};										\
EXPORT_SYMBOL(param_ops_##name)

NUMBER_OPS(int, int, true, "%d");
NUMBER_OPS(uint, unsigned int, false, "%u");
NUMBER_OPS(long, long, true, "%ld");
NUMBER_OPS(ulong, unsigned long, false, "%lu");

/* A bare "name" means yes, as on Linux. */
static int param_set_bool(const char *val, const struct kernel_param *kp)
{
	bool value;

	if (!val || *val == 'y' || *val == 'Y' || *val == '1' || *val == 't' || *val == 'T')
		value = true;
	else if (*val == 'n' || *val == 'N' || *val == '0' || *val == 'f' || *val == 'F')
		value = false;
	else
		return -EINVAL;
	*(bool *)kp->arg = value;
	return 0;
}

static int param_get_bool(char *buffer, const struct kernel_param *kp)
{
	return sprintf(buffer, "%c\n", *(bool *)kp->arg ? 'Y' : 'N');
}

const struct kernel_param_ops param_ops_bool = {
	.set = param_set_bool, .get = param_get_bool,
};
EXPORT_SYMBOL(param_ops_bool);

/* The copy lives as long as the module; a replaced one may still be in use. */
static int param_set_charp(const char *val, const struct kernel_param *kp)
{
	char *copy;
	size_t len;

	if (!val)
		return -EINVAL;
	if (strlen(val) > 1024)
		return -ENOSPC;
	copy = kstrdup(val, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	len = strlen(copy);
	if (len && copy[len - 1] == '\n')
		copy[len - 1] = 0;
	*(char **)kp->arg = copy;
	return 0;
}

static int param_get_charp(char *buffer, const struct kernel_param *kp)
{
	char *text = *(char **)kp->arg;

	return sprintf(buffer, "%s\n", text ? text : "(null)");
}

const struct kernel_param_ops param_ops_charp = {
	.set = param_set_charp, .get = param_get_charp,
};
EXPORT_SYMBOL(param_ops_charp);

/* "a,b,c": each through the element's own type. */
static int param_array_set(const char *val, const struct kernel_param *kp)
{
	const struct kparam_array *arr = kp->arr;
	struct kernel_param element = *kp;
	unsigned int count = 0;
	char word[64];
	size_t len;
	int ret;

	if (!val)
		return -EINVAL;
	while (1) {
		const char *comma = strchr(val, ',');

		len = comma ? (size_t)(comma - val) : strlen(val);
		if (count == arr->max || len >= sizeof(word))
			return -EINVAL;
		memcpy(word, val, len);
		word[len] = 0;
		element.arg = (char *)arr->elem + count * arr->elemsize;
		ret = arr->ops->set(word, &element);
		if (ret)
			return ret;
		count++;
		if (!comma)
			break;
		val = comma + 1;
	}
	if (arr->num)
		*arr->num = count;
	return 0;
}

static int param_array_get(char *buffer, const struct kernel_param *kp)
{
	const struct kparam_array *arr = kp->arr;
	unsigned int i, count = arr->num ? *arr->num : arr->max;
	struct kernel_param element = *kp;
	int at = 0;

	for (i = 0; i < count && at < 4000; i++) {
		if (i)
			buffer[at - 1] = ',';	/* over the element's newline */
		element.arg = (char *)arr->elem + i * arr->elemsize;
		at += arr->ops->get(buffer + at, &element);
	}
	return at;
}

const struct kernel_param_ops param_array_ops = {
	.set = param_array_set, .get = param_array_get,
};
EXPORT_SYMBOL(param_array_ops);

static int set_one(const char *name, char *word, const struct kernel_param *params,
		   unsigned int num)
{
	char *equals = strchr(word, '=');
	unsigned int i;
	int ret;

	if (equals)
		*equals = 0;
	for (i = 0; i < num; i++) {
		if (strcmp(params[i].name, word))
			continue;
		ret = params[i].ops->set(equals ? equals + 1 : NULL, &params[i]);
		if (ret)
			pr_err("%s: `%s' invalid for parameter `%s'\n", name,
			       equals ? equals + 1 : "", word);
		return ret;
	}
	/* Linux warns and goes on: one argument list may serve several versions. */
	pr_warn("%s: unknown parameter '%s' ignored\n", name, word);
	return 0;
}

/* Words are separated by blanks; a value may be in double quotes. */
int parse_args(const char *name, char *args, const struct kernel_param *params, unsigned int num)
{
	int ret;

	while (1) {
		char *word, *to;
		bool quoted = false;

		while (*args == ' ' || *args == '\n' || *args == '\t')
			args++;
		if (!*args)
			return 0;
		for (word = to = args; *args; args++) {
			if (*args == '"') {
				quoted = !quoted;
				continue;
			}
			if (!quoted && (*args == ' ' || *args == '\n' || *args == '\t'))
				break;
			*to++ = *args;
		}
		if (quoted)
			return -EINVAL;
		if (*args)
			args++;
		*to = 0;
		ret = set_one(name, word, params, num);
		if (ret)
			return ret;
	}
}
