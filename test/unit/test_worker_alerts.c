/* Alerts in a worker: the test as the sentinel and the scribe at the other ends of its links, and as a plugin that
 * takes what it is given. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/severity.h"
#include "config/config.h"
#include "make_config.h"
#include "start/worker_alerts.h"
#include "start/worker_units.h"

static struct worker_requests requests;
static struct worker_alerts alerts;
static const struct plugin *plugins[WORKER_PLUGINS_MAX];
static int link_far, spool_far; /* the sentinel's end, the scribe's */
static int ledger_file;
static struct ledger *ledger;
static size_t sends;
static uint32_t timeout_ms; /* of the last one, as the config has it */

/* The next config finds no memory. */
static bool no_memory;
int __real_deliver_config(struct deliver *deliver, const struct config *config, const struct vault *vault, wall_ms wall);
int __wrap_deliver_config(struct deliver *deliver, const struct config *config, const struct vault *vault, wall_ms wall);
int __wrap_deliver_config(struct deliver *deliver, const struct config *config, const struct vault *vault, wall_ms wall)
{
	return no_memory ? -ENOMEM : __real_deliver_config(deliver, config, vault, wall);
}

static void take(uint64_t delivery, const struct plugin_channel *channel, const struct plugin_message *message)
{
	(void)message;
	sends++;
	timeout_ms = channel->timeout_ms;
	worker_alerts_sent(&alerts, delivery, PLUGIN_TAKEN, 0, "taken");
}

static const struct plugin fake = {.abi = PLUGIN_ABI, .name = "fake", .send = take};

static int take_config(uint32_t generation, uint32_t timeout)
{
	struct config *config;
	int fd, taken;

	make_begin();
	(void)make_rule("r");
	make_channel("one", "fake", SEVERITY_INFO)->timeout_ms = timeout;
	config = make_done();
	config->generation = generation;
	fd = config_seal(config);
	assert_true(fd >= 0);
	taken = worker_alerts_take_config(&alerts, fd);
	(void)close(fd);
	free(config);
	return taken;
}

static int set_up(void **state)
{
	int link[2], spool[2];
	bool fresh;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, link), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, spool), 0);
	link_far = fcntl(link[1], F_DUPFD_CLOEXEC, 40);
	spool_far = fcntl(spool[1], F_DUPFD_CLOEXEC, 40);
	memset(&requests, 0, sizeof(requests));
	requests.link = fcntl(link[0], F_DUPFD_CLOEXEC, 40);
	assert_int_equal(dup2(spool[0], MESSAGE_FD_SPOOL), MESSAGE_FD_SPOOL);
	for (int i = 0; i < 2; i++) {
		(void)close(link[i]);
		if (spool[i] != MESSAGE_FD_SPOOL)
			(void)close(spool[i]);
	}
	ledger_file = fcntl(memfd_create("ledger", MFD_CLOEXEC), F_DUPFD_CLOEXEC, 40);
	ledger = ledger_open(ledger_file, "", &fresh);
	assert_non_null(ledger);
	requests.ledger = ledger;
	requests.plugin = plugins;
	plugins[0] = &fake;
	no_memory = false;
	sends = 0;
	worker_alerts_init(&alerts, &requests);
	assert_int_equal(worker_alerts_open(&alerts), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	worker_alerts_close(&alerts);
	if (alerts.config != NULL)
		config_unmap(alerts.config);
	ledger_close(ledger);
	(void)close(ledger_file);
	(void)close(requests.link);
	(void)close(link_far);
	(void)close(MESSAGE_FD_SPOOL);
	(void)close(spool_far);
	return 0;
}

static struct ledger_entry *new_alert(void)
{
	struct ledger_entry *entry = ledger_add(ledger, LEDGER_ALERT);

	entry->severity = SEVERITY_WARNING;
	entry->thread = entry->id;
	entry->wants = WITH_MESSENGER | WITH_SPOOL;
	ledger_commit(entry);
	return entry;
}

/* It has turned: first for the question to the spool, which answers that nothing waits. */
static void turn(void)
{
	struct pollfd fds[WORKER_ALERTS_ROWS];
	struct delivery delivery;

	(void)worker_alerts_turn(&alerts);
	while (delivery_receive(spool_far, &delivery) == 1) {
		if (delivery.type != DELIVERY_BACKLOG)
			continue;
		delivery.type = DELIVERY_END;
		assert_int_equal(delivery_send(spool_far, &delivery), 0);
	}
	worker_alerts_prepare(&alerts, fds);
	(void)poll(fds, WORKER_ALERTS_ROWS, 0);
	worker_alerts_dispatch(&alerts, fds);
	(void)worker_alerts_turn(&alerts);
}

static bool heard(enum message_type type, uint64_t id)
{
	struct message message;

	return message_receive(link_far, &message, NULL) == 1 && message.type == type && message.id == id;
}

static void assert_silence(void)
{
	struct message message;

	assert_int_equal(message_receive(link_far, &message, NULL), -EAGAIN);
}

static void a_config_without_memory_for_it_leaves_the_last_one_in_use(void **state)
{
	const struct ledger_entry *entry;

	(void)state;
	assert_int_equal(take_config(1, 1111), 1);
	no_memory = true;
	assert_int_equal(take_config(2, 2222), -ENOMEM);
	assert_int_equal(alerts.config->generation, 1); /* mapped still */
	entry = new_alert();
	worker_alerts_ask(&alerts, entry);
	turn();
	assert_int_equal(sends, 1);
	assert_int_equal(timeout_ms, 1111);
	no_memory = false;
	assert_int_equal(take_config(1, 3333), 0); /* no newer */
	assert_int_equal(take_config(3, 3333), 1);
	worker_alerts_ask(&alerts, new_alert());
	turn();
	assert_int_equal(timeout_ms, 3333);
	assert_int_equal(worker_alerts_take_config(&alerts, ledger_file), -EPROTO); /* no config at all */
	assert_int_equal(alerts.config->generation, 3);
}

static void of_what_has_left_the_ledger_the_sentinel_hears_nothing(void **state)
{
	struct delivery spooled;
	struct ledger_entry *entry;

	(void)state;
	assert_int_equal(take_config(1, 1000), 1);
	entry = new_alert();
	worker_alerts_ask(&alerts, entry);
	turn();
	assert_true(heard(MESSAGE_HAVE, entry->id));
	assert_true(heard(MESSAGE_DONE, entry->id));
	assert_silence();
	for (uint64_t id = 1; id <= 600; id++) { /* a long backlog: more than a link or our memory of answers holds */
		delivery_make(&spooled, DELIVERY_ALERT, id);
		spooled.alert.thread = id;
		spooled.alert.severity = SEVERITY_WARNING;
		assert_int_equal(delivery_send(spool_far, &spooled), 0);
		turn();
		delivery_make(&spooled, DELIVERY_RETRY, 0); /* that was all: it may be tried */
		assert_int_equal(delivery_send(spool_far, &spooled), 0);
		turn();
	}
	assert_int_equal(sends, 601);
	assert_false(worker_answers_wait(&requests.answers));
	assert_silence();
}

static void what_left_the_ledger_unread_is_asked_of_the_spool(void **state)
{
	struct delivery delivery;

	(void)state;
	assert_int_equal(take_config(1, 1000), 1);
	turn();
	(void)worker_alerts_turn(&alerts);
	assert_int_equal(delivery_receive(spool_far, &delivery), -EAGAIN);
	worker_alerts_missed(&alerts);
	(void)worker_alerts_turn(&alerts);
	assert_int_equal(delivery_receive(spool_far, &delivery), 1);
	assert_int_equal(delivery.type, DELIVERY_BACKLOG);
}

static void a_test_of_which_nobody_hears_ends_all_the_same(void **state)
{
	struct message message;
	struct ledger_entry *entry;
	int results = 0;

	(void)state;
	assert_int_equal(take_config(1, 1000), 1);
	message_make(&message, MESSAGE_UNIT, 0, 0, "");
	while (message_send(requests.link, &message, -1) == 0)
		;
	entry = new_alert();
	entry->told = TOLD_TEST;
	memcpy(entry->rule, "one", sizeof("one"));
	worker_alerts_ask(&alerts, entry);
	turn();
	assert_true(worker_answers_wait(&requests.answers));
	while (message_receive(link_far, &message, NULL) == 1)
		;
	worker_answers_send(&requests.answers, requests.link);
	while (message_receive(link_far, &message, NULL) == 1)
		results += message.type == MESSAGE_TESTED && message.result == 1;
	assert_int_equal(results, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_config_without_memory_for_it_leaves_the_last_one_in_use),
		TEST(of_what_has_left_the_ledger_the_sentinel_hears_nothing),
		TEST(what_left_the_ledger_unread_is_asked_of_the_spool),
		TEST(a_test_of_which_nobody_hears_ends_all_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
