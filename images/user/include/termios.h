/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Terminal modes, with the layout that the kernel's TCGETS and TCSETS use. */
#ifndef USER_TERMIOS_H
#define USER_TERMIOS_H

typedef unsigned int tcflag_t;
typedef unsigned char cc_t;

struct termios {
	/*  0 */ tcflag_t c_iflag, c_oflag, c_cflag, c_lflag;
	/* 16 */ cc_t c_line;
	/* 17 */ cc_t c_cc[19];
	/* 36 */
};

#define VMIN	  6
#define VTIME	  5
#define BRKINT	  0000002
#define ISTRIP	  0000040
#define INLCR	  0000100
#define IGNCR	  0000200
#define ICRNL	  0000400
#define IXON	  0002000
#define OPOST	  0000001
#define ONLCR	  0000004
#define CS8	  0000060
#define ISIG	  0000001
#define ICANON	  0000002
#define ECHO	  0000010
#define IEXTEN	  0100000
#define TCSANOW	  0
#define TCSADRAIN 1
#define TCSAFLUSH 2

int tcgetattr(int fd, struct termios *modes);
int tcsetattr(int fd, int when, const struct termios *modes);
/* Bytes as they are: no line editing, no signals, no translation in either direction. */
void cfmakeraw(struct termios *modes);

#endif
