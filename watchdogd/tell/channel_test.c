#include "tell/channel_test.h"

#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/escape.h"

/* To main: who asked is found by its token. */
static void channel_test_tell(const struct alerts *alerts, uint64_t id, uint32_t asker, int result, const char *text)
{
	struct message message;

	if (alerts->main < 0)
		return;
	message_make(&message, MESSAGE_TESTED, id, result, text);
	message.pid = (int32_t)asker;
	(void)message_send(alerts->main, &message, -1); /* not taken: the person is told that no answer came */
}

static void channel_test_end(struct alerts *alerts, struct ledger_entry *entry, int result, const char *text)
{
	channel_test_tell(alerts, entry->id, (uint32_t)entry->ladder_key, result, text);
	ledger_free(entry);
}

static const struct config_channel *channel_test_find(const struct config *config, const char *name)
{
	for (uint32_t i = 0; i < config->channels.count; i++)
		if (strcmp(config_channel_at(config, i)->name, name) == 0)
			return config_channel_at(config, i);
	return NULL;
}

static int channel_test_refuse(const struct message *asked, const struct config_channel *channel, struct buffer *why)
{
	if (channel == NULL) {
		buffer_add(why, "there is no channel \"");
		escape_line(why, asked->text, strlen(asked->text));
		buffer_add(why, "\"");
		return -ENOENT;
	}
	if (asked->result < SEVERITY_INFO || asked->result >= SEVERITIES) {
		buffer_add(why, "the severity is none of info, warning, critical");
		return -EINVAL;
	}
	return 0;
}

static void channel_test_fill(struct ledger_entry *entry, const struct config_channel *channel,
			      const struct message *asked)
{
	struct buffer b;

	entry->severity = (uint32_t)asked->result;
	entry->verb = entry->step_verb = VERB_ALERT;
	entry->told = TOLD_TEST;
	entry->thread = entry->id;
	entry->wants = (uint8_t)(1u << alert_deliverer(channel));
	entry->ladder_key = (uint32_t)asked->id;
	BUFFER_OVER(&b, entry->rule);
	buffer_add(&b, channel->name);
	BUFFER_OVER(&b, entry->target);
	buffer_add(&b, "this is a test");
	BUFFER_OVER(&b, entry->text);
	buffer_addf(&b, "somebody has asked for a test of channel %s; nothing has happened", channel->name);
}

void channel_test_ask(struct alerts *alerts, const struct message *asked)
{
	const struct config_channel *channel = channel_test_find(alerts->config, asked->text);
	struct ledger_entry *entry = NULL;
	char text[sizeof(asked->text)];
	struct buffer why;
	int error;

	BUFFER_OVER(&why, text);
	error = channel_test_refuse(asked, channel, &why);
	/* Nothing that has happened gives way to it. */
	if (error == 0 && ledger_has_room(alerts->ledger, SEVERITY_DEBUG))
		entry = ledger_add(alerts->ledger, LEDGER_ALERT);
	if (entry == NULL) {
		channel_test_tell(alerts, 0, (uint32_t)asked->id, error != 0 ? error : -EAGAIN,
				  error != 0 ? text : "the ledger is full; try again");
		return;
	}
	channel_test_fill(entry, channel, asked);
	ledger_commit(entry);
	alert_note(alerts, &(struct alert){.severity = SEVERITY_INFO, .text = entry->text});
	handed_on(&alerts->handed, entry);
}

bool channel_test_answer(struct alerts *alerts, struct ledger_entry *entry, const struct message *message)
{
	bool later = message->result == -EAGAIN || message->result == -ECANCELED;

	if (message->type == MESSAGE_TESTED && message->result == 0)
		channel_test_tell(alerts, entry->id, (uint32_t)entry->ladder_key, 0, message->text);
	else if (message->type == MESSAGE_TESTED)
		channel_test_end(alerts, entry, message->result, message->text);
	else if (message->type == MESSAGE_FAILED && !later)
		channel_test_end(alerts, entry, message->result < 0 ? message->result : -EIO, message->text);
	else
		return false;
	return true;
}

/* Each open test; NULL after the last. */
static struct ledger_entry *channel_test_next(const struct alerts *alerts, int *i)
{
	while (*i < ENTRIES_MAX) {
		struct ledger_entry *entry = &alerts->ledger->entries[(*i)++];

		if (entry->state == LEDGER_OPEN && entry->kind == LEDGER_ALERT && entry->told == TOLD_TEST)
			return entry;
	}
	return NULL;
}

void channel_test_begin(struct alerts *alerts)
{
	struct ledger_entry *entry;

	for (int i = 0; (entry = channel_test_next(alerts, &i)) != NULL;)
		ledger_free(entry);
}

void channel_test_config(struct alerts *alerts)
{
	struct ledger_entry *entry;

	for (int i = 0; (entry = channel_test_next(alerts, &i)) != NULL;)
		if (channel_test_find(alerts->config, entry->rule) == NULL)
			channel_test_end(alerts, entry, -ENOENT, "the channel has left the config");
}

void channel_test_look(struct alerts *alerts, mono_ms now)
{
	struct ledger_entry *entry;

	for (int i = 0; (entry = channel_test_next(alerts, &i)) != NULL;)
		if (now >= entry->at_mono + CHANNEL_TEST_MS)
			channel_test_end(alerts, entry, -ETIMEDOUT, "no end within 2 min");
}
