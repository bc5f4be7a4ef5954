/* What watchdogd will do about it, and what the reader may do. Nothing is promised that may be over: what will be
 * done is told while the alert is fresh, or the state page shows the rule still at work. */
#include <string.h>

#include "base/severity.h"
#include "decide/step.h"
#include "deliver/report_parts.h"
#include "deliver/report_state.h"
#include "share/ledger.h"
#include "words/event.h"
#include "words/verb.h"

enum {
	REPORT_FRESH_MS = 5000,  /* the page may be behind an alert for an instant, never so long */
	REPORT_STEPS_TOLD = 3,   /* more fill a phone's screen */
	REPORT_DOING_BYTES = 512,
	REPORT_TODO_BYTES = 1024,
};

/* --- doing --- */

static bool report_frees_nothing_when_down(uint32_t verb)
{
	return verb == VERB_STOP || verb == VERB_KILL || verb == VERB_FREEZE || verb == VERB_SIGNAL || verb == VERB_CAP ||
	       verb == VERB_RECLAIM;
}

/* Its work is done already, as far as the page shows. on: the rule is about an event: what is down is healed. */
static bool report_step_is_done(const struct config_step *step, const struct state_unit *unit, bool on)
{
	uint32_t verb = step->verb;

	if (unit == NULL)
		return false;
	if (verb == VERB_CAP && !step->bytes_is_pct && unit->cap_bytes != 0 && unit->cap_bytes <= (uint64_t)step->bytes)
		return true;
	if (unit->status == STATE_UNIT_INACTIVE &&
	    (report_frees_nothing_when_down(verb) || (verb == VERB_RESTART && !on)))
		return true;
	return (verb == VERB_UNCAP && unit->cap_bytes == 0) || (verb == VERB_FREEZE && unit->status == STATE_UNIT_FROZEN) ||
	       (verb == VERB_THAW && unit->status != STATE_UNIT_FROZEN) ||
	       (verb == VERB_START && unit->status == STATE_UNIT_RUNNING) ||
	       (verb == VERB_RESTART && unit->mark == STATE_MARK_STOPPED);
}

static const char *report_step_unit(const struct report_of *of, const struct config_step *step)
{
	if (step->unit < of->config->units.count)
		return config_unit_at(of->config, step->unit)->name;
	return step->unit == CONFIG_EACH ? of->alert->unit : "";
}

/* There is something to tell of it. */
static bool report_step_is_told(const struct report_of *of, const struct config_rule *rule,
				const struct config_step *step)
{
	const struct config_unit *unit;

	if (step->verb >= VERBS || step->verb == VERB_ALERT || step->verb == VERB_SNAPSHOT)
		return false;
	if (!verb_takes_unit((enum verb)step->verb) || step->target != CONFIG_UNIT)
		return true;
	unit = report_find_unit(of->config, report_step_unit(of, step));
	return unit != NULL && !unit->protect &&
	       !report_step_is_done(step, report_state_unit(of->state, unit->name), rule->is_event);
}

static void report_add_target(struct buffer *b, const struct report_of *of, const struct config_step *step)
{
	static const char *const words[] = {[CONFIG_LARGEST] = "the largest of ",
					    [CONFIG_LOWEST] = "the one of lowest priority of ",
					    [CONFIG_GROWING] = "the fastest growing of ",
					    [CONFIG_IDLE] = "the longest idle of "};

	if (step->target == CONFIG_UNIT) {
		report_add_hostile(b, report_step_unit(of, step), NAME_BYTES);
	} else if (step->target < ARRAY_LEN(words) && step->group < of->config->groups.count) {
		buffer_add(b, words[step->target]);
		buffer_add(b, config_group_at(of->config, step->group)->name);
	}
}

/* "stop xtts", "cap xtts 1G", "send SIGHUP to nodira", "run a command": its words may hold a secret. */
static void report_add_step(struct buffer *b, const struct report_of *of, const struct config_step *step)
{
	if (step->verb == VERB_RUN) {
		buffer_add(b, "run a command");
	} else if (step->verb == VERB_SWAP) {
		buffer_add(b, "switch on the swap file");
	} else if (step->verb == VERB_SIGNAL) {
		buffer_addf(b, "send SIG%s to ", verb_signal_name(step->signal));
		report_add_target(b, of, step);
	} else if (verb_takes_unit((enum verb)step->verb)) {
		buffer_addf(b, "%s ", verb_words[step->verb].name);
		report_add_target(b, of, step);
		step_format_bytes(step, b);
	} else {
		buffer_addf(b, "take the step \"%s\"", verb_words[step->verb].name);
	}
}

/* The step after the alert that this is: the first one of its severity. */
static uint32_t report_after_alert(const struct report_of *of, const struct config_rule *rule)
{
	for (uint32_t i = 0; i < rule->steps.count; i++) {
		const struct config_step *step = config_step_at(of->config, rule, i);

		if (step->verb == VERB_ALERT && step->severity == of->alert->severity)
			return i + 1;
	}
	return 0;
}

static bool report_is_fresh(const struct report_of *of)
{
	return of->alert->told == TOLD_ALERT && of->attempt <= 1 && of->wall >= of->alert->at &&
	       of->wall - of->alert->at < REPORT_FRESH_MS;
}

static bool report_is_given_up(const struct report_of *of)
{
	static const char words[] = "given up"; /* as decide/walk.c begins it */
	const struct state_rule *row = report_state_rule(of->state, of->alert->rule, of->alert->unit);

	return (row != NULL && row->phase == STATE_RULE_GIVEN_UP) ||
	       strncmp(of->alert->text, words, sizeof(words) - 1) == 0;
}

/* The first step that is still to be taken, or is being taken; the count of steps where there is none. */
static uint32_t report_next_step(const struct report_of *of, const struct config_rule *rule)
{
	const struct state_rule *row = report_state_rule(of->state, of->alert->rule, of->alert->unit);

	if ((of->alert->told != TOLD_ALERT && of->alert->told != TOLD_REPEAT) || report_is_given_up(of))
		return rule->steps.count;
	if (row != NULL && row->phase == STATE_RULE_FIRING)
		return row->step;
	return report_is_fresh(of) ? report_after_alert(of, rule) : rule->steps.count;
}

const char *report_doing(struct report *report, const struct report_of *of)
{
	const struct config_rule *rule = report_find_rule(of->config, of->alert->rule);
	unsigned told = 0;
	struct buffer b;

	if (rule == NULL)
		return "";
	report_begin(report, &b, REPORT_DOING_BYTES);
	for (uint32_t i = report_next_step(of, rule); i < rule->steps.count && told <= REPORT_STEPS_TOLD; i++) {
		const struct config_step *step = config_step_at(of->config, rule, i);

		if (!report_step_is_told(of, rule, step))
			continue;
		if (told == 0)
			buffer_add(&b, of->state != NULL && of->state->dry_run ? "Dry run: watchdogd would "
										: "watchdogd will ");
		else
			buffer_add(&b, told < REPORT_STEPS_TOLD ? ", then, if need be, " : ", and so on");
		if (told++ < REPORT_STEPS_TOLD)
			report_add_step(&b, of, step);
	}
	buffer_add(&b, told > 0 ? "." : "");
	return report_end(report, &b);
}

/* --- todo --- */

static bool report_is_event(const struct report_of *of, enum event_kind event)
{
	return strncmp(of->alert->event, event_words[event].name, sizeof(of->alert->event)) == 0;
}

/* One line for each thing to do. */
static void report_add_line(struct buffer *b)
{
	if (b->len > 0)
		buffer_add_char(b, '\n');
}

static void report_todo_log(struct buffer *b, const struct report_of *of)
{
	const struct config_unit *unit = report_find_unit(of->config, of->alert->unit);
	const char *path = unit != NULL ? config_string(of->config, unit->log) : "";

	if (unit == NULL || (path[0] == '\0' && !unit->journal))
		return;
	report_add_line(b);
	if (path[0] != '\0') {
		buffer_add(b, "Its log: ");
		report_add_hostile(b, path, LINE_BYTES + 1);
		return;
	}
	buffer_addf(b, "Its log: journalctl %s-u ", unit->user != 0 ? "--user " : "");
	report_add_hostile(b, config_string(of->config, unit->target), LINE_BYTES + 1);
}

static void report_todo_retry(struct buffer *b, const struct report_of *of)
{
	bool dead = report_is_event(of, EVENT_DEAD);

	if (of->alert->unit[0] == '\0' || !(dead || report_is_given_up(of)))
		return;
	report_add_line(b);
	buffer_add(b, "watchdogctl retry ");
	report_add_hostile(b, of->alert->unit, sizeof(of->alert->unit));
	buffer_add(b, " tries again at once.");
}

/* Somebody is told again, or only then, when nobody acknowledges it. */
static bool report_waits_for_ack(const struct report_of *of)
{
	const struct config_rule *rule = report_find_rule(of->config, of->alert->rule);
	bool repeats = of->alert->severity >= SEVERITY_CRITICAL || (rule != NULL && rule->repeat_ms > 0);

	for (uint32_t i = 0; of->config != NULL && i < of->config->channels.count; i++) {
		const struct config_channel *channel = config_channel_at(of->config, i);

		repeats = repeats || channel->repeat_ms > 0;
		if (channel->after_ms > 0 && of->alert->severity >= channel->severity)
			return true;
	}
	if (rule == NULL || !rule->is_event || event_words[rule->event].has_state)
		return repeats;
	return repeats && report_is_given_up(of);
}

static void report_todo_ack(struct buffer *b, const struct report_of *of)
{
	char id[16];

	if (!report_waits_for_ack(of))
		return;
	delivery_format_id(of->alert->thread != 0 ? of->alert->thread : of->alert->id, id);
	report_add_line(b);
	buffer_addf(b, "watchdogctl ack %s stops the reminders.", id);
}

static void report_todo_alert(struct buffer *b, const struct report_of *of)
{
	if (report_is_event(of, EVENT_LOG_MATCH) || report_is_event(of, EVENT_SILENCE))
		report_todo_log(b, of);
	report_todo_retry(b, of);
	report_add_line(b);
	buffer_add(b, "watchdogctl status shows more.");
	report_todo_ack(b, of);
}

const char *report_todo(struct report *report, const struct report_of *of)
{
	struct buffer b;

	report_begin(report, &b, REPORT_TODO_BYTES);
	switch (of->alert->told) {
	case TOLD_ALERT:
	case TOLD_REPEAT:
		report_todo_alert(&b, of);
		break;
	case TOLD_TEST:
		buffer_add(&b, "This is a test: nothing happened.");
		break;
	case TOLD_RESULT:
	case TOLD_REPLY:
		buffer_add(&b, of->alert->severity >= SEVERITY_CRITICAL ? "watchdogctl status shows more." : "");
		break;
	default:
		break; /* resolved: nothing is to be done */
	}
	return report_end(report, &b);
}
