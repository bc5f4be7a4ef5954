/* A process as /proc tells of it (Documentation/filesystems/proc.rst). comm is hostile: 15 bytes of
 * anything, ") R 1" included. Nothing here reads what the process itself must page in. */
#ifndef WD_SEE_PROCFS_H
#define WD_SEE_PROCFS_H

#include <stdbool.h>
#include <stdint.h>

struct procfs_stat {
	int32_t pid, parent;
	char comm[16];
	char state;
	uint32_t flags; /* PF_* */
	uint32_t threads;
	uint64_t cpu_ticks; /* used so far, by its children that were waited for too */
	uint64_t start; /* ticks since boot: with the pid, who it is */
	uint64_t rss_pages;
	uint64_t stack; /* where its stack begins: another after each exec; 0: not shown to us */
};

/* The text of /proc/PID/stat. False when it is not of that form. */
bool procfs_parse_stat(const char *text, struct procfs_stat *out);

/* proc: a kept descriptor of /proc. 0 or -errno (-ENOENT, -ESRCH: gone). */
int procfs_read_stat(int proc, int32_t pid, struct procfs_stat *out);

/* The same, and of a zombie how it ended, as of wait(2): the field exit_code, which the kernel shows to root and to
 * who may trace the process, and as 0 to others. -EPROTO also where that field is missing (before 3.5). */
int procfs_read_exit(int proc, int32_t pid, struct procfs_stat *out, uint32_t *status);

/* Not a zombie; or one whose other threads live on, and with them its memory. */
bool procfs_is_alive(const struct procfs_stat *stat);

/* A thread of the kernel's: neither memory nor a program. */
bool procfs_is_kernel(const struct procfs_stat *stat);

struct procfs_memory {
	uint64_t rss_bytes;  /* RssAnon + RssShmem */
	uint64_t swap_bytes; /* VmSwap */
};

/* From /proc/PID/status; of a zombie with living threads from one of those. 0 or -errno. */
int procfs_read_memory(int proc, const struct procfs_stat *stat, struct procfs_memory *out);

#endif
