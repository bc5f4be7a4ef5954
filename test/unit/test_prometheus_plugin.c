/* plugins/prometheus.c, driven through its ABI, with clients in the same thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "make_page.h"
#include "plugin_driver.h"
#include "../../plugins/prometheus_http.h"
#include "../../plugins/prometheus_listen.h"

extern const struct plugin plugin;

enum { WAIT_MS = 20000, ANSWER_BYTES = 16 * 1024 * 1024 };

static struct state page;
static struct plugin_host host;
static char listen_text[64];
static uint16_t port;

/* What a client got. */
static struct answer {
	char *text; /* of ANSWER_BYTES */
	size_t len;
	const char *body;
	size_t body_len;
	int status;
	bool closed;
} answer;

static const struct state *show(void)
{
	return &page;
}

static void set(const char *listen_at)
{
	const struct plugin_settings settings = {.listen = listen_at, .textfile = ""};

	plugin.settings(&settings);
}

static void turn(void)
{
	struct pollfd fds[8];
	int timeout_ms = 5, rows = plugin.prepare(fds, 8, &timeout_ms);

	assert_true(rows <= 1);
	(void)poll(fds, (nfds_t)rows, timeout_ms);
	plugin.dispatch(fds, rows);
}

static void turns(int n)
{
	while (n-- > 0)
		turn();
}

/* A port that nobody has now. */
static uint16_t free_port(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&in, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	(void)close(fd);
	return ntohs(in.sin_port);
}

/* rcvbuf: 0: as it is. Connected, or -1. */
static int client_with(uint16_t to, int rcvbuf)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(to)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	if (rcvbuf > 0)
		assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &rcvbuf, sizeof(rcvbuf)), 0);
	if (connect(fd, (struct sockaddr *)&in, sizeof(in)) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

static int client(void)
{
	int fd = client_with(port, 0);

	assert_true(fd >= 0);
	return fd;
}

static void say(int fd, const char *bytes, size_t len)
{
	assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT), (ssize_t)len);
}

static void ask(int fd, const char *method, const char *url, const char *headers)
{
	char request[512];
	int n = snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: h\r\n%s\r\n", method, url, headers);

	say(fd, request, (size_t)n);
}

static bool read_head(bool head_only)
{
	char *end = memmem(answer.text, answer.len, "\r\n\r\n", 4), *length;

	if (end == NULL)
		return false;
	answer.body = end + 4;
	answer.text[answer.len] = '\0';
	assert_int_equal(sscanf(answer.text, "HTTP/1.%*d %d", &answer.status), 1);
	length = strcasestr(answer.text, "\r\nContent-Length: ");
	assert_true(length != NULL && length < end);
	answer.body_len = head_only ? 0 : strtoul(length + 18, NULL, 10);
	return answer.len >= (size_t)(answer.body - answer.text) + answer.body_len;
}

/* One answer, or the end; false: neither came. */
static bool hear(int fd, bool head_only)
{
	answer = (struct answer){.text = answer.text};
	for (int i = 0; i < WAIT_MS / 5; i++) {
		ssize_t n;

		if (read_head(head_only))
			return true;
		n = recv(fd, answer.text + answer.len, ANSWER_BYTES - 1 - answer.len, MSG_DONTWAIT);
		answer.len += n > 0 ? (size_t)n : 0;
		answer.closed = n == 0 || (n < 0 && errno != EAGAIN);
		if (answer.closed)
			return true;
		if (n < 0)
			turn();
	}
	return false;
}

/* A whole scrape by a client of its own. Its status. */
static int scrape(const char *method, const char *url, const char *headers)
{
	int fd = client();

	ask(fd, method, url, headers);
	assert_true(hear(fd, strcmp(method, "HEAD") == 0));
	(void)close(fd);
	turns(2);
	return answer.status;
}

static bool body_has(const char *text)
{
	return memmem(answer.body, answer.body_len, text, strlen(text)) != NULL;
}

static bool head_has(const char *text)
{
	return memmem(answer.text, (size_t)(answer.body - answer.text), text, strlen(text)) != NULL;
}

static int set_up(void **state)
{
	(void)state;
	clock_turn(0, 0);
	memset(&page, 0, sizeof(page));
	make_page(&page, clock_mono() + 1000000);
	host = *driver_host();
	host.state = show;
	host.channel = make_page_channel;
	port = free_port();
	(void)snprintf(listen_text, sizeof(listen_text), "127.0.0.1:%u", port);
	if (plugin.open(&host) != 0)
		return -1;
	set(listen_text);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	plugin.close();
	clock_turn(0, 0);
	return 0;
}

/* --- what is answered --- */

static void a_scrape_gets_the_page_as_openmetrics(void **state)
{
	(void)state;
	assert_non_null(strstr(driver.log, listen_text));
	assert_int_equal(scrape("GET", "/metrics", "Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5\r\n"),
			 200);
	assert_true(head_has("application/openmetrics-text; version=1.0.0"));
	assert_true(body_has("\nwatchdogd_unit_anon_bytes{unit=\"nodira\"} 4294967296\n"));
	assert_true(body_has("\nwatchdogd_channel_waiting_alerts{channel=\"chat\"} 5\n"));
	assert_true(body_has("\nwatchdogd_process_cpu_seconds_total{process="));
	assert_memory_equal(answer.body + answer.body_len - 6, "# EOF\n", 6);
	assert_int_equal(scrape("GET", "/metrics?x=%0d%0a", ""), 200);
	assert_true(head_has("application/openmetrics-text; version=1.0.0"));
}

static void who_knows_the_classic_format_alone_gets_it(void **state)
{
	(void)state;
	assert_int_equal(scrape("GET", "/metrics", "Accept: text/plain;version=0.0.4;q=1,*/*;q=0.1\r\n"), 200);
	assert_true(head_has("text/plain; version=0.0.4"));
	assert_false(body_has("# EOF"));
}

static void head_has_the_head_alone(void **state)
{
	int fd = client();
	size_t len;

	(void)state;
	assert_int_equal(scrape("GET", "/metrics", ""), 200);
	len = answer.body_len;
	ask(fd, "HEAD", "/metrics", "Connection: close\r\n");
	assert_true(hear(fd, true));
	assert_int_equal(answer.status, 200);
	assert_int_equal(strtoul(strcasestr(answer.text, "Content-Length: ") + 16, NULL, 10), len);
	assert_int_equal(answer.len, (size_t)(answer.body - answer.text));
	assert_true(hear(fd, true));
	assert_true(answer.closed && answer.len == 0);
	(void)close(fd);
}

static void nothing_else_is_served(void **state)
{
	static const struct {
		const char *method, *url, *headers;
		int status;
	} rows[] = {
		{"GET", "/", "", 404},
		{"GET", "/metrics/", "", 404},
		{"GET", "/../etc/passwd", "", 404},
		{"GET", "*", "", 404},
		{"POST", "/metrics", "Content-Length: 0\r\n", 405},
		{"POST", "/metrics", "Content-Length: 100000000\r\n", 405}, /* of which none comes */
		{"PUT", "/metrics", "Transfer-Encoding: chunked\r\n", 405},
		{"DELETE", "/metrics", "", 405},
		{"OPTIONS", "/metrics", "", 405},
		{"TRACE", "/metrics", "", 405},
		{"get", "/metrics", "", 405},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(scrape(rows[i].method, rows[i].url, rows[i].headers), rows[i].status);
		assert_int_equal(head_has("Allow: GET, HEAD"), rows[i].status == 405);
	}
}

static void a_text_serves_all_who_come_within_a_second(void **state)
{
	(void)state;
	clock_turn(clock_mono(), clock_wall());
	page.looks = 1001;
	assert_int_equal(scrape("GET", "/metrics", ""), 200);
	page.looks = 1002;
	clock_turn(clock_mono() + 999, clock_wall());
	assert_int_equal(scrape("GET", "/metrics", ""), 200);
	assert_true(body_has("watchdogd_looks_total 1001\n"));
	clock_turn(clock_mono() + 1, clock_wall());
	assert_int_equal(scrape("GET", "/metrics", ""), 200);
	assert_true(body_has("watchdogd_looks_total 1002\n"));
}

/* --- clients --- */

static size_t count_answers(void)
{
	size_t n = 0;

	for (const char *at = answer.text; (at = strstr(at, "HTTP/1.1 ")) != NULL; at++)
		n++;
	return n;
}

static void pipelined_requests_are_answered_in_order(void **state)
{
	static const char requests[] = "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\nGET /no HTTP/1.1\r\nHost: h\r\n\r\n"
				       "HEAD /metrics HTTP/1.1\r\nHost: h\r\n\r\nGET /no HTTP/1.1\r\nHost: h\r\n\r\n";
	static const int want[] = {200, 404, 200, 404};
	int fd = client();

	(void)state;
	say(fd, requests, sizeof(requests) - 1);
	answer = (struct answer){.text = answer.text};
	answer.text[0] = '\0';
	for (int i = 0; i < WAIT_MS / 5 && count_answers() < ARRAY_LEN(want); i++) {
		ssize_t n = recv(fd, answer.text + answer.len, ANSWER_BYTES - 1 - answer.len, MSG_DONTWAIT);

		answer.len += n > 0 ? (size_t)n : 0;
		answer.text[answer.len] = '\0';
		turn();
	}
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		char *at = strstr(i == 0 ? answer.text : answer.body, "HTTP/1.1 ");

		assert_non_null(at);
		assert_int_equal(atoi(at + 9), want[i]);
		answer.body = at + 9;
	}
	assert_null(strstr(answer.body, "HTTP/1.1 "));
	(void)close(fd);
}

static void a_client_that_says_half_a_request_holds_up_nobody(void **state)
{
	int slow = client();

	(void)state;
	say(slow, "GET /met", 8);
	turns(3);
	assert_int_equal(scrape("GET", "/metrics", ""), 200);
	say(slow, "rics HTTP/1.1\r\nHost: h\r\n\r\n", 26);
	assert_true(hear(slow, false));
	assert_int_equal(answer.status, 200);
	(void)close(slow);
}

static void a_client_that_takes_half_a_minute_is_cut_off(void **state)
{
	int slow = client(), fast = client();

	(void)state;
	clock_turn(clock_mono(), clock_wall());
	say(slow, "GET", 3);
	turns(5); /* both are there */
	clock_turn(clock_mono() + HTTP_REQUEST_MS - 1, clock_wall());
	ask(fast, "GET", "/metrics", "");
	assert_true(hear(fast, false)); /* its time begins anew with the answer */
	assert_int_equal(answer.status, 200);
	say(slow, " ", 1);
	turns(5);
	assert_int_equal(recv(slow, answer.text, 1, MSG_DONTWAIT), -1);
	clock_turn(clock_mono() + 1, clock_wall());
	assert_true(hear(slow, false));
	assert_true(answer.closed);
	ask(fast, "GET", "/metrics", "");
	assert_true(hear(fast, false));
	assert_int_equal(answer.status, 200);
	(void)close(slow);
	(void)close(fast);
}

static void a_head_that_is_too_long_is_refused(void **state)
{
	static char head[64 * 1024];
	static const char *const begins[] = {"GET /", "GET /metrics HTTP/1.1\r\nX: ", ""};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(begins); i++) {
		int fd = client();

		memset(head, 'a', sizeof(head));
		memcpy(head, begins[i], strlen(begins[i]));
		(void)!send(fd, head, sizeof(head), MSG_NOSIGNAL | MSG_DONTWAIT);
		assert_true(hear(fd, false));
		assert_true(answer.closed || answer.status >= 400);
		(void)close(fd);
		turns(2);
		assert_int_equal(scrape("GET", "/metrics", ""), 200);
	}
}

static void what_is_no_http_ends_its_connection_alone(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} rows[] = {
		{"\0\0\0\0\r\n\r\n", 8},
		{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15},
		{"GET\r\n\r\n", 7},
		{"GET /metrics HTTP/9.9\r\n\r\n", 25},
		{"GET /metrics HTTP/1.1\r\n\r\n", 25}, /* without Host */
		{"GET /met\0rics HTTP/1.1\r\nHost: h\r\n\r\n", 35},
		{"GET /metrics HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", 54},
		{"GET /metrics HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n", 72},
		{"GET /metrics HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 66},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int fd = client();

		say(fd, rows[i].bytes, rows[i].len);
		(void)shutdown(fd, SHUT_WR);
		assert_true(hear(fd, false)); /* the first one ends by HTTP_IDLE_S: it says nothing that ends a line */
		(void)close(fd);
		turns(2);
		assert_int_equal(scrape("GET", "/metrics", ""), 200);
	}
}

static void more_clients_than_there_are_places_wait(void **state)
{
	int fd[HTTP_CONNECTIONS_MAX], late;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fd); i++) {
		fd[i] = client();
		say(fd[i], "G", 1);
		turns(2);
	}
	late = client();
	ask(late, "GET", "/metrics", "");
	turns(20);
	assert_int_equal(recv(late, answer.text, 1, MSG_DONTWAIT), -1);
	(void)close(fd[0]);
	assert_true(hear(late, false));
	assert_int_equal(answer.status, 200);
	(void)close(late);
	for (size_t i = 1; i < ARRAY_LEN(fd); i++)
		(void)close(fd[i]);
	turns(5);
	assert_int_equal(scrape("GET", "/metrics", ""), 200);
}

/* A thousand units of which all is known: a text of megabytes. */
static void grow_page(void)
{
	for (uint32_t i = 1; i < UNITS_MAX; i++) {
		page.unit[i] = page.unit[0];
		(void)snprintf(page.unit[i].name, sizeof(page.unit[i].name), "a-name-of-full-length-%010u", i);
	}
	page.units = UNITS_MAX;
	for (uint32_t i = page.rules; i < INSTANCES_MAX; i++)
		page.rule[i] = page.rule[2];
	page.rules = INSTANCES_MAX;
}

/* Ask, with a small buffer, for a text of its own, and read nothing. */
static int greedy(void)
{
	int fd = client_with(port, 4096);

	assert_true(fd >= 0);
	ask(fd, "GET", "/metrics", "");
	turns(10);
	clock_turn(clock_mono() + HTTP_TEXT_MS, clock_wall());
	turns(2);
	return fd;
}

static void clients_that_read_nothing_hold_a_bounded_memory(void **state)
{
	int fd[HTTP_CONNECTIONS_MAX - 1];

	(void)state;
	grow_page();
	clock_turn(clock_mono(), clock_wall());
	assert_int_equal(scrape("GET", "/metrics", ""), 200);
	assert_true(answer.body_len > 4 * 1024 * 1024);
	for (size_t i = 0; i < ARRAY_LEN(fd); i++)
		fd[i] = greedy();
	assert_int_equal(scrape("GET", "/metrics", ""), 503);
	assert_true(head_has("Retry-After: "));
	for (size_t i = 0; i < ARRAY_LEN(fd); i++)
		(void)close(fd[i]);
	turns(20);
	assert_int_equal(scrape("GET", "/metrics", ""), 200);
	assert_memory_equal(answer.body + answer.body_len - 6, "# EOF\n", 6);
}

/* --- the address --- */

static void a_port_in_use_is_told_once_and_tried_again(void **state)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);
	int other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), timeout_ms = -1;
	char taken[64];

	(void)state;
	assert_int_equal(bind(other, (struct sockaddr *)&in, len), 0);
	assert_int_equal(listen(other, 1), 0);
	assert_int_equal(getsockname(other, (struct sockaddr *)&in, &len), 0);
	(void)snprintf(taken, sizeof(taken), "127.0.0.1:%u", ntohs(in.sin_port));
	clock_turn(clock_mono(), clock_wall());
	set(taken);
	assert_non_null(strstr(driver.log, "Address already in use"));
	assert_non_null(strstr(driver.log, taken));
	driver.log[0] = '\0';
	assert_int_equal(plugin.prepare(NULL, 0, &timeout_ms), 0);
	assert_int_equal(timeout_ms, 10000);
	clock_turn(clock_mono() + 10000, clock_wall());
	turn();
	assert_string_equal(driver.log, "");
	(void)close(other);
	clock_turn(clock_mono() + 9999, clock_wall());
	turn();
	assert_string_equal(driver.log, "");
	clock_turn(clock_mono() + 1, clock_wall());
	turn();
	assert_non_null(strstr(driver.log, "the metrics are at http://"));
	port = ntohs(in.sin_port);
	assert_int_equal(scrape("GET", "/metrics", ""), 200);
}

static void an_unchanged_address_keeps_its_socket_and_connections(void **state)
{
	int fd = client();

	(void)state;
	ask(fd, "GET", "/metrics", "");
	assert_true(hear(fd, false));
	driver.log[0] = '\0';
	set(listen_text);
	assert_string_equal(driver.log, "");
	ask(fd, "GET", "/metrics", "");
	assert_true(hear(fd, false));
	assert_false(answer.closed);
	assert_int_equal(answer.status, 200);
	(void)close(fd);
}

static void another_address_takes_the_place_of_the_old_one(void **state)
{
	uint16_t old = port;
	int fd = client();

	(void)state;
	ask(fd, "GET", "/metrics", "");
	turns(2);
	port = free_port();
	(void)snprintf(listen_text, sizeof(listen_text), "127.0.0.1:%u", port);
	set(listen_text);
	assert_int_equal(client_with(old, 0), -1);
	assert_int_equal(scrape("GET", "/metrics", ""), 200);
	set("");
	assert_int_equal(client_with(port, 0), -1);
	turns(2);
	(void)close(fd);
}

static void what_is_no_address_is_told_and_not_served(void **state)
{
	static const char *const rows[] = {"localhost:9848", "9848",          ":9848",         "127.0.0.1",
					   "127.0.0.1:",     "127.0.0.1:0",   "127.0.0.1:x",   "127.0.0.1:65536",
					   "127.0.0.1:-1",   "::1:9848",      "[::1]",         "[::1:9848",
					   "[127.0.0.1]:1",  "127.0.0.1:1 ",  "[::1]x:9848",   "[]:1",
					   "127.0.0.1.1:99", "127.0.0.1: 99", "127.0.0.1:99999999999999999999"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int timeout_ms = -1;
		struct prometheus_address address;

		assert_false(prometheus_parse_address(rows[i], &address));
		set(rows[i]);
		assert_non_null(strstr(driver.log, "is no address and port"));
		assert_int_equal(plugin.prepare(NULL, 0, &timeout_ms), 0);
		assert_int_equal(timeout_ms, -1);
	}
}

static void an_address_that_others_reach_is_told(void **state)
{
	struct prometheus_address address;

	(void)state;
	assert_true(prometheus_parse_address("[::1]:9848", &address));
	assert_true(address.loopback);
	assert_true(prometheus_parse_address("127.9.9.9:1", &address));
	assert_true(address.loopback);
	assert_true(prometheus_parse_address("[fd00::1]:65535", &address));
	assert_false(address.loopback);
	(void)snprintf(listen_text, sizeof(listen_text), "0.0.0.0:%u", port);
	set(listen_text);
	assert_non_null(strstr(driver.log, "for other hosts too"));
	assert_int_equal(scrape("GET", "/metrics", ""), 200);
}

static void warming_up_scrapes_once_served_or_not(void **state)
{
	(void)state;
	driver.log[0] = '\0';
	plugin.warm();
	set("");
	plugin.warm();
	assert_string_equal(driver.log, ""); /* it says when it could not */
	set(listen_text);
	assert_int_equal(scrape("GET", "/metrics", ""), 200);
}

static void a_request_of_a_step_is_answered(void **state)
{
	const struct plugin_request request = {.id = 7, .verb = "run"};

	(void)state;
	plugin.ask(&request);
	assert_int_equal(driver.answers, 1);
	assert_true(driver.answer[0].result < 0);
}

static int begin(void **state)
{
	(void)state;
	(void)signal(SIGPIPE, SIG_IGN); /* as the worker has it */
	answer.text = malloc(ANSWER_BYTES);
	return answer.text != NULL ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	free(answer.text);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_scrape_gets_the_page_as_openmetrics),
		TEST(who_knows_the_classic_format_alone_gets_it),
		TEST(head_has_the_head_alone),
		TEST(nothing_else_is_served),
		TEST(a_text_serves_all_who_come_within_a_second),
		TEST(pipelined_requests_are_answered_in_order),
		TEST(a_client_that_says_half_a_request_holds_up_nobody),
		TEST(a_client_that_takes_half_a_minute_is_cut_off),
		TEST(a_head_that_is_too_long_is_refused),
		TEST(what_is_no_http_ends_its_connection_alone),
		TEST(more_clients_than_there_are_places_wait),
		TEST(clients_that_read_nothing_hold_a_bounded_memory),
		TEST(a_port_in_use_is_told_once_and_tried_again),
		TEST(an_unchanged_address_keeps_its_socket_and_connections),
		TEST(another_address_takes_the_place_of_the_old_one),
		TEST(what_is_no_address_is_told_and_not_served),
		TEST(an_address_that_others_reach_is_told),
		TEST(warming_up_scrapes_once_served_or_not),
		TEST(a_request_of_a_step_is_answered),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
