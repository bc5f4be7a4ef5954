/* Forms: https://prometheus.io/docs/specs/om/open_metrics_spec/ and
 * https://prometheus.io/docs/instrumenting/exposition_formats/ */
#include "share/openmetrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/escape.h"

enum {
	OPENMETRICS_FIRST_BYTES = 16 * 1024, /* of a page with a handful of units */
	OPENMETRICS_DECIMALS_MAX = 9,
};

const char *const openmetrics_types[OPENMETRICS_FORMATS] = {
	[OPENMETRICS_1] = "application/openmetrics-text; version=1.0.0; charset=utf-8",
	[OPENMETRICS_CLASSIC] = "text/plain; version=0.0.4; charset=utf-8",
};

static const char *const openmetrics_kinds[] = {
	[OPENMETRICS_GAUGE] = "gauge",
	[OPENMETRICS_COUNTER] = "counter",
	[OPENMETRICS_INFO] = "info",
};

const char *openmetrics_suffix(enum openmetrics_kind kind)
{
	return kind == OPENMETRICS_COUNTER ? "_total" : kind == OPENMETRICS_INFO ? "_info" : "";
}

/* --- the growing text --- */

/* Room for n bytes and a NUL. */
static bool openmetrics_has_room(struct openmetrics *om, size_t n)
{
	size_t size = om->size == 0 ? OPENMETRICS_FIRST_BYTES : om->size;
	char *text;

	if (om->failed)
		return false;
	while (size - om->len <= n)
		size *= 2;
	if (size == om->size)
		return true;
	text = realloc(om->text, size);
	if (text == NULL) {
		om->failed = true;
		return false;
	}
	om->text = text;
	om->size = size;
	return true;
}

static void openmetrics_add_bytes(struct openmetrics *om, const char *bytes, size_t n)
{
	if (!openmetrics_has_room(om, n))
		return;
	memcpy(om->text + om->len, bytes, n);
	om->len += n;
}

static void openmetrics_add(struct openmetrics *om, const char *text)
{
	openmetrics_add_bytes(om, text, strlen(text));
}

/* What both formats escape is escaped. U+FFFD stands for what is no UTF-8, and for control characters, which
 * a label may have, but no terminal or editor should get. */
static void openmetrics_add_value(struct openmetrics *om, const char *hostile)
{
	size_t n = strlen(hostile);

	for (size_t i = 0; i < n;) {
		const unsigned char *u = (const unsigned char *)hostile + i;
		size_t len = escape_utf8_len(hostile + i, n - i);

		if (len == 1 && (*u == '"' || *u == '\\')) {
			openmetrics_add(om, "\\");
			openmetrics_add_bytes(om, hostile + i, 1);
		} else if (len == 1 && *u == '\n') {
			openmetrics_add(om, "\\n");
		} else if (len == 0 || *u < 0x20 || *u == 0x7f || (len == 2 && *u == 0xc2 && u[1] < 0xa0)) {
			openmetrics_add(om, "\xef\xbf\xbd");
		} else {
			openmetrics_add_bytes(om, hostile + i, len);
		}
		i += len == 0 ? 1 : len;
	}
}

/* 12345, 2 decimals: "123.45"; 12300: "123". Exact, as no double is. */
static void openmetrics_add_number(struct openmetrics *om, int64_t value, unsigned decimals)
{
	uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value, one = 1;
	char text[64];
	struct buffer b;

	if (decimals > OPENMETRICS_DECIMALS_MAX)
		decimals = OPENMETRICS_DECIMALS_MAX;
	for (; decimals > 0 && left % 10 == 0; decimals--)
		left /= 10;
	for (unsigned i = 0; i < decimals; i++)
		one *= 10;
	BUFFER_OVER(&b, text);
	buffer_addf(&b, "%s%" PRIu64, value < 0 ? "-" : "", left / one);
	if (decimals > 0)
		buffer_addf(&b, ".%0*" PRIu64, (int)decimals, left % one);
	openmetrics_add(om, b.text);
}

/* --- families and samples --- */

void openmetrics_init(struct openmetrics *om, enum openmetrics_format format)
{
	*om = (struct openmetrics){.format = format};
}

void openmetrics_begin(struct openmetrics *om, const struct openmetrics_family *family)
{
	om->family = family;
	om->headed = false;
}

/* "# TYPE name kind": the classic format knows no family, it names the samples. */
static void openmetrics_add_head_line(struct openmetrics *om, const char *word, const char *text)
{
	openmetrics_add(om, "# ");
	openmetrics_add(om, word);
	openmetrics_add(om, " ");
	openmetrics_add(om, om->family->name);
	if (om->format == OPENMETRICS_CLASSIC)
		openmetrics_add(om, openmetrics_suffix(om->family->kind));
	openmetrics_add(om, " ");
	openmetrics_add(om, text);
	openmetrics_add(om, "\n");
}

static void openmetrics_add_head(struct openmetrics *om)
{
	bool classic = om->format == OPENMETRICS_CLASSIC;
	enum openmetrics_kind kind = om->family->kind;

	openmetrics_add_head_line(om, "HELP", om->family->help);
	openmetrics_add_head_line(om, "TYPE",
				  openmetrics_kinds[classic && kind == OPENMETRICS_INFO ? OPENMETRICS_GAUGE : kind]);
	if (!classic && om->family->unit[0] != '\0')
		openmetrics_add_head_line(om, "UNIT", om->family->unit);
	om->headed = true;
}

static void openmetrics_add_labels(struct openmetrics *om, const char *const *labels)
{
	const char *before = "{";

	for (; labels != NULL && labels[0] != NULL; labels += 2) {
		if (labels[1][0] == '\0')
			continue;
		openmetrics_add(om, before);
		openmetrics_add(om, labels[0]);
		openmetrics_add(om, "=\"");
		openmetrics_add_value(om, labels[1]);
		openmetrics_add(om, "\"");
		before = ",";
	}
	openmetrics_add(om, before[0] == ',' ? "} " : " ");
}

static void openmetrics_add_series(struct openmetrics *om, const char *const *labels)
{
	if (!om->headed)
		openmetrics_add_head(om);
	openmetrics_add(om, om->family->name);
	openmetrics_add(om, openmetrics_suffix(om->family->kind));
	openmetrics_add_labels(om, labels);
}

void openmetrics_sample(struct openmetrics *om, int64_t value, unsigned decimals, const char *const *labels)
{
	openmetrics_add_series(om, labels);
	openmetrics_add_number(om, value, decimals);
	openmetrics_add(om, "\n");
}

void openmetrics_infinite(struct openmetrics *om, const char *const *labels)
{
	openmetrics_add_series(om, labels);
	openmetrics_add(om, "+Inf\n");
}

char *openmetrics_end(struct openmetrics *om, size_t *len)
{
	if (om->format == OPENMETRICS_1)
		openmetrics_add(om, "# EOF\n");
	if (!openmetrics_has_room(om, 0)) {
		free(om->text);
		om->text = NULL;
		return NULL;
	}
	om->text[om->len] = '\0';
	*len = om->len;
	return om->text;
}
