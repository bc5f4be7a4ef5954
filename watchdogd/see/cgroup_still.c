#include "see/cgroup_still.h"

#include "base/file.h"
#include "base/root.h"
#include "see/source.h"

enum {
	CGROUP_STILL_ASK_MS = 1000,    /* for the host's kills, where nothing else asks for them */
	CGROUP_STILL_KILL_MS = 3000,   /* a unit's own count may come a look or two after the host's */
	CGROUP_STILL_NEAR_LIMIT = 16,  /* nearer than a sixteenth: may stand at it while all within moves */
};

/* The same time between two such reads for all units, but not the same look. */
static mono_ms cgroup_still_slot(const struct see *see, const struct unit *unit, mono_ms at, uint32_t every_ms)
{
	return (at + (mono_ms)every_ms * unit->index / see->units.count) / every_ms;
}

bool cgroup_still_is_due(const struct see *see, const struct unit *unit, mono_ms at, uint32_t every_ms)
{
	return at == 0 ||
	       cgroup_still_slot(see, unit, at, every_ms) != cgroup_still_slot(see, unit, unit->read_at, every_ms);
}

static bool cgroup_still_is_near_limit(const struct unit *unit)
{
	return unit->limit_bytes != UINT64_MAX &&
	       unit->current_bytes > unit->limit_bytes - unit->limit_bytes / CGROUP_STILL_NEAR_LIMIT;
}

bool cgroup_still(const struct see *see, const struct unit *unit, mono_ms at, uint32_t every_ms)
{
	return !unit->woken && at >= unit->moved_at && !cgroup_still_is_due(see, unit, at, every_ms) &&
	       !root_is_fake();
}

void cgroup_still_keep_current(struct unit *unit, uint64_t bytes)
{
	if (unit->woken || unit->moved_at == 0 || bytes != unit->current_bytes ||
	    cgroup_still_is_near_limit(unit))
		unit->moved_at = unit->read_at;
	unit->current_bytes = bytes;
	unit->current_known = true;
}

bool cgroup_still_is_unpressed(const struct see *see, const struct unit *unit)
{
	return unit->unpressed && !unit->woken && see->psi.window.count > 0 &&
	       see->psi.total_us == unit->host_total_us &&
	       !cgroup_still_is_due(see, unit, unit->pressure_at, CGROUP_STILL_MS) && !root_is_fake();
}

bool cgroup_still_is_news(const struct unit *unit, enum unit_file id)
{
	return unit->woken || (unit->polled & 1u << id) == 0;
}

/* Nobody was killed on this host since well before the unit was last asked. */
static bool cgroup_still_nobody_was_killed(const struct see *see, const struct unit *unit)
{
	return see->layout.kind == CGROUP_V1 && see->kills.vmstat >= 0 && !unit->woken && unit->events_at != 0 &&
	       unit->read_at - see->kills.rose_at > CGROUP_STILL_KILL_MS &&
	       !cgroup_still_is_due(see, unit, unit->events_at, CGROUP_STILL_MS);
}

bool cgroup_still_has_new_events(const struct see *see, const struct unit *unit)
{
	return cgroup_still_is_news(unit, UNIT_FILE_EVENTS) && !cgroup_still_nobody_was_killed(see, unit) &&
	       !cgroup_still(see, unit, unit->events_at, CGROUP_STILL_MS);
}

/* v1 asks at each look whether to read the units' own counts; a death by SIGKILL asks whether the kernel's log
 * has anything more to tell of it. */
static bool cgroup_still_asks_for_kills(const struct see *see, mono_ms now)
{
	return see->kills.vmstat >= 0 && (see->layout.kind == CGROUP_V1 || see->deaths.count > 0 ||
					  now - see->kills.read_at >= CGROUP_STILL_ASK_MS);
}

void cgroup_still_look_for_kills(struct see *see, mono_ms now)
{
	static char text[16384];
	uint64_t count;

	if (!cgroup_still_asks_for_kills(see, now))
		return;
	if (file_read(see->kills.vmstat, text, sizeof(text)) <= 0 || !file_find_u64(text, "oom_kill", &count)) {
		see->kills.vmstat = file_close(see->kills.vmstat);
		return;
	}
	if (count != see->kills.count || see->kills.rose_at == 0)
		see->kills.rose_at = now;
	see->kills.count = count;
	see->kills.read_at = now;
}
