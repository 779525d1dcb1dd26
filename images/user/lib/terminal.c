// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Terminal modes, through ioctl.
 */
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

int tcgetattr(int fd, struct termios *modes)
{
	return ioctl(fd, TCGETS, modes);
}

int tcsetattr(int fd, int when, const struct termios *modes)
{
	return ioctl(fd, TCSETS + when, modes);
}

void cfmakeraw(struct termios *modes)
{
	modes->c_iflag &= ~(BRKINT | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
	modes->c_oflag &= ~OPOST;
	modes->c_cflag |= CS8;
	modes->c_lflag &= ~(ISIG | ICANON | ECHO | IEXTEN);
	modes->c_cc[VMIN] = 1;
	modes->c_cc[VTIME] = 0;
}

int isatty(int fd)
{
	struct termios modes;

	return tcgetattr(fd, &modes) == 0;
}
