#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fakeroot.h"

#define KMSG "/dev/kmsg"
#define ASKED                                                                                      \
	"6,%u,9000000,-;node invoked oom-killer: gfp_mask=0x140dca(GFP_HIGHUSER), order=0, oom_score_adj=0\n"
#define HOST_LINE                                                                                     \
	"6,%u,9000001,-;oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0," \
	"global_oom,task_memcg=/system.slice/bot.service,task=claude,pid=21285,uid=1000\n"
#define KILLED                                                                                     \
	"3,%u,9000002,-;Out of memory: Killed process %u (claude) total-vm:85000000kB, "           \
	"anon-rss:5347738kB, file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:900kB oom_score_adj:0\n"

static const struct fakeroot_unit bot[] = {{"bot", CONFIG_SYSTEMD, "bot.service", NULL}};

static const struct event_queue *events(void)
{
	return fakeroot.with.events;
}

static void a_forged_or_broken_record_is_no_kill(void **state)
{
	(void)state;
	fakeroot_put(KMSG, "6,1,1,-;begin\n");
	fakeroot_open(bot, 1);
	fakeroot_put(
		KMSG,
		"6,1,1,-;begin\n"
		/* facility 1: written by a program (trap 16) */
		"11,2,9,-;Out of memory: Killed process 1 (init) total-vm:1kB, anon-rss:1kB, file-rss:0kB\n"
		"no record at all\n;\n,,,;\n3,99999999999999999999999,9,-;Out of memory: Killed process 2 (x) "
		"total-vm:1kB, anon-rss:1kB, file-rss:0kB\n"
		" Out of memory: Killed process 3 (x) total-vm:1kB, anon-rss:1kB, file-rss:0kB\n"
		"6,3,9,-;a line\n SUBSYSTEM=Out of memory: Killed process 4 (x) total-vm:1kB, anon-rss:1kB\n");
	fakeroot_look(1000);
	fakeroot_look(2000);
	assert_int_equal(events()->count, 0);
}

static void a_kill_is_told_in_a_sentence(void **state)
{
	(void)state;
	fakeroot_put(KMSG, "6,1,1,-;begin\n");
	fakeroot_open(bot, 1);
	fakeroot_put(KMSG, "6,1,1,-;begin\n" ASKED HOST_LINE KILLED, 2, 3, 4, 21285);
	fakeroot_look(1000);
	assert_int_equal(events()->count, 1);
	assert_int_equal(events()->event[0].kind, EVENT_OOM_KILL);
	assert_int_equal(events()->event[0].unit, 0);
	assert_int_equal(events()->event[0].pid, 21285);
	assert_false(events()->event[0].before_start);
	assert_string_equal(events()->event[0].comm, "claude");
	assert_string_equal(
		events()->event[0].text,
		"the kernel's OOM killer killed claude (pid 21285), 5.1 GiB, for want of memory on the "
		"host; node asked for memory");
}

static void at_the_first_start_ever_older_kills_are_no_events(void **state)
{
	(void)state;
	fakeroot_put(KMSG, ASKED HOST_LINE KILLED, 2, 3, 4, 21285);
	fakeroot_open(bot, 1);
	assert_int_equal(events()->count, 0);
	fakeroot_look(1000);
	assert_int_equal(events()->count, 0);
}

static void kills_from_while_we_were_away_are_told_as_such_and_once(void **state)
{
	(void)state;
	fakeroot_put(KMSG, "6,1,1,-;begin\n" KILLED, 2, 1);
	fakeroot_open(bot, 1);
	fakeroot_look(1000);
	fakeroot_put(KMSG, "6,1,1,-;begin\n" KILLED ASKED HOST_LINE KILLED, 2, 1, 3, 4, 5, 21285);
	fakeroot_reopen(bot, 1);
	assert_int_equal(events()->count, 1);
	assert_true(events()->event[0].before_start);
	assert_int_equal(events()->event[0].unit, 0);
	assert_int_equal(events()->event[0].pid, 21285);
	fakeroot_look(1000);
	fakeroot_look(1000);
	fakeroot_reopen(bot, 1);
	assert_int_equal(events()->count, 0);
}

/* A kill -9 between the look that read it and the next one: told again rather than lost. */
static void a_kill_is_remembered_only_when_the_look_after_it_comes(void **state)
{
	(void)state;
	fakeroot_put(KMSG, "6,1,1,-;begin\n");
	fakeroot_open(bot, 1);
	fakeroot_look(1000);
	fakeroot_put(KMSG, "6,1,1,-;begin\n" HOST_LINE KILLED, 2, 3, 21285);
	fakeroot_look(1000);
	assert_int_equal(events()->count, 1);
	fakeroot_reopen(bot, 1);
	assert_int_equal(events()->count, 1);
	assert_true(events()->event[0].before_start);
}

/* Taken by those who take events, but only into their memory: it waits for the ladder of its unit. */
static void a_kill_that_waits_in_memory_is_not_remembered(void **state)
{
	(void)state;
	fakeroot_put(KMSG, "6,1,1,-;begin\n");
	fakeroot_open(bot, 1);
	fakeroot_look(1000);
	fakeroot_put(KMSG, "6,1,1,-;begin\n" HOST_LINE KILLED, 2, 3, 21285);
	fakeroot_look(1000);
	see_hold_events(fakeroot.see, true);
	fakeroot_look(1000);
	fakeroot_look(1000);
	fakeroot_reopen(bot, 1);
	assert_int_equal(events()->count, 1);
	see_hold_events(fakeroot.see, false);
	fakeroot_look(1000);
	fakeroot_look(1000);
	fakeroot_reopen(bot, 1);
	assert_int_equal(events()->count, 0);
}

static void a_position_of_another_boot_is_none(void **state)
{
	(void)state;
	fakeroot_put(KMSG, "6,7,1,-;begin\n");
	fakeroot_open(bot, 1);
	fakeroot_look(1000);
	strcpy(fakeroot.with.ledger->kmsg_boot_id, "boot-0");
	fakeroot_put(KMSG, KILLED, 9, 21285);
	fakeroot_reopen(bot, 1);
	assert_int_equal(events()->count, 0);
}

static void a_gap_in_the_sequence_hides_no_later_kill(void **state)
{
	(void)state;
	fakeroot_put(KMSG, "6,1,1,-;begin\n");
	fakeroot_open(bot, 1);
	fakeroot_put(KMSG, "6,1,1,-;begin\n" HOST_LINE KILLED, 900, 901, 21285);
	fakeroot_look(1000);
	assert_int_equal(events()->count, 1);
}

static void a_storm_of_kills_loses_none(void **state)
{
	static char text[64 * 1024];
	size_t n = 0;
	uint32_t told = 0;

	(void)state;
	fakeroot_put(KMSG, "6,1,1,-;begin\n");
	fakeroot_open(NULL, 0);
	n += (size_t)sprintf(text, "6,1,1,-;begin\n");
	for (unsigned i = 0; i < 200; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, KILLED, 2 + i, 1000 + i);
	fakeroot_put(KMSG, "%s", text);
	for (int i = 0; i < 60; i++) {
		fakeroot_look(100);
		for (uint32_t k = 0; k < events()->count; k++)
			assert_int_equal(events()->event[k].pid, 1000 + told++);
	}
	assert_int_equal(told, 200);
}

static void without_kmsg_the_rest_works(void **state)
{
	(void)state;
	fakeroot_open(bot, 1);
	assert_non_null(strstr(fakeroot.with.state->blind, "kmsg: /dev/kmsg"));
	assert_int_equal(fakeroot_host(HOST_AVAILABLE)->known, STATE_KNOWN);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fakeroot_setup, fakeroot_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_forged_or_broken_record_is_no_kill),
		TEST(a_kill_is_told_in_a_sentence),
		TEST(at_the_first_start_ever_older_kills_are_no_events),
		TEST(kills_from_while_we_were_away_are_told_as_such_and_once),
		TEST(a_kill_is_remembered_only_when_the_look_after_it_comes),
		TEST(a_kill_that_waits_in_memory_is_not_remembered),
		TEST(a_position_of_another_boot_is_none),
		TEST(a_gap_in_the_sequence_hides_no_later_kill),
		TEST(a_storm_of_kills_loses_none),
		TEST(without_kmsg_the_rest_works),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
