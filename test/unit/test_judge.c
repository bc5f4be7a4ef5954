/* Who judges the patterns of a config: the plugin, or nobody, and why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>

#include <cmocka.h>

#include "start/judge.h"

static void without_a_plugin_nobody_judges_and_that_is_said(void **state)
{
	struct judge judge = {.dir = ""};
	char why[256];

	(void)state;
	assert_int_equal(judge_pattern(&judge, "/x/", why, sizeof(why)), -ENOENT);
	assert_string_equal(why, "no plugins directory");
	judge_fini(&judge);

	judge = (struct judge){.dir = "/nowhere"};
	assert_int_equal(judge_pattern(&judge, "/x/", why, sizeof(why)), -ENOENT);
	assert_non_null(strstr(why, "/nowhere/pattern.so"));
	assert_int_equal(judge_pattern(&judge, "/y/", why, sizeof(why)), -ENOENT);
	assert_non_null(strstr(why, "/nowhere/pattern.so"));
	judge_fini(&judge);
}

static void why_not_is_cut_to_its_room(void **state)
{
	struct judge judge = {.dir = "/nowhere"};
	char why[8] = "";

	(void)state;
	assert_int_equal(judge_pattern(&judge, "/x/", why, sizeof(why)), -ENOENT);
	assert_true(strlen(why) < sizeof(why));
	judge_fini(&judge);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_plugin_nobody_judges_and_that_is_said),
		cmocka_unit_test(why_not_is_cut_to_its_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
