#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "config/suggest.h"

static void suggest_names_the_nearest_of_a_set(void **state)
{
	static const char *const names[] = {"stop",   "start",          "restart",  "signal",
					    "freeze", "host.available", "log-match"};
	static const struct {
		const char *word, *want;
	} rows[] = {
		{"", NULL},
		{"x", NULL},
		{"entirely different", NULL},
		{"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
		 NULL}, /* 65 */
		{"stpo", "stop"},
		{"st", NULL},
		{"STOP", "stop"},
		{"sto", "stop"},
		{"strat", "start"},
		{"resart", "restart"},
		{"host.availble", "host.available"},
		{"host.avilabel", "host.available"},
		{"logmatch", "log-match"},
		{"stop", "stop"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct suggest s;
		const char *nearest;

		suggest_init(&s, rows[i].word, strlen(rows[i].word));
		for (size_t j = 0; j < ARRAY_LEN(names); j++)
			suggest_offer(&s, names[j]);
		nearest = suggest_nearest(&s);
		if ((nearest == NULL) != (rows[i].want == NULL) ||
		    (nearest != NULL && strcmp(nearest, rows[i].want) != 0))
			fail_msg("\"%s\": %s", rows[i].word, nearest != NULL ? nearest : "none");
	}
}

static void suggest_lists_a_short_set_when_nothing_is_near(void **state)
{
	char text[256];
	struct buffer out;
	struct suggest s;

	(void)state;
	suggest_init(&s, "zzzz", 4);
	suggest_offer(&s, "info");
	suggest_offer(&s, "warning");
	BUFFER_OVER(&out, text);
	suggest_say(&s, &out);
	assert_string_equal(text, "; one of: info, warning");

	for (int i = 0; i < 60; i++)
		suggest_offer(&s, "critical");
	BUFFER_OVER(&out, text);
	suggest_say(&s, &out);
	assert_string_equal(text, "");

	suggest_init(&s, "zzzz", 4);
	suggest_say(&s, &out);
	assert_string_equal(text, "; there is none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suggest_names_the_nearest_of_a_set),
		cmocka_unit_test(suggest_lists_a_short_set_when_nothing_is_near),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
