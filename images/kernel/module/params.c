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
#include <linux/mutex.h>
#include "internal.h"

#define NUMBER_OPS(word, suffix, type, format)                                       \
	static int set_##word(const char *text, const struct kernel_param *param)    \
	{                                                                            \
		return text ? kstrto##suffix(text, 0, (type *)param->arg) : -EINVAL; \
	}                                                                            \
	static int get_##word(char *page, const struct kernel_param *param)          \
	{                                                                            \
		return sprintf(page, format "\n", *(type *)param->arg);              \
	}                                                                            \
	const struct kernel_param_ops param_ops_##word = { set_##word, get_##word }; \
	EXPORT_SYMBOL(param_ops_##word)

NUMBER_OPS(int, int, int, "%d");
NUMBER_OPS(uint, uint, unsigned int, "%u");
NUMBER_OPS(long, l, long, "%ld");
NUMBER_OPS(ulong, ul, unsigned long, "%lu");

/* A bare "name" means yes, as on Linux. */
static int set_bool(const char *text, const struct kernel_param *param)
{
	return kstrtobool(text ?: "y", param->arg);
}

static int get_bool(char *page, const struct kernel_param *param)
{
	strcpy(page, *(bool *)param->arg ? "Y\n" : "N\n");
	return 2;
}

const struct kernel_param_ops param_ops_bool = { set_bool, get_bool };
EXPORT_SYMBOL(param_ops_bool);

/*
 * A text that was given to a variable. The module may still be using one that
 * has been replaced, so all live as long as the module does.
 */
struct given_text {
	struct list_head list;
	const void *variable;
	char text[];
};

static LIST_HEAD(given_texts);
static DEFINE_MUTEX(given_lock);

#define GIVEN_MAX 1024

static int set_charp(const char *text, const struct kernel_param *param)
{
	struct given_text *given;
	size_t length;

	if (!text)
		return -EINVAL;
	length = strlen(text);
	if (length > GIVEN_MAX)
		return -ENOSPC;
	given = kmalloc(sizeof(*given) + length + 1, GFP_KERNEL);
	if (!given)
		return -ENOMEM;
	memcpy(given->text, text, length + 1);
	if (length && given->text[length - 1] == '\n')
		given->text[length - 1] = 0;
	given->variable = param->arg;
	mutex_lock(&given_lock);
	list_add(&given->list, &given_texts);
	mutex_unlock(&given_lock);
	*(char **)param->arg = given->text;
	return 0;
}

static int get_charp(char *page, const struct kernel_param *param)
{
	char *text = *(char **)param->arg;

	return scnprintf(page, PAGE_SIZE, "%s\n", text ? text : "(null)");
}

const struct kernel_param_ops param_ops_charp = { set_charp, get_charp };
EXPORT_SYMBOL(param_ops_charp);

/* All variables of a module lie in its data. */
void module_free_params(const struct module *mod)
{
	const struct module_memory *data = &mod->mem[MOD_DATA];
	struct given_text *given, *next;

	mutex_lock(&given_lock);
	list_for_each_entry_safe(given, next, &given_texts, list)
		if ((unsigned long)given->variable - (unsigned long)data->base < data->size) {
			list_del(&given->list);
			kfree(given);
		}
	mutex_unlock(&given_lock);
}

/* "a,b,c": each through the element's own type. */
static int set_array(const char *text, const struct kernel_param *param)
{
	const struct kparam_array *array = param->arr;
	struct kernel_param element = *param;
	unsigned int count = 0;
	const char *end;
	char word[64];
	int ret;

	for (; text; text = *end ? end + 1 : NULL) {
		end = strchrnul(text, ',');
		if (count == array->max || end - text >= (long)sizeof(word))
			return -EINVAL;
		memcpy(word, text, end - text);
		word[end - text] = 0;
		element.arg = (char *)array->elem + count * array->elemsize;
		ret = array->ops->set ? array->ops->set(word, &element) : -EPERM;
		if (ret)
			return ret;
		count++;
	}
	if (count && array->num)
		*array->num = count;
	return count ? 0 : -EINVAL;
}

static int get_array(char *page, const struct kernel_param *param)
{
	const struct kparam_array *array = param->arr;
	unsigned int count = array->num ? min_t(unsigned int, *array->num, array->max) : array->max;
	struct kernel_param element = *param;
	unsigned int i;
	int at = 0;

	if (!array->ops->get)
		return -EPERM;
	for (i = 0; i < count && at < (int)PAGE_SIZE - 2 * GIVEN_MAX; i++) {
		if (i)
			page[at - 1] = ','; /* over the element's newline */
		element.arg = (char *)array->elem + i * array->elemsize;
		at += array->ops->get(page + at, &element);
	}
	return at;
}

const struct kernel_param_ops param_array_ops = { set_array, get_array };
EXPORT_SYMBOL(param_array_ops);

static int set_string(const char *text, const struct kernel_param *param)
{
	const struct kparam_string *place = param->str;
	size_t length = text ? strcspn(text, "\n") : 0;

	if (!text)
		return -EINVAL;
	if (length >= place->maxlen)
		return -ENOSPC;
	memcpy(place->string, text, length);
	place->string[length] = 0;
	return 0;
}

static int get_string(char *page, const struct kernel_param *param)
{
	return scnprintf(page, PAGE_SIZE, "%s\n", param->str->string);
}

const struct kernel_param_ops param_ops_string = { set_string, get_string };
EXPORT_SYMBOL(param_ops_string);

size_t module_param_size(const struct kernel_param_ops *ops)
{
	static const struct {
		const struct kernel_param_ops *ops;
		size_t size;
	} known[] = {
		{ &param_ops_int, sizeof(int) },   { &param_ops_uint, sizeof(int) },
		{ &param_ops_long, sizeof(long) }, { &param_ops_ulong, sizeof(long) },
		{ &param_ops_bool, sizeof(bool) }, { &param_ops_charp, sizeof(char *) },
		{ &param_array_ops, 1 },	   { &param_ops_string, 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].ops == ops)
			return known[i].size;
	return 0;
}

static const struct kernel_param *find_param(const struct kernel_param *param, unsigned int count,
					     const char *name)
{
	const struct kernel_param *end = param + count;

	while (param < end && strcmp(param->name, name))
		param++;
	return param < end ? param : NULL;
}

static int set_one(const char *name, char *word, const struct kernel_param *params,
		   unsigned int num)
{
	char *value = strchr(word, '=');
	const struct kernel_param *param;
	int ret;

	if (value)
		*value++ = 0;
	param = find_param(params, num, word);
	if (!param) {
		/* Linux warns and goes on: one argument list may serve several versions. */
		pr_warn("%s: unknown parameter '%s' ignored\n", name, word);
		return 0;
	}
	ret = param->ops->set ? param->ops->set(value, param) : -EPERM;
	if (ret)
		pr_err("%s: `%s' invalid for parameter `%s'\n", name, value ? value : "", word);
	return ret;
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
