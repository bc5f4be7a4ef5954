#include "tell/alert.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "base/buffer.h"
#include "base/diag.h"
#include "base/title.h"
#include "decide/heard.h"
#include "tell/channel_test.h"
#include "tell/refusal.h"

static const char *alert_or_null(const char *text)
{
	return text == NULL || text[0] == '\0' ? NULL : text;
}

static const char *alert_or_empty(const char *text)
{
	return text != NULL ? text : "";
}

static void alert_copy(char *to, size_t size, const char *text)
{
	struct buffer b;

	buffer_init(&b, to, size);
	buffer_add(&b, alert_or_empty(text));
}

void alert_note(struct alerts *alerts, const struct alert *alert)
{
	diag_event(alert->severity, alert_or_null(alert->rule), alert_or_null(alert->unit), "%s", alert->text);
	state_add_action(alerts->state, alert->severity, alert->rule, alert->unit, alert->text);
}

enum handed_who alert_deliverer(const struct config_channel *channel)
{
	return strcmp(channel->plugin, "exec") == 0 ? HANDED_ACTOR : HANDED_MESSENGER;
}

uint8_t alert_wants(const struct config *config, const struct config_channel *but)
{
	unsigned wants = 0;

	for (uint32_t i = 0; i < config->channels.count; i++)
		if (config_channel_at(config, i) != but)
			wants |= 1u << alert_deliverer(config_channel_at(config, i)) | WITH_SPOOL;
	return (uint8_t)wants;
}

/* The text, and before it what the bound of the ledger has cost since the last one, and of the spool. */
static void alert_write_text(struct alerts *alerts, const struct alert *alert, struct ledger_entry *entry)
{
	struct buffer b;

	BUFFER_OVER(&b, entry->text);
	if (alerts->ledger->merged_alerts > 0)
		buffer_addf(&b, "(the ledger was full and %u earlier alert%s gave way: what was not sent yet may be lost) ",
			    alerts->ledger->merged_alerts, alerts->ledger->merged_alerts == 1 ? "" : "s");
	handed_say(&alerts->handed, &b);
	buffer_add(&b, alert->text);
	alerts->ledger->merged_alerts = 0;
	handed_said(&alerts->handed);
}

static void alert_fill(struct alerts *alerts, const struct alert *alert, struct ledger_entry *entry)
{
	char title[TITLE_BYTES];

	if (alert_or_null(alert->title) != NULL)
		alert_copy(title, sizeof(title), alert->title);
	else
		title_of(title, alert->text);
	entry->severity = alert->severity;
	entry->verb = entry->step_verb = VERB_ALERT;
	entry->told = alert->told;
	entry->thread = alert->thread != 0 ? alert->thread : entry->id;
	alert_copy(entry->rule, sizeof(entry->rule), alert->rule);
	alert_copy(entry->unit, sizeof(entry->unit), alert->unit);
	alert_copy(entry->event, sizeof(entry->event), alert->event);
	alert_copy(entry->target, sizeof(entry->target), title);
	alert_write_text(alerts, alert, entry);
}

/* Its entry, handed on; NULL: it found no room. */
static const struct ledger_entry *alert_enter(struct alerts *alerts, const struct alert *alert, uint8_t wants)
{
	struct ledger_entry *entry = NULL;

	if (ledger_has_room(alerts->ledger, alert->severity))
		entry = ledger_add(alerts->ledger, LEDGER_ALERT);
	if (entry == NULL) {
		alerts->ledger->merged_alerts++;
		diag_warning("an alert is lost: the ledger is full of what matters more");
		return NULL;
	}
	alert_fill(alerts, alert, entry);
	entry->wants = wants;
	if (alert->of_ladder)
		atomic_store_explicit(&alerts->ledger->telling.entry, entry->id, memory_order_seq_cst);
	ledger_commit(entry);
	handed_on(&alerts->handed, entry);
	return entry;
}

/* handed: false when it found no room. */
static uint64_t alert_begin(struct alerts *alerts, const struct alert *alert, bool *handed)
{
	uint8_t wants = alert_wants(alerts->config, alert->but);
	const struct ledger_entry *entry = wants != 0 ? alert_enter(alerts, alert, wants) : NULL;

	*handed = wants == 0 || entry != NULL;
	alerts->state->alerts[alert->severity]++;
	if (entry != NULL)
		return entry->thread;
	return alert->thread != 0 ? alert->thread : ledger_take_id(alerts->ledger);
}

uint64_t alert_hand_on(struct alerts *alerts, const struct alert *alert)
{
	bool handed;

	return alert_begin(alerts, alert, &handed);
}

static void alert_note_told(struct alerts *alerts, const struct alert *alert, const struct told_row *before)
{
	char text[TEXT_BYTES];
	struct alert note = *alert;
	struct buffer b;

	BUFFER_OVER(&b, text);
	buffer_addf(&b, "told already as %s: %s", before->event, alert->text);
	note.text = text;
	alert_note(alerts, &note);
}

static uint32_t alert_rule(const struct config *config, uint64_t hash)
{
	for (uint32_t i = 0; i < config->rules.count; i++)
		if (ledger_hash(config_rule_at(config, i)->name) == hash)
			return i;
	return CONFIG_NONE;
}

/* Told no less severe before, and to every channel that is to hear this one: they may hear some rules only. */
static bool alert_is_told(const struct alerts *alerts, const struct told_key *key, const struct told_row *before)
{
	const struct config *config = alerts->config;
	struct heard now = {.unit = config_find_unit(config, key->unit), .severity = key->severity,
			    .rule = alert_rule(config, ledger_hash(key->rule))};
	struct heard then = {.unit = now.unit, .severity = (enum severity)before->severity,
			     .rule = alert_rule(config, before->rule)};

	if (now.severity > then.severity)
		return false;
	for (uint32_t i = 0; i < config->channels.count; i++) {
		const struct config_channel *channel = config_channel_at(config, i);

		if (heard_by(config, channel, &now) && !heard_by(config, channel, &then))
			return false;
	}
	return true;
}

uint64_t alert_send(struct alerts *alerts, const struct alert *alert)
{
	const struct told_key key = {.event = alert_or_empty(alert->event), .rule = alert_or_empty(alert->rule),
				     .unit = alert_or_empty(alert->unit), .pid = alert->pid,
				     .severity = alert->severity, .at = alert->at};
	const struct told_row *before = told_find(&alerts->told, &key);
	struct alert sent = *alert;
	bool handed;

	if (before != NULL && alert_is_told(alerts, &key, before)) {
		alert_note_told(alerts, alert, before);
		return before->thread;
	}
	if (before != NULL)
		sent.thread = before->thread;
	sent.thread = alert_begin(alerts, &sent, &handed);
	alert_note(alerts, alert);
	if (handed)
		told_add(&alerts->told, &key, sent.thread);
	return sent.thread;
}

bool alert_answer(struct alerts *alerts, enum handed_who who, const struct message *message)
{
	struct ledger_entry *entry = ledger_find(alerts->ledger, message->id);

	if (entry == NULL || entry->kind != LEDGER_ALERT) {
		handed_heard(&alerts->handed, who, NULL);
		return false;
	}
	if ((entry->wants & 1u << who) == 0)
		return true; /* of a worker that was not asked, or is wanted no more */
	handed_heard(&alerts->handed, who, entry);
	if (entry->told == TOLD_TEST && channel_test_answer(alerts, entry, message))
		return true;
	if (message->type != MESSAGE_TESTED)
		handed_answer(&alerts->handed, who, entry, message);
	return true;
}

void alerts_begin(struct alerts *alerts)
{
	refusal_begin(alerts);
	channel_test_begin(alerts);
	handed_config(&alerts->handed, alert_wants(alerts->config, NULL));
	handed_begin(&alerts->handed);
}

void alerts_config(struct alerts *alerts, const struct config *config)
{
	alerts->config = config;
	channel_test_config(alerts);
	handed_config(&alerts->handed, alert_wants(config, NULL));
}

void alerts_look(struct alerts *alerts, mono_ms now)
{
	handed_look(&alerts->handed, now);
	channel_test_look(alerts, now);
}
