/* The `alive` commands of the units: each runs every so often, as a user without privileges, one at a time for each
 * unit, spread over time; what it says of the unit goes to host->alive. One that does not end in its time is killed
 * with its whole group, and what it leaves behind too: it is asked again and again. */
#ifndef WD_PLUGINS_EXEC_CHECK_H
#define WD_PLUGINS_EXEC_CHECK_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "share/plugin.h"

struct exec_check_with {
	const struct plugin_host *host;
	uid_t uid; /* who runs them */
	gid_t gid;
};

/* Take who runs them; nothing is checked yet. */
void exec_check_open(const struct exec_check_with *with);

/* The units from now on. A check whose unit, command and times are as before goes on as before. */
void exec_check_watch(const struct plugin_unit *units, size_t count);

/* busy: the plugin has its hands full; none is begun. As prepare and dispatch of the ABI. */
int exec_check_prepare(struct pollfd *fds, int max, int *timeout_ms, bool busy);
void exec_check_dispatch(bool busy);

/* Kill what runs, tell nothing. */
void exec_check_close(void);

#endif
