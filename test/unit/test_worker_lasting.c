/* What outlives a restart of the host, in the scribe: the test as the sentinel at the other end of the link, and as the
 * plugin that has the disk. */
#include <errno.h>
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
#include "decide/ladder.h"
#include "make_config.h"
#include "start/worker_lasting.h"

enum { XTTS, BOT, ICE };

static struct worker_lasting lasting;
static struct ledger *ledger;
static struct config *config;
static int ends[2]; /* the scribe's, the sentinel's */
static mono_ms now;

/* The disk. */
static struct {
	struct lasting row[LASTING_MAX];
	size_t count;
	struct lasting_of of;
	int writes;
	bool no_memory;
} disk;

static int disk_keep(const struct lasting_of *of, const struct lasting *rows, size_t count)
{
	if (disk.no_memory)
		return -ENOMEM;
	disk.of = *of;
	disk.count = count;
	if (count > 0)
		memcpy(disk.row, rows, count * sizeof(*rows));
	disk.writes++;
	return 0;
}

static const struct plugin plugin = {.name = "spool", .keep_lasting = disk_keep};

static void a_scribe_begins(void)
{
	worker_lasting_close(&lasting, NULL);
	worker_lasting_init(&lasting, ledger, &plugin);
}

static void disk_is_read(void)
{
	static struct lasting rows[LASTING_MAX];
	struct lasting_of of = disk.of;

	memcpy(rows, disk.row, sizeof(rows));
	worker_lasting_read(&lasting, &of, rows, disk.count);
}

static void new_ledger(const char *boot_id)
{
	int fd = memfd_create("ledger", MFD_CLOEXEC);
	bool fresh;

	if (ledger != NULL)
		ledger_close(ledger);
	ledger = ledger_open(fd, boot_id, &fresh);
	assert_non_null(ledger);
	assert_true(fresh);
	(void)close(fd);
}

static int set_up(void **state)
{
	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
	make_begin();
	(void)make_unit("xtts", CONFIG_NONE);
	(void)make_unit("bot", CONFIG_NONE);
	(void)make_unit("ice", CONFIG_NONE);
	make_rule("tight")->severity = SEVERITY_WARNING;
	(void)make_event_rule("oom", EVENT_OOM_KILL, (const uint32_t[]){BOT}, 1);
	config = make_done();
	now = 100000;
	clock_turn(now, 1769107081000);
	memset(&disk, 0, sizeof(disk));
	new_ledger("boot-1");
	worker_lasting_init(&lasting, ledger, &plugin);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	worker_lasting_close(&lasting, NULL);
	ledger_close(ledger);
	ledger = NULL;
	(void)close(ends[0]);
	(void)close(ends[1]);
	free(config);
	clock_turn(0, 0);
	return 0;
}

static int turn(uint32_t ms)
{
	now += ms;
	clock_turn(now, 1769107081000 + now);
	return worker_lasting_turn(&lasting, ends[0], config, now);
}

/* As the sentinel: take what came, `most` of it, those that are next; how many came. */
static int take(int most, struct lasting *rows)
{
	struct message message;
	int came = 0;

	while (came < most && message_receive(ends[1], &message, NULL) == 1) {
		assert_int_equal(message.type, MESSAGE_LASTING);
		came++;
		if (message.id != ledger->lasting_next)
			continue;
		if (message.result == 0) {
			ledger->lasting_next = LEDGER_LASTING_ALL;
			continue;
		}
		assert_true(lasting_take(&rows[message.id], &message));
		ledger->lasting_next++;
	}
	return came;
}

/* An empty disk and its sentinel: from here on it is followed. */
static void follow(void)
{
	struct lasting none[1];

	disk_is_read();
	(void)turn(0);
	assert_int_equal(take(10, none), 1);
	(void)turn(0);
	assert_int_equal(disk.writes, 1);
	assert_int_equal(disk.count, 0);
	assert_int_equal(disk.of.life, ledger->life);
	assert_string_equal(disk.of.boot_id, ledger->boot_id);
}

static void change(void)
{
	worker_lasting_changed(&lasting);
	(void)turn(10);
}

static struct ledger_ladder *fire(const char *rule, const char *unit, uint64_t thread)
{
	struct ledger_ladder *ladder = ledger_ladder(ledger, ledger_key(rule, unit));

	ladder->firing = 1;
	ladder->flags = LADDER_SAID;
	ladder->thread = thread;
	ladder->began = now;
	return ladder;
}

static void nothing_is_written_before_the_disk_was_read(void **state)
{
	(void)state;
	assert_non_null(ledger_mark(ledger, "xtts", STATE_MARK_STOPPED, "tight"));
	worker_lasting_changed(&lasting);
	assert_int_equal(turn(0), -1);
	assert_int_equal(disk.writes, 0);
}

static void marks_are_written_as_they_change(void **state)
{
	(void)state;
	follow();
	assert_non_null(ledger_mark(ledger, "xtts", STATE_MARK_STOPPED, "tight"));
	assert_non_null(ledger_mark(ledger, "xtts", STATE_MARK_STOPPED, "oom"));
	assert_non_null(ledger_mark(ledger, "ice", STATE_MARK_FROZEN, "tight"));
	assert_non_null(ledger_mark_cap(ledger, "bot", "tight", 1 << 30, UINT64_MAX)); /* ends with the boot */
	ledger_unit(ledger, "xtts")->flags |= LEDGER_UNIT_OWED | LEDGER_UNIT_RAN;
	ledger_mark(ledger, "ice", STATE_MARK_FROZEN, "tight")->target = 77;
	change();
	assert_int_equal(disk.writes, 2);
	assert_int_equal(disk.count, 2);
	assert_int_equal(disk.row[0].target, 77);
	assert_string_equal(disk.row[0].unit, "ice");
	assert_int_equal(disk.row[0].mark, STATE_MARK_FROZEN);
	assert_int_equal(disk.row[0].owed, 0);
	assert_string_equal(disk.row[1].unit, "xtts");
	assert_int_equal(disk.row[1].mark, STATE_MARK_STOPPED);
	assert_int_equal(disk.row[1].owed, 1);
	assert_int_equal(disk.row[1].rules, 2);
	assert_int_equal(disk.row[1].rule_hash[1], ledger_hash("oom"));
	assert_int_equal(disk.row[1].at, ledger_mark_find(ledger, "xtts")->at);
	change(); /* told, and nothing is another */
	assert_int_equal(disk.writes, 2);
	ledger_unmark(ledger, "xtts");
	change();
	assert_int_equal(disk.writes, 3);
	assert_int_equal(disk.count, 1);
}

static void a_mark_that_is_just_being_written_is_none_yet(void **state)
{
	(void)state;
	follow();
	assert_non_null(ledger_mark(ledger, "xtts", STATE_MARK_NONE, "tight"));
	memset(ledger->marks[1].unit, 'a', sizeof(ledger->marks[1].unit));
	ledger->marks[1].kind = STATE_MARK_STOPPED;
	ledger->marks[1].rules = UINT16_MAX;
	change();
	assert_int_equal(disk.count, 1);
	assert_int_equal(strlen(disk.row[0].unit), NAME_BYTES - 1);
	assert_int_equal(disk.row[0].rules, MARK_RULES_MAX);
}

static void a_restart_that_has_not_started_its_unit_owes_that(void **state)
{
	struct ledger_entry *entry;

	(void)state;
	follow();
	entry = ledger_add(ledger, LEDGER_STEP);
	entry->step_verb = VERB_RESTART;
	entry->verb = VERB_STOP;
	memcpy(entry->unit, "bot", 4);
	memcpy(entry->rule, "oom", 4);
	change();
	assert_int_equal(disk.count, 0); /* not open yet */
	ledger_commit(entry);
	change();
	assert_int_equal(disk.count, 1);
	assert_string_equal(disk.row[0].unit, "bot");
	assert_int_equal(disk.row[0].mark, STATE_MARK_STOPPED);
	assert_int_equal(disk.row[0].owed, 1);
	assert_int_equal(disk.row[0].rule_hash[0], ledger_hash("oom"));
	entry->verb = VERB_START;
	change();
	assert_int_equal(disk.count, 0);
	entry->verb = VERB_STOP;
	assert_non_null(ledger_mark(ledger, "bot", STATE_MARK_STOPPED, "tight"));
	change();
	assert_int_equal(disk.count, 1); /* one for each unit */
	assert_int_equal(disk.row[0].rule_hash[0], ledger_hash("tight"));
}

static void what_units_used_is_written_once_a_minute(void **state)
{
	int wait_ms;

	(void)state;
	follow();
	ledger_unit(ledger, "bot")->peak_mib = 1000;
	ledger_unit(ledger, "gone")->peak_mib = 1000; /* the config has none of that name */
	change();
	assert_int_equal(disk.writes, 2);
	assert_int_equal(disk.count, 1);
	assert_int_equal(disk.row[0].peak_mib, 1000);
	ledger_unit(ledger, "bot")->peak_mib = 2000;
	change();
	assert_int_equal(disk.writes, 2);
	wait_ms = turn(0);
	assert_in_range(wait_ms, 1, 60000);
	(void)turn((uint32_t)wait_ms);
	assert_int_equal(disk.writes, 3);
	assert_int_equal(disk.row[0].peak_mib, 2000);
	assert_int_equal(turn(0), 60000);
	(void)turn(60000);
	assert_int_equal(disk.writes, 3);
}

static void alerts_that_are_open_are_written_with_their_thread(void **state)
{
	struct ledger_ladder *oom;

	(void)state;
	follow();
	(void)fire("tight", "", 70);
	oom = fire("oom", "bot", 80);
	(void)fire("gone", "", 90);
	fire("oom", "", 95)->flags = 0; /* nobody was told */
	oom->flags |= LADDER_CRITICAL;
	change();
	assert_int_equal(disk.count, 2);
	assert_string_equal(disk.row[0].rule, "tight");
	assert_string_equal(disk.row[0].unit, "");
	assert_int_equal(disk.row[0].thread, 70);
	assert_int_equal(disk.row[0].severity, SEVERITY_WARNING);
	assert_int_equal(disk.row[0].at, clock_wall() - 10);
	assert_string_equal(disk.row[1].unit, "bot");
	assert_int_equal(disk.row[1].severity, SEVERITY_CRITICAL);
	change(); /* later, and it has gone on for longer */
	assert_int_equal(disk.writes, 2);
	oom->firing = 0;
	change();
	assert_int_equal(disk.count, 1);
}

static void a_disk_of_this_ledger_is_followed_at_once(void **state)
{
	struct message message;

	(void)state;
	follow();
	assert_non_null(ledger_mark(ledger, "xtts", STATE_MARK_STOPPED, "tight"));
	change();
	a_scribe_begins();
	disk_is_read();
	(void)turn(0);
	assert_int_equal(disk.writes, 2); /* as it is */
	ledger_unmark(ledger, "xtts");    /* while no scribe was there */
	a_scribe_begins();
	disk_is_read();
	(void)turn(0);
	assert_int_equal(disk.writes, 3);
	assert_int_equal(disk.count, 0);
	assert_int_equal(message_receive(ends[1], &message, NULL), -EAGAIN);
}

/* xtts stopped, ice frozen, bot's peak, an alert open: then the host is restarted. */
static void before_and_reboot(const char *boot_id)
{
	follow();
	assert_non_null(ledger_mark(ledger, "xtts", STATE_MARK_STOPPED, "tight"));
	assert_non_null(ledger_mark(ledger, "ice", STATE_MARK_FROZEN, "tight"));
	ledger_unit(ledger, "bot")->peak_mib = 1000;
	(void)fire("tight", "", 70);
	change();
	assert_int_equal(disk.count, 4);
	disk.writes = 0;
	clock_turn(now, 1769107081000 + now + 5);
	new_ledger(boot_id);
	a_scribe_begins();
	disk_is_read();
}

static void another_ledger_gets_what_the_disk_has_before_that_is_written_over(void **state)
{
	struct lasting rows[LASTING_MAX];

	(void)state;
	before_and_reboot("boot-2");
	worker_lasting_changed(&lasting);
	assert_int_equal(turn(0), 1000);
	assert_int_equal(take(3, rows), 3);
	(void)turn(10);
	assert_int_equal(disk.writes, 0); /* not all is taken yet */
	assert_int_equal(take(10, rows), 1);
	assert_string_equal(rows[0].unit, "xtts"); /* what was frozen is not any more */
	assert_int_equal(rows[0].rebooted, 1);
	assert_string_equal(rows[1].unit, "bot");
	assert_int_equal(rows[2].thread, 70);
	(void)turn(10);
	assert_int_equal(disk.writes, 1);
	assert_int_equal(disk.of.life, ledger->life);
	assert_string_equal(disk.of.boot_id, "boot-2");
	assert_int_equal(disk.count, 0); /* the sentinel of this test has put nothing back */
}

static void on_the_same_boot_what_is_frozen_is_given_too(void **state)
{
	struct lasting rows[LASTING_MAX];

	(void)state;
	before_and_reboot("boot-1");
	(void)turn(0);
	assert_int_equal(take(10, rows), 5);
	assert_string_equal(rows[0].unit, "ice");
	assert_int_equal(rows[0].rebooted, 0);
}

static void a_scribe_that_is_killed_gives_the_rest_alone(void **state)
{
	struct lasting rows[LASTING_MAX];

	(void)state;
	before_and_reboot("boot-2");
	(void)turn(0);
	assert_int_equal(take(2, rows), 2);
	a_scribe_begins();
	disk_is_read();
	memset(rows, 0, sizeof(rows));
	(void)turn(0);
	(void)take(10, rows);
	assert_int_equal(ledger->lasting_next, LEDGER_LASTING_ALL);
	assert_string_equal(rows[0].unit, ""); /* passed over when it came again */
	assert_int_equal(rows[2].thread, 70);
	a_scribe_begins(); /* and once more, before it has written */
	disk_is_read();
	(void)turn(0);
	assert_int_equal(take(10, rows), 0);
	assert_int_equal(disk.writes, 1);
}

static void what_a_sentinel_had_in_hand_when_it_was_killed_is_given_again(void **state)
{
	struct lasting rows[LASTING_MAX];
	struct message message;

	(void)state;
	before_and_reboot("boot-2");
	(void)turn(0);
	while (message_receive(ends[1], &message, NULL) == 1)
		;
	assert_int_equal(turn(500), 1000);
	assert_int_equal(take(10, rows), 0);
	(void)turn(600);
	assert_int_equal(take(10, rows), 4);
	assert_int_equal(ledger->lasting_next, LEDGER_LASTING_ALL);
}

static void more_than_the_link_holds_is_given_as_it_is_read(void **state)
{
	static struct lasting rows[LASTING_MAX];
	int came = 0;

	(void)state;
	for (size_t i = 0; i < LASTING_MAX; i++) {
		disk.row[i] = (struct lasting){.kind = LASTING_UNIT, .unit = "bot", .peak_mib = (uint32_t)i};
		disk.row[i].unit[0] = (char)('a' + i % 26);
	}
	disk.count = LASTING_MAX;
	disk.of.life = 1;
	disk_is_read();
	assert_int_equal(turn(0), 100);
	for (int i = 0; i < 100 && ledger->lasting_next != LEDGER_LASTING_ALL; i++) {
		came += take(100, rows);
		(void)turn(100);
	}
	assert_int_equal(came, LASTING_MAX + 1);
	assert_int_equal(rows[LASTING_MAX - 1].peak_mib, LASTING_MAX - 1);
}

static void a_disk_that_is_older_than_a_ledger_that_lasted_is_written_over(void **state)
{
	struct lasting rows[LASTING_MAX];

	(void)state;
	before_and_reboot("boot-2");
	ledger->lasting_next = LEDGER_LASTING_ALL; /* as ledger_open leaves one that outlived its boot */
	assert_non_null(ledger_mark(ledger, "bot", STATE_MARK_STOPPED, "oom"));
	(void)turn(0);
	assert_int_equal(take(10, rows), 0);
	assert_int_equal(disk.writes, 1);
	assert_int_equal(disk.count, 1);
	assert_string_equal(disk.row[0].unit, "bot");
}

static void of_a_dry_run_nothing_lasts(void **state)
{
	(void)state;
	ledger->life = 0;
	a_scribe_begins();
	disk_is_read();
	assert_int_equal(turn(0), -1);
	change();
	worker_lasting_close(&lasting, config);
	assert_int_equal(disk.writes, 0);
}

static void a_scribe_that_is_told_to_end_writes_what_was_not_yet(void **state)
{
	(void)state;
	follow();
	assert_non_null(ledger_mark(ledger, "xtts", STATE_MARK_STOPPED, "tight"));
	worker_lasting_close(&lasting, config);
	assert_int_equal(disk.writes, 2);
	assert_int_equal(disk.count, 1);
	worker_lasting_close(&lasting, config);
	assert_int_equal(disk.writes, 2);
}

static void what_found_no_memory_is_written_later(void **state)
{
	(void)state;
	follow();
	assert_non_null(ledger_mark(ledger, "xtts", STATE_MARK_STOPPED, "tight"));
	disk.no_memory = true;
	change();
	assert_int_equal(disk.writes, 1);
	disk.no_memory = false;
	(void)turn(60000);
	assert_int_equal(disk.writes, 2);
	assert_int_equal(disk.count, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_written_before_the_disk_was_read),
		TEST(marks_are_written_as_they_change),
		TEST(a_mark_that_is_just_being_written_is_none_yet),
		TEST(a_restart_that_has_not_started_its_unit_owes_that),
		TEST(what_units_used_is_written_once_a_minute),
		TEST(alerts_that_are_open_are_written_with_their_thread),
		TEST(a_disk_of_this_ledger_is_followed_at_once),
		TEST(another_ledger_gets_what_the_disk_has_before_that_is_written_over),
		TEST(on_the_same_boot_what_is_frozen_is_given_too),
		TEST(a_scribe_that_is_killed_gives_the_rest_alone),
		TEST(what_a_sentinel_had_in_hand_when_it_was_killed_is_given_again),
		TEST(more_than_the_link_holds_is_given_as_it_is_read),
		TEST(a_disk_that_is_older_than_a_ledger_that_lasted_is_written_over),
		TEST(of_a_dry_run_nothing_lasts),
		TEST(a_scribe_that_is_told_to_end_writes_what_was_not_yet),
		TEST(what_found_no_memory_is_written_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
