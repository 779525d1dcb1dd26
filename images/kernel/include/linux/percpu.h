/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One copy of a variable for each CPU. Preemption must be off while "this CPU" matters. */
#ifndef _LINUX_PERCPU_H
#define _LINUX_PERCPU_H

#include <linux/preempt.h>

#define DEFINE_PER_CPU(type, name) __typeof__(type) name[NR_CPUS]
#define per_cpu(name, cpu)	   (name[cpu])
#define per_cpu_ptr(ptr, cpu)	   (&(*(ptr))[cpu])
#define this_cpu_ptr(ptr)	   (&(*(ptr))[raw_smp_processor_id()])
#define this_cpu_read(name)	   (name[raw_smp_processor_id()])
#define this_cpu_write(name, v)	   (name[raw_smp_processor_id()] = (v))
#define this_cpu_inc(name)	   (name[raw_smp_processor_id()]++)
#define this_cpu_add(name, v)	   (name[raw_smp_processor_id()] += (v))

#endif
