/* The address that Prometheus scrapes: text of the config to a listening socket. */
#ifndef WD_PLUGINS_PROMETHEUS_LISTEN_H
#define WD_PLUGINS_PROMETHEUS_LISTEN_H

#include <stdbool.h>
#include <sys/socket.h>

struct prometheus_address {
	struct sockaddr_storage address;
	socklen_t len;
	bool loopback; /* no other host reaches it */
};

/* "127.0.0.1:9848", "[::1]:9848": numbers alone, no name is looked up. False: it is none. */
bool prometheus_parse_address(const char *text, struct prometheus_address *out);

/* Listen there, without waiting for anything. The descriptor is the caller's; -errno (-EADDRINUSE: another has
 * the port). */
int prometheus_listen(const struct prometheus_address *address);

#endif
