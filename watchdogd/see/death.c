#include "see/death.h"

#include <signal.h>
#include <string.h>

#include "base/diag.h"
#include "base/title.h"
#include "see/choose.h"
#include "see/deathtext.h"
#include "see/reply.h"
#include "see/source.h"

enum { DEATH_TRIES = 3 }; /* who goes into the background forks twice at most */

void death_init(struct see *see)
{
	see->deaths.count = see->deaths.replies = 0;
}

bool death_has_room(const struct see *see)
{
	return see->deaths.count < DEATHS_MAX;
}

static const struct config_unit *death_unit(const struct see *see, uint16_t row)
{
	return config_unit_at(see->with.config, see->units.row[row].index);
}

void death_name(const struct see *see, uint16_t row, const char *comm, char name[NAME_BYTES])
{
	const struct config_unit *unit = death_unit(see, row);
	const char *words = config_string(see->with.config, unit->process);
	struct buffer b;

	if (words[0] == '\0' && unit->kind == CONFIG_MATCH)
		words = config_string(see->with.config, unit->target);
	words += strspn(words, " \t");
	buffer_init(&b, name, NAME_BYTES);
	buffer_add_bytes(&b, words, strcspn(words, " \t"));
	if (b.len == 0)
		buffer_add(&b, comm[0] != '\0' ? comm : "a process");
}

static bool death_parent_lives(const struct see *see, const struct watched *who)
{
	struct procfs_stat stat;

	return who->parent_start != 0 && procfs_read_stat(see->processes.proc, who->parent, &stat) == 0 &&
	       stat.start == who->parent_start && procfs_is_alive(&stat);
}

/* Who ends well may have left its place to another: a daemon that went into the background. */
static bool death_may_hand_over(const struct watched *ended, mono_ms now)
{
	return ended->has_status ? ended->status == 0 : now < ended->since + DEATH_YOUNG_MS;
}

/* Each try has what was forked until the one before found nobody alive. */
static bool death_hand_over(struct see *see, const struct watched *ended, mono_ms now)
{
	bool done = false;

	for (int try = 0; try < DEATH_TRIES && !done && death_may_hand_over(ended, now); try++) {
		done = choose_hand_over(see, ended, now);
		if (!done)
			source_process_catch_up(see, now);
	}
	return done;
}

void death_take(struct see *see, const struct watched *ended, mono_ms now)
{
	struct death *death;

	source_process_catch_up(see, now);
	if (death_hand_over(see, ended, now)) {
		diag_event(SEVERITY_INFO, NULL, death_unit(see, ended->unit)->name,
			   "%s (pid %d) ended and left its place to %s (pid %d)", ended->comm, ended->pid,
			   see->units.row[ended->unit].watched.comm, see->units.row[ended->unit].watched.pid);
		return;
	}
	death = &see->deaths.waiting[see->deaths.count++];
	memset(death, 0, sizeof(*death));
	death->who = *ended;
	death->at = now;
	death->why = "";
	death->parent_lives = death_parent_lives(see, ended);
	(void)source_process_life(see, ended->pid, &death->life);
	see->units.row[ended->unit].woken = true; /* its counters are read in this look yet */
	death_name(see, ended->unit, ended->comm, death->name);
}

static bool death_was_killed(const struct death *death)
{
	return death->who.has_status && (death->who.status & 0x7f) == SIGKILL;
}

static bool death_may_be_oom(const struct death *death)
{
	return !death->who.has_status || death_was_killed(death);
}

/* The kernel counts an OOM kill before it sends the signal, and logs it after: what was counted a while ago is in
 * what was read of the log since. */
static bool death_log_may_tell(const struct see *see, const struct death *death, mono_ms now)
{
	if (see->kmsg.fd < 0 || now >= death->at + DEATH_WAIT_MS)
		return false;
	return see->kills.vmstat < 0 || now - see->kills.rose_at < DEATH_WAIT_MS;
}

/* False: the kernel's log may tell yet. */
static bool death_find_oom(struct see *see, struct death *death, mono_ms now)
{
	const struct unit *unit = &see->units.row[death->who.unit];

	if (death->oom || !death_may_be_oom(death))
		return true;
	death->oom = attribute_was_killed(see, death->who.pid, death->who.since, &death->oom_bytes);
	if (death->oom)
		return true;
	if (see->kmsg.fd < 0 && unit->kills_rose_at != 0 && unit->kills_rose_at + ATTRIBUTE_WAIT_MS >= death->at)
		death->oom = true; /* its own counter is all there is */
	return death->oom || !death_log_may_tell(see, death, now);
}

/* For the page and for who tells of it later: what is long in it is not repeated. */
static void death_note(struct see *see, const struct death *death)
{
	struct unit_watched *watched = &see->units.row[death->who.unit].watched;
	enum state_death cause = deathtext_cause(death);
	struct buffer b;

	watched->died = clock_wall();
	if (cause != STATE_DEATHS)
		watched->causes[cause]++;
	BUFFER_OVER(&b, watched->died_text);
	deathtext_add_end(&b, death);
}

static void death_tell_asked(struct see *see, const struct death *death)
{
	char text[TEXT_BYTES];
	struct buffer b;

	BUFFER_OVER(&b, text);
	deathtext_add(&b, death);
	diag_event(SEVERITY_INFO, NULL, death_unit(see, death->who.unit)->name, "%s", text);
	death_note(see, death);
}

static void death_tell(struct see *see, const struct death *death)
{
	struct unit *unit = &see->units.row[death->who.unit];
	struct event *event = event_add(see->with.events, EVENT_DEATH, unit->index, death->at);
	char text[TEXT_BYTES];
	struct buffer b, whole;

	BUFFER_OVER(&b, text);
	deathtext_add(&b, death);
	death_note(see, death);
	unit->watched.deaths++;
	event->pid = death->who.pid;
	memcpy(event->comm, death->who.comm, sizeof(death->who.comm));
	BUFFER_OVER(&whole, event->text);
	buffer_addf(&whole, "%s: %s", death_unit(see, death->who.unit)->name, text);
	BUFFER_OVER(&whole, event->title);
	deathtext_add_title(&whole, death);
	title_bound(event->title);
	reply_begin(see, unit, death->at);
}

/* A stop asks before it kills, but for KillSignal=SIGKILL: by then its job has long been heard of. */
static enum liveness_end death_find_end(struct see *see, struct death *death, mono_ms now)
{
	struct unit *unit = &see->units.row[death->who.unit];
	enum liveness_end end = liveness_end(see, unit, death->at, now, &death->why);

	if (end == LIVENESS_END_WAIT && death_was_killed(death) && now >= death->at + DEATH_WAIT_MS)
		return LIVENESS_END_ITSELF;
	return end;
}

/* False: not yet. */
static bool death_is_told(struct see *see, struct death *death, mono_ms now)
{
	/* Both are asked at once. */
	enum liveness_end end = death_find_end(see, death, now);

	if (!death_find_oom(see, death, now) || end == LIVENESS_END_WAIT || see->with.events->count == EVENTS_MAX)
		return false;
	if (end == LIVENESS_END_ASKED)
		death_tell_asked(see, death);
	else
		death_tell(see, death);
	return true;
}

void death_look(struct see *see, mono_ms now)
{
	struct deaths *deaths = &see->deaths;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < deaths->count; i++)
		if (!death_is_told(see, &deaths->waiting[i], now))
			deaths->waiting[kept++] = deaths->waiting[i];
	deaths->count = kept;
	reply_look(see, now);
}

void death_forget_unit(struct see *see, uint16_t unit)
{
	struct deaths *deaths = &see->deaths;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < deaths->count; i++)
		if (deaths->waiting[i].who.unit != unit)
			deaths->waiting[kept++] = deaths->waiting[i];
	deaths->count = kept;
}

/* The watched process of that pid (0: none), also one that has ended and is not told yet; who was started later is
 * another. */
static const struct watched *death_find(const struct see *see, int32_t pid, mono_ms at)
{
	const struct watched *who = pid != 0 ? watched_find(see, pid) : NULL;

	for (uint32_t i = 0; i < see->deaths.count && who == NULL; i++)
		if (see->deaths.waiting[i].who.pid == pid)
			who = &see->deaths.waiting[i].who;
	return who != NULL && who->since <= at ? who : NULL;
}

void death_add_oom_title(struct see *see, int32_t pid, const char *comm, uint64_t bytes, mono_ms at,
			 struct buffer *out)
{
	const struct watched *who = death_find(see, pid, at);
	char name[NAME_BYTES];

	if (who != NULL)
		death_name(see, who->unit, comm, name);
	deathtext_add_oom_title(out, who != NULL ? name : comm[0] != '\0' ? comm : "a process", bytes);
	if (who != NULL)
		deathtext_add_parent_title(out, who, death_parent_lives(see, who));
}

void death_add_facts(struct see *see, int32_t pid, mono_ms at, struct buffer *out)
{
	const struct watched *who = death_find(see, pid, at);
	char span[32];

	if (who == NULL)
		return;
	buffer_addf(out, ", %s after its start", clock_format_span(at - who->since, span));
	deathtext_add_parent(out, who, death_parent_lives(see, who));
}
