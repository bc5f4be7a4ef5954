#include "start/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "base/diag.h"
#include "base/file.h"

enum { MEMORY_STACK_BYTES = 64 * 1024 }; /* deeper than any path of ours: -fstack-usage */

static __attribute__((noinline)) void memory_touch_stack(void)
{
	volatile char stack[MEMORY_STACK_BYTES];

	for (size_t i = 0; i < sizeof(stack); i += 1024)
		stack[i] = 0;
}

void memory_lock(const char *who)
{
	memory_touch_stack();
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0)
		diag_warning("%s cannot lock its memory: %s; it may be slow when the host thrashes", who,
			     diag_errno(errno));
}

void memory_protect(void)
{
	int error = file_write_at(AT_FDCWD, "/proc/self/oom_score_adj", "-999");

	if (error < 0)
		diag_debug("cannot lower oom_score_adj: %s", diag_errno(error));
}
