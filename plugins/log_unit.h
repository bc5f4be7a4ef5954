/* The units whose log is a file, and what is said of a path that cannot be followed. */
#ifndef WD_LOG_UNIT_H
#define WD_LOG_UNIT_H

#include <stdbool.h>
#include <stddef.h>

#include "share/plugin.h"

struct log_unit {
	struct plugin_unit unit; /* id, name and log; the texts are copies */
	bool old;                /* what is found now was there before us */
	int error;               /* of this look at the path; 0 or -errno */
	bool said_kind, said_error, said_read; /* the last: that one that was open could not be read, once */
};

/* Those of the config that have a log, *n of them; NULL: no memory. The caller's (log_unit_free). */
struct log_unit *log_unit_copy(const struct plugin_unit *units, size_t count, size_t *n);
void log_unit_free(struct log_unit *units, size_t count);

/* The one with the same id and log, or NULL. */
struct log_unit *log_unit_find(struct log_unit *units, size_t count, const struct plugin_unit *unit);

void log_unit_say(const struct plugin_host *host, const struct log_unit *unit, const char *path, const char *what);

/* Once for each kind, until said_kind or said_error is taken back. error: -errno; EINVAL is no regular file. */
void log_unit_say_error(const struct plugin_host *host, struct log_unit *unit, const char *path, int error);

#endif
