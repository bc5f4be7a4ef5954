#include "ask/status_restore.h"

#include <inttypes.h>
#include <string.h>

#include "ask/status.h"
#include "ask/status_cell.h"
#include "base/buffer.h"
#include "base/escape.h"

#define STATUS_MIB 1048576.0

static void status_restore_row(const struct state_unit *unit, FILE *out)
{
	status_cell_put(out, unit->name);
	(void)fprintf(out, " (%s", status_mark_word(unit->mark));
	if (unit->peak_bytes > 0)
		(void)fprintf(out, "; at its peak it took %.0f MiB", (double)unit->peak_bytes / STATUS_MIB);
	(void)fputs(")\n    ", out);
	status_cell_put(out, unit->restore[0] != '\0' ? unit->restore : "now");
	(void)fputc('\n', out);
	if (unit->peak_bytes == 0)
		return;
	(void)fputs("    `watchdogctl retry ", out);
	status_cell_put(out, unit->name);
	(void)fputs("` forgets that peak\n", out);
}

static void status_restore_swap(const struct state_swap *swap, FILE *out)
{
	(void)fprintf(out, "the swap file (on; used on it are %.0f MiB)\n    ", (double)swap->used_bytes / STATUS_MIB);
	status_cell_put(out, swap->restore[0] != '\0' ? swap->restore : "now");
	(void)fputc('\n', out);
}

void status_restore_print(const struct state *state, FILE *out)
{
	bool some = false;

	for (uint32_t i = 0; i < state->units; i++) {
		if (state->unit[i].mark == STATE_MARK_NONE)
			continue;
		if (!some)
			(void)fputs("\nNOT GIVEN BACK YET\n", out);
		some = true;
		status_restore_row(&state->unit[i], out);
	}
	if (!state->swap.ours)
		return;
	if (!some)
		(void)fputs("\nNOT GIVEN BACK YET\n", out);
	status_restore_swap(&state->swap, out);
}

void status_restore_json(const struct state_unit *unit, FILE *out)
{
	char text[sizeof(unit->restore) * 6 + 1];
	struct buffer b;

	BUFFER_OVER(&b, text);
	escape_json(&b, unit->restore, strlen(unit->restore));
	if (unit->peak_bytes > 0)
		(void)fprintf(out, "\"peak_bytes\":%" PRIu64 ",", unit->peak_bytes);
	else
		(void)fputs("\"peak_bytes\":null,", out);
	if (unit->restore[0] != '\0')
		(void)fprintf(out, "\"restore\":\"%s\",", text);
	else
		(void)fputs("\"restore\":null,", out);
}
