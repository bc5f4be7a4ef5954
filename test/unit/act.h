/* For the tests of what does: a see over a made-up host, the actions, and the test itself as the actor at
 * the other end of the link. The units are bot and big (systemd), box (cgroup) and app (match); each rule has
 * one step. */
#ifndef WD_TEST_ACT_H
#define WD_TEST_ACT_H

#include <stdbool.h>
#include <stdint.h>

#include "do/action.h"

#define ACT_CGROUPS "/sys/fs/cgroup"
#define ACT_BOT     ACT_CGROUPS "/system.slice/bot.service"
#define ACT_BIG     ACT_CGROUPS "/system.slice/big.service"
#define ACT_BOX     ACT_CGROUPS "/box"

struct act {
	struct actions actions;
	struct state *page;
	struct ledger *ledger;
	struct see *see;
	struct worker actor;
	int far_end;                 /* the actor's */
	struct action_result result; /* of the last act_look that was true */
	mono_ms alive_since;         /* of every unit's process; 0: as long as the unit runs */
	bool dead;                   /* no unit has one */
	mono_ms event_at;            /* of the orders of act_ask; 0: of a condition */
	char why[TEXT_BYTES];        /* why the last of them was skipped */
	const char *more;            /* added to the text of each config; NULL: nothing */
	void (*edit)(struct config *config); /* of each config before it is sealed; NULL: as parsed */
};
extern struct act act;

/* cmocka's setup and teardown: bot and box run. */
int act_setup(void **state);
int act_teardown(void **state);

/* A sentinel begins on the ledger there is; the units and the actor are as they were. */
void act_begin(void);

/* A config of this text, mapped. */
const struct config *act_parse(const char *text);

/* The files of a cgroup; the memory of the host. */
void act_put_unit(const char *dir, bool populated, bool frozen);
void act_available(unsigned mib);
void act_put_high(const char *dir, const char *high, uint64_t current); /* bytes; known at once */

/* Ask for the step of that rule, on that unit (NULL: a command). */
enum outcome act_ask(const char *rule, const char *unit);

/* Say of a rule that it fires, or not: as it is at the start of a test. */
void act_rule(const char *rule, enum state_rule_phase phase);

/* Let ms go by and look; true: something came to its end (act.result). */
bool act_look(uint32_t ms);

struct state_unit *act_unit(const char *name);

/* The actor tells that systemd is at it, or no more. */
void act_at_it(const char *name, bool at_it);

/* What the actor is asked next: the entry, or NULL; and it answers. */
struct ledger_entry *act_asked(void);
void act_answer(uint64_t id, int error, const char *text);

/* What see_unit_alive_since gives in these tests. */
mono_ms __wrap_see_unit_alive_since(const struct see *see, uint32_t unit);

/* A step that begins with a stop of bot or big, and the unit is gone at once. */
void act_stop(const char *rule, const char *unit);

/* In ms the actor is asked to start bot or big: it is active, it runs, and has to live now. */
void act_start(const char *unit, uint32_t ms);

/* To where a restart of bot waits for room. */
void act_restart_until_room(void);

struct ledger_entry *act_assert_asked(enum verb verb);
void act_assert_nothing_is_left(void);
void act_assert_done(const char *text);
void act_assert_not_done(const char *text);
void act_assert_mark(const char *name, enum state_mark mark);
void act_assert_file(const char *path, const char *text); /* it begins with text */

#endif
