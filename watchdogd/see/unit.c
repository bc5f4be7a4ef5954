#include "see/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "see/peak.h"
#include "see/source.h"
#include "see/watched.h"

enum { UNIT_MIB = 1024 * 1024 };

struct unit_file_name {
	const char *name;
	enum unit_dir dir;
	bool polls; /* a change wakes the loop; it is armed again by reading that very descriptor */
};

static const struct unit_file_name unit_files[CGROUP_KINDS][UNIT_FILES] = {
	[CGROUP_V2] =
		{
			[UNIT_FILE_CURRENT] = {"memory.current", UNIT_DIR_MAIN, false},
			[UNIT_FILE_STAT] = {"memory.stat", UNIT_DIR_MAIN, false},
			[UNIT_FILE_SWAP] = {"memory.swap.current", UNIT_DIR_MAIN, false},
			[UNIT_FILE_PRESSURE] = {"memory.pressure", UNIT_DIR_MAIN, false},
			[UNIT_FILE_EVENTS] = {"memory.events", UNIT_DIR_MAIN, true},
			[UNIT_FILE_STATE] = {"cgroup.events", UNIT_DIR_MAIN, true},
		},
	[CGROUP_V1] =
		{
			[UNIT_FILE_CURRENT] = {"memory.usage_in_bytes", UNIT_DIR_MAIN, false},
			[UNIT_FILE_STAT] = {"memory.stat", UNIT_DIR_MAIN, false},
			[UNIT_FILE_PRESSURE] = {"memory.pressure", UNIT_DIR_UNIFIED, false},
			/* Its eventfd also fires when the cgroup goes: it is read at each look. */
			[UNIT_FILE_EVENTS] = {"memory.oom_control", UNIT_DIR_MAIN, false},
			[UNIT_FILE_STATE] = {"cgroup.events", UNIT_DIR_UNIFIED, true},
		},
};

void unit_init(struct units *units)
{
	units->count = units->match_count = 0;
	memset(units->key, 0, sizeof(units->key));
	memset(units->missing, 0, sizeof(units->missing));
}

struct unit *unit_at(struct see *see, uint32_t index)
{
	return &see->units.row[see->units.at[index]];
}

static void unit_on_change(void *arg, uint32_t events)
{
	struct unit *unit = arg;

	(void)events; /* POLLERR comes with every change; that it is gone, only a read tells */
	unit->woken = true;
	unit->wakes++;
}

static void unit_poll_file(struct see *see, struct unit *unit, enum unit_file id)
{
	if (unit->file[id] >= 0 && unit_files[see->layout.kind][id].polls &&
	    (unit->polled & 1u << id) == 0 &&
	    loop_add(see->with.loop, unit->file[id], EPOLLPRI, unit_on_change, unit) == 0)
		unit->polled |= 1u << id;
}

static void unit_stop_polling(struct see *see, struct unit *unit)
{
	for (int i = 0; i < UNIT_FILES; i++)
		if ((unit->polled & 1u << i) != 0)
			loop_remove(see->with.loop, unit->file[i]);
	unit->polled = 0;
}

void unit_throttle(struct see *see, struct unit *unit, mono_ms now)
{
	if (now - unit->wakes_since >= 1000) {
		unit->wakes_since = now;
		unit->wakes = 0;
		for (enum unit_file id = 0; id < UNIT_FILES; id++)
			unit_poll_file(see, unit, id);
	} else if (unit->wakes > UNIT_WAKES_MAX) {
		unit_stop_polling(see, unit);
	}
}

static int unit_open_file(struct see *see, struct unit *unit, enum unit_file id)
{
	const struct unit_file_name *file = &unit_files[see->layout.kind][id];
	int fd = -1;

	if (file->name == NULL || unit->dir[file->dir] < 0)
		return -1;
	fd = openat(unit->dir[file->dir], file->name, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && (errno == EMFILE || errno == ENFILE))
		see_blind(see, SOURCE_CGROUP, "files of some units", -errno);
	unit->file[id] = fd;
	unit_poll_file(see, unit, id);
	return fd;
}

static int unit_open_dir(int root, const char *path)
{
	return root < 0 ? -1 : openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Another cgroup than the last one of this unit. Its counters began at 0; but those of a unit that
 * ran before we looked are the past, which is no event. */
static void unit_begin(struct see *see, struct unit *unit, uint64_t cgroup_id, mono_ms now)
{
	bool returned = unit->status != STATE_UNIT_UNSEEN;

	if (cgroup_id == unit->cgroup_id)
		return;
	if (unit->status == STATE_UNIT_RUNNING || unit->status == STATE_UNIT_FROZEN)
		unit_set_status(unit, STATE_UNIT_INACTIVE, now);
	unit->cgroup_id = cgroup_id;
	unit->counted = returned;
	unit->kills_open = unit->kills_open > 0 ? unit->kills_open : 0;
	memset(unit->counts, 0, sizeof(unit->counts));
	forecast_forget(&unit->forecast);
	psi_clear(&unit->window, &see->with.state->unit[unit->index].readings[UNIT_PRESSURE_SOME]);
}

bool unit_open(struct see *see, struct unit *unit, mono_ms now)
{
	const int roots[UNIT_DIRS] = {see->layout.root, see->layout.unified, see->layout.freezer};
	struct stat st;

	if (see->layout.kind == CGROUP_NONE || unit->path[0] == '\0')
		return false;
	unit->dir[UNIT_DIR_MAIN] = unit_open_dir(roots[UNIT_DIR_MAIN], unit->path);
	if (unit->dir[UNIT_DIR_MAIN] < 0 && (errno == EMFILE || errno == ENFILE))
		see_blind(see, SOURCE_CGROUP, "some units", -errno);
	if (unit->dir[UNIT_DIR_MAIN] < 0 || fstat(unit->dir[UNIT_DIR_MAIN], &st) < 0) {
		unit_close(see, unit);
		return false;
	}
	unit->dir[UNIT_DIR_UNIFIED] = unit_open_dir(roots[UNIT_DIR_UNIFIED], unit->path);
	unit->dir[UNIT_DIR_FREEZER] = unit_open_dir(roots[UNIT_DIR_FREEZER], unit->path);
	for (enum unit_file id = 0; id < UNIT_FILES; id++)
		unit->file[id] = unit_open_file(see, unit, id);
	unit_begin(see, unit, st.st_ino, now);
	unit->woken = true;
	unit->limit_at = unit->pids_at = 0;
	see->units.missing[unit - see->units.row] = 0;
	return true;
}

void unit_close(struct see *see, struct unit *unit)
{
	unit_stop_polling(see, unit);
	for (int i = 0; i < UNIT_FILES; i++)
		unit->file[i] = file_close(unit->file[i]);
	for (int i = 0; i < UNIT_DIRS; i++)
		unit->dir[i] = file_close(unit->dir[i]);
	if (unit->kind == CONFIG_SYSTEMD)
		see->units.missing[unit - see->units.row] = ledger_hash(unit->target);
}

const char *unit_process(const struct see *see, uint16_t row)
{
	return config_string(see->with.config,
			     config_unit_at(see->with.config, see->units.row[row].index)->process);
}

bool unit_is_in_freezer(const struct unit *unit)
{
	char text[16];

	return unit->dir[UNIT_DIR_FREEZER] >= 0 &&
	       file_read_at(unit->dir[UNIT_DIR_FREEZER], "cgroup.procs", text, sizeof(text)) > 0;
}

bool unit_path_holds(const char *path, const char *of)
{
	size_t n = strlen(path);

	return n > 0 && strncmp(path, of, n) == 0 && (of[n] == '/' || of[n] == '\0');
}

uint16_t unit_by_path(struct see *see, const char *memcg)
{
	uint16_t found = UNIT_NONE;
	size_t longest = 0;

	memcg += strspn(memcg, "/");
	for (uint32_t i = 0; i < see->units.count && *memcg != '\0'; i++) {
		const struct unit *unit = unit_at(see, i);
		size_t n = strlen(unit->path);

		if (unit->kind == CONFIG_MATCH || n <= longest ||
		    !unit_path_holds(unit->path, memcg))
			continue;
		found = see->units.at[i];
		longest = n;
	}
	return found;
}

void unit_set_status(struct unit *unit, enum state_unit_status status, mono_ms now)
{
	bool ran = unit->status == STATE_UNIT_RUNNING || unit->status == STATE_UNIT_FROZEN;

	if (status == unit->status)
		return;
	/* Found running at our first look: it started before, nobody knows when. */
	if (!ran && status == STATE_UNIT_RUNNING && unit->status == STATE_UNIT_INACTIVE) {
		unit->started = now;
		unit->held_at = now + unit->grace_ms;
		unit->start_peak_mib = unit->peak_mib;
		unit->start_taken_bytes = 0;
		peak_begin_life(unit);
	}
	if (status == STATE_UNIT_INACTIVE) {
		unit->held_at = 0;
		unit->processes = 0;
		unit->main_pid = 0;
		unit->main_comm[0] = '\0';
	}
	unit->status = status;
	unit->since = now;
}

void unit_take_held(struct unit *unit, const struct state_reading *anon, mono_ms now)
{
	if (unit->held_at == 0 || now < unit->held_at || anon->known != STATE_KNOWN)
		return;
	unit->held_bytes = (uint64_t)anon->value;
	unit->held_at = 0;
}

/* What it may still take before its limit: page cache gives way, swap that is free and allowed comes on top. */
static uint64_t unit_left(const struct see *see, const struct unit *unit, uint64_t anon, uint64_t swap)
{
	const struct state_reading *host = &see->with.state->host[HOST_SWAP_FREE];
	uint64_t resident = anon > swap ? anon - swap : 0,
		 left = unit->limit_bytes > resident ? unit->limit_bytes - resident : 0,
		 swap_left = unit->swap_limit_bytes > swap ? unit->swap_limit_bytes - swap : 0,
		 both_left = unit->both_limit_bytes > anon ? unit->both_limit_bytes - anon : 0;

	if (host->known != STATE_KNOWN)
		swap_left = 0;
	else if ((uint64_t)host->value < swap_left)
		swap_left = (uint64_t)host->value;
	return left + swap_left < both_left ? left + swap_left : both_left;
}

void unit_look_ahead(struct see *see, struct unit *unit)
{
	struct state_reading *readings = see->with.state->unit[unit->index].readings;
	const struct state_reading *anon = &readings[UNIT_ANON], *swap = &readings[UNIT_SWAP];
	uint64_t host = see->with.state->mem_total_bytes;

	readings[UNIT_GROWTH].known = readings[UNIT_EXHAUSTED_IN].known = STATE_UNKNOWN;
	if (anon->known != STATE_KNOWN)
		return;
	forecast_add(&unit->forecast, (uint64_t)anon->value, unit->read_at);
	forecast_growth(&unit->forecast, &readings[UNIT_GROWTH]);
	if (unit->limit_bytes < UINT64_MAX && (host == 0 || unit->limit_bytes < host)) {
		forecast_exhausted(&unit->forecast,
				   unit_left(see, unit, (uint64_t)anon->value,
					     swap->known == STATE_KNOWN ? (uint64_t)swap->value : 0),
				   &readings[UNIT_EXHAUSTED_IN]);
	} else if (readings[UNIT_GROWTH].known == STATE_KNOWN) {
		/* No limit of its own: what it can take is the host's, and so is that forecast. */
		state_set(&readings[UNIT_EXHAUSTED_IN], 0, 0, unit->read_at);
		readings[UNIT_EXHAUSTED_IN].known = STATE_NEVER;
	}
}

static void unit_publish_watched(const struct unit_watched *watched, struct state_unit *row)
{
	row->watched = watched->count;
	row->watched_pid = watched->pid;
	row->parent_pid = watched->parent;
	row->watched_since = watched->since;
	row->died = watched->died;
	row->deaths = watched->deaths;
	memcpy(row->watched_comm, watched->comm, sizeof(row->watched_comm));
	memcpy(row->parent_comm, watched->parent_comm, sizeof(row->parent_comm));
	memcpy(row->died_text, watched->died_text, sizeof(row->died_text));
	memcpy(row->death_causes, watched->causes, sizeof(row->death_causes));
}

void unit_publish(struct see *see, const struct unit *unit)
{
	const struct config_unit *config = config_unit_at(see->with.config, unit->index);
	const struct ledger_mark *mark = ledger_mark_find(see->with.ledger, config->name);
	struct state_unit *row = &see->with.state->unit[unit->index];

	row->status = (uint8_t)unit->status;
	row->mark = mark != NULL ? (uint8_t)mark->kind : STATE_MARK_NONE;
	row->cap_bytes = mark != NULL ? mark->cap_bytes : 0;
	row->processes = unit->processes;
	row->since = unit->since;
	row->started = unit->started;
	row->cgroup_id = unit_is_open(unit) ? unit->cgroup_id : 0;
	row->held_bytes = unit->held_bytes;
	row->peak_bytes = (uint64_t)unit->peak_mib * UNIT_MIB;
	row->oom_kills = unit->oom_kills;
	row->main_pid = unit->main_pid;
	memcpy(row->main_comm, unit->main_comm, sizeof(row->main_comm));
	unit_publish_watched(&unit->watched, row);
}

/* --- another config ------------------------------------------------------------------------------
 */

uint64_t see_unit_key(const struct config *config, uint32_t index)
{
	const struct config_unit *unit = config_unit_at(config, index);

	return ledger_key(unit->name, config_string(config, unit->target)) + unit->kind +
	       (unit->user != 0 ? ledger_hash(config_string(config, unit->user)) : 0);
}

static uint16_t unit_find_row(const struct units *units, uint64_t key)
{
	uint32_t row = 0;

	while (row < UNITS_MAX && units->key[row] != key)
		row++;
	return row < UNITS_MAX ? (uint16_t)row : UNIT_NONE;
}

/* The path of a `cgroup` unit is its target; of a systemd unit, until it is found, the likeliest.
 */
static void unit_guess_path(struct unit *unit)
{
	struct buffer b;

	BUFFER_OVER(&b, unit->path);
	if (unit->kind == CONFIG_CGROUP)
		buffer_add(&b, unit->target + strspn(unit->target, "/"));
	else if (unit->kind == CONFIG_SYSTEMD)
		buffer_addf(&b, "system.slice/%s", unit->target);
	if (b.cut)
		unit->path[0] = '\0';
	while (b.len > 0 && !b.cut && unit->path[b.len - 1] == '/')
		unit->path[--b.len] = '\0';
}

static void unit_begin_row(struct see *see, uint16_t row, uint64_t key,
			   const struct config_unit *config)
{
	struct unit *unit = &see->units.row[row];

	memset(unit, 0, sizeof(*unit));
	see->units.key[row] = unit->key = key;
	unit->see = see;
	unit->kind = config->kind;
	unit->target = config_string(see->with.config, config->target);
	unit->limit_bytes = unit->swap_limit_bytes = unit->both_limit_bytes = UINT64_MAX;
	memset(unit->dir, -1, sizeof(unit->dir));
	memset(unit->file, -1, sizeof(unit->file));
	unit_guess_path(unit);
	see->units.missing[row] = unit->kind == CONFIG_SYSTEMD ? ledger_hash(unit->target) : 0;
}

/* Close what the new config does not know. */
static void unit_drop_others(struct see *see, const struct config *config)
{
	struct units *units = &see->units;

	for (uint32_t i = 0; i < units->count; i++) {
		struct unit *unit = unit_at(see, i);
		bool stays = false;

		for (uint32_t k = 0; k < config->units.count && !stays; k++)
			stays = see_unit_key(config, k) == unit->key;
		unit->busy = see->with.state->unit[i].busy;
		if (stays)
			continue;
		unit_close(see, unit);
		process_forget_unit(&see->processes, units->at[i]);
		watched_forget_unit(see, units->at[i]);
		death_forget_unit(see, units->at[i]);
		attribute_forget_unit(see, units->at[i]);
		units->key[units->at[i]] = units->missing[units->at[i]] = 0;
	}
}

static void unit_name_row(struct see *see, const struct config_unit *config, struct unit *unit)
{
	struct state_unit *row = &see->with.state->unit[unit->index];
	struct buffer b;

	memset(row, 0, sizeof(*row));
	BUFFER_OVER(&b, row->name);
	buffer_add(&b, config->name);
	row->kind = (uint8_t)config->kind;
	row->busy = unit->busy;
	peak_find(see, unit, config->name);
	unit_publish(see, unit);
}

void unit_config(struct see *see, const struct config *config)
{
	struct units *units = &see->units;

	unit_drop_others(see, config);
	see->with.config = config;
	units->count = config->units.count;
	units->match_count = 0;
	units->walked = 0;
	for (uint32_t i = 0; i < units->count; i++) {
		const struct config_unit *row = config_unit_at(config, i);
		uint64_t key = see_unit_key(config, i);
		uint16_t at = unit_find_row(units, key);
		struct unit *unit;

		if (at == UNIT_NONE) {
			at = unit_find_row(units, 0);
			unit_begin_row(see, at, key, row);
		}
		units->at[i] = at;
		unit = &units->row[at];
		unit->index = i;
		unit->target = config_string(config, row->target);
		unit->grace_ms = row->grace_ms;
		unit->read_at = 0;
		unit->woken = true; /* its row of the state page is empty */
		units->match_count += row->kind == CONFIG_MATCH;
		unit_name_row(see, row, unit);
	}
	source_process_judge_anew(see);
}
