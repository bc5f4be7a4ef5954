/* The channels of the config whose plugin this worker has: what their plugins get of the config and the vault,
 * the attempt that is under way at each, and how its delivery stands. */
#ifndef WD_DELIVER_CHANNELS_H
#define WD_DELIVER_CHANNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "config/config.h"
#include "deliver/threads.h"
#include "deliver/waiting.h"
#include "share/plugin.h"
#include "share/vault.h"

/* One message on its way. */
struct channel_attempt {
	uint64_t delivery;           /* as the plugin knows it; 0: none is under way */
	struct waiting_alert *alert;
	struct waiting_row *row;
	const struct plugin *plugin; /* who sends it; after a reload the channel may have another */
	mono_ms until;               /* then no answer comes any more */
	uint32_t lost;               /* losses that its message tells of */
	bool tells_spool;            /* and that the spool keeps nothing */
};

struct channel {
	char name[NAME_BYTES];
	const struct config_channel *config;
	const struct plugin *plugin;
	const struct plugin_channel *given;
	char missing[160];     /* what it needs and main could not read; "" nothing */
	struct channel_attempt attempt;
	struct threads threads;
	wall_ms quiet_until;   /* of this turn; 0: no quiet hours now */
	bool stopped;          /* in this turn no more of its rows is begun */
	uint64_t taken, dead, dropped, attempts;
	wall_ms failing_since; /* 0: the last attempt did not fail */
	char why[160];
	uint32_t lost;         /* alerts that a bound took, here or in the spool, not told yet */
	bool spool_told;       /* of this time that the spool keeps nothing */
	mono_ms refusal_told;  /* when the sentinel was told last of its dead letters, without an answer; 0: it has answered */
};

struct channels {
	struct channel *row[CHANNELS_MAX]; /* in the order of the config */
	size_t count;
	void *given;           /* what plugins have borrowed, one allocation */
	const struct plugin *plugin[CHANNELS_MAX]; /* who was given channels */
	size_t plugins;
};

/* Take those of the config: who was there by name keeps all but its texts. find: gives the plugin of that name,
 * or NULL. gone: gets each channel that is there no more, before it is freed. 0; -ENOMEM: all as before. */
struct channels_with {
	void *arg;
	const struct plugin *(*find)(void *arg, const char *name);
	void (*gone)(void *arg, struct channel *channel);
};
int channels_take(struct channels *channels, const struct config *config, const struct vault *vault,
		  const struct channels_with *with);
void channels_fini(struct channels *channels);

/* The channel of that name, or NULL. */
struct channel *channels_find(const struct channels *channels, const char *name);

/* The channel at which that attempt is under way, or NULL. */
struct channel *channels_find_delivery(const struct channels *channels, uint64_t delivery);

#endif
