/* ask/explain.h: whole logs. Each test/data/oomrecord/NAME.in gives NAME.want with --json,
 * NAME.text without (where there is one); standard error follows standard output. Run from the top
 * of the tree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ask/explain.h"
#include "base/escape.h"

#define DATA "test/data/oomrecord"

struct told {
	int status;
	char *text; /* malloc */
};

static struct told explained(const char *path, bool json)
{
	struct told told = {0, NULL};
	char *out_text = NULL, *err_text = NULL;
	size_t out_len, err_len;
	FILE *out = open_memstream(&out_text, &out_len);
	FILE *err = open_memstream(&err_text, &err_len);

	assert_non_null(out);
	assert_non_null(err);
	told.status = explain_run(path, json, out, err);
	fclose(out);
	fclose(err);
	assert_true(asprintf(&told.text, "%s%s", out_text, err_text) >= 0);
	free(out_text);
	free(err_text);
	return told;
}

static char *content(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (!file)
		return NULL;
	if (getdelim(&text, &size, '\0', file) < 0) {
		free(text);
		text = strdup("");
	}
	fclose(file);
	return text;
}

/* A log of our own making in a file, which the caller unlinks. */
static void write_log(char *path, const void *bytes, size_t n)
{
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	close(fd);
}

static void compare(const char *name, const char *end, bool json)
{
	char in[512], want[512];
	char *text;
	struct told told;

	snprintf(in, sizeof(in), DATA "/%s.in", name);
	snprintf(want, sizeof(want), DATA "/%s.%s", name, end);
	text = content(want);
	if (!text && !json)
		return;
	assert_non_null(text);
	told = explained(in, json);
	if (told.status != 0 || strcmp(told.text, text) != 0)
		fail_msg("%s: want\n%s\ngot\n%s", want, text, told.text);
	free(told.text);
	free(text);
}

static void the_post_mortem_is_told_as_three_kills(void **state)
{
	(void)state;
	compare("post-mortem", "want", true);
	compare("post-mortem", "text", false);
}

static void every_log_gives_what_is_wanted(void **state)
{
	DIR *dir = opendir(DATA);
	struct dirent *entry;
	unsigned n = 0;

	(void)state;
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		char *dot = strrchr(entry->d_name, '.');

		if (!dot || strcmp(dot, ".in") != 0)
			continue;
		*dot = '\0';
		compare(entry->d_name, "want", true);
		compare(entry->d_name, "text", false);
		n++;
	}
	closedir(dir);
	assert_true(n > 10);
}

static void a_hostile_name_leaves_json_utf8_and_text_one_line(void **state)
{
	static const char log[] = "Out of memory: Killed process 9 (\xff\x1b[2J\xc3\"\\\x01) "
				  "total-vm:1kB\n";
	char path[] = "/tmp/test_explain.XXXXXX";
	struct told told;

	(void)state;
	write_log(path, log, sizeof(log) - 1);
	told = explained(path, true);
	assert_string_equal(told.text,
			    "{\"pid\":9,\"comm\":\"\xef\xbf\xbd\\u001b[2J\xef\xbf\xbd\\\"\\\\"
			    "\\u0001\",\"total_vm_kb\":1}\n");
	free(told.text);
	told = explained(path, false);
	assert_null(strchr(told.text, '\x1b'));
	assert_non_null(strstr(told.text, "\\xff\\x1b[2J\\xc3\"\\\\\\x01"));
	free(told.text);
	unlink(path);
}

static void a_line_of_megabytes_and_nul_bytes_hide_nothing_behind_them(void **state)
{
	static const char kill[] = "\nOut of memory: Killed process 9 (x) total-vm:1kB";
	static char log[3 * 1024 * 1024];
	char path[] = "/tmp/test_explain.XXXXXX";
	struct told told;

	(void)state;
	memset(log + 1024, 'x', sizeof(log) - 1024);
	memcpy(log + sizeof(log) - strlen(kill), kill, strlen(kill));
	write_log(path, log, sizeof(log));
	told = explained(path, true);
	assert_string_equal(told.text, "{\"pid\":9,\"comm\":\"x\",\"total_vm_kb\":1}\n");
	free(told.text);
	unlink(path);
}

static void more_kills_than_are_held_come_out_in_order(void **state)
{
	char path[] = "/tmp/test_explain.XXXXXX", want[64];
	char *log = NULL, *at;
	size_t len;
	FILE *out = open_memstream(&log, &len);
	struct told told;

	(void)state;
	for (int i = 1; i <= 1000; i++)
		fprintf(out, "Out of memory: Killed process %d (x) total-vm:1kB\n", i);
	fclose(out);
	write_log(path, log, len);
	free(log);
	told = explained(path, true);
	at = told.text;
	for (int i = 1; i <= 1000; i++) {
		snprintf(want, sizeof(want), "{\"pid\":%d,", i);
		assert_memory_equal(at, want, strlen(want));
		at = strchr(at, '\n') + 1;
	}
	assert_int_equal(*at, '\0');
	free(told.text);
	unlink(path);
}

static void a_log_that_cannot_be_read_is_said(void **state)
{
	struct told told = explained("/nowhere/log", true);

	(void)state;
	assert_int_equal(told.status, 1);
	assert_string_equal(told.text, "cannot open /nowhere/log: No such file or directory\n");
	free(told.text);
	told = explained("/", false);
	assert_int_equal(told.status, 1);
	free(told.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_post_mortem_is_told_as_three_kills),
		cmocka_unit_test(every_log_gives_what_is_wanted),
		cmocka_unit_test(a_hostile_name_leaves_json_utf8_and_text_one_line),
		cmocka_unit_test(a_line_of_megabytes_and_nul_bytes_hide_nothing_behind_them),
		cmocka_unit_test(more_kills_than_are_held_come_out_in_order),
		cmocka_unit_test(a_log_that_cannot_be_read_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
