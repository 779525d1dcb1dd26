// SPDX-License-Identifier: GPL-2.0-or-later
/* Small system calls: who am I, what is this machine, limits, leaving. */
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/random.h>
#include <linux/reboot.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/syscalls.h>
#include <linux/tty.h>
#include <linux/uaccess.h>
#include <linux/utsname.h>

/* ---- numbers of processes and users ---- */

SYSCALL_DEFINE0(getpid)
{
	return current->tgid;
}

SYSCALL_DEFINE0(gettid)
{
	return current->pid;
}

/* A function of its own, not inlined: the demonstration patch replaces it. */
noinline pid_t task_parent_number(struct task_struct *t)
{
	return task_ppid_nr(t);
}

SYSCALL_DEFINE0(getppid)
{
	pid_t pid;

	spin_lock(&tasklist_lock);
	pid = task_parent_number(current);
	spin_unlock(&tasklist_lock);
	return pid;
}

SYSCALL_DEFINE0(getuid)
{
	return current->uid;
}

SYSCALL_DEFINE0(geteuid)
{
	return current->euid;
}

SYSCALL_DEFINE0(getgid)
{
	return current->gid;
}

SYSCALL_DEFINE0(getegid)
{
	return current->egid;
}

SYSCALL_DEFINE1(setuid, uid_t, uid)
{
	struct task_struct *t = current;

	if (t->euid == 0)
		t->uid = t->suid = uid;
	else if (uid != t->uid && uid != t->suid)
		return -EPERM;
	t->euid = t->fsuid = uid;
	return 0;
}

SYSCALL_DEFINE1(setgid, gid_t, gid)
{
	struct task_struct *t = current;

	if (t->euid == 0)
		t->gid = t->sgid = gid;
	else if (gid != t->gid && gid != t->sgid)
		return -EPERM;
	t->egid = t->fsgid = gid;
	return 0;
}

SYSCALL_DEFINE2(setpgid, pid_t, pid, pid_t, pgid)
{
	struct task_struct *p, *leader;
	int ret = -ESRCH;

	if (!pid)
		pid = current->tgid;
	if (!pgid)
		pgid = pid;
	if (pgid < 0)
		return -EINVAL;
	spin_lock(&tasklist_lock);
	p = find_task_by_vpid(pid);
	if (!p || !thread_group_leader(p))
		goto out;
	if (!same_thread_group(p, current)) {
		if (!same_thread_group(p->real_parent, current))
			goto out;
		ret = -EPERM;
		if (p->signal->session != current->signal->session)
			goto out;
		ret = -EACCES;
		if (!(p->flags & PF_FORKNOEXEC))
			goto out;
	}
	ret = -EPERM;
	if (p->signal->leader)
		goto out;
	if (pgid != pid) {
		bool found = false;

		for_each_process(leader)
			if (leader->signal->pgrp == pgid &&
			    leader->signal->session == current->signal->session)
				found = true;
		if (!found)
			goto out;
	}
	p->signal->pgrp = pgid;
	ret = 0;
out:
	spin_unlock(&tasklist_lock);
	return ret;
}

static long group_or_session(pid_t pid, bool session)
{
	struct task_struct *p;
	long ret = -ESRCH;

	spin_lock(&tasklist_lock);
	p = pid ? find_task_by_vpid(pid) : current;
	if (p)
		ret = session ? task_session_nr(p) : task_pgrp_nr(p);
	spin_unlock(&tasklist_lock);
	return ret;
}

SYSCALL_DEFINE1(getpgid, pid_t, pid)
{
	return group_or_session(pid, false);
}

SYSCALL_DEFINE0(getpgrp)
{
	return task_pgrp_nr(current);
}

SYSCALL_DEFINE1(getsid, pid_t, pid)
{
	return group_or_session(pid, true);
}

SYSCALL_DEFINE0(setsid)
{
	struct signal_struct *signal = current->signal;
	struct task_struct *p;
	pid_t pid = current->tgid;
	long ret = -EPERM;

	spin_lock(&tasklist_lock);
	if (signal->leader)
		goto out;
	for_each_process(p)
		if (p->signal->pgrp == pid)
			goto out;
	signal->leader = true;
	signal->session = signal->pgrp = pid;
	signal->tty = NULL;
	ret = pid;
out:
	spin_unlock(&tasklist_lock);
	return ret;
}

/* ---- the machine ---- */

SYSCALL_DEFINE1(uname, struct new_utsname __user *, name)
{
	return copy_to_user(name, utsname(), sizeof(*name)) ? -EFAULT : 0;
}

SYSCALL_DEFINE2(sethostname, const char __user *, name, int, len)
{
	char text[65] = "";

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (len < 0 || len > 64)
		return -EINVAL;
	if (copy_from_user(text, name, len))
		return -EFAULT;
	memcpy(utsname()->nodename, text, sizeof(text));
	return 0;
}

struct sysinfo {
	long uptime;
	unsigned long loads[3];
	unsigned long totalram, freeram, sharedram, bufferram, totalswap, freeswap;
	u16 procs, pad;
	unsigned long totalhigh, freehigh;
	u32 mem_unit;
	char reserved[4];
};

SYSCALL_DEFINE1(sysinfo, struct sysinfo __user *, uinfo)
{
	struct sysinfo info = {
		.uptime = ktime_get_ns() / NSEC_PER_SEC,
		.totalram = totalram_pages,
		.freeram = nr_free_pages(),
		.mem_unit = PAGE_SIZE,
	};
	struct task_struct *p, *t;

	get_avenrun(info.loads);
	for (int i = 0; i < 3; i++)
		info.loads[i] <<= 16 - 11; /* user space reads 16 bits of fraction */
	spin_lock(&tasklist_lock);
	for_each_process_thread(p, t)
		info.procs++;
	spin_unlock(&tasklist_lock);
	return copy_to_user(uinfo, &info, sizeof(info)) ? -EFAULT : 0;
}

static u64 random_state = 0x853c49e6748fea9bUL;

/* Deterministic by design: the machine has no source of chance, and runs are to be repeated. */
static u64 next_random(void)
{
	u64 z = __atomic_add_fetch(&random_state, 0x9e3779b97f4a7c15UL, __ATOMIC_RELAXED);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9UL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebUL;
	return z ^ z >> 31;
}

void get_random_bytes(void *buf, size_t size)
{
	u8 *to = buf;

	while (size) {
		u64 value = next_random();
		size_t part = min_t(size_t, size, sizeof(value));

		memcpy(to, &value, part);
		to += part;
		size -= part;
	}
}

SYSCALL_DEFINE3(getrandom, char __user *, ubuf, size_t, count, unsigned int, flags)
{
	size_t done = 0;
	char part[64];

	if ((flags & ~7u) || (flags & 6) == 6)
		return -EINVAL;
	count = min_t(size_t, count, MAX_RW_COUNT);
	if (!access_ok(ubuf, count))
		return -EFAULT;
	while (done < count) {
		size_t n = min_t(size_t, count - done, sizeof(part));

		get_random_bytes(part, n);
		if (copy_to_user(ubuf + done, part, n))
			return done ? (long)done : -EFAULT;
		done += n;
	}
	return done;
}

/* ---- use and limits ---- */

static void to_timeval(struct timeval *tv, u64 ns)
{
	tv->tv_sec = ns / NSEC_PER_SEC;
	tv->tv_usec = ns % NSEC_PER_SEC / NSEC_PER_USEC;
}

SYSCALL_DEFINE2(getrusage, int, who, struct rusage __user *, uusage)
{
	struct signal_struct *signal = current->signal;
	u64 utime = signal->cutime, stime = signal->cstime;
	struct rusage usage = {};
	struct task_struct *t;

	if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN)
		return -EINVAL;
	if (who == RUSAGE_SELF) {
		utime = signal->utime;
		stime = signal->stime;
		spin_lock(&tasklist_lock);
		for_each_thread(current, t) {
			utime += t->utime;
			stime += t->stime;
			usage.ru_minflt += t->min_flt;
			usage.ru_majflt += t->maj_flt;
			usage.ru_nvcsw += t->nvcsw;
			usage.ru_nivcsw += t->nivcsw;
		}
		spin_unlock(&tasklist_lock);
		if (current->mm)
			usage.ru_maxrss = current->mm->hiwater_rss * (PAGE_SIZE / 1024);
	}
	to_timeval(&usage.ru_utime, utime);
	to_timeval(&usage.ru_stime, stime);
	return copy_to_user(uusage, &usage, sizeof(usage)) ? -EFAULT : 0;
}

struct tms {
	clock_t tms_utime, tms_stime, tms_cutime, tms_cstime;
};

SYSCALL_DEFINE1(times, struct tms __user *, utms)
{
	struct signal_struct *signal = current->signal;
	struct tms tms = {
		.tms_utime = (current->utime + signal->utime) / TICK_NSEC,
		.tms_stime = (current->stime + signal->stime) / TICK_NSEC,
		.tms_cutime = signal->cutime / TICK_NSEC,
		.tms_cstime = signal->cstime / TICK_NSEC,
	};

	if (utms && copy_to_user(utms, &tms, sizeof(tms)))
		return -EFAULT;
	return jiffies;
}

SYSCALL_DEFINE4(prlimit64, pid_t, pid, unsigned int, resource, const struct rlimit __user *, unew,
		struct rlimit __user *, uold)
{
	struct rlimit fresh, *limit;

	if (resource >= RLIM_NLIMITS)
		return -EINVAL;
	if (pid && pid != current->tgid)
		return -EPERM;
	limit = &current->signal->rlim[resource];
	if (unew && copy_from_user(&fresh, unew, sizeof(fresh)))
		return -EFAULT;
	if (uold && copy_to_user(uold, limit, sizeof(*limit)))
		return -EFAULT;
	if (unew) {
		if (fresh.rlim_cur > fresh.rlim_max)
			return -EINVAL;
		if (fresh.rlim_max > limit->rlim_max && !capable(CAP_SYS_ADMIN))
			return -EPERM;
		*limit = fresh;
	}
	return 0;
}

SYSCALL_DEFINE2(getrlimit, unsigned int, resource, struct rlimit __user *, ulimit)
{
	if (resource >= RLIM_NLIMITS)
		return -EINVAL;
	return copy_to_user(ulimit, &current->signal->rlim[resource], sizeof(struct rlimit))
		       ? -EFAULT
		       : 0;
}

SYSCALL_DEFINE0(sched_yield)
{
	yield();
	return 0;
}

SYSCALL_DEFINE3(sched_getaffinity, pid_t, pid, unsigned int, len, unsigned long __user *, umask)
{
	unsigned long mask = cpu_online_bits();
	struct task_struct *t = pid ? find_get_task_by_vpid(pid) : get_task_struct(current);

	if (!t)
		return -ESRCH;
	mask &= t->cpus_allowed;
	put_task_struct(t);
	if (len < sizeof(mask))
		return -EINVAL;
	return copy_to_user(umask, &mask, sizeof(mask)) ? -EFAULT : (long)sizeof(mask);
}

SYSCALL_DEFINE3(sched_setaffinity, pid_t, pid, unsigned int, len, const unsigned long __user *,
		umask)
{
	struct task_struct *t;
	unsigned long mask = 0;

	if (copy_from_user(&mask, umask, min_t(size_t, len, sizeof(mask))))
		return -EFAULT;
	mask &= cpu_online_bits();
	if (!mask)
		return -EINVAL;
	t = pid ? find_get_task_by_vpid(pid) : get_task_struct(current);
	if (!t)
		return -ESRCH;
	set_cpus_allowed(t, mask);
	put_task_struct(t);
	return 0;
}

/* ---- leaving ---- */

static DEFINE_MUTEX(reboot_mutex);

SYSCALL_DEFINE4(reboot, int, magic1, int, magic2, unsigned int, command, void __user *, arg)
{
	long ret = 0;

	if (!capable(CAP_SYS_BOOT))
		return -EPERM;
	if ((unsigned int)magic1 != LINUX_REBOOT_MAGIC1 ||
	    (magic2 != LINUX_REBOOT_MAGIC2 && magic2 != LINUX_REBOOT_MAGIC2A &&
	     magic2 != LINUX_REBOOT_MAGIC2B && magic2 != LINUX_REBOOT_MAGIC2C))
		return -EINVAL;
	mutex_lock(&reboot_mutex);
	switch (command) {
	case LINUX_REBOOT_CMD_RESTART:
	case LINUX_REBOOT_CMD_RESTART2:
		system_state = SYSTEM_RESTART;
		pr_emerg("reboot: Restarting system\n");
		machine_restart();
	case LINUX_REBOOT_CMD_HALT:
		system_state = SYSTEM_HALT;
		pr_emerg("reboot: System halted\n");
		machine_halt();
	case LINUX_REBOOT_CMD_POWER_OFF:
		system_state = SYSTEM_POWER_OFF;
		pr_emerg("reboot: Power down\n");
		machine_power_off();
	case LINUX_REBOOT_CMD_CAD_ON:
	case LINUX_REBOOT_CMD_CAD_OFF:
		break;
	case LINUX_REBOOT_CMD_KEXEC:
		ret = kernel_kexec();
		break;
	default:
		ret = -EINVAL;
	}
	mutex_unlock(&reboot_mutex);
	return ret;
}
