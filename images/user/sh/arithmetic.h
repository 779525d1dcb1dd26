/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The value of a $(( )) expression whose variables with a $ are already replaced; names without one are looked up. */
#ifndef SHELL_ARITHMETIC_H
#define SHELL_ARITHMETIC_H

long arithmetic(const char *expression);

#endif
