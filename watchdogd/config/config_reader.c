#include "config/config_reader.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "base/bounds.h"
#include "base/buffer.h"

enum {
	SECTION_BYTES = 49 /* inih cuts a section, brackets not counted, to this */
};

struct config_reader {
	const char *text;
	size_t size, at;
	uint32_t line;
	const struct config_reader_ops *ops;
	void *arg;
	bool in_section; /* after a good header */
	bool refused;    /* after a refused one: what stands below it is passed over */
	bool passing;    /* what continues is of a refused line: it goes with it */
	bool more;       /* the line handed to inih continues its key */
	bool owed;       /* inih has not handed back the line that it got */
	char section[SECTION_BYTES + 1], key[NAME_BYTES]; /* what inih must say */
};

/* A piece of the text, not NUL-terminated. */
struct config_span {
	const char *p;
	size_t n;
};

static bool config_reader_is_space(char c)
{
	return c == ' ' || c == '\t';
}

static struct config_span config_reader_trim(struct config_span s)
{
	for (; s.n > 0 && config_reader_is_space(s.p[0]); s.n--)
		s.p++;
	while (s.n > 0 && config_reader_is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

static void config_reader_refuse(struct config_reader *r, struct config_span line,
				 const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Tell why, and see to it that nothing below the line is taken for part of what stands above it. */
static void config_reader_refuse(struct config_reader *r, struct config_span line,
				 const char *format, ...)
{
	char what[TEXT_BYTES];
	struct buffer out;
	va_list args;

	if (line.n > 0 && line.p[0] == '[') {
		r->in_section = false;
		r->refused = true;
		r->ops->no_section(r->arg);
	}
	if (line.n > 0 && !config_reader_is_space(line.p[0]))
		r->passing = true;
	BUFFER_OVER(&out, what);
	va_start(args, format);
	buffer_vaddf(&out, format, args);
	va_end(args);
	r->ops->error(r->arg, r->line, what);
}

/* The next raw line without its newline (LF or CRLF). False at the end. */
static bool config_reader_raw(struct config_reader *r, struct config_span *line)
{
	const char *start = r->text + r->at, *newline;

	if (r->at >= r->size)
		return false;
	newline = memchr(start, '\n', r->size - r->at);
	line->p = start;
	line->n = newline != NULL ? (size_t)(newline - start) : r->size - r->at;
	r->at += line->n + (newline != NULL);
	r->line++;
	if (line->n > 0 && line->p[line->n - 1] == '\r')
		line->n--;
	return true;
}

/* The line is short enough and text. A tab is a space; other control characters have no business in
 * a config, and what an editor hides must not change what it means. */
static bool config_reader_is_text(struct config_reader *r, struct config_span line)
{
	if (line.n > LINE_BYTES) {
		config_reader_refuse(r, line,
				     "the line has %zu bytes; at most %d, put the rest on "
				     "a line of its own that begins with a space",
				     line.n, LINE_BYTES);
		return false;
	}
	for (size_t i = 0; i < line.n; i++) {
		unsigned char c = (unsigned char)line.p[i];

		if ((c >= ' ' && c != 0x7f) || c == '\t')
			continue;
		config_reader_refuse(r, line, "byte 0x%02x at position %zu; a config is text", c,
				     i + 1);
		return false;
	}
	return true;
}

/* Without its comment: a line that begins with `;` or `#`, or what follows a space and `;`. */
static struct config_span config_reader_uncomment(struct config_span line)
{
	struct config_span trimmed = config_reader_trim(line);

	if (trimmed.n == 0 || trimmed.p[0] == ';' || trimmed.p[0] == '#')
		return (struct config_span){line.p, 0};
	for (size_t i = 1; i < line.n; i++)
		if (line.p[i] == ';' && config_reader_is_space(line.p[i - 1]))
			line.n = i;
	while (line.n > 0 && config_reader_is_space(line.p[line.n - 1]))
		line.n--;
	return line;
}

static bool config_reader_fits_name(struct config_reader *r, struct config_span line,
				    struct config_span name)
{
	if (name.n < NAME_BYTES)
		return true;
	config_reader_refuse(r, line, "the name \"%.*s\" has %zu bytes; at most %d", (int)name.n,
			     name.p, name.n, NAME_BYTES - 1);
	return false;
}

/* What stands between the brackets, or refused. */
static bool config_reader_header(struct config_reader *r, struct config_span line,
				 struct config_span *inside)
{
	const char *end = memchr(line.p, ']', line.n);

	if (end == NULL) {
		config_reader_refuse(r, line,
				     "\"%.*s\" has no \"]\"; a section is [KIND] or [KIND NAME]",
				     (int)line.n, line.p);
		return false;
	}
	if (end + 1 < line.p + line.n) {
		config_reader_refuse(r, line,
				     "\"%.*s\" after the section; a key has a line of its own, "
				     "a comment begins with \" ;\"",
				     (int)(line.p + line.n - end - 1), end + 1);
		return false;
	}
	*inside = config_reader_trim((struct config_span){line.p + 1, (size_t)(end - line.p) - 1});
	return true;
}

static void config_reader_section(struct config_reader *r, struct config_span line,
				  struct buffer *out)
{
	struct config_span inside, kind, name;
	char kind_text[NAME_BYTES], name_text[NAME_BYTES];
	struct buffer section;

	if (!config_reader_header(r, line, &inside))
		return;
	kind = (struct config_span){inside.p, 0};
	while (kind.n < inside.n && !config_reader_is_space(kind.p[kind.n]))
		kind.n++;
	name = config_reader_trim((struct config_span){inside.p + kind.n, inside.n - kind.n});
	if (!config_reader_fits_name(r, line, kind) || !config_reader_fits_name(r, line, name))
		return;
	if (kind.n == 0 || kind.n + 1 + name.n > SECTION_BYTES) {
		config_reader_refuse(r, line,
				     "\"%.*s\" is no section; a section is [KIND] or [KIND NAME]",
				     (int)line.n, line.p);
		return;
	}
	(void)snprintf(kind_text, sizeof(kind_text), "%.*s", (int)kind.n, kind.p);
	(void)snprintf(name_text, sizeof(name_text), "%.*s", (int)name.n, name.p);
	BUFFER_OVER(&section, r->section);
	buffer_addf(&section, "%s%s%s", kind_text, name.n > 0 ? " " : "", name_text);
	r->key[0] = '\0';
	r->in_section = true;
	r->refused = r->passing = false;
	buffer_addf(out, "[%s]", r->section);
	r->ops->section(r->arg, r->line, kind_text, name_text);
}

/* Where the key ends: at the first '=', or refused. */
static bool config_reader_split(struct config_reader *r, struct config_span line,
				struct config_span *key, struct config_span *value)
{
	size_t at = 0;

	*value = (struct config_span){line.p + line.n, 0};
	while (at < line.n && line.p[at] != '=' && line.p[at] != ':')
		at++;
	*key = config_reader_trim((struct config_span){line.p, at});
	if (at < line.n)
		*value = config_reader_trim((struct config_span){line.p + at + 1, line.n - at - 1});
	if (at == line.n)
		config_reader_refuse(r, line,
				     "\"%.*s\" has no \"=\"; a line is \"key = value\", a line "
				     "that goes on with the one above begins with a space",
				     (int)line.n, line.p);
	else if (line.p[at] == ':')
		config_reader_refuse(r, line, "\":\" after \"%.*s\"; write \"%.*s = %.*s\"",
				     (int)key->n, key->p, (int)key->n, key->p, (int)value->n,
				     value->p);
	else if (key->n == 0)
		config_reader_refuse(r, line, "no key before \"=\"; a line is \"key = value\"");
	else
		return config_reader_fits_name(r, line, *key);
	return false;
}

static void config_reader_key(struct config_reader *r, struct config_span line, struct buffer *out)
{
	struct config_span key, value;

	if (!config_reader_split(r, line, &key, &value))
		return;
	if (!r->in_section) {
		config_reader_refuse(r, line,
				     "the key \"%.*s\" stands before any section; begin with "
				     "one, such as [watchdogd]",
				     (int)key.n, key.p);
		return;
	}
	(void)snprintf(r->key, sizeof(r->key), "%.*s", (int)key.n, key.p);
	r->passing = false;
	r->more = false;
	r->owed = true;
	buffer_addf(out, "%s=%.*s", r->key, (int)value.n, value.p);
}

static void config_reader_more(struct config_reader *r, struct config_span line, struct buffer *out)
{
	if (r->passing)
		return;
	if (r->key[0] == '\0') {
		config_reader_refuse(r, line,
				     "the line begins with a space, but no key stands above it; "
				     "begin it with its key");
		r->passing = true;
		return;
	}
	line = config_reader_trim(line);
	r->more = true;
	r->owed = true;
	buffer_addf(out, " %.*s", (int)line.n, line.p);
}

/* A line that inih has passed over: a build with other rules than those we know. */
static void config_reader_settle(struct config_reader *r)
{
	if (r->owed)
		r->ops->error(r->arg, r->line,
			      "inih passes this line over; use a build of it with "
			      "multi-line values");
	r->owed = false;
}

/* fgets for inih: the next line as it may see it; empty where there is nothing for it. */
static char *config_reader_next(char *out, int size, void *stream)
{
	struct config_reader *r = stream;
	struct config_span line;
	struct buffer b;

	config_reader_settle(r);
	if (!config_reader_raw(r, &line))
		return NULL;
	buffer_init(&b, out, (size_t)size);
	if (!config_reader_is_text(r, line))
		return out;
	line = config_reader_uncomment(line);
	if (line.n == 0)
		return out;
	if (line.p[0] == '[')
		config_reader_section(r, line, &b);
	else if (r->refused)
		return out;
	else if (config_reader_is_space(line.p[0]))
		config_reader_more(r, line, &b);
	else
		config_reader_key(r, line, &b);
	if (b.cut)
		r->ops->error(r->arg, r->line, "this build of inih cuts the line; shorten it");
	return out;
}

static int config_reader_take(void *user, const char *section, const char *name, const char *value)
{
	struct config_reader *r = user;

	if (strcmp(section, r->section) != 0 || strcmp(name, r->key) != 0)
		return 1; /* misread: stays owed, and is told so */
	r->owed = false;
	r->ops->value(r->arg, r->line, r->key, value, r->more);
	return 1;
}

int config_reader_run(const char *text, size_t size, const struct config_reader_ops *ops, void *arg)
{
	static const char bom[] = "\xef\xbb\xbf";
	struct config_reader r = {.text = text, .size = size, .ops = ops, .arg = arg};

	if (size >= 3 && memcmp(text, bom, 3) == 0)
		r.at = 3;
	return ini_parse_stream(config_reader_next, &r, config_reader_take, &r) == -2 ? -ENOMEM : 0;
}
