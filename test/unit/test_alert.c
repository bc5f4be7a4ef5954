/* Alerts on their way to the exec channel, the test as the actor at the other end of the link. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/config_parse.h"
#include "tell/alert.h"

static const char channels[] = "[channel one]\nplugin = exec\ncommand = /bin/true\n";

static struct config *config;
static struct state *page;
static struct ledger *ledger;
static struct worker actor;
static struct alerts alerts;
static int far_end; /* the actor's */
static mono_ms now; /* each look is a second after the one before */

static void tell(void *arg, enum config_finding finding, const char *line)
{
	(void)arg;
	if (finding == CONFIG_ERROR)
		fail_msg("%s", line);
}

static int setup(void **state)
{
	bool fresh;
	int ends[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	actor.fd = ends[0];
	far_end = ends[1];
	config = config_parse("test", channels, strlen(channels), tell, NULL);
	page = state_create(memfd_create("state", MFD_CLOEXEC));
	ledger = ledger_open(memfd_create("ledger", MFD_CLOEXEC), "boot-1", &fresh);
	memset(&alerts, 0, sizeof(alerts));
	alerts.config = config;
	alerts.state = page;
	alerts.ledger = ledger;
	alerts.actor = &actor;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)close(actor.fd);
	(void)close(far_end);
	ledger_close(ledger);
	free(config);
	return 0;
}

static void send_alert(const char *text)
{
	alert_send(&alerts, &(struct alert){.severity = SEVERITY_CRITICAL, .rule = "oom", .unit = "bot",
					    .event = "oom-kill", .text = text});
}

/* The entry that the actor is asked for next; NULL: none. */
static struct ledger_entry *asked(void)
{
	struct message message;

	return message_receive(far_end, &message, NULL) > 0 ? ledger_find(ledger, message.id) : NULL;
}

static void answer(uint64_t id, int error)
{
	struct message message;

	message_make(&message, error == 0 ? MESSAGE_DONE : MESSAGE_FAILED, id, error, "");
	assert_true(alert_answer(&alerts, &message));
}

static void an_alert_stays_until_it_is_delivered(void **state)
{
	const struct ledger_entry *entry;
	uint64_t id;

	(void)state;
	send_alert("killed");
	entry = asked();
	assert_non_null(entry);
	assert_string_equal(entry->text, "killed");
	id = entry->id;
	alerts_look(&alerts, now += 1000);
	assert_null(asked()); /* it has it */
	alerts_retry(&alerts);
	assert_int_equal(asked()->id, id); /* one that was started anew may not */
	answer(id, 0);
	assert_null(ledger_find(ledger, id));
}

static void an_actor_without_room_is_asked_again(void **state)
{
	uint64_t id;

	(void)state;
	send_alert("killed");
	id = asked()->id;
	answer(id, -EAGAIN);
	assert_non_null(ledger_find(ledger, id));
	alerts_look(&alerts, now += 1000);
	assert_int_equal(asked()->id, id);
	answer(id, -EAGAIN);
	alerts_look(&alerts, now); /* its answer woke us: no game of ping-pong */
	assert_null(asked());
	alerts_look(&alerts, now += 1000);
	assert_int_equal(asked()->id, id);
	alerts_look(&alerts, now += 1000);
	assert_null(asked());
	answer(id, 0);
	assert_null(ledger_find(ledger, id));
}

static void what_an_ending_actor_refuses_is_left_to_the_next(void **state)
{
	uint64_t id;

	(void)state;
	send_alert("killed");
	id = asked()->id;
	answer(id, -ECANCELED);
	assert_non_null(ledger_find(ledger, id));
}

static void what_was_begun_and_failed_is_over(void **state)
{
	struct ledger_entry *entry;
	uint64_t id;

	(void)state;
	send_alert("killed");
	entry = asked();
	id = entry->id;
	entry->taken = 1;
	answer(id, -EIO);
	assert_null(ledger_find(ledger, id));
}

static void a_full_link_loses_nothing(void **state)
{
	struct message message;

	(void)state;
	message_make(&message, MESSAGE_ASK, 0, 0, "");
	while (message_send(actor.fd, &message, -1) == 0)
		;
	send_alert("killed");
	while (message_receive(far_end, &message, NULL) > 0)
		assert_int_equal(message.id, 0);
	alerts_look(&alerts, now += 1000);
	assert_non_null(asked());
}

static void at_the_bound_the_less_severe_gives_way(void **state)
{
	const struct alert info = {.severity = SEVERITY_INFO, .text = "by the way"};
	uint64_t first;

	(void)state;
	send_alert("killed");
	first = asked()->id;
	for (int i = 1; i < ENTRIES_MAX; i++)
		send_alert("killed again");
	alert_send(&alerts, &info); /* the newest, but the least */
	assert_non_null(ledger_find(ledger, first));
	assert_int_equal(ledger->merged_alerts, 1);
	send_alert("and again");
	assert_null(ledger_find(ledger, first));
}

static const char two[] = "[channel all]\nplugin = exec\ncommand = /bin/true\n"
			  "[channel worst]\nplugin = exec\ncommand = /bin/false\nseverity = critical\n";

/* Another config: nothing is told already, as the channels are numbered anew. */
static void two_channels(void)
{
	uint32_t generation = config->generation;

	free(config);
	config = config_parse("test", two, strlen(two), tell, NULL);
	config->generation = generation + 1;
	alerts.config = config;
}

static void tell_of(const char *event, enum severity severity, int32_t pid, const char *unit)
{
	alert_send(&alerts, &(struct alert){.severity = severity, .rule = "r", .unit = unit, .event = event,
					    .text = "claude ended", .pid = pid, .at = now});
}

/* How many entries the actor is asked for. */
static int count_asked(void)
{
	int n = 0;

	while (asked() != NULL)
		n++;
	return n;
}

static void the_oom_kill_and_the_death_of_one_process_are_one_message(void **state)
{
	static const struct {
		const char *first, *second;
		enum severity one, other;
		int32_t pid;
		const char *unit;
		mono_ms later;
		int sent; /* of the second, to the two channels */
	} rows[] = {
		{"oom-kill", "death", SEVERITY_CRITICAL, SEVERITY_CRITICAL, 7, "bot", 0, 0},
		{"death", "oom-kill", SEVERITY_CRITICAL, SEVERITY_CRITICAL, 7, "bot", 60000, 0},
		{"oom-kill", "death", SEVERITY_CRITICAL, SEVERITY_WARNING, 7, "bot", 500, 0},
		{"oom-kill", "death", SEVERITY_WARNING, SEVERITY_WARNING, 7, "bot", 500, 0},
		{"oom-kill", "death", SEVERITY_WARNING, SEVERITY_CRITICAL, 7, "bot", 500, 2}, /* it is worse */
		{"oom-kill", "death", SEVERITY_CRITICAL, SEVERITY_CRITICAL, 8, "bot", 500, 2}, /* another process */
		{"oom-kill", "death", SEVERITY_CRITICAL, SEVERITY_CRITICAL, 7, "box", 500, 2},
		{"oom-kill", "death", SEVERITY_CRITICAL, SEVERITY_CRITICAL, 7, "bot", 60001, 2}, /* its pid again */
		{"oom-kill", "oom-kill", SEVERITY_CRITICAL, SEVERITY_CRITICAL, 7, "bot", 0, 2}, /* of two rules */
		{"oom-kill", "death", SEVERITY_CRITICAL, SEVERITY_CRITICAL, 0, "bot", 0, 2}, /* of no process */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		two_channels();
		now += 100000;
		tell_of(rows[i].first, rows[i].one, rows[i].pid == 0 ? 0 : 7, "bot");
		assert_int_equal(count_asked(), rows[i].one == SEVERITY_CRITICAL ? 2 : 1);
		now += rows[i].later;
		tell_of(rows[i].second, rows[i].other, rows[i].pid, rows[i].unit);
		if (count_asked() != rows[i].sent)
			fail_msg("row %zu", i);
	}
}

static void what_is_told_already_is_in_the_log_as_that(void **state)
{
	(void)state;
	tell_of("oom-kill", SEVERITY_CRITICAL, 7, "bot");
	tell_of("death", SEVERITY_CRITICAL, 7, "bot");
	assert_int_equal(count_asked(), 1);
	assert_string_equal(page->actions[2 % STATE_ACTIONS].text, "told already as oom-kill: claude ended");
	tell_of("oom-kill", SEVERITY_CRITICAL, 7, "bot"); /* another rule on it */
	assert_int_equal(count_asked(), 1);
}

static void a_channel_that_missed_the_first_gets_the_second(void **state)
{
	(void)state;
	for (int i = 0; i < ENTRIES_MAX; i++)
		ledger_commit(ledger_add(ledger, LEDGER_STEP));
	tell_of("oom-kill", SEVERITY_CRITICAL, 7, "bot");
	assert_int_equal(count_asked(), 0);
	ledger_free(&ledger->entries[0]);
	tell_of("death", SEVERITY_CRITICAL, 7, "bot");
	assert_int_equal(count_asked(), 1);
}

static void beyond_the_ring_both_are_sent(void **state)
{
	(void)state;
	for (int32_t pid = 1; pid <= TOLD_MAX + 1; pid++) {
		tell_of("oom-kill", SEVERITY_CRITICAL, pid, "bot");
		answer(asked()->id, 0);
	}
	tell_of("death", SEVERITY_CRITICAL, TOLD_MAX + 1, "bot");
	assert_int_equal(count_asked(), 0);
	tell_of("death", SEVERITY_CRITICAL, 1, "bot");
	assert_int_equal(count_asked(), 1);
}

static void after_a_reload_the_second_is_sent(void **state)
{
	(void)state;
	tell_of("oom-kill", SEVERITY_CRITICAL, 7, "bot");
	assert_int_equal(count_asked(), 1);
	two_channels();
	tell_of("death", SEVERITY_CRITICAL, 7, "bot");
	assert_int_equal(count_asked(), 2);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_alert_stays_until_it_is_delivered),
		T(an_actor_without_room_is_asked_again),
		T(what_an_ending_actor_refuses_is_left_to_the_next),
		T(what_was_begun_and_failed_is_over),
		T(a_full_link_loses_nothing),
		T(at_the_bound_the_less_severe_gives_way),
		T(the_oom_kill_and_the_death_of_one_process_are_one_message),
		T(what_is_told_already_is_in_the_log_as_that),
		T(a_channel_that_missed_the_first_gets_the_second),
		T(beyond_the_ring_both_are_sent),
		T(after_a_reload_the_second_is_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
