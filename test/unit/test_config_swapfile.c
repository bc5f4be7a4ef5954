/* [swapfile]: its keys, what is wrong together with the rules, and what of the host is not so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/swapfs.h"
#include "config/config_check_host.h"
#include "config/config_parse.h"

static char swap_findings[4096];
static struct buffer swap_out;

static void swap_tell(void *arg, enum config_finding finding, const char *line)
{
	(void)arg;
	(void)finding;
	buffer_addf(&swap_out, "%s\n", line);
}

static struct config *swap_parse(const char *text)
{
	BUFFER_OVER(&swap_out, swap_findings);
	return config_parse("c", text, strlen(text), swap_tell, NULL);
}

static void swap_refused(const char *text, const char *want)
{
	struct config *config = swap_parse(text);

	assert_string_equal(swap_findings, want);
	assert_null(config);
}

#define RULE "[rule r]\nwhen = host.available < 9%\nthen = alert info\n swap on\n"

static void its_values_are_in_the_config_with_their_defaults(void **state)
{
	struct config *config = swap_parse(RULE "[swapfile]\npath = /var/swap file\nsize = 1.5G\n");

	(void)state;
	assert_non_null(config);
	assert_string_equal(swap_findings, "");
	assert_string_equal(config_string(config, config->swapfile.path), "/var/swap file");
	assert_int_equal(config->swapfile.size_bytes, 1536ULL << 20);
	assert_int_equal(config->swapfile.free_bytes, 1ULL << 30);
	assert_int_equal(config->swapfile.priority, -1);
	assert_int_equal(config->swapfile.line, 5);
	free(config);
	config = swap_parse(RULE "[swapfile]\npath = /s\nsize = 1M\nfree = 0B\npriority = 32767\n");
	assert_non_null(config);
	assert_int_equal(config->swapfile.free_bytes, 0);
	assert_int_equal(config->swapfile.priority, 32767);
	free(config);
}

static void without_it_swap_on_is_an_error_at_its_line(void **state)
{
	(void)state;
	swap_refused(RULE, "c:4: [rule r] then: \"swap on\" needs a [swapfile] section that says which file\n");
}

static void a_file_that_no_rule_switches_on_is_a_warning(void **state)
{
	struct config *config = swap_parse("[swapfile]\npath = /s\nsize = 1M\n");

	(void)state;
	assert_non_null(config);
	assert_string_equal(swap_findings, "c:1: [swapfile] no rule has the step \"swap on\": the file is made, and nobody "
					   "switches it on\n");
	free(config);
}

static void what_is_wrong_is_told_with_its_line(void **state)
{
	static const struct {
		const char *section, *want;
	} rows[] = {
		{"size = 1M\n", "c:5: [swapfile] nothing says which file; expected \"path\"\n"},
		{"path = /s\n", "c:5: [swapfile] nothing says how large it is; expected \"size\"\n"},
		{"path = s\nsize = 1M\n",
		 "c:6: [swapfile] path: \"s\" is no absolute path; expected one that begins with \"/\"\n"},
		{"path = /s\nsize = 1\n",
		 "c:7: [swapfile] size: \"1\" is a number without its unit; expected a size such as \"32M\" (K, M, G, T)\n"},
		{"path = /s\nsize = 1023K\n", "c:7: [swapfile] size: \"1023K\" is too small; at least 1M\n"},
		{"path = /s\nsize = 1M\npriority = 32768\n",
		 "c:8: [swapfile] priority: \"32768\" is too large; at most 32767\n"},
		{"path = /s\nsize = 1M\npriorty = 1\n",
		 "c:8: [swapfile] no key \"priorty\"; did you mean \"priority\"?\n"},
		{"path = /s/\nsize = 1M\n",
		 "c:6: [swapfile] path: \"/s/\" is no plain path of a file; write it without \"//\", \"/./\", \"/../\" and a "
		 "\"/\" at its end\n"},
		{"path = /a/../s\nsize = 1M\n",
		 "c:6: [swapfile] path: \"/a/../s\" is no plain path of a file; write it without \"//\", \"/./\", \"/../\" and "
		 "a \"/\" at its end\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[512];

		(void)snprintf(text, sizeof(text), "%s[swapfile]\n%s", RULE, rows[i].section);
		swap_refused(text, rows[i].want);
	}
	free(swap_parse(RULE "[swapfile]\npath = /a..b/.c\nsize = 1M\n"));
	assert_string_equal(swap_findings, "");
}

static void a_path_whose_order_would_not_fit_is_refused(void **state)
{
	char path[SWAP_PATH_MAX + 2], text[512], target[LINE_BYTES + 1];
	struct config *config;

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	(void)snprintf(text, sizeof(text), "%s[swapfile]\npath = %s\nsize = 1M\n", RULE, path);
	swap_refused(text, "c:6: [swapfile] path: the path has 151 bytes; at most 150\n");
	path[SWAP_PATH_MAX] = '\0';
	(void)snprintf(text, sizeof(text), "%s[swapfile]\npath = %s\nsize = 1M\n", RULE, path);
	config = swap_parse(text);
	assert_non_null(config);
	free(config);
	/* The largest numbers that the keys take. */
	assert_in_range(snprintf(target, sizeof(target), "make %llu %llu 32767 %s", 1ULL << 40, 1ULL << 40, path), 1,
			LINE_BYTES);
}

static void swap_check_host_of(const char *path, const char *size, const char *want)
{
	char text[512];
	struct config *config;

	(void)snprintf(text, sizeof(text), "%s[swapfile]\npath = %s\nsize = %s\nfree = 0B\n", RULE, path, size);
	config = swap_parse(text);
	assert_non_null(config);
	BUFFER_OVER(&swap_out, swap_findings);
	config_check_host(config, "", swap_tell, NULL);
	if (want != NULL)
		assert_string_equal(swap_findings, want);
	free(config);
}

static void swap_check_host(const char *path, const char *want)
{
	swap_check_host_of(path, "1M", want);
}

static void what_has_no_room_on_its_disk_is_a_warning(void **state)
{
	struct statfs fs;

	(void)state;
	assert_int_equal(statfs("/usr", &fs), 0);
	if (swapfs_find((unsigned long)fs.f_type)->way == SWAPFS_NONE ||
	    (uint64_t)fs.f_bavail * (uint64_t)fs.f_frsize >= 1ULL << 40)
		skip();
	swap_check_host_of("/usr/s", "1T", NULL);
	assert_memory_equal(swap_findings, "c:5: [swapfile] size: with what \"free\" leaves to others it takes 1024.00 GiB, and its "
			    "file system has ", 102);
	assert_non_null(strstr(swap_findings, " left; the file is made when it has\n"));
	swap_check_host_of("/usr/s", "1M", "");
}

static void a_directory_that_is_not_there_or_not_roots_is_a_warning(void **state)
{
	struct statfs fs;

	(void)state;
	swap_check_host("/nowhere/at/all", "c:5: [swapfile] path: cannot look at the directory \"/nowhere/at\": No such file "
					   "or directory; the file is made when it comes\n");
	assert_int_equal(statfs("/tmp", &fs), 0);
	if (swapfs_find((unsigned long)fs.f_type)->way != SWAPFS_NONE)
		swap_check_host("/tmp/s", "c:5: [swapfile] path: others than root may write the directory \"/tmp\"; no swap "
					  "file is made there\n");
	swap_check_host("/proc/s", "c:5: [swapfile] path: its file system (type 0x9fa0) is not known to hold swap files; "
				   "ext4, XFS and btrfs can\n");
}

static void a_file_system_is_known_by_its_number(void **state)
{
	char why[TEXT_BYTES];

	(void)state;
	assert_int_equal(swapfs_find(0xef53)->way, SWAPFS_RESERVE);
	assert_int_equal(swapfs_find(0x58465342)->way, SWAPFS_WRITE);
	assert_int_equal(swapfs_find((unsigned long)(int)0x9123683e)->way, SWAPFS_NOCOW); /* negative where it is an int */
	assert_int_equal(swapfs_find(0)->way, SWAPFS_NONE);
	swapfs_say_why(0x01021994, why, sizeof(why));
	assert_string_equal(why, "tmpfs cannot hold a swap file; ext4, XFS and btrfs can");
	swapfs_say_why(0x2fc12fc1, why, sizeof(why));
	assert_string_equal(why, "ZFS cannot hold a swap file; ext4, XFS and btrfs can");
	swapfs_say_why(1, why, sizeof(why));
	assert_string_equal(why, "its file system (type 0x1) is not known to hold swap files; ext4, XFS and btrfs can");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_values_are_in_the_config_with_their_defaults),
		cmocka_unit_test(without_it_swap_on_is_an_error_at_its_line),
		cmocka_unit_test(a_file_that_no_rule_switches_on_is_a_warning),
		cmocka_unit_test(what_is_wrong_is_told_with_its_line),
		cmocka_unit_test(a_path_whose_order_would_not_fit_is_refused),
		cmocka_unit_test(a_directory_that_is_not_there_or_not_roots_is_a_warning),
		cmocka_unit_test(what_has_no_room_on_its_disk_is_a_warning),
		cmocka_unit_test(a_file_system_is_known_by_its_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
