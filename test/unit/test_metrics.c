/* share/metrics.c and its parts: the text of a made-up page, its form, and whether the page and the files of
 * conf/prometheus name what is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/root.h"
#include "make_page.h"
#include "share/metrics.h"
#include "share/metrics_family.h"

enum { NOW = 4000000, FILE_BYTES = 256 * 1024 };

static const struct metrics_process processes[] = {
	{"watchdogd", 120, 3145728},
	{"wd-sentinel", 61001, 1572864},
	{"wd-messenger", 7, 9437184},
};

static struct state page;
static char *text;
static size_t text_len;

static int end(void **state)
{
	(void)state;
	free(text);
	text = NULL;
	return 0;
}

static void format(const struct metrics_of *of)
{
	free(text);
	text = metrics_format(of, &text_len);
	assert_non_null(text);
	assert_int_equal(strlen(text), text_len);
}

static void format_page(enum openmetrics_format form)
{
	struct plugin_standing rows[MAKE_PAGE_CHANNELS];
	struct metrics_of of = {.format = form,
				.state = &page,
				.channel = rows,
				.channels = MAKE_PAGE_CHANNELS,
				.process = processes,
				.processes = ARRAY_LEN(processes),
				.now = NOW};

	for (size_t i = 0; i < MAKE_PAGE_CHANNELS; i++)
		assert_true(make_page_channel(i, &rows[i]));
	memset(&page, 0, sizeof(page));
	make_page(&page, NOW);
	format(&of);
}

/* The file, borrowed until the next call. */
static const char *read_file(const char *path)
{
	static char bytes[FILE_BYTES];
	FILE *file = fopen(path, "re");
	size_t n;

	if (file == NULL)
		fail_msg("cannot read %s: run this from the top of the tree", path);
	n = fread(bytes, 1, sizeof(bytes) - 1, file);
	assert_true(n < sizeof(bytes) - 1);
	bytes[n] = '\0';
	(void)fclose(file);
	return bytes;
}

/* --- the text --- */

/* WD_WRITE_WANT=1 writes the text of now: look at the difference before it is committed. */
static void expect_file(const char *path)
{
	if (getenv("WD_WRITE_WANT") != NULL) {
		FILE *file = fopen(path, "we");

		assert_non_null(file);
		assert_int_equal(fwrite(text, 1, text_len, file), text_len);
		assert_int_equal(fclose(file), 0);
	}
	assert_string_equal(text, read_file(path));
}

static void a_made_up_page_gives_the_text_that_is_wanted(void **state)
{
	(void)state;
	format_page(OPENMETRICS_1);
	expect_file("test/data/metrics/made-up.openmetrics.want");
	format_page(OPENMETRICS_CLASSIC);
	expect_file("test/data/metrics/made-up.classic.want");
}

static void hostile_names_stay_inside_their_label(void **state)
{
	static const char safe[] =
		"=\"a\\\"b\\\\c\\nd\xef\xbf\xbd\xef\xbf\xbd[31m\xef\xbf\xbd\xc3\xa9} 1 2\xef\xbf\xbd\"";
	size_t found = 0;

	(void)state;
	format_page(OPENMETRICS_1);
	for (const char *at = text; (at = strstr(at, "a\\\"b")) != NULL; at++, found++)
		assert_memory_equal(at - 2, safe, sizeof(safe) - 1);
	assert_true(found > 10);
	for (size_t i = 0; i < text_len; i++)
		assert_true((unsigned char)text[i] >= ' ' || text[i] == '\n');
}

static void what_is_unknown_has_no_sample(void **state)
{
	static const char *const absent[] = {
		"host_pressure_ratio{kind=\"full\",window=\"10s\"}", /* its neighbours are known */
		"unit_memory_bytes{unit=\"xtts\"",
		"unit_memory_limit_bytes{unit=\"xtts\"",
		"unit_anon_bytes{unit=\"xtts\"",
		"unit_swap_bytes{unit=\"xtts\"",
		"unit_pressure_ratio{unit=\"xtts\"",
		"unit_memory_events{unit=\"xtts\"",
		"unit_last_death_timestamp_seconds{unit=\"xtts\"",
		"unit_log_age_seconds{unit=\"xtts\"",
		"unit_unused_seconds{unit=\"xtts\"",
		"unit_processes{unit=\"a", /* not looked at yet */
		"channel_failing_since_timestamp_seconds{channel=\"owner\"",
	};

	(void)state;
	format_page(OPENMETRICS_1);
	for (size_t i = 0; i < ARRAY_LEN(absent); i++)
		if (strstr(text, absent[i]) != NULL)
			fail_msg("%s is there", absent[i]);
	assert_non_null(strstr(text, "unit_processes{unit=\"xtts\"} 0\n"));
}

static void an_empty_page_tells_that_nobody_looks(void **state)
{
	struct metrics_of of = {.format = OPENMETRICS_CLASSIC, .now = NOW};

	(void)state;
	memset(&page, 0, sizeof(page));
	format(&of);
	assert_string_equal(text, "# HELP watchdogd_sentinel_up 1 while the sentinel looks at the host.\n"
				  "# TYPE watchdogd_sentinel_up gauge\nwatchdogd_sentinel_up 0\n");
	of.state = &page;
	format(&of);
	assert_non_null(strstr(text, "watchdogd_sentinel_up 0\n"));
	assert_null(strstr(text, "tick_age"));
	assert_null(strstr(text, "host_memory_total"));
	assert_null(strstr(text, "config"));
}

static void a_sentinel_that_hangs_is_down_after_ten_seconds(void **state)
{
	struct metrics_of of = {.format = OPENMETRICS_1, .state = &page};

	(void)state;
	memset(&page, 0, sizeof(page));
	make_page(&page, NOW);
	of.now = page.tick + 10000;
	format(&of);
	assert_non_null(strstr(text, "watchdogd_sentinel_up 1\n"));
	assert_non_null(strstr(text, "watchdogd_tick_age_seconds 10\n"));
	of.now++;
	format(&of);
	assert_non_null(strstr(text, "watchdogd_sentinel_up 0\n"));
	assert_non_null(strstr(text, "watchdogd_tick_age_seconds 10.001\n"));
	of.now = page.tick - 5; /* the clock was read before the page */
	format(&of);
	assert_non_null(strstr(text, "watchdogd_tick_age_seconds 0\n"));
}

static void a_page_of_a_broken_writer_is_bounded(void **state)
{
	static struct state copy;
	struct metrics_of of = {.format = OPENMETRICS_1, .state = &copy, .now = NOW};

	(void)state;
	memset(&page, 0xff, sizeof(page));
	page.tick = 1;
	assert_false(state_copy(&page, &copy));
	format(&of);
	assert_null(strstr(text, "watchdogd_unit_info")); /* of no kind that there is */
	assert_non_null(strstr(text, "watchdogd_looks_total 9223372036854775807\n"));
}

static void the_page_tells_of_the_sentinel_where_proc_does_not(void **state)
{
	struct metrics_of of = {.format = OPENMETRICS_1, .state = &page, .now = NOW};

	(void)state;
	memset(&page, 0, sizeof(page));
	make_page(&page, NOW);
	format(&of);
	assert_non_null(strstr(text, "watchdogd_process_cpu_seconds_total{process=\"wd-sentinel\"} 1.23\n"));
	assert_non_null(strstr(text, "watchdogd_process_resident_memory_bytes{process=\"wd-sentinel\"} 1536000\n"));
}

/* --- the form --- */

static const struct openmetrics_family *family_of(const char *line, size_t len)
{
	for (size_t i = 0; i < METRICS_FAMILIES; i++) {
		char sample[128];

		(void)snprintf(sample, sizeof(sample), "%s%s", metrics_families[i].name,
			       openmetrics_suffix(metrics_families[i].kind));
		if (strlen(sample) == len && memcmp(sample, line, len) == 0)
			return &metrics_families[i];
	}
	return NULL;
}

static bool ends_in(const char *word, const char *end)
{
	size_t n = strlen(word), m = strlen(end);

	return n > m && word[n - m - 1] == '_' && strcmp(word + n - m, end) == 0;
}

static void the_table_has_what_each_family_needs(void **state)
{
	(void)state;
	for (size_t i = 0; i < METRICS_FAMILIES; i++) {
		const struct openmetrics_family *f = &metrics_families[i];

		assert_non_null(f->name);
		assert_memory_equal(f->name, "watchdogd_", 10);
		assert_int_equal(strspn(f->name, "abcdefghijklmnopqrstuvwxyz_"), strlen(f->name));
		assert_false(ends_in(f->name, "total") || ends_in(f->name, "info"));
		assert_true(f->unit[0] == '\0' || ends_in(f->name, f->unit));
		assert_null(strpbrk(f->help, "\\\"\n"));
		assert_true(strlen(f->help) > 10 && f->help[strlen(f->help) - 1] == '.');
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(f->name, metrics_families[k].name);
	}
}

/* "# TYPE NAME KIND", "# UNIT NAME UNIT", "# HELP NAME ..." before the first sample of each. */
static void expect_head(const struct openmetrics_family *f, const char *before)
{
	static const char *const kinds[] = {"gauge", "counter", "info"};
	char want[512];
	int n = snprintf(want, sizeof(want), "# HELP %s %s\n# TYPE %s %s\n", f->name, f->help, f->name, kinds[f->kind]);

	if (f->unit[0] != '\0')
		n += snprintf(want + n, sizeof(want) - (size_t)n, "# UNIT %s %s\n", f->name, f->unit);
	assert_true(before - text >= n);
	assert_memory_equal(before - n, want, (size_t)n);
}

static void all_samples_of_a_family_stand_together_below_its_head(void **state)
{
	bool seen[METRICS_FAMILIES] = {false};
	const struct openmetrics_family *last = NULL;
	size_t count = 0;

	(void)state;
	format_page(OPENMETRICS_1);
	for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
		const struct openmetrics_family *f;

		if (*line == '#')
			continue;
		f = family_of(line, strcspn(line, "{ "));
		assert_non_null(f);
		if (f == last)
			continue;
		assert_false(seen[f - metrics_families]);
		seen[f - metrics_families] = true;
		expect_head(f, line);
		last = f;
		count++;
	}
	assert_int_equal(count, METRICS_FAMILIES); /* the made-up page has some of each */
	assert_string_equal(text + text_len - 6, "# EOF\n");
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Each series once, with one number behind it. */
static void no_series_comes_twice(void **state)
{
	static char *series[4096];
	size_t n = 0;

	(void)state;
	format_page(OPENMETRICS_1);
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		char *number = strrchr(line, ' ') + 1, *after;

		if (*line == '#')
			continue;
		(void)strtod(number, &after);
		assert_true(after != number && *after == '\0');
		number[-1] = '\0';
		assert_true(n < ARRAY_LEN(series));
		series[n++] = line;
	}
	qsort(series, n, sizeof(*series), compare_lines);
	for (size_t i = 1; i < n; i++)
		assert_string_not_equal(series[i - 1], series[i]);
}

static void the_classic_format_has_nothing_of_the_other(void **state)
{
	(void)state;
	format_page(OPENMETRICS_CLASSIC);
	assert_null(strstr(text, "# EOF"));
	assert_null(strstr(text, "# UNIT"));
	assert_null(strstr(text, " info\n"));
	assert_non_null(strstr(text, "# TYPE watchdogd_alerts_total counter\n"));
	assert_non_null(strstr(text, "# TYPE watchdogd_unit_info gauge\n"));
}

static void numbers_are_exact(void **state)
{
	static const struct {
		int64_t value;
		unsigned decimals;
		const char *want;
	} rows[] = {
		{0, 0, "0"},          {0, 5, "0"},           {-1, 0, "-1"},
		{5, 5, "0.00005"},    {100000, 5, "1"},      {123450, 5, "1.2345"},
		{-1500, 3, "-1.5"},   {1000, 0, "1000"},     {INT64_MIN, 0, "-9223372036854775808"},
		{INT64_MAX, 3, "9223372036854775.807"},      {7, 99, "0.000000007"},
	};
	static const struct openmetrics_family family = {"watchdogd_x", OPENMETRICS_GAUGE, "", "Help."};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct openmetrics om;
		char want[128];
		char *got;
		size_t len;

		openmetrics_init(&om, OPENMETRICS_CLASSIC);
		openmetrics_begin(&om, &family);
		openmetrics_sample(&om, rows[i].value, rows[i].decimals, OPENMETRICS_LABELS("a", ""));
		got = openmetrics_end(&om, &len);
		(void)snprintf(want, sizeof(want),
			       "# HELP watchdogd_x Help.\n# TYPE watchdogd_x gauge\nwatchdogd_x %s\n", rows[i].want);
		assert_string_equal(got, want);
		free(got);
	}
}

/* --- the cost --- */

static void a_hostile_name_in_stat_hides_no_figure(void **state)
{
	static const struct {
		const char *stat;
		bool good;
	} rows[] = {
		{"7 (a) R 1 (b)) S 1 7 7 0 -1 64 1 2 3 4 150 50 0 0 20 0 1 0 99 4096 3 18446744073709551615 1", true},
		{"7 (a) S 1 7 7 0 -1 64 1 2 3 4 150 50 0 0 20 0 1 0 99 4096 3", true},
		{"7 (a) S 1 7 7 0 -1 64 1 2 3 4 150 50 0 0 20 0 1 0 99 4096", false},
		{"7 (a) S 1 7 7 0 -1 64 1 2 3 4 x", false},
		{"7 (a)", false},
		{"7 )a(", false},
		{"", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct metrics_process out;

		assert_int_equal(metrics_cost_parse(rows[i].stat, &out), rows[i].good);
		if (!rows[i].good)
			continue;
		assert_string_equal(out.name, i == 0 ? "a) R 1 (b)" : "a");
		assert_int_equal(out.cpu_ms, 200 * 1000 / sysconf(_SC_CLK_TCK));
		assert_int_equal(out.rss_bytes, 3 * sysconf(_SC_PAGESIZE));
	}
}

static void the_processes_of_a_daemon_are_found_below_a_kept_proc(void **state)
{
	struct metrics_process out[METRICS_PROCESSES_MAX];
	int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t n;

	(void)state;
	assert_true(proc >= 0);
	n = metrics_cost_read(proc, getppid(), out, METRICS_PROCESSES_MAX);
	assert_true(n >= 1); /* who started this test, and it */
	assert_true(out[0].rss_bytes > 0);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(out[i].name, out[k].name);
	assert_int_equal(metrics_cost_read(proc, getppid(), out, 0), 0);
	assert_int_equal(metrics_cost_read(proc, 0x7fffffff, out, 4), 1); /* nobody, and who asks */
	(void)close(proc);
}

/* --- what a plugin takes --- */

static struct state shown;

static const struct state *show(void)
{
	return &shown;
}

static void what_the_host_offers_is_taken(void **state)
{
	struct plugin_host host = {0};

	(void)state;
	free(text);
	text = metrics_take(&host, -1, OPENMETRICS_1, &text_len);
	assert_non_null(text);
	assert_non_null(strstr(text, "watchdogd_sentinel_up 0\n"));
	assert_null(strstr(text, "watchdogd_channel_"));
	make_page(&shown, clock_mono() + 1000000);
	host.state = show;
	host.channel = make_page_channel;
	free(text);
	text = metrics_take(&host, -1, OPENMETRICS_1, &text_len);
	assert_non_null(text);
	assert_non_null(strstr(text, "watchdogd_sentinel_up 1\n"));
	assert_non_null(strstr(text, "watchdogd_channel_waiting_alerts{channel=\"chat\"} 5\n"));
	shown.sequence = 1; /* its writer was killed in the middle */
	free(text);
	text = metrics_take(&host, -1, OPENMETRICS_1, &text_len);
	assert_non_null(text);
}

/* --- what is written of it --- */

/* The words of the text that look like a name of ours. */
static size_t names_of(const char *from, char names[][64], size_t max)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz_";
	size_t n = 0;

	for (const char *at = from; (at = strstr(at, "watchdogd_")) != NULL;) {
		size_t len = strspn(at, letters);

		assert_true(len < 64 && n < max);
		memcpy(names[n], at, len);
		names[n++][len] = '\0';
		at += len;
	}
	return n;
}

static void the_page_tells_of_each_metric_with_its_labels(void **state)
{
	const char *manual = read_file("man/watchdogd-metrics.7");
	int missing = 0;

	(void)state;
	format_page(OPENMETRICS_1);
	for (size_t i = 0; i < METRICS_FAMILIES; i++) {
		char entry[128];
		const char *at;

		(void)snprintf(entry, sizeof(entry), "\n.It Ic %s%s", metrics_families[i].name,
			       openmetrics_suffix(metrics_families[i].kind));
		at = strstr(manual, entry);
		if (at == NULL || strchr(" \n", at[strlen(entry)]) == NULL) {
			print_error("watchdogd-metrics(7): %s has no entry\n", entry + 8);
			missing++;
		}
	}
	for (const char *at = manual; (at = strstr(at, "\n.It Ic watchdogd_")) != NULL; at++)
		if (family_of(at + 8, strcspn(at + 8, " \n")) == NULL) {
			print_error("watchdogd-metrics(7): %.60s is no metric\n", at + 8);
			missing++;
		}
	assert_int_equal(missing, 0);
}

/* "Brq Va unit , kind" of the entry of that family: the labels alone, a space on each side. */
static void labels_of_entry(const char *manual, const struct openmetrics_family *family, char labels[256])
{
	char entry[128];
	const char *at;
	size_t n = 1;

	(void)snprintf(entry, sizeof(entry), "\n.It Ic %s%s", family->name, openmetrics_suffix(family->kind));
	at = strstr(manual, entry);
	assert_non_null(at);
	labels[0] = ' ';
	for (at += strlen(entry); *at == ' ';) {
		size_t len = strcspn(++at, " \n");

		if (*at >= 'a' && *at <= 'z')
			n += (size_t)snprintf(labels + n, 256 - n, "%.*s ", (int)len, at);
		at += len;
	}
	labels[n] = '\0';
}

/* The name before each `="` of a sample; hostile values have no such thing in them. */
static void the_page_tells_of_each_label(void **state)
{
	const char *manual = read_file("man/watchdogd-metrics.7");
	bool met[METRICS_FAMILIES][8] = {{false}};

	(void)state;
	format_page(OPENMETRICS_1);
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		const struct openmetrics_family *f = family_of(line, strcspn(line, "{ "));
		char labels[256], label[64];

		if (f == NULL)
			continue;
		labels_of_entry(manual, f, labels);
		for (const char *at = line; (at = strstr(at, "=\"")) != NULL; at++) {
			const char *begins = at, *found;
			size_t place = 0;

			while (begins[-1] != '{' && begins[-1] != ',')
				begins--;
			(void)snprintf(label, sizeof(label), " %.*s ", (int)(at - begins), begins);
			found = strstr(labels, label);
			if (found == NULL)
				fail_msg("watchdogd-metrics(7): %s has a label%s", f->name, label);
			for (const char *c = labels; c < found; c++)
				place += *c == ' ';
			met[f - metrics_families][place] = true;
		}
	}
	for (size_t i = 0; i < METRICS_FAMILIES; i++) {
		char labels[256];
		size_t place = 0;

		labels_of_entry(manual, &metrics_families[i], labels);
		for (const char *c = labels; c[1] != '\0'; c++)
			if (*c == ' ' && !met[i][place++])
				fail_msg("watchdogd-metrics(7): %s has no label %s", metrics_families[i].name, c + 1);
	}
}

static void rules_and_dashboard_name_metrics_that_there_are(void **state)
{
	static const char *const files[] = {"conf/prometheus/watchdogd.rules.yml",
					    "conf/prometheus/grafana-watchdogd.json",
					    "test/data/prometheus/watchdogd.test.yml"};
	static char names[512][64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		size_t n = names_of(read_file(files[i]), names, ARRAY_LEN(names));

		assert_true(n > 10);
		for (size_t k = 0; k < n; k++)
			if (family_of(names[k], strlen(names[k])) == NULL)
				fail_msg("%s: there is no %s", files[i], names[k]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_made_up_page_gives_the_text_that_is_wanted),
		cmocka_unit_test(hostile_names_stay_inside_their_label),
		cmocka_unit_test(what_is_unknown_has_no_sample),
		cmocka_unit_test(an_empty_page_tells_that_nobody_looks),
		cmocka_unit_test(a_sentinel_that_hangs_is_down_after_ten_seconds),
		cmocka_unit_test(a_page_of_a_broken_writer_is_bounded),
		cmocka_unit_test(the_page_tells_of_the_sentinel_where_proc_does_not),
		cmocka_unit_test(the_table_has_what_each_family_needs),
		cmocka_unit_test(all_samples_of_a_family_stand_together_below_its_head),
		cmocka_unit_test(no_series_comes_twice),
		cmocka_unit_test(the_classic_format_has_nothing_of_the_other),
		cmocka_unit_test(numbers_are_exact),
		cmocka_unit_test(a_hostile_name_in_stat_hides_no_figure),
		cmocka_unit_test(the_processes_of_a_daemon_are_found_below_a_kept_proc),
		cmocka_unit_test(what_the_host_offers_is_taken),
		cmocka_unit_test(the_page_tells_of_each_metric_with_its_labels),
		cmocka_unit_test(the_page_tells_of_each_label),
		cmocka_unit_test(rules_and_dashboard_name_metrics_that_there_are),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
