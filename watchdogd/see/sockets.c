#include "see/sockets.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "see/sockets_far.h"
#include "see/sockets_unit.h"
#include "see/source.h"

/* True: all units were looked at. */
static bool sockets_read_units(struct see *see, struct sockets *s)
{
	uint32_t fds = 0;

	if (s->far_open) {
		sockets_far_read(s, see->units.at[s->next]);
		s->next += !s->far_open;
	}
	while (!s->far_open && s->next < see->units.count && fds < SOCKETS_LOOK_FDS) {
		if (s->seen[see->units.at[s->next]] != SOCKETS_NOT_ASKED)
			fds += 1 + sockets_unit_read(see, s, s->next);
		s->next += !s->far_open;
	}
	return !s->far_open && s->next >= see->units.count;
}

/* Each unit that the number is of has a connection. */
static void sockets_mark(struct sockets *s, const struct sockets_set *set, uint64_t number)
{
	const struct sockets_entry *entry = NULL;

	while ((entry = sockets_set_next(set, number, entry)) != NULL)
		if (s->seen[entry->row] != SOCKETS_NOT_ASKED)
			s->seen[entry->row] = SOCKETS_CONNECTED;
}

static const uint8_t sockets_families[] = {AF_INET, AF_INET6};

/* 0 or -errno. */
static int sockets_begin_list(struct sockets *s)
{
	s->reading = true;
	s->family = 0;
	if (s->diag.fd >= 0)
		return inetdiag_ask(&s->diag, sockets_families[0]);
	procnet_begin(&s->net);
	return 0;
}

/* A piece by sock_diag. 1: the list goes on; 0: it is read; or -errno. */
static int sockets_read_diag(struct sockets *s)
{
	struct inetdiag_batch batch;
	int error;

	if (!inetdiag_next(&s->diag, &batch))
		return 1;
	for (uint32_t i = 0; i < batch.count; i++) {
		sockets_mark(s, &s->inodes, batch.socket[i].inode);
		sockets_mark(s, &s->cgroups, batch.socket[i].cgroup_id);
	}
	if (!batch.ended || batch.error != 0)
		return batch.error != 0 ? batch.error : 1;
	if (++s->family == (int)ARRAY_LEN(sockets_families))
		return 0;
	error = inetdiag_ask(&s->diag, sockets_families[s->family]);
	return error != 0 ? error : 1;
}

static int sockets_read_net(struct sockets *s)
{
	struct procnet_batch batch;

	procnet_next(&s->net, &batch);
	for (uint32_t i = 0; i < batch.count; i++)
		sockets_mark(s, &s->inodes, batch.inode[i]);
	return batch.error != 0 ? batch.error : !batch.ended;
}

static int sockets_read_list(struct sockets *s)
{
	int more = 1;

	for (int i = 0; i < SOCKETS_PIECES && more == 1; i++)
		more = s->diag.fd >= 0 ? sockets_read_diag(s) : sockets_read_net(s);
	return more;
}

void sockets_open(struct see *see, struct sockets *s, bool diag)
{
	int net;

	memset(s, 0, offsetof(struct sockets, inodes)); /* what nobody uses is not touched */
	sockets_set_empty(&s->inodes);
	sockets_set_empty(&s->cgroups);
	s->diag.fd = -1;
	(void)sockets_read_link(see->processes.proc, "self/ns/net", s->own_net, sizeof(s->own_net));
	net = procnet_open(&s->net, see->processes.proc);
	s->has_list = (diag && inetdiag_open(&s->diag) == 0) || net == 0;
}

static void sockets_end(struct sockets *s)
{
	s->open = false;
	sockets_far_end(s);
}

void sockets_begin(struct sockets *s, mono_ms now)
{
	sockets_set_empty(&s->inodes);
	sockets_set_empty(&s->cgroups);
	sockets_end(s);
	s->open = true;
	s->reading = false;
	s->fars = 0;
	s->next = 0;
	s->began = now;
}

/* All that was asked about and not found is as `seen`. */
static void sockets_fail(struct sockets *s, enum sockets_seen seen)
{
	for (uint32_t i = 0; i < UNITS_MAX; i++)
		if (s->seen[i] == SOCKETS_NONE)
			s->seen[i] = (uint8_t)seen;
}

/* 1: there is more to do; 0: all is read; or -errno. */
static int sockets_read(struct see *see, struct sockets *s)
{
	int error;

	if (!s->has_list)
		return -ENOENT;
	if (!s->reading) {
		if (!sockets_read_units(see, s))
			return 1;
		error = sockets_begin_list(s);
		if (error < 0)
			return error;
	}
	return sockets_read_list(s);
}

void sockets_give_up(struct sockets *s)
{
	sockets_end(s);
	sockets_fail(s, SOCKETS_TOO_MANY);
}

bool sockets_step(struct see *see, struct sockets *s, mono_ms now)
{
	int more = sockets_read(see, s);

	if (more == 1 && now - s->began < SOCKETS_ROUND_MS)
		return false;
	sockets_end(s);
	if (more == 0)
		return true;
	sockets_fail(s, more == 1 ? SOCKETS_TOO_MANY : SOCKETS_UNREADABLE);
	if (more < 0 && s->diag.fd >= 0)
		inetdiag_close(&s->diag); /* the next round reads /proc/net */
	return true;
}

const char *sockets_why_unknown(enum sockets_seen seen)
{
	static const char *const why[SOCKETS_SEEN] = {
		[SOCKETS_UNREADABLE] = "its sockets cannot be read",
		[SOCKETS_ELSEWHERE] = "it has more than one network namespace of its own",
		[SOCKETS_TOO_MANY] = "it has, or the host has, too many processes, descriptors, cgroups or connections to look at",
	};

	return why[seen];
}
