#include "ask/status_cell.h"

#include <string.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "base/escape.h"

void status_cell_put(FILE *out, const char *hostile)
{
	char text[2048];
	struct buffer b;

	BUFFER_OVER(&b, text);
	escape_line(&b, hostile, strlen(hostile));
	(void)fputs(text, out);
}

/* A name at the left, `width` columns; a wider one ends its line and leaves the column empty. */
void status_cell_name(FILE *out, const char *name, int width)
{
	char text[4 * NAME_BYTES];
	struct buffer b;

	BUFFER_OVER(&b, text);
	escape_line(&b, name, strlen(name));
	if (b.len > (size_t)width)
		(void)fprintf(out, "%s\n%*s", text, width, "");
	else
		(void)fprintf(out, "%-*s", width, text);
}

const char *status_cell_age(mono_ms since, mono_ms now, char cell[STATUS_CELL_BYTES])
{
	if (since == 0 || since > now)
		return "-";
	return clock_format_span(now - since, cell);
}
