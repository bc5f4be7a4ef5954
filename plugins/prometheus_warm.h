/* One scrape by ourselves, so that what a scrape needs (library code, heap, this kernel's sockets) is loaded
 * before memory is locked and privileges are given up. */
#ifndef WD_PLUGINS_PROMETHEUS_WARM_H
#define WD_PLUGINS_PROMETHEUS_WARM_H

#include "prometheus_http.h"
#include "prometheus_listen.h"

/* Scrape the address that is being served, within a second. Bytes that came; 0: it could not be reached. */
size_t prometheus_warm_at(const struct prometheus_address *address);

/* The same where nothing is served: at a port of the loopback that is ours for that time. */
size_t prometheus_warm_alone(prometheus_http_make *make);

#endif
