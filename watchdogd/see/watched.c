#include "see/watched.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/file.h"
#include "base/root.h"
#include "see/death.h"
#include "see/pidfd.h"
#include "see/source.h"

enum { WATCHED_PAGE_BYTES = 4096 };

void watched_init(struct see *see)
{
	struct watches *watches = &see->watches;

	for (uint32_t i = 0; i < watches->used; i++)
		if (watches->row[i].pid != 0)
			(void)file_close(watches->row[i].fd);
	watches->used = watches->pidfds = 0;
	watches->full_told = watches->pidfds_told = false;
	watches->looked = 0;
}

/* Its oldest watched process tells since when there is one; its newest is shown. */
static void watched_count(struct see *see, uint16_t row)
{
	struct unit_watched *out = &see->units.row[row].watched;
	const struct watched *newest = NULL;
	mono_ms oldest = 0;

	out->count = 0;
	for (uint32_t i = 0; i < see->watches.used; i++) {
		const struct watched *w = &see->watches.row[i];

		if (w->pid == 0 || w->unit != row)
			continue;
		out->count++;
		if (newest == NULL || w->since >= newest->since)
			newest = w;
		if (oldest == 0 || w->since < oldest)
			oldest = w->since;
	}
	if (out->count == 0)
		out->alive_since = 0;
	else if (out->alive_since == 0)
		out->alive_since = oldest;
	out->pid = newest != NULL ? newest->pid : 0;
	out->parent = newest != NULL ? newest->parent : 0;
	out->since = newest != NULL ? newest->since : 0;
	memcpy(out->comm, newest != NULL ? newest->comm : "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", sizeof(out->comm));
	memcpy(out->parent_comm, newest != NULL ? newest->parent_comm : "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
	       sizeof(out->parent_comm));
}

static bool watched_is(const struct watched *w, const struct process *process)
{
	return w->pid == process->pid && w->start == process->start;
}

static struct watched *watched_row_of(struct see *see, const struct process *process, uint16_t unit)
{
	for (uint32_t i = 0; i < see->watches.used; i++)
		if (watched_is(&see->watches.row[i], process) && see->watches.row[i].unit == unit)
			return &see->watches.row[i];
	return NULL;
}

static void watched_on_ready(void *arg, uint32_t events)
{
	struct watched *w = arg;

	(void)events;
	w->ready = true;
}

static struct watched *watched_take_row(struct see *see)
{
	struct watches *watches = &see->watches;

	for (uint32_t i = 0; i < watches->used; i++)
		if (watches->row[i].pid == 0)
			return &watches->row[i];
	if (watches->used < WATCHED_ROWS)
		return &watches->row[watches->used++];
	if (!watches->full_told)
		diag_warning("more than %d processes are to be watched; the deaths of those beyond are not seen",
			     WATCHED_ROWS);
	watches->full_told = true;
	return NULL;
}

static void watched_look_each_second(struct see *see, const char *why)
{
	if (!see->watches.pidfds_told && !root_is_fake())
		diag_warning("%s: some watched processes are looked at once a second", why);
	see->watches.pidfds_told = true;
}

/* Once, as it ends: it stays readable from then on. */
static void watched_open(struct see *see, struct watched *w)
{
	if (see->watches.pidfds == WATCHED_MAX) {
		watched_look_each_second(see, "as many pidfds as watchdogd opens are open");
		return;
	}
	w->fd = pidfd_open_process(see->processes.proc, w->pid, w->start);
	if (w->fd == -ESRCH) {
		w->ready = true; /* ended already */
	} else if (w->fd < 0) {
		watched_look_each_second(see, diag_errno(w->fd));
	} else if (loop_add(see->with.loop, w->fd, EPOLLIN | EPOLLET, watched_on_ready, w) < 0) {
		(void)close(w->fd);
		w->fd = -1;
		watched_look_each_second(see, "the loop has no room for more pidfds");
	} else {
		see->watches.pidfds++;
		return;
	}
	w->fd = -1;
}

static void watched_keep_parent(struct see *see, struct watched *w, int32_t pid)
{
	const struct process *parent = process_find(&see->processes, pid);
	struct procfs_stat stat;

	w->parent = pid;
	if (pid <= 0 || procfs_read_stat(see->processes.proc, pid, &stat) < 0 || stat.start > w->start)
		return;
	w->parent_start = stat.start;
	memcpy(w->parent_comm, stat.comm, sizeof(w->parent_comm));
	w->parent_is_kin = parent != NULL && process_is_of(see, parent, w->unit);
}

static struct watched *watched_begin(struct see *see, struct process *process, uint16_t unit, mono_ms now)
{
	struct watched *w = watched_row_of(see, process, unit);
	mono_ms started = process_started(process->start, now);

	process->watched |= w != NULL;
	if (w != NULL)
		return w;
	w = process->start != 0 ? watched_take_row(see) : NULL;
	if (w == NULL)
		return NULL;
	*w = (struct watched){.pid = process->pid, .fd = -1, .unit = unit, .start = process->start};
	/* One that was seen before as something else is this since its exec, about now. */
	w->since = process->first_s == process->seen_s ? started : now;
	memcpy(w->comm, process->comm, sizeof(w->comm));
	watched_keep_parent(see, w, process->parent);
	watched_open(see, w);
	process->watched = true;
	watched_count(see, unit);
	return w;
}

static void watched_close(struct see *see, struct watched *w)
{
	if (w->fd >= 0) {
		loop_remove(see->with.loop, w->fd);
		w->fd = file_close(w->fd);
		see->watches.pidfds--;
	}
	w->pid = 0;
}

static const char *watched_unit_name(const struct see *see, const struct watched *w)
{
	return config_unit_at(see->with.config, see->units.row[w->unit].index)->name;
}

static void watched_drop(struct see *see, struct watched *w, const struct process *process, mono_ms now)
{
	if (memcmp(w->comm, process->comm, sizeof(w->comm)) != 0)
		diag_event(SEVERITY_INFO, NULL, watched_unit_name(see, w),
			   "%s (pid %d) is %s now, another program: it is watched no more", w->comm, w->pid,
			   process->comm);
	else
		diag_event(SEVERITY_INFO, NULL, watched_unit_name(see, w), "%s (pid %d) is watched no more", w->comm,
			   w->pid);
	watched_close(see, w);
	see->units.row[w->unit].watched.ended_at = now;
	watched_count(see, w->unit);
}

/* Its rows that these units still want; the others are closed. has: gets which of them have one. */
static bool watched_keep(struct see *see, const struct process *process, const uint16_t units[PROCESS_SLOTS],
			 bool has[PROCESS_SLOTS], mono_ms now)
{
	bool any = false;

	for (uint32_t i = 0; i < see->watches.used; i++) {
		struct watched *w = &see->watches.row[i];
		bool stays;

		if (w->pid == 0 || !watched_is(w, process))
			continue;
		w->root = w->root && !see->units.row[w->unit].has_process; /* it may have one since a reload */
		stays = w->root && process_is_of(see, process, w->unit);
		for (int slot = 0; slot < PROCESS_SLOTS; slot++)
			if (units[slot] == w->unit)
				stays = has[slot] = true;
		if (stays)
			memcpy(w->comm, process->comm, sizeof(w->comm));
		else
			watched_drop(see, w, process, now);
		any |= stays;
	}
	return any;
}

void watched_set(struct see *see, struct process *process, const uint16_t units[PROCESS_SLOTS], mono_ms now)
{
	bool has[PROCESS_SLOTS] = {false};

	if (process->watched && !process->ended)
		process->watched = watched_keep(see, process, units, has, now);
	for (int slot = 0; slot < PROCESS_SLOTS; slot++)
		if (units[slot] != UNIT_NONE && !has[slot])
			(void)watched_begin(see, process, units[slot], now);
}

void watched_add_root(struct see *see, struct process *process, uint16_t unit, mono_ms now)
{
	struct watched *w = watched_begin(see, process, unit, now);

	if (w != NULL)
		w->root = true;
}

const struct watched *watched_find(const struct see *see, int32_t pid)
{
	for (uint32_t i = 0; i < see->watches.used; i++)
		if (see->watches.row[i].pid == pid)
			return &see->watches.row[i];
	return NULL;
}

void watched_on_exit(struct see *see, int32_t pid, uint32_t status, mono_ms now)
{
	const struct process *process = process_find(&see->processes, pid);

	for (uint32_t i = 0; process != NULL && process->watched && i < see->watches.used; i++) {
		struct watched *w = &see->watches.row[i];

		if (w->pid != pid)
			continue;
		w->has_status = w->ready = true;
		w->status = status;
		w->exit_at = now;
	}
}

void watched_note_rss(struct see *see, const struct process *process, uint64_t rss_bytes)
{
	for (uint32_t i = 0; process->watched && i < see->watches.used; i++)
		if (watched_is(&see->watches.row[i], process))
			see->watches.row[i].rss_bytes = rss_bytes;
}

void watched_forget_unit(struct see *see, uint16_t unit)
{
	for (uint32_t i = 0; i < see->watches.used; i++)
		if (see->watches.row[i].pid != 0 && see->watches.row[i].unit == unit)
			watched_close(see, &see->watches.row[i]);
}

/* Without a pidfd: by /proc. */
static bool watched_is_gone(struct see *see, struct watched *w)
{
	struct procfs_stat stat;
	uint32_t status;
	int error = procfs_read_exit(see->processes.proc, w->pid, &stat, &status);
	bool shown = error == 0;

	if (error == -EPROTO) /* a made-up one may end before its status */
		error = procfs_read_stat(see->processes.proc, w->pid, &stat);
	if (error < 0)
		return error == -ENOENT || error == -ESRCH;
	if (stat.start != w->start)
		return true;
	if (procfs_is_alive(&stat)) {
		w->rss_bytes = stat.rss_pages * WATCHED_PAGE_BYTES;
		return false;
	}
	/* To who may not trace it, it is shown as 0. */
	if (shown && (status != 0 || geteuid() == 0)) {
		w->has_status = true;
		w->status = status;
	}
	return true;
}

static bool watched_has_ended(struct see *see, struct watched *w, mono_ms now)
{
	uint32_t status;

	if (w->fd < 0)
		return watched_is_gone(see, w);
	if (!pidfd_has_ended(w->fd))
		return false;
	/* Its main thread ended long before the others: that was not its end. */
	if (w->exit_at != 0 && now - w->exit_at > WATCHED_LOOK_MS)
		w->has_status = false;
	if (pidfd_read_end(w->fd, see->processes.proc, w->pid, w->start, &status) == 0) {
		w->has_status = true;
		w->status = status;
	}
	return true;
}

/* The kernel lets a pidfd know before it tells the connector (exit_notify, then proc_exit_connector of do_exit), and
 * a parent that reaps at once leaves nobody else to ask. */
static bool watched_waits_for_status(struct see *see, struct watched *w, mono_ms now)
{
	if (w->has_status || see->process.connector.fd < 0)
		return false;
	if (w->gone_at == 0)
		w->gone_at = now;
	return now - w->gone_at < WATCHED_STATUS_MS;
}

static void watched_end(struct see *see, struct watched *w, mono_ms now)
{
	struct process *process = process_find(&see->processes, w->pid);
	struct watched ended = *w;

	if (process != NULL && watched_is(w, process)) {
		process->ended = true;
		process->watched = false;
	}
	watched_close(see, w);
	see->units.row[ended.unit].watched.ended_at = now;
	watched_count(see, ended.unit);
	death_take(see, &ended, now);
}

void watched_look(struct see *see, mono_ms now)
{
	struct watches *watches = &see->watches;
	bool due = now - watches->looked >= WATCHED_LOOK_MS || watches->looked == 0;

	if (due)
		watches->looked = now;
	watches->waiting = false;
	for (uint32_t i = 0; i < watches->used; i++) {
		struct watched *w = &watches->row[i];

		if (w->pid == 0 || !(w->ready || (due && w->fd < 0)))
			continue;
		if (!death_has_room(see))
			return;
		w->ready = false;
		if (!watched_has_ended(see, w, now))
			continue;
		w->ready = watched_waits_for_status(see, w, now);
		watches->waiting |= w->ready;
		if (!w->ready)
			watched_end(see, w, now);
	}
}

bool watched_must_look(const struct see *see)
{
	return see->watches.pidfds_told;
}
