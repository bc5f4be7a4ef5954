#include "tell/refusal.h"

#include <string.h>

#include "base/buffer.h"
#include "share/delivery.h"

/* The channel that the text begins with, if it is that deliverer's. why: gets what follows. */
static const struct config_channel *refusal_channel(const struct config *config, enum handed_who who, const char *text,
						    const char **why)
{
	size_t len = strcspn(text, " ");

	*why = text[len] != '\0' ? &text[len + 1] : "it does not say why";
	for (uint32_t i = 0; i < config->channels.count; i++) {
		const struct config_channel *channel = config_channel_at(config, i);

		if (strlen(channel->name) == len && memcmp(channel->name, text, len) == 0)
			return alert_deliverer(channel) == who ? channel : NULL;
	}
	return NULL;
}

static uint32_t refusal_second(mono_ms now)
{
	return (uint32_t)(now / 1000) + 1;
}

static bool refusal_is_told(const struct ledger_refusal *row, mono_ms now)
{
	return row->told_s != 0 && refusal_second(now) - row->told_s < REFUSAL_TELL_MS / 1000;
}

static enum severity refusal_severity(int result)
{
	return result >= SEVERITY_CRITICAL ? SEVERITY_CRITICAL : SEVERITY_WARNING;
}

static void refusal_send(struct alerts *alerts, const struct config_channel *channel, const struct message *message,
			 const char *why)
{
	char title[TITLE_BYTES], text[TEXT_BYTES], id[16];
	struct buffer b;

	delivery_format_id(message->id, id);
	BUFFER_OVER(&b, title);
	buffer_addf(&b, "channel %s takes no alerts: %s", channel->name, why);
	BUFFER_OVER(&b, text);
	buffer_addf(&b,
		    "channel %s takes no alerts: %s. Alert %s is in its dead-letter list, see `watchdogctl spool`; this is "
		    "said once an hour, however many they are",
		    channel->name, why, id);
	(void)alert_send(alerts, &(struct alert){.severity = refusal_severity(message->result), .rule = channel->name,
						 .event = DELIVERY_REFUSED, .title = title, .text = text, .but = channel});
}

static void refusal_answer(struct alerts *alerts, enum handed_who who, uint64_t id, const char *channel)
{
	struct message answer;

	message_make(&answer, MESSAGE_REFUSED, id, 0, channel);
	(void)message_send(alerts->handed.worker[who]->fd, &answer, -1); /* lost: it says it again */
}

void refusal_take(struct alerts *alerts, enum handed_who who, const struct message *message, mono_ms now)
{
	const char *why;
	const struct config_channel *channel = refusal_channel(alerts->config, who, message->text, &why);
	struct ledger_refusal *row = channel != NULL ? ledger_refusal(alerts->ledger, channel->name) : NULL;

	if (channel == NULL)
		return;
	if (!refusal_is_told(row, now)) {
		if (alert_wants(alerts->config, channel) != 0 &&
		    !ledger_has_room(alerts->ledger, refusal_severity(message->result)))
			return;
		refusal_send(alerts, channel, message, why);
		row->told_s = refusal_second(now);
	}
	refusal_answer(alerts, who, message->id, channel->name);
}

void refusal_begin(struct alerts *alerts)
{
	for (int i = 0; i < ENTRIES_MAX; i++) {
		const struct ledger_entry *entry = &alerts->ledger->entries[i];
		struct ledger_refusal *row;

		if (entry->state != LEDGER_OPEN || entry->kind != LEDGER_ALERT ||
		    strcmp(entry->event, DELIVERY_REFUSED) != 0)
			continue;
		row = ledger_refusal(alerts->ledger, entry->rule);
		if (row->told_s < refusal_second(entry->at_mono))
			row->told_s = refusal_second(entry->at_mono);
	}
}
