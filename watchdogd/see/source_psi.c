#include "see/source_psi.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/file.h"
#include "base/root.h"
#include "see/source.h"

#define SOURCE_PSI_PATH "/proc/pressure/memory"

enum {
	SOURCE_PSI_NEAR_MS = 250,    /* between looks while the host stalls */
	SOURCE_PSI_STALL_US = 20000, /* of one look to the next: 2 % of an idle second */
	SOURCE_PSI_CALM_MS = 2000,
};

/* Stall within a window, in us. CAP_SYS_RESOURCE (of who opens the file) is free in its choice up
 * to 10 s; others get multiples of 2 s alone (since 6.4; before, none at all). */
static const char *const source_psi_triggers[] = {"some 150000 1000000", "some 300000 2000000"};

static void source_psi_close_trigger(struct see *see)
{
	loop_remove(see->with.loop, see->psi.trigger);
	see->psi.trigger = file_close(see->psi.trigger);
}

/* It wakes the loop, no more: the look after it decides by what `total=` has grown. */
static void source_psi_on_stall(void *arg, uint32_t events)
{
	struct see *see = arg;

	/* POLLERR on a pressure file: the trigger is gone; it would be ready for ever. */
	if ((events & EPOLLERR) != 0)
		source_psi_close_trigger(see);
}

static int source_psi_arm(struct see *see, const char *trigger)
{
	int fd = root_open(SOURCE_PSI_PATH, O_RDWR | O_NONBLOCK), error;

	if (fd < 0)
		return fd;
	error = psi_write_trigger(fd, trigger);
	if (error == 0)
		error = loop_add(see->with.loop, fd, EPOLLPRI, source_psi_on_stall, see);
	if (error < 0) {
		(void)close(fd);
		return error;
	}
	see->psi.trigger = fd;
	return 0;
}

static void source_psi_open(struct see *see)
{
	int error = -EPERM;

	memset(&see->psi, 0, sizeof(see->psi));
	see->psi.trigger = -1;
	see->psi.fd = root_open(SOURCE_PSI_PATH, O_RDONLY);
	if (see->psi.fd < 0) {
		see_blind(see, SOURCE_PSI, SOURCE_PSI_PATH, see->psi.fd);
		return;
	}
	if (root_is_fake())
		return;
	for (size_t i = 0; i < ARRAY_LEN(source_psi_triggers) && error < 0; i++)
		error = source_psi_arm(see, source_psi_triggers[i]);
	if (error < 0)
		diag_info("no wake-up by memory pressure: %s; it is seen at the looks alone",
			  diag_errno(error));
}

static void source_psi_look(struct see *see, mono_ms now)
{
	struct source_psi *source = &see->psi;
	struct state_reading *readings = &see->with.state->host[HOST_PRESSURE_SOME];
	struct psi psi;
	char text[256];
	ssize_t n = source->fd >= 0 ? file_read(source->fd, text, sizeof(text)) : -EBADF;

	if (n < 0 || !psi_parse(text, &psi)) {
		if (source->fd >= 0)
			see_blind(see, SOURCE_PSI,
				  n < 0 ? SOURCE_PSI_PATH : SOURCE_PSI_PATH " is not understood",
				  n < 0 ? (int)n : 0);
		psi_clear(&source->window, readings);
		return;
	}
	if (source->window.count > 0 &&
	    psi.total_us[PSI_SOME] > source->total_us + SOURCE_PSI_STALL_US)
		source->stalled = now;
	source->total_us = psi.total_us[PSI_SOME];
	psi_set(&source->window, &psi, now, readings);
	see_sees(see, SOURCE_PSI);
}

static uint32_t source_psi_next_ms(const struct see *see, mono_ms now)
{
	mono_ms stalled = see->psi.stalled;

	return stalled != 0 && now - stalled < SOURCE_PSI_CALM_MS ? SOURCE_PSI_NEAR_MS
								  : SEE_NEXT_MAX_MS;
}

const struct source_ops source_psi_ops = {
	.name = "psi",
	.open = source_psi_open,
	.look = source_psi_look,
	.next_ms = source_psi_next_ms,
};
