/* The HTTP side of the plugin: libmicrohttpd, without a thread of its own: one epoll descriptor in the
 * worker's poll. It answers GET and HEAD of /metrics with the text that the caller makes, and holds slow,
 * greedy and hostile clients to their bounds. */
#ifndef WD_PLUGINS_PROMETHEUS_HTTP_H
#define WD_PLUGINS_PROMETHEUS_HTTP_H

#include <poll.h>
#include <stddef.h>

#include "share/openmetrics.h"

enum {
	HTTP_CONNECTIONS_MAX = 16,          /* at once; more wait in the kernel's queue */
	HTTP_IDLE_S = 10,                   /* a connection without a byte ends */
	HTTP_REQUEST_MS = 30000,            /* from its begin, or the last answer, to the next whole answer */
	HTTP_CONNECTION_BYTES = 4096,       /* of a request's head; a longer one is refused */
	HTTP_TEXT_MS = 1000,                /* a text is served for so long before a new one is made */
	HTTP_TEXTS_BYTES = 16 * 1024 * 1024, /* of all texts that slow clients still read; then 503 */
};

/* The text of that format: malloc'ed, the callee's; NULL: no memory. */
typedef char *prometheus_http_make(enum openmetrics_format format, size_t *len);

/* Serve on this listening socket, which is taken. 0; -ENOMEM: no memory or descriptor is left, and the socket is
 * closed. One at a time. */
int prometheus_http_open(int listening, prometheus_http_make *make);
/* End it, and all that is under way; nothing where there is none. */
void prometheus_http_close(void);

/* Of the plugin: a row at most, the timeout lowered. */
int prometheus_http_prepare(struct pollfd *fds, int max, int *timeout_ms);
void prometheus_http_dispatch(void);

#endif
