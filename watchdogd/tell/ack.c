#include "tell/ack.h"

#include <errno.h>

#include "base/buffer.h"

/* The thread of an alert that is in the ledger still; of another, what was said. known: it is there. */
static uint64_t ack_thread(const struct alerts *alerts, uint64_t id, bool *known)
{
	*known = false;
	for (int i = 0; i < ENTRIES_MAX && id != 0; i++) {
		const struct ledger_entry *entry = &alerts->ledger->entries[i];

		if (entry->state != LEDGER_OPEN || entry->kind != LEDGER_ALERT || entry->told == TOLD_TEST)
			continue;
		*known = *known || entry->thread == id;
		if (entry->id == id) {
			*known = true;
			return entry->thread;
		}
	}
	return id;
}

/* False: somebody's end is full, or hangs. */
static bool ack_pass_on(struct alerts *alerts, uint64_t thread)
{
	uint8_t wants = alert_wants(alerts->config, NULL);
	bool all = true;

	for (enum handed_who who = 0; who <= HANDED_MESSENGER; who++)
		if ((wants & 1u << who) != 0)
			all = worker_ack(alerts->handed.worker[who], thread) == 0 && all;
	return all;
}

void ack_take(struct alerts *alerts, struct decide *decide, const struct message *asked, struct message *answer,
	      mono_ms now)
{
	char which[TEXT_BYTES], text[TEXT_BYTES];
	struct buffer whose, said;
	bool known, all;
	uint64_t thread = ack_thread(alerts, asked->id, &known);
	uint32_t n;

	BUFFER_OVER(&whose, which);
	BUFFER_OVER(&said, text);
	n = decide_ack(decide, thread, &whose, now);
	all = ack_pass_on(alerts, thread);
	if (n > 0)
		buffer_addf(&said, "%u alert%s acknowledged: %s", n, n == 1 ? "" : "s", which);
	else if (known)
		buffer_add(&said, "1 alert acknowledged");
	else
		buffer_add(&said, asked->id == 0 ? "no alert is open" : "no alert of that id is open");
	if (!all)
		buffer_add(&said, "; a deliverer could not be told: say it again");
	message_make(answer, MESSAGE_ACK, asked->id, n > 0 || known || asked->id == 0 ? 0 : -ENOENT, text);
	answer->pid = asked->pid;
	if (n == 0)
		return;
	BUFFER_OVER(&said, text);
	buffer_addf(&said, "a person acknowledged: %s", which);
	alert_note(alerts, &(struct alert){.severity = SEVERITY_INFO, .text = text});
}
