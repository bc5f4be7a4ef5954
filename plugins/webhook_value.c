#include "webhook_value.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/bounds.h"

#define VALUE_MESSAGE(member, kind) {#member, kind, false, offsetof(struct plugin_message, member)}

static const struct webhook_value value_table[] = {
	VALUE_MESSAGE(subject, WEBHOOK_TEXT),
	VALUE_MESSAGE(title, WEBHOOK_TEXT),
	VALUE_MESSAGE(text, WEBHOOK_TEXT),
	VALUE_MESSAGE(severity, WEBHOOK_TEXT),
	VALUE_MESSAGE(rule, WEBHOOK_TEXT),
	VALUE_MESSAGE(unit, WEBHOOK_TEXT),
	VALUE_MESSAGE(event, WEBHOOK_TEXT),
	VALUE_MESSAGE(host, WEBHOOK_TEXT),
	VALUE_MESSAGE(id, WEBHOOK_TEXT),
	VALUE_MESSAGE(thread, WEBHOOK_TEXT),
	VALUE_MESSAGE(told, WEBHOOK_TEXT),
	{"time", WEBHOOK_TIME, false, offsetof(struct plugin_message, at_wall_ms)},
	VALUE_MESSAGE(doing, WEBHOOK_TEXT),
	VALUE_MESSAGE(todo, WEBHOOK_TEXT),
	VALUE_MESSAGE(facts, WEBHOOK_FACTS),
	VALUE_MESSAGE(history, WEBHOOK_TEXT),
	VALUE_MESSAGE(count, WEBHOOK_NUMBER),
	VALUE_MESSAGE(attempt, WEBHOOK_NUMBER),
	{"chat", WEBHOOK_TEXT, true, offsetof(struct plugin_channel, chat)},
	{"channel", WEBHOOK_TEXT, true, offsetof(struct plugin_channel, name)},
	{"secret", WEBHOOK_SECRET, true, 0},
};

const struct webhook_value *webhook_value_find(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(value_table); i++)
		if (strlen(value_table[i].name) == len && memcmp(value_table[i].name, name, len) == 0)
			return &value_table[i];
	return NULL;
}

void webhook_value_offer(struct suggest *suggest)
{
	for (size_t i = 0; i < ARRAY_LEN(value_table); i++)
		suggest_offer(suggest, value_table[i].type == WEBHOOK_SECRET ? "secret:NAME" : value_table[i].name);
}

/* "2026-01-22T03:11:21.000Z" */
static void value_write_time(uint64_t wall_ms, int64_t shift_ms, char *room)
{
	static const int64_t last_ms = 253402300799999; /* of the year 9999 */
	int64_t ms = wall_ms < (uint64_t)last_ms ? (int64_t)wall_ms : last_ms;
	time_t seconds;
	struct tm tm;
	char day[WEBHOOK_TIME_BYTES - 8] = "";

	ms = shift_ms < last_ms - ms ? ms + shift_ms : last_ms;
	seconds = (time_t)(ms / 1000);
	if (gmtime_r(&seconds, &tm) == NULL || strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		day[0] = '\0';
	(void)snprintf(room, WEBHOOK_TIME_BYTES, "%s.%03uZ", day, (unsigned)(ms % 1000));
}

const char *webhook_value_text(const struct webhook_value *value, const struct webhook_with *with, int64_t shift_ms,
			       char *room)
{
	const void *at = (value->of_channel ? (const char *)with->channel : (const char *)with->message) + value->field;
	const char *text = "";

	switch (value->type) {
	case WEBHOOK_TEXT:
		text = *(const char *const *)at;
		break;
	case WEBHOOK_NUMBER:
		(void)snprintf(room, WEBHOOK_TIME_BYTES, "%" PRIu32, *(const uint32_t *)at);
		text = room;
		break;
	case WEBHOOK_TIME:
		value_write_time(with->message->at_wall_ms, shift_ms, room);
		text = room;
		break;
	case WEBHOOK_FACTS:
		text = with->message->facts_count > 0 ? with->message->facts[0].value : "";
		break;
	case WEBHOOK_SECRET:
		break;
	}
	return text != NULL ? text : "";
}

const char *webhook_value_secret(const struct plugin_channel *channel, const char *name, size_t len)
{
	for (size_t i = 0; i < channel->secrets_count; i++)
		if (strlen(channel->secrets[i].name) == len && memcmp(channel->secrets[i].name, name, len) == 0)
			return channel->secrets[i].value;
	return NULL;
}
