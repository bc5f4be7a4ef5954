#include "config/step_parse.h"

#include <errno.h>
#include <string.h>

#include "config/value.h"
#include "words/command.h"

enum {
	STEP_CAP_LEAST = 16 * 1024 * 1024, /* below, a program does nothing any more but wait for its own pages */
	STEP_RECLAIM_LEAST = 1024 * 1024,
	STEP_PERCENT_MOST = 100000,
};

struct step_parser {
	const struct config_expression *in;
	struct step_parsed *out;
	size_t at, len; /* of the present word in text; 0 long at the end */
};

static const struct step_pick {
	const char *name;
	enum config_target target;
} step_picks[] = {
	{"largest", CONFIG_LARGEST},
	{"lowest", CONFIG_LOWEST},
	{"growing", CONFIG_GROWING},
	{"idle", CONFIG_IDLE},
};

static const char *step_parse_word(const struct step_parser *p)
{
	return p->in->text + p->at;
}

static void step_parse_next(struct step_parser *p)
{
	p->at += p->len;
	p->at += strspn(step_parse_word(p), " \t");
	p->len = strcspn(step_parse_word(p), " \t");
}

static bool step_parse_is(const struct step_parser *p, const char *word)
{
	return strlen(word) == p->len && memcmp(step_parse_word(p), word, p->len) == 0;
}

__attribute__((format(printf, 3, 4))) static bool
step_parse_tell(struct step_parser *p, const struct suggest *s, const char *format, ...)
{
	char what[TEXT_BYTES];
	struct buffer out;
	va_list args;

	BUFFER_OVER(&out, what);
	va_start(args, format);
	buffer_vaddf(&out, format, args);
	va_end(args);
	if (s != NULL)
		suggest_say(s, &out);
	p->in->tell(p->in->arg, p->at, what);
	return false;
}

/* "bots" of "largest of bots". */
static bool step_parse_pick_group(struct step_parser *p, const struct step_pick *pick)
{
	struct suggest s;

	step_parse_next(p);
	if (!step_parse_is(p, "of"))
		return step_parse_tell(p, NULL,
				       "found \"%.*s\" after \"%s\"; expected \"%s of GROUP\"",
				       (int)p->len, step_parse_word(p), pick->name, pick->name);
	step_parse_next(p);
	p->out->step.target = pick->target;
	p->out->step.group = config_names_group(p->in->names, step_parse_word(p), p->len);
	if (p->out->step.group == CONFIG_NONE) {
		suggest_init(&s, step_parse_word(p), p->len);
		config_names_suggest_groups(p->in->names, &s);
		return step_parse_tell(p, &s, "no group \"%.*s\"", (int)p->len, step_parse_word(p));
	}
	step_parse_next(p);
	return true;
}

static bool step_parse_no_unit(struct step_parser *p)
{
	struct suggest s;

	if (config_names_group(p->in->names, step_parse_word(p), p->len) != CONFIG_NONE)
		return step_parse_tell(
			p, NULL, "\"%.*s\" is a group; expected a unit, or \"largest of %.*s\"",
			(int)p->len, step_parse_word(p), (int)p->len, step_parse_word(p));
	suggest_init(&s, step_parse_word(p), p->len);
	config_names_suggest_units(p->in->names, &s);
	if (p->in->has_unit)
		suggest_offer(&s, "unit");
	for (size_t i = 0; i < ARRAY_LEN(step_picks); i++)
		suggest_offer(&s, step_picks[i].name);
	return step_parse_tell(p, &s, "no unit \"%.*s\"", (int)p->len, step_parse_word(p));
}

/* UNIT, unit, or one of a group. */
static bool step_parse_target(struct step_parser *p)
{
	struct config_step *step = &p->out->step;

	if (p->len == 0)
		return step_parse_tell(
			p, NULL,
			"nothing after \"%s\"; expected a unit, \"unit\", or \"largest "
			"of GROUP\"",
			verb_words[step->verb].name);
	for (size_t i = 0; i < ARRAY_LEN(step_picks); i++)
		if (step_parse_is(p, step_picks[i].name))
			return step_parse_pick_group(p, &step_picks[i]);
	step->target = CONFIG_UNIT;
	if (step_parse_is(p, "unit")) {
		if (!p->in->has_unit)
			return step_parse_tell(p, NULL,
					       "\"unit\" is nobody here; name a unit, or add "
					       "\"each = GROUP\"");
		step->unit = CONFIG_EACH;
	} else {
		step->unit = config_names_unit(p->in->names, step_parse_word(p), p->len);
		if (step->unit == CONFIG_NONE)
			return step_parse_no_unit(p);
	}
	step_parse_next(p);
	return true;
}

/* The step ends before it is whole. */
static bool step_parse_is_short(struct step_parser *p, const char *expected)
{
	if (p->len > 0)
		return false;
	step_parse_tell(p, NULL, "nothing after \"%.*s\"; expected %s", (int)p->at, p->in->text,
			expected);
	return true;
}

static bool step_parse_severity(struct step_parser *p)
{
	char word[NAME_BYTES] = "";
	struct suggest s;
	int severity;

	if (step_parse_is_short(p, "a severity: info, warning, critical"))
		return false;
	if (p->len < sizeof(word))
		memcpy(word, step_parse_word(p), p->len);
	severity = severity_find(word);
	if (severity < 0) {
		suggest_init(&s, step_parse_word(p), p->len);
		for (int i = SEVERITY_INFO; i < SEVERITIES; i++)
			suggest_offer(&s, severity_name((enum severity)i));
		return step_parse_tell(p, &s, "no severity \"%.*s\"", (int)p->len,
				       step_parse_word(p));
	}
	p->out->step.severity = (uint32_t)severity;
	step_parse_next(p);
	return true;
}

static bool step_parse_signal(struct step_parser *p)
{
	char word[NAME_BYTES] = "";

	if (step_parse_is_short(p, "a signal such as TERM"))
		return false;
	if (p->len < sizeof(word))
		memcpy(word, step_parse_word(p), p->len);
	p->out->step.signal = verb_signal_find(word);
	if (p->out->step.signal == 0) {
		struct suggest s;

		suggest_init(&s, step_parse_word(p), p->len);
		for (int i = 1; i < 32; i++)
			suggest_offer(&s, verb_signal_name(i));
		return step_parse_tell(p, &s, "no signal \"%.*s\"", (int)p->len,
				       step_parse_word(p));
	}
	step_parse_next(p);
	return true;
}

static bool step_parse_bytes(struct step_parser *p)
{
	static const char expected[] = "a size or a percentage such as \"512M\", \"12%\"";
	struct config_step *step = &p->out->step;
	int64_t least = step->verb == VERB_CAP ? STEP_CAP_LEAST : STEP_RECLAIM_LEAST;
	struct value value;

	if (step_parse_is_short(p, expected))
		return false;
	if (value_parse(step_parse_word(p), p->len, &value) != 0 ||
	    (value.kind != VALUE_BYTES && value.kind != VALUE_PERCENT))
		return step_parse_tell(p, NULL, "\"%.*s\" is no size; expected %s", (int)p->len,
				       step_parse_word(p), expected);
	step->bytes = value.number;
	step->bytes_is_pct = value.kind == VALUE_PERCENT;
	if (step->bytes_is_pct && (step->bytes <= 0 || step->bytes > STEP_PERCENT_MOST))
		return step_parse_tell(p, NULL, "\"%.*s\" is out of range; expected more than 0%%, at most 100%%",
				       (int)p->len, step_parse_word(p));
	if (!step->bytes_is_pct && step->bytes < least)
		return step_parse_tell(p, NULL, "\"%.*s\" is too little to %s; expected %lldM or more", (int)p->len,
				       step_parse_word(p), step->verb == VERB_CAP ? "run in" : "reclaim",
				       (long long)(least >> 20));
	step_parse_next(p);
	return true;
}

static bool step_parse_command(struct step_parser *p)
{
	struct command command;

	if (step_parse_is_short(p, "/path/of/command and its arguments"))
		return false;
	if (*step_parse_word(p) != '/' && *step_parse_word(p) != '"')
		return step_parse_tell(
			p, NULL,
			"\"%.*s\" is no absolute path; expected \"run /path/of/command "
			"arguments\", there is no shell and no search",
			(int)p->len, step_parse_word(p));
	if (command_parse(&command, step_parse_word(p)) < 0)
		return step_parse_tell(p, NULL, "%s; words are separated by spaces, double quotes group",
				       command.wrong);
	p->out->command = step_parse_word(p);
	p->at += strlen(step_parse_word(p));
	p->len = 0;
	return true;
}

static bool step_parse_on(struct step_parser *p)
{
	if (step_parse_is_short(p, "\"on\""))
		return false;
	if (!step_parse_is(p, "on"))
		return step_parse_tell(p, NULL,
				       "found \"%.*s\" after \"swap\"; expected \"swap on\"",
				       (int)p->len, step_parse_word(p));
	step_parse_next(p);
	return true;
}

static bool step_parse_arguments(struct step_parser *p)
{
	switch (verb_words[p->out->step.verb].argument) {
	case VERB_TAKES_SEVERITY:
		return step_parse_severity(p);
	case VERB_TAKES_UNIT:
		return step_parse_target(p);
	case VERB_TAKES_UNIT_SIGNAL:
		return step_parse_target(p) && step_parse_signal(p);
	case VERB_TAKES_UNIT_BYTES:
		return step_parse_target(p) && step_parse_bytes(p);
	case VERB_TAKES_COMMAND:
		return step_parse_command(p);
	case VERB_TAKES_ON:
		return step_parse_on(p);
	case VERB_TAKES_NOTHING:
		break;
	}
	return true;
}

int step_parse(const struct config_expression *in, struct step_parsed *parsed)
{
	struct step_parser p = {.in = in, .out = parsed};
	struct suggest s;
	int verb;

	*parsed = (struct step_parsed){.step = {.unit = CONFIG_NONE, .group = CONFIG_NONE}};
	step_parse_next(&p);
	verb = verb_find(step_parse_word(&p), p.len);
	if (verb < 0) {
		suggest_init(&s, step_parse_word(&p), p.len);
		for (int i = 0; i < VERBS; i++)
			suggest_offer(&s, verb_words[i].name);
		step_parse_tell(&p, &s, "no verb \"%.*s\"", (int)p.len, step_parse_word(&p));
		return -EINVAL;
	}
	parsed->step.verb = (uint32_t)verb;
	step_parse_next(&p);
	if (!step_parse_arguments(&p))
		return -EINVAL;
	if (p.len == 0)
		return 0;
	step_parse_tell(&p, NULL,
			"\"%s\" after the step; each step has a line of its own that begins with a "
			"space",
			step_parse_word(&p));
	return -EINVAL;
}
