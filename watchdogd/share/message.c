#include "share/message.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "share/ledger.h"

static const char *const message_names[MESSAGE_TYPES] = {
	[MESSAGE_CONFIG] = "config", [MESSAGE_TAKEN] = "taken",
	[MESSAGE_WORKER_UP] = "worker-up", [MESSAGE_WORKER_HUNG] = "worker-hung",
	[MESSAGE_STOP] = "stop", [MESSAGE_ASK] = "ask",
	[MESSAGE_DONE] = "done", [MESSAGE_FAILED] = "failed",
	[MESSAGE_LOOK] = "look", [MESSAGE_UNIT] = "unit",
	[MESSAGE_ALIVE] = "alive", [MESSAGE_LINES] = "lines",
	[MESSAGE_MATCH] = "match", [MESSAGE_RETRY] = "retry",
	[MESSAGE_RETRIED] = "retried", [MESSAGE_READ] = "read",
	[MESSAGE_HAVE] = "have", [MESSAGE_ACK] = "ack",
	[MESSAGE_TEST] = "test", [MESSAGE_TESTED] = "tested",
	[MESSAGE_SPOOL] = "spool", [MESSAGE_SPOOLED] = "spooled",
	[MESSAGE_VAULT] = "vault", [MESSAGE_REFUSED] = "refused",
	[MESSAGE_KEEP] = "keep", [MESSAGE_LASTING] = "lasting",
};

const char *message_name(uint32_t type)
{
	return type < MESSAGE_TYPES ? message_names[type] : "unknown";
}

uint64_t message_unit_id(const char *name)
{
	return ledger_hash(name);
}

void message_make(struct message *message, enum message_type type, uint64_t id, int result, const char *text)
{
	struct buffer b;

	memset(message, 0, sizeof(*message));
	message->version = MESSAGE_VERSION;
	message->type = type;
	message->id = id;
	message->result = result;
	BUFFER_OVER(&b, message->text);
	buffer_add(&b, text);
}

/* Room for one descriptor, aligned for the kernel. */
union message_control {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

int message_send(int fd, const struct message *message, int fd_along)
{
	union message_control control = {0};
	struct iovec part = {.iov_base = (void *)(uintptr_t)message, .iov_len = sizeof(*message)};
	struct msghdr head = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t n;

	if (fd_along >= 0) {
		struct cmsghdr *c;

		head.msg_control = control.room;
		head.msg_controllen = sizeof(control.room);
		c = CMSG_FIRSTHDR(&head);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd_along, sizeof(int));
	}
	do
		n = sendmsg(fd, &head, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

static int message_take_fd(struct msghdr *head)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(head);
	int fd = -1;

	if (c != NULL && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(c), sizeof(int));
	return fd;
}

bool message_is_end(int fd)
{
	struct pollfd now = {.fd = fd, .events = POLLRDHUP};

	return poll(&now, 1, 0) == 1 && (now.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) != 0;
}

static bool message_is_valid(const struct message *message, const struct msghdr *head, ssize_t n)
{
	return n == (ssize_t)sizeof(*message) && (head->msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 &&
	       message->version == MESSAGE_VERSION && message->type < MESSAGE_TYPES &&
	       memchr(message->text, '\0', sizeof(message->text)) != NULL;
}

int message_receive(int fd, struct message *message, int *fd_along)
{
	union message_control control = {0};
	struct iovec part = {.iov_base = message, .iov_len = sizeof(*message)};
	struct msghdr head = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room,
			      .msg_controllen = sizeof(control.room)};
	ssize_t n;
	int came;

	if (fd_along != NULL)
		*fd_along = -1;
	do
		n = recvmsg(fd, &head, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	came = message_take_fd(&head);
	if (n == 0 && came < 0 && message_is_end(fd))
		return 0;
	if (!message_is_valid(message, &head, n) || fd_along == NULL) {
		if (came >= 0)
			(void)close(came);
		return message_is_valid(message, &head, n) ? 1 : -EPROTO;
	}
	*fd_along = came;
	return 1;
}
