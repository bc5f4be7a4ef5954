#include "share/request.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/severity.h"
#include "words/verb.h"

void request_copy_entry(struct ledger_entry *copy, const struct ledger_entry *entry)
{
	memcpy(copy, entry, sizeof(*copy));
	copy->plugin[sizeof(copy->plugin) - 1] = '\0';
	copy->rule[sizeof(copy->rule) - 1] = '\0';
	copy->unit[sizeof(copy->unit) - 1] = '\0';
	copy->target[sizeof(copy->target) - 1] = '\0';
	copy->event[sizeof(copy->event) - 1] = '\0';
	copy->text[sizeof(copy->text) - 1] = '\0';
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
	};
	return 0;
}

static void request_add_pair(struct buffer *out, const char *key, const char *value)
{
	buffer_addf(out, ",\"%s\":\"", key);
	escape_json(out, value, strlen(value));
	buffer_add_char(out, '"');
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
