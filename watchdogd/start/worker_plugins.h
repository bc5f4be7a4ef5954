/* The plugins of a worker: those of its role that its config wants, loaded while files can still be opened, and
 * their part in each turn. */
#ifndef WD_START_WORKER_PLUGINS_H
#define WD_START_WORKER_PLUGINS_H

#include <poll.h>
#include <stdbool.h>

#include "config/config.h"
#include "share/plugin.h"
#include "start/worker_role.h"
#include "start/worker_units.h"

struct worker_plugins {
	const struct worker_role *role;
	const struct config *first; /* that it was started with, mapped for good; NULL: none */
	const struct plugin *plugin[WORKER_PLUGINS_MAX]; /* in the rows of the role; NULL: none */
	bool tried[WORKER_PLUGINS_MAX]; /* to load the one of that row */
	const struct plugin *matcher; /* of lines; NULL: none */
};

/* Load from dir and open those that the config of config_fd (which stays the caller's) wants; what cannot be is told.
 * role and host are borrowed for good. */
void worker_plugins_open(struct worker_plugins *plugins, const struct worker_role *role, const char *dir,
			 int config_fd, const struct plugin_host *host);

/* The config wants what cannot be had any more now that all is given up: a plugin that was not loaded, other
 * directories to write in. */
bool worker_plugins_lack(const struct worker_plugins *plugins, const struct config *config);

/* Walk their whole way once. */
void worker_plugins_warm(const struct worker_plugins *plugins);

/* Their rows of poll(2), at most max; rows: gets how many each has; *timeout_ms is lowered. How many in all. Then what
 * came there. */
int worker_plugins_prepare(const struct worker_plugins *plugins, struct pollfd *fds, int max,
			   int rows[WORKER_PLUGINS_MAX], int *timeout_ms);
void worker_plugins_dispatch(const struct worker_plugins *plugins, const struct pollfd *fds, const int *rows);

void worker_plugins_close(const struct worker_plugins *plugins);

#endif
