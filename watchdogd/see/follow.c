#include "see/follow.h"

#include <sys/epoll.h>

#include "base/diag.h"
#include "see/source.h"
#include "see/tree.h"

enum {
	FOLLOW_STORM_MS = 10000,  /* without a loss: it is over */
	FOLLOW_DRAIN_MAX = 32768, /* events of one look */
	FOLLOW_EVENT_BYTES = 1024, /* of the socket's buffer that one takes, at most */
	FOLLOW_BUSY_MS = 250,     /* looks while it would wake too often to be in the loop */
};

static void follow_on_events(void *arg, uint32_t events)
{
	struct source_process *p = arg;

	(void)events; /* the look drains it */
	p->wakes++;
}

/* A host where much is forked makes few looks of it; what waits is taken at these. */
static void follow_throttle(struct see *see, mono_ms now)
{
	struct source_process *p = &see->process;

	if (now - p->wakes_since >= 1000) {
		p->wakes_since = now;
		p->wakes = 0;
		if (!p->in_loop)
			p->in_loop = loop_add(see->with.loop, p->connector.fd, EPOLLIN, follow_on_events, p) == 0;
	} else if (p->in_loop && p->wakes >= SOURCE_PROCESS_WAKES_MAX) {
		loop_remove(see->with.loop, p->connector.fd);
		p->in_loop = false;
	}
}

static void follow_take(struct see *see, const struct connector_event *event, mono_ms now)
{
	switch (event->what) {
	case CONNECTOR_FORK:
		tree_on_fork(see, event->pid, event->parent, now);
		break;
	case CONNECTOR_EXEC:
		tree_on_exec(see, event->pid, now);
		break;
	case CONNECTOR_COMM:
		tree_on_comm(see, event->pid, event->comm);
		break;
	case CONNECTOR_EXIT:
		watched_on_exit(see, event->pid, event->status, now);
		tree_on_exit(see, event->pid, event->status);
		break;
	case CONNECTOR_COREDUMP: /* its end is about to be told */
		break;
	}
}

/* One word when a storm begins to lose, one when it is over. */
static void follow_tell_storm(struct see *see, mono_ms now)
{
	struct source_process *p = &see->process;

	if (p->connector.lost) {
		p->connector.lost = false;
		p->lost_at = now;
		p->scan_wanted = true;
		if (p->storm_losses++ == 0)
			diag_warning("more processes were forked than could be followed; /proc is looked through for "
				     "what was missed");
	} else if (p->storm_losses > 0 && now - p->lost_at >= FOLLOW_STORM_MS) {
		diag_info("the storm of forks is over: events were lost %u %s, /proc was looked through after each",
			  p->storm_losses, p->storm_losses == 1 ? "time" : "times");
		p->storm_losses = 0;
	}
}

/* At this pace the socket's buffer is half full by then. */
static uint32_t follow_filled_ms(const struct source_process *p, uint32_t n, mono_ms for_ms)
{
	uint64_t half = p->connector.buffer_bytes / FOLLOW_EVENT_BYTES / 2;

	if (n == FOLLOW_DRAIN_MAX)
		return SEE_NEXT_MIN_MS;
	if (for_ms < SEE_NEXT_MIN_MS)
		for_ms = SEE_NEXT_MIN_MS; /* a few at once are no pace */
	return n == 0 || half * for_ms / n > SEE_NEXT_MAX_MS ? SEE_NEXT_MAX_MS : (uint32_t)(half * for_ms / n);
}

uint32_t follow_take_all(struct see *see, mono_ms now)
{
	struct connector_event event;
	uint32_t n = 0;

	while (see->process.connector.fd >= 0 && n < FOLLOW_DRAIN_MAX && connector_next(&see->process.connector, &event)) {
		follow_take(see, &event, now);
		n++;
	}
	return n;
}

void follow_drain(struct see *see, mono_ms now)
{
	struct source_process *p = &see->process;
	uint32_t n;

	if (p->connector.fd < 0)
		return;
	follow_throttle(see, now);
	n = follow_take_all(see, now);
	p->drained_next_ms = follow_filled_ms(p, n, now - p->drained);
	p->drained = now;
	follow_tell_storm(see, now);
}

uint32_t follow_next_ms(const struct see *see)
{
	const struct source_process *p = &see->process;

	if (p->connector.fd < 0)
		return SEE_NEXT_MAX_MS;
	return p->in_loop || p->drained_next_ms < FOLLOW_BUSY_MS ? p->drained_next_ms : FOLLOW_BUSY_MS;
}
