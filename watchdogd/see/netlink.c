#include "see/netlink.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/netlink.h>

#include <libmnl/libmnl.h>

enum { NETLINK_OTHERS_MAX = 64 }; /* messages of others that are passed over in one call: no flood holds us up */

static int netlink_prepare(int fd, const struct netlink_kind *kind)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = kind->groups};
	int bytes = (int)kind->buffer_bytes;

	if (kind->filter != NULL &&
	    setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, kind->filter, sizeof(*kind->filter)) < 0)
		return -errno;
	/* Beyond net.core.rmem_max with CAP_NET_ADMIN alone; what is allowed without it is better than nothing. */
	if (bytes > 0 && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return 0;
}

int netlink_open(const struct netlink_kind *kind)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, kind->protocol), error;

	if (fd < 0)
		return -errno;
	error = netlink_prepare(fd, kind);
	if (error == 0)
		return fd;
	(void)close(fd);
	return error;
}

uint32_t netlink_buffer_bytes(int fd)
{
	socklen_t size = sizeof(int);
	int bytes = 0;

	return getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, &size) < 0 || bytes < 0 ? 0 : (uint32_t)bytes;
}

int netlink_send(int fd, const struct nlmsghdr *message)
{
	const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};

	if (sendto(fd, message, message->nlmsg_len, MSG_NOSIGNAL, (const struct sockaddr *)&kernel,
		   sizeof(kernel)) < 0)
		return -errno;
	return 0;
}

ssize_t netlink_receive(int fd, void *bytes, size_t size)
{
	for (int i = 0; i < NETLINK_OTHERS_MAX; i++) {
		struct sockaddr_nl from = {0};
		struct iovec into = {.iov_base = bytes, .iov_len = size};
		struct msghdr header = {
			.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &into, .msg_iovlen = 1};
		ssize_t n = recvmsg(fd, &header, MSG_DONTWAIT);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -errno;
		if (header.msg_namelen != sizeof(from) || from.nl_pid != 0 || n == 0)
			continue;
		return (header.msg_flags & MSG_TRUNC) != 0 ? -EMSGSIZE : n;
	}
	return 0;
}

const struct nlmsghdr *netlink_first(const void *bytes, int left)
{
	const struct nlmsghdr *header = bytes;

	/* libmnl takes a length beyond INT_MAX for a negative one, and lets it pass. */
	return left > 0 && mnl_nlmsg_ok(header, left) && header->nlmsg_len <= (uint32_t)left ? header : NULL;
}
