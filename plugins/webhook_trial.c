#include "webhook_trial.h"

#include <stdlib.h>
#include <string.h>

#include "webhook_request.h"

static const struct plugin_pair trial_facts[] = {{"host", "1.0 GiB of 2.0 GiB available"}, {"unit", "1.0 GiB"}};

/* Empty texts and full ones: what a condition leaves out is tried as well. */
static struct plugin_message trial_message(const char *told, const char *text)
{
	return (struct plugin_message){
		.id = "id", .thread = "id", .told = told, .severity = "critical", .rule = text, .unit = text,
		.event = text, .host = "host", .subject = "subject", .title = "title", .text = "text", .doing = text,
		.todo = text, .facts = trial_facts, .facts_count = text[0] != '\0' ? ARRAY_LEN(trial_facts) : 0,
		.history = text, .at_wall_ms = 1769051481000, .attempt = 1, .count = 1,
	};
}

/* True: nothing is wrong. */
static bool trial_one(const struct webhook_template *template, const struct plugin_channel *channel,
		      const struct plugin_message *message, struct webhook_tell *tell)
{
	const struct webhook_with with = {.message = message, .channel = channel};
	char text[TEXT_BYTES], *body;
	struct buffer why;
	enum webhook_made made;

	BUFFER_OVER(&why, text);
	made = webhook_request_body(template, &with, tell->file, &body, &why);
	free(body);
	if (made == WEBHOOK_WRONG) {
		tell->errors++;
		if (tell->line != NULL)
			tell->line(tell->arg, text);
	}
	return made != WEBHOOK_WRONG;
}

void webhook_trial(const struct webhook_template *template, const struct plugin_channel *channel,
		   struct webhook_tell *tell)
{
	static const char *const told[] = {"alert", "resolved"};
	bool good = true;

	for (size_t i = 0; good && i < ARRAY_LEN(told); i++) {
		const struct plugin_message full = trial_message(told[i], "a \"text\"");
		const struct plugin_message empty = trial_message(told[i], "");

		good = trial_one(template, channel, &full, tell) && trial_one(template, channel, &empty, tell);
	}
}
