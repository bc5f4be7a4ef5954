/* The last hour's memory as a line of block characters, two minutes each, the newest at the right: it needs no
 * picture, so it goes through every channel. */
#include "deliver/report_parts.h"

enum { REPORT_MINUTES = 60, REPORT_MINUTES_EACH = 2, REPORT_UNKNOWN = 0xffff };

/* The highest of minutes `back` and its neighbour before it; REPORT_UNKNOWN: neither is known. */
static unsigned report_history_highest(const struct state *state, uint32_t back)
{
	unsigned highest = REPORT_UNKNOWN;

	for (uint32_t i = back; i < back + REPORT_MINUTES_EACH; i++) {
		unsigned permille = REPORT_UNKNOWN;

		if (i <= state->hour_minute) /* none is before the boot */
			permille = state->hour_permille[(state->hour_minute - i) % REPORT_MINUTES];
		if (permille != REPORT_UNKNOWN && (highest == REPORT_UNKNOWN || permille > highest))
			highest = permille;
	}
	return highest;
}

static void report_history_add(struct buffer *line, unsigned permille)
{
	static const char *const blocks[] = {"\u2581", "\u2582", "\u2583", "\u2584",
					     "\u2585", "\u2586", "\u2587", "\u2588"};
	size_t level = permille * ARRAY_LEN(blocks) / 1000;

	if (permille == REPORT_UNKNOWN)
		buffer_add(line, "\u00b7");
	else
		buffer_add(line, blocks[level < ARRAY_LEN(blocks) ? level : ARRAY_LEN(blocks) - 1]);
}

const char *report_history(struct report *report, const struct state *state)
{
	struct buffer line;
	bool some = false;

	if (state == NULL)
		return "";
	report_begin(report, &line, (size_t)REPORT_MINUTES / REPORT_MINUTES_EACH * 3 + 1);
	for (int back = REPORT_MINUTES - REPORT_MINUTES_EACH; back >= 0; back -= REPORT_MINUTES_EACH) {
		unsigned permille = report_history_highest(state, (uint32_t)back);

		some = some || permille != REPORT_UNKNOWN;
		report_history_add(&line, permille);
	}
	return some ? report_end(report, &line) : "";
}
