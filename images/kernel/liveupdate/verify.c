// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Class counts, and the checks before the first user instruction.
 *
 * Both kernels count their own objects by walking their own lists, not their
 * records; the counts must be equal. Every frame that was handed over must have
 * the same number of holders, and every page table of a process the same bits.
 * A difference means that the records or the retrieval are wrong: programs must
 * not go on, so it is the end.
 */
#include <linux/printk.h>
#include <asm/pgtable.h>
#include "internal.h"

static u64 count_signals(const struct sigpending *pending)
{
	struct sigqueue *q;
	u64 n = 0;

	list_for_each_entry(q, &pending->list, list)
		n++;
	return n;
}

static int count_inode(struct inode *inode, void *data)
{
	struct counts_ser *counts = data;

	counts->inodes++;
	if (S_ISREG(inode->i_mode))
		counts->cached_pages += inode->i_blocks / (PAGE_SIZE / 512);
	return 0;
}

static u64 count_names(struct dentry *root)
{
	struct dentry *d = root;
	u64 n = 1;

	for (;;) {
		if (!list_empty(&d->d_children)) {
			d = list_first_entry(&d->d_children, struct dentry, d_sibling);
		} else {
			while (d != root && d->d_sibling.next == &d->d_parent->d_children)
				d = d->d_parent;
			if (d == root)
				return n;
			d = list_next_entry(d, d_sibling);
		}
		n++;
	}
}

static void count_files(struct counts_ser *counts)
{
	struct super_block *sb;
	struct file *file;

	tmpfs_for_each_inode(count_inode, counts);
	list_for_each_entry(sb, &super_blocks, s_list)
		if (is_tmpfs(sb))
			counts->names += count_names(sb->s_root);
	list_for_each_entry(file, &open_files, f_list) {
		struct pipe_inode_info *pipe = file_pipe(file);

		counts->files++;
		if (!pipe || !(file->f_mode & FMODE_READ))
			continue;
		counts->pipes++;
		for (unsigned int i = pipe->tail; i != pipe->head; i++)
			counts->pipe_bytes += pipe->bufs[i % PIPE_BUFFERS].len;
	}
}

static int count_entry(u64 *pte, unsigned long addr, void *data)
{
	++*(u64 *)data;
	return 0;
}

static void count_task(struct counts_ser *counts, struct task_struct *t)
{
	counts->tasks++;
	counts->zombies += t->exit_state == EXIT_ZOMBIE;
	counts->stopped += task_is_stopped(t) || t->group_stop_pending; /* or has to */
	counts->pending_signals += count_signals(&t->pending);
	for (int fd = 0; t->files && fd < NR_OPEN; fd++)
		counts->descriptors += t->files->fd[fd] != NULL;
}

static void count_tasks(struct counts_ser *counts)
{
	struct task_struct *p, *t;

	for_each_user_process(p) {
		counts->pending_signals += count_signals(&p->signal->shared_pending);
		for_each_thread(p, t)
			count_task(counts, t);
	}
	for (u32 i = 0; i < mm_numbers.count; i++) {
		struct mm_struct *mm = mm_numbers.item[i];
		struct vm_area_struct *vma;

		counts->address_spaces++;
		for_each_vma_of(mm, vma)
			counts->areas++;
		for_each_user_pte(mm, count_entry, &counts->user_pages);
		counts->page_tables += mm->nr_ptes;
	}
	counts->timers = group_numbers.count;
}

static void count_objects(struct counts_ser *counts)
{
	memset(counts, 0, sizeof(*counts));
	count_files(counts);
	count_tasks(counts);
}

DEFINE_RECORD_WRITE(counts, COUNTS_RECORD, const struct counts_ser *counts)

static int preserve_counts(struct ser_writer *w)
{
	struct counts_ser counts;

	count_objects(&counts);
	write_counts(w, &counts);
	w->count++;
	return w->error;
}

static void __noreturn fail(const char *what, u64 was, u64 is)
{
	panic("liveupdate: verification failed: %s: %llu before, %llu after", what, was, is);
}

#define COMPARE_COUNT(width, name, meaning, source) \
	if (record->name != (source))               \
		fail(#name, record->name, source);

static int retrieve_counts(struct ser_reader *r, u64 count)
{
	const struct counts_ser *record = record_take(r, LAYOUT_counts);
	struct counts_ser after;
	const struct counts_ser *counts = &after;

	if (count != 1)
		return -EINVAL;
	count_objects(&after);
	COUNTS_RECORD(COMPARE_COUNT, NO_ROW, NO_ROW, NO_ROW)
	return 0;
}

static void verify_frame(struct ser_reader *r)
{
	TAKE_RECORD(r, frames, FRAMES_RECORD)
	const struct page *page = pfn_to_page(frame);

	if (page_count(page) != (int)holders)
		fail("holders of a frame", holders, page_count(page));
	if (page->type != frame_page_type(kind))
		fail("what a frame is for", frame_page_type(kind), page->type);
}

/* Every frame that was handed over is held as often as before, and no other is. */
static void verify_frames(const struct handover_root_ser *root)
{
	u64 preserved = 0, held = 0;
	struct ser_reader r;

	for (u32 i = 0; i < root->components; i++) {
		if (strcmp(root->component[i].compatible, FRAMES_COMPATIBLE))
			continue;
		ser_open(&r, &root->component[i]);
		for (; preserved < root->component[i].count; preserved++)
			verify_frame(&r);
	}
	for (unsigned long pfn = 0; pfn < max_pfn; pfn++)
		held += handover_frame_preserved(pfn) && page_count(pfn_to_page(pfn)) > 0;
	if (held != preserved)
		fail("frames with holders", preserved, held);
}

void verify_adoption(const struct handover_root_ser *root)
{
	verify_frames(root);
	if (!page_tables_unchanged())
		fail("page tables that differ", 0, 1);
	pr_info("liveupdate: verified: %u address spaces, page tables bit for bit, every frame held as before\n",
		mm_numbers.count);
}

const struct liveupdate_class counts_class = {
	.layout = LAYOUT_counts,
	.preserve = preserve_counts,
	.retrieve = retrieve_counts,
};
