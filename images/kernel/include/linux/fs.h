// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The virtual file system: inode, dentry, open file, descriptor table, mount.
 *
 * Promises: every file system here lives in memory, so the tree of dentries IS
 * the directory (no negative dentries, no reclaim); a path is one dentry,
 * because a super block is mounted in one place only. Every object is plain
 * state on a list that can be walked: super blocks on super_blocks, inodes on
 * their super block, open files on open_files. A live upgrade reads the state
 * through these lists. Must not know: which file systems exist.
 *
 * Locking: vfs_mutex (sleeping) protects the dentry tree, mounts and link
 * counts; inode->i_mutex protects the data and size of one inode; files->lock
 * (spin) the descriptor table; open_files_lock (spin) the list of open files.
 * Order: vfs_mutex, i_mutex, files->lock, open_files_lock.
 */
#ifndef _LINUX_FS_H
#define _LINUX_FS_H

#include <linux/types.h>
#include <linux/list.h>
#include <linux/atomic.h>
#include <linux/spinlock.h>
#include <linux/mutex.h>
#include <linux/wait.h>
#include <linux/stat.h>
#include <linux/fcntl.h>
#include <uapi/linux/fs.h>

#define NR_OPEN	     256 /* descriptors of one process */
#define NAME_MAX     255
/* what one call moves at most, as on Linux */
#define MAX_RW_COUNT 0x7ffff000UL
#define PATH_MAX     4096

struct file;
struct inode;
struct dentry;
struct super_block;
struct page;
struct poll_table;
struct module;
struct vm_area_struct;
struct task_struct;

/* ---- directory reading ---- */
struct dir_context;
typedef bool (*filldir_t)(struct dir_context *, const char *name, int len, loff_t pos, u64 ino,
			  unsigned int type);
struct dir_context {
	filldir_t actor;
	loff_t pos;
};

#define DT_UNKNOWN 0
#define DT_FIFO	   1
#define DT_CHR	   2
#define DT_DIR	   4
#define DT_BLK	   6
#define DT_REG	   8
#define DT_LNK	   10

/* ---- operations ---- */

/*
 * @name identifies the kind of open file across a live upgrade; @carry says
 * whether the upgrade knows how to take such a file along ("tmpfs", "pipe",
 * "tty", "mem", "blk"); NULL means the file cannot be carried and the upgrade
 * refuses, naming it.
 */
struct file_operations {
	const char *name;
	const char *carry;
	struct module *owner;
	loff_t (*llseek)(struct file *, loff_t, int);
	ssize_t (*read)(struct file *, char __user *, size_t, loff_t *);
	ssize_t (*write)(struct file *, const char __user *, size_t, loff_t *);
	int (*iterate_shared)(struct file *, struct dir_context *);
	unsigned int (*poll)(struct file *, struct poll_table *);
	long (*unlocked_ioctl)(struct file *, unsigned int, unsigned long);
	int (*mmap)(struct file *, struct vm_area_struct *);
	int (*open)(struct inode *, struct file *);
	int (*release)(struct inode *, struct file *);
	int (*fsync)(struct file *);
	/*
	 * The page that holds byte index * PAGE_SIZE, with one more reference;
	 * NULL past the end (SIGBUS); ERR_PTR for out of memory. With @create a
	 * hole gets a page of its own, else a hole yields NULL-filled memory
	 * that is allocated as well (tmpfs has no shared zero page).
	 */
	struct page *(*get_page)(struct file *, unsigned long index, bool create);
};

struct inode_operations {
	/* a name that is not among the children; gives a dentry with one reference */
	struct dentry *(*lookup)(struct dentry *dir, const char *name);
	int (*create)(struct dentry *dir, struct dentry *, umode_t mode, dev_t);
	int (*symlink)(struct dentry *dir, struct dentry *, const char *target);
	int (*unlink)(struct dentry *dir, struct dentry *); /* files and empty directories */
	int (*link)(struct inode *, struct dentry *dir, struct dentry *);
	int (*rename)(struct dentry *old_dir, struct dentry *, struct dentry *new_dir);
	/* the target, copied into a buffer of PATH_MAX; its length or -errno */
	int (*get_link)(struct inode *, char *buf);
	int (*truncate)(struct inode *, loff_t size);
};

struct super_operations {
	void (*evict_inode)(struct inode *); /* the last reference is gone */
};

/* ---- objects ---- */
struct inode {
	unsigned long i_ino;
	atomic_t i_count;
	struct super_block *i_sb;
	struct list_head i_sb_list; /* super_block.s_inodes, vfs inode_lock */
	const struct inode_operations *i_op;
	const struct file_operations *i_fop;
	dev_t i_rdev;
	void *i_private;

	struct mutex i_mutex; /* protects what follows */
	umode_t i_mode;
	unsigned int i_nlink;
	unsigned int i_uid, i_gid;
	loff_t i_size;
	unsigned long i_blocks; /* of 512 bytes */
	u64 i_atime_ns, i_mtime_ns, i_ctime_ns;
	void *i_pages;			/* tmpfs: tree of page tables, see tmpfs.c */
	struct pipe_inode_info *i_pipe; /* named pipe in use */
};

struct dentry {
	atomic_t d_count; /* a place in the tree is one reference */
	struct inode *d_inode;
	struct super_block *d_sb;
	/* vfs_mutex protects: */
	char *d_name;
	struct dentry *d_parent;     /* itself at the root of a super block */
	struct list_head d_children; /* in order of d_seq */
	struct list_head d_sibling;
	u64 d_seq;		       /* directory position, never reused */
	bool d_linked;		       /* has its place in the tree */
	struct super_block *d_mounted; /* what hides this directory */
	void *d_fsdata;
};

struct file_system_type {
	const char *name;
	bool nodev;  /* takes no device: /proc/filesystems */
	bool single; /* one super block only */
	bool own;    /* each kernel mounts it itself: an upgrade leaves it */
	int (*fill_super)(struct super_block *, const char *source, void *data);
	struct list_head list;
};

struct super_block {
	struct list_head s_list; /* super_blocks, vfs_mutex */
	struct file_system_type *s_type;
	const struct super_operations *s_op;
	dev_t s_dev;
	unsigned long s_magic;
	unsigned long s_flags; /* MS_* */
	struct dentry *s_root;
	struct dentry *s_mountpoint; /* NULL for the root of all */
	char s_source[32];
	struct list_head s_inodes; /* inode_lock */
	unsigned long s_next_ino;
	u64 s_next_seq;
	void *s_fs_info;
};

static inline bool super_is_own(const struct super_block *sb)
{
	return sb->s_type && sb->s_type->own;
}

#define MS_RDONLY 1

struct file {
	atomic_t f_count;
	unsigned int f_flags; /* O_* */
	unsigned int f_mode;  /* FMODE_* */
	loff_t f_pos;	      /* f_pos_lock */
	struct mutex f_pos_lock;
	struct inode *f_inode;
	struct dentry *f_dentry; /* NULL for an unnamed pipe */
	const struct file_operations *f_op;
	void *private_data;
	struct list_head f_list; /* open_files, open_files_lock */
	u64 f_id;		 /* unique while the machine runs; kept by an upgrade */
};

#define FMODE_READ  1
#define FMODE_WRITE 2

struct files_struct {
	atomic_t count;
	spinlock_t lock; /* protects what follows */
	struct file *fd[NR_OPEN];
	unsigned long close_on_exec[NR_OPEN / 64];
	/* 8*NR_OPEN + ... fits one page */
};

struct fs_struct {
	atomic_t count;
	spinlock_t lock; /* protects what follows */
	struct dentry *root, *pwd;
	umode_t umask;
};

extern struct mutex vfs_mutex;
extern struct list_head super_blocks;
extern struct list_head open_files;
extern spinlock_t open_files_lock;
extern spinlock_t inode_lock;

/* ---- start-up; both from the init task, in this order ---- */
void vfs_init(void); /* caches, root tmpfs, /dev /proc /sys mounted */
void populate_rootfs(unsigned long start_phys, unsigned long len); /* cpio archives */

/* ---- processes (fork, exec, exit) ---- */
struct files_struct *alloc_files(void);
struct files_struct *dup_files(struct files_struct *); /* fork without CLONE_FILES */
void put_files(struct files_struct *);
void close_on_exec(struct files_struct *); /* exec: O_CLOEXEC descriptors */
struct fs_struct *alloc_fs(void);	   /* root and pwd = "/" */
struct fs_struct *dup_fs(struct fs_struct *);
void put_fs(struct fs_struct *);
/* open /dev/console as descriptors 0, 1, 2 of the current task */
int open_console(void);

/* ---- open files ---- */
struct file *alloc_file(struct dentry *, struct inode *, unsigned int flags,
			const struct file_operations *);
struct file *get_file(struct file *);
void fput(struct file *);
struct file *fget(unsigned int fd);
int get_unused_fd_flags(unsigned int flags);
void fd_install(unsigned int fd, struct file *);
int close_fd(unsigned int fd);
struct file *filp_open(const char *name, int flags, umode_t mode); /* kernel string */
ssize_t kernel_read(struct file *, void *buf, size_t, loff_t *);
ssize_t kernel_write(struct file *, const void *buf, size_t, loff_t *);
ssize_t vfs_read(struct file *, char __user *, size_t, loff_t *);
ssize_t vfs_write(struct file *, const char __user *, size_t, loff_t *);

/* ---- names ---- */
#define LOOKUP_FOLLOW	 1 /* follow a symbolic link at the end */
#define LOOKUP_DIRECTORY 2
struct dentry *kern_path(const char *name, unsigned int flags); /* reference or ERR_PTR */
int dentry_path(struct dentry *, char *buf, int size);		/* "/a/b", " (deleted)" appended */
int dentry_path_locked(struct dentry *, char *buf, int size);	/* with vfs_mutex */
int getname(const char __user *, char **name);			/* kmalloc'ed, PATH_MAX at most */
int vfs_mkdir(const char *path, umode_t mode);			/* kernel string */
int vfs_mknod(const char *path, umode_t mode, dev_t);

/* ---- dentries and inodes ---- */
struct dentry *dget(struct dentry *);
void dput(struct dentry *);
struct dentry *d_alloc(struct dentry *parent, const char *name);
void d_link(struct dentry *); /* take its place in the tree */
void d_unlink(struct dentry *);
struct dentry *d_find_child(struct dentry *dir, const char *name); /* no reference */
struct inode *new_inode(struct super_block *, umode_t mode);
struct inode *iget(struct inode *);
void iput(struct inode *);
int dcache_readdir(struct file *, struct dir_context *);
bool dir_emit_dots(struct file *, struct dir_context *);
loff_t generic_file_llseek(struct file *, loff_t, int);
loff_t no_llseek(struct file *, loff_t, int);
int inode_permission(struct inode *, int mask);
u64 current_time_ns(void); /* real time, for inodes */

/* ---- file systems and mounts ---- */
void register_filesystem(struct file_system_type *);
int do_mount(const char *source, const char *target, const char *type, unsigned long flags,
	     void *data);
extern struct list_head file_systems;

/* ---- device numbers ---- */
#define MAJOR(dev)    ((unsigned int)((dev) >> 8))
#define MINOR(dev)    ((unsigned int)((dev)&0xff))
#define MKDEV(ma, mi) ((dev_t)(((ma) << 8) | (mi)))
/* names the operations of a device node; appears as /dev/@name too */
int register_device(const char *name, umode_t type, dev_t, umode_t perm,
		    const struct file_operations *, void *private);
const struct file_operations *device_fops(umode_t type, dev_t, void **private);

/* ---- tmpfs, as an upgrade sees it ---- */
extern const struct file_operations tmpfs_file_operations;
bool is_tmpfs(struct super_block *);
/* every inode of every tmpfs, until @fn returns non-zero (given back) */
int tmpfs_for_each_inode(int (*fn)(struct inode *, void *), void *);
/* every page the file has, in order; holes are passed over */
int tmpfs_for_each_page(struct inode *,
			int (*fn)(struct inode *, unsigned long index, struct page *, void *),
			void *);
/* a page that is there already becomes page @index; takes over the reference */
int tmpfs_insert_page(struct inode *, unsigned long index, struct page *);
struct inode *tmpfs_new_inode(struct super_block *, umode_t mode, dev_t);
int tmpfs_set_symlink(struct inode *, const char *target);

/* ---- pipes, as an upgrade sees them ---- */
#define PIPE_BUFFERS 16
#define PIPE_BUF     4096
struct pipe_buffer {
	struct page *page;
	unsigned int offset, len;
};
struct pipe_inode_info {
	struct mutex mutex; /* protects what follows */
	wait_queue_head_t rd_wait, wr_wait;
	unsigned int head, tail; /* free-running; buffers [tail, head) are full */
	unsigned int readers, writers;
	unsigned int r_counter, w_counter; /* opens so far, for FIFOs */
	struct pipe_buffer bufs[PIPE_BUFFERS];
};
extern const struct file_operations pipefifo_fops;
int create_pipe_files(struct file **res, int flags); /* [0] reads, [1] writes */
struct pipe_inode_info *file_pipe(struct file *);    /* NULL if not a pipe */

/* restart_block.fn of calls that were taken back to the boundary */
struct restart_block;
long write_restart(struct restart_block *);
long poll_restart(struct restart_block *);
long select_restart(struct restart_block *);
long ppoll_restart(struct restart_block *);

/* ---- adoption after a live upgrade; see fs/adopt.c for the protocol ---- */
struct vfs_super_record {
	const char *type, *source;
	dev_t dev;
	unsigned long flags, next_ino;
	u64 next_seq;
};
struct vfs_inode_record {
	unsigned long ino;
	bool is_root;
	umode_t mode;
	dev_t rdev;
	unsigned int nlink, uid, gid;
	loff_t size;
	u64 atime_ns, mtime_ns, ctime_ns;
};
struct vfs_file_record {
	u64 id;			  /* f_id */
	const char *kind;	  /* f_op->name */
	unsigned int flags, mode; /* f_flags, f_mode */
	loff_t pos;
	int tty; /* of a terminal: tty_struct.index */
};
struct super_block *vfs_adopt_super(const struct vfs_super_record *);
struct inode *vfs_adopt_inode(struct super_block *, const struct vfs_inode_record *);
struct dentry *vfs_adopt_dentry(struct dentry *parent, const char *name, struct inode *, u64 seq,
				bool linked);
int vfs_adopt_mount(struct super_block *, struct dentry *point);
struct inode *vfs_adopt_pipe(struct inode *fifo, unsigned long ino, unsigned int readers,
			     unsigned int writers, unsigned int r_counter, unsigned int w_counter);
int pipe_adopt_buffer(struct inode *, struct page *, unsigned int offset, unsigned int len);
struct file *vfs_adopt_file(struct dentry *, struct inode *, const struct vfs_file_record *);
void vfs_adopt_done(void);

#endif
