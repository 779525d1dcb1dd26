/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tasks and the scheduler.
 *
 * Locking: rq_lock protects the run queue and every task's state, on_cpu, cpu;
 * tasklist_lock the tree of tasks, thread groups, process groups and sessions;
 * sighand->siglock what signal.h says; alloc_lock of a task its mm, files, fs
 * pointers. Order: tasklist_lock, siglock, rq_lock.
 */
#ifndef _LINUX_SCHED_H
#define _LINUX_SCHED_H

#include <linux/types.h>
#include <linux/list.h>
#include <linux/bitops.h>
#include <linux/atomic.h>
#include <linux/spinlock.h>
#include <linux/thread_info.h>
#include <linux/preempt.h>
#include <linux/signal.h>
#include <linux/errno.h>
#include <linux/wait.h>
#include <linux/hrtimer.h>
#include <linux/resource.h>
#include <linux/completion.h>
#include <asm/processor.h>
#include <asm/ptrace.h>

struct mm_struct;
struct files_struct;
struct fs_struct;
struct tty_struct;
struct kthread;
struct worker;
struct file;
struct robust_list_head;

/* task->__state */
#define TASK_RUNNING	     0
#define TASK_INTERRUPTIBLE   1
#define TASK_UNINTERRUPTIBLE 2
#define TASK_STOPPED	     4
#define TASK_TRACED	     8
#define TASK_PARKED	     0x40
#define TASK_DEAD	     0x80
#define TASK_WAKEKILL	     0x100
#define TASK_NEW	     0x800
#define TASK_FROZEN	     0x8000 /* at the boundary to user mode, for an upgrade */
#define TASK_KILLABLE	     (TASK_WAKEKILL | TASK_UNINTERRUPTIBLE)
#define TASK_NOLOAD	     0x400
#define TASK_IDLE	     (TASK_UNINTERRUPTIBLE | TASK_NOLOAD) /* a thread without work */
#define TASK_NORMAL	     (TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE)
/* task->exit_state */
#define EXIT_ZOMBIE	     0x20
#define EXIT_DEAD	     0x10

/* task->flags */
#define PF_IDLE	       0x00000002
#define PF_EXITING     0x00000004
#define PF_FORKNOEXEC  0x00000040
#define PF_SIGNALED    0x00000400
#define PF_NOFREEZE    0x00008000
#define PF_KTHREAD     0x00200000
#define PF_USED_FREEZE 0x01000000

#define CLONE_VM	     0x00000100
#define CLONE_FS	     0x00000200
#define CLONE_FILES	     0x00000400
#define CLONE_SIGHAND	     0x00000800
#define CLONE_VFORK	     0x00004000
#define CLONE_PARENT	     0x00008000
#define CLONE_THREAD	     0x00010000
#define CLONE_SETTLS	     0x00080000
#define CLONE_PARENT_SETTID  0x00100000
#define CLONE_CHILD_CLEARTID 0x00200000
#define CLONE_DETACHED	     0x00400000
#define CLONE_CHILD_SETTID   0x01000000

#define TASK_COMM_LEN	16
#define MAX_PID		32768
#define STACK_END_MAGIC 0x57AC6E9D

struct sighand_struct {
	spinlock_t siglock;
	atomic_t count;
	struct k_sigaction action[_NSIG]; /* siglock */
};

/* what the threads of a group share */
struct signal_struct {
	atomic_t sigcnt;
	/* tasklist_lock: */
	atomic_t live; /* threads that have not begun to exit */
	int nr_threads;
	struct list_head thread_head; /* task_struct.thread_node */
	pid_t pgrp, session;
	bool leader;		/* of its session */
	struct tty_struct *tty; /* the session's controlling terminal */
	/* siglock: */
	struct sigpending shared_pending;
	int group_exit_code;
	bool group_exit;		     /* every thread is to die */
	int group_stop_count;		     /* threads that still have to stop */
	bool group_stopped;		     /* stop in force until SIGCONT */
	int stop_code;			     /* what wait4 reports; 0 = already reported */
	bool continued;			     /* for WCONTINUED */
	struct task_struct *group_exit_task; /* exec waits for the others */
	struct hrtimer real_timer;	     /* ITIMER_REAL */
	ktime_t it_real_incr;
	/* sums of threads that are gone */
	u64 utime, stime, cutime, cstime;
	unsigned long maxrss;
	struct rlimit rlim[RLIM_NLIMITS];
	wait_queue_head_t wait_chldexit; /* parents in wait4 */
};

/* how a blocked system call goes on after restart_syscall(2) */
struct restart_block; /* its functions: */
long nanosleep_restart(struct restart_block *);
long futex_wait_restart(struct restart_block *);
struct restart_block {
	long (*fn)(struct restart_block *);
	union {
		struct {
			u32 *uaddr;
			u32 val, flags, bitset;
			u64 time;
		} futex;
		struct {
			clockid_t clockid;
			void *rmtp;
			u64 expires;
		} nanosleep;
		struct {
			void *ufds;
			unsigned int nfds;
			u64 expires;
			bool has_timeout;
		} poll;
		struct {
			size_t done;
			unsigned int nr;
		} write; /* fs/read-write.c */
		struct {
			u64 expires;
		} sigtimedwait;
	};
};

struct task_struct {
	struct thread_info thread_info; /* must be first */

	/* rq_lock: */
	unsigned int __state;
	bool on_cpu; /* is executing */
	bool on_rq;  /* waits in the run queue */
	struct list_head run_list;
	unsigned long cpus_allowed; /* bit n = may run on CPU n */
	int prio;		    /* 0 kernel threads, 1 user tasks */
	int nice;
	u64 slice_start;	     /* ns, when it got the CPU */
	u64 sum_exec;		     /* ns of CPU time */
	unsigned long nvcsw, nivcsw; /* voluntary, involuntary switches */

	/* fixed at birth, or private to the task: */
	void *stack; /* lowest address of THREAD_SIZE bytes */
	struct thread_struct thread;
	unsigned int flags; /* PF_* */
	refcount_t usage;
	pid_t pid, tgid;
	char comm[TASK_COMM_LEN];
	u64 start_time;	  /* ns, monotonic */
	u64 utime, stime; /* ns */
	u64 acct_stamp;	  /* ns, when utime or stime was brought up to date */
	unsigned long min_flt, maj_flt;
	struct restart_block restart_block;
	struct kthread *kthread;
	struct worker *worker; /* of a work queue; NULL: no worker */
	int *set_child_tid, *clear_child_tid;
	struct robust_list_head *robust_list;
	struct completion *vfork_done;

	/* alloc_lock: */
	spinlock_t alloc_lock;
	struct mm_struct *mm;	     /* NULL: kernel thread */
	struct mm_struct *active_mm; /* whose page tables it runs on */
	struct files_struct *files;
	struct fs_struct *fs;

	/* credentials; only the task itself changes them */
	uid_t uid, euid, suid, fsuid;
	gid_t gid, egid, sgid, fsgid;

	/* tasklist_lock: */
	int exit_state, exit_code, exit_signal;
	struct list_head tasks; /* all group leaders, from init_task */
	struct task_struct *real_parent, *parent;
	struct list_head children, sibling;
	struct task_struct *group_leader;
	struct list_head thread_node; /* signal->thread_head */
	struct signal_struct *signal;
	struct sighand_struct *sighand; /* NULL after release */

	/* siglock: */
	struct sigpending pending;
	sigset_t blocked, real_blocked, saved_sigmask;
	bool restore_sigmask;	 /* private to the task */
	bool group_stop_pending; /* has to stop before it goes on */
	unsigned long sas_ss_sp; /* private to the task */
	size_t sas_ss_size;
	unsigned int sas_ss_flags;

	/* the task itself: calls that return to a return probe, the innermost first */
	struct kretprobe_instance *kretprobe_instances;

	/* livepatch: klp_mutex or the task itself at the boundary */
	int patch_state;

	/* liveupdate: freezer's lock */
	bool frozen;
	void *liveupdate;
};

/* the kernel's own first task, pid 0 on the CPU that boots; head of all lists */
extern struct task_struct init_task;
extern struct mm_struct init_mm;
extern spinlock_t tasklist_lock;

/* ---- states ---- */
#define __set_current_state(s) WRITE_ONCE(current->__state, (s))
/* full barrier: the state is visible before the condition is looked at; pairs with try_to_wake_up() */
#define set_current_state(s)                       \
	do {                                       \
		WRITE_ONCE(current->__state, (s)); \
		smp_mb();                          \
	} while (0)
#define task_is_running(t) (READ_ONCE((t)->__state) == TASK_RUNNING)
#define task_is_stopped(t) (READ_ONCE((t)->__state) & TASK_STOPPED)
char task_state_to_char(struct task_struct *);

void schedule(void);
void preempt_schedule_irq(void); /* on the way out of an interrupt */
#define MAX_SCHEDULE_TIMEOUT LONG_MAX_TICKS
#define LONG_MAX_TICKS	     0x7fffffffffffffffL
long schedule_timeout(long ticks);
long schedule_timeout_interruptible(long ticks);
long schedule_timeout_uninterruptible(long ticks);
/* absolute CLOCK_MONOTONIC ns; 0 when time is up, -EINTR when woken before. State is set by the caller. */
int schedule_hrtimeout(ktime_t expires);
void yield(void);
int wake_up_process(struct task_struct *);
int wake_up_state(struct task_struct *, unsigned int state);
int try_to_wake_up(struct task_struct *, unsigned int state);
void wake_up_new_task(struct task_struct *);
void set_cpus_allowed(struct task_struct *, unsigned long mask);
bool task_curr(const struct task_struct *); /* executes on some CPU now */
struct task_struct *idle_task(unsigned int cpu);
struct task_struct *cpu_curr(unsigned int cpu);
#define task_cpu(t) READ_ONCE((t)->thread_info.cpu)
void sched_init(void);
void loadavg_init(void);
void update_load(u64 now); /* by one CPU, at each of its ticks */
void put_child_tid(void);  /* CLONE_CHILD_SETTID, by the child itself */
void scheduler_tick(bool user);
void schedule_tail(struct task_struct *prev);
void resched_cpu(unsigned int cpu);
unsigned int nr_running(void);
u64 nr_context_switches(void);
unsigned int nr_active(void);		  /* what the load average counts */
void get_avenrun(unsigned long loads[3]); /* fixed point, 11 bits */
void cpu_startup_entry(void) __noreturn;
/*
 * The run queue lock, for those who must know that a task does not run while
 * they look (livepatch): holds the task off its CPU.
 */
unsigned long task_rq_lock(struct task_struct *);
void task_rq_unlock(struct task_struct *, unsigned long flags);
void sched_for_each_waiting(void (*fn)(struct task_struct *, void *arg), void *arg); /* for a CPU */
unsigned long sched_passes(unsigned int cpu); /* grows each time the CPU is in its scheduler */

/* ---- flags ---- */
#define set_tsk_thread_flag(t, f)	     set_bit(f, &(t)->thread_info.flags)
#define clear_tsk_thread_flag(t, f)	     clear_bit(f, &(t)->thread_info.flags)
#define test_tsk_thread_flag(t, f)	     test_bit(f, &(t)->thread_info.flags)
#define test_and_clear_tsk_thread_flag(t, f) test_and_clear_bit(f, &(t)->thread_info.flags)
#define test_and_set_tsk_thread_flag(t, f)   test_and_set_bit(f, &(t)->thread_info.flags)
#define set_thread_flag(f)		     set_tsk_thread_flag(current, f)
#define clear_thread_flag(f)		     clear_tsk_thread_flag(current, f)
#define test_thread_flag(f)		     test_tsk_thread_flag(current, f)
#define set_tsk_need_resched(t)		     set_tsk_thread_flag(t, TIF_NEED_RESCHED)
#define need_resched()			     test_thread_flag(TIF_NEED_RESCHED)
static inline bool signal_pending(struct task_struct *t)
{
	return READ_ONCE(t->thread_info.flags) &
	       (_TIF_SIGPENDING | _TIF_NOTIFY_SIGNAL | _TIF_FREEZE);
}
static inline bool fatal_signal_pending(struct task_struct *t)
{
	return test_tsk_thread_flag(t, TIF_SIGPENDING) && sigismember(&t->pending.signal, SIGKILL);
}
/* the task leaves its system call, which restarts; it sees no signal */
void set_notify_signal(struct task_struct *);
void kick_process(struct task_struct *);

/* ---- stacks ---- */
#define task_stack_page(t) ((t)->stack)
#define task_pt_regs(t)	   ((struct pt_regs *)((unsigned long)(t)->stack + THREAD_SIZE) - 1)
#define current_pt_regs()  task_pt_regs(current)

/* ---- references and lookup ---- */
static inline struct task_struct *get_task_struct(struct task_struct *t)
{
	refcount_inc(&t->usage);
	return t;
}
void __put_task_struct(struct task_struct *);
static inline void put_task_struct(struct task_struct *t)
{
	if (refcount_dec_and_test(&t->usage))
		__put_task_struct(t);
}
struct task_struct *find_task_by_vpid(pid_t pid); /* any thread; tasklist_lock held */
pid_t find_ge_pid(pid_t pid);
struct task_struct *find_get_task_by_vpid(pid_t pid); /* takes the lock and a reference */
#define next_task(p)	      list_entry((p)->tasks.next, struct task_struct, tasks)
#define for_each_process(p)   for (p = &init_task; (p = next_task(p)) != &init_task;)
#define for_each_thread(p, t) list_for_each_entry(t, &(p)->signal->thread_head, thread_node)
#define for_each_process_thread(p, t) \
	for_each_process(p)           \
		for_each_thread(p, t)
#define thread_group_leader(t)	((t)->exit_signal >= 0)
#define same_thread_group(a, b) ((a)->signal == (b)->signal)
#define task_pid_nr(t)		((t)->pid)
#define task_tgid_nr(t)		((t)->tgid)
/* As a task sees it: there is one space of numbers. */
#define task_pid_vnr(t)		task_pid_nr(t)
#define task_tgid_vnr(t)	task_tgid_nr(t)
#define task_pgrp_nr(t)		((t)->signal->pgrp)
#define task_session_nr(t)	((t)->signal->session)
pid_t task_parent_number(struct task_struct *); /* kernel/sys.c, for a patch */
#define task_ppid_nr(t)	      ((t)->real_parent->tgid)
#define is_global_init(t)     ((t)->tgid == 1)
#define is_idle_task(t)	      ((t)->flags & PF_IDLE)
#define current_uid()	      (current->uid)
#define current_gid()	      (current->gid)
#define current_euid()	      (current->euid)
#define capable(cap)	      (current->euid == 0)
#define CAP_SYS_ADMIN	      21
#define CAP_SYS_BOOT	      22
#define CAP_SYS_MODULE	      16
#define task_lock(t)	      spin_lock(&(t)->alloc_lock)
#define task_unlock(t)	      spin_unlock(&(t)->alloc_lock)
#define get_task_comm(buf, t) memcpy(buf, (t)->comm, TASK_COMM_LEN)
void set_task_comm(struct task_struct *, const char *name);
struct mm_struct *get_task_mm(struct task_struct *); /* with a reference on mm_users, or NULL */

/* ---- birth and death ---- */
struct kernel_clone_args {
	u64 flags;
	int *child_tid, *parent_tid;
	int exit_signal;
	unsigned long stack, tls;
	int (*fn)(void *); /* kernel thread */
	void *fn_arg;
	pid_t set_pid; /* 0 = choose one (adoption by an upgrade gives the number) */
};
struct task_struct *copy_process(struct kernel_clone_args *);
pid_t kernel_clone(struct kernel_clone_args *);
pid_t kernel_thread(int (*fn)(void *), void *arg, const char *name, unsigned long flags);
struct task_struct *create_idle_task(unsigned int cpu);
/* a bare task with stack and number, on no list: for adoption */
struct task_struct *alloc_task_struct(void);
void free_task(struct task_struct *);
struct signal_struct *alloc_signal_struct(void);
struct sighand_struct *alloc_sighand_struct(void);
pid_t alloc_pid(pid_t wanted); /* 0 = next free; -EAGAIN, -EEXIST */
void free_pid(pid_t);
extern pid_t last_pid;
void attach_task(
	struct task_struct *); /* links into tasks, thread group, parent's children, pid hash */
void detach_task(struct task_struct *);
void release_task(struct task_struct *);
void do_exit(long code) __noreturn;
void do_group_exit(int code) __noreturn;
void make_task_dead(int signr) __noreturn;
bool is_current_pgrp_orphaned(void);
/* the task leaves its address space: clear_child_tid, robust list, vfork's parent */
void exec_mm_release(struct task_struct *);
int kernel_execve(const char *filename, const char *const *argv, const char *const *envp);
void fpu_save(struct task_struct *);
void fpu_restore(struct task_struct *);
struct thread_struct;
void segments_save(struct thread_struct *);
void segments_restore(const struct thread_struct *);
void arch_dup_thread(struct task_struct *child);
void arch_setup_kthread(struct task_struct *, int (*fn)(void *), void *arg);
struct task_struct *arch_switch_to(struct task_struct *prev, struct task_struct *next);
void start_thread(struct pt_regs *, unsigned long ip, unsigned long sp);
/* where a new task first returns to; regs at task_pt_regs() go to user mode, or fn(arg) is called */
void task_setup_return_to_user(struct task_struct *);
void fork_init(void);

/* ---- hooks of livepatch and liveupdate at the boundary to user mode ---- */
void klp_copy_process(struct task_struct *child);
void klp_update_patch_state(struct task_struct *);
void liveupdate_freeze_task(struct pt_regs *); /* returns when thawed */

#endif
