#include "see/source_kmsg.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/diag.h"
#include "base/file.h"
#include "base/root.h"
#include "see/kmsgline.h"
#include "see/oomsentence.h"
#include "see/source.h"

#define KMSG_PATH "/dev/kmsg"

static void kmsg_on_record(void *arg, uint32_t events)
{
	struct source_kmsg *kmsg = arg;

	(void)events; /* the look reads it */
	kmsg->wakes++;
}

/* A kernel that logs a thousand lines a second must not make a thousand looks of it. */
static void kmsg_throttle(struct see *see, mono_ms now)
{
	struct source_kmsg *kmsg = &see->kmsg;

	if (now - kmsg->wakes_since >= 1000) {
		kmsg->wakes_since = now;
		kmsg->wakes = 0;
		if (!kmsg->in_loop)
			kmsg->in_loop = loop_add(see->with.loop, kmsg->fd, EPOLLIN, kmsg_on_record,
						 kmsg) == 0;
	} else if (kmsg->in_loop && kmsg->wakes > KMSG_WAKES_MAX) {
		loop_remove(see->with.loop, kmsg->fd);
		kmsg->in_loop = false;
	}
}

/* --- what was looked at
 * ---------------------------------------------------------------------------- */

static void kmsg_recall(struct see *see)
{
	const struct ledger *ledger = see->with.ledger;
	struct source_kmsg *kmsg = &see->kmsg;

	kmsg->remembered = ledger->kmsg_sequence != 0 &&
			   strcmp(ledger->kmsg_boot_id, see->with.state->boot_id) == 0;
	kmsg->told = kmsg->remembered ? ledger->kmsg_sequence : 0;
	/* So a gap between then and the oldest record is seen as one. */
	kmsg->any = kmsg->remembered;
	kmsg->sequence = kmsg->told;
}

/* What was handed over at the last look has been taken since: the next start need not tell it. */
static void kmsg_remember(struct see *see)
{
	struct ledger *ledger = see->with.ledger;
	struct source_kmsg *kmsg = &see->kmsg;

	if (kmsg->handed != 0 && !kmsg->events_wait && ledger->kmsg_sequence != kmsg->handed) {
		memcpy(ledger->kmsg_boot_id, see->with.state->boot_id,
		       sizeof(ledger->kmsg_boot_id));
		ledger->kmsg_sequence = kmsg->handed;
	}
}

/* --- records -------------------------------------------------------------------------------------
 */

static bool kmsg_tell(struct see *see, const struct oomrecord *record, bool before_start,
		      mono_ms now)
{
	struct attribute_kill kill = {.pid = record->pid,
				      .before_start = before_start,
				      .bytes = oomrecord_rss_kb(record) * 1024};
	struct buffer b;

	BUFFER_OVER(&b, kill.comm);
	buffer_add(&b, record->comm);
	BUFFER_OVER(&b, kill.text);
	oomsentence_format(record, &b);
	BUFFER_OVER(&b, kill.trigger);
	oomsentence_add_trigger(record, &b);
	return attribute_add(see, &kill,
			     (record->known & OOMRECORD_TASK_MEMCG) ? record->task_memcg : "", now);
}

static void kmsg_count_older(struct source_kmsg *kmsg, const struct oomrecord *record)
{
	struct buffer b;

	kmsg->older++;
	kmsg->older_pid = record->pid;
	BUFFER_OVER(&b, kmsg->older_comm);
	buffer_add(&b, record->comm);
}

static void kmsg_take_kill(struct see *see, mono_ms now)
{
	struct source_kmsg *kmsg = &see->kmsg;

	if (!kmsg->caught_up && !kmsg->remembered)
		kmsg_count_older(kmsg, &kmsg->kill);
	else if (kmsg->caught_up || kmsg->sequence > kmsg->told)
		kmsg->full = !kmsg_tell(see, &kmsg->kill, !kmsg->caught_up, now);
}

static void kmsg_take(struct see *see, const char *record, size_t len, mono_ms now)
{
	struct source_kmsg *kmsg = &see->kmsg;
	struct oomrecord_line line;
	struct kmsgline head;

	if (len == 0 || record[0] == ' ' || !kmsgline_record(record, len, &head))
		return; /* " KEY=value" belongs to the record before it */
	if (kmsg->any && head.seq > kmsg->sequence + 1)
		diag_warning("the kernel's log: %" PRIu64
			     " records were overwritten before they were read; an OOM "
			     "kill may be among them",
			     head.seq - kmsg->sequence - 1);
	kmsg->any = true;
	kmsg->sequence = head.seq;
	if (!head.kernel)
		return;
	line = (struct oomrecord_line){.text = head.text.at,
				       .len = head.text.n,
				       .at_us = head.at_us,
				       .escaped = head.raw,
				       .continues = head.continues};
	if (oomrecord_feed(&kmsg->parser, &line, &kmsg->kill) == OOMRECORD_KILL)
		kmsg_take_kill(see, now);
}

/* The lines of what was read; what is left of one that is not whole is kept. */
static void kmsg_take_lines(struct see *see, mono_ms now)
{
	struct source_kmsg *kmsg = &see->kmsg;
	char *line = kmsg->text, *end;

	kmsg->text[kmsg->held] = '\0';
	while (!kmsg->full &&
	       (end = memchr(line, '\n', (size_t)(kmsg->text + kmsg->held - line))) != NULL) {
		kmsg_take(see, line, (size_t)(end - line), now);
		line = end + 1;
	}
	kmsg->held -= (uint32_t)(line - kmsg->text);
	memmove(kmsg->text, line, kmsg->held);
	if (!kmsg->full && kmsg->held > KMSG_RECORD_BYTES)
		kmsg->held = 0; /* no record is so long */
}

/* One read: a record of the device, a piece of a plain file. False: no more is there. */
static bool kmsg_read(struct see *see, mono_ms now)
{
	struct source_kmsg *kmsg = &see->kmsg;
	ssize_t n = read(kmsg->fd, kmsg->text + kmsg->held, KMSG_RECORD_BYTES);

	if (n > 0) {
		kmsg->held += (uint32_t)n;
		kmsg_take_lines(see, now);
		return true;
	}
	/* EPIPE: overrun; the position is now at the oldest record, its sequence tells what was
	 * lost. EINVAL: a record larger than the kernel promises; it is stepped over. */
	if (n < 0 && (errno == EPIPE || errno == EINTR || errno == EINVAL))
		return true;
	if (n < 0 && errno != EAGAIN)
		see_blind(see, SOURCE_KMSG, KMSG_PATH, -errno);
	return false;
}

static void kmsg_catch_up(struct see *see)
{
	struct source_kmsg *kmsg = &see->kmsg;

	if (kmsg->older > 0)
		diag_info(
			"the kernel's log has %u OOM %s from before watchdogd's first start, the last of %s (pid "
			"%" PRId32 "); no event is made of them",
			kmsg->older, kmsg->older == 1 ? "kill" : "kills", kmsg->older_comm,
			kmsg->older_pid);
	kmsg->caught_up = true;
}

static void kmsg_read_batch(struct see *see, mono_ms now)
{
	struct source_kmsg *kmsg = &see->kmsg;
	uint32_t most = kmsg->caught_up ? KMSG_BATCH : KMSG_CATCH_UP_MAX;

	if (kmsg->full) /* the kill that found no room */
		kmsg->full = !kmsg_tell(see, &kmsg->kill, !kmsg->caught_up, now);
	if (!kmsg->full)
		kmsg_take_lines(see, now); /* left from when there was no room */
	while (!kmsg->full && most-- > 0 && kmsg_read(see, now))
		;
	if (!kmsg->caught_up && !kmsg->full)
		kmsg_catch_up(see);
}

/* --- the source ----------------------------------------------------------------------------------
 */

static void source_kmsg_open(struct see *see)
{
	struct source_kmsg *kmsg = &see->kmsg;

	memset(kmsg, 0, offsetof(struct source_kmsg, parser));
	kmsg->held = 0;
	see->attribution.count = 0;
	see->attribution.risen = false;
	oomrecord_init(&kmsg->parser);
	kmsg_recall(see);
	kmsg->fd = root_open(KMSG_PATH, O_RDONLY | O_NONBLOCK);
	if (kmsg->fd < 0)
		see_blind(see, SOURCE_KMSG, KMSG_PATH, kmsg->fd);
	else
		kmsg->in_loop =
			loop_add(see->with.loop, kmsg->fd, EPOLLIN, kmsg_on_record, kmsg) == 0;
}

static void source_kmsg_look(struct see *see, mono_ms now)
{
	struct source_kmsg *kmsg = &see->kmsg;

	if (kmsg->fd >= 0) {
		kmsg_remember(see);
		kmsg_throttle(see, now);
		kmsg_read_batch(see, now);
	}
	attribute_look(see, kmsg->fd < 0, now);
	if (see->attribution.count == 0 && !kmsg->full && kmsg->any)
		kmsg->handed = kmsg->sequence;
}

static uint32_t source_kmsg_next_ms(const struct see *see, mono_ms now)
{
	bool waits = see->attribution.count > 0 || see->kmsg.full ||
		     (see->kmsg.fd >= 0 && !see->kmsg.in_loop && !root_is_fake());

	(void)now;
	return waits ? ATTRIBUTE_LOOK_MS : SEE_NEXT_MAX_MS;
}

const struct source_ops source_kmsg_ops = {
	.name = "kmsg",
	.open = source_kmsg_open,
	.look = source_kmsg_look,
	.next_ms = source_kmsg_next_ms,
};
