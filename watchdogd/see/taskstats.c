#include "see/taskstats.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* The kernel's record has the name of ours. */
#define taskstats taskstats_kernel
#include <linux/taskstats.h>
#undef taskstats

#include <linux/acct.h>
#include <linux/filter.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

#include <libmnl/libmnl.h>

#include "base/bounds.h"
#include "base/file.h"
#include "base/root.h"
#include "see/netlink.h"

#ifndef AGROUP
#define AGROUP 0x20 /* the last thread of its process; 5.19 */
#endif

enum {
	TASKSTATS_BUFFER_BYTES = 4 * 1024 * 1024, /* the kernel doubles it; a life takes about 1.3 KiB of it */
	TASKSTATS_DATAGRAM_BYTES = 4096,          /* two records, 600 bytes each in 6.18 */
	TASKSTATS_REQUEST_BYTES = 4096,           /* with the list of CPUs */
	TASKSTATS_FILLS_MAX = 256,                /* datagrams of threads that are passed over in one call */
	TASKSTATS_GROUP_VERSION = 12,             /* ac_tgid, ac_tgetime, AGROUP */
	TASKSTATS_MOVED_VERSION = 15,             /* and some kernels before they had raised it from 14 */
	TASKSTATS_14_BYTES = 432,                 /* its length without the fields that move the others */
};

/* One nested attribute: who, and the kernel's record; zeros behind what an older kernel sends. */
struct taskstats_record {
	bool there;
	int32_t id;
	size_t len;
	struct taskstats_kernel kernel;
};

struct taskstats_records {
	struct taskstats_record thread, process;
};

static int taskstats_read_part(const struct nlattr *attr, void *arg)
{
	struct taskstats_record *record = arg;
	size_t len = mnl_attr_get_payload_len(attr);
	uint16_t type = mnl_attr_get_type(attr);

	if ((type == TASKSTATS_TYPE_PID || type == TASKSTATS_TYPE_TGID) && len >= sizeof(record->id))
		record->id = (int32_t)mnl_attr_get_u32(attr);
	if (type == TASKSTATS_TYPE_STATS) {
		record->len = len;
		memcpy(&record->kernel, mnl_attr_get_payload(attr),
		       len < sizeof(record->kernel) ? len : sizeof(record->kernel));
	}
	return MNL_CB_OK;
}

static int taskstats_read_record(const struct nlattr *attr, void *arg)
{
	struct taskstats_records *records = arg;
	struct taskstats_record *record = &records->thread;

	if (mnl_attr_get_type(attr) == TASKSTATS_TYPE_AGGR_TGID)
		record = &records->process;
	else if (mnl_attr_get_type(attr) != TASKSTATS_TYPE_AGGR_PID)
		return MNL_CB_OK;
	(void)mnl_attr_parse_nested(attr, taskstats_read_part, record);
	record->there = record->id > 0 && record->len > offsetof(struct taskstats_kernel, ac_flag);
	return MNL_CB_OK;
}

static void taskstats_read_message(const struct nlmsghdr *header, struct taskstats_records *out)
{
	const struct genlmsghdr *generic = mnl_nlmsg_get_payload(header);

	memset(out, 0, sizeof(*out));
	if (mnl_nlmsg_get_payload_len(header) >= sizeof(*generic) && generic->cmd == TASKSTATS_CMD_NEW)
		(void)mnl_attr_parse(header, sizeof(*generic), taskstats_read_record, out);
}

static void taskstats_add_faults(struct taskstats_faults *faults, int32_t pid, uint64_t count)
{
	uint32_t at = 0;

	if (count == 0)
		return;
	while (at < ARRAY_LEN(faults->pid) && faults->pid[at] != pid)
		at++;
	if (at == ARRAY_LEN(faults->pid)) {
		at = faults->next;
		faults->next = (at + 1) % ARRAY_LEN(faults->pid);
		faults->pid[at] = pid;
		faults->count[at] = 0;
	}
	faults->count[at] += count;
}

static uint64_t taskstats_take_faults(struct taskstats_faults *faults, int32_t pid)
{
	for (uint32_t i = 0; i < ARRAY_LEN(faults->pid); i++) {
		if (faults->pid[i] != pid)
			continue;
		faults->pid[i] = 0;
		return faults->count[i];
	}
	return 0;
}

static uint64_t taskstats_delay_us(const struct taskstats_kernel *record)
{
	return (record->swapin_delay_total + record->freepages_delay_total + record->thrashing_delay_total +
		record->compact_delay_total) / 1000;
}

/* True: the process has ended. */
static bool taskstats_take(const struct taskstats_records *records, struct taskstats_faults *faults,
			   struct taskstats_life *life)
{
	const struct taskstats_kernel *thread = &records->thread.kernel;
	bool group = thread->version >= TASKSTATS_GROUP_VERSION;
	int32_t pid = group ? (int32_t)thread->ac_tgid : records->thread.id;

	if (!records->thread.there || thread->version == TASKSTATS_MOVED_VERSION ||
	    (thread->version == TASKSTATS_MOVED_VERSION - 1 && records->thread.len > TASKSTATS_14_BYTES))
		return false;
	if (!group && records->process.there)
		pid = records->process.id;
	if (pid <= 0)
		return false;
	if (group && (thread->ac_flag & AGROUP) == 0) {
		taskstats_add_faults(faults, pid, thread->ac_majflt);
		return false;
	}
	life->pid = pid;
	life->peak_rss_bytes = thread->hiwater_rss * 1024;
	life->major_faults = thread->ac_majflt + taskstats_take_faults(faults, pid);
	/* The kernel's sum over the threads has the delays alone, and no version. */
	life->memory_delay_us = taskstats_delay_us(records->process.there ? &records->process.kernel : thread);
	life->lived_ms = (group ? thread->ac_tgetime : thread->ac_etime) / 1000;
	return true;
}

bool taskstats_parse(const void *bytes, size_t len, uint16_t family, struct taskstats_faults *faults,
		     struct taskstats_life *life)
{
	int left = len > INT32_MAX ? 0 : (int)len;
	const struct nlmsghdr *header;
	struct taskstats_records records;

	memset(life, 0, sizeof(*life));
	/* The kernel puts one message into a datagram. */
	for (; (header = netlink_first(bytes, left)) != NULL; bytes = mnl_nlmsg_next(header, &left)) {
		if (header->nlmsg_type != family)
			continue;
		taskstats_read_message(header, &records);
		if (taskstats_take(&records, faults, life))
			return true;
	}
	return false;
}

static struct nlmsghdr *taskstats_request(void *bytes, uint16_t type, uint8_t command)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(bytes);
	struct genlmsghdr *generic = mnl_nlmsg_put_extra_header(header, sizeof(*generic));

	header->nlmsg_type = type;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	generic->cmd = command;
	generic->version = 1; /* CTRL's and taskstats' */
	return header;
}

static int taskstats_read_family(const struct nlattr *attr, void *arg)
{
	uint16_t *family = arg;

	if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID && mnl_attr_get_payload_len(attr) >= sizeof(*family))
		*family = mnl_attr_get_u16(attr);
	return MNL_CB_OK;
}

/* Send, and read the kernel's answers up to its acknowledgement, all of them there on return of the request.
 * family: gets its number where one is answered. 0 or -errno. */
static int taskstats_ask(int fd, const struct nlmsghdr *request, uint16_t *family)
{
	char bytes[TASKSTATS_DATAGRAM_BYTES] __attribute__((aligned(8)));
	int error = netlink_send(fd, request);
	ssize_t n;

	if (error < 0)
		return error;
	while ((n = netlink_receive(fd, bytes, sizeof(bytes))) != 0) {
		const struct nlmsghdr *header = n > 0 ? netlink_first(bytes, (int)n) : NULL;

		if (header != NULL && header->nlmsg_type == NLMSG_ERROR &&
		    mnl_nlmsg_get_payload_len(header) >= sizeof(struct nlmsgerr))
			return ((const struct nlmsgerr *)mnl_nlmsg_get_payload(header))->error;
		if (header != NULL && header->nlmsg_type == GENL_ID_CTRL)
			(void)mnl_attr_parse(header, sizeof(struct genlmsghdr), taskstats_read_family, family);
	}
	return -EPROTO;
}

static int taskstats_find_family(int fd, uint16_t *family)
{
	char bytes[256] __attribute__((aligned(8))) = {0}; /* what pads a text is sent too */
	struct nlmsghdr *request = taskstats_request(bytes, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	int error;

	*family = 0;
	mnl_attr_put_strz(request, CTRL_ATTR_FAMILY_NAME, TASKSTATS_GENL_NAME);
	error = taskstats_ask(fd, request, family);
	return error == 0 && *family == 0 ? -EPROTO : error;
}

/* For all CPUs there may be: a list that goes beyond them is refused (ERANGE), one that is shorter misses what ends
 * on a CPU that is plugged in. */
static int taskstats_register(int fd, uint16_t family)
{
	char bytes[TASKSTATS_REQUEST_BYTES] __attribute__((aligned(8))) = {0}, cpus[1024];
	struct nlmsghdr *request = taskstats_request(bytes, family, TASKSTATS_CMD_GET);
	int list = root_open("/sys/devices/system/cpu/possible", O_RDONLY);
	uint16_t none;
	ssize_t n;

	if (list < 0)
		return list;
	n = file_read(list, cpus, sizeof(cpus));
	(void)close(list);
	if (n <= 0)
		return n < 0 ? (int)n : -EPROTO;
	cpus[strcspn(cpus, "\n")] = '\0';
	mnl_attr_put_strz(request, TASKSTATS_CMD_ATTR_REGISTER_CPUMASK, cpus);
	return taskstats_ask(fd, request, &none);
}

/* Threads that end while their process lives, and that no page was read for, are the most by far: not handed to us
 * where the record says so (version 12 on, not 14 and 15) and stands where it does on most machines. */
static int taskstats_open_socket(void)
{
#define TASKSTATS_AT(field) (uint32_t)(FILTER_RECORD + offsetof(struct taskstats_kernel, field))
#define TASKSTATS_IF(here, test, value, then, otherwise) \
	[here] = {BPF_JMP | (test) | BPF_K, (then) - (here) - 1, (otherwise) - (here) - 1, (value)}
	enum {
		FILTER_RECORD = 36,                          /* headers of 16 and 4, three of attributes, the pid */
		FILTER_SECOND = 34,                          /* the type of the attribute with the record */
		FILTER_LOW_BYTE = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__, /* of the version, which is of 16 bits */
		FILTER_KEEP = 14,
		FILTER_DROP = 15,
	};
	struct sock_filter code[] = {
		{BPF_LD | BPF_H | BPF_ABS, 0, 0, offsetof(struct nlmsghdr, nlmsg_type)},
		TASKSTATS_IF(1, BPF_JEQ, htons(NLMSG_ERROR), FILTER_KEEP, 2),
		{BPF_LD | BPF_H | BPF_ABS, 0, 0, FILTER_SECOND},
		TASKSTATS_IF(3, BPF_JEQ, htons(TASKSTATS_TYPE_STATS), 4, FILTER_KEEP),
		{BPF_LD | BPF_B | BPF_ABS, 0, 0, TASKSTATS_AT(version) + FILTER_LOW_BYTE},
		TASKSTATS_IF(5, BPF_JGE, TASKSTATS_GROUP_VERSION, 6, FILTER_KEEP),
		TASKSTATS_IF(6, BPF_JEQ, TASKSTATS_MOVED_VERSION - 1, FILTER_KEEP, 7),
		TASKSTATS_IF(7, BPF_JEQ, TASKSTATS_MOVED_VERSION, FILTER_KEEP, 8),
		{BPF_LD | BPF_B | BPF_ABS, 0, 0, TASKSTATS_AT(ac_flag)},
		TASKSTATS_IF(9, BPF_JSET, AGROUP, FILTER_KEEP, 10),
		{BPF_LD | BPF_W | BPF_ABS, 0, 0, TASKSTATS_AT(ac_majflt)},
		TASKSTATS_IF(11, BPF_JEQ, 0, 12, FILTER_KEEP),
		{BPF_LD | BPF_W | BPF_ABS, 0, 0, TASKSTATS_AT(ac_majflt) + 4},
		TASKSTATS_IF(13, BPF_JEQ, 0, FILTER_DROP, FILTER_KEEP),
		[FILTER_KEEP] = {BPF_RET | BPF_K, 0, 0, UINT32_MAX},
		[FILTER_DROP] = {BPF_RET | BPF_K, 0, 0, 0},
	};
	const struct sock_fprog filter = {.len = ARRAY_LEN(code), .filter = code};

	return netlink_open(&(struct netlink_kind){
		.protocol = NETLINK_GENERIC,
		.buffer_bytes = TASKSTATS_BUFFER_BYTES,
		.filter = &filter,
	});
}

/* Newer kernels (6.18) let one of another network namespace register, and send what they tell to the initial one
 * alone. The connector has its end in the kernel there alone: nobody takes an empty message to it elsewhere. */
static bool taskstats_would_be_silent(void)
{
	const struct nlmsghdr empty = {.nlmsg_len = sizeof(empty), .nlmsg_type = NLMSG_NOOP};
	int fd = netlink_open(&(struct netlink_kind){.protocol = NETLINK_CONNECTOR});
	bool refused = fd >= 0 && netlink_send(fd, &empty) == -ECONNREFUSED;

	(void)file_close(fd);
	return refused;
}

int taskstats_open(struct taskstats *taskstats)
{
	int fd, error;

	memset(taskstats, 0, sizeof(*taskstats));
	taskstats->fd = -1;
	if (root_is_fake())
		return -ENOTSUP;
	fd = taskstats_open_socket();
	if (fd < 0)
		return fd;
	error = taskstats_find_family(fd, &taskstats->family);
	if (error == 0 && taskstats_would_be_silent())
		error = -ENOENT;
	if (error == 0)
		error = taskstats_register(fd, taskstats->family);
	if (error < 0) {
		(void)close(fd);
		return error;
	}
	taskstats->fd = fd;
	taskstats->buffer_bytes = netlink_buffer_bytes(fd);
	return 0;
}

bool taskstats_next(struct taskstats *taskstats, struct taskstats_life *life)
{
	char bytes[TASKSTATS_DATAGRAM_BYTES] __attribute__((aligned(8)));

	for (int i = 0; taskstats->fd >= 0 && i < TASKSTATS_FILLS_MAX; i++) {
		ssize_t n = netlink_receive(taskstats->fd, bytes, sizeof(bytes));

		if (n == -ENOBUFS || n == -EMSGSIZE) {
			taskstats->lost = true;
			/* Whose end was lost would leave his faults to the next one with his number. */
			memset(&taskstats->faults, 0, sizeof(taskstats->faults));
		} else if (n <= 0) {
			return false;
		} else if (taskstats_parse(bytes, (size_t)n, taskstats->family, &taskstats->faults, life)) {
			return true;
		}
	}
	return false;
}

void taskstats_close(struct taskstats *taskstats)
{
	taskstats->fd = file_close(taskstats->fd); /* the kernel forgets who does not listen */
}
