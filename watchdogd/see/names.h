/* The names of a process, read when they are needed: comm is known; executable and working directory are links;
 * its arguments lie in its own memory, and are read only if nothing else has decided. */
#ifndef WD_SEE_NAMES_H
#define WD_SEE_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bounds.h"
#include "see/match.h"

enum { NAMES_ARGS_BYTES = 4096 };

struct names {
	struct match_process seen;
	int proc;
	int32_t pid;
	bool args_read;
	char exe[PATH_BYTES], cwd[PATH_BYTES], cmdline[NAMES_ARGS_BYTES];
};

/* proc: a kept descriptor of /proc; comm: stays the caller's. */
void names_read(struct names *names, int proc, int32_t pid, const char *comm);

/* Only its comm is known, and nothing more is to be read. */
void names_comm_alone(struct names *names, const char *comm);

/* match_holds of them. */
bool names_hold(struct names *names, const char *target);

/* It has arguments; a thread of the kernel's has none. */
bool names_have_args(struct names *names);

#endif
