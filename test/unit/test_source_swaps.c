/* /proc/swaps: the one line that is ours, among those of others and of nobody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "config/config_parse.h"
#include "fakeroot.h"

#define HEAD "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"

static void swaps_tell(void *arg, enum config_finding finding, const char *line)
{
	(void)arg;
	if (finding == CONFIG_ERROR)
		fail_msg("%s", line);
}

/* A see whose config has a swap file of that path; NULL: none. */
static void swaps_open(const char *path)
{
	char text[512];
	struct config *config;
	int fd;

	(void)snprintf(text, sizeof(text), "[watchdogd]\n");
	if (path != NULL)
		(void)snprintf(text, sizeof(text), "[swapfile]\npath = %s\nsize = 512M\n", path);
	config = config_parse("c", text, strlen(text), swaps_tell, NULL);
	assert_non_null(config);
	fd = config_seal(config);
	free(config);
	fakeroot_open(NULL, 0);
	see_config(fakeroot.see, config_map(fd));
	(void)close(fd);
	fakeroot_look(1000);
}

static const struct state_swap *swaps(void)
{
	return &fakeroot.with.state->swap;
}

static void our_line_is_found_among_others(void **state)
{
	(void)state;
	fakeroot_put("/proc/swaps", "%s", HEAD "/dev/vdd                                partition\t2097148\t\t77\t\t-2\n"
					  "/swap                                   file\t\t524284\t\t1024\t\t-3\n"
					  "/swap2                                  file\t\t99\t\t98\t\t-4\n");
	swaps_open("/swap");
	assert_true(swaps()->known);
	assert_true(swaps()->on);
	assert_int_equal(swaps()->size_bytes, 524284ULL * 1024);
	assert_int_equal(swaps()->used_bytes, 1024ULL * 1024);
}

static void what_is_not_ours_is_not_on(void **state)
{
	static const char *const rows[] = {
		HEAD,
		HEAD "/swap2 file 1 1 -2\n",
		HEAD "/var/swap file 1 1 -2\n",
		HEAD "/swa file 1 1 -2\n",
		HEAD "/swap\n",
		HEAD "/swap file\n",
		HEAD "/swap file x y\n",
		HEAD "/swap file -1 5 -2\n",
		HEAD "/swap file 5\n/other file 6 7 8\n",
		HEAD "/swap\\040x file 1 1 -2\n",
		"/swap file 1 1 -2\n", /* in the line of heads */
		"\n\n\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		fakeroot_put("/proc/swaps", "%s", rows[i]);
		swaps_open("/swap");
		if (!swaps()->known || swaps()->on)
			fail_msg("row %zu", i);
		assert_int_equal(swaps()->size_bytes, 0);
	}
}

static void blanks_and_backslashes_of_a_path_are_octal(void **state)
{
	(void)state;
	fakeroot_put("/proc/swaps", "%s", HEAD "/a\\040b\\134c file\t100\t\t7\t\t-2\n");
	swaps_open("/a b\\c");
	assert_true(swaps()->on);
	assert_int_equal(swaps()->used_bytes, 7 * 1024);
	swaps_open("/a\\040b\\134c");
	assert_false(swaps()->on);
}

static void a_file_without_a_name_is_still_on(void **state)
{
	(void)state;
	fakeroot_put("/proc/swaps", "%s", HEAD "/swap\\040(deleted) file\t100\t\t7\t\t-2\n");
	swaps_open("/swap");
	assert_true(swaps()->on);
}

static void without_a_swap_file_nothing_is_read(void **state)
{
	(void)state;
	fakeroot_put("/proc/swaps", "%s", HEAD "/swap file 100 7 -2\n");
	swaps_open(NULL);
	assert_false(swaps()->known);
	assert_false(swaps()->on);
	assert_null(strstr(fakeroot.with.state->blind, "swaps"));
}

static void a_kernel_without_it_is_blind_and_nothing_is_known(void **state)
{
	(void)state;
	swaps_open("/swap");
	assert_false(swaps()->known);
	assert_non_null(strstr(fakeroot.with.state->blind, "swaps: /proc/swaps"));
}

static void it_is_read_once_a_second_and_when_it_is_asked_for(void **state)
{
	(void)state;
	fakeroot_put("/proc/swaps", "%s", HEAD);
	swaps_open("/swap");
	assert_false(swaps()->on);
	fakeroot_put("/proc/swaps", "%s", HEAD "/swap file 100 7 -2\n");
	fakeroot_look(500);
	assert_false(swaps()->on);
	see_swap_refresh(fakeroot.see, fakeroot.now);
	assert_true(swaps()->on);
	fakeroot_put("/proc/swaps", "%s", HEAD "/swap file 100 9 -2\n");
	fakeroot_look(1000);
	assert_int_equal(swaps()->used_bytes, 9 * 1024);
	fakeroot_put("/proc/swaps", "%s", HEAD);
	fakeroot_look(1000);
	assert_false(swaps()->on);
	assert_int_equal(swaps()->used_bytes, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fakeroot_setup, fakeroot_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(our_line_is_found_among_others),
		TEST(what_is_not_ours_is_not_on),
		TEST(blanks_and_backslashes_of_a_path_are_octal),
		TEST(a_file_without_a_name_is_still_on),
		TEST(without_a_swap_file_nothing_is_read),
		TEST(a_kernel_without_it_is_blind_and_nothing_is_known),
		TEST(it_is_read_once_a_second_and_when_it_is_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
