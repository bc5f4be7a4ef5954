/* The file of [swapfile]: looked at and made by the actor in a quiet time (swap_make.c), so that `swap on` has only to
 * switch it on; switched off again when it is given back. What we switched on has a mark in the ledger, under a name
 * that no unit has (LEDGER_SWAP_MARK), with the names of the rules whose ladder reached it, from before it is done. It
 * stays on when watchdogd ends: the next start finds it by /proc/swaps and the mark. */
#ifndef WD_DO_SWAP_H
#define WD_DO_SWAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "do/action.h"

/* An ORDER_RESTORE of the swap file: switch it off again. OUTCOME_BEGUN: the result comes by actions_next, with
 * gives_back, and it is done when the mark is gone; BUSY: not now; SKIPPED: there is nothing to do. why: TEXT_BYTES. Only
 * of what carries our mark; that there is room for what is on it is decide's to know (decide/restorable.h). */
enum outcome swap_off_begin(struct actions *actions, const struct order *order, mono_ms now, char *why);

/* Another config: a file that it names no more, or otherwise, stays on without our mark, and that is said. */
void swap_let_go(struct actions *actions, const struct config *config, struct buffer *said);

/* For action.c and its parts. */

/* The step's action that is under way, or NULL. One that switches it off is given up: it is wanted again. */
struct action *swap_under_way(struct actions *actions, mono_ms now);

/* May the step begin? As action_begin. */
enum outcome swap_gate(struct actions *actions, mono_ms now, char *why);

/* Fill in who carries the entry out, what is asked, and how long it may take. */
void swap_fill_entry(const struct actions *actions, const struct action *action, struct ledger_entry *entry);

/* Before actions->config becomes that one: what was known of another file is forgotten. */
void swap_config(struct actions *actions, const struct config *config);

/* An entry that an earlier sentinel left is of no use: what prepares the file begins anew by itself, and of another
 * file nothing would be seen. */
bool swap_is_stale(const struct actions *actions, const struct ledger_entry *entry);

void swap_put_mark(struct actions *actions, const struct action *action, mono_ms now);
void swap_end_mark(struct actions *actions, const struct action *action, mono_ms now);

/* It only prepares the file: nothing waits for its proof. */
bool swap_prepares(const struct action *action);

/* An action of that phase, which no order asked for. NULL: there is no room. */
struct action *swap_begin(struct actions *actions, enum action_phase phase, mono_ms now);

/* swap_make.c: at each look, when all actions were looked at: is the file there, is it to be made, was it switched
 * off by another? Says on the state page how it stands. */
void swap_look(struct actions *actions, mono_ms now);

#endif
