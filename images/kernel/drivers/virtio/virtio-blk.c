// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A virtio block device on the MMIO transport (virtio 1.1, sections 4.2, 5.2).
 *
 * Promises: requests go straight to the frames they are for; a request is done
 * when the function returns, so what has been written is on the disk as far as
 * the device says so. Every structure that the device sees lies in general page
 * frames and is kept by physical address, so a new kernel can go on with the
 * same rings: virtio_blk_takeover() writes no device register at all.
 *
 * 1. A request is three descriptors: header (device reads), data, status
 *    (device writes): 5.2.6. Slot i owns descriptors 3i, 3i+1, 3i+2 for ever,
 *    so freeing needs no list, and the ring's state is last_used alone.
 * 2. The avail index is written after the entry and read by the device; the
 *    used index is read before the entry (2.6.13, 2.6.14). x86 keeps stores and
 *    loads in order; the barriers here hold the compiler.
 * 3. After filling the avail ring, a full barrier is needed before the device's
 *    used flags are read (2.6.13.4).
 */
#include <linux/kernel.h>
#include <linux/virtio_blk.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/wait.h>
#include <asm/page.h>

/* registers (4.2.2) */
#define MMIO_MAGIC		 0x000
#define MMIO_VERSION		 0x004
#define MMIO_DEVICE_ID		 0x008
#define MMIO_DEVICE_FEATURES	 0x010
#define MMIO_DEVICE_FEATURES_SEL 0x014
#define MMIO_DRIVER_FEATURES	 0x020
#define MMIO_DRIVER_FEATURES_SEL 0x024
#define MMIO_QUEUE_SEL		 0x030
#define MMIO_QUEUE_NUM_MAX	 0x034
#define MMIO_QUEUE_NUM		 0x038
#define MMIO_QUEUE_READY	 0x044
#define MMIO_QUEUE_NOTIFY	 0x050
#define MMIO_INTERRUPT_STATUS	 0x060
#define MMIO_INTERRUPT_ACK	 0x064
#define MMIO_STATUS		 0x070
#define MMIO_QUEUE_DESC_LOW	 0x080
#define MMIO_QUEUE_DESC_HIGH	 0x084
#define MMIO_QUEUE_AVAIL_LOW	 0x090
#define MMIO_QUEUE_AVAIL_HIGH	 0x094
#define MMIO_QUEUE_USED_LOW	 0x0a0
#define MMIO_QUEUE_USED_HIGH	 0x0a4
#define MMIO_CONFIG		 0x100

#define VIRTIO_MAGIC	   0x74726976 /* "virt" */
#define VIRTIO_ID_BLOCK	   2
#define STATUS_ACKNOWLEDGE 1
#define STATUS_DRIVER	   2
#define STATUS_DRIVER_OK   4
#define STATUS_FEATURES_OK 8
#define STATUS_FAILED	   128

#define F_BLK_RO	 (1U << 5) /* feature bits 0-31 */
#define F_VERSION_1_HIGH (1U << 0) /* bit 32 */

#define DESC_NEXT  1
#define DESC_WRITE 2
#define BLK_T_IN   0
#define BLK_T_OUT  1

#define QUEUE_SIZE 128
#define SLOTS	   (QUEUE_SIZE / 3)

struct vring_desc { /* 2.6.5 */
	u64 addr;
	u32 len;
	u16 flags, next;
};

struct vring_avail {
	u16 flags, idx, ring[];
};

struct vring_used {
	u16 flags, idx;
	struct {
		u32 id, len;
	} ring[];
};

struct request_header { /* 5.2.6, with the status byte behind it */
	u32 type, reserved;
	u64 sector;
	u8 status;
	u8 pad[15];
};

static struct {
	spinlock_t lock; /* protects what follows */
	struct virtio_blk_state s;
	unsigned int size; /* of the queue */
	unsigned int slots;
	u64 busy; /* bit i: slot i is in flight */
	u64 done; /* bit i: slot i is complete, nobody has seen it */
	bool frozen;
	volatile void *mmio;
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	struct request_header *headers;
} disk;

static DECLARE_WAIT_QUEUE_HEAD(slot_wait);
static DECLARE_WAIT_QUEUE_HEAD(done_wait);

static void *ring_part(unsigned int which)
{
	unsigned int avail = disk.size * sizeof(struct vring_desc);
	unsigned int used = ALIGN(avail + 6 + 2 * disk.size, 4);
	char *ring = __va(disk.s.ring_phys);

	return ring + (which == 0 ? 0 : which == 1 ? avail : used);
}

static void map_rings(void)
{
	disk.desc = ring_part(0);
	disk.avail = ring_part(1);
	disk.used = ring_part(2);
	disk.headers = __va(disk.s.header_phys);
	disk.slots = min_t(unsigned int, disk.size / 3, SLOTS);
}

/* Take what the device has finished; with the lock. */
static void reap(void)
{
	lockdep_assert_held(&disk.lock);
	while ((u16)disk.s.last_used != READ_ONCE(disk.used->idx)) {
		unsigned int slot;

		barrier();
		slot = disk.used->ring[disk.s.last_used % disk.size].id / 3;
		disk.s.last_used = (u16)(disk.s.last_used + 1);
		if (slot < disk.slots)
			disk.done |= 1ULL << slot;
	}
}

static irqreturn_t disk_interrupt(int irq, void *data)
{
	u32 status;

	spin_lock(&disk.lock);
	status = readl(disk.mmio + MMIO_INTERRUPT_STATUS);
	if (status)
		writel(status, disk.mmio + MMIO_INTERRUPT_ACK);
	reap();
	spin_unlock(&disk.lock);
	wake_up_all(&done_wait);
	return status ? IRQ_HANDLED : IRQ_NONE;
}

static int take_slot(void)
{
	int slot = -1;
	unsigned int i;

	spin_lock_irq(&disk.lock);
	for (i = 0; i < disk.slots && !disk.frozen; i++) {
		if (disk.busy & (1ULL << i))
			continue;
		disk.busy |= 1ULL << i;
		disk.s.in_flight++;
		slot = i;
		break;
	}
	spin_unlock_irq(&disk.lock);
	return slot;
}

static void submit(unsigned int slot, u64 sector, phys_addr_t data, size_t bytes, bool write)
{
	struct vring_desc *desc = disk.desc + 3 * slot;
	struct request_header *header = disk.headers + slot;
	phys_addr_t header_phys = disk.s.header_phys + slot * sizeof(*header);

	header->type = write ? BLK_T_OUT : BLK_T_IN;
	header->reserved = 0;
	header->sector = sector;
	header->status = 0xff;
	desc[0] = (struct vring_desc){ header_phys, 16, DESC_NEXT, 3 * slot + 1 };
	desc[1] = (struct vring_desc){ data, bytes, DESC_NEXT | (write ? 0 : DESC_WRITE),
				       3 * slot + 2 };
	desc[2] = (struct vring_desc){ header_phys + offsetof(struct request_header, status), 1,
				       DESC_WRITE, 0 };
	spin_lock_irq(&disk.lock);
	disk.avail->ring[disk.avail->idx % disk.size] = 3 * slot;
	barrier();
	WRITE_ONCE(disk.avail->idx, disk.avail->idx + 1);
	smp_mb();
	writel(0, disk.mmio + MMIO_QUEUE_NOTIFY);
	spin_unlock_irq(&disk.lock);
}

static bool is_done(unsigned int slot)
{
	unsigned long flags;
	bool done;

	spin_lock_irqsave(&disk.lock, flags);
	reap();
	done = disk.done & (1ULL << slot);
	spin_unlock_irqrestore(&disk.lock, flags);
	return done;
}

/* @bytes at most a page, inside one frame. */
static int transfer(u64 sector, void *buf, size_t bytes, bool write)
{
	u8 status;
	int slot;

	/* a request that has begun is always seen to its end: no signal ends it */
	wait_event(slot_wait, (slot = take_slot()) >= 0);
	submit(slot, sector, __pa(buf), bytes, write);
	wait_event(done_wait, is_done(slot));
	status = disk.headers[slot].status;
	spin_lock_irq(&disk.lock);
	disk.done &= ~(1ULL << slot);
	disk.busy &= ~(1ULL << slot);
	disk.s.in_flight--;
	spin_unlock_irq(&disk.lock);
	wake_up_all(&slot_wait);
	return status == 0 ? 0 : -EIO;
}

int virtio_blk_rw(u64 sector, void *buf, size_t bytes, bool write)
{
	char *p = buf;
	int ret;

	if (!disk.s.mmio_phys)
		return -ENXIO;
	if (write && disk.s.read_only)
		return -EROFS;
	if (bytes % 512 || sector + bytes / 512 > disk.s.capacity)
		return -EINVAL;
	while (bytes) {
		size_t n = min_t(size_t, bytes, PAGE_SIZE - offset_in_page(p));

		ret = transfer(sector, p, n, write);
		if (ret)
			return ret;
		p += n;
		sector += n / 512;
		bytes -= n;
	}
	return 0;
}

void virtio_blk_freeze(void)
{
	spin_lock_irq(&disk.lock);
	disk.frozen = true;
	spin_unlock_irq(&disk.lock);
	wait_event(slot_wait, !READ_ONCE(disk.s.in_flight));
}

void virtio_blk_thaw(void)
{
	spin_lock_irq(&disk.lock);
	disk.frozen = false;
	spin_unlock_irq(&disk.lock);
	wake_up_all(&slot_wait);
}

void virtio_blk_get_state(struct virtio_blk_state *state)
{
	unsigned long flags;

	spin_lock_irqsave(&disk.lock, flags);
	disk.s.queue_size = disk.size;
	*state = disk.s;
	spin_unlock_irqrestore(&disk.lock, flags);
}

/* ---- beginning ---- */

static int setup_queue(void)
{
	unsigned int max;
	struct page *ring, *header;

	writel(0, disk.mmio + MMIO_QUEUE_SEL);
	if (readl(disk.mmio + MMIO_QUEUE_READY))
		return -EBUSY;
	max = readl(disk.mmio + MMIO_QUEUE_NUM_MAX);
	if (max < 3)
		return -ENODEV;
	disk.size = min_t(unsigned int, max, QUEUE_SIZE);
	disk.s.ring_order = 0;
	ring = alloc_pages(GFP_KERNEL | __GFP_ZERO, 0);
	header = alloc_pages(GFP_KERNEL | __GFP_ZERO, 0);
	/* 128 entries: 2048 + 262 + 1030 bytes, less than a frame */
	if (!ring || !header)
		return -ENOMEM;
	disk.s.ring_phys = page_to_phys(ring);
	disk.s.header_phys = page_to_phys(header);
	map_rings();
	writel(disk.size, disk.mmio + MMIO_QUEUE_NUM);
	writel(__pa(disk.desc), disk.mmio + MMIO_QUEUE_DESC_LOW);
	writel(__pa(disk.desc) >> 32, disk.mmio + MMIO_QUEUE_DESC_HIGH);
	writel(__pa(disk.avail), disk.mmio + MMIO_QUEUE_AVAIL_LOW);
	writel(__pa(disk.avail) >> 32, disk.mmio + MMIO_QUEUE_AVAIL_HIGH);
	writel(__pa(disk.used), disk.mmio + MMIO_QUEUE_USED_LOW);
	writel(__pa(disk.used) >> 32, disk.mmio + MMIO_QUEUE_USED_HIGH);
	writel(1, disk.mmio + MMIO_QUEUE_READY);
	return 0;
}

static int setup_device(void)
{
	u32 features;
	int ret;

	writel(0, disk.mmio + MMIO_STATUS);
	writel(STATUS_ACKNOWLEDGE, disk.mmio + MMIO_STATUS);
	writel(STATUS_ACKNOWLEDGE | STATUS_DRIVER, disk.mmio + MMIO_STATUS);
	writel(1, disk.mmio + MMIO_DEVICE_FEATURES_SEL);
	if (!(readl(disk.mmio + MMIO_DEVICE_FEATURES) & F_VERSION_1_HIGH))
		return -ENODEV;
	writel(0, disk.mmio + MMIO_DEVICE_FEATURES_SEL);
	features = readl(disk.mmio + MMIO_DEVICE_FEATURES) & F_BLK_RO;
	disk.s.read_only = features & F_BLK_RO;
	writel(0, disk.mmio + MMIO_DRIVER_FEATURES_SEL);
	writel(features, disk.mmio + MMIO_DRIVER_FEATURES);
	writel(1, disk.mmio + MMIO_DRIVER_FEATURES_SEL);
	writel(F_VERSION_1_HIGH, disk.mmio + MMIO_DRIVER_FEATURES);
	writel(STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK, disk.mmio + MMIO_STATUS);
	if (!(readl(disk.mmio + MMIO_STATUS) & STATUS_FEATURES_OK))
		return -ENODEV;
	ret = setup_queue();
	if (ret)
		return ret;
	disk.s.capacity = readl(disk.mmio + MMIO_CONFIG) | (u64)readl(disk.mmio + MMIO_CONFIG + 4)
								   << 32;
	writel(STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK | STATUS_DRIVER_OK,
	       disk.mmio + MMIO_STATUS);
	return 0;
}

/* "<size>@<address>:<irq>[:<id>]", as Linux's virtio_mmio.device */
static bool parse_transport(char *text, u64 *phys, u32 *irq)
{
	char *p;

	simple_strtoull(text, &p, 0);
	if (*p == 'k' || *p == 'K')
		p++;
	if (*p != '@')
		return false;
	*phys = simple_strtoull(p + 1, &p, 0);
	if (*p != ':')
		return false;
	*irq = simple_strtoul(p + 1, &p, 0);
	return *phys != 0;
}

int virtio_blk_init(void)
{
	const char *from = saved_command_line;
	char text[64];
	u64 phys;
	u32 irq;
	int ret;

	while (cmdline_next_option(&from, "virtio_mmio.device", text, sizeof(text)) >= 0) {
		if (!parse_transport(text, &phys, &irq)) {
			printk(KERN_ERR "virtio_mmio: cannot read '%s'\n", text);
			continue;
		}
		disk.mmio = ioremap(phys, 0x200);
		if (!disk.mmio || readl(disk.mmio + MMIO_MAGIC) != VIRTIO_MAGIC ||
		    readl(disk.mmio + MMIO_DEVICE_ID) != VIRTIO_ID_BLOCK)
			continue;
		if (readl(disk.mmio + MMIO_VERSION) != 2) {
			printk(KERN_ERR "virtio_blk: legacy device, version 2 is needed\n");
			continue;
		}
		ret = setup_device();
		if (!ret)
			ret = request_irq(irq, disk_interrupt, 0, "virtio-blk", &disk);
		if (ret) {
			writel(STATUS_FAILED, disk.mmio + MMIO_STATUS);
			printk(KERN_ERR "virtio_blk: error %d\n", -ret);
			continue;
		}
		disk.s.irq = irq;
		disk.s.mmio_phys = phys;
		printk(KERN_INFO "virtio_blk: [vda] %llu 512-byte logical blocks%s\n",
		       disk.s.capacity, disk.s.read_only ? ", read only" : "");
		return vda_register();
	}
	return -ENODEV;
}

int virtio_blk_takeover(const struct virtio_blk_state *state)
{
	int ret;

	if (!state->mmio_phys)
		return 0;
	if (state->in_flight || state->queue_size < 3 || state->queue_size > QUEUE_SIZE)
		return -EINVAL;
	disk.s = *state;
	disk.size = state->queue_size;
	disk.mmio = ioremap(state->mmio_phys, 0x200);
	if (!disk.mmio)
		return -ENOMEM;
	map_rings();
	ret = request_irq(state->irq, disk_interrupt, 0, "virtio-blk", &disk);
	if (ret)
		disk.s.mmio_phys = 0;
	return ret ? ret : vda_register();
}
