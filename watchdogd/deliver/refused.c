#include "deliver/refused.h"

#include <string.h>

#include "base/buffer.h"
#include "deliver/hold.h"
#include "deliver/retry.h"
#include "share/ledger.h"

/* The same each time, and above all ids of the ledger. */
static uint64_t refused_id(uint64_t dead, const char *channel)
{
	return retry_mix(dead, ledger_hash(channel)) >> 11 | UINT64_C(1) << 53;
}

static void refused_write(struct delivery_alert *own, const struct waiting_alert *dead, const struct channel *channel,
			  const char *why)
{
	char id[16];
	struct buffer text;

	delivery_format_id(dead->alert.id, id);
	BUFFER_OVER(&text, own->rule);
	buffer_add(&text, "watchdogd");
	BUFFER_OVER(&text, own->title);
	buffer_addf(&text, "channel %s refuses alerts: %s", channel->name, why);
	BUFFER_OVER(&text, own->text);
	buffer_addf(&text,
		    "The channel %s did not take alert %s (%s): %s. It is in the dead-letter list, and nobody has read it "
		    "there: see `watchdogctl spool`. This is said once an hour, however many they are.",
		    channel->name, id, dead->alert.title, why);
}

void refused_tell(struct deliver *deliver, struct waiting_alert *dead, struct channel *channel, const char *why,
		  struct deliver_now now)
{
	struct delivery_alert own = {
		.id = refused_id(dead->alert.id, channel->name),
		.at = now.wall,
		.told = TOLD_ALERT,
		.severity = dead->alert.severity > SEVERITY_WARNING ? dead->alert.severity : SEVERITY_WARNING,
	};
	struct waiting_alert *added;

	if (dead->ours || (channel->refusal_told != 0 && now.mono - channel->refusal_told < REFUSED_TELL_MS) ||
	    waiting_find(&deliver->waiting, own.id) != NULL)
		return;
	own.thread = own.id;
	refused_write(&own, dead, channel, why);
	added = waiting_add(&deliver->waiting, &own, dead->alert.id, deliver->channels.count);
	if (added == NULL)
		return;
	channel->refusal_told = now.mono;
	added->ours = true;
	added->came = now.mono;
	dead->refusal = own.id;
	for (size_t i = 0; i < deliver->channels.count; i++)
		if (deliver->channels.row[i] != channel)
			hold_choose(deliver, added, deliver->channels.row[i], now);
}

bool refused_waits(const struct deliver *deliver, const struct waiting_alert *dead)
{
	const struct waiting_alert *own = dead->refusal != 0 ? waiting_find(&deliver->waiting, dead->refusal) : NULL;

	return own != NULL && waiting_is_open(own);
}
