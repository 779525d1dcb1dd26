/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loading the next kernel. */
#ifndef USER_SYS_KEXEC_H
#define USER_SYS_KEXEC_H

#define KEXEC_FILE_UNLOAD	1
#define KEXEC_FILE_NO_INITRAMFS 4

int kexec_file_load(int kernel_fd, int initrd_fd, unsigned long command_line_size,
		    const char *command_line, unsigned long flags);

#endif
