#include "prometheus_listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PROMETHEUS_BACKLOG = 16 };

/* The port behind the last colon, 1 to 65535; 0: none. */
static in_port_t prometheus_parse_port(const char *text)
{
	char *end;
	unsigned long port;

	if (text[0] < '0' || text[0] > '9')
		return 0;
	port = strtoul(text, &end, 10);
	return *end == '\0' && port <= 65535 ? (in_port_t)port : 0;
}

static bool prometheus_take_4(const char *host, in_port_t port, struct prometheus_address *out)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};

	if (inet_pton(AF_INET, host, &in.sin_addr) != 1)
		return false;
	out->loopback = ntohl(in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	memcpy(&out->address, &in, sizeof(in));
	out->len = sizeof(in);
	return true;
}

static bool prometheus_take_6(const char *host, in_port_t port, struct prometheus_address *out)
{
	struct sockaddr_in6 in = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	if (inet_pton(AF_INET6, host, &in.sin6_addr) != 1)
		return false;
	out->loopback = memcmp(&in.sin6_addr, &in6addr_loopback, sizeof(in.sin6_addr)) == 0;
	memcpy(&out->address, &in, sizeof(in));
	out->len = sizeof(in);
	return true;
}

bool prometheus_parse_address(const char *text, struct prometheus_address *out)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon != NULL ? (size_t)(colon - text) : 0;
	char host[INET6_ADDRSTRLEN + 2];
	in_port_t port;

	memset(out, 0, sizeof(*out));
	if (len == 0 || len >= sizeof(host) || (port = prometheus_parse_port(colon + 1)) == 0)
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	if (host[0] != '[')
		return prometheus_take_4(host, port, out);
	if (host[len - 1] != ']')
		return false;
	host[len - 1] = '\0';
	return prometheus_take_6(host + 1, port, out);
}

int prometheus_listen(const struct prometheus_address *address)
{
	const int on = 1;
	int error, fd = socket(address->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	/* What a scrape left in TIME_WAIT is no reason not to start again. */
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (address->address.ss_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&address->address, address->len) == 0 && listen(fd, PROMETHEUS_BACKLOG) == 0)
		return fd;
	error = -errno;
	(void)close(fd);
	return error;
}
