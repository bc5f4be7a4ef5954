#include "see/liveness.h"

#include "see/source.h"

enum liveness_end liveness_end(struct see *see, struct unit *unit, mono_ms at, mono_ms now, const char **why)
{
	(void)at;
	(void)now;
	*why = "";
	if (see->with.state->unit[unit->index].busy == 0)
		return LIVENESS_END_ITSELF;
	*why = "as watchdogd asked";
	return LIVENESS_END_ASKED;
}
