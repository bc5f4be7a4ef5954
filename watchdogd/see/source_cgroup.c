/* Source cgroup: the readings of the units that are cgroups, from kept descriptors. A unit costs
 * some ten microseconds, so that with n units each is read every n milliseconds at most: 1 % of a
 * core. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/file.h"
#include "base/root.h"
#include "see/flat.h"
#include "see/source.h"

enum {
	CGROUP_SEARCH_MS = 3000,
	CGROUP_LIMIT_MS = 30000, /* memory.max up the path changes by hand alone */
	CGROUP_PIDS_MS = 5000,
	CGROUP_STILL_MS = 5000,
};

/* The keys of memory.events are the readings UNIT_EVENTS_*, in their order. */
static const struct flat_key cgroup_event_keys[GROWTH_KEYS] = {
	[UNIT_EVENTS_LOW - UNIT_EVENTS_LOW] = FLAT_KEY("low"),
	[UNIT_EVENTS_HIGH - UNIT_EVENTS_LOW] = FLAT_KEY("high"),
	[UNIT_EVENTS_MAX - UNIT_EVENTS_LOW] = FLAT_KEY("max"),
	[UNIT_EVENTS_OOM - UNIT_EVENTS_LOW] = FLAT_KEY("oom"),
	[UNIT_EVENTS_OOM_KILL - UNIT_EVENTS_LOW] = FLAT_KEY("oom_kill"),
	[UNIT_EVENTS_OOM_GROUP_KILL - UNIT_EVENTS_LOW] = FLAT_KEY("oom_group_kill"),
};
_Static_assert(UNIT_EVENTS_OOM_GROUP_KILL - UNIT_EVENTS_LOW + 1 == GROWTH_KEYS,
	       "a counter for each reading");

enum cgroup_stat_key { CGROUP_ANON, CGROUP_SHMEM, CGROUP_SWAP, CGROUP_LIMIT, CGROUP_STAT_KEYS };

static const struct {
	uint32_t n;
	struct flat_key key[CGROUP_STAT_KEYS];
} cgroup_stat_keys[CGROUP_KINDS] = {
	[CGROUP_V2] = {2, {[CGROUP_ANON] = FLAT_KEY("anon"), [CGROUP_SHMEM] = FLAT_KEY("shmem")}},
	/* On v1 the bare names are of the cgroup without its children. */
	[CGROUP_V1] = {CGROUP_STAT_KEYS,
		       {[CGROUP_ANON] = FLAT_KEY("total_rss"),
			[CGROUP_SHMEM] = FLAT_KEY("total_shmem"),
			[CGROUP_SWAP] = FLAT_KEY("total_swap"),
			[CGROUP_LIMIT] = FLAT_KEY("hierarchical_memory_limit")}},
};

/* A kept file of the unit, read: bytes, or -errno (-ENODEV: the cgroup is gone; -EBADF: no such
 * file). */
static ssize_t cgroup_read(const struct unit *unit, enum unit_file id, char *text, size_t size)
{
	return unit->file[id] < 0 ? -EBADF : file_read(unit->file[id], text, size);
}

static bool cgroup_read_number(const struct unit *unit, enum unit_file id, uint64_t *value)
{
	char text[32];

	return cgroup_read(unit, id, text, sizeof(text)) > 0 && file_parse_u64(text, value);
}

/* The first read of a look also tells whether the cgroup is there: the kernel says ENODEV on any
 * file, a made-up cgroup shows it by its directory. */
static bool cgroup_is_gone(struct unit *unit)
{
	char text[32];
	struct stat st;
	ssize_t n;
	int id = 0;

	unit->current_known = false;
	if (root_is_fake() && (fstat(unit->dir[UNIT_DIR_MAIN], &st) < 0 || st.st_nlink == 0))
		return true;
	while (id < UNIT_FILES && unit->file[id] < 0)
		id++;
	n = id < UNIT_FILES ? cgroup_read(unit, (enum unit_file)id, text, sizeof(text)) : -ENODEV;
	if (id == UNIT_FILE_CURRENT && n > 0)
		unit->current_known = file_parse_u64(text, &unit->current_bytes);
	return n == -ENODEV;
}

static void cgroup_unknown(struct see *see, struct unit *unit)
{
	struct state_reading *readings = see->with.state->unit[unit->index].readings;

	for (int i = 0; i < UNIT_READINGS; i++)
		readings[i].known = STATE_UNKNOWN;
	psi_clear(&unit->window, &readings[UNIT_PRESSURE_SOME]);
}

/* --- limits --------------------------------------------------------------------------------------
 */

/* v2: the tightest memory.max from the unit up to the mount. */
static void cgroup_read_limit(struct see *see, struct unit *unit)
{
	char path[PATH_BYTES + sizeof("/memory.max")], text[32];
	size_t n = strlen(unit->path);
	uint64_t limit, tightest = UINT64_MAX;

	memcpy(path, unit->path, n);
	while (n > 0) {
		memcpy(path + n, "/memory.max", sizeof("/memory.max"));
		if (file_read_at(see->layout.root, path, text, sizeof(text)) > 0 &&
		    file_parse_u64(text, &limit) && limit < tightest)
			tightest = limit;
		while (n > 0 && path[--n] != '/')
			;
	}
	unit->limit_bytes = tightest;
}

/* What 100 % of the unit is; 0: not known. */
static int64_t cgroup_total(const struct see *see, const struct unit *unit)
{
	uint64_t host = see->with.state->mem_total_bytes, limit = unit->limit_bytes;

	if (limit < host || host == 0)
		return limit <= INT64_MAX ? (int64_t)limit : 0;
	return (int64_t)host;
}

/* --- readings ------------------------------------------------------------------------------------
 */

static void cgroup_set(struct see *see, const struct unit *unit, enum reading_unit reading,
		       uint64_t bytes, int64_t total)
{
	state_set(&see->with.state->unit[unit->index].readings[reading], (int64_t)bytes, total,
		  unit->read_at);
}

/* The same memory.current to the byte: what is in it has moved by no more than the kernel's stock
 * of each CPU (256 KiB), so its breakdown, by far the dearest of the files, need not be read again.
 */
static bool cgroup_is_still(const struct unit *unit)
{
	return unit->current_known && unit->stat_at != 0 &&
	       unit->current_bytes == unit->stat_current &&
	       unit->read_at - unit->stat_at < CGROUP_STILL_MS;
}

static void cgroup_keep_memory(struct see *see, const struct unit *unit)
{
	struct state_reading *readings = see->with.state->unit[unit->index].readings;

	readings[UNIT_MEMORY].from = readings[UNIT_ANON].from = readings[UNIT_SWAP].from =
		unit->read_at;
}

static void cgroup_read_memory(struct see *see, struct unit *unit)
{
	struct state_reading *readings = see->with.state->unit[unit->index].readings;
	uint64_t values[CGROUP_STAT_KEYS] = {0};
	const uint32_t need = 1u << CGROUP_ANON | 1u << CGROUP_SHMEM;
	uint32_t found = 0;
	bool swap_known;
	char text[4000];

	if (cgroup_is_still(unit)) {
		cgroup_keep_memory(see, unit);
		return;
	}
	unit->stat_at = unit->read_at;
	unit->stat_current = unit->current_bytes;
	if (cgroup_read(unit, UNIT_FILE_STAT, text, sizeof(text)) > 0)
		found = flat_read(text, cgroup_stat_keys[see->layout.kind].key,
				  cgroup_stat_keys[see->layout.kind].n, values);
	if ((found & 1u << CGROUP_LIMIT) != 0)
		unit->limit_bytes = values[CGROUP_LIMIT];
	swap_known = (found & 1u << CGROUP_SWAP) != 0 ||
		     cgroup_read_number(unit, UNIT_FILE_SWAP, &values[CGROUP_SWAP]);
	readings[UNIT_MEMORY].known = readings[UNIT_ANON].known = readings[UNIT_SWAP].known =
		STATE_UNKNOWN;
	if (unit->current_known)
		cgroup_set(see, unit, UNIT_MEMORY, unit->current_bytes, cgroup_total(see, unit));
	if ((found & need) == need)
		cgroup_set(see, unit, UNIT_ANON,
			   values[CGROUP_ANON] + values[CGROUP_SHMEM] + values[CGROUP_SWAP],
			   cgroup_total(see, unit));
	if (swap_known && see->with.state->swap_total_bytes > 0)
		cgroup_set(see, unit, UNIT_SWAP, values[CGROUP_SWAP],
			   (int64_t)see->with.state->swap_total_bytes);
}

static void cgroup_read_pressure(struct see *see, struct unit *unit)
{
	struct state_reading *readings =
		&see->with.state->unit[unit->index].readings[UNIT_PRESSURE_SOME];
	struct psi psi;
	char text[256];

	if (cgroup_read(unit, UNIT_FILE_PRESSURE, text, sizeof(text)) > 0 && psi_parse(text, &psi))
		psi_set(&unit->window, &psi, unit->read_at, readings);
	else
		psi_clear(&unit->window, readings);
}

/* Whether a file that wakes the loop is to be read; others are, at each look. */
static bool cgroup_is_news(const struct unit *unit, enum unit_file id)
{
	return unit->woken || (unit->polled & 1u << id) == 0;
}

static void cgroup_count(struct see *see, struct unit *unit, uint32_t found,
			 const uint64_t counts[GROWTH_KEYS])
{
	for (uint32_t key = 0; key < GROWTH_KEYS; key++) {
		if ((found & 1u << key) == 0)
			continue;
		if (unit->counted && counts[key] > unit->counts[key]) {
			growth_add(&unit->growth, key, counts[key] - unit->counts[key]);
			if (key == UNIT_EVENTS_OOM_KILL - UNIT_EVENTS_LOW)
				attribute_rise(see, unit, counts[key] - unit->counts[key],
					       unit->read_at);
		}
		unit->counts[key] = counts[key];
	}
	unit->event_keys = found;
	unit->counted = true;
}

static void cgroup_read_events(struct see *see, struct unit *unit)
{
	struct state_reading *readings =
		&see->with.state->unit[unit->index].readings[UNIT_EVENTS_LOW];
	mono_ms now = unit->read_at,
		from = now > GROWTH_WINDOW_S * 1000 ? now - GROWTH_WINDOW_S * 1000 : 1;
	uint64_t counts[GROWTH_KEYS];
	char text[512];

	growth_advance(&unit->growth, now);
	if (cgroup_is_news(unit, UNIT_FILE_EVENTS) &&
	    cgroup_read(unit, UNIT_FILE_EVENTS, text, sizeof(text)) >= 0)
		cgroup_count(see, unit, flat_read(text, cgroup_event_keys, GROWTH_KEYS, counts),
			     counts);
	for (uint32_t key = 0; key < GROWTH_KEYS; key++) {
		readings[key].known = STATE_UNKNOWN;
		if ((unit->event_keys & 1u << key) != 0)
			state_set(&readings[key], (int64_t)unit->growth.sum[key], 0, from);
	}
}

/* --- status --------------------------------------------------------------------------------------
 */

static void cgroup_read_state(struct unit *unit)
{
	static const struct flat_key keys[] = {FLAT_KEY("populated"), FLAT_KEY("frozen")};
	uint64_t values[ARRAY_LEN(keys)] = {0};
	char text[128];

	if (!cgroup_is_news(unit, UNIT_FILE_STATE) ||
	    cgroup_read(unit, UNIT_FILE_STATE, text, sizeof(text)) <= 0)
		return;
	(void)flat_read(text, keys, ARRAY_LEN(keys), values);
	if (unit->populated != (values[0] != 0))
		unit->pids_at = 0;
	unit->populated = values[0] != 0;
	unit->frozen = values[1] != 0;
}

/* v1 has no word for "populated"; and the v2 cgroup of the same path may be another's, or empty. */
static bool cgroup_is_populated(struct see *see, const struct unit *unit)
{
	struct stat st;
	int32_t pid;
	char text[16];

	if (unit->populated || see->layout.kind == CGROUP_V2)
		return unit->populated;
	/* Opened anew: v1 keeps the list of an open file as it was, as long as it is read each
	 * second. */
	if (file_read_at(unit->dir[UNIT_DIR_MAIN], "cgroup.procs", text, sizeof(text)) > 0)
		return true;
	if (fstat(unit->dir[UNIT_DIR_MAIN], &st) == 0 && st.st_nlink == 2)
		return false; /* nothing below it either */
	return process_of_cgroup(&see->processes, unit->dir[UNIT_DIR_MAIN], &pid, 1) > 0;
}

static bool cgroup_is_frozen(const struct unit *unit)
{
	char text[32];

	if (unit->frozen)
		return true;
	return unit_is_in_freezer(unit) &&
	       file_read_at(unit->dir[UNIT_DIR_FREEZER], "freezer.state", text, sizeof(text)) > 0 &&
	       strncmp(text, "FROZEN", 6) == 0;
}

static void cgroup_read_status(struct see *see, struct unit *unit)
{
	enum state_unit_status status = STATE_UNIT_INACTIVE;

	cgroup_read_state(unit);
	if (cgroup_is_populated(see, unit))
		status = cgroup_is_frozen(unit) ? STATE_UNIT_FROZEN : STATE_UNIT_RUNNING;
	if (status != unit->status)
		unit->pids_at = 0;
	unit_set_status(unit, status, unit->read_at);
}

/* --- the look ------------------------------------------------------------------------------------
 */

static void cgroup_read_pids(struct see *see, struct unit *unit, mono_ms now)
{
	bool first = unit->pids_at == 0;

	process_refresh(see, unit, now);
	/* Spread over the seconds, not all in one look. */
	unit->pids_at = first ? now - now % CGROUP_PIDS_MS % (unit->index + 1) : now;
}

static void cgroup_read_unit(struct see *see, struct unit *unit, mono_ms now)
{
	unit->read_at = now;
	if (unit_is_open(unit) && cgroup_is_gone(unit))
		unit_close(see, unit);
	if (!unit_is_open(unit) && (!unit_open(see, unit, now) || cgroup_is_gone(unit))) {
		cgroup_unknown(see, unit);
		unit_set_status(unit, STATE_UNIT_INACTIVE, now);
		return;
	}
	if (see->layout.kind == CGROUP_V2 &&
	    (unit->limit_at == 0 || now - unit->limit_at >= CGROUP_LIMIT_MS)) {
		cgroup_read_limit(see, unit);
		unit->limit_at = now;
	}
	cgroup_read_status(see, unit);
	cgroup_read_memory(see, unit);
	cgroup_read_pressure(see, unit);
	cgroup_read_events(see, unit);
	unit->woken = false;
	if (unit->pids_at == 0 || now - unit->pids_at >= CGROUP_PIDS_MS)
		cgroup_read_pids(see, unit, now);
	unit_take_held(unit, &see->with.state->unit[unit->index].readings[UNIT_ANON], now);
}

void source_cgroup_refresh(struct see *see, struct unit *unit, mono_ms now)
{
	unit->woken = true;
	unit->pids_at = unit->stat_at = 0;
	cgroup_read_unit(see, unit, now);
}

static void source_cgroup_open(struct see *see)
{
	cgroup_layout_open(&see->layout);
	if (see->layout.kind == CGROUP_NONE)
		see_blind(see, SOURCE_CGROUP, "no memory cgroups below /sys/fs/cgroup", 0);
	else
		diag_debug("units are watched by %s", cgroup_layout_name(&see->layout));
}

static void source_cgroup_look(struct see *see, mono_ms now)
{
	struct units *units = &see->units;

	if (units->walked == 0 || now - units->walked >= CGROUP_SEARCH_MS)
		unit_search(see, now);
	for (uint32_t i = 0; i < units->count; i++) {
		struct unit *unit = unit_at(see, i);

		if (unit->kind == CONFIG_MATCH)
			continue;
		unit_throttle(see, unit, now);
		if (unit->woken || unit->read_at == 0 || now - unit->read_at >= units->count)
			cgroup_read_unit(see, unit, now);
		unit_publish(see, unit);
	}
}

const struct source_ops source_cgroup_ops = {
	.name = "cgroup",
	.open = source_cgroup_open,
	.look = source_cgroup_look,
};
