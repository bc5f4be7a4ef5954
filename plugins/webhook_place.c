#include "webhook_place.h"

#include <string.h>

#include "base/escape.h"

static void place_put_url(struct buffer *out, const char *bytes, size_t n)
{
	static const char unknown[] = "\xef\xbf\xbd"; /* U+FFFD */

	if (escape_utf8_len(bytes, n) == 0)
		escape_url(out, unknown, sizeof(unknown) - 1);
	else
		escape_url(out, bytes, n);
}

/* For a person's eyes: a backslash is itself here, as no program undoes it. */
static void place_put_plain(struct buffer *out, bool one_line, const char *bytes, size_t n)
{
	if (*bytes == '\n' || *bytes == '\t')
		buffer_add_char(out, one_line ? ' ' : *bytes);
	else if (*bytes == '\\')
		buffer_add_char(out, '\\');
	else
		escape_line(out, bytes, n);
}

/* One character, or one byte that is none; or ASCII that stands for a character. */
static void place_put(struct buffer *out, enum webhook_place place, const char *bytes, size_t n)
{
	switch (place) {
	case WEBHOOK_STRING:
	case WEBHOOK_VALUE:
		escape_json(out, bytes, n);
		break;
	case WEBHOOK_URL:
		place_put_url(out, bytes, n);
		break;
	case WEBHOOK_PLAIN:
	case WEBHOOK_HEADER:
		place_put_plain(out, place == WEBHOOK_HEADER, bytes, n);
		break;
	}
}

/* What takes the place of a character that markup would read; NULL: itself. */
static const char *place_mark(enum webhook_markup markup, char c)
{
	if (markup == WEBHOOK_HTML)
		return c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : NULL;
	if (markup == WEBHOOK_MARKDOWN && c != '\0' && strchr("\\`*_~|>#[<", c) != NULL)
		return "\\";
	return NULL;
}

static void place_write_one(struct buffer *out, enum webhook_place place, enum webhook_markup markup,
			    const char *bytes, size_t n)
{
	const char *mark = place_mark(markup, *bytes);

	for (const char *at = mark; at != NULL && *at != '\0'; at++)
		place_put(out, place, at, 1);
	if (mark == NULL || markup == WEBHOOK_MARKDOWN)
		place_put(out, place, bytes, n);
}

void webhook_place_write(struct buffer *out, enum webhook_place place, enum webhook_markup markup,
			 const char *bytes, size_t n)
{
	if (place == WEBHOOK_VALUE)
		buffer_add_char(out, '"');
	for (size_t i = 0; i < n;) {
		size_t len = escape_utf8_len(bytes + i, n - i);

		len = len == 0 ? 1 : len;
		place_write_one(out, place, markup, bytes + i, len);
		i += len;
	}
	if (place == WEBHOOK_VALUE)
		buffer_add_char(out, '"');
}

size_t webhook_place_cut(const char *bytes, size_t n, size_t max)
{
	size_t i = 0;

	if (n <= max)
		return n;
	while (i < max) {
		size_t len = escape_utf8_len(bytes + i, n - i);

		len = len == 0 ? 1 : len;
		if (i + len > max)
			break;
		i += len;
	}
	return i;
}
