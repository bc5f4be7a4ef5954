#include "ask/control_verb.h"

#include <string.h>

#include "base/buffer.h"

const struct control_verb_row control_verbs[CONTROL_VERBS] = {
	[CONTROL_PING] = {.name = "ping", .work_ms = CONTROL_WORK_MS},
	[CONTROL_RELOAD] = {.name = "reload", .commands = true, .work_ms = CONTROL_WORK_MS},
	[CONTROL_RETRY] = {.name = "retry", .commands = true, .words = 1, .work_ms = CONTROL_WORK_MS,
			   .missing = "the name of a unit is missing"},
	[CONTROL_ACK] = {.name = "ack", .commands = true, .words = 1, .work_ms = CONTROL_WORK_MS,
			 .missing = "the id of an alert, or all, is missing"},
	[CONTROL_TEST] = {.name = "test", .commands = true, .words = 2, .live = true, .work_ms = CONTROL_TEST_MS,
			  .missing = "the name of a channel, or a severity, is missing"},
	[CONTROL_SPOOL] = {.name = "spool", .commands = true, .words = 2, .work_ms = CONTROL_WORK_MS,
			   .missing = "retry or drop, or the id of an alert, is missing"},
};

/* A word up to the next blank, or the rest of the line; what is behind it. False: it is too long. */
static bool control_verb_take(const char **at, const char *end, bool rest, char word[NAME_BYTES])
{
	const char *blank = rest ? NULL : memchr(*at, ' ', (size_t)(end - *at));
	const char *stop = blank != NULL ? blank : end;
	struct buffer b;

	buffer_init(&b, word, NAME_BYTES);
	buffer_add_bytes(&b, *at, (size_t)(stop - *at));
	*at = blank != NULL ? blank + 1 : end;
	return !b.cut;
}

int control_verb_read(const char *line, size_t len, char name[NAME_BYTES], char word[NAME_BYTES])
{
	const char *blank = memchr(line, ' ', len), *at = blank != NULL ? blank + 1 : line + len;
	size_t first = blank != NULL ? (size_t)(blank - line) : len;
	bool fits = true;
	int verb = 0, words;

	name[0] = word[0] = '\0';
	while (verb < CONTROL_VERBS &&
	       (strlen(control_verbs[verb].name) != first || memcmp(control_verbs[verb].name, line, first) != 0))
		verb++;
	words = verb < CONTROL_VERBS ? control_verbs[verb].words : 0;
	if (words > 0)
		fits = control_verb_take(&at, line + len, words == 1, name);
	if (words > 1)
		fits = control_verb_take(&at, line + len, true, word) && fits;
	return !fits || (blank != NULL && words == 0) ? CONTROL_VERBS : verb;
}

bool control_verb_lacks_word(int verb, const char *name, const char *word)
{
	int words = control_verbs[verb].words;

	return (words > 0 && name[0] == '\0') || (words > 1 && word[0] == '\0');
}
