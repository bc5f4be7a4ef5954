#include "see/connector.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/filter.h>
#include <linux/netlink.h>

#include <libmnl/libmnl.h>

#include "base/bounds.h"
#include "base/file.h"
#include "base/root.h"
#include "see/netlink.h"

enum {
	CONNECTOR_BUFFER_BYTES = 4 * 1024 * 1024, /* the kernel doubles it; an event takes about 800 bytes of it, so
						     10000 events: a second of 3000 short processes */
	CONNECTOR_DATAGRAM_BYTES = 512,           /* 76 are used by an event of 6.18, one a datagram */
	CONNECTOR_FILLS_MAX = 64,                 /* datagrams without an event that are passed over in one call */
	CONNECTOR_ANSWER_MAX = 16384,             /* events that may come before the answer to our request */
};

#define CONNECTOR_EVENTS ((uint32_t)PROC_EVENT_FORK | (uint32_t)PROC_EVENT_EXEC | (uint32_t)PROC_EVENT_COMM | \
			  (uint32_t)PROC_EVENT_COREDUMP | (uint32_t)PROC_EVENT_EXIT)

/* struct proc_input of 6.6, which older headers lack. */
struct connector_request {
	uint32_t op;
	uint32_t events;
};

#define CONNECTOR_AT(field)                                                                                            \
	((uint32_t)(sizeof(struct nlmsghdr) + sizeof(struct cn_msg) + offsetof(struct proc_event, field)))
/* A load of the filter takes the bytes for big-endian. */
#define CONNECTOR_LOAD(field) {BPF_LD | BPF_W | BPF_ABS, 0, 0, CONNECTOR_AT(field)}
#define CONNECTOR_IF(here, event, there) \
	[here] = {BPF_JMP | BPF_JEQ | BPF_K, (there) - (here) - 1, 0, htonl((uint32_t)(event))}
#define CONNECTOR_SAME(here) [here] = {BPF_JMP | BPF_JEQ | BPF_X, FILTER_KEEP - (here) - 1, FILTER_DROP - (here) - 1, 0}

/* Keep what we follow, of main threads (id of the thread = id of the process), and the answer to our request. */
static int connector_open_socket(void)
{
	enum { FILTER_DROP_OTHERS = 7, FILTER_FORK = 8, FILTER_TASK = 12, FILTER_KEEP = 16, FILTER_DROP = 17 };
	struct sock_filter code[] = {
		CONNECTOR_LOAD(what),
		CONNECTOR_IF(1, PROC_EVENT_FORK, FILTER_FORK),
		CONNECTOR_IF(2, PROC_EVENT_COMM, FILTER_TASK),
		CONNECTOR_IF(3, PROC_EVENT_EXIT, FILTER_TASK),
		CONNECTOR_IF(4, PROC_EVENT_EXEC, FILTER_KEEP), /* whoever calls it becomes the main thread */
		CONNECTOR_IF(5, PROC_EVENT_COREDUMP, FILTER_KEEP), /* of any thread: all end */
		CONNECTOR_IF(6, PROC_EVENT_NONE, FILTER_KEEP),
		[FILTER_DROP_OTHERS] = {BPF_RET | BPF_K, 0, 0, 0},
		[FILTER_FORK] = CONNECTOR_LOAD(event_data.fork.child_pid),
		{BPF_MISC | BPF_TAX, 0, 0, 0},
		CONNECTOR_LOAD(event_data.fork.child_tgid),
		CONNECTOR_SAME(11),
		[FILTER_TASK] = CONNECTOR_LOAD(event_data.exit.process_pid), /* comm has them at the same place */
		{BPF_MISC | BPF_TAX, 0, 0, 0},
		CONNECTOR_LOAD(event_data.exit.process_tgid),
		CONNECTOR_SAME(15),
		[FILTER_KEEP] = {BPF_RET | BPF_K, 0, 0, UINT32_MAX},
		[FILTER_DROP] = {BPF_RET | BPF_K, 0, 0, 0},
	};
	const struct sock_fprog filter = {.len = ARRAY_LEN(code), .filter = code};

	return netlink_open(&(struct netlink_kind){
		.protocol = NETLINK_CONNECTOR,
		.groups = 1u << (CN_IDX_PROC - 1),
		.buffer_bytes = CONNECTOR_BUFFER_BYTES,
		.filter = &filter,
	});
}

struct connector_message {
	uint32_t ack;
	size_t len; /* bytes of the event that were there; the rest is 0 */
	struct proc_event event;
};

/* False: it is no event of processes. */
static bool connector_read(const struct nlmsghdr *header, struct connector_message *out)
{
	size_t len = mnl_nlmsg_get_payload_len(header);
	const char *payload = mnl_nlmsg_get_payload(header);
	struct cn_msg message;

	memset(out, 0, sizeof(*out));
	if (header->nlmsg_type != NLMSG_DONE || len < sizeof(message))
		return false;
	memcpy(&message, payload, sizeof(message)); /* the event behind it lies on no boundary of 8 */
	len -= sizeof(message);
	if (message.id.idx != CN_IDX_PROC || message.id.val != CN_VAL_PROC)
		return false;
	out->ack = message.ack;
	out->len = message.len < len ? message.len : len;
	if (out->len > sizeof(out->event))
		out->len = sizeof(out->event);
	memcpy(&out->event, payload + sizeof(message), out->len);
	return true;
}

#define CONNECTOR_HAS(message, member)                                                                                 \
	((message)->len >= offsetof(struct proc_event, event_data.member) + sizeof((message)->event.event_data.member))

static void connector_take_exit(const struct connector_message *m, struct connector_event *out)
{
	out->what = CONNECTOR_EXIT;
	out->pid = m->event.event_data.exit.process_tgid;
	out->status = m->event.event_data.exit.exit_code;
	out->parent = m->event.event_data.exit.parent_tgid; /* 0 before 4.18: not sent, or sent as 0 */
}

/* False: of a thread, or nothing that we follow. cut: too short for what it says it is. */
static bool connector_take(const struct connector_message *m, struct connector_event *out, bool *cut)
{
	const struct proc_event *event = &m->event;

	memset(out, 0, sizeof(*out));
	switch ((uint32_t)event->what) {
	case PROC_EVENT_FORK:
		*cut = !CONNECTOR_HAS(m, fork);
		out->what = CONNECTOR_FORK;
		out->pid = event->event_data.fork.child_tgid;
		out->parent = event->event_data.fork.parent_tgid;
		return event->event_data.fork.child_pid == out->pid;
	case PROC_EVENT_EXEC:
		*cut = !CONNECTOR_HAS(m, exec);
		out->what = CONNECTOR_EXEC;
		out->pid = event->event_data.exec.process_tgid;
		return true;
	case PROC_EVENT_COMM:
		*cut = !CONNECTOR_HAS(m, comm);
		out->what = CONNECTOR_COMM;
		out->pid = event->event_data.comm.process_tgid;
		memcpy(out->comm, event->event_data.comm.comm, sizeof(out->comm) - 1);
		return event->event_data.comm.process_pid == out->pid;
	case PROC_EVENT_COREDUMP:
		*cut = !CONNECTOR_HAS(m, coredump.process_tgid);
		out->what = CONNECTOR_COREDUMP;
		out->pid = event->event_data.coredump.process_tgid;
		out->parent = event->event_data.coredump.parent_tgid;
		return true;
	case (uint32_t)PROC_EVENT_EXIT:
		*cut = !CONNECTOR_HAS(m, exit.exit_signal);
		connector_take_exit(m, out);
		return event->event_data.exit.process_pid == out->pid;
	default:
		return false;
	}
}

bool connector_parse(const void *bytes, size_t len, struct connector_events *out)
{
	int left = len > INT32_MAX ? 0 : (int)len;
	const struct nlmsghdr *header;
	bool whole = true;

	out->at = out->count = 0;
	for (; (header = netlink_first(bytes, left)) != NULL; bytes = mnl_nlmsg_next(header, &left)) {
		struct connector_event event;
		struct connector_message message;
		bool cut = false;

		if (!connector_read(header, &message))
			continue;
		if (message.len < offsetof(struct proc_event, event_data)) {
			whole = false;
			continue;
		}
		if (!connector_take(&message, &event, &cut) && !cut)
			continue;
		if (cut || event.pid <= 0 || out->count == ARRAY_LEN(out->event))
			whole = false;
		else
			out->event[out->count++] = event;
	}
	return whole && left <= 0;
}

/* mask: 0: all events, the form that every kernel knows. Older kernels pass over the one of 6.6, which only
 * narrows what is subscribed already. */
static int connector_request(int fd, enum proc_cn_mcast_op op, uint32_t ack, uint32_t mask)
{
	char bytes[128] __attribute__((aligned(8))) = {0};
	const struct connector_request request = {.op = op, .events = mask};
	struct nlmsghdr *header = mnl_nlmsg_put_header(bytes);
	uint16_t len = mask != 0 ? sizeof(request) : sizeof(request.op);
	struct cn_msg *message;

	header->nlmsg_type = NLMSG_DONE;
	message = mnl_nlmsg_put_extra_header(header, sizeof(*message) + len);
	message->id.idx = CN_IDX_PROC;
	message->id.val = CN_VAL_PROC;
	message->ack = ack;
	message->len = len;
	memcpy(message + 1, &request, len);
	return netlink_send(fd, header);
}

/* The kernel's answer to our request (our `ack` plus one), given before that returned; where it will be silent there is none, nor on a
 * kernel without CONFIG_PROC_EVENTS. 0, or -errno. */
static int connector_read_answer(int fd, uint32_t ack)
{
	char bytes[CONNECTOR_DATAGRAM_BYTES] __attribute__((aligned(8)));

	for (int i = 0; i < CONNECTOR_ANSWER_MAX; i++) {
		ssize_t n = netlink_receive(fd, bytes, sizeof(bytes));
		struct connector_message message;

		if (n == 0)
			break;
		if (n < 0 || netlink_first(bytes, (int)n) == NULL || !connector_read((const void *)bytes, &message))
			continue;
		if (message.event.what == PROC_EVENT_NONE && message.ack == ack + 1)
			return -(int)message.event.event_data.ack.err;
	}
	return -ENOTSUP;
}

static int connector_subscribe(int fd)
{
	uint32_t ack = (uint32_t)getpid(); /* all who listen see each other's answers */
	int error = connector_request(fd, PROC_CN_MCAST_LISTEN, ack, 0);

	if (error == 0)
		error = connector_read_answer(fd, ack);
	if (error == 0)
		error = connector_request(fd, PROC_CN_MCAST_LISTEN, ack, CONNECTOR_EVENTS);
	return error;
}

int connector_open(struct connector *connector)
{
	int fd, error;

	memset(connector, 0, sizeof(*connector));
	connector->fd = -1;
	if (root_is_fake())
		return -ENOTSUP;
	fd = connector_open_socket();
	if (fd < 0)
		return fd;
	error = connector_subscribe(fd);
	if (error < 0) {
		(void)close(fd);
		return error;
	}
	connector->fd = fd;
	connector->buffer_bytes = netlink_buffer_bytes(fd);
	return 0;
}

/* Another datagram. False: none is there. */
static bool connector_fill(struct connector *connector)
{
	char bytes[CONNECTOR_DATAGRAM_BYTES] __attribute__((aligned(8)));
	ssize_t n = netlink_receive(connector->fd, bytes, sizeof(bytes));

	if (n == 0 || (n < 0 && n != -ENOBUFS && n != -EMSGSIZE))
		return false;
	if (n < 0 || !connector_parse(bytes, (size_t)n, &connector->ready)) {
		connector->lost = true;
		connector->lost_times++;
	}
	return true;
}

bool connector_next(struct connector *connector, struct connector_event *event)
{
	if (connector->fd < 0)
		return false;
	for (int i = 0; connector->ready.at == connector->ready.count; i++)
		if (i == CONNECTOR_FILLS_MAX || !connector_fill(connector))
			return false;
	*event = connector->ready.event[connector->ready.at++];
	connector->events++;
	return true;
}

void connector_close(struct connector *connector)
{
	if (connector->fd >= 0) /* before 6.6 the kernel goes on counting a listener that says nothing */
		(void)connector_request(connector->fd, PROC_CN_MCAST_IGNORE, 0, 0);
	connector->fd = file_close(connector->fd);
}
