/* The head of an OOM record (dump_header in mm/oom_kill.c): who asked for memory, and the table of
 * tasks. Text to struct, without memory of other lines (that is oomrecord.c). */
#ifndef WD_SEE_OOMHEADER_H
#define WD_SEE_OOMHEADER_H

#include "see/oomrecord.h"
#include "see/oomtext.h"

/* How the rows of the table are made: by its head, which changed often since 2.6.32. */
struct oomheader_columns {
	unsigned n;           /* numbers behind the pid; 0: no table */
	unsigned total_vm_at; /* which of them, from 0 */
	unsigned rss_at;
};

/* "COMM invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0". Sets TRIGGER
 * and, where it is said, ORDER in *known. */
bool oomheader_trigger(struct oomtext text, struct oomrecord_trigger *trigger, uint32_t *known);

/* "CPU: 3 UID: 0 PID: 12 Comm: COMM Not tainted ..." (dump_stack_print_info; "Pid: 12, comm: COMM"
 * before 3.9): the pid when it is of a process of this name, 0 otherwise. */
int32_t oomheader_trigger_pid(struct oomtext text, const char *comm);

/* "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name". */
bool oomheader_table(struct oomtext text, struct oomheader_columns *columns);

/* "[    123]  1000   123    54321 ... COMM" under that head. */
bool oomheader_row(struct oomtext text, const struct oomheader_columns *columns,
		   struct oomrecord_task *task);

#endif
