/* The daemon's own log: one event, one line, on standard error.
 *     2026-01-22T18:38:01Z critical rule=critical unit=xtts what was seen; what was done
 * Under systemd (JOURNAL_STREAM) each line begins with its priority, "<2>". Never waits: a line that
 * does not fit into the pipe is dropped and counted, and the next line that fits tells the count. The
 * text is escaped here, so names of processes and cgroups may be passed as they are. */
#ifndef WD_BASE_DIAG_H
#define WD_BASE_DIAG_H

#include <stdbool.h>

#include "base/severity.h"

/* Take standard error. Lines of severity debug are written only if verbose. Call once, at start. */
void diag_open(bool verbose);

/* rule, unit: NULL where the line is about none. */
void diag_event(enum severity severity, const char *rule, const char *unit, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* A line about watchdogd itself. */
#define diag_critical(...) diag_event(SEVERITY_CRITICAL, (const char *)0, (const char *)0, __VA_ARGS__)
#define diag_warning(...) diag_event(SEVERITY_WARNING, (const char *)0, (const char *)0, __VA_ARGS__)
#define diag_info(...) diag_event(SEVERITY_INFO, (const char *)0, (const char *)0, __VA_ARGS__)
#define diag_debug(...) diag_event(SEVERITY_DEBUG, (const char *)0, (const char *)0, __VA_ARGS__)

/* strerror without its allocation or locale: "No such file or directory (ENOENT)" is strerrordesc_np
 * of glibc. error: errno, either sign. */
const char *diag_errno(int error);

#endif
