/* How bad: the words of `alert SEVERITY`, of a channel's `severity`, and of every log line. */
#ifndef WD_BASE_SEVERITY_H
#define WD_BASE_SEVERITY_H

enum severity { SEVERITY_DEBUG, SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_CRITICAL, SEVERITIES };

/* "debug", "info", "warning", "critical". */
const char *severity_name(enum severity severity);

/* The severity of that name, or -1. `debug` is the log's alone: no alert has it. */
int severity_find(const char *name);

/* The level of syslog(3) that the journal shows it with: 7, 6, 4, 2. */
int severity_level(enum severity severity);

#endif
