/* Who judges the patterns of a config: the plugin, or nobody, and why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

/* The plugin of this build, where the build has its library. */
static void plugin_judges_and_says_where_and_why(void **state)
{
	static const struct {
		const char *text;
		int result;
	} rows[] = {
		{"/^(a|b)+$/", 0}, {"/\\x1b\\[/i", 0}, {"/x(/", -EINVAL}, {"/(/i", -EINVAL},
		{"/[/", -EINVAL},  {"/a{2,1}/", -EINVAL}, {"/\\/", -EINVAL},
	};
	struct judge judge = {.dir = ""};
	ssize_t n = readlink("/proc/self/exe", judge.dir, sizeof(judge.dir) - 32);
	char path[PATH_BYTES + 16], why[256];

	(void)state;
	assert_true(n > 0);
	(void)snprintf(strstr(judge.dir, "/unit/"), 32, "/plugins");
	(void)snprintf(path, sizeof(path), "%s/pattern.so", judge.dir);
	if (access(path, R_OK) < 0) {
		print_message("%s is not built: nothing is judged\n", path);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		why[0] = '\0';
		assert_int_equal(judge_pattern(&judge, rows[i].text, why, sizeof(why)), rows[i].result);
		assert_int_equal(why[0] != '\0', rows[i].result != 0);
	}
	judge_fini(&judge);
	assert_null(judge.plugin);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_plugin_nobody_judges_and_that_is_said),
		cmocka_unit_test(plugin_judges_and_says_where_and_why),
		cmocka_unit_test(why_not_is_cut_to_its_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
