/* What outlives a restart of the host (share/lasting.h), on the sentinel's side: the scribe is told when it changes,
 * and what it gives back is taken, each row once. */
#include <stdatomic.h>
#include <string.h>

#include "base/buffer.h"
#include "base/diag.h"
#include "base/title.h"
#include "do/action_lasting.h"
#include "start/sentinel.h"
#include "start/worker_wants.h"

#define LASTING_CLOCK_SET_MS 1577836800000u /* 2020-01-01: a clock before that was never set */

/* --- told --- */

/* FNV-1a. */
static uint64_t lasting_mix(uint64_t hash, const void *bytes, size_t n)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ at[i]) * 0x100000001b3u;
	return hash;
}

static uint64_t lasting_mix_mark(uint64_t hash, const struct ledger *ledger, const struct ledger_mark *mark)
{
	const struct ledger_unit *unit = ledger_unit_find(ledger, mark->unit);
	uint16_t owed = unit != NULL ? unit->flags & LEDGER_UNIT_OWED : 0;

	hash = lasting_mix(hash, mark, sizeof(*mark));
	return lasting_mix(hash, &owed, sizeof(owed));
}

/* Of all that is to last but what units use, which changes at each look. Never 0. */
static uint64_t lasting_hash(const struct sentinel *s)
{
	const struct ledger *ledger = s->ledger;
	uint64_t hash = 0xcbf29ce484222325u;

	for (int i = 0; i < MARKS_MAX; i++)
		if (ledger->marks[i].unit[0] != '\0')
			hash = lasting_mix_mark(hash, ledger, &ledger->marks[i]);
	for (int i = 0; i < ENTRIES_MAX; i++) {
		const struct ledger_entry *entry = &ledger->entries[i];

		if (entry->state == LEDGER_OPEN && entry->kind == LEDGER_STEP && entry->verb == VERB_STOP)
			hash = lasting_mix(hash, &entry->id, sizeof(entry->id));
	}
	for (uint32_t i = 0; i < s->config->instances.count; i++) {
		const struct state_rule *row = &s->state->rule[i];
		uint64_t thread = row->thread + (row->phase == STATE_RULE_GIVEN_UP);

		if (row->thread != 0)
			hash = lasting_mix(hash, &thread, sizeof(thread));
	}
	return hash != 0 ? hash : 1;
}

void sentinel_keep_lasting(struct sentinel *s)
{
	uint64_t hash;

	if (s->ledger->life == 0 || !wants_spool(s->config))
		return;
	hash = lasting_hash(s);
	if (hash != s->lasting_told && worker_keep(&s->scribe) == 0)
		s->lasting_told = hash;
}

/* --- taken --- */

static const struct config_rule *lasting_rule(const struct config *config, const char *name)
{
	for (uint32_t i = 0; i < config->rules.count; i++)
		if (strcmp(config_rule_at(config, i)->name, name) == 0)
			return config_rule_at(config, i);
	return NULL;
}

/* "; xtts is still stopped": by that rule. */
static void lasting_add_marks(const struct ledger *ledger, const char *rule, struct buffer *text)
{
	uint64_t hash = ledger_hash(rule);

	for (int i = 0; i < MARKS_MAX; i++) {
		const struct ledger_mark *mark = &ledger->marks[i];

		for (uint32_t k = 0; mark->unit[0] != '\0' && k < mark->rules && k < MARK_RULES_MAX; k++)
			if (mark->rule[k] == hash && mark->kind == STATE_MARK_STOPPED)
				buffer_addf(text, "; %s is still stopped", mark->unit);
	}
}

/* "the host was restarted at 18:38 UTC" */
static void lasting_add_why(const struct lasting *lasting, mono_ms now, struct buffer *text)
{
	wall_ms wall = clock_wall();
	char at[21];

	buffer_add(text, lasting->rebooted ? "the host was restarted" : "watchdogd began anew, without what it knew of this");
	if (!lasting->rebooted || wall < LASTING_CLOCK_SET_MS + now)
		return;
	clock_format(wall - clock_boot_ms(), at);
	buffer_add(text, " at ");
	buffer_add_bytes(text, at + 11, 5);
	buffer_add(text, " UTC");
}

/* An alert that was open: it ends here, for who got it. What goes on is a new one. */
static void lasting_end_alert(struct sentinel *s, const struct lasting *lasting, mono_ms now)
{
	const struct config_rule *rule = lasting_rule(s->config, lasting->rule);
	char title[TITLE_BYTES], text[TEXT_BYTES], at[21];
	struct buffer b;

	BUFFER_OVER(&b, title);
	lasting_add_why(lasting, now, &b);
	buffer_addf(&b, " (%s)", lasting->rule);
	title_bound(title);
	BUFFER_OVER(&b, text);
	lasting_add_why(lasting, now, &b);
	clock_format(lasting->at, at);
	if (lasting->at != 0)
		buffer_addf(&b, "; what was told since %s ends with that", at);
	lasting_add_marks(s->ledger, lasting->rule, &b);
	(void)alert_send(&s->alerts, &(struct alert){.severity = (enum severity)lasting->severity, .rule = lasting->rule,
						     .unit = lasting->unit, .title = title, .text = text,
						     .told = TOLD_CLEAR, .thread = lasting->thread,
						     .event = rule != NULL && rule->is_event ? event_words[rule->event].name
											     : ""});
}

static void lasting_take_row(struct sentinel *s, const struct message *message, mono_ms now)
{
	struct lasting lasting;

	if (!lasting_take(&lasting, message)) {
		diag_warning("the scribe gave a row of what outlived the host's restart that breaks the rules; passed over");
		return;
	}
	state_write_begin(s->state);
	if (lasting.kind == LASTING_OPEN)
		lasting_end_alert(s, &lasting, now);
	else
		actions_take_lasting(&s->actions, &lasting, now);
	state_write_end(s->state);
}

/* In order, each once: a row that is not the next comes from a scribe that was killed, or comes again. */
void sentinel_take_lasting(struct sentinel *s, const struct message *message)
{
	uint32_t next = atomic_load_explicit(&s->ledger->lasting_next, memory_order_relaxed);
	bool end = message->result == 0;

	if (s->ledger->life == 0 || next == LEDGER_LASTING_ALL || message->id != next || (!end && next >= LASTING_MAX))
		return;
	if (!end)
		lasting_take_row(s, message, clock_mono());
	atomic_store_explicit(&s->ledger->lasting_next, end ? LEDGER_LASTING_ALL : next + 1, memory_order_release);
	if (end)
		s->lasting_told = 0; /* it may begin to write */
}
