// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fails.
 */
int main(void)
{
	return 1;
}
