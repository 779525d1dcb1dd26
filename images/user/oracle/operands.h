// SPDX-License-Identifier: GPL-2.0-or-later
// Chance, seeded with a form's name, and the operands that come of it.
#ifndef ORACLE_OPERANDS_H
#define ORACLE_OPERANDS_H

#include "oracle.h"

extern u64 salt;		     /* another: other cases for all forms */
extern u64 *volatile const page_end; /* the page from here on does not exist */

void seed(const char *name);
/* The next case of a form. */
void prepare(const struct form *form, struct context *c);

#endif
