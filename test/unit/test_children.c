/* When main starts a process again that ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <cmocka.h>

#include "start/children.h"

enum { EXITED_1 = 1 << 8, EXITED_AGAIN = CHILD_AGAIN << 8 }; /* as waitpid(2) has them */

/* It was started when it was due, and lived so long; in how many ms it is to be started again. */
static mono_ms ends(struct child *child, int status, mono_ms lived)
{
	mono_ms now;

	child->pid = 4711;
	child->started = child->start_at;
	now = child->started + lived;
	child_ended(child, status, now);
	assert_int_equal(child->pid, 0);
	return child->start_at - now;
}

static void it_is_started_at_once_then_later_and_later_up_to_10_s(void **state)
{
	static const int statuses[] = {EXITED_1, SIGKILL};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct child child = {.name = "wd-test", .start_at = 1000};
		mono_ms last = 0, pause = 0;

		assert_int_equal(ends(&child, statuses[i], 10), 0);
		for (int n = 0; n < 20; n++) {
			pause = ends(&child, statuses[i], 10);
			assert_true(pause >= last && pause > 0);
			last = pause;
		}
		assert_int_equal(pause, 10000);
		assert_int_equal(ends(&child, statuses[i], 60000), 0); /* it was well: that is another matter */
	}
}

/* One that was taken over, or is wrong, might go round as fast as we fork. */
static void who_wants_to_begin_anew_may_not_do_nothing_else(void **state)
{
	struct child child = {.name = "wd-test", .start_at = 1000};

	(void)state;
	assert_int_equal(ends(&child, EXITED_AGAIN, 10), 0);
	for (int n = 0; n < 20; n++)
		assert_true(ends(&child, EXITED_AGAIN, 10) >= 1000);
	assert_int_equal(ends(&child, EXITED_AGAIN, 60000), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_started_at_once_then_later_and_later_up_to_10_s),
		cmocka_unit_test(who_wants_to_begin_anew_may_not_do_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
