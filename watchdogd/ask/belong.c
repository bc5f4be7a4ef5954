#include "ask/belong.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BELONG_DEPTH = 256 }; /* parents that are asked whose child a process is */

static void belong_own(struct belong *b, size_t i)
{
	struct match_process seen = processes_match(&b->processes.row[i]);
	struct belong_owner *owner = &b->owner[i];

	*owner = (struct belong_owner){CONFIG_NONE, CONFIG_NONE, CONFIG_NONE};
	for (uint32_t u = 0; u < b->config->units.count; u++) {
		const struct config_unit *unit = config_unit_at(b->config, u);

		if (unit->kind != CONFIG_MATCH || !match_holds(config_string(b->config, unit->target), &seen))
			continue;
		if (owner->first != CONFIG_NONE) {
			owner->second = u;
			return;
		}
		owner->first = u;
	}
}

/* What the processes of a unit started is the unit too. */
static void belong_inherit(struct belong *b, size_t i)
{
	size_t at = i;

	for (int depth = 0; depth < BELONG_DEPTH && at < b->processes.count; depth++) {
		const struct belong_owner *owner = &b->owner[at];

		if (owner->second != CONFIG_NONE)
			return;
		b->owner[i].unit = owner->first;
		if (owner->first != CONFIG_NONE)
			return;
		at = processes_parent(&b->processes, &b->processes.row[at]);
	}
}

/* Only slices and user managers lead to a systemd unit; see/unit_search.c looks for it so too. */
static bool belong_leads_on(const char *name, size_t n, uint32_t uid, bool *user)
{
	static const char slice[] = ".slice";
	char manager[32];

	if (n > sizeof(slice) - 1 && memcmp(name + n - (sizeof(slice) - 1), slice, sizeof(slice) - 1) == 0)
		return true;
	(void)snprintf(manager, sizeof(manager), "user@%u.service", uid);
	*user = *user || (strlen(manager) == n && memcmp(name, manager, n) == 0);
	return n > 5 && memcmp(name, "user@", 5) == 0;
}

/* path, up to its end: "/system.slice/nodira.service/...". */
static bool belong_is_below_service(const struct belong *b, const struct config_unit *unit, const char *path, const char *end)
{
	const char *target = config_string(b->config, unit->target);
	bool user = unit->user == 0;

	while (path < end) {
		const char *name = path + 1, *slash = memchr(name, '/', (size_t)(end - name));
		size_t n = (size_t)((slash != NULL ? slash : end) - name);
		size_t escaped = n > 0 && name[0] == '_'; /* cg_escape() of systemd */

		if (user && strlen(target) == n - escaped && memcmp(name + escaped, target, n - escaped) == 0)
			return true;
		if (!belong_leads_on(name, n, unit->uid, &user))
			return false;
		path = slash != NULL ? slash : end;
	}
	return false;
}

static bool belong_is_below(const struct belong *b, const struct config_unit *unit, const char *path, const char *end)
{
	const char *target = config_string(b->config, unit->target);
	size_t n = strlen(target), len = (size_t)(end - path);

	if (unit->kind == CONFIG_SYSTEMD)
		return belong_is_below_service(b, unit, path, end);
	return len >= n && memcmp(path, target, n) == 0 && (len == n || path[n] == '/');
}

/* A line is "0::/path" of v2, "5:memory:/path" of v1, "1:name=systemd:/path". */
static bool belong_is_in_cgroup(const struct belong *b, const struct config_unit *unit, const struct process_now *process)
{
	for (const char *line = process->cgroups; *line != '\0';) {
		const char *end = line + strcspn(line, "\n"), *path = strchr(line, ':');

		path = path != NULL && path < end ? memchr(path + 1, ':', (size_t)(end - path - 1)) : NULL;
		if (path != NULL && belong_is_below(b, unit, path + 1, end))
			return true;
		line = *end != '\0' ? end + 1 : end;
	}
	return false;
}

bool belong_is_in(const struct belong *b, uint32_t u, size_t i)
{
	const struct config_unit *unit = config_unit_at(b->config, u);

	if (unit->kind == CONFIG_MATCH)
		return b->owner[i].unit == u;
	return belong_is_in_cgroup(b, unit, &b->processes.row[i]);
}

int belong_init(struct belong *b, const struct config *config)
{
	int error;

	*b = (struct belong){.config = config};
	error = processes_init(&b->processes);
	if (error < 0)
		return error;
	b->owner = calloc(b->processes.count + 1, sizeof(*b->owner));
	if (b->owner == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < b->processes.count; i++)
		belong_own(b, i);
	for (size_t i = 0; i < b->processes.count; i++)
		belong_inherit(b, i);
	return 0;
}

void belong_fini(struct belong *b)
{
	free(b->owner);
	processes_fini(&b->processes);
}
