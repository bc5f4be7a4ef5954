#include "log_unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/bounds.h"
#include "base/diag.h"

void log_unit_free(struct log_unit *units, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free((void *)(uintptr_t)units[i].unit.name);
		free((void *)(uintptr_t)units[i].unit.log);
	}
	free(units);
}

struct log_unit *log_unit_copy(const struct plugin_unit *units, size_t count, size_t *n)
{
	struct log_unit *copy = calloc(count + 1, sizeof(copy[0]));

	*n = 0;
	for (size_t i = 0; copy != NULL && i < count; i++) {
		struct log_unit *unit = &copy[*n];

		if (units[i].log[0] == '\0')
			continue;
		unit->unit = (struct plugin_unit){.id = units[i].id, .name = strdup(units[i].name),
						  .log = strdup(units[i].log)};
		unit->old = true;
		(*n)++;
		if (unit->unit.name == NULL || unit->unit.log == NULL) {
			log_unit_free(copy, *n);
			return NULL;
		}
	}
	return copy;
}

struct log_unit *log_unit_find(struct log_unit *units, size_t count, const struct plugin_unit *unit)
{
	for (size_t i = 0; i < count; i++)
		if (units[i].unit.id == unit->id && strcmp(units[i].unit.log, unit->log) == 0)
			return &units[i];
	return NULL;
}

void log_unit_say(const struct plugin_host *host, const struct log_unit *unit, const char *path, const char *what)
{
	char text[PATH_BYTES + 160];

	(void)snprintf(text, sizeof(text), "%s: cannot follow the log %s: %s", unit->unit.name, path, what);
	host->log(LOG_WARNING, text);
}

void log_unit_say_error(const struct plugin_host *host, struct log_unit *unit, const char *path, int error)
{
	bool *said = error == -EINVAL ? &unit->said_kind : &unit->said_error;

	if (!*said)
		log_unit_say(host, unit, path, error == -EINVAL ? "it is no regular file" : diag_errno(error));
	*said = true;
}
