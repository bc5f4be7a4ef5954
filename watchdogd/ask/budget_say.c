#include "ask/budget_say.h"

#include <string.h>

#include "base/bytes.h"
#include "base/escape.h"

enum { BUDGET_COLUMNS = 80, BUDGET_LABEL = 11 };

void budget_say(FILE *out, const char *label, const struct buffer *said)
{
	int column = fprintf(out, "%-*s", BUDGET_LABEL, label);
	const char *at = said->text;

	while (*at != '\0') {
		int len = (int)strcspn(at, " ");

		if (column > BUDGET_LABEL && column + 1 + len > BUDGET_COLUMNS)
			column = fprintf(out, "\n%-*s", BUDGET_LABEL, "") - 1;
		else if (column > BUDGET_LABEL)
			column += fprintf(out, " ");
		column += fprintf(out, "%.*s", len, at);
		at += len;
		at += strspn(at, " ");
	}
	(void)fputs(said->cut ? " ...\n" : "\n", out);
}

const char *budget_say_cell(uint64_t bytes, char cell[STATUS_CELL_BYTES])
{
	struct buffer b;

	buffer_init(&b, cell, STATUS_CELL_BYTES);
	bytes_format(&b, (int64_t)bytes);
	return cell;
}

void budget_say_bytes(struct buffer *said, uint64_t bytes)
{
	bytes_format(said, (int64_t)bytes);
}

void budget_say_name(struct buffer *said, const char *name)
{
	escape_line(said, name, strlen(name));
}

void budget_say_next(struct buffer *said, uint32_t *n)
{
	if ((*n)++ > 0)
		buffer_add(said, ", ");
}

void budget_say_verdict(struct buffer *said, const struct budget_sum *sum, uint64_t need, bool one)
{
	uint64_t lack = budget_sum_lack(sum, need);

	buffer_add(said, lack > 0 ? (one ? "lacks " : "lack ") : one ? "fits, " : "fit, ");
	budget_say_bytes(said, lack > 0 ? lack : budget_sum_left(sum, need));
	if (lack == 0)
		buffer_add(said, " to spare");
}
