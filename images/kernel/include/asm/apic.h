/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Local APIC and I/O APIC (SDM 3A 10; 82093AA). Vectors: 0x30-0x47 devices,
 * 0xec timer, 0xf0-0xf3 between CPUs, 0xff spurious.
 */
#ifndef _ASM_APIC_H
#define _ASM_APIC_H

#include <linux/types.h>

#define LOCAL_TIMER_VECTOR   0xec
#define RESCHEDULE_VECTOR    0xf0
#define CALL_FUNCTION_VECTOR 0xf1
#define TLB_VECTOR	     0xf2
#define STOP_VECTOR	     0xf3
#define LIVEUPDATE_VECTOR    0xf4
#define SPURIOUS_APIC_VECTOR 0xff

#define LAPIC_PHYS  0xfee00000
#define IOAPIC_PHYS 0xfec00000

void apic_init(void); /* map, enable on the CPU that boots, mask the 8259 */
void apic_init_cpu(void);
void apic_eoi(void);
bool apic_in_service(unsigned int vector); /* for assertions: no EOI yet */
u32 apic_id(void);
void apic_send_ipi(u32 apic_id, u8 vector);
void apic_start_cpu(u32 apic_id, phys_addr_t trampoline); /* INIT, SIPI, SIPI */
void apic_timer_oneshot(u64 ns);			  /* an interrupt in ns from now, once */
void apic_timer_calibrate(void);
void apic_set_timer_hz(u64 hz);
extern u64 apic_timer_hz;

void ioapic_init(void);

/* ACPI tables: CPUs, I/O APIC, overrides */
struct acpi_override {
	bool valid;
	u32 gsi;
	bool level, low;
};
extern struct acpi_override isa_overrides[16];
bool acpi_init(void);
extern u32 acpi_pm1a_cnt;

#endif
