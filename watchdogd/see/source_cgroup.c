/* Source cgroup: the readings of the units that are cgroups, from kept descriptors. A unit costs
 * some ten microseconds, so that with n units each is read every n milliseconds at most: 1 % of a
 * core. What need not be read again is cgroup_still.c's. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/file.h"
#include "base/root.h"
#include "see/cgroup_still.h"
#include "see/flat.h"
#include "see/peak.h"
#include "see/source.h"

enum {
	CGROUP_SEARCH_MS = 3000,
	CGROUP_LIMIT_MS = 30000, /* memory.max up the path changes by hand alone */
	CGROUP_READ_MS = 1000,  /* however many units there are, no reading is older */
	CGROUP_RARE_MS = 2000,  /* who enters an empty cgroup or is frozen may charge nothing */
	CGROUP_PIDS_MS = 5000,
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

enum cgroup_stat_key {
	CGROUP_ANON,
	CGROUP_SHMEM,
	CGROUP_SWAP,
	CGROUP_LIMIT,
	CGROUP_BOTH_LIMIT,
	CGROUP_STAT_KEYS
};

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
			[CGROUP_LIMIT] = FLAT_KEY("hierarchical_memory_limit"),
			[CGROUP_BOTH_LIMIT] = FLAT_KEY("hierarchical_memsw_limit")}},
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
	uint64_t bytes;
	ssize_t n;
	int id = 0;

	unit->current_known = false;
	if (root_is_fake() && (fstat(unit->dir[UNIT_DIR_MAIN], &st) < 0 || st.st_nlink == 0))
		return true;
	while (id < UNIT_FILES && unit->file[id] < 0)
		id++;
	n = id < UNIT_FILES ? cgroup_read(unit, (enum unit_file)id, text, sizeof(text)) : -ENODEV;
	if (id == UNIT_FILE_CURRENT && n > 0 && file_parse_u64(text, &bytes))
		cgroup_still_keep_current(unit, bytes);
	else
		unit->moved_at = unit->read_at;
	return n == -ENODEV;
}

static void cgroup_unknown(struct see *see, struct unit *unit)
{
	struct state_reading *readings = see->with.state->unit[unit->index].readings;

	for (int i = 0; i < UNIT_READINGS; i++)
		readings[i].known = STATE_UNKNOWN;
	psi_clear(&unit->window, &readings[UNIT_PRESSURE_SOME]);
	forecast_forget(&unit->forecast);
}

/* --- limits --------------------------------------------------------------------------------------
 */

enum { CGROUP_LIMIT_NAME_BYTES = sizeof("/memory.swap.max") };

/* v2: the tightest of that limit ("/memory.max") from the unit up to the mount. */
static uint64_t cgroup_find_limit(const struct see *see, const struct unit *unit, const char *name)
{
	char path[PATH_BYTES + CGROUP_LIMIT_NAME_BYTES], text[32];
	size_t n = strlen(unit->path);
	uint64_t limit, tightest = UINT64_MAX;

	memcpy(path, unit->path, n);
	while (n > 0) {
		memcpy(path + n, name, strlen(name) + 1);
		if (file_read_at(see->layout.root, path, text, sizeof(text)) > 0 &&
		    file_parse_u64(text, &limit) && limit < tightest)
			tightest = limit;
		while (n > 0 && path[--n] != '/')
			;
	}
	return tightest;
}

static void cgroup_read_limit(struct see *see, struct unit *unit)
{
	unit->limit_bytes = cgroup_find_limit(see, unit, "/memory.max");
	unit->swap_limit_bytes = UINT64_MAX;
	if (unit->limit_bytes != UINT64_MAX && see->with.state->swap_total_bytes > 0)
		unit->swap_limit_bytes = cgroup_find_limit(see, unit, "/memory.swap.max");
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

	/* Its breakdown is by far the dearest of the files. */
	if (cgroup_still(see, unit, unit->stat_at, CGROUP_STILL_MS)) {
		cgroup_keep_memory(see, unit);
		return;
	}
	unit->stat_at = unit->read_at;
	if (cgroup_read(unit, UNIT_FILE_STAT, text, sizeof(text)) > 0)
		found = flat_read(text, cgroup_stat_keys[see->layout.kind].key,
				  cgroup_stat_keys[see->layout.kind].n, values);
	if ((found & 1u << CGROUP_LIMIT) != 0)
		unit->limit_bytes = values[CGROUP_LIMIT];
	if ((found & 1u << CGROUP_BOTH_LIMIT) != 0)
		unit->both_limit_bytes = values[CGROUP_BOTH_LIMIT];
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

static bool cgroup_has_averages(const struct psi *psi)
{
	uint32_t any = 0;

	for (int kind = 0; kind < PSI_KINDS; kind++)
		for (int avg = PSI_AVG10; avg < PSI_READINGS; avg++)
			any |= psi->avg_mpct[kind][avg];
	return any != 0;
}

static void cgroup_read_pressure(struct see *see, struct unit *unit)
{
	struct state_reading *readings =
		&see->with.state->unit[unit->index].readings[UNIT_PRESSURE_SOME];
	struct psi psi = {0};
	char text[256];

	if (cgroup_still_is_unpressed(see, unit)) {
		memcpy(psi.total_us, unit->pressure_us, sizeof(psi.total_us));
		psi_set(&unit->window, &psi, unit->read_at, readings);
		return;
	}
	unit->unpressed = false;
	if (cgroup_read(unit, UNIT_FILE_PRESSURE, text, sizeof(text)) <= 0 ||
	    !psi_parse(text, &psi)) {
		psi_clear(&unit->window, readings);
		return;
	}
	psi_set(&unit->window, &psi, unit->read_at, readings);
	memcpy(unit->pressure_us, psi.total_us, sizeof(psi.total_us));
	unit->pressure_at = unit->read_at;
	unit->host_total_us = see->psi.total_us;
	unit->unpressed = !cgroup_has_averages(&psi);
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
	if (cgroup_still_has_new_events(see, unit) &&
	    cgroup_read(unit, UNIT_FILE_EVENTS, text, sizeof(text)) >= 0) {
		cgroup_count(see, unit, flat_read(text, cgroup_event_keys, GROWTH_KEYS, counts),
			     counts);
		unit->events_at = now;
	}
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

	if (!cgroup_still_is_news(unit, UNIT_FILE_STATE) ||
	    cgroup_read(unit, UNIT_FILE_STATE, text, sizeof(text)) <= 0)
		return;
	(void)flat_read(text, keys, ARRAY_LEN(keys), values);
	if (unit->populated != (values[0] != 0))
		unit->pids_at = 0;
	unit->populated = values[0] != 0;
	unit->frozen = values[1] != 0;
}

/* v1 has no word for "populated"; and the v2 cgroup of the same path may be another's, or empty. */
static bool cgroup_is_populated(struct see *see, struct unit *unit)
{
	struct stat st;
	int32_t pid;
	char text[16];

	if (unit->populated || see->layout.kind == CGROUP_V2)
		return unit->populated;
	if (unit->status == STATE_UNIT_INACTIVE &&
	    cgroup_still(see, unit, unit->empty_at, CGROUP_RARE_MS))
		return false;
	unit->empty_at = unit->read_at;
	/* Opened anew: v1 keeps the list of an open file as it was, as long as it is read each
	 * second. */
	if (file_read_at(unit->dir[UNIT_DIR_MAIN], "cgroup.procs", text, sizeof(text)) > 0)
		return true;
	if (fstat(unit->dir[UNIT_DIR_MAIN], &st) == 0 && st.st_nlink == 2)
		return false; /* nothing below it either */
	return process_of_cgroup(&see->processes, unit->dir[UNIT_DIR_MAIN], &pid, 1) > 0;
}

static bool cgroup_is_frozen(const struct see *see, struct unit *unit)
{
	char text[32];

	if (unit->frozen || unit->dir[UNIT_DIR_FREEZER] < 0)
		return unit->frozen;
	if (cgroup_still(see, unit, unit->freezer_at, CGROUP_RARE_MS))
		return unit->in_freezer;
	unit->freezer_at = unit->read_at;
	unit->in_freezer =
		unit_is_in_freezer(unit) &&
		file_read_at(unit->dir[UNIT_DIR_FREEZER], "freezer.state", text, sizeof(text)) > 0 &&
		strncmp(text, "FROZEN", 6) == 0;
	return unit->in_freezer;
}

static void cgroup_read_status(struct see *see, struct unit *unit)
{
	enum state_unit_status status = STATE_UNIT_INACTIVE;

	cgroup_read_state(unit);
	if (cgroup_is_populated(see, unit))
		status = cgroup_is_frozen(see, unit) ? STATE_UNIT_FROZEN : STATE_UNIT_RUNNING;
	if (status != unit->status)
		unit->pids_at = 0;
	unit_set_status(unit, status, unit->read_at);
}

/* --- the look ------------------------------------------------------------------------------------
 */

/* Of more than a hundred units, less often: each process is a file to open. With the connector this only confirms
 * what it told. */
static uint32_t cgroup_pids_ms(const struct see *see)
{
	uint32_t ms = see->units.count * 10, least = see->process.connector.fd >= 0 ? CGROUP_PIDS_MS : CGROUP_READ_MS;

	return ms > least ? ms : least;
}

static uint32_t cgroup_read_ms(const struct see *see)
{
	return see->units.count < CGROUP_READ_MS ? see->units.count : CGROUP_READ_MS;
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
	unit_look_ahead(see, unit);
	cgroup_read_pressure(see, unit);
	cgroup_read_events(see, unit);
	unit->woken = false;
	if (cgroup_still_is_due(see, unit, unit->pids_at, cgroup_pids_ms(see))) {
		process_refresh(see, unit, now);
		unit->pids_at = now;
	}
	unit_take_held(unit, &see->with.state->unit[unit->index].readings[UNIT_ANON], now);
	peak_take(see, unit, &see->with.state->unit[unit->index].readings[UNIT_ANON]);
}

void source_cgroup_refresh(struct see *see, struct unit *unit, mono_ms now)
{
	unit->woken = true;
	unit->pids_at = 0;
	cgroup_read_unit(see, unit, now);
}

static void source_cgroup_open(struct see *see)
{
	cgroup_layout_open(&see->layout);
	see->kills.vmstat = root_open("/proc/vmstat", O_RDONLY);
	if (see->layout.kind == CGROUP_NONE)
		see_blind(see, SOURCE_CGROUP, "no memory cgroups below /sys/fs/cgroup", 0);
	else
		diag_debug("units are watched by %s", cgroup_layout_name(&see->layout));
}

static void source_cgroup_look(struct see *see, mono_ms now)
{
	struct units *units = &see->units;

	cgroup_still_look_for_kills(see, now);

	if (units->walked == 0 || now - units->walked >= CGROUP_SEARCH_MS)
		unit_search(see, now);
	for (uint32_t i = 0; i < units->count; i++) {
		struct unit *unit = unit_at(see, i);

		if (unit->kind == CONFIG_MATCH)
			continue;
		unit_throttle(see, unit, now);
		if (unit->woken || unit->read_at == 0 || now - unit->read_at >= cgroup_read_ms(see))
			cgroup_read_unit(see, unit, now);
		unit_publish(see, unit);
	}
}

const struct source_ops source_cgroup_ops = {
	.name = "cgroup",
	.open = source_cgroup_open,
	.look = source_cgroup_look,
};
