#include "tell/alert.h"

#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/diag.h"

enum { ALERT_AGAIN_MS = 1000 };

static const char *alert_or_null(const char *text)
{
	return text == NULL || text[0] == '\0' ? NULL : text;
}

static void alert_copy(char *to, size_t size, const char *text)
{
	struct buffer b;

	buffer_init(&b, to, size);
	buffer_add(&b, text != NULL ? text : "");
}

void alert_note(struct alerts *alerts, const struct alert *alert)
{
	diag_event(alert->severity, alert_or_null(alert->rule), alert_or_null(alert->unit), "%s", alert->text);
	state_add_action(alerts->state, alert->severity, alert->rule, alert->unit, alert->text);
}

/* The text, and before it what the bound of the ledger has cost since the last one. */
static void alert_write_text(struct alerts *alerts, const struct alert *alert, struct ledger_entry *entry)
{
	struct buffer b;

	BUFFER_OVER(&b, entry->text);
	if (alerts->ledger->merged_alerts > 0)
		buffer_addf(&b, "(%u earlier alerts were lost: the ledger was full) ", alerts->ledger->merged_alerts);
	buffer_add(&b, alert->text);
	alerts->ledger->merged_alerts = 0;
}

static void alert_hand_on(struct alerts *alerts, const struct ledger_entry *entry)
{
	bool taken = worker_ask(alerts->actor, entry->id) == 0;

	alerts->put_off[entry - alerts->ledger->entries] = taken ? 0 : entry->id;
}

/* False: it found no room. */
static bool alert_ask(struct alerts *alerts, const struct alert *alert, const struct config_channel *channel)
{
	struct ledger_entry *entry = NULL;

	if (ledger_has_room(alerts->ledger, alert->severity))
		entry = ledger_add(alerts->ledger, LEDGER_ALERT);
	if (entry == NULL) {
		alerts->ledger->merged_alerts++;
		diag_warning("channel %s misses an alert: the ledger is full of what matters more", channel->name);
		return false;
	}
	entry->severity = alert->severity;
	entry->verb = entry->step_verb = VERB_ALERT;
	entry->as_nobody = true;
	entry->timeout_ms = channel->timeout_ms;
	alert_copy(entry->plugin, sizeof(entry->plugin), channel->plugin);
	alert_copy(entry->rule, sizeof(entry->rule), alert->rule);
	alert_copy(entry->unit, sizeof(entry->unit), alert->unit);
	alert_copy(entry->event, sizeof(entry->event), alert->event);
	alert_copy(entry->target, sizeof(entry->target), config_string(alerts->config, channel->command));
	alert_write_text(alerts, alert, entry);
	ledger_commit(entry);
	alert_hand_on(alerts, entry);
	return true;
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

void alert_send(struct alerts *alerts, const struct alert *alert)
{
	const struct told_key key = {.event = alert->event != NULL ? alert->event : "",
				     .unit = alert->unit != NULL ? alert->unit : "",
				     .pid = alert->pid, .generation = alerts->config->generation,
				     .severity = alert->severity, .at = alert->at};
	const struct told_row *before = told_find(&alerts->told, &key);
	uint32_t have = before != NULL ? before->channels : 0;

	if (before != NULL)
		alert_note_told(alerts, alert, before);
	else
		alert_note(alerts, alert);
	for (uint32_t i = 0; i < alerts->config->channels.count; i++) {
		const struct config_channel *channel = config_channel_at(alerts->config, i);

		if (alert->severity >= channel->severity && (have >> i & 1) == 0 &&
		    alert_ask(alerts, alert, channel))
			have |= 1u << i;
	}
	if (before == NULL)
		told_add(&alerts->told, &key, have);
}

bool alert_answer(struct alerts *alerts, const struct message *message)
{
	struct ledger_entry *entry = ledger_find(alerts->ledger, message->id);

	if (entry == NULL || entry->kind != LEDGER_ALERT)
		return false;
	if (message->type != MESSAGE_DONE && entry->taken == 0 &&
	    (message->result == -EAGAIN || message->result == -ECANCELED)) {
		alerts->put_off[entry - alerts->ledger->entries] = entry->id;
		return true;
	}
	if (message->type != MESSAGE_DONE)
		diag_event(SEVERITY_WARNING, alert_or_null(entry->rule), alert_or_null(entry->unit),
			   "alert %llu not delivered by %s: %s", (unsigned long long)entry->id, entry->target,
			   message->text);
	ledger_free(entry);
	return true;
}

void alerts_retry(struct alerts *alerts)
{
	for (int i = 0; i < ENTRIES_MAX; i++) {
		const struct ledger_entry *entry = &alerts->ledger->entries[i];

		if (entry->state == LEDGER_OPEN && entry->kind == LEDGER_ALERT)
			alert_hand_on(alerts, entry);
	}
}

void alerts_look(struct alerts *alerts, mono_ms now)
{
	if (now < alerts->again_at)
		return;
	alerts->again_at = now + ALERT_AGAIN_MS;
	for (int i = 0; i < ENTRIES_MAX; i++) {
		const struct ledger_entry *entry = &alerts->ledger->entries[i];

		if (alerts->put_off[i] == 0)
			continue;
		if (entry->state == LEDGER_OPEN && entry->id == alerts->put_off[i])
			alert_hand_on(alerts, entry);
		else
			alerts->put_off[i] = 0;
	}
}
