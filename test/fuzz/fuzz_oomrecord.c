/* Any bytes as a log: through kmsgline and oomrecord line by line, as explain does, and as escaped
 * records in pieces, as /dev/kmsg gives them. Build:
 *   clang -std=gnu11 -D_GNU_SOURCE -Iwatchdogd -g -O1 -fsanitize=fuzzer,address,undefined \
 *     test/fuzz/fuzz_oomrecord.c watchdogd/see/oom*.c watchdogd/see/kmsgline.c \
 *     watchdogd/ask/explain_kill.c watchdogd/base/{buffer,escape}.c */
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ask/explain_kill.h"
#include "base/escape.h"
#include "see/kmsgline.h"
#include "see/oomrecord.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char text[EXPLAIN_KILL_SIZE];

/* What holds of every kill, whatever the input. */
static void fuzz_check(const struct oomrecord *record)
{
	struct explain_kill kill = {.record = *record, .reaper_known = true};
	struct buffer out;

	assert(record->pid > 0);
	assert(memchr(record->comm, '\0', sizeof(record->comm)));
	assert(!(record->known & OOMRECORD_OOM_MEMCG) || record->oom_memcg[0] == '/');
	assert(!(record->known & OOMRECORD_TASK_MEMCG) || record->task_memcg[0] == '/');
	assert(record->tasks_n <= OOMRECORD_TASKS);
	BUFFER_OVER(&out, text);
	explain_kill_json(&kill, &out);
	assert(!out.cut);
	for (size_t i = 0, n; i < out.len; i += n) {
		n = escape_utf8_len(out.text + i, out.len - i);
		assert(n > 0);
	}
	assert(memchr(out.text, '\n', out.len) == out.text + out.len - 1);
	BUFFER_OVER(&out, text);
	explain_kill_text(&kill, &out);
	assert(!out.cut);
	assert(memchr(out.text, '\n', out.len) == out.text + out.len - 1);
}

static void fuzz_lines(const char *bytes, size_t size, bool kmsg)
{
	static struct oomrecord_parser parser;
	static struct oomrecord record;
	const char *end = bytes + size;

	oomrecord_init(&parser);
	while (bytes < end) {
		const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
		size_t n = (size_t)((newline ? newline : end) - bytes);
		/* A copy of its own, so that a byte too far is seen. */
		char *copy = malloc(n ? n : 1);
		struct kmsgline line = {0};
		struct oomrecord_line in = {0};

		memcpy(copy, bytes, n);
		kmsgline_text(copy, n, &line);
		in.text = kmsg ? copy : line.text.at;
		in.len = kmsg ? n : line.text.n;
		in.at_us = line.at_us;
		in.escaped = kmsg || line.raw;
		in.continues = kmsg || line.continues;
		if (oomrecord_feed(&parser, &in, &record) == OOMRECORD_KILL)
			fuzz_check(&record);
		free(copy);
		bytes += n + (newline ? 1 : 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_lines((const char *)data, size, false);
	fuzz_lines((const char *)data, size, true);
	return 0;
}
