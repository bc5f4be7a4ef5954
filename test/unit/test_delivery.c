/* share/delivery.c: what a hostile peer may not get through, and ids that people type. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/severity.h"
#include "share/delivery.h"
#include "share/ledger.h"

static int pair[2];

static int set_up(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
}

static int tear_down(void **state)
{
	(void)state;
	(void)close(pair[0]);
	return pair[1] >= 0 ? close(pair[1]) : 0;
}

static struct delivery a_row(void)
{
	struct delivery d;

	delivery_make(&d, DELIVERY_ROW, 77);
	d.number = 5;
	(void)snprintf(d.row.channel, sizeof(d.row.channel), "owner");
	(void)snprintf(d.row.why, sizeof(d.row.why), "451 4.7.1 later\r\n\x1b[31m");
	d.row.state = DELIVERY_STATES - 1;
	d.alert.told = TOLDS - 1;
	d.alert.severity = SEVERITIES - 1;
	return d;
}

static int receives(const void *bytes, size_t n)
{
	struct delivery got;

	assert_int_equal(send(pair[0], bytes, n, 0), (ssize_t)n);
	return delivery_receive(pair[1], &got);
}

static void what_is_sent_arrives_as_it_was(void **state)
{
	struct delivery d = a_row(), got;

	(void)state;
	memset(d.alert.text, 0xff, sizeof(d.alert.text) - 1); /* the longest, of any bytes */
	memset(d.alert.title, '\n', sizeof(d.alert.title) - 1);
	assert_int_equal(delivery_receive(pair[1], &got), -EAGAIN);
	assert_int_equal(delivery_send(pair[0], &d), 0);
	assert_int_equal(delivery_receive(pair[1], &got), 1);
	assert_memory_equal(&d, &got, sizeof(d));
	assert_int_equal(delivery_receive(pair[1], &got), -EAGAIN);
}

static void every_type_that_has_its_parts_is_taken_and_no_other(void **state)
{
	(void)state;
	for (uint32_t type = 0; type < DELIVERY_TYPES + 2; type++) {
		struct delivery d = a_row();

		d.type = type;
		assert_int_equal(receives(&d, sizeof(d)), type < DELIVERY_TYPES ? 1 : -EPROTO);
	}
}

static void a_message_of_another_size_or_version_is_refused(void **state)
{
	static char longer[sizeof(struct delivery) + 1];
	struct delivery d = a_row();

	(void)state;
	memcpy(longer, &d, sizeof(d));
	assert_int_equal(receives(longer, sizeof(longer)), -EPROTO);
	assert_int_equal(receives(&d, sizeof(d) - 1), -EPROTO);
	assert_int_equal(receives(&d, 1), -EPROTO);
	assert_int_equal(receives(&d, 0), -EPROTO); /* it is not the other end's close */
	d.version = DELIVERY_VERSION + 1;
	assert_int_equal(receives(&d, sizeof(d)), -EPROTO);
	d.version = 0;
	assert_int_equal(receives(&d, sizeof(d)), -EPROTO);
	d = a_row(); /* and the next good one is heard */
	assert_int_equal(receives(&d, sizeof(d)), 1);
}

static void a_text_without_an_end_is_refused(void **state)
{
	static const struct {
		size_t at, size;
	} texts[] = {
#define TEXT(member) {offsetof(struct delivery, member), sizeof(((struct delivery *)0)->member)}
		TEXT(alert.rule), TEXT(alert.unit), TEXT(alert.event), TEXT(alert.title),
		TEXT(alert.text), TEXT(row.channel), TEXT(row.why),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct delivery d = a_row();

		memset((char *)&d + texts[i].at, 'x', texts[i].size);
		if (receives(&d, sizeof(d)) != -EPROTO)
			fail_msg("text %zu is taken", i);
		((char *)&d)[texts[i].at + texts[i].size - 1] = '\0';
		if (receives(&d, sizeof(d)) != 1)
			fail_msg("text %zu with its end is not taken", i);
	}
}

static void enums_out_of_range_and_missing_parts_are_refused(void **state)
{
	struct delivery d;

	(void)state;
	d = a_row();
	d.alert.told = TOLDS;
	assert_int_equal(receives(&d, sizeof(d)), -EPROTO);
	d = a_row();
	d.alert.severity = SEVERITIES;
	assert_int_equal(receives(&d, sizeof(d)), -EPROTO);
	d = a_row();
	d.alert.severity = UINT32_MAX;
	assert_int_equal(receives(&d, sizeof(d)), -EPROTO);
	d = a_row();
	d.row.state = DELIVERY_STATES;
	assert_int_equal(receives(&d, sizeof(d)), -EPROTO);
	d = a_row();
	d.alert.id = 0;
	assert_int_equal(receives(&d, sizeof(d)), -EPROTO);
	d = a_row();
	d.row.channel[0] = '\0';
	assert_int_equal(receives(&d, sizeof(d)), -EPROTO);
	delivery_make(&d, DELIVERY_DONE, 0);
	assert_int_equal(receives(&d, sizeof(d)), -EPROTO);
	delivery_make(&d, DELIVERY_ALERT, 0);
	assert_int_equal(receives(&d, sizeof(d)), -EPROTO);
	delivery_make(&d, DELIVERY_RETRY, 0); /* all */
	assert_int_equal(receives(&d, sizeof(d)), 1);
}

static void random_bytes_never_pass_for_a_message(void **state)
{
	static unsigned char bytes[sizeof(struct delivery)];

	(void)state;
	srandom(4711);
	for (int round = 0; round < 2000; round++) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (unsigned char)random();
		if (round % 2) { /* a version and type that look good */
			uint32_t head[2] = {DELIVERY_VERSION, (uint32_t)random() % DELIVERY_TYPES};

			memcpy(bytes, head, sizeof(head));
		}
		assert_int_equal(receives(bytes, sizeof(bytes)), -EPROTO);
	}
}

static void a_descriptor_that_comes_along_is_not_kept(void **state)
{
	struct delivery d = a_row(), got;
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec part = {.iov_base = &d, .iov_len = sizeof(d)};
	struct msghdr head = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room,
			      .msg_controllen = sizeof(control.room)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&head);
	int before, after, zero = STDIN_FILENO;

	(void)state;
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &zero, sizeof(int));
	before = dup(STDIN_FILENO);
	(void)close(before);
	assert_int_equal(sendmsg(pair[0], &head, 0), (ssize_t)sizeof(d));
	assert_int_equal(delivery_receive(pair[1], &got), -EPROTO);
	after = dup(STDIN_FILENO);
	(void)close(after);
	assert_int_equal(before, after);
}

static void who_does_not_read_is_told_and_the_end_is_seen(void **state)
{
	struct delivery d = a_row(), got;
	int sent = 0, error;

	(void)state;
	while ((error = delivery_send(pair[0], &d)) == 0)
		assert_true(++sent < 100000);
	assert_int_equal(error, -EAGAIN);
	for (int i = 0; i < sent; i++)
		assert_int_equal(delivery_receive(pair[1], &got), 1);
	assert_int_equal(delivery_receive(pair[1], &got), -EAGAIN);
	(void)close(pair[1]);
	pair[1] = -1;
	assert_int_equal(delivery_send(pair[0], &d), -EPIPE);
	assert_int_equal(delivery_receive(pair[0], &got), 0);
}

static void an_id_is_the_same_after_its_text(void **state)
{
	char text[16];

	(void)state;
	srandom(1);
	for (int i = 0; i < 20000; i++) {
		uint64_t id = ((uint64_t)random() << 42 ^ (uint64_t)random() << 21 ^ (uint64_t)random()) >> (i % 64);

		delivery_format_id(id, text);
		assert_in_range(strlen(text), 10, 13);
		assert_int_equal(strspn(text, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"), strlen(text));
		assert_true(delivery_parse_id(text) == id);
		for (char *c = text; *c != '\0'; c++)
			if (*c >= 'A')
				*c = (char)(*c - 'A' + 'a');
		assert_true(delivery_parse_id(text) == id);
	}
	delivery_format_id(1, text);
	assert_string_equal(text, "0000000001");
	delivery_format_id((UINT64_C(1) << 50) - 1, text);
	assert_string_equal(text, "ZZZZZZZZZZ");
	delivery_format_id(UINT64_C(1) << 50, text);
	assert_string_equal(text, "10000000000");
	delivery_format_id(UINT64_MAX, text);
	assert_string_equal(text, "FZZZZZZZZZZZZ");
	assert_true(delivery_parse_id(text) == UINT64_MAX);
}

static void what_looks_alike_in_an_id_is_the_same(void **state)
{
	(void)state;
	assert_int_equal(delivery_parse_id("ooooooooiL"), 33);
	assert_int_equal(delivery_parse_id("OOOOOOOOlI"), 33);
	assert_int_equal(delivery_parse_id("0000000011"), 33);
}

static void what_is_no_id_is_refused(void **state)
{
	static const char *const junk[] = {
		"", "0", "0000000000", "000000001", "00000000001111", "000000000U", "0000000 01", " 0000000001",
		"0000000001 ", "0000000001\n", "00000-00001", "000000000\xc3\xa9", "all", "GZZZZZZZZZZZZ", "ZZZZZZZZZZZZZ",
		"00000000'1", "../../../..", "%n%n%n%n%n", "000000000*", "0000000000000000000000000000000000000001",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(junk); i++)
		if (delivery_parse_id(junk[i]) != 0)
			fail_msg("\"%s\" is taken", junk[i]);
}

static void each_state_has_its_word(void **state)
{
	(void)state;
	assert_string_equal(delivery_state_word(DELIVERY_WAITING), "waiting");
	assert_string_equal(delivery_state_word(DELIVERY_DEAD), "dead");
	for (uint32_t i = 0; i < DELIVERY_STATES; i++)
		assert_non_null(delivery_state_word(i));
	assert_string_equal(delivery_state_word(DELIVERY_STATES), "?");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_sent_arrives_as_it_was),
		TEST(every_type_that_has_its_parts_is_taken_and_no_other),
		TEST(a_message_of_another_size_or_version_is_refused),
		TEST(a_text_without_an_end_is_refused),
		TEST(enums_out_of_range_and_missing_parts_are_refused),
		TEST(random_bytes_never_pass_for_a_message),
		TEST(a_descriptor_that_comes_along_is_not_kept),
		TEST(who_does_not_read_is_told_and_the_end_is_seen),
		cmocka_unit_test(an_id_is_the_same_after_its_text),
		cmocka_unit_test(what_looks_alike_in_an_id_is_the_same),
		cmocka_unit_test(what_is_no_id_is_refused),
		cmocka_unit_test(each_state_has_its_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
