/* The commands that run: a fixed number of places, each from its start to the answer. At its limit a command's group
 * gets SIGTERM, 2 s later SIGKILL. */
#ifndef WD_PLUGINS_EXEC_COMMAND_H
#define WD_PLUGINS_EXEC_COMMAND_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/spawn.h"
#include "share/plugin.h"

/* What is to be run, as it was asked for. */
struct exec_order {
	uint64_t id;         /* of the request, or of the delivery where it sends */
	bool sends;          /* a channel's message: answered by host->sent, run as often as it takes */
	uint32_t timeout_ms; /* 0: our own default */
	int input;           /* of the command, stays the caller's; or -errno */
};

/* Nothing runs. host: lives as long as the plugin. */
void exec_command_open(const struct plugin_host *host);

bool exec_command_has_room(void);

/* So many run that no check is to begin beside them. */
bool exec_command_is_busy(void);

/* Answer that it is not run, and why: what, and the error's words but for -EINVAL and -EAGAIN. */
void exec_command_refuse(const struct exec_order *order, int error, const char *what);

/* Start it (there is room); input and output of spawn are set here. Always answered, now or later. */
void exec_command_start(const struct exec_order *order, struct spawn *spawn);

/* The plugin's prepare, dispatch and cancel. */
int exec_command_prepare(struct pollfd *fds, int max, int *timeout_ms);
void exec_command_dispatch(void);
void exec_command_cancel(uint64_t delivery);

/* Nobody is left to hold them to their time: kill what runs, and tell. */
void exec_command_close(void);

#endif
