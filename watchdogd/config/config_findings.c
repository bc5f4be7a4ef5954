#include "config/config_findings.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/escape.h"

struct config_found {
	enum config_finding kind;
	uint32_t line;
	size_t order;        /* of its coming: qsort is not stable */
	size_t what_at;      /* in text: after the place */
	const char *section; /* of the place */
	char *text;          /* own: "[rule tight] when: ..." */
};

void config_findings_init(struct config_findings *findings)
{
	memset(findings, 0, sizeof(*findings));
}

void config_findings_fini(struct config_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		free(findings->rows[i].text);
	free(findings->rows);
	config_findings_init(findings);
}

static size_t config_findings_place(struct buffer *out, const struct config_place *place)
{
	if (place->section != NULL)
		buffer_addf(out, "[%s%s%s]", place->section, place->name != NULL ? " " : "",
			    place->name != NULL ? place->name : "");
	if (place->key != NULL)
		buffer_addf(out, "%s%s", out->len > 0 ? " " : "", place->key);
	if (out->len > 0)
		buffer_add(out, place->key != NULL ? ": " : " ");
	return out->len;
}

static bool config_findings_has_later(const struct config_findings *findings, const char *section,
				      const char *what)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct config_found *found = &findings->rows[i];

		if (found->kind == CONFIG_LATER && strcmp(found->section, section) == 0 &&
		    strcmp(found->text + found->what_at, what) == 0)
			return true;
	}
	return false;
}

static bool config_findings_grow(struct config_findings *findings)
{
	size_t capacity = findings->capacity > 0 ? 2 * findings->capacity : 32;
	void *rows = reallocarray(findings->rows, capacity, sizeof(*findings->rows));

	if (rows == NULL)
		return false;
	findings->rows = rows;
	findings->capacity = capacity;
	return true;
}

void config_findings_add(struct config_findings *findings, enum config_finding kind,
			 const struct config_place *place, const char *format, ...)
{
	char text[TEXT_BYTES];
	struct buffer out;
	const char *section = place->section != NULL ? place->section : "";
	size_t what_at;
	va_list args;

	BUFFER_OVER(&out, text);
	what_at = config_findings_place(&out, place);
	va_start(args, format);
	buffer_vaddf(&out, format, args);
	va_end(args);
	findings->errors += kind == CONFIG_ERROR;
	if (kind == CONFIG_LATER && config_findings_has_later(findings, section, text + what_at))
		return;
	if (findings->count == findings->capacity && !config_findings_grow(findings))
		return;
	findings->rows[findings->count] = (struct config_found){.kind = kind,
								.line = place->line,
								.order = findings->count,
								.what_at = what_at,
								.section = section,
								.text = strdup(text)};
	if (findings->rows[findings->count].text != NULL)
		findings->count++;
}

static int config_findings_compare(const void *a, const void *b)
{
	const struct config_found *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

void config_findings_tell(struct config_findings *findings, const char *path, config_tell *tell,
			  void *arg)
{
	if (findings->count > 1)
		qsort(findings->rows, findings->count, sizeof(*findings->rows),
		      config_findings_compare);
	for (size_t i = 0; i < findings->count; i++) {
		const struct config_found *found = &findings->rows[i];
		char line[PATH_BYTES + 4 * TEXT_BYTES];
		struct buffer out;

		BUFFER_OVER(&out, line);
		escape_line(&out, path, strlen(path));
		if (found->line > 0)
			buffer_addf(&out, ":%u", found->line);
		buffer_add(&out, ": ");
		escape_line(&out, found->text, strlen(found->text));
		tell(arg, found->kind, line);
	}
}
