/* Which units a stop of one takes along (systemd.unit(5): Requires=, Requisite=, BindsTo=, PartOf=,
 * PropagatesStopTo= of the other, as systemd has them the other way round). Pure: message to calls. */
#ifndef WD_PLUGINS_SYSTEMD_TIES_H
#define WD_PLUGINS_SYSTEMD_TIES_H

#include <systemd/sd-bus.h>

/* Call `each` for each name in an answer to GetAll of the interface Unit; why: "it requires it". Only those
 * that are tied themselves, not what is tied to them in turn. */
void systemd_ties_read(sd_bus_message *all, void (*each)(void *arg, const char *name, const char *why),
		       void *arg);

#endif
