/* What outlived a restart of the host (share/lasting.h), taken back into the ledger: marks of units that are as we left
 * them, starts that are owed, what units used. What the ledger has wins; a unit that was seen running since is nobody's
 * business any more. Twice is as good as once. */
#ifndef WD_DO_ACTION_LASTING_H
#define WD_DO_ACTION_LASTING_H

#include "do/action.h"
#include "share/lasting.h"

/* A row of LASTING_MARK or LASTING_UNIT, sound; its names may be nobody's. Says what becomes of a mark. */
void actions_take_lasting(struct actions *actions, const struct lasting *lasting, mono_ms now);

#endif
