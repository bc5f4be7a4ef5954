/* watchdogctl's side of the control socket: one command sent, its answer shown. */
#ifndef WD_ASK_CLIENT_H
#define WD_ASK_CLIENT_H

#include <stdio.h>

/* A little longer than main may work (CONTROL_WORK_MS, CONTROL_TEST_MS). */
enum { CLIENT_WAIT_MS = 65000, CLIENT_LIVE_MS = 135000 };

/* Send a command ("reload") to the daemon at the control socket and show its answer: on out when it
 * was carried out, otherwise on err. 0: done; 1: refused, or not possible; 2: the config is
 * refused; 3: no daemon answers there. */
int client_run(const char *control, const char *command, FILE *out, FILE *err);

/* Likewise, with each line on out as it comes; the last one as client_run has it. */
int client_run_live(const char *control, const char *command, FILE *out, FILE *err);

#endif
