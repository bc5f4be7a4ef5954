/* The conversation of a transfer, line by line: for the person who runs `watchdogctl test`, without secrets,
 * and for the plugin that wants to know what the server said. */
#ifndef WD_PLUGINS_TRANSFER_TALK_H
#define WD_PLUGINS_TRANSFER_TALK_H

#include <curl/curl.h>

#include "transfer.h"

/* Have the transfer's conversation told to `talk` (NULL: to nobody) and to transfer->said. smtp: its last
 * words are not waited for. 0 or -ENOMEM. */
int transfer_talk_open(struct transfer *transfer, void (*talk)(uint64_t delivery, const char *line), bool smtp);
void transfer_talk_free(struct transfer *transfer);

/* The last reply of SMTP before we took our leave; 0: none. */
long transfer_talk_reply(const struct transfer *transfer);

#endif
