/* plugins/transfer: secrets in and never out, bounds, Retry-After, many at once; with a server that is a child of this
 * program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../plugins/transfer/transfer.h"
#include "base/bounds.h"
#include "base/clock.h"
#include "base/severity.h"

enum { WAIT_MS = 20000 };

static const struct plugin_pair secrets[] = {
	{"TOKEN", "123:s3cret/word+"},
	{"PASSWORD", "p w\\\"x"},
	{"EMPTY", ""},
	{"LINES", "one\r\nX-More: two"},
};

static char talked[64 * 1024];
static int talks;

static void on_talk(uint64_t delivery, const char *line)
{
	assert_int_not_equal(delivery, 0);
	talks++;
	if (strlen(talked) + strlen(line) + 2 < sizeof(talked))
		(void)strcat(strcat(talked, line), "\n");
}

static const struct plugin_host host = {.talk = on_talk};

/* --- a server --- */

static pid_t server;
static char url[256];
static const char *endless; /* what is said behind the answer, again and again; NULL: nothing */

static void serve_one(int listener, const char *answer, size_t len)
{
	char heard[8192];
	int fd = accept(listener, NULL, NULL);
	size_t n = 0;
	ssize_t got;

	memset(heard, 0, sizeof(heard));
	while (strstr(heard, "\r\n\r\n") == NULL && (got = read(fd, heard + n, sizeof(heard) - 1 - n)) > 0)
		n += (size_t)got;
	for (size_t at = 0; at < len; at += (size_t)got)
		if ((got = write(fd, answer + at, len - at)) <= 0)
			break;
	while (endless != NULL && write(fd, endless, strlen(endless)) > 0)
		;
	(void)close(fd);
}

/* Each connection gets this answer; NULL: it is accepted, and silence. Sets url. */
static void serve(const char *answer)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(listener, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(listener, 64), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/", ntohs(at.sin_port));
	server = fork();
	if (server == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)signal(SIGPIPE, SIG_IGN);
		while (answer != NULL)
			serve_one(listener, answer, strlen(answer));
		for (;;)
			(void)pause();
	}
	(void)close(listener);
}

/* --- a transfer --- */

static struct {
	int count;
	CURLcode code;
	long status;
	uint32_t retry_after_ms;
	size_t answer_len;
	char answer[TRANSFER_ANSWER_BYTES + 1];
	char error[CURL_ERROR_SIZE];
} ended;

static void on_done(struct transfer *transfer, CURLcode code, long status)
{
	ended.count++;
	ended.code = code;
	ended.status = status;
	ended.retry_after_ms = transfer->retry_after_ms;
	ended.answer_len = transfer->answer_len;
	memcpy(ended.answer, transfer->answer, transfer->answer_len + 1);
	memcpy(ended.error, transfer->error, sizeof(ended.error));
}

static struct plugin_channel channel_of(const char *to)
{
	return (struct plugin_channel){.name = "c", .command = "", .url = to, .proxy = "", .ca = "",
				       .secrets = secrets, .secrets_count = ARRAY_LEN(secrets), .timeout_ms = WAIT_MS};
}

static struct transfer *begin(uint64_t delivery, const struct plugin_channel *channel)
{
	char why[128] = "";
	struct transfer *transfer = transfer_new(delivery, channel, "http,https", why, sizeof(why));

	if (transfer == NULL)
		fail_msg("%s", why);
	transfer->done = on_done;
	return transfer;
}

static void turn_until(int count)
{
	mono_ms end = clock_mono() + WAIT_MS;

	while (ended.count < count && clock_mono() < end) {
		struct pollfd fds[128];
		int timeout_ms = 100, rows = transfers_prepare(fds, 128, &timeout_ms);

		(void)poll(fds, (nfds_t)rows, timeout_ms);
		transfers_dispatch(fds, rows);
	}
	assert_int_equal(ended.count, count);
}

static void get(const char *path)
{
	char whole[300];
	struct plugin_channel channel = channel_of(whole);

	(void)snprintf(whole, sizeof(whole), "%s%s", url, path);
	transfer_start(begin(7, &channel));
	turn_until(1);
}

static int set_up(void **state)
{
	(void)state;
	memset(&ended, 0, sizeof(ended));
	talked[0] = '\0';
	talks = 0;
	server = 0;
	endless = NULL;
	return transfers_open(&host);
}

static int tear_down(void **state)
{
	(void)state;
	transfers_close();
	if (server > 0) {
		(void)kill(server, SIGKILL);
		(void)waitpid(server, NULL, 0);
	}
	return 0;
}

/* --- the tests --- */

static void each_name_becomes_its_value_and_nothing_else_changes(void **state)
{
	static const struct {
		const char *text, *filled, *why;
	} rows[] = {
		{"", "", ""},
		{"http://x/", "http://x/", ""},
		{"${TOKEN}", "123:s3cret/word+", ""},
		{"a${TOKEN}b${TOKEN}c", "a123:s3cret/word+b123:s3cret/word+c", ""},
		{"$TOKEN $ {TOKEN} $", "$TOKEN $ {TOKEN} $", ""},
		{"${TOKEN", "${TOKEN", ""},
		{"$${TOKEN}", "$123:s3cret/word+", ""},
		{"${token}", NULL, "there is no secret token"},
		{"x${}y", NULL, "there is no secret "},
		{"${EMPTY}", NULL, "there is no secret EMPTY"},
		{"${LINES}", NULL, "the secret LINES has a control character"},
		{"${TOKEN} ${${TOKEN}}", NULL, "there is no secret ${TOKEN"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char why[128] = "";
		char *filled = transfer_fill(rows[i].text, secrets, ARRAY_LEN(secrets), why, sizeof(why));

		if (rows[i].filled == NULL)
			assert_null(filled);
		else
			assert_string_equal(filled, rows[i].filled);
		assert_string_equal(why, rows[i].why);
		transfer_wipe(filled);
	}
	transfer_wipe(NULL);
}

static void a_copy_of_secrets_needs_the_first_no_more(void **state)
{
	struct plugin_pair *copy = transfer_secrets_copy(secrets, ARRAY_LEN(secrets));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
		assert_ptr_not_equal(copy[i].value, secrets[i].value);
		assert_string_equal(copy[i].name, secrets[i].name);
		assert_string_equal(copy[i].value, secrets[i].value);
	}
	transfer_secrets_free(copy, ARRAY_LEN(secrets));
	copy = transfer_secrets_copy(NULL, 0);
	assert_non_null(copy);
	transfer_secrets_free(copy, 0);
}

static void an_answer_and_its_status_arrive(void **state)
{
	(void)state;
	serve("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
	get("x");
	assert_int_equal(ended.code, CURLE_OK);
	assert_int_equal(ended.status, 200);
	assert_string_equal(ended.answer, "hello");
	assert_int_equal(ended.retry_after_ms, 0);
}

static void of_a_long_answer_the_beginning_is_kept(void **state)
{
	static char answer[100 * 1024];
	int head = snprintf(answer, sizeof(answer), "HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n");

	(void)state;
	memset(answer + head, 'x', 90000);
	serve(answer);
	get("");
	assert_int_equal(ended.code, CURLE_OK);
	assert_int_equal(ended.answer_len, TRANSFER_ANSWER_BYTES);
}

static void retry_after_is_seconds_or_a_date_and_bounded(void **state)
{
	static const struct {
		const char *value;
		uint32_t least_ms, most_ms;
	} rows[] = {
		{"7", 7000, 7000},
		{"0", 0, 0},
		{"-5", 0, 0},
		{"soon", 0, 0},
		{"99999999999999999999", 0, TRANSFER_RETRY_MAX_MS}, /* as this libcurl has it */
		{"4000000000", TRANSFER_RETRY_MAX_MS, TRANSFER_RETRY_MAX_MS},
		{"Thu, 01 Jan 2015 00:00:00 GMT", 0, 0},
	};
	char answer[256], date[64];
	time_t later = time(NULL) + 3600;
	struct tm tm;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		ended.count = 0;
		(void)snprintf(answer, sizeof(answer),
			       "HTTP/1.1 429 Slow down\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n", rows[i].value);
		serve(answer);
		get("");
		assert_int_equal(ended.status, 429);
		assert_in_range(ended.retry_after_ms, rows[i].least_ms, rows[i].most_ms);
		(void)kill(server, SIGKILL);
		(void)waitpid(server, NULL, 0);
	}
	ended.count = 0;
	(void)strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&later, &tm));
	(void)snprintf(answer, sizeof(answer), "HTTP/1.1 503 Later\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n", date);
	serve(answer);
	get("");
	assert_in_range(ended.retry_after_ms, 3000 * 1000, 3600 * 1000);
}

static void a_redirect_is_not_followed(void **state)
{
	(void)state;
	serve("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
	get("");
	assert_int_equal(ended.code, CURLE_OK);
	assert_int_equal(ended.status, 302);
}

/* "\0USER\0PASSWORD" in base64, whatever the length of the user, between other words. */
static void no_login_is_told(const struct transfer *transfer)
{
	static const struct {
		const char *said, *told;
	} rows[] = {
		{"no AGIAcCB3XCJ4 here", "no AGIA*** here"},      /* b */
		{"no AGJvAHAgd1wieA== here", "no AGJvA*** here"}, /* bo */
		{"no AGJvdABwIHdcIng= here", "no AGJvdA*** here"}, /* bot */
		{"no AGJvdABwIHdcIni here", "no AGJvdA*** here"}, /* with more behind it */
		{"cABwIHdcI", "cABwIHdcI"},                       /* not all of it */
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[128];
		struct buffer out;

		BUFFER_OVER(&out, text);
		transfer_tell(transfer, rows[i].said, strlen(rows[i].said), &out);
		assert_string_equal(text, rows[i].told);
	}
}

/* The server sends the secret back, in pieces that a person would see. */
static void no_secret_is_ever_told(void **state)
{
	struct plugin_channel channel;
	struct transfer *transfer;
	char whole[300];
	char mixed[512];
	struct buffer out;

	(void)state;
	serve("HTTP/1.1 200 OK\r\nX-Path: /bot123:s3cret/word+/send\r\n"
	      "X-Coded: MTIzOnMzY3JldC93b3JkKw==\r\nX-Escape: \x1b[31m\xff\r\nContent-Length: 0\r\n\r\n");
	(void)snprintf(whole, sizeof(whole), "%sbot${TOKEN}/send", url);
	channel = channel_of(whole);
	transfer = begin(7, &channel);
	(void)curl_easy_setopt(transfer->easy, CURLOPT_USERNAME, "someone");
	(void)curl_easy_setopt(transfer->easy, CURLOPT_PASSWORD, secrets[1].value);
	BUFFER_OVER(&out, mixed);
	transfer_tell(transfer, "a123:s3cret/word+p w\\\"x\n", 24, &out);
	assert_string_equal(mixed, "a******\\x0a");
	BUFFER_OVER(&out, mixed);
	transfer_hide(transfer, "a123:s3cret/word+\n", 18, &out);
	assert_string_equal(mixed, "a***\n");
	no_login_is_told(transfer);
	transfer_start(transfer);
	turn_until(1);
	assert_non_null(strstr(talked, "> GET /bot***/send HTTP/1.1"));
	assert_non_null(strstr(talked, "< X-Path: /bot***/send"));
	assert_non_null(strstr(talked, "< X-Coded: ***"));
	assert_non_null(strstr(talked, "> Authorization: ***"));
	assert_non_null(strstr(talked, "\\x1b[31m\\xff"));
	assert_null(strstr(talked, "s3cret"));
	assert_null(strstr(talked, "MTIzOnMz"));
	assert_null(strstr(talked, "Basic c29t"));
}

static void a_secret_is_hidden_however_it_is_spelled(void **state)
{
	static const struct plugin_pair spelled[] = {{"A", "a%/ b\"c"}, {"B", "%41zz"}};
	static const struct {
		const char *text, *told;
	} rows[] = {
		{"?x=a%25%2F%20b%22c&y", "?x=***&y"},
		{"?x=a%25%2f+b%22%63", "?x=***"},
		{"{\"t\":\"a%\\/ b\\\"c\"}", "{\"t\":\"***\"}"},
		{"a%/ b\"c", "***"},
		{"a%25%2F%20b%22d", "a%25%2F%20b%22d"},
		{"%41zz %2541zz", "*** ***"},
		{"Azz %4", "Azz %4"},
	};
	struct plugin_channel channel = channel_of("http://127.0.0.1:1/");
	struct transfer *transfer;

	(void)state;
	channel.secrets = spelled;
	channel.secrets_count = ARRAY_LEN(spelled);
	transfer = begin(7, &channel);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[128];
		struct buffer out;

		BUFFER_OVER(&out, text);
		transfer_tell(transfer, rows[i].text, strlen(rows[i].text), &out);
		assert_string_equal(text, rows[i].told);
	}
	transfer_free(transfer);
}

/* Whether the server of `answer` is ended before its time is: it never stops. */
static void hear_endless(const char *answer, const char *more, bool as_proxy)
{
	struct plugin_channel channel;

	memset(&ended, 0, sizeof(ended));
	endless = more;
	serve(answer);
	channel = channel_of(as_proxy ? "https://example.org/" : url);
	channel.proxy = as_proxy ? url : "";
	channel.timeout_ms = 10 * WAIT_MS;
	transfer_start(begin(7, &channel));
	(void)alarm(5 * WAIT_MS / 1000); /* libcurl itself may not come back */
	turn_until(1);
	(void)alarm(0);
	assert_int_not_equal(ended.code, CURLE_OK);
	assert_string_equal(ended.error, "the other side says more than 1 MiB");
	(void)kill(server, SIGKILL);
	(void)waitpid(server, NULL, 0);
	server = 0;
}

static void who_never_comes_to_an_end_is_left(void **state)
{
	char line[1024];

	(void)state;
	(void)snprintf(line, sizeof(line), "X-Trailer: %0900d\r\n", 0);
	hear_endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n", line, false);
	hear_endless("HTTP/1.1 200 OK\r\n\r\n", line, false);
	assert_int_equal(ended.status, 200);
	hear_endless("HTTP/1.1 407 No\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n", line, true);
	hear_endless("HTTP/1.1 407 No\r\nContent-Length: 99999999999\r\n\r\n", line, true);
}

static void a_conversation_is_told_within_bounds(void **state)
{
	static char answer[256 * 1024];
	size_t at = (size_t)snprintf(answer, sizeof(answer), "HTTP/1.1 200 OK\r\nX-Long: ");

	(void)state;
	memset(answer + at, 'y', 50000);
	at += 50000;
	for (int i = 0; i < 600; i++)
		at += (size_t)snprintf(answer + at, sizeof(answer) - at, "\r\nX-%d: z", i);
	(void)snprintf(answer + at, sizeof(answer) - at, "\r\nContent-Length: 0\r\n\r\n");
	serve(answer);
	get("");
	assert_int_equal(ended.code, CURLE_OK);
	assert_true(talks > 100 && talks < 300);
	assert_non_null(strstr(talked, "* ... and more"));
	for (char *line = strtok(talked, "\n"); line != NULL; line = strtok(NULL, "\n"))
		assert_true(strlen(line) < 256);
}

static void one_that_waits_holds_up_no_other_and_is_cancelled_without_a_word(void **state)
{
	char silent[256];
	struct plugin_channel channel;
	pid_t first;

	(void)state;
	serve(NULL);
	first = server;
	(void)snprintf(silent, sizeof(silent), "%s", url);
	channel = channel_of(silent);
	for (uint64_t i = 1; i <= 20; i++)
		transfer_start(begin(i, &channel));
	serve("HTTP/1.1 204 None\r\n\r\n");
	get("");
	assert_int_equal(ended.status, 204);
	for (uint64_t i = 1; i <= 20; i++)
		transfer_cancel(i);
	assert_int_equal(ended.count, 1);
	(void)kill(first, SIGKILL);
	(void)waitpid(first, NULL, 0);
}

static void its_time_is_limited(void **state)
{
	struct plugin_channel channel;

	(void)state;
	serve(NULL);
	channel = channel_of(url);
	channel.timeout_ms = 200;
	transfer_start(begin(1, &channel));
	turn_until(1);
	assert_int_equal(ended.code, CURLE_OPERATION_TIMEDOUT);
	assert_int_equal(ended.status, 0);
}

static void beyond_the_bound_there_is_none(void **state)
{
	struct transfer *all[TRANSFER_MAX];
	struct plugin_channel channel = channel_of("http://127.0.0.1:1/");
	char why[128];

	(void)state;
	for (size_t i = 0; i < TRANSFER_MAX; i++)
		all[i] = begin(i + 1, &channel);
	assert_null(transfer_new(99, &channel, "http,https", why, sizeof(why)));
	assert_string_equal(why, "too many transfers are under way");
	for (size_t i = 0; i < TRANSFER_MAX; i++)
		transfer_free(all[i]);
	transfer_free(begin(99, &channel));
}

static void no_other_protocol_is_spoken_and_no_proxy_of_the_environment_asked(void **state)
{
	static const char *const wrong[] = {"file:///etc/passwd", "gopher://127.0.0.1:1/", "127.0.0.1:1", "smtp://127.0.0.1:1"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct plugin_channel channel = channel_of(wrong[i]);

		ended.count = 0;
		transfer_start(begin(1, &channel));
		turn_until(1);
		assert_int_equal(ended.code, CURLE_UNSUPPORTED_PROTOCOL);
	}
	(void)setenv("http_proxy", "http://127.0.0.1:1", 1);
	(void)setenv("all_proxy", "http://127.0.0.1:1", 1);
	ended.count = 0;
	serve("HTTP/1.1 204 None\r\n\r\n");
	get("");
	assert_int_equal(ended.status, 204);
	(void)unsetenv("http_proxy");
	(void)unsetenv("all_proxy");
}

static void one_that_ends_may_begin_the_next(void **state);

static struct plugin_channel next_channel;

static void on_done_begin(struct transfer *transfer, CURLcode code, long status)
{
	on_done(transfer, code, status);
	transfer_start(begin(transfer->delivery + 1, &next_channel));
	transfer_cancel(transfer->delivery); /* itself: it is over */
}

static void one_that_ends_may_begin_the_next(void **state)
{
	struct transfer *transfer;

	(void)state;
	serve("HTTP/1.1 204 None\r\n\r\n");
	next_channel = channel_of(url);
	transfer = begin(1, &next_channel);
	transfer->done = on_done_begin;
	transfer_start(transfer);
	turn_until(2);
	assert_int_equal(ended.status, 204);
}

static void the_warm_up_ends(void **state)
{
	mono_ms began = clock_mono();

	(void)state;
	transfers_warm();
	assert_true(clock_mono() - began < WAIT_MS);
	serve("HTTP/1.1 204 None\r\n\r\n");
	get("");
	assert_int_equal(ended.status, 204);
}

#define ONE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ONE(each_name_becomes_its_value_and_nothing_else_changes),
		ONE(a_copy_of_secrets_needs_the_first_no_more),
		ONE(an_answer_and_its_status_arrive),
		ONE(of_a_long_answer_the_beginning_is_kept),
		ONE(retry_after_is_seconds_or_a_date_and_bounded),
		ONE(a_redirect_is_not_followed),
		ONE(no_secret_is_ever_told),
		ONE(a_secret_is_hidden_however_it_is_spelled),
		ONE(who_never_comes_to_an_end_is_left),
		ONE(a_conversation_is_told_within_bounds),
		ONE(one_that_waits_holds_up_no_other_and_is_cancelled_without_a_word),
		ONE(its_time_is_limited),
		ONE(beyond_the_bound_there_is_none),
		ONE(no_other_protocol_is_spoken_and_no_proxy_of_the_environment_asked),
		ONE(one_that_ends_may_begin_the_next),
		ONE(the_warm_up_ends),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
