/* `watchdogctl spool`, `ack` and `test`: a made-up database compared whole, files that cannot be read, where the
 * database is looked for, and what goes over the control socket. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "ask/ack.h"
#include "ask/place.h"
#include "ask/spool.h"
#include "ask/spool_list.h"
#include "ask/spool_place.h"
#include "ask/test.h"
#include "base/bounds.h"
#include "share/delivery.h"
#include "share/spool.h"
#include "share/state.h"

#define NOW ((wall_ms)1769107081000) /* 2026-01-22T18:38:01Z */
#define NOW_SQL "1769107081000"

struct fixture {
	char dir[64], path[160], control[96];
	char *out, *err; /* of the last call */
	size_t out_len, err_len;
	FILE *out_file, *err_file;
};

static void make(const struct fixture *f, const char *sql)
{
	sqlite3 *db;
	char *why = NULL;

	(void)unlink(f->path);
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s", why);
	(void)sqlite3_close(db);
}

static int setup(void **arg)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->dir, "/dev/shm/test-spool-list-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	(void)snprintf(f->path, sizeof(f->path), "%s/" SPOOL_FILE, f->dir);
	(void)snprintf(f->control, sizeof(f->control), "%s/control", f->dir);
	*arg = f;
	return 0;
}

static int teardown(void **arg)
{
	struct fixture *f = *arg;
	static const char *const names[] = {SPOOL_FILE, SPOOL_FILE "-wal", SPOOL_FILE "-shm", "control", "state", "conf", "a?b#%"};
	char path[160];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
		(void)unlink(path);
		(void)rmdir(path);
	}
	assert_int_equal(rmdir(f->dir), 0); /* reading has left nothing beside it */
	free(f->out);
	free(f->err);
	free(f);
	return 0;
}

static void begin(struct fixture *f)
{
	free(f->out);
	free(f->err);
	f->out = f->err = NULL;
	f->out_file = open_memstream(&f->out, &f->out_len);
	f->err_file = open_memstream(&f->err, &f->err_len);
}

static int end(struct fixture *f, int result)
{
	(void)fclose(f->out_file);
	(void)fclose(f->err_file);
	return result;
}

static int list(struct fixture *f, bool json)
{
	begin(f);
	return end(f, spool_list(f->path, json, NOW, f->out_file, f->err_file));
}

#define ALERT_SQL(id, ago, severity, unit, title, text, owed)                                                       \
	"INSERT INTO alerts VALUES(" #id ", 7, " NOW_SQL " - " #ago ", 0, " #severity ", 'oom', " unit ", 'oom-kill', " \
	title ", " text ", " #owed ");"
#define ROW_SQL(id, channel, state, attempts, next, why)                                                  \
	"INSERT INTO rows VALUES(" #id ", " channel ", 2, " #state ", " #attempts ", " next ", " why ", " NOW_SQL ");"

static const char ordinary[] =
	SPOOL_SCHEMA "PRAGMA user_version = 1;"
	ALERT_SQL(7, 184000, 3, "'nodira'", "'claude killed by the OOM killer (5.1 GiB); claudir lives on'", "'t'", 2)
	ROW_SQL(7, "'owner'", 0, 3, NOW_SQL " + 40000", "'451 4.7.1 try again later'")
	ROW_SQL(7, "'chat'", 1, 1, "0", "'HTTP 200'")
	ALERT_SQL(40, 4000, 2, "''", "'host.used 81 %'", "''", 3)
	ALERT_SQL(6, 86400000, 2, "'xtts'", "'xtts stopped'", "'t'", 0)
	ROW_SQL(6, "'chat'", 2, 1, "0", "'HTTP 403: no such chat'")
	ROW_SQL(6, "'owner'", 1, 1, "0", "''");

static void what_waits_behind_others_says_so(void **arg)
{
	struct fixture *f = *arg;

	make(f, SPOOL_SCHEMA "PRAGMA user_version = 1;"
		ALERT_SQL(7, 4000, 3, "'a'", "'first'", "'t'", 2)
		ROW_SQL(7, "'hook'", 0, 1, NOW_SQL " - 1", "'HTTP 503'")
		ALERT_SQL(40, 4000, 3, "'a'", "'second'", "'t'", 2)
		ROW_SQL(40, "'hook'", 0, 0, NOW_SQL, "''"));
	assert_int_equal(list(f, false), 0);
	assert_non_null(strstr(f->out, "hook         waiting  1         now              HTTP 503\n"));
	assert_non_null(strstr(f->out, "hook         waiting  0         in its turn      not tried yet: those before it go first\n"));
}

static void what_waits_is_listed_with_its_channels_and_dead_letters_below(void **arg)
{
	struct fixture *f = *arg;

	make(f, ordinary);
	assert_int_equal(list(f, false), 0);
	assert_string_equal(
		f->out,
		"2 alerts wait.\n"
		"\n"
		"0000000007  critical  3 min 4 s ago  nodira\n"
		"    claude killed by the OOM killer (5.1 GiB); claudir lives on\n"
		"    CHANNEL      STATE    ATTEMPTS  NEXT             WHY\n"
		"    chat         taken    1         -                HTTP 200\n"
		"    owner        waiting  3         in 40 s          451 4.7.1 try again later\n"
		"\n"
		"0000000018  warning   4.0 s ago  (the host)\n"
		"    host.used 81 %\n"
		"    nobody has tried to deliver it yet\n"
		"\n"
		"DEAD LETTERS, which were refused for good\n"
		"\n"
		"0000000006  warning   1 d 0 h ago  xtts\n"
		"    xtts stopped\n"
		"    CHANNEL      STATE    ATTEMPTS  NEXT             WHY\n"
		"    chat         dead     1         -                HTTP 403: no such chat\n");
	assert_string_equal(f->err, "");
}

static void the_same_is_one_json_object(void **arg)
{
	struct fixture *f = *arg;

	make(f, ordinary);
	assert_int_equal(list(f, true), 0);
	assert_string_equal(
		f->out,
		"{\"alerts\":[{\"id\":\"0000000007\",\"thread\":\"0000000007\",\"at\":\"2026-01-22T18:34:57Z\","
		"\"at_ms\":1769106897000,\"told\":\"alert\",\"severity\":\"critical\",\"rule\":\"oom\",\"unit\":\"nodira\","
		"\"event\":\"oom-kill\",\"title\":\"claude killed by the OOM killer (5.1 GiB); claudir lives on\","
		"\"text\":\"t\",\"channels\":["
		"{\"channel\":\"chat\",\"state\":\"taken\",\"attempts\":1,\"next_at\":null,\"next_at_ms\":null,"
		"\"reported_at\":\"2026-01-22T18:38:01Z\",\"reported_at_ms\":1769107081000,\"why\":\"HTTP 200\"},"
		"{\"channel\":\"owner\",\"state\":\"waiting\",\"attempts\":3,\"next_at\":\"2026-01-22T18:38:41Z\","
		"\"next_at_ms\":1769107121000,\"reported_at\":\"2026-01-22T18:38:01Z\",\"reported_at_ms\":1769107081000,"
		"\"why\":\"451 4.7.1 try again later\"}]},"
		"{\"id\":\"0000000018\",\"thread\":\"0000000007\",\"at\":\"2026-01-22T18:37:57Z\",\"at_ms\":1769107077000,"
		"\"told\":\"alert\",\"severity\":\"warning\",\"rule\":\"oom\",\"unit\":null,\"event\":\"oom-kill\","
		"\"title\":\"host.used 81 %\",\"text\":null,\"channels\":[]}],"
		"\"dead\":[{\"id\":\"0000000006\",\"thread\":\"0000000007\",\"at\":\"2026-01-21T18:38:01Z\","
		"\"at_ms\":1769020681000,\"told\":\"alert\",\"severity\":\"warning\",\"rule\":\"oom\",\"unit\":\"xtts\","
		"\"event\":\"oom-kill\",\"title\":\"xtts stopped\",\"text\":\"t\","
		"\"channel\":\"chat\",\"state\":\"dead\",\"attempts\":1,\"next_at\":null,\"next_at_ms\":null,"
		"\"reported_at\":\"2026-01-22T18:38:01Z\",\"reported_at_ms\":1769107081000,"
		"\"why\":\"HTTP 403: no such chat\"}],\"alerts_not_shown\":0}\n");
}

static void an_empty_spool_says_so(void **arg)
{
	struct fixture *f = *arg;

	make(f, SPOOL_SCHEMA "PRAGMA user_version = 1;");
	assert_int_equal(list(f, false), 0);
	assert_string_equal(f->out, "Nothing waits.\n");
	assert_int_equal(list(f, true), 0);
	assert_string_equal(f->out, "{\"alerts\":[],\"dead\":[],\"alerts_not_shown\":0}\n");
}

/* By a parser of JSON. */
static bool is_json(const char *text)
{
	sqlite3 *db;
	sqlite3_stmt *statement;
	bool valid;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT json_valid(?1)", -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_bind_text(statement, 1, text, -1, SQLITE_STATIC), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	valid = sqlite3_column_int(statement, 0) == 1;
	(void)sqlite3_finalize(statement);
	(void)sqlite3_close(db);
	return valid;
}

/* No byte of what comes out may be one that a terminal obeys, and JSON stays JSON. */
static void hostile_texts_are_escaped_in_both(void **arg)
{
	static const char hostile[] =
		SPOOL_SCHEMA "PRAGMA user_version = 1;"
		ALERT_SQL(7, -5000, 99, "x'6e001b5b324a'", "'\x1b]0;x\x07\r\n\xe2\x80\xae\xff\"\\'",
			  "CAST(zeroblob(100000) AS TEXT)", 2)
		ROW_SQL(7, "'a\x1b[2J\n'", 77, -1, "99999999999999999", "printf('%.*c', 100000, x'c3')")
		"INSERT INTO alerts VALUES(-1, 'x', 'y', -3, NULL, x'ff', '', '', '', '', 3.7);";
	struct fixture *f = *arg;
	char sql[sizeof(hostile)];

	memcpy(sql, hostile, sizeof(sql));
	/* The column does not take NULL; the rest is as bad as it gets. */
	memcpy(strstr(sql, "NULL, x'ff'"), "'NU', x'ff'", 4);
	make(f, sql);
	for (int json = 0; json < 2; json++) {
		assert_int_equal(list(f, json != 0), 0);
		assert_true(f->out_len > 100 && f->out_len < 64 * 1024);
		for (size_t i = 0; i < f->out_len; i++)
			if (((unsigned char)f->out[i] < 0x20 && f->out[i] != '\n') || f->out[i] == 0x7f)
				fail_msg("byte %zu is 0x%02x", i, (unsigned char)f->out[i]);
	}
	assert_int_equal(strcspn(f->out, "\n"), f->out_len - 1);
	assert_true(is_json(f->out));
	assert_non_null(strstr(f->out, "\"severity\":\"?\""));
	assert_non_null(strstr(f->out, "\"state\":\"?\""));
	assert_non_null(strstr(f->out, "\\u001b]0;x\\u0007\\u000d\\u000a"));
	assert_int_equal(list(f, false), 0);
	assert_null(strstr(f->out, "\xe2\x80\xae"));
	assert_non_null(strstr(f->out, "\\x1b]0;x\\x07"));
}

static void more_than_may_be_are_counted(void **arg)
{
	struct fixture *f = *arg;

	make(f, SPOOL_SCHEMA "PRAGMA user_version = 1;"
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 3000)"
		"INSERT INTO alerts SELECT i, i, 0, 0, 1, 'r', 'u', 'e', 't', 't', 1 FROM n;");
	assert_int_equal(list(f, false), 0);
	assert_non_null(strstr(f->out, "3000 alerts wait.\n"));
	assert_non_null(strstr(f->out, "\nand 1800 more\n"));
	assert_int_equal(list(f, true), 0);
	assert_non_null(strstr(f->out, "\"alerts_not_shown\":1800}"));
}

static void what_is_no_spool_is_refused_with_the_reason(void **arg)
{
	struct fixture *f = *arg;
	int fd;

	assert_int_equal(list(f, false), 1);
	assert_non_null(strstr(f->err, "there is no spool at "));
	assert_string_equal(f->out, "");
	make(f, SPOOL_SCHEMA "PRAGMA user_version = 2;");
	assert_int_equal(list(f, true), 1);
	assert_non_null(strstr(f->err, "it is of version 2, not 1"));
	make(f, "PRAGMA user_version = 1;");
	assert_int_equal(list(f, false), 1);
	assert_non_null(strstr(f->err, "no such table"));
	(void)unlink(f->path);
	fd = open(f->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(write(fd, "junk ", 5), 5);
	(void)close(fd);
	assert_int_equal(list(f, false), 1);
	assert_non_null(strstr(f->err, "not a database"));
	(void)unlink(f->path);
	assert_int_equal(mkdir(f->path, 0700), 0);
	assert_int_equal(list(f, false), 1);
	assert_true(f->err_len > 20);
	assert_int_equal(rmdir(f->path), 0);
}

/* The scribe has it open; what it wrote ahead is seen, and it writes on while we read. */
static void it_is_read_while_it_is_written(void **arg)
{
	struct fixture *f = *arg;
	sqlite3 *db;

	make(f, ordinary);
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA journal_mode = WAL; UPDATE alerts SET owed = 2 WHERE id = 6; BEGIN IMMEDIATE;"
					  "DELETE FROM alerts",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(list(f, false), 0);
	assert_non_null(strstr(f->out, "3 alerts wait.\n"));
	(void)sqlite3_close(db);
}

/* What is written ahead can be taken into the database, and cut, while the list is being shown. */
static ssize_t show_and_checkpoint(void *arg, const char *text, size_t n)
{
	sqlite3_stmt *checkpoint;

	(void)text;
	assert_int_equal(sqlite3_prepare_v2(arg, "PRAGMA wal_checkpoint(TRUNCATE)", -1, &checkpoint, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(checkpoint), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(checkpoint, 0), 0); /* it was not kept from it */
	(void)sqlite3_finalize(checkpoint);
	return (ssize_t)n;
}

static void who_looks_at_the_list_for_long_holds_up_no_writer(void **arg)
{
	struct fixture *f = *arg;
	sqlite3 *db;
	FILE *out;

	make(f, ordinary);
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA journal_mode = WAL; UPDATE alerts SET owed = 2 WHERE id = 6", NULL, NULL, NULL),
			 SQLITE_OK);
	out = fopencookie(db, "w", (cookie_io_functions_t){.write = show_and_checkpoint});
	assert_non_null(out);
	(void)setvbuf(out, NULL, _IONBF, 0);
	assert_int_equal(spool_list(f->path, false, NOW, out, stderr), 0);
	assert_int_equal(fclose(out), 0);
	(void)sqlite3_close(db);
}

/* Killed in the middle: what is written ahead counts. An ordinary member of the group may write nothing. */
static void it_is_read_by_who_may_not_write_and_after_a_crash(void **arg)
{
	struct fixture *f = *arg;
	int status;
	pid_t child;

	make(f, ordinary);
	child = fork();
	if (child == 0) {
		sqlite3 *db;

		(void)sqlite3_open(f->path, &db);
		(void)sqlite3_exec(db, "PRAGMA journal_mode = WAL; UPDATE alerts SET owed = 2 WHERE id = 6", NULL, NULL, NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (geteuid() != 0) {
		print_message("# SKIP as another user: not root\n");
		skip();
	}
	assert_int_equal(chmod(f->dir, 0755), 0);
	child = fork();
	if (child == 0) {
		if (setgid(65534) < 0 || setuid(65534) < 0)
			_exit(9);
		_exit(list(f, false) == 0 && strstr(f->out, "3 alerts wait.\n") != NULL ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(chmod(f->path, 0600), 0);
	child = fork();
	if (child == 0) {
		if (setgid(65534) < 0 || setuid(65534) < 0)
			_exit(9);
		_exit(list(f, false) == 1 && strstr(f->err, "root and the group") != NULL ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void a_directory_of_any_name_is_read(void **arg)
{
	struct fixture *f = *arg;
	char dir[128];

	(void)snprintf(dir, sizeof(dir), "%s/a?b#%%", f->dir);
	assert_int_equal(mkdir(dir, 0700), 0);
	(void)snprintf(f->path, sizeof(f->path), "%s/" SPOOL_FILE, dir);
	make(f, ordinary);
	assert_int_equal(list(f, false), 0);
	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(rmdir(dir), 0);
}

/* --- where it is --- */

static void write_text(const struct fixture *f, const char *name, const char *text)
{
	char path[160];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	(void)close(fd);
}

static void the_config_on_the_state_page_says_where_it_is(void **arg)
{
	struct fixture *f = *arg;
	char path[PATH_BYTES], page[160];
	struct state *state;
	int fd;

	assert_int_equal(setenv("RUNTIME_DIRECTORY", f->dir, 1), 0);
	assert_int_equal(unsetenv("STATE_DIRECTORY"), 0);
	assert_int_equal(spool_place_find(f->control, "/elsewhere", path), 0);
	assert_string_equal(path, "/elsewhere/spool.db");
	assert_int_equal(spool_place_find(f->control, NULL, path), 0); /* no page */
	assert_string_equal(path, "/var/lib/watchdogd/spool.db");
	(void)snprintf(page, sizeof(page), "%s/state", f->dir);
	fd = open(page, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	state = state_create(fd);
	assert_non_null(state);
	(void)close(fd);
	(void)snprintf(state->config_path, sizeof(state->config_path), "%s/conf", f->dir);
	assert_int_equal(spool_place_find(f->control, NULL, path), 0); /* no such file */
	assert_string_equal(path, "/var/lib/watchdogd/spool.db");
	write_text(f, "conf", "[watchdogd]\nstate = /srv/watch\n");
	assert_int_equal(spool_place_find(f->control, NULL, path), 0);
	assert_string_equal(path, "/srv/watch/spool.db");
	write_text(f, "conf", "[watchdogd]\nstat = /srv/watch\n"); /* refused: it is not the one in force */
	assert_int_equal(setenv("STATE_DIRECTORY", "/srv/one:/srv/two", 1), 0);
	assert_int_equal(spool_place_find(f->control, NULL, path), 0);
	assert_string_equal(path, "/srv/one/spool.db");
	write_text(f, "conf", "[watchdogd]\n");
	assert_int_equal(spool_place_find(f->control, NULL, path), 0);
	assert_string_equal(path, "/srv/one/spool.db");
	memset(state->config_path, '/', sizeof(state->config_path)); /* a page without an end to its text */
	assert_int_equal(spool_place_find(f->control, NULL, path), 0);
	assert_string_equal(path, "/srv/one/spool.db");
	(void)munmap(state, sizeof(*state));
	assert_int_equal(unsetenv("STATE_DIRECTORY"), 0);
}

/* --- over the control socket --- */

struct server {
	int listens;
	char line[256]; /* what was asked */
};

static void serve(struct server *server, const struct fixture *f)
{
	struct stat st;

	memset(server, 0, sizeof(*server));
	server->listens = place_listen(f->control, "", 4, &st);
	assert_true(server->listens >= 0);
	assert_int_equal(fcntl(server->listens, F_SETFL, 0), 0); /* accept waits */
}

/* The connection of who asks, and its line. */
static int server_accept(struct server *server)
{
	int fd = accept(server->listens, NULL, NULL);
	ssize_t n;

	assert_true(fd >= 0);
	n = recv(fd, server->line, sizeof(server->line) - 1, 0);
	assert_true(n > 0);
	server->line[n] = '\0';
	return fd;
}

static void server_say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* What one of the verbs does, in a child; the server answers. Its exit status. */
static int asked(const struct fixture *f, const char *const words[3], const char *answer, char line[256])
{
	struct server server;
	int status, fd;
	pid_t child;

	serve(&server, f);
	child = fork();
	if (child == 0) {
		struct spool_ask ask = {.control = f->control, .verb = words[1], .word = words[2]};
		FILE *nul = fopen("/dev/null", "we");

		_exit(strcmp(words[0], "ack") == 0    ? ack_run(f->control, words[1], nul, nul)
		      : strcmp(words[0], "test") == 0 ? test_run(f->control, words[1], words[2], nul, nul)
						      : spool_run(&ask, nul, nul));
	}
	fd = server_accept(&server);
	server_say(fd, answer);
	(void)close(fd);
	(void)close(server.listens);
	(void)unlink(f->control);
	memcpy(line, server.line, 256);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WEXITSTATUS(status);
}

static void each_verb_sends_its_words_and_ends_as_the_answer_says(void **arg)
{
	static const struct {
		const char *words[3], *answer, *line;
		int status;
	} rows[] = {
		{{"ack", NULL, NULL}, "ok: 2 threads\n", "ack all\n", 0},
		{{"ack", "all", NULL}, "ok\n", "ack all\n", 0},
		{{"ack", "0000000oiL", NULL}, "error: no such alert\n", "ack 0000000011\n", 1},
		{{"test", "owner", NULL}, "220 hello\nok: taken\n", "test owner info\n", 0},
		{{"test", "owner", "critical"}, "error: 550 no\n", "test owner critical\n", 1},
		{{"test", "owner", "warning"}, "220 hello\n", "test owner warning\n", 1}, /* no end */
		{{"spool", "retry", "all"}, "ok: 3\n", "spool retry all\n", 0},
		{{"spool", "retry", "00000000az"}, "ok: 3\n", "spool retry 00000000AZ\n", 0},
		{{"spool", "drop", "dead"}, "ok: 3\n", "spool drop dead\n", 0},
		{{"spool", "drop", "00000000AZ"}, "error: none\n", "spool drop 00000000AZ\n", 1},
	};
	struct fixture *f = *arg;
	char line[256];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int status = asked(f, rows[i].words, rows[i].answer, line);

		assert_string_equal(line, rows[i].line);
		if (status != rows[i].status)
			fail_msg("row %zu ends with %d", i, status);
	}
}

static void what_is_no_word_of_a_verb_is_not_sent(void **arg)
{
	static const char *const no_ids[] = {"", "nodira", "all\nreload", "0000000000", "00000000001111", "dead", "ALL",
					     "\x1b[2J", "000000000U"};
	static const char *const no_names[] = {"", "Owner", "a b", "a\nreload", "a-name-that-is-too-long-for-any-channel"};
	static const char *const no_severities[] = {"", "fatal", "debug", "info\nreload", "Critical"};
	struct fixture *f = *arg;

	begin(f);
	for (size_t i = 0; i < ARRAY_LEN(no_ids); i++) {
		struct spool_ask ask = {.control = f->control, .verb = "retry", .word = no_ids[i]};

		assert_int_equal(ack_run(f->control, no_ids[i], f->out_file, f->err_file), 2);
		assert_int_equal(spool_run(&ask, f->out_file, f->err_file), 2);
	}
	for (size_t i = 0; i < ARRAY_LEN(no_names); i++)
		assert_int_equal(test_run(f->control, no_names[i], NULL, f->out_file, f->err_file), 2);
	for (size_t i = 0; i < ARRAY_LEN(no_severities); i++)
		assert_int_equal(test_run(f->control, "owner", no_severities[i], f->out_file, f->err_file), 2);
	assert_int_equal(spool_run(&(struct spool_ask){.control = f->control, .verb = "drop"}, f->out_file, f->err_file), 2);
	assert_int_equal(spool_run(&(struct spool_ask){.control = f->control, .verb = "keep", .word = "all"}, f->out_file,
				   f->err_file),
			 2);
	assert_int_equal(ack_run(f->control, NULL, f->out_file, f->err_file), 3); /* nobody listens */
	(void)end(f, 0);
	assert_null(strchr(f->err, '\x1b'));
	assert_int_equal(f->out_len, 0);
}

static void read_until(int fd, char *text, size_t size, const char *want)
{
	size_t len = 0;

	while (strstr(text, want) == NULL) {
		ssize_t n = read(fd, text + len, size - 1 - len);

		if (n <= 0)
			fail_msg("\"%s\" came, not \"%s\"", text, want);
		len += (size_t)n;
		text[len] = '\0';
	}
}

/* The server goes on only when the line before was shown. */
static void the_conversation_of_a_test_is_shown_as_it_goes(void **arg)
{
	struct fixture *f = *arg;
	char text[4096] = "";
	struct server server;
	int fds[2], fd, status;
	pid_t child;

	serve(&server, f);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	child = fork();
	if (child == 0) {
		FILE *out = fdopen(fds[1], "we");

		status = test_run(f->control, "owner", NULL, out, out);
		(void)fclose(out);
		_exit(status);
	}
	(void)close(fds[1]);
	fd = server_accept(&server);
	server_say(fd, "< 220 mail.example.org\n> EH");
	read_until(fds[0], text, sizeof(text), "< 220 mail.example.org\n");
	assert_null(strstr(text, "EH"));
	memset(text, 0, sizeof(text));
	server_say(fd, "LO\x1b[2J host\nok: this is no end\n");
	read_until(fds[0], text, sizeof(text), "> EHLO?[2J host\n");
	memset(text, 0, sizeof(text));
	server_say(fd, "< 250\n");
	read_until(fds[0], text, sizeof(text), "ok: this is no end\n< 250\n");
	memset(text, 0, sizeof(text));
	server_say(fd, "error: 550 no such user\n");
	(void)close(fd);
	read_until(fds[0], text, sizeof(text), "error: 550 no such user\n");
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), 1);
	(void)close(fds[0]);
	(void)close(server.listens);
}

/* More than any answer may be: it ends, and is no success. */
static void a_flood_from_the_daemon_is_survived(void **arg)
{
	struct fixture *f = *arg;
	struct server server;
	char block[4096];
	int fd, status;
	pid_t child;

	serve(&server, f);
	memset(block, 'x', sizeof(block));
	block[7] = '\0';
	child = fork();
	if (child == 0) {
		FILE *nul = fopen("/dev/null", "we");

		_exit(test_run(f->control, "owner", NULL, nul, nul));
	}
	fd = server_accept(&server);
	for (int i = 0; i < 64 && send(fd, block, sizeof(block), MSG_NOSIGNAL) > 0; i++) {
	}
	(void)close(fd);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), 1);
	(void)close(server.listens);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_waits_behind_others_says_so),
		TEST(what_waits_is_listed_with_its_channels_and_dead_letters_below),
		TEST(the_same_is_one_json_object),
		TEST(an_empty_spool_says_so),
		TEST(hostile_texts_are_escaped_in_both),
		TEST(more_than_may_be_are_counted),
		TEST(what_is_no_spool_is_refused_with_the_reason),
		TEST(it_is_read_while_it_is_written),
		TEST(who_looks_at_the_list_for_long_holds_up_no_writer),
		TEST(it_is_read_by_who_may_not_write_and_after_a_crash),
		TEST(a_directory_of_any_name_is_read),
		TEST(the_config_on_the_state_page_says_where_it_is),
		TEST(each_verb_sends_its_words_and_ends_as_the_answer_says),
		TEST(what_is_no_word_of_a_verb_is_not_sent),
		TEST(the_conversation_of_a_test_is_shown_as_it_goes),
		TEST(a_flood_from_the_daemon_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
