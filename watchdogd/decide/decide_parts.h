/* What the files of decide share: an instance as a ladder and as a condition. Not for others. */
#ifndef WD_DECIDE_DECIDE_PARTS_H
#define WD_DECIDE_DECIDE_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "decide/decide.h"
#include "decide/ladder.h"

/* The ladder of an instance; false when the ledger has none of it: it is quiet. make: then make
 * one, and false means that all LADDERS_MAX fire. */
bool decide_ladder(struct decide *decide, uint32_t instance, bool make, mono_ms now,
		   struct ladder *ladder);

/* The ladder that fires; NULL: it is quiet. */
const struct ledger_ladder *decide_firing(const struct decide *decide, uint32_t instance);

/* What `when`, `clear` and `restore` of an instance are judged by. */
struct condition decide_condition(const struct decide *decide, uint32_t instance, mono_ms now);

/* Adopt what the ledger holds for the present config: ladders of changed rules end. */
void decide_adopt(struct decide *decide, mono_ms now);

/* The oldest event that waits for an instance, or NULL; the one it fires for, or NULL; the oldest of
 * a role, of any instance for CONFIG_NONE. */
struct decide_event *decide_event_next(struct decide *decide, uint32_t instance);
struct decide_event *decide_event_firing(struct decide *decide, uint32_t instance);
struct decide_event *decide_event_oldest(struct decide *decide, enum decide_role role,
					 uint32_t instance);

/* Keep a copy of an event; NULL: there is no room (a note or reply is counted then). Drop it. */
struct decide_event *decide_event_take(struct decide *decide, uint32_t instance,
				       const struct event *event, enum decide_role role);
void decide_event_drop(struct decide *decide, struct decide_event *e);

/* What was handed out to be told is in the ledger now. */
void decide_acknowledge(struct decide *decide, mono_ms now);

/* And its ladder has noted that. At the start: what the sentinel before had written to the ledger and not noted is
 * noted now. */
void decide_tell_end(struct decide *decide);
void decide_resume_telling(struct decide *decide, mono_ms now);

/* A reply came: it is kept for each instance that may owe it, or once for the log. */
void decide_reply(struct decide *decide, const struct event *event, mono_ms now);

/* The next reply that is due; the one that was handed out last is in the ledger now. The next line
 * for the log about events that `after` has counted, or that found no room. */
bool decide_next_reply(struct decide *decide, struct order *order, mono_ms now);
void decide_acknowledge_reply(struct decide *decide, mono_ms now);
bool decide_next_note(struct decide *decide, struct order *order);

/* A firing begins: counted on the state page. */
void decide_begin(struct decide *decide, struct ladder *ladder, unsigned flags);

/* What made it fire, for a person: the event in its words, or the terms that are true; the same as a title
 * (TITLE_BYTES). */
void decide_format_seen(struct decide *decide, uint32_t instance, mono_ms now, struct buffer *text);
void decide_format_title(struct decide *decide, uint32_t instance, mono_ms now, char *title);

/* At each look of a firing: when is it told again? And the order to do so, when it is due. */
void decide_look_repeat(struct ladder *ladder);
bool decide_next_repeat(struct decide *decide, uint32_t instance, mono_ms now, struct order *order);

/* At the start; at each look, after every ladder has moved; and the order to give a unit back, if there is one. */
void decide_restore_begin(struct decide *decide, mono_ms now);
void decide_restore_look(struct decide *decide, mono_ms now);
bool decide_restore_next(struct decide *decide, struct order *order, mono_ms now);

/* The effect of a step that may free memory: it was asked, is proved, is not done; `settle` is over. unit: what it
 * acts on, or CONFIG_NONE. */
void decide_effect_ask(struct decide *decide, const struct ladder *ladder, uint32_t unit);
void decide_effect_prove(struct decide *decide, const struct ladder *ladder, uint32_t unit);
void decide_effect_leave(struct decide *decide, const struct ladder *ladder);
void decide_effect_settle(struct decide *decide, const struct ladder *ladder);

/* The next line for the log about one. What is not yet told of a firing's, for its next message, each with "; "
 * before it; it was told. */
bool decide_next_effect(struct decide *decide, uint32_t instance, struct order *order);
void decide_effect_format(const struct decide *decide, const struct ladder *ladder, struct buffer *text);
void decide_effect_told(struct decide *decide, const struct ladder *ladder);

/* Does the rule have a `clear` that can be answered, and what is it? false: its default counts, as there is none, or it
 * waits for nothing but readings that nothing here will answer (of a unit that is down). truth: set, and of use where
 * it has one. */
bool decide_has_clear(const struct condition *condition, const struct config_rule *rule, enum condition_truth *truth);

/* The default of `clear`: how long `when` must be false. */
uint32_t decide_clear_ms(const struct config_rule *rule);

/* Write the row of an instance on the state page. */
void decide_row(struct decide *decide, uint32_t instance, mono_ms now);

#endif
