#include "see/inetdiag.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>

#include <libmnl/libmnl.h>

#include "base/file.h"
#include "base/root.h"
#include "see/netlink.h"

#define INETDIAG_CGROUP_ID 21 /* INET_DIAG_CGROUP_ID, 5.8; older headers do not have it */

enum {
	INETDIAG_HALF_CLOSED = 1u << TCP_FIN_WAIT1 | 1u << TCP_FIN_WAIT2,
	INETDIAG_STATES = 1u << TCP_ESTABLISHED | 1u << TCP_CLOSE_WAIT | INETDIAG_HALF_CLOSED,
};

bool inetdiag_counts(unsigned state, uint64_t inode)
{
	unsigned bit = state < 32 ? 1u << state : 0;

	return (bit & INETDIAG_STATES) != 0 && ((bit & INETDIAG_HALF_CLOSED) == 0 || inode != 0);
}

static int inetdiag_read_attribute(const struct nlattr *attr, void *arg)
{
	struct inetdiag_socket *out = arg;

	if (mnl_attr_get_type(attr) == INETDIAG_CGROUP_ID &&
	    mnl_attr_get_payload_len(attr) >= sizeof(out->cgroup_id))
		memcpy(&out->cgroup_id, mnl_attr_get_payload(attr), sizeof(out->cgroup_id)); /* not aligned to 8 */
	return MNL_CB_OK;
}

static void inetdiag_end(struct inetdiag_batch *batch, int error)
{
	batch->ended = true;
	batch->error = error;
}

static void inetdiag_read_socket(const struct nlmsghdr *header, struct inetdiag_batch *batch)
{
	const struct inet_diag_msg *message = mnl_nlmsg_get_payload(header);
	struct inetdiag_socket *out = &batch->socket[batch->count];

	if (mnl_nlmsg_get_payload_len(header) < sizeof(*message) || batch->count == INETDIAG_BATCH_MAX) {
		inetdiag_end(batch, -EPROTO);
		return;
	}
	if (!inetdiag_counts(message->idiag_state, message->idiag_inode))
		return;
	*out = (struct inetdiag_socket){.inode = message->idiag_inode};
	(void)mnl_attr_parse(header, sizeof(*message), inetdiag_read_attribute, out);
	batch->count++;
}

/* Of the end of a list, and of a refusal: the -errno at its beginning, 0 for none. */
static int inetdiag_read_error(const struct nlmsghdr *header)
{
	int32_t error = 0;

	if (mnl_nlmsg_get_payload_len(header) >= sizeof(error))
		memcpy(&error, mnl_nlmsg_get_payload(header), sizeof(error));
	return error < 0 && error > -4096 ? error : 0;
}

static void inetdiag_read_message(const struct nlmsghdr *header, struct inetdiag_batch *batch)
{
	int error;

	switch (header->nlmsg_type) {
	case SOCK_DIAG_BY_FAMILY:
		inetdiag_read_socket(header, batch);
		break;
	case NLMSG_DONE:
		inetdiag_end(batch, inetdiag_read_error(header));
		break;
	case NLMSG_ERROR:
		error = inetdiag_read_error(header);
		inetdiag_end(batch, error != 0 ? error : -EPROTO); /* nobody asked for an acknowledgement */
		break;
	default:
		break;
	}
}

void inetdiag_parse(const void *bytes, size_t len, uint32_t sequence, struct inetdiag_batch *batch)
{
	int left = len > INT32_MAX ? 0 : (int)len;
	const struct nlmsghdr *header;

	batch->count = 0;
	batch->ended = false;
	batch->error = 0;
	while (!batch->ended && left > 0) {
		header = netlink_first(bytes, left);
		if (header == NULL) {
			inetdiag_end(batch, -EPROTO);
			return;
		}
		if (header->nlmsg_seq == sequence)
			inetdiag_read_message(header, batch);
		bytes = mnl_nlmsg_next(header, &left);
	}
}

static int inetdiag_open_socket(void)
{
	return netlink_open(&(struct netlink_kind){.protocol = NETLINK_SOCK_DIAG});
}

int inetdiag_ask(struct inetdiag *diag, uint8_t family)
{
	char bytes[256] __attribute__((aligned(8))) = {0};
	struct nlmsghdr *request = mnl_nlmsg_put_header(bytes);
	struct inet_diag_req_v2 *what;
	int error;

	if (diag->asked) { /* the kernel goes on with the old answer as long as that socket is open */
		inetdiag_close(diag);
		diag->fd = inetdiag_open_socket();
	}
	if (diag->fd < 0)
		return diag->fd == -1 ? -EBADF : diag->fd;
	request->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->nlmsg_seq = ++diag->sequence;
	what = mnl_nlmsg_put_extra_header(request, sizeof(*what));
	what->sdiag_family = family;
	what->sdiag_protocol = IPPROTO_TCP;
	what->idiag_states = INETDIAG_STATES;
	error = netlink_send(diag->fd, request);
	diag->asked = error == 0;
	return error;
}

bool inetdiag_next(struct inetdiag *diag, struct inetdiag_batch *batch)
{
	static char bytes[INETDIAG_DATAGRAM_BYTES] __attribute__((aligned(8)));
	ssize_t n;

	if (!diag->asked)
		return false;
	n = netlink_receive(diag->fd, bytes, sizeof(bytes));
	if (n == 0)
		return false;
	if (n < 0) {
		batch->count = 0;
		inetdiag_end(batch, (int)n);
	} else {
		inetdiag_parse(bytes, (size_t)n, diag->sequence, batch);
	}
	/* After a list that ends well alone the socket has nothing more to say. */
	diag->asked = !batch->ended || batch->error != 0;
	return true;
}

int inetdiag_open(struct inetdiag *diag)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	struct inetdiag_batch batch = {.ended = false};
	int error = 0;

	*diag = (struct inetdiag){.fd = -1};
	if (root_is_fake())
		return -ENOTSUP;
	diag->fd = inetdiag_open_socket();
	if (diag->fd < 0) {
		error = diag->fd;
		diag->fd = -1;
		return error;
	}
	for (size_t i = 0; i < sizeof(families) && error == 0; i++) {
		error = inetdiag_ask(diag, families[i]);
		if (error == 0 && inetdiag_next(diag, &batch))
			error = batch.error;
	}
	if (error < 0)
		inetdiag_close(diag);
	return error;
}

void inetdiag_close(struct inetdiag *diag)
{
	diag->fd = file_close(diag->fd);
	diag->asked = false;
}
