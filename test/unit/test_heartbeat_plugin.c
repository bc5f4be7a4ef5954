/* plugins/heartbeat.c through its ABI: what is asked for, when, and while what; the other side is this program. */
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
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "base/severity.h"
#include "plugin_driver.h"
#include "share/state.h"

extern const struct plugin plugin;

enum { NOW = 1000000, WALL = 1769107081, EVERY_MS = 60000, WAIT_S = 20 };

static struct state *state;

/* --- the other side --- */

static struct {
	int listener, conn, pings;
	unsigned port;
	bool silent;
	const char *answer;
	char heard[8192], last[8192]; /* of the connection; the last request, whole */
	size_t len;
} side;

static void side_open(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(at);

	memset(&side, 0, sizeof(side));
	side.conn = -1;
	side.answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK";
	side.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(side.listener, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(side.listener, 8), 0);
	assert_int_equal(getsockname(side.listener, (struct sockaddr *)&at, &len), 0);
	side.port = ntohs(at.sin_port);
}

static bool side_has_whole(void)
{
	const char *body = strstr(side.heard, "\r\n\r\n"), *length = strstr(side.heard, "Content-Length: ");

	return body != NULL && (length == NULL || strlen(body + 4) >= strtoul(length + 16, NULL, 10));
}

static void side_turn(void)
{
	ssize_t n;

	if (side.conn < 0) {
		side.conn = accept4(side.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		side.len = 0;
		memset(side.heard, 0, sizeof(side.heard));
	}
	if (side.conn < 0)
		return;
	n = read(side.conn, side.heard + side.len, sizeof(side.heard) - 1 - side.len);
	side.len += n > 0 ? (size_t)n : 0;
	if (side.silent || !side_has_whole())
		return;
	memcpy(side.last, side.heard, sizeof(side.last));
	side.pings++;
	(void)!write(side.conn, side.answer, strlen(side.answer));
	(void)close(side.conn);
	side.conn = -1;
}

/* --- turns --- */

static void turn(void)
{
	struct pollfd fds[16];
	int timeout_ms = 5, rows = plugin.prepare(fds, 16, &timeout_ms);

	(void)poll(fds, (nfds_t)rows, timeout_ms);
	plugin.dispatch(fds, rows);
	side_turn();
}

/* The clock stands; what libcurl waits for does not. */
static void turn_until_pings(int count)
{
	time_t end = time(NULL) + WAIT_S;

	while (side.pings < count && time(NULL) < end)
		turn();
	assert_int_equal(side.pings, count);
	for (int i = 0; i < 20; i++)
		turn();
	assert_int_equal(side.pings, count);
}

static void turn_until_logs(int count)
{
	time_t end = time(NULL) + WAIT_S;

	while (driver.logs < count && time(NULL) < end)
		turn();
	assert_int_equal(driver.logs, count);
}

static void later(uint64_t for_ms)
{
	clock_turn(clock_mono() + for_ms, clock_wall() + for_ms);
}

static void settings_of(const char *path)
{
	static char url[256];
	static const struct plugin_pair secrets[] = {{"KEY", "k-e-y"}};
	struct plugin_settings settings = {
		.heartbeat = {.name = "heartbeat", .url = url, .proxy = "", .ca = "", .secrets = secrets,
			      .secrets_count = 1, .timeout_ms = 10000},
		.heartbeat_every_ms = EVERY_MS, .listen = "", .textfile = "",
	};

	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", side.port, path);
	if (path[0] == '\0')
		url[0] = '\0';
	plugin.settings(&settings);
}

static void rule_is(uint32_t i, uint8_t phase, uint32_t severity)
{
	struct state_rule *rule = &state->rule[i];

	(void)snprintf(rule->rule, sizeof(rule->rule), "rule%u", i);
	(void)snprintf(rule->unit, sizeof(rule->unit), "%s", i == 0 ? "xtts\x1b[31m" : "");
	rule->phase = phase;
	rule->severity = severity;
	state->rules = state->rules > i ? state->rules : i + 1;
}

static int set_up(void **arg)
{
	(void)arg;
	clock_turn(NOW, (wall_ms)WALL * 1000);
	side_open();
	state = calloc(1, sizeof(*state));
	state->tick = NOW;
	assert_int_equal(plugin.open(driver_host()), 0);
	driver.state = state;
	return 0;
}

static int tear_down(void **arg)
{
	(void)arg;
	plugin.close();
	free(state);
	(void)close(side.listener);
	if (side.conn >= 0)
		(void)close(side.conn);
	clock_turn(0, 0);
	return 0;
}

static bool asks(const char *line)
{
	return strncmp(side.last, line, strlen(line)) == 0;
}

/* --- the tests --- */

static void nothing_is_pinged_without_a_url(void **arg)
{
	(void)arg;
	for (int i = 0; i < 10; i++, later(EVERY_MS))
		turn();
	settings_of("");
	for (int i = 0; i < 10; i++, later(EVERY_MS))
		turn();
	assert_int_equal(side.pings, 0);
	assert_int_equal(driver.logs, 0);
}

static void it_pings_at_once_and_then_every_so_often(void **arg)
{
	(void)arg;
	settings_of("/ping/${KEY}");
	turn_until_pings(1);
	assert_true(asks("GET /ping/k-e-y HTTP/1.1\r\n"));
	assert_non_null(strstr(side.last, "User-Agent: watchdogd\r\n"));
	later(EVERY_MS - 1);
	state->tick = clock_mono();
	turn_until_pings(1);
	later(1);
	turn_until_pings(2);
	settings_of("/ping/${KEY}"); /* a reload that changes nothing */
	turn_until_pings(2);
	settings_of("/other");
	turn_until_pings(3);
	assert_true(asks("GET /other HTTP/1.1\r\n"));
	assert_int_equal(driver.logs, 0);
}

static void a_critical_rule_that_fires_is_a_fail_with_its_name(void **arg)
{
	static const struct {
		uint8_t phase;
		uint32_t severity;
		bool fails;
	} rows[] = {
		{STATE_RULE_QUIET, SEVERITY_CRITICAL, false},   {STATE_RULE_HOLDING, SEVERITY_CRITICAL, false},
		{STATE_RULE_FIRING, SEVERITY_CRITICAL, true},   {STATE_RULE_STANDING, SEVERITY_CRITICAL, true},
		{STATE_RULE_GIVEN_UP, SEVERITY_CRITICAL, true}, {STATE_RULE_FIRING, SEVERITY_WARNING, false},
		{STATE_RULE_STANDING, SEVERITY_INFO, false},
	};

	(void)arg;
	settings_of("/ping?rid=1");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		rule_is(0, rows[i].phase, rows[i].severity);
		state->tick = clock_mono();
		turn_until_pings((int)i + 1);
		assert_true(asks(rows[i].fails ? "POST /ping/fail?rid=1 HTTP/1.1\r\n" : "GET /ping?rid=1 HTTP/1.1\r\n"));
		later(EVERY_MS);
	}
	rule_is(0, STATE_RULE_FIRING, SEVERITY_CRITICAL);
	rule_is(1, STATE_RULE_FIRING, SEVERITY_CRITICAL);
	state->tick = clock_mono();
	turn_until_pings(ARRAY_LEN(rows) + 1);
	assert_non_null(strstr(side.last, "\r\n\r\ncritical: rule rule0 of xtts\\x1b[31m fires, and 1 more"));
}

static void what_it_cannot_see_is_a_fail(void **arg)
{
	(void)arg;
	(void)snprintf(state->blind, sizeof(state->blind), "kmsg: Permission denied");
	settings_of("/ping/");
	turn_until_pings(1);
	assert_true(asks("POST /ping/fail HTTP/1.1\r\n"));
	assert_non_null(strstr(side.last, "it cannot see all: kmsg: Permission denied"));
}

static void a_sentinel_that_does_not_look_is_a_fail(void **arg)
{
	(void)arg;
	settings_of("/ping#x");
	later(10000);
	turn_until_pings(1);
	assert_true(asks("GET /ping HTTP/1.1\r\n"));
	later(EVERY_MS);
	turn_until_pings(2);
	assert_true(asks("POST /ping/fail HTTP/1.1\r\n"));
	assert_non_null(strstr(side.last, "the sentinel has not looked for 1 min 10 s"));
}

static void before_the_first_look_it_waits_but_not_for_ever(void **arg)
{
	(void)arg;
	state->tick = 0;
	settings_of("/ping");
	for (int i = 0; i < 10; i++, later(1000))
		turn_until_pings(0);
	later(1000);
	turn_until_pings(1);
	assert_true(asks("POST /ping/fail"));
}

static void without_the_state_page_nothing_is_pinged_and_that_is_said_once(void **arg)
{
	(void)arg;
	driver.state = NULL;
	settings_of("/ping");
	for (int i = 0; i < 10; i++, later(EVERY_MS))
		turn();
	assert_int_equal(side.pings, 0);
	assert_int_equal(driver.logs, 1);
	driver.state = state;
	state->tick = clock_mono();
	turn_until_pings(1);
}

static void pings_that_do_not_arrive_are_told_once_and_that_they_do_again(void **arg)
{
	(void)arg;
	side.answer = "HTTP/1.1 503 No\r\nContent-Length: 10\r\nConnection: close\r\n\r\nno k-e-y\x1b!";
	settings_of("/ping/${KEY}");
	for (int i = 1; i <= 3; i++, later(EVERY_MS)) {
		state->tick = clock_mono();
		turn_until_pings(i);
	}
	turn_until_logs(1);
	assert_non_null(strstr(driver.log, "HTTP 503: no ***\\x1b!"));
	side.answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
	state->tick = clock_mono();
	turn_until_pings(4);
	turn_until_logs(2);
	assert_non_null(strstr(driver.log, "pings arrive again; not arrived: 3"));
}

/* At every place where the end of what is told could cut it. */
static void no_half_of_a_secret_is_told(void **arg)
{
	static char answer[512];

	(void)arg;
	for (int i = 0, lead = 194; lead < 200; i++, lead++) {
		(void)snprintf(answer, sizeof(answer),
			       "HTTP/1.1 503 No\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%0*dk-e-y", lead + 5, lead, 0);
		side.answer = answer;
		settings_of(i % 2 == 0 ? "/ping/${KEY}" : "/pong/${KEY}");
		state->tick = clock_mono();
		turn_until_pings(2 * i + 1);
		turn_until_logs(2 * i + 1);
		assert_null(strstr(driver.log, "0k"));
		side.answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
		later(EVERY_MS);
		state->tick = clock_mono();
		turn_until_pings(2 * i + 2);
		turn_until_logs(2 * i + 2);
	}
}

static void nobody_listening_and_a_missing_secret_are_failures_too(void **arg)
{
	(void)arg;
	(void)close(side.listener);
	side.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	settings_of("/ping");
	turn_until_logs(1);
	assert_non_null(strstr(driver.log, "did not arrive"));
	settings_of("/${NOT}");
	later(EVERY_MS);
	for (int i = 0; i < 10; i++)
		turn();
	assert_int_equal(driver.logs, 1); /* it goes on */
}

static void one_that_is_not_answered_holds_up_nothing_and_has_no_second_beside_it(void **arg)
{
	(void)arg;
	side.silent = true;
	settings_of("/ping");
	for (int i = 0; i < 20; i++, later(EVERY_MS))
		turn();
	side.silent = false;
	state->tick = clock_mono();
	turn_until_pings(2); /* the one that was under way, and the one that is due */
}

#define ONE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ONE(nothing_is_pinged_without_a_url),
		ONE(it_pings_at_once_and_then_every_so_often),
		ONE(a_critical_rule_that_fires_is_a_fail_with_its_name),
		ONE(what_it_cannot_see_is_a_fail),
		ONE(a_sentinel_that_does_not_look_is_a_fail),
		ONE(before_the_first_look_it_waits_but_not_for_ever),
		ONE(without_the_state_page_nothing_is_pinged_and_that_is_said_once),
		ONE(pings_that_do_not_arrive_are_told_once_and_that_they_do_again),
		ONE(no_half_of_a_secret_is_told),
		ONE(nobody_listening_and_a_missing_secret_are_failures_too),
		ONE(one_that_is_not_answered_holds_up_nothing_and_has_no_second_beside_it),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
