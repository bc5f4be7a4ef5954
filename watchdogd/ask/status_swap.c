#include "ask/status_swap.h"

#include <inttypes.h>
#include <string.h>

#include "ask/status_cell.h"
#include "base/bounds.h"
#include "base/buffer.h"
#include "base/escape.h"

static const struct {
	const char *word, *line; /* of the JSON, of the table */
} status_swap_words[STATE_SWAP_PHASES] = {
	[STATE_SWAP_WAITS] = {"waits", "not there yet, made in a quiet time"},
	[STATE_SWAP_MAKING] = {"making", "being made"},
	[STATE_SWAP_READY] = {"ready", "ready"},
	[STATE_SWAP_REFUSED] = {"refused", "none: "},
};

/* What is not in the table says another version. */
static bool status_swap_is_known(const struct state_swap *swap)
{
	return swap->phase < STATE_SWAP_PHASES && status_swap_words[swap->phase].word != NULL;
}

/* The nearest: of a file the kernel leaves a page out. */
static uint64_t status_swap_mib(uint64_t bytes)
{
	return bytes / (1 << 20) + (bytes % (1 << 20) >= 1 << 19);
}

void status_swap_print(const struct state *state, FILE *out)
{
	const struct state_swap *swap = &state->swap;

	if (!status_swap_is_known(swap))
		return;
	(void)fputs("           swap file ", out);
	if (swap->on) {
		(void)fprintf(out, "%s%s, %" PRIu64 " MiB of %" PRIu64 " MiB used", swap->ours ? "on by us" : "on",
			      swap->going_off ? ", being switched off" : "", status_swap_mib(swap->used_bytes),
			      status_swap_mib(swap->size_bytes));
	} else {
		(void)fputs(status_swap_words[swap->phase].line, out);
		if (swap->phase == STATE_SWAP_REFUSED)
			status_cell_put(out, swap->why);
	}
	(void)fputc('\n', out);
}

void status_swap_json(const struct state *state, FILE *out)
{
	const struct state_swap *swap = &state->swap;
	char why[6 * sizeof(swap->why) + 1], restore[6 * sizeof(swap->restore) + 1];
	struct buffer b;

	if (!status_swap_is_known(swap)) {
		(void)fputs("\"swapfile\":null", out);
		return;
	}
	BUFFER_OVER(&b, why);
	escape_json(&b, swap->why, strlen(swap->why));
	BUFFER_OVER(&b, restore);
	escape_json(&b, swap->restore, strlen(swap->restore));
	(void)fprintf(out, "\"swapfile\":{\"state\":\"%s\",\"on\":%s,\"ours\":%s,\"going_off\":%s",
		      status_swap_words[swap->phase].word, swap->on ? "true" : "false", swap->ours ? "true" : "false",
		      swap->going_off ? "true" : "false");
	(void)fprintf(out, ",\"size_bytes\":%" PRIu64 ",\"used_bytes\":%" PRIu64 ",\"restore\":", swap->size_bytes,
		      swap->used_bytes);
	if (swap->restore[0] != '\0')
		(void)fprintf(out, "\"%s\",\"why\":", restore);
	else
		(void)fputs("null,\"why\":", out);
	if (swap->phase == STATE_SWAP_REFUSED)
		(void)fprintf(out, "\"%s\"}", why);
	else
		(void)fputs("null}", out);
}
