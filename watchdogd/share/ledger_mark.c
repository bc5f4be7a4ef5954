/* The marks of ledger.h: what we did to a unit and have not given back. It may be capped, and stopped or frozen
 * besides. */
#include "share/ledger.h"

#include <stddef.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "share/state.h"

struct ledger_mark *ledger_mark_find(struct ledger *ledger, const char *unit)
{
	for (int i = 0; i < MARKS_MAX; i++)
		if (ledger->marks[i].unit[0] != '\0' && strcmp(ledger->marks[i].unit, unit) == 0)
			return &ledger->marks[i];
	return NULL;
}

static uint32_t ledger_next_shed(const struct ledger *ledger)
{
	uint32_t last = 0;

	for (int i = 0; i < MARKS_MAX; i++)
		if (ledger->marks[i].unit[0] != '\0' && ledger->marks[i].shed > last)
			last = ledger->marks[i].shed;
	return last + 1;
}

static struct ledger_mark *ledger_mark_new(struct ledger *ledger, const char *unit)
{
	for (int i = 0; i < MARKS_MAX; i++) {
		struct ledger_mark *mark = &ledger->marks[i];
		struct buffer b;

		if (mark->unit[0] != '\0')
			continue;
		memset(mark, 0, sizeof(*mark));
		mark->at = clock_wall();
		BUFFER_OVER(&b, mark->unit);
		buffer_add(&b, unit);
		return mark;
	}
	return NULL;
}

struct ledger_mark *ledger_mark(struct ledger *ledger, const char *unit, char kind, const char *rule)
{
	struct ledger_mark *mark = ledger_mark_find(ledger, unit);
	uint64_t hash = ledger_hash(rule);

	if (mark == NULL)
		mark = ledger_mark_new(ledger, unit);
	if (mark == NULL)
		return NULL;
	if (mark->kind != kind && (kind != STATE_MARK_CAPPED || mark->kind == STATE_MARK_NONE)) {
		mark->shed = ledger_next_shed(ledger);
		mark->kind = kind;
	}
	for (int i = 0; i < mark->rules; i++)
		if (mark->rule[i] == hash)
			return mark;
	if (mark->rules < MARK_RULES_MAX)
		mark->rule[mark->rules++] = hash;
	return mark;
}

void ledger_unmark(struct ledger *ledger, const char *unit)
{
	struct ledger_mark *mark = ledger_mark_find(ledger, unit);

	if (mark == NULL)
		return;
	if (mark->cap_bytes == 0) {
		mark->unit[0] = '\0';
		return;
	}
	mark->shed = mark->cap_shed;
	mark->kind = STATE_MARK_CAPPED;
}

const char *ledger_mark_word(char kind)
{
	switch ((enum state_mark)kind) {
	case STATE_MARK_FROZEN:
		return "frozen";
	case STATE_MARK_CAPPED:
		return "capped";
	case STATE_MARK_SWAP:
		return "on";
	default:
		return "stopped";
	}
}

bool ledger_mark_has(const struct ledger_mark *mark, const char *rule)
{
	uint64_t hash = ledger_hash(rule);

	for (uint32_t i = 0; mark->unit[0] != '\0' && i < mark->rules && i < MARK_RULES_MAX; i++)
		if (mark->rule[i] == hash)
			return true;
	return false;
}

struct ledger_mark *ledger_mark_put(struct ledger *ledger, const struct ledger_mark *mark)
{
	struct ledger_mark *row = ledger_mark_new(ledger, "");

	if (row == NULL)
		return NULL;
	*row = *mark;
	row->unit[0] = '\0';
	atomic_thread_fence(memory_order_release); /* a crash before its name leaves the row free */
	memcpy(row->unit, mark->unit, sizeof(row->unit));
	return row;
}

struct ledger_mark *ledger_mark_cap(struct ledger *ledger, const char *unit, const char *rule, uint64_t bytes,
				    uint64_t before)
{
	struct ledger_mark *mark = ledger_mark(ledger, unit, STATE_MARK_CAPPED, rule);

	if (mark == NULL)
		return NULL;
	if (mark->cap_bytes == 0) {
		mark->high_before = before;
		mark->cap_shed = mark->shed;
	}
	mark->cap_bytes = bytes;
	return mark;
}

void ledger_uncap(struct ledger *ledger, const char *unit)
{
	struct ledger_mark *mark = ledger_mark_find(ledger, unit);

	if (mark == NULL)
		return;
	mark->cap_bytes = 0;
	if (mark->kind == STATE_MARK_CAPPED)
		mark->unit[0] = '\0';
}

bool ledger_is_marked(struct ledger *ledger, const char *unit, char kind)
{
	const struct ledger_mark *mark = ledger_mark_find(ledger, unit);

	return mark != NULL && (mark->kind == kind || (kind == STATE_MARK_CAPPED && mark->cap_bytes != 0));
}
