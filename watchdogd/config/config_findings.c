#include "config/config_findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/escape.h"

#define CONFIG_FINDINGS_LATER "not active yet, without effect: "

struct config_found {
	enum config_finding kind;
	uint32_t line;
	size_t order;        /* of its coming: qsort is not stable */
	size_t what_at;      /* in text: after the place */
	const char *section; /* of the place */
	char *text;          /* own: "[rule tight] when: ..." */
	bool keys;           /* of config_findings_later: what_at is where its keys begin */
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

/* Whether key is one of the words of "a, b, c". */
static bool config_findings_lists(const char *list, const char *key)
{
	size_t n = strlen(key);

	for (const char *p = list; p != NULL; p = strstr(p, ", ")) {
		p += p != list ? strlen(", ") : 0;
		if (strncmp(p, key, n) == 0 && (p[n] == '\0' || p[n] == ','))
			return true;
	}
	return false;
}

/* The row that names keys of this very section; NULL when there is none. known: some section of its
 * kind has named the key. */
static struct config_found *config_findings_keys(struct config_findings *findings,
						 const struct config_place *place, bool *known)
{
	struct config_place section = {0, place->section, place->name, NULL};
	char text[TEXT_BYTES];
	struct config_found *own = NULL;
	struct buffer head;

	BUFFER_OVER(&head, text);
	(void)config_findings_place(&head, &section);
	buffer_add(&head, CONFIG_FINDINGS_LATER);
	*known = false;
	for (size_t i = 0; i < findings->count; i++) {
		struct config_found *found = &findings->rows[i];

		if (!found->keys || strcmp(found->section, place->section) != 0)
			continue;
		*known = *known || config_findings_lists(found->text + found->what_at, place->key);
		if (strncmp(found->text, head.text, head.len) == 0)
			own = found;
	}
	return own;
}

void config_findings_later(struct config_findings *findings, const struct config_place *place)
{
	struct config_place section = {place->line, place->section, place->name, NULL};
	bool known;
	struct config_found *found = config_findings_keys(findings, place, &known);
	size_t count = findings->count;
	char *text;

	if (known)
		return;
	if (found != NULL && asprintf(&text, "%s, %s", found->text, place->key) > 0) {
		free(found->text);
		found->text = text;
	} else if (found == NULL) {
		config_findings_add(findings, CONFIG_LATER, &section, CONFIG_FINDINGS_LATER "%s", place->key);
		if (findings->count == count)
			return;
		found = &findings->rows[count];
		found->keys = true;
		found->what_at = strlen(found->text) - strlen(place->key);
	}
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
