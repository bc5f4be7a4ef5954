/* share: the ledger, the state page, messages: what survives, what is refused, what happens at a bound. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "share/ledger.h"
#include "share/message.h"
#include "share/request.h"
#include "share/state.h"

static int memory_file(void)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static struct ledger *open_ledger(int fd, const char *boot, bool expect_fresh)
{
	bool fresh = !expect_fresh;
	struct ledger *ledger = ledger_open(fd, boot, &fresh);

	assert_non_null(ledger);
	assert_int_equal(fresh, expect_fresh);
	return ledger;
}

static void what_is_open_in_the_ledger_is_found_by_the_next_process(void **state)
{
	int fd = memory_file();
	struct ledger *a = open_ledger(fd, "boot-1", true), *b;
	struct ledger_entry *entry = ledger_add(a, LEDGER_STEP);
	uint64_t id = entry->id;

	(void)state;
	assert_null(ledger_find(a, id)); /* not committed yet: a crash here leaves nothing half written */
	(void)snprintf(entry->unit, sizeof(entry->unit), "xtts");
	ledger_commit(entry);
	assert_non_null(ledger_mark(a, "xtts", STATE_MARK_STOPPED, "critical"));
	ledger_ladder(a, ledger_key("critical", ""))->firing = 7;
	b = open_ledger(fd, "boot-1", false);
	assert_string_equal(ledger_find(b, id)->unit, "xtts");
	assert_int_equal(ledger_mark_find(b, "xtts")->kind, STATE_MARK_STOPPED);
	assert_int_equal(ledger_ladder_find(b, ledger_key("critical", ""))->firing, 7);
	assert_true(ledger_add(b, LEDGER_ALERT)->id > id);
	(void)close(fd);
}

static void after_a_reboot_stopped_marks_stay_and_the_rest_is_gone(void **state)
{
	int fd = memory_file();
	struct ledger *a = open_ledger(fd, "boot-1", true);

	(void)state;
	ledger_commit(ledger_add(a, LEDGER_STEP));
	(void)ledger_mark(a, "xtts", STATE_MARK_STOPPED, "critical");
	(void)ledger_mark(a, "ice", STATE_MARK_FROZEN, "critical");
	(void)ledger_mark_cap(a, "xtts", "tight", 1 << 30, UINT64_MAX);
	(void)ledger_mark_cap(a, "bot", "tight", 1 << 30, UINT64_MAX);
	(void)ledger_ladder(a, 5);
	a = open_ledger(fd, "boot-2", false);
	assert_non_null(ledger_mark_find(a, "xtts"));
	assert_int_equal(ledger_mark_find(a, "xtts")->kind, STATE_MARK_STOPPED);
	assert_true(ledger_mark_find(a, "xtts")->cap_bytes == 0);
	assert_null(ledger_mark_find(a, "ice"));
	assert_null(ledger_mark_find(a, "bot"));
	assert_null(ledger_ladder_find(a, 5));
	assert_int_equal(a->entries[0].state, LEDGER_FREE);
	(void)close(fd);
}

static void what_units_need_is_the_same_on_every_boot(void **state)
{
	int fd = memory_file();
	struct ledger *a = open_ledger(fd, "boot-1", true);
	struct ledger_unit *row = ledger_unit(a, "bot");

	(void)state;
	*row = (struct ledger_unit){.hash = row->hash, .restarted_s = 5, .restarts = 3, .seen_s = 7, .peak_mib = 5100,
				    .vain = 2, .flags = LEDGER_UNIT_OWED | LEDGER_UNIT_RAN | LEDGER_UNIT_PURPOSE};
	a = open_ledger(fd, "boot-2", false);
	row = ledger_unit(a, "bot");
	assert_int_equal(row->flags, LEDGER_UNIT_OWED);
	assert_int_equal(row->peak_mib, 5100);
	assert_int_equal(row->vain, 2);
	assert_int_equal(row->restarts, 0);
	assert_int_equal(row->restarted_s, 0);
	assert_ptr_equal(ledger_unit_find(a, "bot"), row);
	assert_null(ledger_unit_find(a, "nobody"));
	(void)close(fd);
}

/* What the disk knows of an earlier one is for a ledger that began empty, and has not taken it yet. */
static void each_ledger_has_a_life_of_its_own_and_takes_what_lasted_once(void **state)
{
	int fd = memory_file();
	struct ledger *a = open_ledger(fd, "boot-1", true);
	uint64_t life = a->life;

	(void)state;
	assert_int_not_equal(life, 0);
	assert_int_equal(a->lasting_next, 0);
	a->lasting_next = 3;
	a = open_ledger(fd, "boot-1", false); /* a kill -9 */
	assert_int_equal(a->life, life);
	assert_int_equal(a->lasting_next, 3);
	a = open_ledger(fd, "boot-2", false); /* it lasted itself: the disk is older */
	assert_int_equal(a->life, life);
	assert_int_equal(a->lasting_next, LEDGER_LASTING_ALL);
	for (mono_ms at = 1; at < 1000; at += 37) { /* and the clock of people was never set */
		clock_turn(at, 1);
		a->version++;
		a = open_ledger(fd, "boot-2", true);
		assert_int_not_equal(a->life, life);
		assert_in_range(a->life, 1, INT64_MAX);
		life = a->life;
	}
	clock_turn(0, 0);
	assert_int_equal(a->lasting_next, 0);
	(void)close(fd);
}

static void a_mark_is_put_back_whole(void **state)
{
	struct ledger_mark mark = {.unit = "xtts", .kind = STATE_MARK_STOPPED, .rules = 2, .shed = 9, .at = 77,
				   .rule = {1, 2}, .thread = 8};
	int fd = memory_file();
	struct ledger *a = open_ledger(fd, "boot-1", true);

	(void)state;
	assert_memory_equal(ledger_mark_put(a, &mark), &mark, sizeof(mark));
	assert_int_equal(ledger_mark(a, "bot", STATE_MARK_STOPPED, "r")->shed, 10); /* later than all */
	assert_int_equal(ledger_mark(a, "bot", STATE_MARK_STOPPED, "s")->shed, 10);
	assert_int_equal(ledger_mark(a, "bot", STATE_MARK_FROZEN, "s")->shed, 11);
	for (int i = 2; i < MARKS_MAX; i++) {
		(void)snprintf(mark.unit, sizeof(mark.unit), "u%d", i);
		assert_non_null(ledger_mark_put(a, &mark));
	}
	(void)snprintf(mark.unit, sizeof(mark.unit), "more");
	assert_null(ledger_mark_put(a, &mark));
	(void)close(fd);
}

static void a_cap_lies_beside_what_else_was_done_to_a_unit(void **state)
{
	int fd = memory_file();
	struct ledger *a = open_ledger(fd, "boot-1", true);
	const struct ledger_mark *mark = ledger_mark_cap(a, "xtts", "tight", 2000, 5000);

	(void)state;
	assert_int_equal(mark->kind, STATE_MARK_CAPPED);
	assert_ptr_equal(ledger_mark_cap(a, "xtts", "tight", 1000, 2000), mark);
	assert_true(mark->cap_bytes == 1000 && mark->high_before == 5000); /* of the first of two */
	(void)ledger_mark(a, "xtts", STATE_MARK_STOPPED, "critical");
	assert_int_equal(mark->kind, STATE_MARK_STOPPED);
	assert_int_equal(mark->rules, 2);
	assert_true(ledger_is_marked(a, "xtts", STATE_MARK_STOPPED) && ledger_is_marked(a, "xtts", STATE_MARK_CAPPED));
	assert_false(ledger_is_marked(a, "xtts", STATE_MARK_FROZEN));
	(void)ledger_mark_cap(a, "xtts", "tight", 900, 1000);
	assert_int_equal(mark->kind, STATE_MARK_STOPPED);
	assert_int_equal(mark->shed, 2);
	ledger_unmark(a, "xtts");
	assert_int_equal(ledger_mark_find(a, "xtts")->kind, STATE_MARK_CAPPED);
	assert_int_equal(mark->shed, 1); /* it was capped first */
	ledger_uncap(a, "xtts");
	assert_null(ledger_mark_find(a, "xtts"));
	(void)ledger_mark(a, "bot", STATE_MARK_STOPPED, "critical");
	(void)ledger_mark_cap(a, "bot", "tight", 1000, 5000);
	ledger_uncap(a, "bot");
	assert_int_equal(ledger_mark_find(a, "bot")->kind, STATE_MARK_STOPPED);
	assert_false(ledger_is_marked(a, "bot", STATE_MARK_CAPPED));
	ledger_unmark(a, "bot");
	assert_null(ledger_mark_find(a, "bot"));
	(void)close(fd);
}

static void after_a_reboot_what_was_not_delivered_is_still_to_be(void **state)
{
	int fd = memory_file();
	struct ledger *a = open_ledger(fd, "boot-1", true);
	struct ledger_entry *entry = ledger_add(a, LEDGER_ALERT);
	uint64_t id = entry->id, next;

	(void)state;
	entry->wants = WITH_MESSENGER | WITH_ACTOR | WITH_SPOOL;
	entry->has = WITH_MESSENGER;
	entry->done = WITH_ACTOR;
	entry->taken = 1;
	ledger_commit(entry);
	entry->at_mono = UINT64_MAX; /* of that boot's clock */
	ledger_commit(ledger_add(a, LEDGER_STEP));
	(void)ledger_add(a, LEDGER_ALERT); /* not committed */
	next = a->next_id;
	a = open_ledger(fd, "boot-2", false);
	entry = ledger_find(a, id);
	assert_non_null(entry);
	assert_int_equal(entry->has, 0);
	assert_int_equal(entry->done, WITH_ACTOR);
	assert_int_equal(entry->taken, 0);
	assert_in_range(entry->at_mono, 1, clock_mono());
	for (int i = 0; i < ENTRIES_MAX; i++)
		assert_true(a->entries[i].id == id || a->entries[i].state == LEDGER_FREE);
	assert_int_equal(a->next_id, next);
	(void)close(fd);
}

/* Spools, mailboxes and receivers remember ids for longer than a ledger lives. */
static void ids_are_new_in_every_ledger_and_fit_a_number_of_json(void **state)
{
	static const struct {
		const char *boot;
		wall_ms wall;
	} rows[] = {
		{"boot-1", 1},             /* no clock was ever set */
		{"boot-2", 1577836800000}, /* 2020, to the ms */
		{"", 5},
		{"boot-1", 1577836800001},
		{"boot-1", 1577836800002},
		{"boot-1", 1769107081000},
		{"boot-1", 1769107081001}, /* the run directory was removed and it began anew, in the same second */
		{"boot-1", 8000000000000},
	};
	uint64_t ids[ARRAY_LEN(rows)];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int fd = memory_file();

		clock_turn(1000, rows[i].wall);
		ids[i] = ledger_take_id(open_ledger(fd, rows[i].boot, true));
		assert_in_range(ids[i], 1, (UINT64_C(1) << 53) - 1);
		for (size_t k = 0; k < i; k++)
			assert_true(ids[k] > ids[i] ? ids[k] - ids[i] >= 1024 : ids[i] - ids[k] >= 1024);
		(void)close(fd);
	}
	clock_turn(0, 0);
}

static void every_message_has_a_name(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < MESSAGE_TYPES; i++) {
		assert_non_null(message_name(i));
		for (uint32_t k = 0; k < i; k++)
			assert_string_not_equal(message_name(i), message_name(k));
	}
	assert_string_equal(message_name(MESSAGE_TYPES), "unknown");
}

static void a_ledger_of_another_version_or_torn_begins_empty(void **state)
{
	int fd = memory_file();
	struct ledger *a = open_ledger(fd, "boot-1", true);

	(void)state;
	(void)ledger_mark(a, "xtts", STATE_MARK_STOPPED, "critical");
	a->version++;
	a = open_ledger(fd, "boot-1", true);
	assert_null(ledger_mark_find(a, "xtts"));
	memset(a->marks, 'x', sizeof(a->marks)); /* no text ends: none may run on */
	a = open_ledger(fd, "boot-1", false);
	assert_int_equal(strlen(a->marks[0].unit), NAME_BYTES - 1);
	(void)close(fd);
}

static void marks_know_which_was_shed_last(void **state)
{
	int fd = memory_file();
	struct ledger *a = open_ledger(fd, "boot-1", true);
	uint32_t first, second;

	(void)state;
	first = ledger_mark(a, "xtts", STATE_MARK_STOPPED, "critical")->shed;
	second = ledger_mark(a, "nodira", STATE_MARK_FROZEN, "critical")->shed;
	assert_true(second > first);
	assert_int_equal(ledger_mark(a, "xtts", STATE_MARK_STOPPED, "last")->shed, first); /* found done */
	assert_true(ledger_mark(a, "xtts", STATE_MARK_FROZEN, "last")->shed > second);
	ledger_unmark(a, "nodira");
	assert_false(ledger_mark_has(&a->marks[1], "critical"));
	assert_true(ledger_mark_has(&a->marks[0], "last"));
	assert_true(ledger_mark(a, "mirzo", STATE_MARK_STOPPED, "last")->shed > a->marks[0].shed);
	(void)close(fd);
}

static void what_a_unit_needs_outlives_the_boot(void **state)
{
	int fd = memory_file();
	struct ledger *a = open_ledger(fd, "boot-1", true);
	struct ledger_unit *row = ledger_unit(a, "xtts");

	(void)state;
	row->peak_mib = 2000;
	row->vain = 2;
	row->restarts = 3;
	row->given_s = row->fits_s = row->restarted_s = 7;
	row->flags = LEDGER_UNIT_RAN;
	a = open_ledger(fd, "boot-2", false);
	row = ledger_unit(a, "xtts");
	assert_int_equal(row->peak_mib, 2000);
	assert_int_equal(row->vain, 2);
	assert_int_equal(row->restarts + row->given_s + row->fits_s + row->restarted_s + row->flags, 0);
	(void)close(fd);
}

static void a_ledger_that_was_made_larger_is_cut_to_size(void **state)
{
	int fd = memory_file();

	(void)state;
	assert_int_equal(ftruncate(fd, 2 * LEDGER_BYTES), 0);
	(void)open_ledger(fd, "boot-1", true);
	assert_non_null(ledger_map(fd));
	(void)close(fd);
}

static void a_full_ledger_merges_the_least_severe_oldest_alert_and_never_a_step(void **state)
{
	int fd = memory_file();
	struct ledger *a = open_ledger(fd, "", true);
	struct ledger_entry *entry;
	uint64_t least = 0;

	(void)state;
	for (int i = 0; i < ENTRIES_MAX; i++) {
		entry = ledger_add(a, i % 2 ? LEDGER_ALERT : LEDGER_STEP);
		entry->severity = i == 3 || i == 5 ? 1 : 3;
		least = i == 3 ? entry->id : least;
		ledger_commit(entry);
	}
	entry = ledger_add(a, LEDGER_STEP);
	assert_non_null(entry);
	assert_null(ledger_find(a, least));
	assert_int_equal(a->merged_alerts, 1);
	ledger_commit(entry);
	for (int i = 0; i < ENTRIES_MAX; i++)
		a->entries[i].kind = LEDGER_STEP;
	assert_null(ledger_add(a, LEDGER_ALERT));
	(void)close(fd);
}

/* Writes entries as fast as it can, each with its own letter throughout. */
static void write_and_free(struct ledger *ledger)
{
	for (unsigned i = 0;; i++) {
		struct ledger_entry *entry = ledger_add(ledger, LEDGER_ALERT);

		memset(entry->unit, (int)('a' + entry->id % 26), sizeof(entry->unit) - 1);
		memset(entry->text, (int)('a' + entry->id % 26), sizeof(entry->text) - 1);
		ledger_commit(entry);
		ledger_free(entry);
	}
}

static void a_copy_of_an_entry_is_whole_or_none(void **state)
{
	int fd = memory_file();
	struct ledger *ledger = open_ledger(fd, "", true);
	struct ledger_entry *entry = ledger_add(ledger, LEDGER_ALERT), copy;
	uint64_t id = entry->id, whole = 0, torn = 0;
	pid_t writer;

	(void)state;
	assert_false(request_copy_entry(&copy, entry, id)); /* not yet */
	ledger_commit(entry);
	assert_true(request_copy_entry(&copy, entry, id));
	ledger_free(entry);
	assert_false(request_copy_entry(&copy, entry, id));
	assert_ptr_equal(ledger_add(ledger, LEDGER_ALERT), entry);
	ledger_commit(entry);
	assert_false(request_copy_entry(&copy, entry, id)); /* another's now */
	ledger_free(entry);
	writer = fork();
	if (writer == 0)
		write_and_free(ledger);
	for (mono_ms end = clock_mono() + 500, late = end + 30000, now = 0; now < end || (whole == 0 && now < late);) {
		now = clock_mono();
		id = *(const volatile uint64_t *)&entry->id;
		if (id == 0 || !request_copy_entry(&copy, entry, id))
			continue;
		whole++;
		torn += copy.unit[0] != (char)('a' + id % 26) || copy.text[0] != copy.unit[0] ||
			copy.text[sizeof(copy.text) - 2] != copy.unit[0];
	}
	(void)kill(writer, SIGKILL);
	(void)waitpid(writer, NULL, 0);
	assert_true(whole > 0);
	assert_int_equal(torn, 0);
	ledger_close(ledger);
	(void)close(fd);
}

static void marks_carry_each_rule_once_and_end_at_their_bound(void **state)
{
	int fd = memory_file();
	struct ledger *a = open_ledger(fd, "", true);
	char name[NAME_BYTES];

	(void)state;
	for (int i = 0; i < MARK_RULES_MAX + 3; i++) {
		(void)snprintf(name, sizeof(name), "rule%d", i / 2);
		assert_non_null(ledger_mark(a, "u", STATE_MARK_STOPPED, name));
	}
	assert_int_equal(ledger_mark_find(a, "u")->rules, (MARK_RULES_MAX + 3 + 1) / 2);
	for (int i = 1; i < MARKS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "unit%d", i);
		assert_non_null(ledger_mark(a, name, STATE_MARK_STOPPED, "r"));
	}
	assert_null(ledger_mark(a, "one-more", STATE_MARK_STOPPED, "r"));
	ledger_unmark(a, "unit5");
	assert_null(ledger_mark_find(a, "unit5"));
	assert_non_null(ledger_mark(a, "one-more", STATE_MARK_STOPPED, "r"));
	(void)close(fd);
}

static void an_idle_ladder_gives_way_and_a_firing_one_does_not(void **state)
{
	int fd = memory_file();
	struct ledger *a = open_ledger(fd, "", true);

	(void)state;
	for (uint64_t i = 1; i <= LADDERS_MAX; i++) {
		ledger_ladder(a, i)->firing = i == 9 ? 0 : i;
		ledger_ladder(a, i)->since = i;
	}
	assert_non_null(ledger_ladder(a, 100000));
	assert_null(ledger_ladder_find(a, 9));
	ledger_ladder(a, 100000)->firing = 1;
	assert_null(ledger_ladder(a, 100001));
	(void)close(fd);
}

static void a_state_page_is_copied_whole_or_said_to_be_torn(void **state)
{
	int fd = memory_file();
	struct state *page = state_create(fd);
	static struct state copy;

	(void)state;
	state_write_begin(page);
	page->looks = 5;
	state_add_action(page, 1, "r", NULL, "first");
	state_add_action(page, 1, NULL, "u", "second");
	state_write_end(page);
	assert_true(state_copy(state_map(fd), &copy));
	assert_int_equal(copy.looks, 5);
	assert_string_equal(copy.actions[2].text, "second");
	state_write_begin(page);
	assert_false(state_copy(page, &copy));
	state_write_end(page);
	page->version++;
	assert_null(state_map(fd));
	assert_int_equal(errno, EPROTO);
	(void)close(fd);
}

static void of_a_state_page_of_anybody_all_texts_end(void **state)
{
	static struct state page, copy;

	(void)state;
	memset(&page, 0xff, sizeof(page));
	(void)state_copy(&page, &copy);
	assert_int_equal(copy.units, UNITS_MAX);
	assert_int_equal(copy.rules, INSTANCES_MAX);
#define ENDS(array) assert_non_null(memchr((array), '\0', sizeof(array)))
	ENDS(copy.boot_id);
	ENDS(copy.config_path);
	ENDS(copy.blind);
	ENDS(copy.unit[UNITS_MAX - 1].name);
	ENDS(copy.unit[UNITS_MAX - 1].main_comm);
	ENDS(copy.unit[UNITS_MAX - 1].watched_comm);
	ENDS(copy.unit[UNITS_MAX - 1].parent_comm);
	ENDS(copy.unit[UNITS_MAX - 1].died_text);
	ENDS(copy.rule[INSTANCES_MAX - 1].rule);
	ENDS(copy.rule[INSTANCES_MAX - 1].unit);
	ENDS(copy.actions[STATE_ACTIONS - 1].rule);
	ENDS(copy.actions[STATE_ACTIONS - 1].unit);
	ENDS(copy.actions[STATE_ACTIONS - 1].text);
#undef ENDS
}

/* A reader has it mapped while the sentinel is started again. */
static void a_state_page_is_emptied_under_its_readers(void **state)
{
	int fd = memory_file();
	struct state *page = state_create(fd);
	const struct state *reader = state_map(fd);
	struct stat st;

	(void)state;
	state_write_begin(page); /* killed in the middle of a write */
	page->looks = 5;
	assert_non_null(state_create(fd));
	assert_int_equal(reader->looks, 0);
	assert_int_equal(reader->sequence, 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, sizeof(*page));
	(void)close(fd);
}

static void messages_that_break_the_rules_are_dropped(void **state)
{
	struct message good, got;
	int pair[2], fd;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	assert_int_equal(message_receive(pair[1], &got, NULL), -EAGAIN);
	message_make(&good, MESSAGE_DONE, 42, -EIO, "seen");
	assert_int_equal(message_send(pair[0], &good, pair[0]), 0);
	assert_int_equal(message_receive(pair[1], &got, &fd), 1);
	assert_int_equal(got.id, 42);
	assert_int_equal(got.result, -EIO);
	assert_true(fd >= 0);
	(void)close(fd);
	for (int i = 0; i < 4; i++) {
		struct message bad = good;
		size_t size = sizeof(bad);

		bad.version += i == 0;
		bad.type = i == 1 ? MESSAGE_TYPES : bad.type;
		if (i == 2)
			memset(bad.text, 'x', sizeof(bad.text));
		size -= i == 3;
		assert_int_equal(send(pair[0], &bad, size, 0), size);
		assert_int_equal(message_receive(pair[1], &got, NULL), -EPROTO);
	}
	assert_int_equal(send(pair[0], "", 0, 0), 0); /* it is not the end */
	assert_int_equal(message_receive(pair[1], &got, NULL), -EPROTO);
	assert_int_equal(message_send(pair[0], &good, -1), 0);
	assert_int_equal(message_receive(pair[1], &got, NULL), 1);
	(void)close(pair[0]);
	assert_int_equal(message_receive(pair[1], &got, NULL), 0);
	(void)close(pair[1]);
}

static void a_descriptor_with_an_empty_message_is_not_kept(void **state)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec part = {.iov_base = NULL, .iov_len = 0};
	struct msghdr head = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room,
			      .msg_controllen = sizeof(control.room)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&head);
	int pair[2], before, after, along;
	struct message got;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &pair[0], sizeof(int));
	before = dup(STDIN_FILENO);
	(void)close(before);
	assert_int_equal(sendmsg(pair[0], &head, 0), 0);
	assert_int_equal(message_receive(pair[1], &got, &along), -EPROTO);
	assert_int_equal(along, -1);
	after = dup(STDIN_FILENO);
	(void)close(after);
	assert_int_equal(before, after);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_open_in_the_ledger_is_found_by_the_next_process),
		cmocka_unit_test(after_a_reboot_stopped_marks_stay_and_the_rest_is_gone),
		cmocka_unit_test(what_units_need_is_the_same_on_every_boot),
		cmocka_unit_test(each_ledger_has_a_life_of_its_own_and_takes_what_lasted_once),
		cmocka_unit_test(a_mark_is_put_back_whole),
		cmocka_unit_test(a_cap_lies_beside_what_else_was_done_to_a_unit),
		cmocka_unit_test(after_a_reboot_what_was_not_delivered_is_still_to_be),
		cmocka_unit_test(ids_are_new_in_every_ledger_and_fit_a_number_of_json),
		cmocka_unit_test(every_message_has_a_name),
		cmocka_unit_test(a_ledger_of_another_version_or_torn_begins_empty),
		cmocka_unit_test(marks_know_which_was_shed_last),
		cmocka_unit_test(what_a_unit_needs_outlives_the_boot),
		cmocka_unit_test(a_ledger_that_was_made_larger_is_cut_to_size),
		cmocka_unit_test(a_full_ledger_merges_the_least_severe_oldest_alert_and_never_a_step),
		cmocka_unit_test(a_copy_of_an_entry_is_whole_or_none),
		cmocka_unit_test(marks_carry_each_rule_once_and_end_at_their_bound),
		cmocka_unit_test(an_idle_ladder_gives_way_and_a_firing_one_does_not),
		cmocka_unit_test(a_state_page_is_copied_whole_or_said_to_be_torn),
		cmocka_unit_test(of_a_state_page_of_anybody_all_texts_end),
		cmocka_unit_test(a_state_page_is_emptied_under_its_readers),
		cmocka_unit_test(messages_that_break_the_rules_are_dropped),
		cmocka_unit_test(a_descriptor_with_an_empty_message_is_not_kept),
	};

	return cmocka_run_group_tests_name("share", tests, NULL, NULL);
}
