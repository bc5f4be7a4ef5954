/* Walks the way of a transfer once before memory is locked and privileges are given up: the look-up's
 * thread and libraries, TLS with the certificates, the parts of libcurl. The other side is a listener of
 * our own that hangs up when it has heard us. */
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "transfer.h"

enum { TRANSFER_WARM_MS = 1000 };

static bool transfer_warm_ended;

static void transfer_warm_done(struct transfer *transfer, CURLcode code, long status)
{
	(void)transfer;
	(void)code;
	(void)status;
	transfer_warm_ended = true;
}

/* A listener on a free port of loopback, or -1. */
static int transfer_warm_listen(unsigned *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&at, len) == 0 && listen(fd, 4) == 0 &&
	    getsockname(fd, (struct sockaddr *)&at, &len) == 0) {
		*port = ntohs(at.sin_port);
		return fd;
	}
	return file_close(fd);
}

static void transfer_warm_answer(int listener)
{
	char heard[4096];
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	struct pollfd row = {.fd = fd, .events = POLLIN};

	if (fd < 0)
		return;
	(void)poll(&row, 1, 100);
	(void)!recv(fd, heard, sizeof(heard), MSG_DONTWAIT);
	(void)close(fd);
}

/* Turns until it has ended. The listener is asked again and again: it is no row of the transfer's. */
static void transfer_warm_turn(int listener)
{
	mono_ms end = clock_mono() + TRANSFER_WARM_MS;

	while (!transfer_warm_ended && clock_mono() < end) {
		struct pollfd fds[8];
		int wait_ms = 5, rows = transfers_prepare(fds, 8, &wait_ms);

		(void)poll(fds, (nfds_t)rows, wait_ms);
		transfers_dispatch(fds, rows);
		transfer_warm_answer(listener);
	}
}

void transfers_warm(void)
{
	char url[64], why[64];
	unsigned port = 0;
	int listener = transfer_warm_listen(&port);
	struct plugin_channel channel = {.name = "", .url = url, .proxy = "", .timeout_ms = TRANSFER_WARM_MS};
	struct transfer *transfer;

	if (listener < 0)
		return;
	(void)snprintf(url, sizeof(url), "https://localhost:%u/", port);
	transfer = transfer_new(0, &channel, "https", why, sizeof(why));
	if (transfer != NULL) {
		transfer_warm_ended = false;
		transfer->done = transfer_warm_done;
		transfer_start(transfer);
		transfer_warm_turn(listener);
		transfer_cancel(0);
	}
	(void)close(listener);
}
