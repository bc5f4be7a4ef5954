#include "share/request.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/severity.h"
#include "words/verb.h"

enum { REQUEST_TEXT_BYTES = 4096 }; /* of one text of a message; those of a request are shorter */

/* The sentinel frees and fills places while we read. */
static bool request_is_open(const struct ledger_entry *entry, uint64_t id)
{
	return atomic_load(&entry->state) == LEDGER_OPEN && *(const volatile uint64_t *)&entry->id == id;
}

bool request_copy_entry(struct ledger_entry *copy, const struct ledger_entry *entry, uint64_t id)
{
	if (!request_is_open(entry, id))
		return false;
	memcpy(copy, entry, sizeof(*copy));
	copy->plugin[sizeof(copy->plugin) - 1] = '\0';
	copy->rule[sizeof(copy->rule) - 1] = '\0';
	copy->unit[sizeof(copy->unit) - 1] = '\0';
	copy->target[sizeof(copy->target) - 1] = '\0';
	copy->event[sizeof(copy->event) - 1] = '\0';
	copy->text[sizeof(copy->text) - 1] = '\0';
	atomic_thread_fence(memory_order_acquire);
	return request_is_open(entry, id);
}

int request_of_entry(struct plugin_request *request, const struct ledger_entry *entry)
{
	if (entry->verb >= VERBS || entry->severity >= SEVERITIES)
		return -EINVAL;
	*request = (struct plugin_request){
		.id = entry->id,
		.verb = verb_words[entry->verb].name,
		.target = entry->target,
		.rule = entry->rule,
		.unit = entry->unit,
		.event = entry->event,
		.severity = severity_name((enum severity)entry->severity),
		.text = entry->text,
		.at_wall_ms = entry->at,
		.timeout_ms = entry->timeout_ms,
		.as_nobody = entry->as_nobody != 0,
		.reset = entry->reset != 0,
		.uid = entry->uid,
		.bytes = entry->bytes,
		.cgroup_id = entry->cgroup_id,
	};
	return 0;
}

/* At most so many bytes of it, whole characters. */
static void request_add_cut(struct buffer *out, const char *key, const char *value, size_t most)
{
	size_t n = strnlen(value, most);

	while (n > 0 && value[n] != '\0' && ((unsigned char)value[n] & 0xc0) == 0x80)
		n--;
	buffer_addf(out, ",\"%s\":\"", key);
	escape_json(out, value, n);
	buffer_add_char(out, '"');
}

static void request_add_pair(struct buffer *out, const char *key, const char *value)
{
	request_add_cut(out, key, value, REQUEST_TEXT_BYTES);
}

void request_format_json(struct buffer *out, const struct plugin_request *request)
{
	char at[21], host[65];

	clock_format(request->at_wall_ms, at);
	buffer_addf(out, "{\"id\":%llu", (unsigned long long)request->id);
	request_add_pair(out, "time", at);
	request_add_pair(out, "severity", request->severity);
	request_add_pair(out, "rule", request->rule);
	request_add_pair(out, "unit", request->unit);
	request_add_pair(out, "event", request->event);
	request_add_pair(out, "verb", request->verb);
	request_add_pair(out, "text", request->text);
	/* Linux bounds it to 64 bytes (HOST_NAME_MAX); unset it is "(none)". */
	if (gethostname(host, sizeof(host)) == 0 && host[0] != '\0' && host[0] != '(')
		request_add_pair(out, "host", host);
	buffer_add(out, "}\n");
}

void request_format_message(struct buffer *out, const struct plugin_message *message)
{
	char at[21];

	clock_format(message->at_wall_ms, at);
	buffer_add(out, "{\"id\":\"");
	escape_json(out, message->id, strlen(message->id));
	buffer_add_char(out, '"');
	request_add_pair(out, "time", at);
	request_add_pair(out, "severity", message->severity);
	request_add_pair(out, "rule", message->rule);
	request_add_pair(out, "unit", message->unit);
	request_add_pair(out, "event", message->event);
	request_add_pair(out, "verb", verb_words[VERB_ALERT].name);
	request_add_pair(out, "text", message->text);
	if (message->host[0] != '\0')
		request_add_pair(out, "host", message->host);
	request_add_pair(out, "thread", message->thread);
	request_add_pair(out, "told", message->told);
	request_add_pair(out, "title", message->title);
	buffer_addf(out, ",\"count\":%u}\n", message->count);
}
