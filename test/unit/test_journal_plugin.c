/* journal: real journal files, written by systemd-journal-remote(8), which takes any field. */
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

#include "base/bounds.h"
#include "base/clock.h"
#include "base/root.h"
#include "share/plugin.h"
#include "plugin_driver.h"

extern const struct plugin plugin;

#define REMOTE "/lib/systemd/systemd-journal-remote"

enum { NODIRA = 7, MIRZO = 8, HERS = 9, SOON_MS = 5000, QUIET_MS = 300 };

static const struct plugin_unit units[] = {
	{.id = NODIRA, .name = "nodira", .systemd = "nodira.service", .user = "", .journal = 1},
	{.id = MIRZO, .name = "mirzo", .systemd = "mirzo.service", .user = "", .journal = 1},
	{.id = HERS, .name = "hers", .systemd = "nodira.service", .user = "alice", .uid = 1000, .journal = 1},
	{.id = 10, .name = "without", .systemd = "without.service", .user = "", .log = "/x"},
};

static char dir[64], journal[128];
static unsigned long long monotonic_us;
static int heard;

static int set_up(void **state)
{
	char line[256];

	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/test-journal-XXXXXX");
	assert_non_null(mkdtemp(dir));
	(void)snprintf(journal, sizeof(journal), "%s/var/log/journal", dir);
	(void)snprintf(line, sizeof(line), "mkdir -p %s", journal);
	assert_int_equal(system(line), 0);
	root_set(dir);
	heard = 0;
	return plugin.open(driver_host());
}

static int tear_down(void **state)
{
	char line[128];

	(void)state;
	plugin.close();
	(void)snprintf(line, sizeof(line), "rm -rf %s", dir);
	return system(line);
}

/* An entry of that unit into FILE.journal. fields: more of it, each with its newline; "" none. */
static void write_to(const char *file, const char *unit, const char *fields, const char *text)
{
	char line[512];
	uint64_t len = strlen(text); /* little-endian in the export format, before any bytes */
	FILE *remote;

	(void)snprintf(line, sizeof(line), REMOTE " -o %s/%s.journal - 2>/dev/null", journal, file);
	remote = popen(line, "w");
	assert_non_null(remote);
	monotonic_us += 1000;
	(void)fprintf(remote,
		      "__REALTIME_TIMESTAMP=%llu\n__MONOTONIC_TIMESTAMP=%llu\n_BOOT_ID=0123456789abcdef0123456789abcdef\n"
		      "_MACHINE_ID=0123456789abcdef0123456789abcdef\n%s=%s\n%sMESSAGE\n",
		      (unsigned long long)clock_wall() * 1000, monotonic_us,
		      fields[0] != '\0' ? "_SYSTEMD_USER_UNIT" : "_SYSTEMD_UNIT", unit, fields);
	assert_int_equal(fwrite(&len, sizeof(len), 1, remote), 1);
	(void)fprintf(remote, "%s\n\n", text);
	assert_int_equal(pclose(remote), 0);
}

static void write_entry(const char *unit, const char *text)
{
	write_to("system", unit, "", text);
}

static const struct driver_report *next_within(int for_ms)
{
	mono_ms end = clock_mono() + (mono_ms)for_ms;

	while (driver.reports == heard && clock_mono() < end)
		driver_run(&plugin, 10);
	return driver.reports > heard ? &driver.report[heard++ % DRIVER_REPORTS_MAX] : NULL;
}

static void comes(uint64_t unit, const char *line)
{
	const struct driver_report *report = next_within(SOON_MS);

	if (report == NULL)
		fail_msg("\"%s\" does not come: %s", line, driver.log);
	assert_string_equal(report->text, line);
	assert_int_equal(report->unit, unit);
}

static void nothing_comes(void)
{
	const struct driver_report *report = next_within(QUIET_MS);

	if (report != NULL)
		fail_msg("\"%.100s\" comes", report->text);
}

static void what_is_there_is_old_and_what_is_added_is_told(void **state)
{
	(void)state;
	write_entry("nodira.service", "old one");
	write_entry("mirzo.service", "old two");
	plugin.watch(units, ARRAY_LEN(units));
	nothing_comes();
	write_entry("nodira.service", "new one");
	comes(NODIRA, "new one");
	write_entry("mirzo.service", "new two");
	comes(MIRZO, "new two");
	write_entry("other.service", "not watched");
	write_entry("without.service", "no journal");
	nothing_comes();
}

static void a_users_unit_is_known_by_its_user(void **state)
{
	(void)state;
	write_entry("nodira.service", "old");
	plugin.watch(units, ARRAY_LEN(units));
	driver_run(&plugin, 50);
	write_to("user-1000", "nodira.service", "_UID=1000\n", "hers");
	comes(HERS, "hers");
	write_to("user-1001", "nodira.service", "_UID=1001\n", "another's");
	write_entry("nodira.service", "the host's");
	comes(NODIRA, "the host's");
	nothing_comes();
}

static void of_an_empty_journal_the_first_entry_is_new(void **state)
{
	(void)state;
	plugin.watch(units, ARRAY_LEN(units));
	driver_run(&plugin, 50);
	write_entry("nodira.service", "first");
	comes(NODIRA, "first");
}

static void rotation_loses_nothing(void **state)
{
	char from[256], to[256];

	(void)state;
	write_entry("nodira.service", "old");
	plugin.watch(units, ARRAY_LEN(units));
	driver_run(&plugin, 50);
	for (int i = 0; i < 3; i++) {
		write_entry("nodira.service", "last");
		(void)snprintf(from, sizeof(from), "%s/system.journal", journal);
		(void)snprintf(to, sizeof(to), "%s/system@%d.journal", journal, i);
		assert_int_equal(rename(from, to), 0);
		write_entry("nodira.service", "first");
		comes(NODIRA, "last");
		comes(NODIRA, "first");
		(void)unlink(to);
	}
	nothing_comes();
}

static void a_reload_goes_on_where_it_was(void **state)
{
	(void)state;
	write_entry("nodira.service", "old");
	plugin.watch(units, 1);
	driver_run(&plugin, 50);
	write_entry("nodira.service", "one");
	comes(NODIRA, "one");
	write_entry("mirzo.service", "before it was watched");
	(void)usleep(5000);
	write_entry("nodira.service", "two");
	plugin.watch(units, 2); /* more units: another reader */
	comes(NODIRA, "two");
	nothing_comes();
	write_entry("nodira.service", "three");
	plugin.watch(units + 1, 1); /* the last one told is of a unit that leaves */
	while (next_within(QUIET_MS) != NULL)
		;
	write_entry("mirzo.service", "four");
	comes(MIRZO, "four");
	plugin.watch(units, 0);
	write_entry("mirzo.service", "while nothing was watched");
	(void)usleep(5000);
	plugin.watch(units, 2);
	nothing_comes();
	write_entry("mirzo.service", "five");
	comes(MIRZO, "five");
}

static void an_entry_of_many_lines_is_many_lines(void **state)
{
	(void)state;
	plugin.watch(units, ARRAY_LEN(units));
	driver_run(&plugin, 50);
	write_entry("nodira.service", "one\n\033[31mtwo\n\nthree\n");
	comes(NODIRA, "one");
	comes(NODIRA, "\033[31mtwo");
	comes(NODIRA, "");
	comes(NODIRA, "three");
	write_entry("nodira.service", "");
	comes(NODIRA, "");
	nothing_comes();
}

static void without_a_journal_it_is_quiet(void **state)
{
	(void)state;
	root_set("/nonexistent");
	plugin.watch(units, ARRAY_LEN(units));
	driver_run(&plugin, 100);
	assert_string_equal(driver.log, "");
	assert_int_equal(driver.reports, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_there_is_old_and_what_is_added_is_told),
		TEST(a_users_unit_is_known_by_its_user),
		TEST(of_an_empty_journal_the_first_entry_is_new),
		TEST(rotation_loses_nothing),
		TEST(a_reload_goes_on_where_it_was),
		TEST(an_entry_of_many_lines_is_many_lines),
		TEST(without_a_journal_it_is_quiet),
	};

	if (access(REMOTE, X_OK) != 0) {
		print_message("1..1\nok 1 - journal # SKIP %s is missing\n", REMOTE);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
