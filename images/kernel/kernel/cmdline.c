// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's command line: words, separated by spaces; "name=value" or "name". */
#include <linux/ctype.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/string.h>

char saved_command_line[1024];
extern const struct obs_kernel_param __start_setup[], __stop_setup[];

/* The next word after *at; its length, 0 at the end. */
static unsigned int next_word(const char **at, const char **word)
{
	const char *p = skip_spaces(*at);

	*word = p;
	while (*p && !isspace(*p))
		p++;
	*at = p;
	return p - *word;
}

int cmdline_next_option(const char **from, const char *option, char *buffer, int size)
{
	unsigned int length, name = strlen(option);
	const char *word;

	if (!*from)
		*from = saved_command_line;
	while ((length = next_word(from, &word))) {
		if (length <= name || strncmp(word, option, name) || word[name] != '=')
			continue;
		length -= name + 1;
		if (length >= (unsigned int)size)
			return -1;
		memcpy(buffer, word + name + 1, length);
		buffer[length] = '\0';
		return length;
	}
	return -1;
}

/* Of several the last counts. */
int cmdline_find_option(const char *option, char *buffer, int size)
{
	const char *from = NULL;
	int last = -1, length;

	while ((length = cmdline_next_option(&from, option, buffer, size)) >= 0)
		last = length;
	return last;
}

bool cmdline_find_option_bool(const char *option)
{
	const char *at = saved_command_line, *word;
	unsigned int length;

	while ((length = next_word(&at, &word)))
		if (length == strlen(option) && !strncmp(word, option, length))
			return true;
	return false;
}

void cmdline_setup(void)
{
	const struct obs_kernel_param *param;
	char value[256];

	for (param = __start_setup; param < __stop_setup; param++) {
		if (cmdline_find_option(param->str, value, sizeof(value)) >= 0)
			param->setup_func(value);
		else if (cmdline_find_option_bool(param->str))
			param->setup_func("");
	}
}
