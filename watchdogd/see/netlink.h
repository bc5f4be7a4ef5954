/* A netlink socket to the kernel: what the connector and taskstats share. The messages are read and written with
 * libmnl's helpers, none of which allocates; the socket is an ordinary one, as libmnl's would be on the heap and
 * does not tell who sent (generic netlink lets any user send to us). */
#ifndef WD_SEE_NETLINK_H
#define WD_SEE_NETLINK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct nlmsghdr;
struct sock_fprog;

struct netlink_kind {
	int protocol;                    /* NETLINK_CONNECTOR, ... */
	uint32_t groups;                 /* of multicast, as bits */
	uint32_t buffer_bytes;           /* wanted for what is not read yet, used only then; 0: the default */
	const struct sock_fprog *filter; /* set before the first message can come; NULL: none */
};

/* Open and bind; never blocks. The descriptor, the caller's, or -errno. */
int netlink_open(const struct netlink_kind *kind);

/* The size of its buffer as the kernel has it (SO_RCVBUF); 0: not known. */
uint32_t netlink_buffer_bytes(int fd);

/* To the kernel, who has dealt with it on return (it works within sendto). 0 or -errno. */
int netlink_send(int fd, const struct nlmsghdr *message);

/* The next datagram of the kernel's into bytes (aligned as struct nlmsghdr); never waits. What others sent is
 * passed over. Its length; 0: none is there; -ENOBUFS: some were lost before the next one; -EMSGSIZE: one was
 * longer than size, and is lost. */
ssize_t netlink_receive(int fd, void *bytes, size_t size);

/* The first message of what is left of a datagram; NULL: none is there whole. Then mnl_nlmsg_next. */
const struct nlmsghdr *netlink_first(const void *bytes, int left);

#endif
