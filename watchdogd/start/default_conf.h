/* The built-in config: conf/watchdogd.conf as it was at build time, for a host that has no file yet. */
#ifndef WD_START_DEFAULT_CONF_H
#define WD_START_DEFAULT_CONF_H

extern const char default_conf[]; /* ends with a NUL */

#endif
