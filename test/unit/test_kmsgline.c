/* see/kmsgline.h: prefixes off, programs out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "see/kmsgline.h"

static void assert_text(const struct kmsgline *line, const char *want)
{
	assert_int_equal(line->text.n, strlen(want));
	assert_memory_equal(line->text.at, want, strlen(want));
}

static void a_line_of_a_program_is_not_the_kernels(void **state)
{
	static const char *const rows[] = {
		"14,7,99,-;Out of memory: Killed process 1 (init)",
		"<14>Out of memory: Killed process 1 (init)",
		"user  :warn  : [    1.000000] Out of memory: Killed process 1 (init)",
		"May  1 10:00:00 n1 agent[5]: Out of memory: Killed process 1 (init)",
		"May  1 10:00:00 n1 agent[5]: kernel: Out of memory: Killed process 1 (init)",
		"May  1 10:00:00 n1 a b c kernel: Out of memory: Killed process 1 (init)",
		"2026-05-01T10:00:00+02:00 n1 agent: Out of memory: Killed process 1 (init)",
		"1769107081.123456 n1 agent[5]: Out of memory: Killed process 1 (init)",
		"2026-05-01 10:00:00,123 ERROR Out of memory: Killed process 1 (init)",
		"Thu Jan 22 18:38:01 2026 user.err kernel: Out of memory: Killed process 1 (init)",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kmsgline line;

		kmsgline_text(rows[i], strlen(rows[i]), &line);
		assert_false(line.kernel);
	}
}

static void every_prefix_of_the_kernel_comes_off(void **state)
{
	static const char *const rows[] = {
		"x (y) [z]",
		"  x (y) [z]",
		"x (y) [z]\r",
		"[    1.234567] x (y) [z]",
		"[    1.234567][  T123] x (y) [z]",
		"[    1.234567] [    C1] x (y) [z]",
		"[    1.234567 <    0.000012>] x (y) [z]",
		"[  +0.000012] x (y) [z]",
		"[Jan22 18:38] x (y) [z]",
		"[Thu Jan 22 18:38:01 2026] x (y) [z]",
		"[jeu. janv. 22 18:38:01 2026] x (y) [z]",
		"[2026-01-22T18:38:01] x (y) [z]",
		"<3>[    1.234567] x (y) [z]",
		"<3>x (y) [z]",
		"kern  :err   : [    1.234567] x (y) [z]",
		"kernel: x (y) [z]",
		"kernel: [    1.234567] x (y) [z]",
		"Jan 22 18:38:01 host kernel: x (y) [z]",
		"Jan 22 18:38:01 kernel: x (y) [z]",
		"Jan 22 18:38:01.123456 host kernel: x (y) [z]",
		"janv. 22 18:38:01 host kernel: [    1.234567] x (y) [z]",
		"Thu 2026-01-22 18:38:01 UTC host kernel: x (y) [z]",
		"2026-01-22T18:38:01+0000 host kernel: x (y) [z]",
		"2026-01-22T18:38:01.123456+00:00 host kernel: [    1.234567] x (y) [z]",
		"2026-01-22T18:38:01,123456+00:00 x (y) [z]",
		"2026-01-22T18:38:01,123456+00:00 [ T12] x (y) [z]",
		"Thu Jan 22 18:38:01 2026 kern.err kernel: [    1.234567] x (y) [z]",
		"1769107081.123456 host kernel: x (y) [z]",
		"[    1.234567] host kernel: x (y) [z]",
		"2026-01-22T18:38:01.000Z [    1.234567] x (y) [z]",
		"2026-01-22 18:38:01 host kernel: x (y) [z]",
		"> > [    1.234567] x (y) [z]",
		"3,1,1234567,-;x (y) [z]",
		"3,1,1234567,c,caller=T12;x (y) [z]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kmsgline line;

		kmsgline_text(rows[i], strlen(rows[i]), &line);
		if (line.text.n != strlen("x (y) [z]"))
			print_message("%s\n", rows[i]);
		assert_text(&line, "x (y) [z]");
		assert_true(line.kernel);
		assert_int_equal(line.at_us == 0, line.clock == KMSGLINE_NO_CLOCK);
	}
}

static void a_row_of_the_task_table_is_no_prefix(void **state)
{
	static const char *const rows[] = {
		"[ 1234]  1000  1234    12345      678      90        0             0 x",
		"[  pid  ]   uid  tgid total_vm      rss",
		"[1:2] invoked oom-killer: gfp_mask=0x1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kmsgline line;

		kmsgline_text(rows[i], strlen(rows[i]), &line);
		assert_text(&line, rows[i]);
		assert_true(line.bare);
	}
}

static void a_record_gives_its_fields(void **state)
{
	static const char record[] = "12,1234,5678901,c,caller=T7;a;b\n SUBSYSTEM=x\n";
	struct kmsgline line;

	(void)state;
	assert_true(kmsgline_record(record, strlen(record), &line));
	assert_text(&line, "a;b");
	assert_int_equal(line.facility, 1);
	assert_int_equal(line.level, 4);
	assert_int_equal(line.seq, 1234);
	assert_int_equal(line.at_us, 5678901);
	assert_true(line.continues);
	assert_false(line.kernel);
}

static void what_is_no_record_is_refused(void **state)
{
	static const char *const rows[] = {"",
					   ";",
					   "6",
					   "6,1",
					   "6,1,2",
					   "6,1,2,",
					   "6,1,2,-",
					   "x,1,2,-;a",
					   "6,1,2,- ;a",
					   "-6,1,2,-;a",
					   "99999999999999999999,1,2,-;a"};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kmsgline line;

		assert_false(kmsgline_record(rows[i], strlen(rows[i]), &line));
	}
}

static void times_of_boot_and_of_day_are_told_apart(void **state)
{
	static const char boot[] = "[    1.5] x", day[] = "Jan 22 00:01:02 host kernel: x";
	struct kmsgline line;

	(void)state;
	kmsgline_text(boot, strlen(boot), &line);
	assert_int_equal(line.clock, KMSGLINE_BOOT);
	assert_int_equal(line.at_us, 1500000);
	kmsgline_text(day, strlen(day), &line);
	assert_int_equal(line.clock, KMSGLINE_DAY);
	assert_int_equal(line.at_us, 62000001);
	assert_int_equal(line.stamp.n, strlen("Jan 22 00:01:02"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_of_a_program_is_not_the_kernels),
		cmocka_unit_test(every_prefix_of_the_kernel_comes_off),
		cmocka_unit_test(a_row_of_the_task_table_is_no_prefix),
		cmocka_unit_test(a_record_gives_its_fields),
		cmocka_unit_test(what_is_no_record_is_refused),
		cmocka_unit_test(times_of_boot_and_of_day_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
