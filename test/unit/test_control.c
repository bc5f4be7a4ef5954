/* The control socket under friendly, foreign and hostile clients, all in one process: nothing here
 * waits. */
#include <errno.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ask/control.h"
#include "ask/place.h"

enum { NOBODY = 65534, READERS = 4 /* adm on Debian */, NOW = 1000 };

struct fixture {
	char dir[64], path[96];
	char readers[64];
	struct control control;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const struct group *group = getgrgid(READERS);

	strcpy(f->dir, "/tmp/test_control.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	assert_int_equal(chmod(f->dir, 0755), 0);
	(void)snprintf(f->path, sizeof(f->path), "%s/control", f->dir);
	(void)snprintf(f->readers, sizeof(f->readers), "%s", group != NULL ? group->gr_name : "");
	assert_int_equal(control_open(&f->control, f->path, f->readers), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	control_close(&f->control);
	(void)unlink(f->path);
	(void)rmdir(f->dir);
	free(f);
	return 0;
}

/* One turn of main's loop: what is ready now is dispatched. */
static void turn(struct control *control, mono_ms now)
{
	struct pollfd fds[CONTROL_POLLFDS];
	int timeout_ms = -1;
	int count = control_prepare(control, fds, &timeout_ms, now);

	assert_true(poll(fds, (nfds_t)count, 0) >= 0);
	control_dispatch(control, fds, count, now);
}

static int client(const struct fixture *f)
{
	int fd = place_connect(f->path);

	assert_true(fd >= 0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* All that came so far; `closed` when the other end has said its last. */
static const char *heard(int fd, bool *closed)
{
	static char text[2 * CONTROL_ANSWER_BYTES];
	size_t len = 0;
	ssize_t n;

	while ((n = recv(fd, text + len, sizeof(text) - 1 - len, MSG_DONTWAIT)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	*closed = n == 0 || (n < 0 && errno == ECONNRESET);
	return text;
}

static void expect(struct fixture *f, int fd, const char *answer)
{
	bool closed;

	turn(&f->control, NOW);
	turn(&f->control, NOW);
	assert_string_equal(heard(fd, &closed), answer);
	assert_true(closed);
	(void)close(fd);
}

static void root_gets_its_command_answered(void **state)
{
	struct fixture *f = *state;
	struct control_request request;
	int fd = client(f);

	say(fd, "reload\n");
	turn(&f->control, NOW);
	turn(&f->control, NOW);
	assert_true(control_next(&f->control, &request, NOW));
	assert_int_equal(request.verb, CONTROL_RELOAD);
	assert_false(control_next(&f->control, &request, NOW));
	control_say(&f->control, request.client, "a.conf:3: wrong");
	control_say(&f->control, request.client, "two\nlines");
	assert_true(control_waits(&f->control, request.client, CONTROL_RELOAD));
	assert_false(control_waits(&f->control, request.client, CONTROL_SPOOL)); /* the scribe has no word in it */
	assert_false(control_waits(&f->control, request.client + 1, CONTROL_RELOAD));
	control_answer(&f->control, request.client, CONTROL_INVALID, "nothing was changed", NOW);
	assert_false(control_waits(&f->control, request.client, CONTROL_RELOAD));
	expect(f, fd, "a.conf:3: wrong\ntwo lines\ninvalid: nothing was changed\n");
}

static void command_that_comes_in_pieces_is_understood(void **state)
{
	struct fixture *f = *state;
	struct control_request request;
	int fd = client(f);

	turn(&f->control, NOW);
	for (const char *p = "ping\n"; *p != '\0'; p++) {
		char piece[2] = {*p, '\0'};

		assert_false(control_next(&f->control, &request, NOW));
		say(fd, piece);
		turn(&f->control, NOW);
	}
	assert_true(control_next(&f->control, &request, NOW));
	assert_int_equal(request.verb, CONTROL_PING);
	control_answer(&f->control, request.client, CONTROL_OK, "", NOW);
	expect(f, fd, "ok\n");
}

static void unknown_command_is_refused_with_its_text_escaped(void **state)
{
	struct fixture *f = *state;
	int fd = client(f);

	say(fd, "shut\033[2Jdown\n");
	expect(f, fd, "error: no command \"shut\\x1b[2Jdown\"; there are: ping reload retry ack test spool\n");
}

static void retry_brings_the_name_of_its_unit(void **state)
{
	struct fixture *f = *state;
	struct control_request request;
	int fd = client(f);

	say(fd, "retry nodira\n");
	turn(&f->control, NOW);
	turn(&f->control, NOW);
	assert_true(control_next(&f->control, &request, NOW));
	assert_int_equal(request.verb, CONTROL_RETRY);
	assert_string_equal(request.name, "nodira");
	control_answer(&f->control, request.client, CONTROL_OK, "nodira: rule dead begins anew", NOW);
	expect(f, fd, "ok: nodira: rule dead begins anew\n");
}

static void words_that_follow_a_verb_are_brought_to_main(void **state)
{
	static const struct {
		const char *line;
		enum control_verb verb;
		const char *name, *word;
	} rows[] = {
		{"ack 5RM8K2X0QF\n", CONTROL_ACK, "5RM8K2X0QF", ""},
		{"ack all\n", CONTROL_ACK, "all", ""},
		{"ack a b\n", CONTROL_ACK, "a b", ""}, /* one word, which is none of ours: main refuses it */
		{"test owner critical\n", CONTROL_TEST, "owner", "critical"},
		{"test owner cri tical\n", CONTROL_TEST, "owner", "cri tical"},
		{"test o\033[2J \"\n", CONTROL_TEST, "o\033[2J", "\""},
		{"spool retry all\n", CONTROL_SPOOL, "retry", "all"},
		{"spool drop 5RM8K2X0QF\n", CONTROL_SPOOL, "drop", "5RM8K2X0QF"},
		{"retry nodira\n", CONTROL_RETRY, "nodira", ""}, /* and none of what the row held before */
		{"reload\n", CONTROL_RELOAD, "", ""},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct control_request request;
		int fd = client(f);

		say(fd, rows[i].line);
		turn(&f->control, NOW);
		turn(&f->control, NOW);
		assert_true(control_next(&f->control, &request, NOW));
		assert_int_equal(request.verb, rows[i].verb);
		assert_string_equal(request.name, rows[i].name);
		assert_string_equal(request.word, rows[i].word);
		control_answer(&f->control, request.client, CONTROL_OK, "done", NOW);
		expect(f, fd, "ok: done\n");
	}
}

static struct control_request ask_for_test(struct fixture *f, int fd)
{
	struct control_request request;

	say(fd, "test owner info\n");
	turn(&f->control, NOW);
	turn(&f->control, NOW);
	assert_true(control_next(&f->control, &request, NOW));
	return request;
}

static void lines_of_a_test_are_sent_as_they_are_said(void **state)
{
	struct fixture *f = *state;
	int fd = client(f);
	struct control_request request = ask_for_test(f, fd);
	bool closed;

	control_say(&f->control, request.client, "220 hello");
	assert_string_equal(heard(fd, &closed), "220 hello\n");
	assert_false(closed);
	for (int i = 0; i < 1000; i++) { /* more than one answer holds, and nothing is cut */
		control_say(&f->control, request.client, "250 a line of the conversation that is as long as some are");
		assert_int_equal(strlen(heard(fd, &closed)), 59);
	}
	turn(&f->control, NOW + CONTROL_WORK_MS + 1); /* a server may take its time */
	control_say(&f->control, request.client, "221 bye");
	control_answer(&f->control, request.client, CONTROL_OK, "taken", NOW);
	turn(&f->control, NOW);
	assert_string_equal(heard(fd, &closed), "221 bye\nok: taken\n");
	assert_true(closed);
	(void)close(fd);
}

static void who_does_not_read_its_test_costs_a_row_and_no_more(void **state)
{
	struct fixture *f = *state;
	int fd = client(f), gone = client(f);
	struct control_request request = ask_for_test(f, fd), of_gone = ask_for_test(f, gone);
	char line[TEXT_BYTES];

	(void)close(gone);
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	for (int i = 0; i < 10000; i++) {
		control_say(&f->control, request.client, line);
		control_say(&f->control, of_gone.client, line);
	}
	control_answer(&f->control, of_gone.client, CONTROL_OK, "", NOW);
	control_answer(&f->control, request.client, CONTROL_OK, "taken", NOW);
	for (ssize_t n = 1; n != 0; turn(&f->control, NOW)) /* all that it took, and the end */
		while ((n = recv(fd, line, sizeof(line), MSG_DONTWAIT)) > 0)
			;
	(void)close(fd);
	for (int i = 0; i < CONTROL_CLIENTS; i++)
		assert_int_equal(f->control.client[i].phase, CONTROL_FREE);
}

static void test_that_main_never_answers_is_ended_at_its_own_deadline(void **state)
{
	struct fixture *f = *state;
	int fd = client(f);
	bool closed;

	(void)ask_for_test(f, fd);
	turn(&f->control, NOW + CONTROL_TEST_MS - 1);
	assert_string_equal(heard(fd, &closed), "");
	turn(&f->control, NOW + CONTROL_TEST_MS);
	assert_string_equal(heard(fd, &closed), "error: no answer in time; see the log\n");
	(void)close(fd);
}

static void command_with_a_name_too_few_or_too_many_is_refused(void **state)
{
	static const char *const rows[][2] = {
		{"retry\n", "error: the name of a unit is missing\n"},
		{"retry \n", "error: the name of a unit is missing\n"},
		{"reload nodira\n", "error: no command \"reload nodira\"; there are: ping reload retry ack test spool\n"},
		{"retry abcdefghijklmnopqrstuvwxyz0123456\n",
		 "error: no command \"retry abcdefghijklmnopqrstuvwxyz0123456\"; there are: ping reload retry ack test spool\n"},
		{"ack\n", "error: the id of an alert, or all, is missing\n"},
		{"test\n", "error: the name of a channel, or a severity, is missing\n"},
		{"test owner\n", "error: the name of a channel, or a severity, is missing\n"},
		{"test  info\n", "error: the name of a channel, or a severity, is missing\n"},
		{"spool\n", "error: retry or drop, or the id of an alert, is missing\n"},
		{"spool drop\n", "error: retry or drop, or the id of an alert, is missing\n"},
		{"test abcdefghijklmnopqrstuvwxyz0123456 info\n",
		 "error: no command \"test abcdefghijklmnopqrstuvwxyz0123456 info\"; there are: ping reload retry ack test "
		 "spool\n"},
		{"ack abcdefghijklmnopqrstuvwxyz0123456\n",
		 "error: no command \"ack abcdefghijklmnopqrstuvwxyz0123456\"; there are: ping reload retry ack test "
		 "spool\n"},
		{"retrynodira\n", "error: no command \"retrynodira\"; there are: ping reload retry ack test spool\n"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int fd = client(f);

		say(fd, rows[i][0]);
		expect(f, fd, rows[i][1]);
	}
}

static void line_without_end_is_refused_at_its_bound(void **state)
{
	struct fixture *f = *state;
	int fd = client(f);
	char flood[CONTROL_LINE_BYTES * 4];

	memset(flood, 'x', sizeof(flood));
	assert_int_equal(send(fd, flood, sizeof(flood), MSG_NOSIGNAL), sizeof(flood));
	expect(f, fd, "error: the command is too long\n");
}

static void silent_client_is_ended_at_its_deadline(void **state)
{
	struct fixture *f = *state;
	struct pollfd fds[CONTROL_POLLFDS];
	int fd = client(f), timeout_ms = -1;
	bool closed;

	turn(&f->control, NOW);
	(void)control_prepare(&f->control, fds, &timeout_ms, NOW);
	assert_int_equal(timeout_ms, CONTROL_ASK_MS);
	turn(&f->control, NOW + CONTROL_ASK_MS - 1);
	(void)heard(fd, &closed);
	assert_false(closed);
	turn(&f->control, NOW + CONTROL_ASK_MS);
	assert_string_equal(heard(fd, &closed), "error: no command came\n");
	assert_true(closed);
	(void)close(fd);
}

static void want_of_descriptors_does_not_make_main_spin(void **state)
{
	struct fixture *f = *state;
	struct pollfd fds[CONTROL_POLLFDS];
	struct rlimit old, few;
	int fd = client(f), next = dup(0), timeout_ms = -1;
	bool closed;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	few = (struct rlimit){.rlim_cur = (rlim_t)next, .rlim_max = old.rlim_max};
	(void)close(next);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	turn(&f->control, NOW);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(control_prepare(&f->control, fds, &timeout_ms, NOW), 0);
	assert_int_equal(timeout_ms, CONTROL_ACCEPT_MS);
	turn(&f->control, NOW + CONTROL_ACCEPT_MS);
	say(fd, "x\n");
	turn(&f->control, NOW + CONTROL_ACCEPT_MS);
	assert_string_equal(heard(fd, &closed),
			    "error: no command \"x\"; there are: ping reload retry ack test spool\n");
	(void)close(fd);
}

static void client_that_leaves_while_main_works_does_no_harm(void **state)
{
	struct fixture *f = *state;
	struct control_request request, other;
	int fd = client(f);

	say(fd, "reload\n");
	turn(&f->control, NOW);
	turn(&f->control, NOW);
	assert_true(control_next(&f->control, &request, NOW));
	(void)close(fd);
	turn(&f->control, NOW);
	control_say(&f->control, request.client, "nobody hears");
	control_answer(&f->control, request.client, CONTROL_OK, "", NOW);
	control_answer(&f->control, request.client, CONTROL_OK, "",
		       NOW); /* twice: the token is spent */
	fd = client(f);
	say(fd, "ping\n");
	turn(&f->control, NOW);
	turn(&f->control, NOW);
	assert_true(control_next(&f->control, &other, NOW));
	assert_int_not_equal(other.client, request.client);
	control_answer(&f->control, other.client, CONTROL_OK, "", NOW);
	expect(f, fd, "ok\n");
}

static void answer_that_main_never_gives_is_ended_at_its_deadline(void **state)
{
	struct fixture *f = *state;
	struct control_request request;
	int fd = client(f);
	bool closed;

	say(fd, "reload\n");
	turn(&f->control, NOW);
	turn(&f->control, NOW);
	assert_true(control_next(&f->control, &request, NOW));
	turn(&f->control, NOW + CONTROL_WORK_MS);
	assert_string_equal(heard(fd, &closed), "error: no answer in time; see the log\n");
	assert_true(closed);
	(void)close(fd);
}

static void long_answer_is_cut_at_a_line_and_says_how_much_is_missing(void **state)
{
	struct fixture *f = *state;
	struct control_request request;
	int fd = client(f);
	bool closed;
	const char *answer;

	say(fd, "reload\n");
	turn(&f->control, NOW);
	turn(&f->control, NOW);
	assert_true(control_next(&f->control, &request, NOW));
	for (int i = 0; i < 1000; i++)
		control_say(&f->control, request.client, "f.conf:1: one of very many findings");
	control_answer(&f->control, request.client, CONTROL_INVALID, "nothing was changed", NOW);
	turn(&f->control, NOW);
	answer = heard(fd, &closed);
	assert_true(closed);
	assert_non_null(strstr(answer, " lines more\ninvalid: nothing was changed\n"));
	assert_true(strlen(answer) < CONTROL_ANSWER_BYTES);
	(void)close(fd);
}

/* Its answer is larger than the socket's buffer, and it never reads. */
static void client_that_never_reads_is_ended_at_its_deadline(void **state)
{
	struct fixture *f = *state;
	struct control_request request;
	int fd = client(f), small = 1;
	bool closed;

	say(fd, "reload\n");
	turn(&f->control, NOW);
	turn(&f->control, NOW);
	assert_true(control_next(&f->control, &request, NOW));
	for (int i = 0; i < CONTROL_CLIENTS; i++)
		if (f->control.client[i].phase == CONTROL_WORKING)
			(void)setsockopt(f->control.client[i].fd, SOL_SOCKET, SO_SNDBUF, &small,
					 sizeof(small));
	for (int i = 0; i < 1000; i++)
		control_say(&f->control, request.client, "f.conf:1: one of very many findings");
	control_answer(&f->control, request.client, CONTROL_INVALID, "", NOW);
	turn(&f->control, NOW + CONTROL_READ_MS);
	(void)heard(fd, &closed);
	assert_true(closed);
	for (int i = 0; i < CONTROL_CLIENTS; i++)
		assert_int_equal(f->control.client[i].phase, CONTROL_FREE);
	(void)close(fd);
}

static void one_client_too_many_is_told_to_come_again(void **state)
{
	struct fixture *f = *state;
	int fd[CONTROL_CLIENTS + 1];
	bool closed;

	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		fd[i] = client(f);
		turn(&f->control, NOW);
	}
	fd[CONTROL_CLIENTS] = client(f);
	turn(&f->control, NOW);
	assert_string_equal(heard(fd[CONTROL_CLIENTS], &closed),
			    "error: too many clients at once; try again\n");
	assert_true(closed);
	(void)heard(fd[0], &closed);
	assert_false(closed);
	for (int i = 0; i <= CONTROL_CLIENTS; i++)
		(void)close(fd[i]);
}

/* Connect as someone else: the kernel notes who it was at connect(2). */
static int client_as(const struct fixture *f, uid_t uid, gid_t gid, gid_t supplementary)
{
	int fd;

	assert_int_equal(setgroups(1, &supplementary), 0);
	assert_int_equal(setegid(gid), 0);
	assert_int_equal(seteuid(uid), 0);
	fd = place_connect(f->path);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(setegid(0), 0);
	assert_int_equal(setgroups(0, NULL), 0);
	return fd;
}

static void skip_unless_root(const struct fixture *f)
{
	if (geteuid() != 0 || f->readers[0] == '\0') {
		print_message("SKIP: needs root and a group with gid %d\n", READERS);
		skip();
	}
}

/* As an ordinary user, who cannot give files to the group that the config names. */
static void ordinary_user_listens_without_the_readers(void **state)
{
	struct fixture *f = *state;
	struct control *own = calloc(1, sizeof(*own));
	char dir[96], path[128];
	struct stat st;

	skip_unless_root(f);
	(void)snprintf(dir, sizeof(dir), "%s/home", f->dir);
	(void)snprintf(path, sizeof(path), "%s/run/control", dir);
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(chown(dir, NOBODY, NOBODY), 0);
	assert_int_equal(setgroups(0, NULL), 0);
	assert_int_equal(setegid(NOBODY), 0);
	assert_int_equal(seteuid(NOBODY), 0);
	assert_int_equal(place_make(path, f->readers), 0);
	assert_int_equal(control_open(own, path, f->readers), 0);
	assert_int_equal(control_set_readers(own, f->readers), 0);
	assert_int_equal(stat(path, &st), 0);
	control_close(own);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(setegid(0), 0);
	assert_int_equal(st.st_gid, NOBODY);
	*strrchr(path, '/') = '\0';
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(dir), 0);
	free(own);
}

static void stranger_cannot_even_connect(void **state)
{
	struct fixture *f = *state;

	skip_unless_root(f);
	assert_int_equal(client_as(f, NOBODY, NOBODY, NOBODY), -EACCES);
}

static void stranger_who_gets_through_is_refused(void **state)
{
	struct fixture *f = *state;
	int fd;

	skip_unless_root(f);
	assert_int_equal(chmod(f->path, 0666), 0);
	fd = client_as(f, NOBODY, NOBODY, NOBODY);
	say(fd, "ping\n");
	expect(f, fd, "error: not allowed: only root and the group `readers` may ask\n");
}

static void reader_may_ping_but_not_command(void **state)
{
	struct fixture *f = *state;
	struct control_request request;
	const gid_t gids[][2] = {{READERS, NOBODY},
				 {NOBODY, READERS}}; /* its own, or a supplementary one */

	skip_unless_root(f);
	for (size_t i = 0; i < ARRAY_LEN(gids); i++) {
		int fd = client_as(f, NOBODY, gids[i][0], gids[i][1]);

		say(fd, "reload\n");
		expect(f, fd, "error: not allowed: only root may command\n");
		fd = client_as(f, NOBODY, gids[i][0], gids[i][1]);
		say(fd, "retry nodira\n");
		expect(f, fd, "error: not allowed: only root may command\n");
		fd = client_as(f, NOBODY, gids[i][0], gids[i][1]);
		say(fd, "ping\n");
		turn(&f->control, NOW);
		turn(&f->control, NOW);
		assert_true(control_next(&f->control, &request, NOW));
		control_answer(&f->control, request.client, CONTROL_OK, "", NOW);
		expect(f, fd, "ok\n");
	}
}

static void root_finds_a_row_when_readers_hold_them_all(void **state)
{
	struct fixture *f = *state;
	struct control_request request;
	int fd[CONTROL_CLIENTS], mine;

	skip_unless_root(f);
	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		fd[i] = client_as(f, NOBODY, READERS, READERS);
		turn(&f->control, NOW);
	}
	mine = client(f);
	say(mine, "reload\n");
	turn(&f->control, NOW);
	turn(&f->control, NOW);
	assert_true(control_next(&f->control, &request, NOW));
	control_answer(&f->control, request.client, CONTROL_OK, "", NOW);
	expect(f, mine, "ok\n");
	for (int i = 0; i < CONTROL_CLIENTS; i++)
		(void)close(fd[i]);
}

static void socket_of_a_living_daemon_is_not_taken(void **state)
{
	struct fixture *f = *state;
	struct control *second = calloc(1, sizeof(*second));
	struct stat st;

	assert_int_equal(control_open(second, f->path, ""), -EADDRINUSE);
	control_close(second);
	assert_int_equal(stat(f->path, &st), 0);
	free(second);
}

static void socket_that_a_killed_daemon_left_is_replaced(void **state)
{
	struct fixture *f = *state;
	struct stat st;
	int fd;

	assert_int_equal(close(f->control.fd), 0); /* as a SIGKILL does */
	f->control.fd = -1;
	assert_int_equal(control_open(&f->control, f->path, f->readers), 0);
	fd = client(f);
	(void)close(fd);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	if (geteuid() == 0 && f->readers[0] != '\0')
		assert_int_equal(st.st_gid, READERS);
}

static void file_in_the_way_is_left_alone(void **state)
{
	struct fixture *f = *state;
	FILE *file;

	control_close(&f->control);
	file = fopen(f->path, "w");
	assert_non_null(file);
	(void)fclose(file);
	assert_int_equal(control_open(&f->control, f->path, ""), -EEXIST);
}

static void path_that_no_socket_can_have_is_refused(void **state)
{
	struct fixture *f = *state;
	struct control *second = calloc(1, sizeof(*second));
	char path[SOCKET_PATH_MAX + 2];

	(void)f;
	memset(path, 'x', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(control_open(second, path, ""), -ENAMETOOLONG);
	free(second);
}

static void directory_is_made_for_the_readers_and_no_other(void **state)
{
	struct fixture *f = *state;
	char path[128];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/run/control", f->dir);
	assert_int_equal(place_make(path, f->readers), 0);
	*strrchr(path, '/') = '\0';
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0750);
	if (geteuid() == 0 && f->readers[0] != '\0')
		assert_int_equal(st.st_gid, READERS);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(place_make(f->path, f->readers), 0); /* 0755: somebody else's, stays so */
	assert_int_equal(stat(f->dir, &st), 0);
	assert_int_equal(st.st_gid, getegid());
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(root_gets_its_command_answered),
		TEST(command_that_comes_in_pieces_is_understood),
		TEST(unknown_command_is_refused_with_its_text_escaped),
		TEST(retry_brings_the_name_of_its_unit),
		TEST(words_that_follow_a_verb_are_brought_to_main),
		TEST(lines_of_a_test_are_sent_as_they_are_said),
		TEST(who_does_not_read_its_test_costs_a_row_and_no_more),
		TEST(test_that_main_never_answers_is_ended_at_its_own_deadline),
		TEST(command_with_a_name_too_few_or_too_many_is_refused),
		TEST(line_without_end_is_refused_at_its_bound),
		TEST(silent_client_is_ended_at_its_deadline),
		TEST(want_of_descriptors_does_not_make_main_spin),
		TEST(client_that_leaves_while_main_works_does_no_harm),
		TEST(answer_that_main_never_gives_is_ended_at_its_deadline),
		TEST(long_answer_is_cut_at_a_line_and_says_how_much_is_missing),
		TEST(client_that_never_reads_is_ended_at_its_deadline),
		TEST(one_client_too_many_is_told_to_come_again),
		TEST(ordinary_user_listens_without_the_readers),
		TEST(stranger_cannot_even_connect),
		TEST(stranger_who_gets_through_is_refused),
		TEST(reader_may_ping_but_not_command),
		TEST(root_finds_a_row_when_readers_hold_them_all),
		TEST(socket_of_a_living_daemon_is_not_taken),
		TEST(socket_that_a_killed_daemon_left_is_replaced),
		TEST(file_in_the_way_is_left_alone),
		TEST(path_that_no_socket_can_have_is_refused),
		TEST(directory_is_made_for_the_readers_and_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
