#include "start/worker_lasting.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/diag.h"
#include "decide/ladder.h"
#include "share/request.h"
#include "share/state.h"

enum {
	LASTING_EVERY_MS = 60000, /* what units use changes all the time */
	LASTING_AGAIN_MS = 1000,  /* what the sentinel has not taken by then is told once more */
	LASTING_FULL_MS = 100,    /* until its end is tried again */
};

void worker_lasting_init(struct worker_lasting *lasting, struct ledger *ledger, const struct plugin *spool)
{
	*lasting = (struct worker_lasting){.ledger = ledger};
	if (spool != NULL && spool->keep_lasting != NULL && ledger->life != 0)
		lasting->spool = spool;
}

static void lasting_copy(char to[NAME_BYTES], const char *text)
{
	struct buffer b;

	buffer_init(&b, to, NAME_BYTES);
	buffer_add(&b, text);
}

static bool lasting_room(struct lasting **rows)
{
	if (*rows == NULL)
		*rows = calloc(LASTING_MAX, sizeof(**rows));
	return *rows != NULL;
}

/* --- from the ledger; the sentinel writes it meanwhile, and tells when it has --- */

static struct lasting *lasting_add(struct worker_lasting *l, enum lasting_kind kind)
{
	struct lasting *row;

	if (l->nows == LASTING_MAX)
		return NULL;
	row = &l->now[l->nows++];
	memset(row, 0, sizeof(*row));
	row->kind = (uint8_t)kind;
	return row;
}

/* One that is not sound is just being written. */
static void lasting_end_row(struct worker_lasting *l)
{
	if (!lasting_is_sound(&l->now[l->nows - 1]))
		l->nows--;
}

/* A cap ends with the boot; and a swap file is off after a restart of the host. */
static void lasting_add_mark(struct worker_lasting *l, const struct ledger_mark *mark)
{
	bool lasts = mark->unit[0] != '\0' && mark->kind != STATE_MARK_CAPPED && mark->kind != STATE_MARK_SWAP;
	struct lasting *row = lasts ? lasting_add(l, LASTING_MARK) : NULL;
	const struct ledger_unit *unit;

	if (row == NULL)
		return;
	memcpy(row->unit, mark->unit, sizeof(row->unit));
	row->unit[sizeof(row->unit) - 1] = '\0';
	row->mark = (uint8_t)mark->kind;
	row->at = mark->at;
	row->shed = mark->shed;
	row->target = mark->target;
	row->thread = mark->thread;
	row->rules = mark->rules < MARK_RULES_MAX ? mark->rules : MARK_RULES_MAX;
	memcpy(row->rule_hash, mark->rule, row->rules * sizeof(row->rule_hash[0]));
	unit = ledger_unit_find(l->ledger, row->unit);
	row->owed = unit != NULL && (unit->flags & LEDGER_UNIT_OWED) != 0;
	lasting_end_row(l);
}

static bool lasting_has_mark(const struct worker_lasting *l, const char *unit)
{
	for (size_t i = 0; i < l->nows; i++)
		if (l->now[i].kind == LASTING_MARK && strcmp(l->now[i].unit, unit) == 0)
			return true;
	return false;
}

/* A restart that has not asked for the start yet: after a restart of the host nobody else may know that it is owed. */
static void lasting_add_restart(struct worker_lasting *l, const struct ledger_entry *at)
{
	struct ledger_entry entry;
	struct lasting *row;

	if (at->kind != LEDGER_STEP || at->step_verb != VERB_RESTART || at->verb != VERB_STOP ||
	    !request_copy_entry(&entry, at, at->id) || lasting_has_mark(l, entry.unit))
		return;
	row = lasting_add(l, LASTING_MARK);
	if (row == NULL)
		return;
	lasting_copy(row->unit, entry.unit);
	row->mark = STATE_MARK_STOPPED;
	row->owed = 1;
	row->at = entry.at;
	row->rules = 1;
	row->rule_hash[0] = ledger_hash(entry.rule);
	lasting_end_row(l);
}

static void lasting_add_units(struct worker_lasting *l, const struct config *config)
{
	for (uint32_t i = 0; i < config->units.count; i++) {
		const char *name = config_unit_at(config, i)->name;
		const struct ledger_unit *unit = ledger_unit_find(l->ledger, name);
		struct lasting *row = NULL;

		if (unit != NULL && (unit->peak_mib != 0 || unit->vain != 0))
			row = lasting_add(l, LASTING_UNIT);
		if (row == NULL)
			continue;
		lasting_copy(row->unit, name);
		row->peak_mib = unit->peak_mib;
		row->vain = unit->vain;
		lasting_end_row(l);
	}
}

static const char *lasting_unit_name(const struct config *config, const struct config_instance *instance)
{
	return instance->unit < config->units.count ? config_unit_at(config, instance->unit)->name : "";
}

static void lasting_add_open(struct worker_lasting *l, const struct config *config, const struct ledger_ladder *at)
{
	bool open = at->key != 0 && at->firing != 0 && (at->flags & LADDER_SAID) != 0;

	for (uint32_t i = 0; open && i < config->instances.count; i++) {
		const struct config_instance *instance = config_instance_at(config, i);
		const struct config_rule *rule = config_rule_at(config, instance->rule);
		const char *unit = lasting_unit_name(config, instance);
		struct lasting *row;

		if (ledger_key(rule->name, unit) != at->key)
			continue;
		row = lasting_add(l, LASTING_OPEN);
		if (row == NULL)
			return;
		lasting_copy(row->rule, rule->name);
		lasting_copy(row->unit, unit);
		row->severity = (at->flags & LADDER_CRITICAL) != 0 ? SEVERITY_CRITICAL : (uint8_t)rule->severity;
		row->thread = at->thread;
		row->at = clock_wall() - (clock_mono() - at->began);
		lasting_end_row(l);
		return;
	}
}

static void lasting_collect(struct worker_lasting *l, const struct config *config)
{
	l->nows = 0;
	for (int i = 0; i < MARKS_MAX; i++)
		lasting_add_mark(l, &l->ledger->marks[i]);
	for (int i = 0; i < ENTRIES_MAX; i++)
		lasting_add_restart(l, &l->ledger->entries[i]);
	lasting_add_units(l, config);
	for (int i = 0; i < LADDERS_MAX; i++)
		lasting_add_open(l, config, &l->ledger->ladders[i]);
	qsort(l->now, l->nows, sizeof(l->now[0]), lasting_compare);
}

/* --- to the disk --- */

/* The same row, but for what is known no better than to the moment, and what may wait. */
static bool lasting_is_same(const struct lasting *a, const struct lasting *b, bool whole)
{
	struct lasting x = *a;

	x.at = a->kind == LASTING_OPEN ? b->at : a->at;
	x.peak_mib = whole ? a->peak_mib : b->peak_mib;
	return memcmp(&x, b, sizeof(x)) == 0;
}

static bool lasting_differs(const struct worker_lasting *l, bool whole)
{
	size_t i = 0;

	if (!l->known || l->nows != l->lasts)
		return true;
	while (i < l->nows && lasting_is_same(&l->now[i], &l->last[i], whole))
		i++;
	return i < l->nows;
}

static void lasting_follow(struct worker_lasting *l, const struct config *config, bool whole)
{
	struct lasting_of of = {.life = l->ledger->life};
	struct lasting *was = l->last;

	if (!lasting_room(&l->now)) {
		diag_warning("no memory to see which units are stopped: a restart of the host would forget it");
		return;
	}
	lasting_collect(l, config);
	if (!lasting_differs(l, whole))
		return;
	memcpy(of.boot_id, l->ledger->boot_id, sizeof(of.boot_id));
	of.boot_id[sizeof(of.boot_id) - 1] = '\0';
	if (l->spool->keep_lasting(&of, l->now, l->nows) < 0) {
		l->known = false;
		return; /* and again in a minute, or with the next change */
	}
	l->last = l->now;
	l->lasts = l->nows;
	l->now = was;
	l->known = true;
}

/* --- from the disk --- */

static void lasting_forget_given(struct worker_lasting *l)
{
	free(l->give);
	l->give = NULL;
	l->gives = l->sent = 0;
}

/* Of another boot nothing is frozen any more. */
static void lasting_choose(struct worker_lasting *l, const struct lasting_of *of, const struct lasting *rows, size_t count)
{
	bool rebooted = strcmp(of->boot_id, l->ledger->boot_id) != 0;

	for (size_t i = 0; i < count; i++) {
		if (rebooted && rows[i].kind == LASTING_MARK && rows[i].mark == STATE_MARK_FROZEN)
			continue;
		l->give[l->gives] = rows[i];
		l->give[l->gives++].rebooted = rebooted;
	}
}

void worker_lasting_read(struct worker_lasting *l, const struct lasting_of *of, const struct lasting *rows, size_t count)
{
	if (l->spool == NULL)
		return;
	lasting_forget_given(l);
	l->due = true;
	l->known = false;
	if (of->life == l->ledger->life) { /* it is this ledger's, or was when it was written last */
		l->phase = LASTING_FOLLOWS;
		if (count <= LASTING_MAX && lasting_room(&l->last)) {
			if (count > 0)
				memcpy(l->last, rows, count * sizeof(*rows));
			l->lasts = count;
			l->known = true;
		}
		return;
	}
	l->phase = LASTING_UNREAD;
	l->give = calloc(count > 0 ? count : 1, sizeof(*l->give));
	if (l->give == NULL) {
		diag_warning("no memory for what the disk knows of units that are stopped: it stays there for another start");
		return;
	}
	lasting_choose(l, of, rows, count);
	l->phase = LASTING_GIVING;
}

static uint32_t lasting_taken(const struct worker_lasting *l)
{
	return atomic_load_explicit(&l->ledger->lasting_next, memory_order_acquire);
}

/* What is not taken in time is told again from there: the sentinel may have been killed with it in hand. */
static void lasting_give(struct worker_lasting *l, int link, mono_ms now)
{
	struct message message;

	if (l->sent > l->gives && now - l->sent_at >= LASTING_AGAIN_MS)
		l->sent = lasting_taken(l) <= l->gives ? lasting_taken(l) : 0;
	l->full = false;
	while (l->sent <= l->gives && !l->full) {
		lasting_message(&message, l->sent, l->sent < l->gives ? &l->give[l->sent] : NULL);
		l->full = message_send(link, &message, -1) < 0;
		if (!l->full) {
			l->sent++;
			l->sent_at = now;
		}
	}
}

void worker_lasting_changed(struct worker_lasting *l)
{
	l->due = true;
}

int worker_lasting_turn(struct worker_lasting *l, int link, const struct config *config, mono_ms now)
{
	bool whole = now >= l->look_at;

	if (l->phase == LASTING_GIVING && lasting_taken(l) == LEDGER_LASTING_ALL) {
		lasting_forget_given(l);
		l->phase = LASTING_FOLLOWS;
	}
	if (l->phase == LASTING_GIVING) {
		lasting_give(l, link, now);
		return l->full ? LASTING_FULL_MS : LASTING_AGAIN_MS;
	}
	if (l->phase != LASTING_FOLLOWS || config == NULL)
		return -1;
	if (whole)
		l->look_at = now + LASTING_EVERY_MS;
	if (l->due || whole)
		lasting_follow(l, config, whole);
	l->due = false;
	return (int)(l->look_at - now);
}

void worker_lasting_close(struct worker_lasting *l, const struct config *config)
{
	if (l->phase == LASTING_FOLLOWS && config != NULL)
		lasting_follow(l, config, true);
	lasting_forget_given(l);
	free(l->last);
	free(l->now);
	l->last = l->now = NULL;
	l->phase = LASTING_UNREAD;
}
