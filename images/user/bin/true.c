// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Succeeds.
 */
int main(void)
{
	return 0;
}
