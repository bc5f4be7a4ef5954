/* The lines about one process: the kill, its announcement, the reaper. Text to struct, without
 * memory of other lines (that is oomrecord.c). Names are hostile, so what stands behind a name is
 * found from the right end. */
#ifndef WD_SEE_OOMFIELDS_H
#define WD_SEE_OOMFIELDS_H

#include "see/oomrecord.h"
#include "see/oomtext.h"

enum oomfields_kind {
	OOMFIELDS_OTHER,    /* no such line */
	OOMFIELDS_ODD,      /* looks like one, not understood */
	OOMFIELDS_KILLED,   /* "Killed process", with sizes or with the kernel's words before it */
	OOMFIELDS_BARE,     /* "Killed process N (comm)" and nothing else (2.6.32) */
	OOMFIELDS_ANNOUNCED /* "Kill process N (comm) score S or sacrifice child": not killed yet */
};

/* A line with "Killed process" or "Kill process". Fills pid, scope and what the line says of the
 * fields; ODD and OTHER leave out as it is. */
enum oomfields_kind oomfields_kill(struct oomtext text, struct oomrecord *out);

/* "oom_reaper: ..." (4.6 and later): fills pid, comm and reaped. OTHER: a line of the reaper that
 * is neither. KILLED stands for understood. */
enum oomfields_kind oomfields_reaper(struct oomtext text, struct oomrecord *out);

#endif
