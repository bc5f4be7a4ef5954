/* pattern: says which lines of a log hold a text of log-match. As written it is literal; between slashes it
 * is a pattern of pcre2pattern(3), /.../i without regard to case. A line may be of any bytes, so patterns
 * know no UTF-8. The time that one may take with one line is bounded: past it the line does not match,
 * and that is said once for each pattern. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/bounds.h"
#include "share/plugin.h"

enum {
	PATTERN_MATCH_LIMIT = 200000,    /* steps of backtracking: some milliseconds */
	PATTERN_HEAP_KIB = 8 * 1024,     /* of the interpreter: frames for a line of 64 KiB */
	PATTERN_STACK_BYTES = 32 * 1024, /* of JIT, at first */
	PATTERN_STACK_MAX = 1024 * 1024,
};

struct pattern {
	const char *text;   /* as written; borrowed from the config */
	size_t len;
	pcre2_code *code;   /* NULL: text is literal, or could not be compiled */
	bool broken, told;
};

static struct {
	const struct plugin_host *host;
	pcre2_match_context *context;
	pcre2_match_data *data;
	pcre2_jit_stack *stack;
	struct pattern *pattern;
	struct pattern_unit {
		uint64_t id;
		const char *name;
		struct pattern *first;
		size_t count;
	} *unit; /* with patterns alone, sorted by id */
	size_t units;
	const struct pattern_unit *last; /* of the line before */
} pattern_state;

/* --- one pattern --- */

/* The text between the slashes and its options. False: it is literal. */
static bool pattern_is_between_slashes(const char *text, size_t *len, uint32_t *options)
{
	size_t n = strlen(text);

	*options = PCRE2_NEVER_UTF;
	if (n > 3 && strcmp(text + n - 2, "/i") == 0) {
		*options |= PCRE2_CASELESS;
		n--;
	}
	*len = n > 2 ? n - 2 : 0;
	return n > 2 && text[0] == '/' && text[n - 1] == '/';
}

/* The pattern, or NULL and why not. */
static pcre2_code *pattern_compile(const char *text, size_t len, uint32_t options, char *why, size_t size)
{
	int error;
	PCRE2_SIZE at;
	PCRE2_UCHAR words[128];
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)text + 1, len, options, &error, &at, NULL);

	if (code == NULL) {
		(void)pcre2_get_error_message(error, words, sizeof(words));
		(void)snprintf(why, size, "%s, at character %zu of the pattern", (const char *)words, at);
	}
	return code;
}

static void pattern_read(struct pattern *pattern, const struct plugin_unit *unit, const char *text)
{
	uint32_t options;
	size_t len;
	char why[192], said[TEXT_BYTES];

	*pattern = (struct pattern){.text = text, .len = strlen(text)};
	if (!pattern_is_between_slashes(text, &len, &options))
		return;
	pattern->code = pattern_compile(text, len, options, why, sizeof(why));
	pattern->broken = pattern->code == NULL;
	if (pattern->broken) {
		(void)snprintf(said, sizeof(said), "%s: the pattern %s of log-match is passed over: %s", unit->name, text,
			       why);
		pattern_state.host->log(LOG_WARNING, said);
	} else {
		/* It may be refused, where memory is never both written and executed: it is slower then. */
		(void)pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE);
	}
}

static void pattern_say_limit(struct pattern *pattern, const char *unit, size_t len, int error)
{
	PCRE2_UCHAR words[128];
	char said[TEXT_BYTES];

	if (pattern->told)
		return;
	pattern->told = true;
	(void)pcre2_get_error_message(error, words, sizeof(words));
	(void)snprintf(said, sizeof(said),
		       "%s: the pattern %s of log-match costs too much with a line of %zu bytes (%s): such lines do not match; "
		       "this is said once",
		       unit, pattern->text, len, (const char *)words);
	pattern_state.host->log(LOG_WARNING, said);
}

static bool pattern_finds(struct pattern *pattern, const char *unit, const char *line, size_t len, size_t *at)
{
	int found;

	if (pattern->code == NULL) {
		const char *place = pattern->broken ? NULL : memmem(line, len, pattern->text, pattern->len);

		if (place != NULL)
			*at = (size_t)(place - line);
		return place != NULL;
	}
	found = pcre2_match(pattern->code, (PCRE2_SPTR)line, len, 0, 0, pattern_state.data, pattern_state.context);
	if (found == PCRE2_ERROR_JIT_STACKLIMIT)
		found = pcre2_match(pattern->code, (PCRE2_SPTR)line, len, 0, PCRE2_NO_JIT, pattern_state.data,
				    pattern_state.context);
	if (found < PCRE2_ERROR_NOMATCH)
		pattern_say_limit(pattern, unit, len, found);
	if (found >= 0)
		*at = pcre2_get_ovector_pointer(pattern_state.data)[0];
	return found >= 0;
}

/* --- the plugin --- */

static void pattern_forget(void)
{
	for (size_t i = 0; i < pattern_state.units; i++)
		for (size_t p = 0; p < pattern_state.unit[i].count; p++)
			pcre2_code_free(pattern_state.unit[i].first[p].code);
	free(pattern_state.pattern);
	free(pattern_state.unit);
	pattern_state.pattern = NULL;
	pattern_state.unit = NULL;
	pattern_state.last = NULL;
	pattern_state.units = 0;
}

static int pattern_compare(const void *a, const void *b)
{
	const struct pattern_unit *one = a, *other = b;

	return (one->id > other->id) - (one->id < other->id);
}

static void pattern_watch(const struct plugin_unit *units, size_t count)
{
	size_t patterns = 0, used = 0;

	pattern_forget();
	for (size_t i = 0; i < count; i++)
		patterns += units[i].patterns_count;
	pattern_state.pattern = calloc(patterns + 1, sizeof(struct pattern));
	pattern_state.unit = calloc(count + 1, sizeof(struct pattern_unit));
	if (pattern_state.pattern == NULL || pattern_state.unit == NULL) {
		pattern_forget();
		pattern_state.host->log(LOG_WARNING, "no memory for the patterns of log-match: none is looked for");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct pattern_unit *unit = &pattern_state.unit[pattern_state.units];

		if (units[i].patterns_count == 0)
			continue;
		*unit = (struct pattern_unit){.id = units[i].id,
					      .name = units[i].name,
					      .first = &pattern_state.pattern[used],
					      .count = units[i].patterns_count};
		for (size_t p = 0; p < unit->count; p++)
			pattern_read(&pattern_state.pattern[used++], &units[i], units[i].patterns[p]);
		pattern_state.units++;
	}
	qsort(pattern_state.unit, pattern_state.units, sizeof(struct pattern_unit), pattern_compare);
}

static int pattern_match(uint64_t id, const char *line, size_t len, size_t *at)
{
	struct pattern_unit key = {.id = id};

	if (pattern_state.units == 0)
		return 0;
	if (pattern_state.last == NULL || pattern_state.last->id != id)
		pattern_state.last = bsearch(&key, pattern_state.unit, pattern_state.units, sizeof(key), pattern_compare);
	for (size_t p = 0; pattern_state.last != NULL && p < pattern_state.last->count; p++)
		if (pattern_finds(&pattern_state.last->first[p], pattern_state.last->name, line, len, at))
			return 1;
	return 0;
}

static int pattern_check(const char *text, char *why, size_t size)
{
	uint32_t options;
	size_t len;
	pcre2_code *code;

	if (text[0] == '\0' || strcmp(text, "//") == 0 || strcmp(text, "//i") == 0) {
		(void)snprintf(why, size, "every line holds an empty text");
		return -EINVAL;
	}
	if (!pattern_is_between_slashes(text, &len, &options))
		return 0;
	code = pattern_compile(text, len, options, why, size);
	pcre2_code_free(code);
	return code != NULL ? 0 : -EINVAL;
}

static int pattern_open(const struct plugin_host *host)
{
	memset(&pattern_state, 0, sizeof(pattern_state));
	pattern_state.host = host;
	pattern_state.context = pcre2_match_context_create(NULL);
	pattern_state.data = pcre2_match_data_create(1, NULL);
	if (pattern_state.context == NULL || pattern_state.data == NULL)
		return -ENOMEM;
	(void)pcre2_set_match_limit(pattern_state.context, PATTERN_MATCH_LIMIT);
	(void)pcre2_set_heap_limit(pattern_state.context, PATTERN_HEAP_KIB);
	pattern_state.stack = pcre2_jit_stack_create(PATTERN_STACK_BYTES, PATTERN_STACK_MAX, NULL);
	if (pattern_state.stack != NULL) /* without: no JIT in this library, or its own small one */
		pcre2_jit_stack_assign(pattern_state.context, NULL, pattern_state.stack);
	return 0;
}

static void pattern_ask(const struct plugin_request *request)
{
	pattern_state.host->answer(request->id, -EINVAL, "a pattern is looked for, nothing is carried out by it");
}

static int pattern_prepare(struct pollfd *fds, int max, int *timeout_ms)
{
	(void)fds;
	(void)max;
	(void)timeout_ms;
	return 0;
}

static void pattern_dispatch(const struct pollfd *fds, int count)
{
	(void)fds;
	(void)count;
}

static void pattern_close(void)
{
	pattern_forget();
	pcre2_match_data_free(pattern_state.data);
	pcre2_match_context_free(pattern_state.context);
	pcre2_jit_stack_free(pattern_state.stack);
}

const struct plugin plugin = {
	.abi = PLUGIN_ABI,
	.name = "pattern",
	.open = pattern_open,
	.ask = pattern_ask,
	.prepare = pattern_prepare,
	.dispatch = pattern_dispatch,
	.close = pattern_close,
	.watch = pattern_watch,
	.match = pattern_match,
	.check = pattern_check,
};
