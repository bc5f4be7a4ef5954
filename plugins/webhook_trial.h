/* A template is tried with a message made up for it when it is read, so that one whose body is no JSON is told
 * at the start and not when the first alert is lost to it. */
#ifndef WD_WEBHOOK_TRIAL_H
#define WD_WEBHOOK_TRIAL_H

#include "webhook_template.h"

/* channel: whose format it is; secrets that it lacks are passed over. Each finding goes to tell. */
void webhook_trial(const struct webhook_template *template, const struct plugin_channel *channel,
		   struct webhook_tell *tell);

#endif
