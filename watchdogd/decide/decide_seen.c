/* What made an instance fire, for a person: as a sentence, and as a title. */
#include "base/buffer.h"
#include "base/title.h"
#include "decide/condition_format.h"
#include "decide/decide_parts.h"

static const struct config_rule *decide_seen_rule(const struct decide *decide, uint32_t instance)
{
	return config_rule_at(decide->config, config_instance_at(decide->config, instance)->rule);
}

/* "3 within 5m, the last: ..." */
static void decide_format_event(const struct config_rule *rule, const struct decide_event *e,
				struct buffer *text)
{
	if (rule->after_n > 1) {
		buffer_addf(text, "%u within ", e->within);
		after_format_span(rule->after_for_ms, text);
		buffer_add(text, ", the last: ");
	}
	buffer_addf(text, "%s%s", e->event.before_start ? "while watchdogd was not running: " : "",
		    e->event.text);
}

/* What made it fire: the event in its words, or the terms that are true. */
void decide_format_seen(struct decide *decide, uint32_t instance, mono_ms now,
			struct buffer *text)
{
	const struct config_rule *rule = decide_seen_rule(decide, instance);
	const struct decide_event *e = decide_event_firing(decide, instance);
	struct condition condition = decide_condition(decide, instance, now);

	if (e != NULL)
		decide_format_event(rule, e, text);
	else if (rule->is_event) /* its text was lost with the sentinel that saw it */
		buffer_addf(text, "%s, seen before watchdogd was started again",
			    event_words[rule->event].name);
	else
		condition_format(&condition, rule->when, text);
}

void decide_format_title(struct decide *decide, uint32_t instance, mono_ms now, char *title)
{
	const struct config_rule *rule = decide_seen_rule(decide, instance);
	const struct decide_event *e = decide_event_firing(decide, instance);
	struct condition condition = decide_condition(decide, instance, now);
	char seen[TEXT_BYTES];
	struct buffer text;

	buffer_init(&text, title, TITLE_BYTES);
	if (e != NULL && e->event.title[0] != '\0') {
		buffer_add(&text, e->event.title);
		if (rule->after_n > 1) {
			buffer_addf(&text, " (%u within ", e->within);
			after_format_span(rule->after_for_ms, &text);
			buffer_add_char(&text, ')');
		}
	} else if (rule->is_event) {
		BUFFER_OVER(&text, seen);
		decide_format_seen(decide, instance, now, &text);
		title_of(title, seen);
	} else {
		condition_format_title(&condition, rule->when, &text);
	}
	title_bound(title);
}
