/* The phases of an action: who carries each out, what is done when that does not help, and the proof. */
#ifndef WD_DO_ACTION_PHASE_H
#define WD_DO_ACTION_PHASE_H

#include "do/action.h"

/* Begin action->phase: its ledger entry exists already. 0 or -errno: it cannot be done at all. */
int action_phase_enter(struct actions *actions, struct action *action, mono_ms now);

/* Look whether it is proved; escalate when its time is over. */
enum action_progress action_phase_look(struct actions *actions, struct action *action, mono_ms now);

/* The verb that the phase asks a worker for ("stop", "start", ...). */
enum verb action_phase_verb(enum action_phase phase);

/* Add to action->saw, "; " between. */
void action_saw(struct action *action, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
