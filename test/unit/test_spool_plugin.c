/* plugins/spool.c, driven through its ABI over real SQLite files: what is confirmed is on the disk, what is
 * bounded gives way in order, and a disk that fails in any way stops nothing. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "plugin_driver.h"
#include "share/delivery.h"
#include "share/ledger.h"
#include "share/spool.h"

extern const struct plugin plugin;

enum { SENT_MAX = 8192, WALL = 1769107081 };

static char dir[64], path[96];

/* What came to the two deliverers, and to who asked to keep. */
static struct {
	struct delivery *sent; /* SENT_MAX */
	unsigned to[SENT_MAX];
	int sents;
	unsigned room[WITH_MESSENGER + 1]; /* so many messages each deliverer takes now */
	struct {
		uint64_t id;
		int result;
		char text[256];
	} kept[4096];
	int kepts;
	char log[16][512];
	int logs;
	int syncs;             /* fdatasync(2) since the process began */
	int syncs_at_keep;     /* then, when something was asked */
	bool check_syncs;
} seen;

/* --- the disk, as SQLite sees it --- */

int fdatasync(int fd)
{
	seen.syncs++;
	return (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
	seen.syncs++;
	return (int)syscall(SYS_fsync, fd);
}

static int write_error; /* of each pwrite(2) by SQLite; 0: none */

static ssize_t failing_pwrite(int fd, const void *bytes, size_t n, off_t at)
{
	if (write_error != 0) {
		errno = write_error;
		return -1;
	}
	return pwrite(fd, bytes, n, at);
}

/* --- the host --- */

static void host_kept(uint64_t id, int result, const char *text)
{
	if (seen.check_syncs && result == 0)
		assert_true(seen.syncs > seen.syncs_at_keep);
	assert_true(seen.kepts < (int)ARRAY_LEN(seen.kept));
	seen.kept[seen.kepts].id = id;
	seen.kept[seen.kepts].result = result;
	(void)snprintf(seen.kept[seen.kepts++].text, sizeof(seen.kept[0].text), "%s", text);
}

static int host_deliver(unsigned deliverer, const struct delivery *delivery)
{
	assert_true(deliverer == WITH_ACTOR || deliverer == WITH_MESSENGER);
	if (seen.room[deliverer] == 0)
		return 0;
	seen.room[deliverer]--;
	assert_true(seen.sents < SENT_MAX);
	seen.to[seen.sents] = deliverer;
	seen.sent[seen.sents++] = *delivery;
	return 1;
}

static void host_log(int level, const char *text)
{
	(void)level;
	(void)snprintf(seen.log[seen.logs++ % 16], sizeof(seen.log[0]), "%s", text);
}

static const struct plugin_host *host(void)
{
	static struct plugin_host all;

	all = *driver_host();
	all.log = host_log;
	all.kept = host_kept;
	all.deliver = host_deliver;
	return &all;
}

static bool logged(const char *text)
{
	for (int i = 0; i < 16; i++)
		if (strstr(seen.log[i], text) != NULL)
			return true;
	return false;
}

static void forget(void)
{
	seen.sents = seen.kepts = seen.logs = 0;
	memset(seen.log, 0, sizeof(seen.log));
	seen.room[WITH_ACTOR] = seen.room[WITH_MESSENGER] = UINT32_MAX;
}

static void turn(void)
{
	int timeout_ms = -1;

	(void)plugin.prepare(NULL, 0, &timeout_ms);
	plugin.dispatch(NULL, 0);
}

static void begin(void)
{
	assert_int_equal(plugin.open(host()), 0);
	plugin.spool_open(dir);
}

static void begin_again(void)
{
	plugin.close();
	begin();
	turn();
}

/* Later, by both clocks. */
static void pass(uint64_t ms)
{
	clock_turn(clock_mono() + ms, clock_wall() + ms);
}

static int set_up(void **state)
{
	(void)state;
	strcpy(dir, "/dev/shm/test-spool-XXXXXX");
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/" SPOOL_FILE, dir);
	if (seen.sent == NULL)
		seen.sent = calloc(SENT_MAX, sizeof(*seen.sent));
	clock_turn(100000000, (wall_ms)WALL * 1000);
	write_error = 0;
	forget();
	begin();
	return 0;
}

static void remove_dir(void)
{
	DIR *d = opendir(dir);
	struct dirent *entry;

	while (d != NULL && (entry = readdir(d)) != NULL)
		(void)unlinkat(dirfd(d), entry->d_name, 0);
	(void)closedir(d);
	(void)rmdir(dir);
}

static int tear_down(void **state)
{
	(void)state;
	write_error = 0;
	plugin.close();
	remove_dir();
	clock_turn(0, 0);
	return 0;
}

/* --- words --- */

static struct delivery_alert alert_of(uint64_t id, uint32_t severity)
{
	struct delivery_alert a = {.id = id, .thread = id - id % 10, .at = (wall_ms)WALL * 1000 + id, .told = TOLD_ALERT,
				   .severity = severity};

	(void)snprintf(a.rule, sizeof(a.rule), "oom");
	(void)snprintf(a.unit, sizeof(a.unit), "nodira");
	(void)snprintf(a.event, sizeof(a.event), "oom-kill");
	(void)snprintf(a.title, sizeof(a.title), "title of %d '); DROP TABLE alerts; --", (int)id);
	(void)snprintf(a.text, sizeof(a.text), "text\xff\r\n\x1b[2J of %d", (int)id);
	return a;
}

static void ask_keep(uint64_t id, uint32_t severity, unsigned wants)
{
	struct delivery_alert a = alert_of(id, severity);

	seen.syncs_at_keep = seen.syncs;
	plugin.keep(&a, wants);
}

static int kept_result(uint64_t id)
{
	for (int i = seen.kepts; i-- > 0;)
		if (seen.kept[i].id == id)
			return seen.kept[i].result;
	return 1; /* no answer */
}

static void keep(uint64_t id, uint32_t severity, unsigned wants)
{
	ask_keep(id, severity, wants);
	turn();
	assert_int_equal(kept_result(id), 0);
}

static uint64_t next_number;

static uint64_t report(unsigned who, uint64_t id, const char *channel, enum delivery_state how, uint32_t attempts)
{
	struct delivery d;

	delivery_make(&d, channel != NULL ? DELIVERY_ROW : DELIVERY_DONE, id);
	d.number = ++next_number;
	if (channel != NULL) {
		(void)snprintf(d.row.channel, sizeof(d.row.channel), "%s", channel);
		(void)snprintf(d.row.why, sizeof(d.row.why), "why %u", attempts);
		d.row.state = (uint8_t)how;
		d.row.attempts = attempts;
		d.row.next_at = how == DELIVERY_WAITING ? (wall_ms)WALL * 1000 + 60000 : 0;
	}
	plugin.on_delivery(who, &d);
	return next_number;
}

static bool confirmed(uint64_t number)
{
	for (int i = 0; i < seen.sents; i++)
		if (seen.sent[i].type == DELIVERY_KEPT && seen.sent[i].number == number)
			return true;
	return false;
}

static void done(unsigned who, uint64_t id)
{
	uint64_t number = report(who, id, NULL, 0, 0);

	turn();
	assert_true(confirmed(number));
}

static void row(unsigned who, uint64_t id, const char *channel, enum delivery_state how, uint32_t attempts)
{
	uint64_t number = report(who, id, channel, how, attempts);

	turn();
	assert_true(confirmed(number));
}

/* All that waits for it, as text: "1 2(owner:waiting:3 chat:taken:1) END ". */
static const char *backlog(unsigned who)
{
	static char text[65536];
	static uint64_t number;
	struct delivery ask;
	size_t len = 0;
	bool open = false;

	forget();
	delivery_make(&ask, DELIVERY_BACKLOG, 0);
	ask.number = ++number;
	plugin.on_delivery(who, &ask);
	for (int i = 0; i < 2000 && (seen.sents == 0 || seen.sent[seen.sents - 1].type != DELIVERY_END); i++)
		turn();
	for (int i = 0; i < seen.sents && len < sizeof(text) - 128; i++) {
		const struct delivery *d = &seen.sent[i];

		assert_int_equal(seen.to[i], who);
		if (d->type == DELIVERY_ROW)
			len += (size_t)sprintf(text + len, "%s%s:%s:%u", open ? " " : "(", d->row.channel,
					       delivery_state_word(d->row.state), d->row.attempts);
		else if (open)
			len += (size_t)sprintf(text + len, ") ");
		open = d->type == DELIVERY_ROW;
		if (d->type == DELIVERY_ALERT)
			len += (size_t)sprintf(text + len, "%llu%s", (unsigned long long)d->alert.id,
					       i + 1 < seen.sents && seen.sent[i + 1].type == DELIVERY_ROW ? "" : " ");
		else if (d->type != DELIVERY_ROW)
			len += (size_t)sprintf(text + len, d->type == DELIVERY_END ? "END " : "?%u ", d->type);
		if (d->type == DELIVERY_END)
			assert_int_equal(d->number, number); /* of another, it would be for another */
	}
	return text;
}

/* The first number of a query on a connection of its own. */
static int64_t query(const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *statement;
	int64_t number;

	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	number = strcmp((const char *)sqlite3_column_text(statement, 0), "ok") == 0 ? 1
									    : sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	(void)sqlite3_close(db);
	return number;
}

static const char *told(const char *words, int result)
{
	static char answer[256];

	answer[0] = '\0';
	assert_int_equal(plugin.command(words, answer, sizeof(answer)), result);
	turn();
	return answer;
}

/* --- keeping --- */

static void an_alert_is_kept_whole_until_each_that_owes_it_is_done(void **state)
{
	struct delivery_alert a = alert_of(7, 3);

	(void)state;
	ask_keep(7, 3, WITH_ACTOR | WITH_MESSENGER | WITH_SPOOL);
	assert_int_equal(seen.kepts, 0); /* nothing is said before it is on the disk */
	turn();
	assert_int_equal(kept_result(7), 0);
	begin_again();
	assert_string_equal(backlog(WITH_MESSENGER), "7 END ");
	a.told = seen.sent[0].alert.told;
	assert_memory_equal(&seen.sent[0].alert, &a, offsetof(struct delivery_alert, text));
	assert_string_equal(seen.sent[0].alert.text, a.text);
	done(WITH_MESSENGER, 7);
	assert_string_equal(backlog(WITH_MESSENGER), "END ");
	assert_string_equal(backlog(WITH_ACTOR), "7 END ");
	done(WITH_ACTOR, 7);
	assert_string_equal(backlog(WITH_ACTOR), "END ");
	assert_int_equal(query("SELECT count(*) FROM alerts"), 0);
}

static void the_disk_has_it_before_that_is_said(void **state)
{
	(void)state;
	seen.check_syncs = true;
	for (uint64_t id = 1; id <= 20; id++)
		keep(id, 1, WITH_MESSENGER);
	seen.check_syncs = false;
	assert_int_equal(query("PRAGMA user_version"), SPOOL_SCHEMA_VERSION);
}

static void what_comes_in_one_turn_is_one_transaction(void **state)
{
	int before;

	(void)state;
	turn();
	before = seen.syncs;
	for (uint64_t id = 1; id <= 60; id++) {
		ask_keep(id, 1, WITH_MESSENGER);
		(void)report(WITH_MESSENGER, id, "owner", DELIVERY_WAITING, 1);
	}
	turn();
	assert_int_equal(seen.kepts, 60);
	assert_in_range(seen.syncs - before, 1, 3);
}

static void rows_come_back_with_their_alert_in_order(void **state)
{
	(void)state;
	keep(30, 2, WITH_MESSENGER);
	keep(10, 2, WITH_MESSENGER);
	keep(20, 2, WITH_ACTOR);
	row(WITH_MESSENGER, 10, "owner", DELIVERY_WAITING, 3);
	row(WITH_MESSENGER, 10, "chat", DELIVERY_TAKEN, 1);
	row(WITH_MESSENGER, 30, "owner", DELIVERY_DROPPED, 0);
	row(WITH_MESSENGER, 10, "owner", DELIVERY_WAITING, 4);
	begin_again();
	assert_string_equal(backlog(WITH_MESSENGER), "10(chat:taken:1 owner:waiting:4) 30(owner:dropped:0) END ");
	assert_string_equal(seen.sent[2].row.why, "why 4");
	assert_int_equal(seen.sent[2].row.next_at, (wall_ms)WALL * 1000 + 60000);
	assert_string_equal(backlog(WITH_ACTOR), "20 END ");
}

static void what_is_asked_or_reported_twice_is_confirmed_twice_and_kept_once(void **state)
{
	(void)state;
	keep(5, 2, WITH_MESSENGER);
	keep(5, 2, WITH_MESSENGER);
	assert_int_equal(seen.kepts, 2);
	row(WITH_MESSENGER, 5, "owner", DELIVERY_TAKEN, 2);
	row(WITH_MESSENGER, 5, "owner", DELIVERY_TAKEN, 2);
	row(WITH_MESSENGER, 5, "owner", DELIVERY_WAITING, 1); /* an older one, late */
	assert_string_equal(backlog(WITH_MESSENGER), "5(owner:taken:2) END ");
	done(WITH_MESSENGER, 5);
	done(WITH_MESSENGER, 5);
	row(WITH_MESSENGER, 5, "owner", DELIVERY_TAKEN, 2);
	keep(5, 2, WITH_MESSENGER); /* from the ledger once more: it was here and has left */
	assert_string_equal(backlog(WITH_MESSENGER), "END ");
	assert_int_equal(query("SELECT count(*) FROM early"), 0);
}

static void reports_that_come_before_their_alert_wait_for_it_a_day(void **state)
{
	(void)state;
	row(WITH_MESSENGER, 8, "owner", DELIVERY_TAKEN, 1);
	row(WITH_MESSENGER, 8, "chat", DELIVERY_WAITING, 2);
	done(WITH_ACTOR, 8);
	row(WITH_MESSENGER, 9, "owner", DELIVERY_TAKEN, 1);
	done(WITH_MESSENGER, 9);
	begin_again();
	keep(8, 2, WITH_ACTOR | WITH_MESSENGER);
	assert_string_equal(backlog(WITH_MESSENGER), "8(chat:waiting:2 owner:taken:1) END ");
	assert_string_equal(backlog(WITH_ACTOR), "END ");
	keep(9, 2, WITH_MESSENGER);
	assert_string_equal(backlog(WITH_MESSENGER), "8(chat:waiting:2 owner:taken:1) END ");
	assert_int_equal(query("SELECT count(*) FROM early"), 0);
	row(WITH_MESSENGER, 11, "owner", DELIVERY_TAKEN, 1);
	assert_int_equal(query("SELECT count(*) FROM early"), 1);
	pass(90000000);
	turn();
	assert_int_equal(query("SELECT count(*) FROM early"), 0);
	assert_int_equal(query("SELECT count(*) FROM finished"), 0);
}

static void a_backlog_goes_no_faster_than_it_is_read(void **state)
{
	struct delivery ask;
	uint64_t last = 0;
	int alerts = 0, rows = 0, turns = 0;

	(void)state;
	for (uint64_t id = 1; id <= 200; id++) {
		ask_keep(id, 1, WITH_MESSENGER);
		turn();
		(void)report(WITH_MESSENGER, id, "a", DELIVERY_WAITING, 1);
		(void)report(WITH_MESSENGER, id, "b", DELIVERY_WAITING, 1);
	}
	turn();
	forget();
	seen.room[WITH_MESSENGER] = 0;
	delivery_make(&ask, DELIVERY_BACKLOG, 0);
	plugin.on_delivery(WITH_MESSENGER, &ask);
	for (; turns < 3000 && (seen.sents == 0 || seen.sent[seen.sents - 1].type != DELIVERY_END); turns++) {
		turn();
		assert_true(turns > 0 || seen.sents == 0);
		seen.room[WITH_MESSENGER] = (unsigned)turns % 4;
		if (turns == 50)
			(void)report(WITH_MESSENGER, 199, NULL, 0, 0); /* it may change under way */
	}
	for (int i = 0; i < seen.sents; i++) {
		const struct delivery *d = &seen.sent[i];

		if (d->type == DELIVERY_ALERT) {
			assert_true(d->alert.id > last);
			last = d->alert.id;
			alerts++;
		} else if (d->type == DELIVERY_ROW) {
			assert_true(d->alert.id == last);
			rows++;
		}
	}
	assert_int_equal(alerts, 199);
	assert_int_equal(rows, 398);
}

/* --- bounds --- */

static void a_full_spool_lets_the_least_severe_and_oldest_go_and_tells_how_many(void **state)
{
	int lost[WITH_MESSENGER + 1] = {0};

	(void)state;
	seen.room[WITH_ACTOR] = 0;
	for (uint64_t id = 1; id <= SPOOL_ALERTS_MAX; id++)
		ask_keep(id, id <= 2 ? 3 : id <= 5 ? 1 : 2, id == 4 ? WITH_ACTOR | WITH_MESSENGER : WITH_MESSENGER);
	turn();
	assert_int_equal(query("SELECT count(*) FROM alerts"), SPOOL_ALERTS_MAX);
	for (uint64_t id = 2001; id <= 2005; id++)
		ask_keep(id, 2, WITH_MESSENGER);
	turn();
	turn();
	assert_int_equal(kept_result(2005), 0);
	assert_int_equal(query("SELECT count(*) FROM alerts"), SPOOL_ALERTS_MAX);
	assert_int_equal(query("SELECT count(*) FROM alerts WHERE id IN (3, 4, 5, 6, 7)"), 0);
	assert_int_equal(query("SELECT count(*) FROM alerts WHERE id IN (1, 2, 8, 2001, 2005)"), 5);
	assert_true(logged("5 alerts that waited gave way"));
	begin_again(); /* who did not hear it then hears it later */
	seen.room[WITH_ACTOR] = 1;
	turn();
	turn();
	for (int i = 0; i < seen.sents; i++)
		if (seen.sent[i].type == DELIVERY_LOST)
			lost[seen.to[i]] += (int)seen.sent[i].lost;
	assert_int_equal(lost[WITH_MESSENGER], 5);
	assert_int_equal(lost[WITH_ACTOR], 1);
	keep(4, 1, WITH_MESSENGER); /* asked again: it is not taken in a second time */
	assert_int_equal(query("SELECT count(*) FROM alerts WHERE id = 4"), 0);
}

/* Ids from 1, the first 100 less severe, with so many rows each. */
static void keep_many(uint64_t alerts, int rows)
{
	for (uint64_t id = 1; id <= alerts; id++) {
		ask_keep(id, 1 + (uint32_t)(id > 100), WITH_MESSENGER);
		for (int c = 0; c < rows; c++) {
			struct delivery d;

			delivery_make(&d, DELIVERY_ROW, id);
			(void)snprintf(d.row.channel, sizeof(d.row.channel), "a-channel-with-a-long-name-%02u",
				       (unsigned)c % 100);
			memset(d.row.why, 'y', sizeof(d.row.why) - 1);
			plugin.on_delivery(WITH_MESSENGER, &d);
		}
	}
	turn();
}

static void the_bytes_are_bounded_too(void **state)
{
	(void)state;
	keep_many(900, 2 * CHANNELS_MAX);
	assert_true(query("SELECT (SELECT page_count FROM pragma_page_count)"
			  " * (SELECT page_size FROM pragma_page_size)") < 2 * SPOOL_BYTES_MAX);
	assert_in_range(query("SELECT count(*) FROM alerts"), 500, 899);
	assert_int_equal(query("SELECT count(*) FROM alerts WHERE id = 900"), 1);
	assert_int_equal(query("SELECT count(*) FROM alerts WHERE id <= 50"), 0);
	assert_true(logged("gave way"));
}

/* --- dead letters, and what people ask --- */

static void dead_letters_stay_bounded_in_number_and_time(void **state)
{
	(void)state;
	for (uint64_t id = 1; id <= SPOOL_DEAD_MAX + 20; id++) {
		pass(1000);
		ask_keep(id, 2, WITH_MESSENGER);
		(void)report(WITH_MESSENGER, id, "owner", DELIVERY_DEAD, 9);
		(void)report(WITH_MESSENGER, id, NULL, 0, 0);
		turn();
	}
	assert_string_equal(backlog(WITH_MESSENGER), "END "); /* nobody owes them */
	pass(3700000);
	turn();
	assert_int_equal(query("SELECT count(*) FROM rows WHERE state = 2"), SPOOL_DEAD_MAX);
	assert_int_equal(query("SELECT min(id) FROM alerts"), 21);
	keep(5000, 2, WITH_MESSENGER);
	row(WITH_MESSENGER, 5000, "owner", DELIVERY_DEAD, 9);
	pass(UINT64_C(86400000) * 31);
	turn();
	/* Another channel waits: that this one is over is not forgotten. */
	assert_string_equal(backlog(WITH_MESSENGER), "5000(owner:dropped:9) END ");
	done(WITH_MESSENGER, 5000);
	assert_int_equal(query("SELECT count(*) FROM alerts"), 0);
}

static void a_retry_brings_dead_letters_back_to_who_has_the_channel(void **state)
{
	char words[32] = "retry ";

	(void)state;
	keep(40, 2, WITH_ACTOR | WITH_MESSENGER);
	keep(41, 2, WITH_MESSENGER);
	keep(42, 2, WITH_MESSENGER);
	row(WITH_MESSENGER, 40, "chat", DELIVERY_TAKEN, 1);
	row(WITH_MESSENGER, 40, "owner", DELIVERY_DEAD, 5);
	done(WITH_MESSENGER, 40);
	done(WITH_ACTOR, 40);
	row(WITH_MESSENGER, 41, "owner", DELIVERY_DEAD, 2);
	done(WITH_MESSENGER, 41);
	assert_string_equal(backlog(WITH_MESSENGER), "42 END ");
	forget();
	delivery_format_id(40, words + 6);
	assert_string_equal(told(words, 0), "0 alerts that wait are tried now, 1 dead letter waits again");
	assert_int_equal(seen.sents, 8); /* both get the list; the order comes behind it */
	assert_int_equal(seen.sent[seen.sents - 1].type, DELIVERY_RETRY);
	assert_true(seen.sent[seen.sents - 1].alert.id == 40);
	assert_string_equal(backlog(WITH_MESSENGER), "40(chat:taken:1 owner:waiting:5) 42 END ");
	assert_string_equal(backlog(WITH_ACTOR), "END ");
	assert_string_equal(told("retry all", 0), "2 alerts that wait are tried now, 1 dead letter waits again");
	assert_string_equal(backlog(WITH_MESSENGER), "40(chat:taken:1 owner:waiting:5) 41(owner:waiting:2) 42 END ");
	row(WITH_MESSENGER, 40, "owner", DELIVERY_TAKEN, 6);
	done(WITH_MESSENGER, 40);
	assert_int_equal(query("SELECT count(*) FROM alerts WHERE id = 40"), 0);
}

static void a_drop_ends_what_waits_and_is_told_to_who_delivers(void **state)
{
	char words[32] = "drop ";

	(void)state;
	keep(50, 2, WITH_MESSENGER);
	keep(51, 2, WITH_MESSENGER);
	keep(52, 2, WITH_MESSENGER);
	row(WITH_MESSENGER, 52, "owner", DELIVERY_DEAD, 2);
	done(WITH_MESSENGER, 52);
	forget();
	delivery_format_id(50, words + 5);
	assert_string_equal(told(words, 0), "1 alert that waits is dropped, 0 dead letters are dropped");
	assert_int_equal(seen.sents, 2);
	assert_int_equal(seen.sent[0].type, DELIVERY_DROP);
	assert_true(seen.sent[0].alert.id == 50);
	assert_string_equal(told(words, -ENOENT), "no alert of that id waits, nor is there a dead letter of it");
	row(WITH_MESSENGER, 50, "owner", DELIVERY_DROPPED, 0); /* what comes of it leaves nothing behind */
	done(WITH_MESSENGER, 50);
	assert_string_equal(backlog(WITH_MESSENGER), "51 END ");
	forget();
	assert_string_equal(told("drop dead", 0), "1 dead letter is dropped");
	assert_int_equal(seen.sents, 0);
	assert_int_equal(query("SELECT count(*) FROM alerts"), 1);
	assert_string_equal(told("drop all", 0), "1 alert that waits is dropped, 0 dead letters are dropped");
	assert_int_equal(query("SELECT count(*) FROM alerts"), 0);
	assert_int_equal(query("SELECT count(*) FROM rows"), 0);
	assert_int_equal(query("SELECT count(*) FROM early"), 0);
}

static void words_that_are_no_order_are_refused(void **state)
{
	static const char *const junk[] = {"", "retry", "retry ", "drop", "drop ", "keep all", "retry dead", "dropall",
					   "drop  all", "drop all ", "drop '; DROP TABLE alerts", "drop 0000000000",
					   "drop \x1b[2J", "retry %s%s%n"};
	char answer[256];

	(void)state;
	keep(1, 1, WITH_MESSENGER);
	for (size_t i = 0; i < ARRAY_LEN(junk); i++) {
		if (plugin.command(junk[i], answer, sizeof(answer)) != -EINVAL)
			fail_msg("\"%s\" is taken", junk[i]);
		assert_true(strlen(answer) > 10);
		assert_null(strchr(answer, '\x1b'));
		assert_int_equal(plugin.command(junk[i], answer, 4), -EINVAL);
	}
	assert_string_equal(backlog(WITH_MESSENGER), "1 END ");
}

static void an_order_waits_for_a_deliverer_that_does_not_read(void **state)
{
	char words[32] = "retry ";

	(void)state;
	for (uint64_t id = 1; id <= 9; id++)
		keep(id, 1, WITH_MESSENGER);
	forget();
	seen.room[WITH_MESSENGER] = 0;
	for (uint64_t id = 1; id <= 8; id++) {
		delivery_format_id(id, words + 6);
		(void)told(words, 0);
		(void)told(words, 0); /* once is enough */
	}
	assert_non_null(strstr(told("retry all", -EAGAIN), "does not read"));
	forget();
	seen.room[WITH_MESSENGER] = 3;
	turn();
	assert_int_equal(seen.sents, 3);
	seen.room[WITH_MESSENGER] = 100;
	turn();
	assert_int_equal(seen.sents, 8);
	for (int i = 0; i < seen.sents; i++) {
		assert_int_equal(seen.to[i], WITH_MESSENGER);
		assert_int_equal(seen.sent[i].type, DELIVERY_RETRY);
		assert_true(seen.sent[i].alert.id == (uint64_t)i + 1);
	}
}

/* --- disks that fail --- */

static void a_disk_that_refuses_is_told_and_what_was_asked_is_kept_when_it_works_again(void **state)
{
	static const int errors[] = {ENOSPC, EIO, EROFS, EDQUOT};

	(void)state;
	keep(1, 1, WITH_MESSENGER);
	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		uint64_t id = 100 * (i + 1), number;

		forget();
		write_error = errors[i];
		ask_keep(id, 1, WITH_MESSENGER);
		turn();
		assert_int_not_equal(kept_result(id), 0);
		assert_true(kept_result(id) < 0);
		assert_true(strlen(seen.kept[seen.kepts - 1].text) > 0);
		assert_true(logged("cannot keep alerts on the disk"));
		ask_keep(id + 1, 1, WITH_MESSENGER);
		ask_keep(id, 1, WITH_MESSENGER); /* the sentinel asks again */
		number = report(WITH_MESSENGER, 1, "owner", DELIVERY_WAITING, 2);
		turn();
		assert_true(kept_result(id + 1) < 0);
		assert_false(confirmed(number));
		pass(5000);
		turn(); /* tried, in vain */
		write_error = 0;
		pass(4000);
		turn(); /* not before its time */
		assert_true(kept_result(id) < 0);
		pass(1000);
		turn();
		assert_int_equal(kept_result(id), 0);
		assert_int_equal(kept_result(id + 1), 0);
		assert_true(logged("kept on the disk again"));
		assert_int_equal(seen.sent[0].type, DELIVERY_LOST); /* the next message says it */
		assert_true(strlen(seen.sent[0].row.why) > 10);
		assert_int_equal(seen.sent[0].lost, 0);
	}
	begin_again();
	assert_string_equal(backlog(WITH_MESSENGER), "1 100 101 200 201 300 301 400 401 END ");
	assert_int_equal(query("PRAGMA integrity_check"), 1);
}

static void what_waits_for_the_disk_is_bounded(void **state)
{
	int refused = 0;

	(void)state;
	write_error = ENOSPC;
	for (uint64_t id = 1; id <= 1000; id++) {
		ask_keep(id, 1, WITH_MESSENGER);
		turn();
		assert_true(kept_result(id) < 0);
	}
	write_error = 0;
	forget();
	pass(5000);
	turn();
	for (int i = 0; i < seen.kepts; i++)
		refused += seen.kept[i].result != 0;
	assert_int_equal(refused, 0);
	assert_in_range(seen.kepts, ENTRIES_MAX, 999);
}

static void mount_small(const char *options)
{
	if (mount("none", dir, "tmpfs", MS_NOSUID, options) < 0) {
		print_message("# SKIP %s: no tmpfs can be mounted here: %s\n", "a small disk", strerror(errno));
		skip();
	}
}

static void fill(const char *name)
{
	static char zeros[65536];
	char file[128];
	int fd;

	(void)snprintf(file, sizeof(file), "%s/%s", dir, name);
	fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	while (write(fd, zeros, sizeof(zeros)) > 0) {
	}
	while (write(fd, zeros, 512) > 0) {
	}
	(void)close(fd);
}

static void a_disk_that_is_full_stops_nothing_and_recovers(void **state)
{
	char file[128];

	(void)state;
	mount_small("size=2m");
	keep(1, 1, WITH_MESSENGER);
	fill("full");
	for (uint64_t id = 2; kept_result(id - 1) == 0; id++) {
		assert_true(id < 2000);
		ask_keep(id, 1, WITH_MESSENGER);
		turn();
	}
	assert_int_equal(seen.kept[seen.kepts - 1].result, -ENOSPC);
	assert_non_null(strstr(seen.kept[seen.kepts - 1].text, "No space left"));
	(void)snprintf(file, sizeof(file), "%s/full", dir);
	assert_int_equal(unlink(file), 0);
	pass(5000);
	turn();
	assert_int_equal(seen.kept[seen.kepts - 1].result, 0);
	assert_true(logged("kept on the disk again"));
	assert_int_equal(query("PRAGMA integrity_check"), 1);
	plugin.close();
	assert_int_equal(umount(dir), 0);
	begin();
}

/* Full from the start: not even an empty one can be made. */
static void a_disk_that_was_full_before_is_taken_when_it_has_room(void **state)
{
	char file[128];

	(void)state;
	mount_small("size=64k");
	fill("full");
	ask_keep(1, 1, WITH_MESSENGER);
	turn();
	assert_int_equal(kept_result(1), -ENOSPC);
	(void)snprintf(file, sizeof(file), "%s/full", dir);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(mount("none", dir, "tmpfs", MS_REMOUNT, "size=4m"), 0);
	pass(5000);
	turn();
	assert_int_equal(kept_result(1), 0);
	plugin.close();
	assert_int_equal(umount(dir), 0);
	begin();
}

static void a_disk_that_is_read_only_stops_nothing_and_recovers(void **state)
{
	(void)state;
	mount_small("size=4m,mode=700");
	keep(1, 1, WITH_MESSENGER);
	plugin.close();
	if (mount("none", dir, "tmpfs", MS_REMOUNT | MS_RDONLY, "") < 0)
		fail_msg("cannot make it read-only: %s", strerror(errno));
	begin();
	ask_keep(2, 1, WITH_MESSENGER);
	turn();
	assert_int_equal(kept_result(2), -EROFS);
	assert_non_null(strstr(seen.kept[seen.kepts - 1].text, "Read-only"));
	assert_int_equal(mount("none", dir, "tmpfs", MS_REMOUNT, ""), 0);
	pass(5000);
	turn();
	assert_int_equal(kept_result(2), 0);
	assert_string_equal(backlog(WITH_MESSENGER), "1 2 END ");
	plugin.close();
	assert_int_equal(umount(dir), 0);
	begin();
}

static void a_missing_directory_is_waited_for(void **state)
{
	char moved[96];

	(void)state;
	(void)snprintf(moved, sizeof(moved), "%s.moved", dir);
	plugin.close();
	assert_int_equal(rename(dir, moved), 0);
	begin();
	ask_keep(3, 1, WITH_MESSENGER);
	turn();
	assert_int_equal(kept_result(3), -ENOENT);
	assert_int_equal(rename(moved, dir), 0);
	pass(5000);
	turn();
	assert_int_equal(kept_result(3), 0);
}

static void a_directory_may_be_a_link_and_another_one_is_begun_anew(void **state)
{
	char link[96];

	(void)state;
	(void)snprintf(link, sizeof(link), "%s.link", dir);
	assert_int_equal(symlink(dir, link), 0);
	keep(1, 1, WITH_MESSENGER);
	plugin.spool_open(link);
	keep(2, 1, WITH_MESSENGER);
	assert_true(logged("another state directory"));
	assert_int_equal(query("SELECT count(*) FROM alerts"), 2);
	plugin.spool_open(dir);
	assert_int_equal(unlink(link), 0);
}

static void a_file_that_is_taken_away_is_missed(void **state)
{
	(void)state;
	keep(1, 1, WITH_MESSENGER);
	assert_int_equal(unlink(path), 0);
	keep(2, 1, WITH_MESSENGER);
	assert_true(logged("taken away"));
	assert_int_equal(query("SELECT count(*) FROM alerts"), 1);
}

/* How many files of that beginning there are. */
static int files_of(const char *begins)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	int n = 0;

	while ((entry = readdir(d)) != NULL)
		n += strncmp(entry->d_name, begins, strlen(begins)) == 0;
	(void)closedir(d);
	return n;
}

static void overwrite(off_t from, off_t to)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);
	for (off_t at = from; at < to; at++)
		assert_int_equal(pwrite(fd, "\xa5", 1, at), 1);
	(void)close(fd);
}

static void a_broken_file_is_kept_aside_and_a_new_one_begun(void **state)
{
	static const struct {
		off_t from, to;
	} where[] = {{0, 16}, {0, 4096}, {4096, 20480}, {100, 3000}, {8192, 12288}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(where); i++) {
		for (uint64_t id = 1; id <= 50; id++)
			ask_keep(100 * i + id, 1, WITH_MESSENGER);
		turn();
		plugin.close();
		overwrite(where[i].from, where[i].to);
		forget();
		pass(2000);
		begin();
		keep(100 * i + 99, 1, WITH_MESSENGER);
		assert_true(logged("is broken") || logged("is of version"));
		assert_true(logged(".corrupt-2026-01-22T18:3"));
		assert_int_equal(query("SELECT count(*) FROM alerts"), 1);
		assert_int_equal(query("PRAGMA integrity_check"), 1);
	}
	assert_int_equal(files_of(SPOOL_FILE ".corrupt-"), 3); /* the newest few */
}

/* Under our hands: what SQLite has not in memory is not there when it is read. */
static void a_file_that_breaks_while_it_is_open_is_begun_anew(void **state)
{
	int64_t pages;

	(void)state;
	keep_many(300, CHANNELS_MAX);
	begin_again(); /* what was written ahead is in the file */
	pages = query("PRAGMA page_count");
	assert_true(pages > 400);
	overwrite(4096, 4096 * pages);
	(void)backlog(WITH_MESSENGER);
	keep(1000, 1, WITH_MESSENGER);
	assert_true(logged("is broken"));
	assert_int_equal(files_of(SPOOL_FILE ".corrupt-"), 1 + files_of(SPOOL_FILE ".corrupt-2026-01-22T18:38:01Z-wal"));
	assert_int_equal(query("PRAGMA integrity_check"), 1);
	assert_string_equal(backlog(WITH_MESSENGER), "1000 END ");
}

static void files_that_are_no_database_of_ours_are_kept_aside(void **state)
{
	sqlite3 *db;
	int fd;

	(void)state;
	plugin.close();
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "this is no database, but a letter of some length.", 49), 49);
	(void)close(fd);
	begin();
	keep(1, 1, WITH_MESSENGER);
	plugin.close();
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 7", NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(db);
	pass(2000);
	begin();
	keep(2, 1, WITH_MESSENGER);
	assert_true(logged("is of version 7, not 1"));
	plugin.close();
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK); /* of our version, with other tables */
	assert_int_equal(sqlite3_exec(db, "DROP TABLE lost; CREATE TABLE lost(x)", NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(db);
	pass(2000);
	begin();
	keep(3, 1, WITH_MESSENGER);
	assert_int_equal(query("SELECT count(*) FROM alerts"), 1);
	assert_int_equal(files_of(SPOOL_FILE ".corrupt-"), 3);
	plugin.close();
	assert_int_equal(unlink(path), 0); /* a link leads elsewhere: it is not followed */
	assert_int_equal(symlink("/dev/shm/test-spool-elsewhere", path), 0);
	begin();
	ask_keep(4, 1, WITH_MESSENGER);
	turn();
	assert_true(kept_result(4) < 0);
	assert_int_equal(access("/dev/shm/test-spool-elsewhere", F_OK), -1);
	assert_int_equal(unlink(path), 0);
}

static void the_file_is_its_groups_to_read_and_nobody_elses(void **state)
{
	struct stat st;
	mode_t mask = umask(0);

	(void)state;
	keep(1, 1, WITH_MESSENGER);
	(void)umask(mask);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
}

static void what_a_deliverer_may_not_send_is_passed_over(void **state)
{
	struct delivery d;

	(void)state;
	keep(1, 1, WITH_MESSENGER);
	for (uint32_t type = 0; type < DELIVERY_TYPES; type++) {
		if (type == DELIVERY_DONE)
			continue;
		delivery_make(&d, type, 1);
		(void)snprintf(d.row.channel, sizeof(d.row.channel), "x'; DROP TABLE rows; --");
		plugin.on_delivery(WITH_MESSENGER, &d);
	}
	delivery_make(&d, DELIVERY_DONE, 1);
	plugin.on_delivery(WITH_SPOOL, &d);
	plugin.on_delivery(0, &d);
	plugin.on_delivery(99, &d);
	turn();
	assert_string_equal(backlog(WITH_MESSENGER), "1(x'; DROP TABLE rows; --:waiting:0) END ");
}

/* --- kill -9 --- */

enum { CRASH_ROUNDS = 30, CRASH_IDS = 60 };

/* What the child tells before it asks, and after it was told. */
enum crash_what { CRASH_KEEP, CRASH_KEPT, CRASH_ROW, CRASH_ROW_KEPT, CRASH_DONE, CRASH_DONE_KEPT };
struct crash_word {
	enum crash_what what;
	uint32_t attempts;
	uint64_t id;
};

struct crash_alert {
	bool keep, kept, done_asked, done_kept;
	uint32_t row_asked, row_kept; /* attempts */
};

static void crash_say(int fd, enum crash_what what, uint64_t id, uint32_t attempts)
{
	struct crash_word word;

	memset(&word, 0, sizeof(word));
	word.what = what;
	word.id = id;
	word.attempts = attempts;
	if (write(fd, &word, sizeof(word)) != (ssize_t)sizeof(word))
		_exit(1);
}

/* The child, until it is killed. */
static void crash_run(int fd, unsigned seed, uint64_t first)
{
	static struct {
		enum crash_what what;
		uint64_t id;
		uint32_t attempts;
	} asked[1 << 16];
	uint32_t attempts = 0;

	srandom(seed);
	next_number = 0;
	begin();
	for (;;) {
		forget();
		for (long i = random() % 6; i >= 0; i--) {
			uint64_t id = first + (uint64_t)random() % CRASH_IDS, number;
			long what = random() % 8;

			attempts++;
			if (what < 4) {
				crash_say(fd, CRASH_KEEP, id, 0);
				ask_keep(id, 1 + (uint32_t)random() % 3, WITH_MESSENGER);
				continue;
			}
			crash_say(fd, what < 7 ? CRASH_ROW : CRASH_DONE, id, attempts);
			number = report(WITH_MESSENGER, id, what < 7 ? "owner" : NULL, DELIVERY_WAITING, attempts);
			asked[number % ARRAY_LEN(asked)].what = what < 7 ? CRASH_ROW_KEPT : CRASH_DONE_KEPT;
			asked[number % ARRAY_LEN(asked)].id = id;
			asked[number % ARRAY_LEN(asked)].attempts = attempts;
		}
		turn();
		for (int i = 0; i < seen.kepts; i++)
			if (seen.kept[i].result == 0)
				crash_say(fd, CRASH_KEPT, seen.kept[i].id, 0);
		for (int i = 0; i < seen.sents; i++)
			if (seen.sent[i].type == DELIVERY_KEPT)
				crash_say(fd, asked[seen.sent[i].number % ARRAY_LEN(asked)].what,
					  asked[seen.sent[i].number % ARRAY_LEN(asked)].id,
					  asked[seen.sent[i].number % ARRAY_LEN(asked)].attempts);
	}
}

static int crash_hear(int fd, struct crash_alert *known, uint64_t first)
{
	struct crash_word word;
	struct crash_alert *a;

	if (read(fd, &word, sizeof(word)) != (ssize_t)sizeof(word))
		return 0;
	a = &known[word.id - first];
	switch (word.what) {
	case CRASH_KEEP:
		a->keep = true;
		break;
	case CRASH_KEPT:
		a->kept = true;
		break;
	case CRASH_ROW:
		a->row_asked = word.attempts;
		break;
	case CRASH_ROW_KEPT:
		a->row_kept = word.attempts;
		break;
	case CRASH_DONE:
		a->done_asked = true;
		break;
	default:
		a->done_kept = true;
		break;
	}
	return 1;
}

/* What was confirmed is there; what was asked and not confirmed may be, or not. */
static void crash_compare(const struct crash_alert *known, uint64_t first)
{
	bool there[CRASH_IDS] = {false};
	uint32_t attempts[CRASH_IDS] = {0};

	(void)backlog(WITH_MESSENGER);
	for (int i = 0; i < seen.sents; i++) {
		const struct delivery *d = &seen.sent[i];

		if ((d->type != DELIVERY_ALERT && d->type != DELIVERY_ROW) || d->alert.id < first)
			continue;
		there[d->alert.id - first] = true;
		if (d->type == DELIVERY_ROW)
			attempts[d->alert.id - first] = d->row.attempts;
	}
	for (int i = 0; i < CRASH_IDS; i++) {
		const struct crash_alert *a = &known[i];

		if (a->kept && !a->done_asked && !there[i])
			fail_msg("alert %d was confirmed and is lost", i);
		if (a->kept && a->done_kept && there[i])
			fail_msg("alert %d was done, which was confirmed, and waits", i);
		if (there[i] && !a->keep)
			fail_msg("alert %d was never asked to be kept", i);
		if (there[i] && !a->done_asked && attempts[i] < a->row_kept)
			fail_msg("alert %d: attempt %u was confirmed, %u is there", i, a->row_kept, attempts[i]);
		if (there[i] && attempts[i] > a->row_asked)
			fail_msg("alert %d: attempt %u was never reported", i, attempts[i]);
	}
}

static void nothing_that_was_confirmed_is_lost_by_a_kill_at_any_instant(void **state)
{
	unsigned seed = (unsigned)getpid();
	unsigned long words = 0;

	(void)state;
	print_message("# seed %u\n", seed);
	srandom(seed);
	for (unsigned round = 0; round < CRASH_ROUNDS; round++) {
		static struct crash_alert known[CRASH_IDS];
		uint64_t first = 1000 * (round + 1);
		long after = random() % 700;
		int fds[2];
		pid_t child;

		memset(known, 0, sizeof(known));
		plugin.close();
		assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
		child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			(void)close(fds[0]);
			crash_run(fds[1], seed + round, first);
			_exit(1);
		}
		(void)close(fds[1]);
		for (long i = 0; i < after; i++)
			words += (unsigned)crash_hear(fds[0], known, first);
		(void)kill(child, SIGKILL);
		while (crash_hear(fds[0], known, first) > 0)
			words++;
		(void)close(fds[0]);
		assert_int_equal(waitpid(child, NULL, 0), child);
		begin();
		turn();
		assert_int_equal(files_of(SPOOL_FILE ".corrupt-"), 0);
		assert_int_equal(query("PRAGMA integrity_check"), 1);
		crash_compare(known, first);
		(void)told("drop all", 0);
	}
	print_message("# %lu words were compared\n", words);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
	const struct CMUnitTest tests[] = {
		TEST(an_alert_is_kept_whole_until_each_that_owes_it_is_done),
		TEST(the_disk_has_it_before_that_is_said),
		TEST(what_comes_in_one_turn_is_one_transaction),
		TEST(rows_come_back_with_their_alert_in_order),
		TEST(what_is_asked_or_reported_twice_is_confirmed_twice_and_kept_once),
		TEST(reports_that_come_before_their_alert_wait_for_it_a_day),
		TEST(a_backlog_goes_no_faster_than_it_is_read),
		TEST(a_full_spool_lets_the_least_severe_and_oldest_go_and_tells_how_many),
		TEST(the_bytes_are_bounded_too),
		TEST(dead_letters_stay_bounded_in_number_and_time),
		TEST(a_retry_brings_dead_letters_back_to_who_has_the_channel),
		TEST(a_drop_ends_what_waits_and_is_told_to_who_delivers),
		TEST(words_that_are_no_order_are_refused),
		TEST(an_order_waits_for_a_deliverer_that_does_not_read),
		TEST(a_disk_that_refuses_is_told_and_what_was_asked_is_kept_when_it_works_again),
		TEST(what_waits_for_the_disk_is_bounded),
		TEST(a_disk_that_is_full_stops_nothing_and_recovers),
		TEST(a_disk_that_was_full_before_is_taken_when_it_has_room),
		TEST(a_disk_that_is_read_only_stops_nothing_and_recovers),
		TEST(a_missing_directory_is_waited_for),
		TEST(a_directory_may_be_a_link_and_another_one_is_begun_anew),
		TEST(a_file_that_is_taken_away_is_missed),
		TEST(a_broken_file_is_kept_aside_and_a_new_one_begun),
		TEST(a_file_that_breaks_while_it_is_open_is_begun_anew),
		TEST(files_that_are_no_database_of_ours_are_kept_aside),
		TEST(the_file_is_its_groups_to_read_and_nobody_elses),
		TEST(what_a_deliverer_may_not_send_is_passed_over),
		TEST(nothing_that_was_confirmed_is_lost_by_a_kill_at_any_instant),
	};

	(void)sqlite3_initialize();
	vfs = sqlite3_vfs_find(NULL);
	(void)vfs->xSetSystemCall(vfs, "pwrite", (sqlite3_syscall_ptr)failing_pwrite);
	(void)vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)failing_pwrite);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
