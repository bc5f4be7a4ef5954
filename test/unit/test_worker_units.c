/* Watched units between the config, a worker's plugins and the sentinel. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bounds.h"
#include "start/worker_units.h"
#include "make_config.h"

static struct worker_units units;
static int ends[2];
static struct plugin_unit seen[4];
static size_t seen_count;
static uint64_t looked;
static bool tell_at_watch;

static void watch(const struct plugin_unit *rows, size_t count)
{
	memcpy(seen, rows, count * sizeof(rows[0]));
	seen_count = count;
	if (tell_at_watch)
		worker_units_tell(&units, rows[count - 1].id, UNIT_ACTIVE, 1, "new");
}

static void look(uint64_t unit)
{
	looked = unit;
}

static const struct plugin watcher = {.abi = PLUGIN_ABI, .name = "systemd", .watch = watch, .look = look},
			   other = {.abi = PLUGIN_ABI, .name = "exec", .look = look};
static const struct plugin *plugins[WORKER_PLUGINS_MAX];

static int set_up(void **state)
{
	(void)state;
	plugins[3] = &watcher;
	tell_at_watch = false;
	looked = 0;
	worker_units_init(&units, plugins);
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
}

static int take(const char *a, const char *b, uint32_t generation)
{
	struct config *config;
	int fd, taken;

	make_begin();
	(void)make_unit(a, CONFIG_NONE);
	if (b != NULL)
		make_unit(b, CONFIG_NONE)->journal = 1;
	config = make_done();
	config->generation = generation;
	fd = config_seal(config);
	free(config);
	taken = worker_units_take(&units, fd);
	(void)close(fd);
	return taken;
}

static int tear_down(void **state)
{
	(void)state;
	free(units.unit);
	free((void *)(uintptr_t)units.pattern);
	free(units.state);
	if (units.config != NULL)
		config_unmap(units.config);
	(void)close(ends[0]);
	(void)close(ends[1]);
	return 0;
}

static int heard(struct message *message)
{
	return message_receive(ends[1], message, NULL);
}

static void a_plugin_gets_each_unit_with_its_texts(void **state)
{
	(void)state;
	assert_int_equal(take("nodira", "mirzo", 1), 1);
	assert_int_equal(seen_count, 2);
	assert_string_equal(seen[0].name, "nodira");
	assert_int_equal(seen[0].id, message_unit_id("nodira"));
	assert_int_equal(seen[1].journal, 1);
	assert_string_equal(seen[1].systemd, "");
	assert_string_equal(seen[1].log, "");
	assert_int_equal(seen[1].patterns_count, 0);
}

static void an_older_config_changes_nothing(void **state)
{
	(void)state;
	assert_int_equal(take("nodira", NULL, 2), 1);
	assert_int_equal(take("mirzo", NULL, 1), 0);
	assert_int_equal(take("mirzo", NULL, 2), 0);
	assert_true(worker_units_has(&units, message_unit_id("nodira")));
	assert_int_equal(worker_units_take(&units, ends[0]), -EPROTO);
	assert_int_equal(worker_units_take(&units, -1), -EBADF);
	assert_true(worker_units_has(&units, message_unit_id("nodira")));
}

static void a_look_goes_to_systemd_alone(void **state)
{
	uint64_t id = message_unit_id("nodira");
	struct message message;

	(void)state;
	(void)take("nodira", NULL, 1);
	worker_units_look(&units, id);
	assert_int_equal(looked, id);
	looked = 0;
	plugins[3] = &other;
	worker_units_look(&units, id);
	assert_int_equal(looked, 0);
	worker_units_send(&units, ends[0]);
	assert_int_equal(heard(&message), 1);
	assert_int_equal(message.type, MESSAGE_UNIT);
	assert_int_equal(message.id, id);
	assert_int_equal(message.result, UNIT_NO_ANSWER | UNIT_LOOKED);
}

static void what_is_seen_of_a_unit_is_told(void **state)
{
	uint64_t id = message_unit_id("mirzo");
	struct message message;

	(void)state;
	(void)take("nodira", "mirzo", 1);
	worker_units_tell(&units, id, UNIT_ACTIVE, 77, "active");
	worker_units_tell_alive(&units, id, -ETIMEDOUT, "too slow");
	worker_units_tell(&units, 4711, UNIT_ACTIVE, 1, "not watched");
	worker_units_send(&units, ends[0]);
	assert_false(units.waits);
	assert_int_equal(heard(&message), 1);
	assert_int_equal(message.type, MESSAGE_UNIT);
	assert_int_equal(message.pid, 77);
	assert_string_equal(message.text, "active");
	assert_int_equal(heard(&message), 1);
	assert_int_equal(message.type, MESSAGE_ALIVE);
	assert_int_equal(message.result, -ETIMEDOUT);
	assert_int_equal(heard(&message), -EAGAIN);
}

static void a_plugin_may_tell_of_a_new_unit_at_once(void **state)
{
	struct message message;

	(void)state;
	tell_at_watch = true;
	(void)take("nodira", NULL, 1);
	worker_units_send(&units, ends[0]);
	assert_int_equal(heard(&message), 1);
	assert_string_equal(message.text, "new");
}

static void of_a_full_link_the_latest_state_waits_over_a_reload(void **state)
{
	uint64_t id = message_unit_id("mirzo");
	struct message message;

	(void)state;
	(void)take("nodira", "mirzo", 1);
	message_make(&message, MESSAGE_LINES, 0, 0, "");
	while (message_send(ends[0], &message, -1) == 0)
		;
	worker_units_tell(&units, id, UNIT_ACTIVE | UNIT_LOOKED, 1, "first");
	worker_units_send(&units, ends[0]);
	assert_true(units.waits);
	worker_units_tell(&units, id, UNIT_FAILED, 0, "last");
	worker_units_tell(&units, message_unit_id("nodira"), UNIT_ACTIVE, 1, "leaves the config");
	worker_units_send(&units, ends[0]);
	assert_int_equal(take("mirzo", "xtts", 2), 1);
	assert_true(units.waits);
	while (heard(&message) == 1)
		assert_int_equal(message.type, MESSAGE_LINES);
	worker_units_send(&units, ends[0]);
	assert_false(units.waits);
	assert_int_equal(heard(&message), 1);
	assert_int_equal(message.id, id);
	assert_int_equal(message.result, UNIT_FAILED | UNIT_LOOKED);
	assert_string_equal(message.text, "last");
	assert_int_equal(heard(&message), -EAGAIN);
}

static void a_text_too_long_is_cut(void **state)
{
	char text[2000];
	struct message message;

	(void)state;
	(void)take("nodira", NULL, 1);
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	worker_units_tell(&units, message_unit_id("nodira"), UNIT_ACTIVE, 1, text);
	worker_units_send(&units, ends[0]);
	assert_int_equal(heard(&message), 1);
	assert_int_equal(strlen(message.text), sizeof(message.text) - 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_plugin_gets_each_unit_with_its_texts),
		TEST(an_older_config_changes_nothing),
		TEST(a_look_goes_to_systemd_alone),
		TEST(what_is_seen_of_a_unit_is_told),
		TEST(a_plugin_may_tell_of_a_new_unit_at_once),
		TEST(of_a_full_link_the_latest_state_waits_over_a_reload),
		TEST(a_text_too_long_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
