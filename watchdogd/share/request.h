/* A request to a plugin: made from its ledger entry, and written as JSON for who receives the
 * event. */
#ifndef WD_SHARE_REQUEST_H
#define WD_SHARE_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "share/ledger.h"
#include "share/plugin.h"

/* Copy the entry of that id, with every text ended whatever stands in the file. False: its place is free, or
 * another's, now or since the copy was begun: it is over, and what is in copy may be of both. */
bool request_copy_entry(struct ledger_entry *copy, const struct ledger_entry *entry, uint64_t id);

/* The request of such a copy, whose texts it borrows. 0, or -EINVAL: a verb or severity that is
 * none. */
int request_of_entry(struct plugin_request *request, const struct ledger_entry *entry);

/* One JSON object and a newline: id, time (ISO 8601, UTC), severity, rule, unit, event, verb, text,
 * and host where it has a name; "" where there is none. The texts are hostile and escaped here. */
void request_format_json(struct buffer *out, const struct plugin_request *request);

/* The same of a message for a channel, whose id is its text; verb is "alert". Behind host come thread (the id of the
 * first message of its thread), told (what it is to that), title and count (alerts folded into it; a number). Long
 * texts are cut. */
void request_format_message(struct buffer *out, const struct plugin_message *message);

#endif
