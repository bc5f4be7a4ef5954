/* Where a systemd unit's cgroup is, nobody tells without asking PID 1; but it is named like the
 * unit, and only slices and user managers lead to it. So the tree is searched for the units that
 * are missing. */
#include <string.h>

#include "see/source.h"

/* cg_escape() of systemd: a name that could be a file of the kernel's gets an underscore before it.
 */
static const char *unit_search_unescape(const char *name)
{
	return name[0] == '_' ? name + 1 : name;
}

static void unit_search_found(struct see *see, const char *name, const char *path, mono_ms now)
{
	struct units *units = &see->units;
	uint64_t hash = ledger_hash(unit_search_unescape(name));

	for (uint32_t i = 0; i < units->count; i++) {
		struct unit *unit = unit_at(see, i);

		if (units->missing[units->at[i]] != hash ||
		    strcmp(unit->target, unit_search_unescape(name)) != 0)
			continue;
		memcpy(unit->path, path, strlen(path) + 1);
		(void)unit_open(see, unit, now);
	}
}

static bool unit_search_leads_on(const char *name)
{
	size_t n = strlen(name);

	return (n > 6 && strcmp(name + n - 6, ".slice") == 0) ||
	       (strncmp(name, "user@", 5) == 0 && n > 8 && strcmp(name + n - 8, ".service") == 0);
}

/* The units of the host before those of its users, who may name theirs the same. */
static void unit_search_tree(struct see *see, bool users, mono_ms now)
{
	struct dirwalk *walk = &see->units.walk;
	const char *name;

	dirwalk_begin(walk, see->layout.root);
	while ((name = dirwalk_next(walk)) != NULL) {
		if (walk->depth == 0 && (strcmp(name, "user.slice") == 0) != users)
			continue;
		unit_search_found(see, name, walk->path, now);
		if (unit_search_leads_on(name))
			(void)dirwalk_enter(walk);
	}
}

static bool unit_search_is_needed(const struct units *units)
{
	for (uint32_t i = 0; i < units->count; i++)
		if (units->missing[units->at[i]] != 0)
			return true;
	return false;
}

void unit_search(struct see *see, mono_ms now)
{
	if (see->layout.kind == CGROUP_NONE)
		return;
	if (unit_search_is_needed(&see->units))
		unit_search_tree(see, false, now);
	if (unit_search_is_needed(&see->units))
		unit_search_tree(see, true, now);
	see->units.walked = now;
}
