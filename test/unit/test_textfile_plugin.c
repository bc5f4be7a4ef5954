/* plugins/textfile.c, driven through its ABI. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "make_page.h"
#include "plugin_driver.h"

extern const struct plugin plugin;

static char dir[] = "/tmp/test-textfile-XXXXXX";
static char path[128], beside[128];
static struct state page;
static struct plugin_host host;

static const struct state *show(void)
{
	return &page;
}

static void set(const char *textfile)
{
	const struct plugin_settings settings = {.listen = "", .textfile = textfile};

	plugin.settings(&settings);
}

/* A turn of the worker, in which nothing is waited for. */
static void turn(void)
{
	int timeout_ms = -1;

	assert_int_equal(plugin.prepare(NULL, 0, &timeout_ms), 0);
	plugin.dispatch(NULL, 0);
}

static void turn_at(mono_ms mono)
{
	clock_turn(mono, 1769107081000);
	turn();
}

static char *contents(void)
{
	static char text[64 * 1024];
	FILE *file = fopen(path, "re");
	size_t n;

	if (file == NULL)
		return NULL;
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	(void)fclose(file);
	return text;
}

static int set_up(void **state)
{
	(void)state;
	(void)unlink(path);
	(void)unlink(beside);
	clock_turn(5000000, 1769107081000);
	memset(&page, 0, sizeof(page));
	make_page(&page, 5000000);
	host = *driver_host();
	host.state = show;
	return plugin.open(&host);
}

static int tear_down(void **state)
{
	(void)state;
	plugin.close();
	clock_turn(0, 0);
	return 0;
}

static void writes_the_classic_format_at_once_and_readable_by_all(void **state)
{
	struct stat st;

	(void)state;
	(void)umask(077);
	set(path);
	turn();
	assert_non_null(contents());
	assert_non_null(strstr(contents(), "\nwatchdogd_unit_anon_bytes{unit=\"nodira\"} 4294967296\n"));
	assert_null(strstr(contents(), "# EOF"));
	assert_null(strstr(contents(), "watchdogd_channel_"));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_not_equal(access(beside, F_OK), 0);
	assert_string_equal(driver.log, "");
}

static void writes_again_each_fifteen_seconds(void **state)
{
	int timeout_ms = -1;

	(void)state;
	set(path);
	turn();
	page.looks = 7777777;
	(void)plugin.prepare(NULL, 0, &timeout_ms);
	assert_int_equal(timeout_ms, 15000);
	turn_at(5014999);
	assert_null(strstr(contents(), "7777777"));
	turn_at(5015000);
	assert_non_null(strstr(contents(), "watchdogd_looks_total 7777777\n"));
}

static void without_a_textfile_it_does_nothing(void **state)
{
	int timeout_ms = -1;

	(void)state;
	turn();
	set("");
	turn();
	(void)plugin.prepare(NULL, 0, &timeout_ms);
	assert_int_equal(timeout_ms, -1);
	assert_null(contents());
}

static void a_failure_is_told_once_and_when_it_ends(void **state)
{
	char missing[160];

	(void)state;
	(void)snprintf(missing, sizeof(missing), "%s/later/watchdogd.prom", dir);
	set(missing);
	turn();
	assert_non_null(strstr(driver.log, missing));
	assert_non_null(strstr(driver.log, "No such file or directory"));
	driver.log[0] = '\0';
	turn_at(5015000);
	assert_string_equal(driver.log, "");
	missing[strlen(dir) + 6] = '\0';
	assert_int_equal(mkdir(missing, 0755), 0);
	turn_at(5030000);
	assert_non_null(strstr(driver.log, "again"));
	driver.log[0] = '\0';
	turn_at(5045000);
	assert_string_equal(driver.log, "");
	set("");
	assert_int_equal(rmdir(missing), 0); /* nothing is left in it */
}

static void a_link_laid_at_its_names_is_not_followed(void **state)
{
	char victim[160];
	struct stat st;

	(void)state;
	(void)snprintf(victim, sizeof(victim), "%s/victim", dir);
	assert_int_equal(symlink(victim, beside), 0);
	assert_int_equal(symlink(victim, path), 0);
	set(path);
	turn();
	assert_int_not_equal(access(victim, F_OK), 0);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
}

static void what_cannot_be_replaced_leaves_no_file_beside(void **state)
{
	(void)state;
	assert_int_equal(mkdir(path, 0755), 0); /* a directory of that name: rename fails */
	set(path);
	turn();
	assert_non_null(strstr(driver.log, "Is a directory"));
	assert_int_not_equal(access(beside, F_OK), 0);
	set("");
	assert_int_equal(rmdir(path), 0);
}

static void another_path_or_its_end_removes_the_old_file(void **state)
{
	char other[160];

	(void)state;
	(void)snprintf(other, sizeof(other), "%s/other.prom", dir);
	set(path);
	turn();
	set(path); /* a reload that changes nothing */
	assert_non_null(contents());
	set(other);
	turn();
	assert_null(contents());
	assert_int_equal(access(other, F_OK), 0);
	plugin.close();
	assert_int_not_equal(access(other, F_OK), 0);
	assert_int_equal(plugin.open(&host), 0);
}

static void what_another_made_is_not_removed(void **state)
{
	FILE *file = fopen(path, "we");

	(void)state;
	assert_non_null(file);
	(void)fclose(file);
	set(path);
	set("");
	assert_non_null(contents());
}

static void a_request_is_answered(void **state)
{
	const struct plugin_request request = {.id = 7, .verb = "run"};

	(void)state;
	plugin.ask(&request);
	assert_int_equal(driver.answers, 1);
	assert_true(driver.answer[0].result < 0);
}

static int begin(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/watchdogd.prom", dir);
	(void)snprintf(beside, sizeof(beside), "%s/.watchdogd.prom.new", dir);
	return 0;
}

static int end(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(writes_the_classic_format_at_once_and_readable_by_all, set_up, tear_down),
		cmocka_unit_test_setup_teardown(writes_again_each_fifteen_seconds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_a_textfile_it_does_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_failure_is_told_once_and_when_it_ends, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_link_laid_at_its_names_is_not_followed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_cannot_be_replaced_leaves_no_file_beside, set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_path_or_its_end_removes_the_old_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_another_made_is_not_removed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_request_is_answered, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
