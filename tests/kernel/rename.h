/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Before everything else: functions that the host's C library or gcc's own has too. Both are in the program, the kernel's by these names. */
#define memcpy	      kernel_memcpy
#define memmove	      kernel_memmove
#define memset	      kernel_memset
#define memcmp	      kernel_memcmp
#define strlen	      kernel_strlen
#define strnlen	      kernel_strnlen
#define strcmp	      kernel_strcmp
#define strncmp	      kernel_strncmp
#define strcpy	      kernel_strcpy
#define strlcpy	      kernel_strlcpy
#define strchr	      kernel_strchr
#define strrchr	      kernel_strrchr
#define strchrnul     kernel_strchrnul
#define strstr	      kernel_strstr
#define strspn	      kernel_strspn
#define strcspn	      kernel_strcspn
#define snprintf      kernel_snprintf
#define sprintf	      kernel_sprintf
#define vsnprintf     kernel_vsnprintf
#define __popcountdi2 kernel_popcountdi2
#define __udivti3     kernel_udivti3
/* The linker gives a program of the host an _end of its own. */
#define _text	      kernel_text
#define _end	      kernel_end
