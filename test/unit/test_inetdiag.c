/* see/inetdiag.c: made-up datagrams, and the kernel's own about a connection of ours. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>

#include "base/bounds.h"
#include "see/inetdiag.h"

enum { SEQUENCE = 7, CGROUP_ID = 21 };

static struct made {
	char bytes[4 * INETDIAG_DATAGRAM_BYTES] __attribute__((aligned(8)));
	size_t len;
} made;

static struct inetdiag_batch batch;

static int begin(void **state)
{
	(void)state;
	memset(&made, 0, sizeof(made));
	memset(&batch, 0xff, sizeof(batch));
	return 0;
}

static void add(uint16_t type, const void *body, size_t len)
{
	struct nlmsghdr header = {.nlmsg_len = (uint32_t)(sizeof(header) + len), .nlmsg_type = type, .nlmsg_seq = SEQUENCE};

	memcpy(made.bytes + made.len, &header, sizeof(header));
	memcpy(made.bytes + made.len + sizeof(header), body, len);
	made.len += NLMSG_ALIGN(header.nlmsg_len);
}

/* A connection, with the number of its cgroup unless that is 0. */
static void add_socket(uint8_t tcp_state, uint32_t inode, uint64_t cgroup)
{
	struct {
		struct inet_diag_msg message;
		struct nlattr other;
		uint8_t word[4];
		struct nlattr attr;
		uint8_t id[8];
	} body = {.message = {.idiag_state = tcp_state, .idiag_inode = inode},
		  .other = {.nla_len = 5, .nla_type = 8},
		  .attr = {.nla_len = 12, .nla_type = CGROUP_ID}};

	memcpy(body.id, &cgroup, sizeof(cgroup));
	add(SOCK_DIAG_BY_FAMILY, &body, cgroup != 0 ? sizeof(body) : offsetof(__typeof__(body), attr));
}

/* On the heap, so that a read behind the bytes is seen. */
static void parse(size_t len)
{
	void *copy = malloc(len > 0 ? len : 1);

	assert_non_null(copy);
	memcpy(copy, made.bytes, len);
	inetdiag_parse(copy, len, SEQUENCE, &batch);
	free(copy);
}

static void connections_are_read_with_their_cgroup(void **state)
{
	int32_t none = 0;

	(void)state;
	add_socket(TCP_ESTABLISHED, 4711, UINT64_C(0x1234567890));
	add_socket(TCP_LISTEN, 4712, 5);
	add_socket(TCP_ESTABLISHED, 0, 6);
	add_socket(TCP_ESTABLISHED, 4713, 0);
	add(NLMSG_DONE, &none, sizeof(none));
	parse(made.len);
	assert_true(batch.ended);
	assert_int_equal(batch.error, 0);
	assert_int_equal(batch.count, 3);
	assert_int_equal(batch.socket[0].inode, 4711);
	assert_int_equal(batch.socket[0].cgroup_id, UINT64_C(0x1234567890));
	assert_int_equal(batch.socket[1].inode, 0);
	assert_int_equal(batch.socket[1].cgroup_id, 6);
	assert_int_equal(batch.socket[2].inode, 4713);
	assert_int_equal(batch.socket[2].cgroup_id, 0);
}

static void half_closed_ones_count_as_long_as_somebody_has_them(void **state)
{
	static const uint8_t count[] = {TCP_ESTABLISHED, TCP_CLOSE_WAIT, TCP_FIN_WAIT1, TCP_FIN_WAIT2};
	static const uint8_t accepted_alone[] = {TCP_FIN_WAIT1, TCP_FIN_WAIT2};
	static const uint8_t not_once[] = {TCP_SYN_SENT, TCP_SYN_RECV, TCP_TIME_WAIT, TCP_CLOSE, TCP_LAST_ACK, TCP_LISTEN,
					   TCP_CLOSING};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(count); i++)
		add_socket(count[i], 100 + (uint32_t)i, 1);
	add_socket(TCP_CLOSE_WAIT, 0, 1); /* not accepted yet */
	parse(made.len);
	assert_int_equal(batch.count, ARRAY_LEN(count) + 1);
	(void)begin(state);
	for (size_t i = 0; i < ARRAY_LEN(not_once); i++)
		add_socket(not_once[i], 100, 1);
	for (size_t i = 0; i < ARRAY_LEN(accepted_alone); i++)
		add_socket(accepted_alone[i], 0, 1); /* its program has closed it */
	parse(made.len);
	assert_int_equal(batch.count, 0);
}

static void a_list_goes_on_until_it_says_that_it_ends(void **state)
{
	(void)state;
	add_socket(TCP_ESTABLISHED, 1, 2);
	parse(made.len);
	assert_false(batch.ended);
	assert_int_equal(batch.count, 1);
	parse(0);
	assert_false(batch.ended);
	assert_int_equal(batch.count, 0);
}

static void answers_to_another_question_are_passed_over(void **state)
{
	(void)state;
	add_socket(TCP_ESTABLISHED, 1, 2);
	inetdiag_parse(made.bytes, made.len, SEQUENCE + 1, &batch);
	assert_int_equal(batch.count, 0);
	assert_false(batch.ended);
}

static void a_refusal_ends_the_list_with_its_error(void **state)
{
	static const struct {
		uint16_t type;
		int32_t error;
		int want;
	} rows[] = {
		{NLMSG_ERROR, -ENOENT, -ENOENT}, {NLMSG_ERROR, 0, -EPROTO},     {NLMSG_ERROR, 5, -EPROTO},
		{NLMSG_ERROR, INT32_MIN, -EPROTO}, {NLMSG_DONE, -EBUSY, -EBUSY}, {NLMSG_DONE, 1, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		(void)begin(state);
		add(rows[i].type, &rows[i].error, sizeof(rows[i].error));
		add_socket(TCP_ESTABLISHED, 1, 2);
		parse(made.len);
		assert_true(batch.ended);
		assert_int_equal(batch.error, rows[i].want);
		assert_int_equal(batch.count, 0);
	}
	(void)begin(state);
	add(NLMSG_ERROR, "", 0);
	parse(made.len);
	assert_int_equal(batch.error, -EPROTO);
}

/* Cut anywhere, each byte another: no crash, and never more than there is. */
static void hostile_bytes_are_an_end_and_no_crash(void **state)
{
	(void)state;
	for (uint32_t i = 1; i < 6; i++)
		add_socket(TCP_ESTABLISHED, i, i);
	for (size_t len = 0; len <= made.len; len++)
		parse(len);
	for (size_t at = 0; at < made.len; at++)
		for (int byte = 0; byte < 256; byte += 51) {
			char was = made.bytes[at];

			made.bytes[at] = (char)byte;
			parse(made.len);
			assert_true(batch.count <= 5);
			made.bytes[at] = was;
		}
}

static void more_connections_than_fit_are_an_error(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < INETDIAG_BATCH_MAX; i++)
		add_socket(TCP_ESTABLISHED, i + 1, 0);
	parse(made.len);
	assert_int_equal(batch.count, INETDIAG_BATCH_MAX);
	assert_int_equal(batch.error, 0);
	add_socket(TCP_ESTABLISHED, 1, 0);
	parse(made.len);
	assert_int_equal(batch.error, -EPROTO);
}

/* --- the kernel ---------------------------------------------------------------------------------- */

static struct inetdiag diag;

static uint32_t inode_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return (uint32_t)st.st_ino;
}

/* The connection of that inode in the kernel's list; false: it is not there. */
static bool find(uint8_t family, uint32_t inode, struct inetdiag_socket *found)
{
	bool is = false;

	assert_int_equal(inetdiag_ask(&diag, family), 0);
	do {
		assert_true(inetdiag_next(&diag, &batch));
		assert_int_equal(batch.error, 0);
		for (uint32_t i = 0; i < batch.count; i++)
			if (batch.socket[i].inode == inode) {
				*found = batch.socket[i];
				is = true;
			}
	} while (!batch.ended);
	return is;
}

static int listen_on(int family, struct sockaddr_storage *address)
{
	struct sockaddr_in *four = (struct sockaddr_in *)address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;
	socklen_t size = sizeof(*address);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memset(address, 0, sizeof(*address));
	address->ss_family = (sa_family_t)family;
	if (family == AF_INET)
		four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		six->sin6_addr = in6addr_loopback;
	if (fd < 0 || bind(fd, (struct sockaddr *)address, sizeof(*address)) < 0 || listen(fd, 4) < 0 ||
	    getsockname(fd, (struct sockaddr *)address, &size) < 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static void connection_is_found(int family)
{
	struct sockaddr_storage address;
	struct inetdiag_socket found = {0};
	int listener = listen_on(family, &address), client, server;

	if (listener < 0)
		return; /* this host has no such family */
	client = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_false(find((uint8_t)family, inode_of(listener), &found));
	assert_false(find((uint8_t)family, inode_of(client), &found));
	assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
	server = accept(listener, NULL, NULL);
	assert_true(server >= 0);
	assert_true(find((uint8_t)family, inode_of(client), &found));
	assert_true(find((uint8_t)family, inode_of(server), &found));
	assert_int_equal(shutdown(client, SHUT_WR), 0); /* it still reads: FIN_WAIT2 and CLOSE_WAIT */
	assert_true(find((uint8_t)family, inode_of(client), &found));
	assert_true(find((uint8_t)family, inode_of(server), &found));
	(void)close(client);
	(void)close(server);
	assert_false(find((uint8_t)family, inode_of(listener), &found));
	(void)close(listener);
}

static void a_connection_of_ours_is_in_the_kernels_list(void **state)
{
	int error = inetdiag_open(&diag);

	(void)state;
	if (error < 0) { /* a kernel without it: /proc/net is read in its place */
		print_message("# SKIP sock_diag: %s\n", strerror(-error));
		skip();
	}
	connection_is_found(AF_INET);
	connection_is_found(AF_INET6);
	inetdiag_close(&diag);
}

static void a_question_under_way_is_given_up_for_the_next(void **state)
{
	(void)state;
	if (inetdiag_open(&diag) < 0)
		skip();
	assert_int_equal(inetdiag_ask(&diag, AF_INET), 0);
	assert_int_equal(inetdiag_ask(&diag, AF_INET), 0);
	assert_true(inetdiag_next(&diag, &batch));
	assert_int_equal(batch.error, 0);
	inetdiag_close(&diag);
	assert_int_equal(inetdiag_ask(&diag, AF_INET), -EBADF);
	assert_false(inetdiag_next(&diag, &batch));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, begin)
	const struct CMUnitTest tests[] = {
		TEST(connections_are_read_with_their_cgroup),
		TEST(half_closed_ones_count_as_long_as_somebody_has_them),
		TEST(a_list_goes_on_until_it_says_that_it_ends),
		TEST(answers_to_another_question_are_passed_over),
		TEST(a_refusal_ends_the_list_with_its_error),
		TEST(hostile_bytes_are_an_end_and_no_crash),
		TEST(more_connections_than_fit_are_an_error),
		TEST(a_connection_of_ours_is_in_the_kernels_list),
		TEST(a_question_under_way_is_given_up_for_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
