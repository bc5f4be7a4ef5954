/* Which units a stop of one takes along (systemd.unit(5): Requires=, Requisite=, BindsTo=, PartOf=,
 * PropagatesStopTo= of the other, as systemd has them the other way round). Pure: message to calls. */
#ifndef WD_PLUGINS_SYSTEMD_TIES_H
#define WD_PLUGINS_SYSTEMD_TIES_H

#include <systemd/sd-bus.h>

enum systemd_ties_side {
	SYSTEMD_TIES_TAKES,    /* whom a stop of this unit takes along; systemd knows it of those that are loaded */
	SYSTEMD_TIES_IS_TAKEN, /* whose stop takes this unit along: in its own files, hence always whole */
};

/* Call `each` for each name of that side in an answer to GetAll of the interface Unit; why, of the one that is taken
 * along: "it requires it". Only those that are tied themselves, not what is tied to them in turn. */
void systemd_ties_read(sd_bus_message *all, enum systemd_ties_side side,
		       void (*each)(void *arg, const char *name, const char *why), void *arg);

#endif
