/* watchdogctl ack: a person has seen it: it is repeated no more, and no channel with `after` gets it. */
#ifndef WD_ASK_ACK_H
#define WD_ASK_ACK_H

#include <stdbool.h>
#include <stdio.h>

/* Ask the daemon at the control socket. word: an alert's id, "all", or NULL: all. As client_run; 2: that is no id. */
int ack_run(const char *control, const char *word, FILE *out, FILE *err);

/* The word is an alert's id, which is then in id as the daemon writes it, or "all"; otherwise that is told. */
bool ack_is_id_or_all(const char *word, char id[16], FILE *err);

#endif
