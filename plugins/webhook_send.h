/* One attempt: a filled template becomes a transfer, its end an answer to the host. */
#ifndef WD_WEBHOOK_SEND_H
#define WD_WEBHOOK_SEND_H

#include "transfer/transfer.h"
#include "webhook_sign.h"
#include "webhook_template.h"

/* host->sent ends it, now or later. template and with are borrowed for the time of the call. */
void webhook_send_begin(const struct plugin_host *host, const struct webhook_template *template, uint64_t delivery,
			const struct webhook_with *with);

#endif
