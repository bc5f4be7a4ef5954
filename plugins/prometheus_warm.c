#include "prometheus_warm.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

enum { WARM_MS = 1000 };

/* A client's turn: send what is not sent, read what is there. False: it is over. */
static bool prometheus_warm_turn(int fd, bool *sent, size_t *got)
{
	static const char request[] = "GET /metrics HTTP/1.0\r\n\r\n";
	char bytes[16 * 1024];
	ssize_t n;

	if (!*sent)
		*sent = send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL | MSG_DONTWAIT) > 0;
	n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	*got += n > 0 ? (size_t)n : 0;
	return n != 0;
}

size_t prometheus_warm_at(const struct prometheus_address *address)
{
	int fd = socket(address->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	mono_ms end = clock_mono() + WARM_MS;
	bool sent = false;
	size_t got = 0;

	if (fd < 0)
		return 0;
	(void)connect(fd, (const struct sockaddr *)&address->address, address->len); /* in progress, or refused */
	while (clock_mono() < end && prometheus_warm_turn(fd, &sent, &got)) {
		int timeout_ms = 10;
		struct pollfd fds[1];
		int rows = prometheus_http_prepare(fds, 1, &timeout_ms);

		(void)poll(fds, (nfds_t)rows, timeout_ms);
		prometheus_http_dispatch();
	}
	(void)close(fd);
	return got;
}

size_t prometheus_warm_alone(prometheus_http_make *make)
{
	struct prometheus_address address = {.len = sizeof(struct sockaddr_in)};
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	size_t got = 0;
	int fd;

	memcpy(&address.address, &in, sizeof(in));
	fd = prometheus_listen(&address);
	if (fd < 0)
		return 0;
	if (getsockname(fd, (struct sockaddr *)&address.address, &address.len) < 0) {
		(void)close(fd);
		return 0;
	}
	if (prometheus_http_open(fd, make) < 0)
		return 0;
	got = prometheus_warm_at(&address);
	prometheus_http_close();
	return got;
}
