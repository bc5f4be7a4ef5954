/* plugins/spool_lasting.c, through the plugin's ABI over real SQLite files: what outlives a restart of the host is on
 * the disk whole or not at all, is given back in order, and what is not sound there is left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/severity.h"
#include "plugin_driver.h"
#include "share/lasting.h"
#include "share/spool.h"
#include "share/state.h"

extern const struct plugin plugin;

static char dir[64], path[96];

/* What the disk had, when it was opened last. */
static struct {
	int opened;
	struct lasting_of of;
	struct lasting row[LASTING_MAX];
	size_t count;
	char log[512]; /* the last line */
} seen;

static int write_error; /* of each pwrite(2) by SQLite; 0: none */

static ssize_t failing_pwrite(int fd, const void *bytes, size_t n, off_t at)
{
	if (write_error != 0) {
		errno = write_error;
		return -1;
	}
	return pwrite(fd, bytes, n, at);
}

static void host_lasted(const struct lasting_of *of, const struct lasting *rows, size_t count)
{
	assert_in_range(count, 0, LASTING_MAX);
	seen.opened++;
	seen.of = *of;
	seen.count = count;
	memcpy(seen.row, rows, count * sizeof(*rows));
}

static void host_log(int level, const char *text)
{
	(void)level;
	(void)snprintf(seen.log, sizeof(seen.log), "%s", text);
}

static int host_deliver(unsigned deliverer, const struct delivery *delivery)
{
	(void)deliverer;
	(void)delivery;
	return 1;
}

static const struct plugin_host *host(void)
{
	static struct plugin_host all;

	all = *driver_host();
	all.log = host_log;
	all.lasted = host_lasted;
	all.deliver = host_deliver;
	return &all;
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
	turn();
}

static void begin_again(void)
{
	plugin.close();
	begin();
}

static int set_up(void **state)
{
	(void)state;
	strcpy(dir, "/dev/shm/test-spool?#%41-XXXXXX"); /* which a URI would take otherwise */
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/" SPOOL_FILE, dir);
	clock_turn(100000000, 1769107081000);
	write_error = 0;
	memset(&seen, 0, sizeof(seen));
	begin();
	return 0;
}

static int tear_down(void **state)
{
	DIR *d = opendir(dir);
	struct dirent *entry;

	(void)state;
	write_error = 0;
	plugin.close();
	(void)umount2(dir, MNT_DETACH); /* of a test that failed */
	while (d != NULL && (entry = readdir(d)) != NULL)
		(void)unlinkat(dirfd(d), entry->d_name, 0);
	(void)closedir(d);
	(void)rmdir(dir);
	clock_turn(0, 0);
	return 0;
}

/* Another hand at the file. */
static void sql(const char *text)
{
	sqlite3 *db;
	char *why = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", text, why);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static const struct lasting_of of_a = {.life = 77, .boot_id = "11111111-2222-3333-4444-555555555555"};

static const struct lasting rows_a[] = {
	{.kind = LASTING_MARK, .mark = STATE_MARK_FROZEN, .unit = "ice", .rules = MARK_RULES_MAX, .at = 5,
	 .rule_hash = {1, 2, 3, 4, 5, 6, 7, UINT64_MAX}},
	{.kind = LASTING_MARK, .mark = STATE_MARK_STOPPED, .unit = "xtts", .rules = 1, .owed = 1, .at = 1769107081000, .shed = 3000000000, .thread = 8, .target = UINT32_MAX,
	 .rule_hash = {0xabcdef}},
	{.kind = LASTING_UNIT, .unit = "nodira", .peak_mib = 5100, .vain = 300},
	{.kind = LASTING_OPEN, .rule = "tight", .severity = SEVERITY_WARNING, .thread = 1},
	{.kind = LASTING_OPEN, .unit = "nodira", .rule = "oom", .severity = SEVERITY_CRITICAL, .thread = 7890123, .at = 9},
};

static void keep(const struct lasting_of *of, const struct lasting *rows, size_t count)
{
	assert_int_equal(plugin.keep_lasting(of, rows, count), 0);
	turn();
}

static void assert_there(const struct lasting_of *of, const struct lasting *rows, size_t count)
{
	seen.count = SIZE_MAX;
	begin_again();
	assert_int_equal(seen.of.life, of->life);
	assert_string_equal(seen.of.boot_id, of->boot_id);
	assert_int_equal(seen.count, count);
	if (count > 0)
		assert_memory_equal(seen.row, rows, count * sizeof(*rows));
}

static void what_is_kept_is_given_back_whole_and_in_order(void **state)
{
	struct lasting mixed[ARRAY_LEN(rows_a)];

	(void)state;
	assert_int_equal(seen.opened, 1);
	assert_int_equal(seen.count, 0);
	assert_int_equal(seen.of.life, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows_a); i++)
		mixed[i] = rows_a[ARRAY_LEN(rows_a) - 1 - i];
	keep(&of_a, mixed, ARRAY_LEN(mixed));
	memset(mixed, 0xff, sizeof(mixed)); /* it was borrowed */
	assert_there(&of_a, rows_a, ARRAY_LEN(rows_a));
	assert_there(&of_a, rows_a, ARRAY_LEN(rows_a));
}

static void what_is_kept_later_takes_the_place_of_all(void **state)
{
	const struct lasting_of of_b = {.life = 78, .boot_id = ""};

	(void)state;
	keep(&of_a, rows_a, ARRAY_LEN(rows_a));
	keep(&of_b, &rows_a[1], 1);
	assert_there(&of_b, &rows_a[1], 1);
	keep(&of_b, NULL, 0);
	assert_there(&of_b, NULL, 0);
}

static void it_is_on_the_disk_after_its_turn(void **state)
{
	pid_t child;

	(void)state;
	plugin.close();
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		begin();
		(void)plugin.keep_lasting(&of_a, rows_a, ARRAY_LEN(rows_a));
		turn();
		(void)plugin.keep_lasting(&of_a, rows_a, 1); /* and this is not yet */
		(void)raise(SIGKILL);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	begin();
	assert_int_equal(seen.count, ARRAY_LEN(rows_a));
}

static void rows_that_are_not_sound_are_left_out_and_told(void **state)
{
	static const char *const hostile[] = {
		"INSERT INTO lasting VALUES(9, 'a', '', 0, 0, 1, 0, 0, '')",
		"INSERT INTO lasting VALUES(-1, 'b', '', 0, 0, 1, 0, 0, '')",
		"INSERT INTO lasting VALUES('x', 'c', '', 0, 0, 1, 0, 0, '')",
		"INSERT INTO lasting VALUES(0, 'd' || char(10) || 'root', '', 0, 0, 1, 0, 0, '')",
		"INSERT INTO lasting VALUES(0, 'e' || char(0) || 'f', '', 0, 0, 1, 0, 0, '')",
		"INSERT INTO lasting VALUES(0, printf('%.*c', 33, 'a'), '', 0, 0, 1, 0, 0, '')",
		"INSERT INTO lasting VALUES(0, '', '', 0, 0, 1, 0, 0, '')",
		"INSERT INTO lasting VALUES(0, x'ff00ff', '', 0, 0, 1, 0, 0, '')",
		"INSERT INTO lasting VALUES(0, 'g', '', -5, 0, 1, 0, 0, '')",
		"INSERT INTO lasting VALUES(0, 'h', '', 0, 0, 99, 0, 0, '')",
		"INSERT INTO lasting VALUES(0, 'i', '', 0, 0, 1099511627777, 0, 0, '')", /* its target has 33 bits */
		"INSERT INTO lasting VALUES(0, 'j', '', 0, 0, 1, 2, 0, '')",
		"INSERT INTO lasting VALUES(0, 'k', '', 0, 0, 1, 0, 0, '00')",
		"INSERT INTO lasting VALUES(0, 'l', '', 0, 0, 1, 0, 0, '000000000000000G')",
		"INSERT INTO lasting VALUES(0, 'm', '', 0, 0, 1, 0, 0, printf('%.*c', 144, '0'))",
		"INSERT INTO lasting VALUES(0, 'n', '', 0, 0, 1, 0, 0, printf('%.*c', 1000000, '0'))",
		"INSERT INTO lasting VALUES(1, 'o', '', 0, 4294967296, 0, 0, 0, '')",
		"INSERT INTO lasting VALUES(1, 'p', '', 0, 1.5, 0, 0, 0, '')",
		"INSERT INTO lasting VALUES(1, 't', '', 0, 5, 65536, 0, 0, '')",
		"INSERT INTO lasting VALUES(0, 'u', '', 0, 0, 1, 0, 4294967296, '')",
		"INSERT INTO lasting VALUES(2, '', '', 0, 5, 1, 0, 0, '')",
		"INSERT INTO lasting VALUES(2, '', 'q', 0, 0, 1, 0, 0, '')",
		"INSERT INTO lasting VALUES(2, '', 'r', 0, 9223372036854775807, 1, 0, 0, '')",
		"INSERT INTO lasting VALUES(2, '', 's', 0, 5, 4, 0, 0, '')",
	};
	char said[64];

	(void)state;
	keep(&of_a, rows_a, ARRAY_LEN(rows_a));
	plugin.close();
	for (size_t i = 0; i < ARRAY_LEN(hostile); i++)
		sql(hostile[i]);
	begin();
	assert_int_equal(seen.count, ARRAY_LEN(rows_a));
	assert_memory_equal(seen.row, rows_a, sizeof(rows_a));
	(void)snprintf(said, sizeof(said), "%zu rows", ARRAY_LEN(hostile));
	assert_non_null(strstr(seen.log, said));
	assert_non_null(strstr(seen.log, "passed over"));
	keep(&of_a, rows_a, ARRAY_LEN(rows_a)); /* and are gone with the next change */
	seen.log[0] = '\0';
	assert_there(&of_a, rows_a, ARRAY_LEN(rows_a));
	assert_string_equal(seen.log, "");
}

static void more_rows_than_there_can_be_are_left_out(void **state)
{
	(void)state;
	plugin.close();
	sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
	    " INSERT INTO lasting SELECT 0, 'u' || i, '', 0, 0, 1, 0, 0, '' FROM n");
	begin();
	assert_int_equal(seen.count, LASTING_MAX);
	assert_non_null(strstr(seen.log, "passed over"));
}

static void an_unknown_owner_is_none(void **state)
{
	static const char *const hostile[] = {
		"INSERT OR REPLACE INTO ledger VALUES(1, -1, 'x')",
		"INSERT OR REPLACE INTO ledger VALUES(1, 'x', 'x')",
		"INSERT OR REPLACE INTO ledger VALUES(1, 5, printf('%.*c', 37, 'a'))",
		"INSERT OR REPLACE INTO ledger VALUES(1, 5, x'00')",
		"DELETE FROM ledger",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
		keep(&of_a, rows_a, 1);
		plugin.close();
		sql(hostile[i]);
		begin();
		assert_int_equal(seen.of.life, 0);
		assert_string_equal(seen.of.boot_id, "");
		assert_int_equal(seen.count, 1);
	}
}

/* As an earlier version made it. */
static void a_file_without_these_tables_gets_them_and_keeps_its_alerts(void **state)
{
	(void)state;
	plugin.close();
	sql("DROP TABLE lasting; DROP TABLE ledger;"
	    "INSERT INTO alerts VALUES(5, 5, 5, 0, 2, 'r', 'u', '', 'title', 'text', 2)");
	begin();
	assert_int_equal(seen.count, 0);
	keep(&of_a, rows_a, ARRAY_LEN(rows_a));
	assert_there(&of_a, rows_a, ARRAY_LEN(rows_a));
	sql("UPDATE alerts SET title = 'there' WHERE id = 5");
}

static void tables_of_that_name_that_are_not_ours_are_kept_aside_with_their_file(void **state)
{
	(void)state;
	plugin.close();
	sql("DROP TABLE lasting; CREATE TABLE lasting(x)");
	begin();
	assert_int_equal(seen.count, 0);
	assert_non_null(strstr(seen.log, "corrupt-"));
	keep(&of_a, rows_a, 1);
	assert_there(&of_a, rows_a, 1);
}

static void a_disk_that_refuses_gets_it_when_it_works_again(void **state)
{
	(void)state;
	keep(&of_a, rows_a, 1);
	write_error = ENOSPC;
	keep(&of_a, rows_a, 2);
	assert_non_null(strstr(seen.log, "cannot keep alerts on the disk"));
	assert_non_null(strstr(seen.log, "a restart of the host would forget which units are stopped"));
	keep(&of_a, rows_a, ARRAY_LEN(rows_a)); /* what is true by then */
	write_error = 0;
	clock_turn(100000000 + 5000, 1769107081000 + 5000);
	turn();
	assert_non_null(strstr(seen.log, "kept on the disk again"));
	assert_there(&of_a, rows_a, ARRAY_LEN(rows_a));
}

static void a_file_that_was_taken_away_is_asked_for_anew(void **state)
{
	(void)state;
	keep(&of_a, rows_a, ARRAY_LEN(rows_a));
	seen.opened = 0;
	assert_int_equal(unlink(path), 0);
	keep(&of_a, rows_a, 1); /* finds that it is gone */
	assert_int_equal(seen.opened, 1);
	assert_int_equal(seen.of.life, 0);
	assert_there(&of_a, rows_a, 1);
}

/* --- a disk that cannot be written from the start --- */

static void mount_small(void)
{
	plugin.close();
	if (mount("none", dir, "tmpfs", MS_NOSUID, "size=1m,mode=700") < 0) {
		print_message("# SKIP a small disk: no tmpfs can be mounted here: %s\n", strerror(errno));
		begin();
		skip();
	}
	begin();
}

static void unmount_small(void)
{
	plugin.close();
	assert_int_equal(umount(dir), 0);
	begin();
}

static void fill(void)
{
	static char zeros[4096];
	char file[128];
	int fd;

	(void)snprintf(file, sizeof(file), "%s/full", dir);
	fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	while (write(fd, zeros, sizeof(zeros)) > 0) {
	}
	(void)close(fd);
}

static void make_room(void)
{
	char file[128];

	(void)snprintf(file, sizeof(file), "%s/full", dir);
	assert_int_equal(unlink(file), 0);
}

static void set_read_only(bool read_only)
{
	assert_int_equal(mount("none", dir, "tmpfs", MS_REMOUNT | (read_only ? MS_RDONLY : 0), ""), 0);
}

static void remove_index(void)
{
	char file[128];

	(void)snprintf(file, sizeof(file), "%s-shm", path);
	assert_int_equal(unlink(file), 0);
}

/* Kept by one that is killed then: what is newest is in the -wal alone. */
static void keep_and_die(void)
{
	pid_t child;

	keep(&of_a, rows_a, 1);
	plugin.close();
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		begin();
		(void)plugin.keep_lasting(&of_a, rows_a, ARRAY_LEN(rows_a));
		turn();
		(void)raise(SIGKILL);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static void begin_on_trouble(void)
{
	memset(&seen, 0, sizeof(seen));
	begin();
	assert_non_null(strstr(seen.log, "cannot keep alerts on the disk"));
}

static void keep_and_close(void)
{
	keep(&of_a, rows_a, ARRAY_LEN(rows_a));
	plugin.close();
}

/* As the host has it after its restart; the disk can be written again from here on. */
static void begin_on_read_only(void)
{
	set_read_only(true);
	begin_on_trouble();
	set_read_only(false);
}

static void assert_read(int times)
{
	assert_int_equal(seen.opened, times);
	assert_int_equal(seen.of.life, of_a.life);
	assert_int_equal(seen.count, ARRAY_LEN(rows_a));
	assert_memory_equal(seen.row, rows_a, sizeof(rows_a));
}

static void after_five_seconds(void)
{
	clock_turn(100000000 + 5000, 1769107081000 + 5000);
	turn();
}

static void what_a_full_disk_has_is_given_back_at_once(void **state)
{
	(void)state;
	mount_small();
	keep_and_close();
	fill();
	begin_on_trouble();
	assert_read(1);
	after_five_seconds();
	assert_read(1); /* once */
	make_room();
	clock_turn(100000000 + 10000, 1769107081000 + 10000);
	turn();
	assert_non_null(strstr(seen.log, "kept on the disk again"));
	assert_read(2); /* as with each file that is opened to be written */
	unmount_small();
}

static void so_it_is_after_a_kill_without_its_index(void **state)
{
	(void)state;
	mount_small();
	keep_and_die();
	remove_index();
	fill();
	begin_on_trouble();
	assert_read(1);
	unmount_small();
}

static void what_a_read_only_disk_has_is_given_back_at_once(void **state)
{
	(void)state;
	mount_small();
	keep_and_close();
	begin_on_read_only();
	assert_read(1);
	after_five_seconds();
	assert_non_null(strstr(seen.log, "kept on the disk again"));
	unmount_small();
}

static void so_it_is_after_a_kill_with_its_index(void **state)
{
	(void)state;
	mount_small();
	keep_and_die();
	begin_on_read_only();
	assert_read(1);
	unmount_small();
}

static void so_it_is_after_a_kill_without_its_index_there(void **state)
{
	(void)state;
	mount_small();
	keep_and_die();
	remove_index();
	begin_on_read_only();
	assert_read(1); /* not what was true before */
	unmount_small();
}

/* The file alone would say what was true before. */
static void what_cannot_be_read_whole_is_not_given_back(void **state)
{
	char wal[128];

	(void)state;
	mount_small();
	keep_and_close();
	(void)snprintf(wal, sizeof(wal), "%s-wal", path);
	assert_int_equal(mkdir(wal, 0700), 0); /* SQLite cannot open it */
	begin_on_read_only();
	assert_int_equal(seen.opened, 0);
	assert_int_equal(rmdir(wal), 0);
	unmount_small();
}

static void of_another_version_nothing_is_given_back(void **state)
{
	(void)state;
	mount_small();
	keep_and_close();
	sql("PRAGMA user_version = 99");
	begin_on_read_only();
	assert_int_equal(seen.opened, 0);
	unmount_small();
}

/* Where the disk is not what is wrong. */
static void nor_of_a_link(void **state)
{
	char other[128];

	(void)state;
	mount_small();
	keep_and_close();
	(void)snprintf(other, sizeof(other), "%s/other.db", dir);
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(symlink("other.db", path), 0);
	begin_on_trouble();
	assert_int_equal(seen.opened, 0);
	unmount_small();
}

static void it_is_left_as_it_is(void **state)
{
	struct stat before, after;
	char wal[128];

	(void)state;
	mount_small();
	keep_and_die();
	remove_index();
	(void)snprintf(wal, sizeof(wal), "%s-wal", path);
	assert_int_equal(stat(wal, &before), 0);
	fill();
	begin_on_trouble();
	assert_read(1);
	plugin.close();
	assert_int_equal(stat(wal, &after), 0);
	assert_int_equal(before.st_size, after.st_size);
	make_room();
	begin();
	unmount_small();
}

static void nor_is_what_is_broken(void **state)
{
	(void)state;
	mount_small();
	keep_and_close();
	assert_int_equal(truncate(path, 4096 * 3), 0);
	fill();
	memset(&seen, 0, sizeof(seen));
	begin();
	assert_int_equal(seen.opened, 0);
	unmount_small();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	sqlite3_vfs *vfs;
	const struct CMUnitTest tests[] = {
		TEST(what_is_kept_is_given_back_whole_and_in_order),
		TEST(what_is_kept_later_takes_the_place_of_all),
		TEST(it_is_on_the_disk_after_its_turn),
		TEST(rows_that_are_not_sound_are_left_out_and_told),
		TEST(more_rows_than_there_can_be_are_left_out),
		TEST(an_unknown_owner_is_none),
		TEST(a_file_without_these_tables_gets_them_and_keeps_its_alerts),
		TEST(tables_of_that_name_that_are_not_ours_are_kept_aside_with_their_file),
		TEST(a_disk_that_refuses_gets_it_when_it_works_again),
		TEST(a_file_that_was_taken_away_is_asked_for_anew),
		TEST(what_a_full_disk_has_is_given_back_at_once),
		TEST(so_it_is_after_a_kill_without_its_index),
		TEST(what_a_read_only_disk_has_is_given_back_at_once),
		TEST(so_it_is_after_a_kill_with_its_index),
		TEST(so_it_is_after_a_kill_without_its_index_there),
		TEST(what_cannot_be_read_whole_is_not_given_back),
		TEST(of_another_version_nothing_is_given_back),
		TEST(nor_of_a_link),
		TEST(it_is_left_as_it_is),
		TEST(nor_is_what_is_broken),
	};

	(void)sqlite3_initialize();
	vfs = sqlite3_vfs_find(NULL);
	(void)vfs->xSetSystemCall(vfs, "pwrite", (sqlite3_syscall_ptr)failing_pwrite);
	(void)vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)failing_pwrite);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
