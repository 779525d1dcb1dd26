// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kernels as courses have one write them: Multiboot, text by stores to B8000H, no serial port. Built three ways:
 * (nothing) an ELF file that scrolls its screen, moves the cursor and spins; -DHALTS the same, ending in HLT with interrupts off;
 * -DFLAT for a flat binary, whose header gives the addresses, with a BSS that must be zero.
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;

#ifdef FLAT
extern u8 load_start[], load_end[], bss_end[];
asm(".section .head,\"ax\"\n"
    "header: .long 0x1badb002, 0x10003, -(0x1badb002 + 0x10003)\n"
    "	.long header, load_start, load_end, bss_end, start\n"
    ".text\n");
#else
asm(".section .head,\"a\"\n"
    ".balign 4\n"
    "	.long 0x1badb002, 3, -(0x1badb002 + 3)\n"
    ".text\n");
#endif

asm(".globl start\n"
    "start:\n"
    "	mov $stack_top, %esp\n"
    "	push %ebx\n"
    "	push %eax\n"
    "	call kernel_main\n"
    "1:	jmp 1b\n");

u8 stack[4096] __attribute__((aligned(16)));
asm(".globl stack_top\n.set stack_top, stack + 4096\n");

static volatile u16 *const screen = (volatile u16 *)0xb8000;
static u32 row, column;
static u8 zeros[5000];

static void outb(u16 port, u8 value)
{
	asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static void move_cursor(void)
{
	u32 at = row * 80 + column;

	outb(0x3d4, 14);
	outb(0x3d5, at >> 8);
	outb(0x3d4, 15);
	outb(0x3d5, at & 0xff);
}

static void scroll(void)
{
	for (u32 i = 0; i < 80 * 24; i++)
		screen[i] = screen[i + 80];
	for (u32 i = 80 * 24; i < 80 * 25; i++)
		screen[i] = 0x0720;
	row = 24;
}

static void put(const char *text)
{
	for (; *text; text++) {
		if (*text == '\n') {
			column = 0;
			row++;
		} else {
			screen[row * 80 + column++] = 0x0700 | (u8)*text;
		}
		if (row == 25)
			scroll();
		move_cursor();
	}
}

static void put_number(u32 value)
{
	char digits[11];
	int at = 10;

	digits[10] = 0;
	do {
		digits[--at] = '0' + value % 10;
		value /= 10;
	} while (value);
	put(digits + at);
}

static void fact(const char *name, u32 value)
{
	put(name);
	put(" ");
	put_number(value);
	put("\n");
}

static u32 field(u32 info, u32 offset)
{
	return *(volatile u32 *)(info + offset);
}

void kernel_main(u32 magic, u32 info)
{
	u32 sum = 0, module = field(info, 24);

	for (u32 i = 0; i < 80 * 25; i++)
		screen[i] = 0x0720;
	for (u32 i = 0; i < 30; i++)
		fact("line", i);
	for (u32 i = 0; i < sizeof(zeros); i++)
		sum += ((volatile u8 *)zeros)[i];
	fact("magic good", magic == 0x2badb002);
	fact("bss", sum);
	fact("modules", field(info, 20));
	fact("first word of the module", field(info, 20) ? field(field(module, 0), 0) : 0);
	fact("bytes of the module", field(info, 20) ? field(module, 4) - field(module, 0) : 0);
	put("Hello from a course\n");
#ifdef HALTS
	for (;;)
		asm volatile("cli; hlt");
#endif
}
