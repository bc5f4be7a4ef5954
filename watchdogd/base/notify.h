/* sd_notify(3) without libsystemd: one datagram to $NOTIFY_SOCKET, never waited for. */
#ifndef WD_BASE_NOTIFY_H
#define WD_BASE_NOTIFY_H

#include <stdint.h>

/* Connect to $NOTIFY_SOCKET, where there is one. Call once, at start. */
void notify_open(void);

/* Send assignments, one a line ("READY=1\nSTATUS=.."). Nothing happens without a socket; a manager that
 * does not read loses it. */
void notify_send(const char *assignments);

/* $WATCHDOG_USEC in ms: the service manager kills us when it hears no WATCHDOG=1 for so long; 0: none. */
uint32_t notify_watchdog_ms(void);

#endif
