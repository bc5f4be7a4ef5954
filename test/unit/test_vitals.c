/* The sentinel's signs of life and what it costs; the test as the service manager. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/notify.h"
#include "start/cost.h"
#include "start/vitals.h"

static struct state *page;
static struct vitals vitals;
static int manager;

static int listen_as_manager(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char name[64];
	int length = snprintf(name, sizeof(name), "@watchdogd-test-vitals-%d", (int)getpid());
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)length);

	(void)state;
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	memcpy(address.sun_path, name, (size_t)length);
	address.sun_path[0] = '\0';
	if (bind(manager, (const struct sockaddr *)&address, size) < 0 || setenv("NOTIFY_SOCKET", name, 1) < 0)
		return -1;
	notify_open();
	return 0;
}

static int setup(void **state)
{
	int fd = memfd_create("state", MFD_CLOEXEC);

	(void)state;
	page = state_create(fd);
	(void)close(fd);
	(void)unsetenv("WATCHDOG_USEC");
	vitals_open(&vitals);
	return page != NULL ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	return munmap(page, sizeof(*page));
}

/* What the service manager is told next; "": nothing. */
static const char *heard(void)
{
	static char text[512];
	ssize_t n = recv(manager, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void a_minute_is_the_longest_between_two_signs(void **state)
{
	(void)state;
	page->units = 3;
	state_set(&page->host[HOST_AVAILABLE], 2000, 8000, 1);
	vitals_tell(&vitals, page, 1000);
	assert_string_equal(heard(), "WATCHDOG=1\nSTATUS=watching 3 units; 0 rules firing; host.available 25 %");
	vitals_tell(&vitals, page, 60999);
	assert_string_equal(heard(), "");
	vitals_tell(&vitals, page, 61000);
	assert_memory_equal(heard(), "WATCHDOG=1\n", 11);
	page->rules = 1;
	page->rule[0].phase = STATE_RULE_FIRING; /* is told at once */
	vitals_tell(&vitals, page, 61100);
	assert_non_null(strstr(heard(), "1 rules firing"));
}

static void the_service_manager_says_how_often(void **state)
{
	(void)state;
	assert_int_equal(setenv("WATCHDOG_USEC", "10000000", 1), 0);
	(void)unsetenv("WATCHDOG_PID");
	vitals_open(&vitals);
	assert_int_equal(vitals.every_ms, 5000);
	assert_int_equal(unsetenv("WATCHDOG_USEC"), 0);
}

static void a_sentinel_that_is_blind_for_30_s_gives_no_sign_of_life(void **state)
{
	mono_ms now = 1000;

	(void)state;
	vitals.every_ms = 5000;
	strcpy(page->blind, "meminfo: /proc/meminfo: Input/output error (EIO)");
	for (; now <= 31000; now += 1000) { /* it may see again in time */
		const char *text;

		vitals_tell(&vitals, page, now);
		text = heard();
		assert_true(text[0] == '\0' || strncmp(text, "WATCHDOG=1\n", 11) == 0);
	}
	vitals.tell_at = 0;
	vitals_tell(&vitals, page, now);
	assert_string_equal(heard(), "STATUS=blind: meminfo: /proc/meminfo: Input/output error (EIO)");
	state_set(&page->host[HOST_AVAILABLE], 2000, 8000, now);
	vitals_tell(&vitals, page, now + 5000);
	assert_memory_equal(heard(), "WATCHDOG=1\n", 11);
	page->host[HOST_AVAILABLE].known = STATE_UNKNOWN; /* counted anew */
	vitals_tell(&vitals, page, now + 35000);
	assert_memory_equal(heard(), "WATCHDOG=1\n", 11);
	vitals_tell(&vitals, page, now + 40000);
	assert_memory_equal(heard(), "STATUS=blind", 12);
}

static void what_it_costs_is_on_the_page_once_a_minute(void **state)
{
	struct cost cost;
	uint64_t rss;

	(void)state;
	cost_open(&cost);
	cost_count_wake(&cost, 0);
	cost_count_wake(&cost, 3);
	cost_count_wake(&cost, 1);
	cost_count_wake(&cost, -9); /* it did not wait */
	cost_look(&cost, page, 1000);
	assert_int_equal(page->wakeups, 3);
	assert_int_equal(page->wakeups_by[STATE_WAKE_TIMER], 1);
	assert_int_equal(page->wakeups_by[STATE_WAKE_EVENT], 2);
	assert_in_range(page->rss_kb, 500, 1 << 24); /* a process of some MB */
	rss = page->rss_kb;
	page->rss_kb = 1;
	cost_look(&cost, page, 60999);
	assert_int_equal(page->rss_kb, 1);
	cost_look(&cost, page, 61000);
	assert_in_range(page->rss_kb, rss / 2, rss * 4);
	(void)close(cost.statm);
	cost.statm = -1;
	cost_look(&cost, page, 200000);
	assert_int_equal(page->rss_kb, 0); /* not known */
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_minute_is_the_longest_between_two_signs),
		T(the_service_manager_says_how_often),
		T(a_sentinel_that_is_blind_for_30_s_gives_no_sign_of_life),
		T(what_it_costs_is_on_the_page_once_a_minute),
	};

	return cmocka_run_group_tests_name("vitals", tests, listen_as_manager, NULL);
}
