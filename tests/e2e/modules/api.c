// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the headers offer to modules and the kernel itself has no use for: here it is
 * used, and does what Linux's does. (tools/check-headers.mjs refuses what nobody uses.)
 */
#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/completion.h>
#include <linux/ctype.h>
#include <linux/delay.h>
#include <linux/ftrace.h>
#include <linux/jiffies.h>
#include <linux/kobject.h>
#include <linux/kprobes.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/vmalloc.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include "checks.h"

static_assert(BIT_ULL(40) == 1ULL << 40, "a bit of 64");

static void check_numbers(void)
{
	unsigned long word = 0x5000;
	unsigned int natural = 0;
	long whole = 0;
	bool truth = false;

	EXPECT(__ffs(word) == 12 && __fls(word) == 14);
	EXPECT(ffs(0) == 0 && ffs(8) == 4 && fls(0) == 0 && fls(8) == 4 && fls64(1ULL << 40) == 41);
	EXPECT(find_first_bit(&word, 64) == 12);
	EXPECT(IS_ALIGNED(word, 0x1000) && !IS_ALIGNED(word, 0x2000));
	EXPECT(round_up(5, 4) == 8 && round_down(7, 4) == 4 && roundup(7, 3) == 9);
	EXPECT(abs(-3) == 3 && abs(3) == 3);
	EXPECT(!kstrtol("-12", 10, &whole) && whole == -12);
	EXPECT(!kstrtoul("0x5000", 16, &word) && word == 0x5000 && kstrtoul("-1", 10, &word) < 0);
	EXPECT(!kstrtouint("0x12", 0, &natural) && natural == 18);
	EXPECT(!kstrtobool("on", &truth) && truth);
	EXPECT(simple_strtoul("17 and more", NULL, 10) == 17);
	EXPECT(str_has_prefix("prefix", "pre") == 3 && !str_has_prefix("prefix", "fix"));
	EXPECT(toupper('a') == 'A' && toupper('1') == '1' && iscntrl('\n') && !iscntrl('n'));
	EXPECT(get_random_u32() != get_random_u32() || get_random_u32() != get_random_u32());
}

static void check_text(void)
{
	char text[32] = "one";

	strlcpy(text, "  words  ", sizeof(text));
	EXPECT(!strcmp(strim(text), "words") && !strcmp(skip_spaces("  x"), "x"));
	EXPECT(strnlen("four", 9) == 4 && strstr("a needle", "need") && strrchr("a/b/c", '/'));
	EXPECT(strcspn("ab=c", "=") == 2 && strspn("aab", "a") == 2 && *strchrnul("ab", 'x') == 0);
	EXPECT(strcpy(text, "copy") == text && !strcmp(text, "copy"));
}

static void check_atomics(void)
{
	atomic64_t wide = ATOMIC64_INIT(1L << 40);
	atomic_long_t same = ATOMIC_LONG_INIT(7);
	refcount_t references;
	volatile int word = 3;

	refcount_set(&references, 2);
	EXPECT(atomic64_read(&wide) == 1L << 40 && atomic_long_read(&same) == 7);
	EXPECT(refcount_read(&references) == 2);
	EXPECT(cmpxchg(&word, 3, 4) == 3 && word == 4 && cmpxchg(&word, 3, 5) == 4 && word == 4);
	mb();
	rmb();
	wmb();
	smp_rmb();
	smp_mb__before_atomic();
	smp_mb__after_atomic();
	EXPECT(!WARN(word != 4, "the word is %d", word));
}

static void check_registers(void)
{
	struct pt_regs regs = { .ip = 1, .ax = 2 };

	EXPECT(instruction_pointer(&regs) == 1 && regs_return_value(&regs) == 2);
}

struct item {
	int number;
	struct list_head link;
	struct hlist_node chain;
};

static void check_lists(void)
{
	struct item items[4] = {}, *item;
	struct list_head *at, *next;
	LIST_HEAD(list);
	LIST_HEAD(other);
	int sum = 0;

	EXPECT(!list_first_or_null_rcu(&list, struct item, link));
	for (int i = 0; i < 4; i++) {
		items[i].number = 1 << i;
		list_add_tail_rcu(&items[i].link, &list);
	}
	list_for_each(at, &list)
		sum += list_entry(at, struct item, link)->number;
	EXPECT(sum == 15 && list_first_or_null_rcu(&list, struct item, link) == &items[0]);
	item = &items[1];
	list_for_each_entry_continue(item, &list, link)
		sum -= item->number;
	EXPECT(sum == 3);
	list_for_each_safe(at, next, &list)
		if (at == &items[2].link)
			list_move(at, &other);
	list_for_each_entry_rcu(item, &list, link)
		sum += item->number;
	EXPECT(sum == 14 && list_is_singular(&other));
	list_splice_tail_init(&other, &list);
	EXPECT(list.prev == &items[2].link && list_empty(&other));
	list_del(&items[0].link);
	list_replace(&items[1].link, &items[0].link);
	EXPECT(list.next == &items[0].link);
	list_add_rcu(&items[1].link, &list);
	EXPECT(list.next == &items[1].link);
}

static void check_chains(void)
{
	struct item items[3] = {}, *item;
	struct hlist_node *next;
	HLIST_HEAD(chain);
	int sum = 0;

	INIT_HLIST_HEAD(&chain);
	EXPECT(hlist_empty(&chain));
	for (int i = 0; i < 3; i++) {
		items[i].number = 1 << i;
		INIT_HLIST_NODE(&items[i].chain);
		EXPECT(hlist_unhashed(&items[i].chain));
		hlist_add_head_rcu(&items[i].chain, &chain);
	}
	hlist_for_each_entry_rcu(item, &chain, chain)
		sum += item->number;
	hlist_del_rcu(&items[1].chain);
	hlist_for_each_entry_safe(item, next, &chain, chain) {
		sum += 10 * item->number;
		hlist_del_init(&item->chain);
	}
	EXPECT(sum == 57 && hlist_empty(&chain) && hlist_unhashed(&items[0].chain));
}

static void check_memory(void)
{
	unsigned long page = __get_free_page(GFP_KERNEL), zeroed = get_zeroed_page(GFP_KERNEL);
	struct kmem_cache *cache = kmem_cache_create("api-test", 200, 8, 0, NULL);
	char *large = vzalloc(3 * PAGE_SIZE);
	void *object = cache ? kmem_cache_alloc(cache, GFP_KERNEL) : NULL;

	EXPECT(page && zeroed && large && object);
	if (zeroed && large)
		EXPECT(*(long *)zeroed == 0 && large[3 * PAGE_SIZE - 1] == 0);
	if (object)
		kmem_cache_free(cache, object);
	vfree(large);
	free_page(page);
	free_page(zeroed);
}

static DEFINE_PER_CPU(int, counted);

static void check_this_task(void)
{
	int cpu = get_cpu();

	this_cpu_inc(counted);
	this_cpu_add(counted, 2);
	EXPECT(per_cpu(counted, cpu) == 3 && *per_cpu_ptr(&counted, cpu) == 3);
	per_cpu(counted, cpu) = 0;
	put_cpu();
	EXPECT((unsigned int)cpu < nr_cpu_ids);
	rcu_read_lock();
	EXPECT(in_task() && in_atomic());
	rcu_read_unlock();
	cond_resched();
	yield();
	EXPECT(task_is_running(current) && task_pid_nr(current) > 1);
	EXPECT(!strcmp(kobject_name(kernel_kobj), "kernel"));
}

static DEFINE_RWLOCK(shared);
static DECLARE_RWSEM(sleeping);

static void check_locks(void)
{
	struct rw_semaphore own;
	unsigned long flags;
	spinlock_t lock;

	raw_spin_lock_init(&lock);
	raw_spin_lock(&lock);
	assert_spin_locked(&lock);
	raw_spin_unlock(&lock);
	raw_spin_lock_irqsave(&lock, flags);
	EXPECT(irqs_disabled());
	raw_spin_unlock_irqrestore(&lock, flags);
	spin_lock_bh(&lock);
	EXPECT(in_atomic());
	spin_unlock_bh(&lock);
	read_lock(&shared);
	read_unlock(&shared);
	write_lock(&shared);
	write_unlock(&shared);
	write_lock_irq(&shared);
	EXPECT(irqs_disabled());
	write_unlock_irq(&shared);
	EXPECT(!in_atomic());
	init_rwsem(&own);
	down_read(&own);
	up_read(&own);
	down_write(&sleeping);
	EXPECT(mutex_is_locked(&sleeping));
	up_write(&sleeping);
}

struct alarm {
	struct timer_list timer;
	struct completion rung;
};

static void ring(struct timer_list *timer)
{
	struct alarm *alarm = from_timer(alarm, timer, timer);

	complete_all(&alarm->rung);
}

static DEFINE_TIMER(unused, ring);
static enum hrtimer_restart ring_once(struct hrtimer *timer)
{
	return HRTIMER_NORESTART;
}

static void check_time(void)
{
	unsigned long start = jiffies;
	ktime_t now = ktime_get();
	struct hrtimer fine;
	struct alarm alarm;

	EXPECT(time_before(start, start + 1) && time_before_eq(start, start));
	EXPECT(usecs_to_jiffies(1000000) == HZ && jiffies_to_msecs(HZ) == 1000);
	EXPECT(round_jiffies(start) >= start && round_jiffies_relative(HZ) >= HZ);
	EXPECT(ktime_to_ns(ktime_sub(ktime_add_ns(now, 5), now)) == 5);
	EXPECT(ms_to_ktime(2) == ns_to_ktime(2000000));
	EXPECT(ktime_to_timespec64(1000000005).tv_nsec == 5);
	EXPECT(ktime_get_boottime_ns() >= (u64)now && sched_clock() && ktime_get_real_ns());
	timer_setup(&alarm.timer, ring, 0);
	init_completion(&alarm.rung);
	EXPECT(!try_wait_for_completion(&alarm.rung));
	mod_timer(&alarm.timer, jiffies + 1);
	wait_for_completion(&alarm.rung);
	EXPECT(try_wait_for_completion(&alarm.rung));
	reinit_completion(&alarm.rung);
	EXPECT(!try_wait_for_completion(&alarm.rung));
	mod_timer(&alarm.timer, jiffies + 100 * HZ);
	EXPECT(timer_pending(&alarm.timer) && timer_delete_sync(&alarm.timer) == 1);
	EXPECT(!del_timer(&alarm.timer) && !timer_pending(&unused));
	hrtimer_init(&fine, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	fine.function = ring_once;
	hrtimer_start(&fine, ms_to_ktime(100000), HRTIMER_MODE_REL);
	EXPECT(hrtimer_active(&fine) && hrtimer_cancel(&fine) == 1);
	udelay(1);
	mdelay(1);
	EXPECT(ktime_get() - now >= NSEC_PER_MSEC);
}

struct job {
	struct delayed_work work;
	int runs;
	struct completion begun;
	bool ended;
};

static void do_job(struct work_struct *work)
{
	container_of(to_delayed_work(work), struct job, work)->runs++;
}

static void do_long_job(struct work_struct *work)
{
	struct job *job = container_of(to_delayed_work(work), struct job, work);

	complete(&job->begun);
	msleep(20);
	WRITE_ONCE(job->ended, true);
}

/* What waits does not run any more; what runs has ended when the call returns. */
static void check_cancelling(void)
{
	struct job job = {};

	init_completion(&job.begun);
	INIT_DELAYED_WORK(&job.work, do_long_job);
	schedule_delayed_work(&job.work, 100 * HZ);
	EXPECT(cancel_delayed_work_sync(&job.work) && !delayed_work_pending(&job.work));
	EXPECT(!try_wait_for_completion(&job.begun) && !cancel_delayed_work_sync(&job.work));
	schedule_delayed_work(&job.work, 0);
	wait_for_completion(&job.begun);
	EXPECT(!cancel_delayed_work_sync(&job.work) && READ_ONCE(job.ended));
}

static DECLARE_WAIT_QUEUE_HEAD(queue);

static void check_work(void)
{
	struct workqueue_struct *single = create_singlethread_workqueue("api-test");
	struct job job = {};

	EXPECT(single != NULL && system_unbound_wq && system_long_wq);
	INIT_DELAYED_WORK(&job.work, do_job);
	queue_delayed_work(system_long_wq, &job.work, 100 * HZ);
	EXPECT(cancel_delayed_work(&job.work));
	queue_delayed_work(system_unbound_wq, &job.work, 1);
	EXPECT(wait_event_timeout(queue, READ_ONCE(job.runs) == 1, 1) >= 0);
	while (READ_ONCE(job.runs) == 0)
		msleep(1);
	EXPECT(wait_event_killable(queue, job.runs == 1) == 0);
	EXPECT(wait_event_timeout(queue, false, 1) == 0);
	flush_work(&job.work.work);
}

static bool park_began;

static int park(void *data)
{
	WRITE_ONCE(park_began, true);
	while (!kthread_should_stop()) {
		if (kthread_should_park())
			kthread_parkme();
		msleep(1);
	}
	return 7;
}

static void check_threads(void)
{
	struct task_struct *task = kthread_run(park, NULL, "api-test");

	EXPECT(!IS_ERR(task));
	if (IS_ERR(task))
		return;
	/* one that is stopped before it begins ends with -EINTR */
	while (!READ_ONCE(park_began))
		msleep(1);
	EXPECT(kthread_stop(task) == 7);
}

static int probe_hits;

static int count_hit(struct kprobe *probe, struct pt_regs *regs)
{
	probe_hits++;
	return 0;
}

static noinline int probed(int x)
{
	barrier();
	return x + 1;
}

/* All of them or none: the last one has no symbol. */
static void check_probes(void)
{
	struct kprobe own = { .addr = (void *)probed, .pre_handler = count_hit };
	struct kprobe named = { .symbol_name = "cmdline_proc_show", .pre_handler = count_hit };
	struct kprobe nowhere = { .symbol_name = "not_there", .pre_handler = count_hit };
	struct kprobe *probes[] = { &own, &named, &nowhere };

	EXPECT(register_kprobes(probes, 0) < 0 && register_kprobes(probes, 3) < 0);
	EXPECT(probed(1) == 2 && probe_hits == 0);
	own = (struct kprobe){ .addr = (void *)probed, .pre_handler = count_hit };
	named = (struct kprobe){ .symbol_name = "cmdline_proc_show", .pre_handler = count_hit };
	EXPECT(!register_kprobes(probes, 2));
	EXPECT(probed(1) == 2 && probe_hits == 1);
	unregister_kprobes(probes, 2);
	EXPECT(probed(1) == 2 && probe_hits == 1);
	probe_hits = 0;
}

static void run_checks(void)
{
	pr_info_once("%s: the checks begin\n", KBUILD_MODNAME);
	pr_debug_ratelimited("%s: again\n", KBUILD_MODNAME);
	check_numbers();
	check_text();
	check_atomics();
	check_registers();
	check_lists();
	check_chains();
	check_memory();
	check_this_task();
	check_locks();
	check_time();
	check_work();
	check_cancelling();
	check_probes();
	check_threads();
}

module_init(checks_init);
module_exit(checks_exit);
MODULE_AUTHOR("Transplant");
MODULE_DESCRIPTION("What the headers offer to modules");
MODULE_VERSION("1");
