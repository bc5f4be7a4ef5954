/* What the files of the phases share: phase_stop.c, phase_room.c, phase_start.c, phase_lives.c, phase_cap.c,
 * phase_swap.c, and action_phase.c, whose table calls them. An `enter` begins a phase, and gives 0 or -errno when it
 * cannot be done at all; a `look` says whether it is proved, and escalates. */
#ifndef WD_DO_PHASE_H
#define WD_DO_PHASE_H

#include "base/clock.h"
#include "config/config.h"
#include "do/action.h"

/* The unit of the action in the config and on the state page. */
const struct config_unit *phase_unit(const struct actions *actions, const struct action *action);
struct state_unit *phase_state(const struct actions *actions, const struct action *action);

/* systemd has it, and the actor is there to ask it. */
bool phase_by_systemd(const struct actions *actions, const struct action *action);

/* It has that command for it (CONFIG_SYSTEMD: none), and the actor is there to run it. */
bool phase_by_command(const struct actions *actions, const struct action *action, config_text command);

/* Ask the actor for the action's entry. 0 or -errno, which is noted in action->saw. */
int phase_ask_actor(struct actions *actions, struct action *action);

/* The actor has its hands full, or does not read: it is asked again, for a while. True: wait. */
bool phase_ask_again(struct actions *actions, struct action *action, mono_ms now);

/* It is to be started, and a person has told systemd to stop it meanwhile: from here on it is stopped on purpose, and
 * the action not done. */
bool phase_is_stopped_by_another(struct actions *actions, struct action *action, mono_ms now);

/* The action is over since somebody wanted the other of it: why, for people. */
enum action_progress phase_give_way(struct action *action, const char *why);

/* The actor is asked, and its answer is all there is to see. */
int phase_ask_enter(struct actions *actions, struct action *action, mono_ms now);
enum action_progress phase_answer_look(struct actions *actions, struct action *action, mono_ms now);

int phase_stop_enter(struct actions *actions, struct action *action, mono_ms now);
enum action_progress phase_stop_look(struct actions *actions, struct action *action, mono_ms now);
int phase_kill_enter(struct actions *actions, struct action *action, mono_ms now);

int phase_room_enter(struct actions *actions, struct action *action, mono_ms now);
enum action_progress phase_room_look(struct actions *actions, struct action *action, mono_ms now);

int phase_start_enter(struct actions *actions, struct action *action, mono_ms now);
enum action_progress phase_start_look(struct actions *actions, struct action *action, mono_ms now);

int phase_lives_enter(struct actions *actions, struct action *action, mono_ms now);
enum action_progress phase_lives_look(struct actions *actions, struct action *action, mono_ms now);

int phase_swap_enter(struct actions *actions, struct action *action, mono_ms now);
enum action_progress phase_swap_on_look(struct actions *actions, struct action *action, mono_ms now);
enum action_progress phase_swap_off_look(struct actions *actions, struct action *action, mono_ms now);
enum action_progress phase_cap_look(struct actions *actions, struct action *action, mono_ms now);
int phase_uncap_enter(struct actions *actions, struct action *action, mono_ms now);
enum action_progress phase_uncap_look(struct actions *actions, struct action *action, mono_ms now);

#endif
