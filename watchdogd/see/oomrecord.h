/* What the kernel says when it runs out of memory, line by line, as one struct for each process it
 * killed. Pure text to struct: no allocation, no I/O, no clock; every length is bounded. Knows the
 * forms of Linux 2.6.18 to 6.x (mm/oom_kill.c, mm/memcontrol.c) and of the vendors' kernels of that
 * time; what looks like one and is not understood is OOMRECORD_UNKNOWN, never a guess.
 *
 * The pid of "Killed process" is the truth; what other lines say is added only where it belongs to
 * the same kill: who asked (the header before it, used up by the first kill after it), whose limit
 * (an oom-kill: line of that very pid), what else was big (the table after the header). The header
 * lines are rate-limited by the kernel, so any of it may be missing. */
#ifndef WD_SEE_OOMRECORD_H
#define WD_SEE_OOMRECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OOMRECORD_COMM_SIZE   64   /* TASK_COMM_LEN is 16; logs escape a byte as up to 4 */
#define OOMRECORD_PATH_SIZE   960  /* a printk record holds about 1 KiB and cuts a longer path */
#define OOMRECORD_CPUSET_SIZE 256  /* NAME_MAX: the last part of a cgroup's path */
#define OOMRECORD_GFP_SIZE    256  /* all names of gfp flags in a row are about 200 */
#define OOMRECORD_WORD_SIZE   48   /* CONSTRAINT_MEMORY_POLICY and what may come */
#define OOMRECORD_LINE_SIZE   2560 /* an oom-kill: line: two paths, a cpuset, the rest */
#define OOMRECORD_TASKS       5    /* so many of the table are kept */

/* Bits of oomrecord.known: a field whose bit is not set was not said. */
enum oomrecord_field {
	OOMRECORD_COMM = 1 << 0,
	OOMRECORD_UID = 1 << 1,
	OOMRECORD_TOTAL_VM = 1 << 2,
	OOMRECORD_ANON_RSS = 1 << 3,
	OOMRECORD_FILE_RSS = 1 << 4,
	OOMRECORD_SHMEM_RSS = 1 << 5,
	OOMRECORD_PGTABLES = 1 << 6,
	OOMRECORD_SCORE_ADJ = 1 << 7,
	OOMRECORD_CONSTRAINT = 1 << 8,
	OOMRECORD_OOM_MEMCG = 1 << 9,
	OOMRECORD_TASK_MEMCG = 1 << 10,
	OOMRECORD_CPUSET = 1 << 11,
	OOMRECORD_TRIGGER = 1 << 12,     /* trigger.comm and .gfp */
	OOMRECORD_TRIGGER_PID = 1 << 13, /* trigger.pid */
	OOMRECORD_ORDER = 1 << 14,       /* trigger.order */
	OOMRECORD_GROUP_MEMCG = 1 << 15,
};

/* Whose memory ran out. */
enum oomrecord_scope {
	OOMRECORD_SCOPE_UNKNOWN,
	OOMRECORD_SCOPE_HOST,
	OOMRECORD_SCOPE_CGROUP,
	OOMRECORD_SCOPE_CPUSET,
	OOMRECORD_SCOPE_POLICY, /* the nodes of a memory policy (mbind) */
	OOMRECORD_SCOPES
};

/* Names are the bytes of the kernel, hostile, never empty paths, NUL at the end. */
struct oomrecord_trigger {
	char comm[OOMRECORD_COMM_SIZE];
	char gfp[OOMRECORD_GFP_SIZE]; /* as written: "0xcc0(GFP_KERNEL)", "0x201da" */
	int32_t pid;
	int32_t order; /* -1: asked for by sysrq */
};

/* A row of the task table. Its sizes are in pages of the machine that wrote it. */
struct oomrecord_task {
	char comm[OOMRECORD_COMM_SIZE];
	int32_t pid;
	uint64_t rss_pages;
	uint64_t total_vm_pages;
};

struct oomrecord {
	uint32_t known; /* bits of enum oomrecord_field */
	int32_t pid;
	char comm[OOMRECORD_COMM_SIZE];
	uint32_t uid;
	uint64_t total_vm_kb; /* address space, not memory: says nothing of the size */
	uint64_t anon_rss_kb;
	uint64_t file_rss_kb;
	uint64_t shmem_rss_kb;
	uint64_t pgtables_kb; /* as printed: bytes with the unit kB in some kernels since 5.4 */
	int32_t oom_score_adj;
	enum oomrecord_scope scope;
	char constraint[OOMRECORD_WORD_SIZE]; /* CONSTRAINT_...: an open set */
	char oom_memcg[OOMRECORD_PATH_SIZE];  /* whose limit was hit */
	char task_memcg[OOMRECORD_PATH_SIZE]; /* where the killed process was */
	char cpuset[OOMRECORD_CPUSET_SIZE];
	bool group;                            /* killed along, by memory.oom.group */
	char group_memcg[OOMRECORD_PATH_SIZE]; /* of the group */
	bool reaped;                           /* OOMRECORD_REAPED: the memory is free */
	struct oomrecord_trigger trigger;
	unsigned tasks_n;
	struct oomrecord_task tasks[OOMRECORD_TASKS]; /* the largest by rss, largest first */
};

enum oomrecord_result {
	OOMRECORD_NOTHING, /* no OOM line, or one that is kept for the kill to come */
	OOMRECORD_KILL,    /* out: a process was killed; told at its line, not at the reaper's */
	OOMRECORD_GROUP, /* out->pid, told before, and all in out->group_memcg are killed with it */
	OOMRECORD_REAPED,  /* out->pid, out->comm: its memory is back (reaped) or could not be taken
			    */
	OOMRECORD_UNKNOWN, /* looks like an OOM line, not understood */
	OOMRECORD_RESULTS
};

/* One line without its prefix and without its newline; see kmsgline.h. */
struct oomrecord_line {
	const char *text; /* borrowed for the call; may hold any byte */
	size_t len;
	uint64_t at_us; /* when, on any clock that goes on; 0: not known. Old headers are dropped by
			   it */
	bool escaped;   /* \xNN as /dev/kmsg writes it, to be undone */
	bool continues; /* /dev/kmsg's flag c or +: a fragment of an earlier record */
};

/* What is kept between lines. The caller's; set up by oomrecord_init; nothing to free. */
struct oomrecord_parser {
	uint64_t last_us; /* of the last line that was of use */
	bool used;        /* the line at hand is of use */
	enum oomrecord_scope announced_scope;
	int32_t announced_pid; /* "Kill process N ... or sacrifice child"; 0: none */
	int32_t chosen_pid;    /* the last kill not of a group; 0: none */
	char chosen_comm[OOMRECORD_COMM_SIZE];
	bool in_group;
	char group_memcg[OOMRECORD_PATH_SIZE];
	uint32_t known; /* bits of the trigger alone */
	struct oomrecord_trigger trigger;
	unsigned columns;     /* numbers in a row of the table, without the pid; 0: no table */
	unsigned rss_at;      /* which of them is rss */
	unsigned total_vm_at; /* and total_vm */
	unsigned tasks_n;
	struct oomrecord_task tasks[OOMRECORD_TASKS];
	size_t context_len; /* the oom-kill: or "Task in" line, joined from its fragments */
	bool context_cut;
	char context[OOMRECORD_LINE_SIZE];
	char scratch[OOMRECORD_LINE_SIZE]; /* an escaped line, plain */
};

void oomrecord_init(struct oomrecord_parser *parser);

/* Take the next line. out: filled for KILL, GROUP and REAPED (of the last two only what the enum
 * says), zeroed otherwise. Any bytes in any order are fine. */
enum oomrecord_result oomrecord_feed(struct oomrecord_parser *parser,
				     const struct oomrecord_line *line, struct oomrecord *out);

/* Anonymous, file and shared memory together, as far as said, in kB; 0 when none was. */
uint64_t oomrecord_rss_kb(const struct oomrecord *record);

#endif
