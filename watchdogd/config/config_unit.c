#include "config/config_unit.h"

#include <errno.h>
#include <string.h>

#include "config/account.h"

bool config_unit_is_pattern(const char *text)
{
	const char *last = strrchr(text, '/');

	return text[0] == '/' && last != text && (last[1] == '\0' || strcmp(last, "/i") == 0);
}

/* One that nobody can judge here is right as far as the text goes: a warning, once. */
static bool config_unit_is_right(struct config_field *field, const char *text)
{
	struct config_draft *draft = field->draft;
	char why[TEXT_BYTES / 2] = "";
	int error;

	if (draft->judge == NULL || !config_unit_is_pattern(text))
		return true;
	error = draft->judge->pattern(draft->judge->arg, text, why, sizeof(why));
	if (error == -EINVAL) {
		config_field_error(field, "\"%s\" is no pattern: %s", text, why);
		return false;
	}
	if (error < 0 && !draft->unjudged) {
		config_findings_add(&draft->findings, CONFIG_WARNING, &field->place,
				    "nobody here can say whether \"%s\" is a pattern: %s", text, why);
		draft->unjudged = true;
	}
	return true;
}

void config_unit_pattern(struct config_field *field, const char *text)
{
	struct config_draft *draft = field->draft;
	struct config_unit *unit = field->base;

	if (strcmp(text, "//") == 0 || strcmp(text, "//i") == 0) {
		config_field_error(field, "\"%s\" is in every line; expected a pattern between the slashes", text);
		return;
	}
	if (!config_unit_is_right(field, text))
		return;
	if (draft->pattern_count == PATTERNS_MAX) {
		config_field_error(field, "one text too many; all units together have at most %d", PATTERNS_MAX);
		return;
	}
	if (unit->log_match.count == 0)
		unit->log_match.at = draft->pattern_count;
	unit->log_match.count++;
	draft->patterns[draft->pattern_count++] = config_draft_text(draft, text);
}

void config_unit_user(struct config_field *field, const char *text)
{
	struct config_unit *unit = field->base;

	if (strpbrk(text, " \t:/") != NULL) {
		config_field_error(field, "\"%s\" is no name of a user; expected one such as \"alice\"", text);
		return;
	}
	unit->user = config_draft_text(field->draft, text);
	unit->uid = account_uid(text); /* not known here: config_check_host says so */
}
