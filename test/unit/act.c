#include "act.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/config_parse.h"
#include "fakeroot.h"

/* A rule for each step: named by its first two words. */
static const char act_rules[] = "[unit bot]\n"
				 "systemd = bot.service\n"
				 "stop-timeout = 4s\n"
				 "restart-wait = 60s\n"
				 "[unit box]\n"
				 "cgroup = /box\n"
				 "stop-timeout = 4s\n"
				 "[unit app]\n"
				 "match = app\n"
				 "[unit big]\n"
				 "systemd = big.service\n"
				 "priority = 9\n"
				 "restart-wait = 90s\n"
				 "[rule bigger]\nwhen = host.available < 8%\nthen = restart big\n"
				 "[rule oom]\non = oom-kill bot\nthen = restart unit\n"
				 "[rule dead]\non = dead bot\nthen = restart unit\n"
				 "[rule stop]\nwhen = host.available < 10%\nthen = stop bot\n"
				 "[rule stop2]\nwhen = host.available < 9%\nthen = stop bot\n"
				 "[rule restart]\nwhen = host.available < 8%\nthen = restart bot\n"
				 "[rule start]\nwhen = host.available < 7%\nthen = start bot\n"
				 "[rule kill]\nwhen = host.available < 6%\nthen = kill box\n"
				 "[rule killbot]\nwhen = host.available < 6%\nthen = kill bot\n"
				 "[rule stopbox]\nwhen = host.available < 6%\nthen = stop box\n"
				 "[rule freeze]\nwhen = host.available < 6%\nthen = freeze box\n"
				 "[rule thaw]\nwhen = host.available < 6%\nthen = thaw box\n"
				 "[rule app]\nwhen = host.available < 6%\nthen = freeze app\n"
				 "[rule hup]\nwhen = host.available < 6%\nthen = signal box HUP\n"
				 "[rule usr]\nwhen = host.available < 6%\nthen = signal box USR1\n"
				 "[rule run]\nwhen = host.available < 6%\nthen = run /bin/true x\n"
				 "[rule cap]\nwhen = host.available < 6%\nthen = cap box 128M\n"
				 "[rule cap2]\nwhen = host.available < 5%\nthen = cap box 256M\n"
				 "[rule lower]\nwhen = host.available < 4%\nthen = cap box 112M\n"
				 "[rule small]\nwhen = host.available < 4%\nthen = cap box 0.1%\n"
				 "[rule less]\nwhen = host.available < 4%\nthen = cap box 64M\n"
				 "[rule capapp]\nwhen = host.available < 4%\nthen = cap app 64M\n"
				 "[rule capbot]\nwhen = host.available < 6%\nthen = cap bot 10%\n"
				 "[rule uncap]\nwhen = host.available < 6%\nthen = uncap box\n"
				 "[rule uncapbot]\nwhen = host.available < 6%\nthen = uncap bot\n"
				 "[rule reclaim]\nwhen = host.available < 6%\nthen = reclaim box 32M\n"
				 "[rule snapshot]\nwhen = host.available < 6%\nthen = snapshot\n";

struct act act;

struct loop act_loop;
struct event_queue act_events;

static void act_tell(void *arg, enum config_finding finding, const char *line)
{
	(void)arg;
	if (finding == CONFIG_ERROR)
		fail_msg("%s", line);
}

const struct config *act_parse(const char *text)
{
	struct config *config = config_parse("test", text, strlen(text), act_tell, NULL);
	const struct config *mapped;
	int fd;

	assert_non_null(config);
	if (act.edit != NULL)
		act.edit(config);
	fd = config_seal(config);
	mapped = config_map(fd);
	(void)close(fd);
	free(config);
	return mapped;
}

void act_put_unit(const char *dir, bool populated, bool frozen)
{
	char name[256];

	fakeroot_put(ACT_CGROUPS "/cgroup.controllers", "memory\n");
	(void)snprintf(name, sizeof(name), "%s/cgroup.events", dir);
	fakeroot_put(name, "populated %d\nfrozen %d\n", populated, frozen);
	(void)snprintf(name, sizeof(name), "%s/memory.current", dir);
	fakeroot_put(name, "4096\n");
	(void)snprintf(name, sizeof(name), "%s/memory.stat", dir);
	fakeroot_put(name, "anon 104857600\nshmem 0\n");
	(void)snprintf(name, sizeof(name), "%s/cgroup.procs", dir);
	fakeroot_put(name, "\n");
	(void)snprintf(name, sizeof(name), "%s/cgroup.kill", dir);
	fakeroot_put(name, "\n");
	(void)snprintf(name, sizeof(name), "%s/cgroup.freeze", dir);
	fakeroot_put(name, "%d\n", frozen);
}

void act_put_high(const char *dir, const char *high, uint64_t current)
{
	char name[256];

	(void)snprintf(name, sizeof(name), "%s/memory.high", dir);
	fakeroot_put(name, "%s\n", high);
	(void)snprintf(name, sizeof(name), "%s/memory.current", dir);
	fakeroot_put(name, "%llu\n", (unsigned long long)current);
	see_unit_refresh(act.see, config_find_unit(act.actions.config, "box"), fakeroot.now);
	see_unit_refresh(act.see, config_find_unit(act.actions.config, "bot"), fakeroot.now);
}

void act_available(unsigned mib)
{
	fakeroot_put("/proc/meminfo",
		     "MemTotal: 8000000 kB\nMemAvailable: %u kB\nSwapTotal: 0 kB\n", mib * 1024);
}

/* A sentinel begins on the ledger there is; the unit and the actor are as they were. */
void act_begin(void)
{
	char text[8192];

	(void)snprintf(text, sizeof(text), "%s%s", act_rules, act.more != NULL ? act.more : "");
	(void)loop_init(&act_loop);
	event_clear(&act_events);
	act.page = state_create(memfd_create("state", MFD_CLOEXEC));
	strcpy(act.page->boot_id, "boot-1");
	memset(&act.actions, 0, sizeof(act.actions));
	act.actions.config = act_parse(text);
	act.see = see_open(&(struct see_with){.loop = &act_loop, .state = act.page, .ledger = act.ledger,
					  .events = &act_events, .config = act.actions.config});
	see_look(act.see, fakeroot.now);
	act.actions.see = act.see;
	act.actions.state = act.page;
	act.actions.ledger = act.ledger;
	act.actions.actor = &act.actor;
	actions_init(&act.actions, fakeroot.now);
	for (uint32_t i = 0; i < act.actions.config->instances.count; i++)
		act.page->rule[i].since = fakeroot.now; /* as when decide has looked */
}

int act_setup(void **state)
{
	bool fresh;
	int ends[2];

	if (fakeroot_setup(state) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	act.actor = (struct worker){.fd = ends[0]};
	act.far_end = ends[1];
	act.ledger = ledger_open(memfd_create("ledger", MFD_CLOEXEC), "boot-1", &fresh);
	memset(&act.result, 0, sizeof(act.result));
	act.alive_since = act.event_at = 0;
	act.dead = false;
	act_put_unit(ACT_BOT, true, false);
	act_put_unit(ACT_BOX, true, false);
	act_put_unit(ACT_BIG, true, false);
	act_begin();
	return 0;
}

int act_teardown(void **state)
{
	act.edit = NULL;
	act.more = NULL;
	(void)close(act.actor.fd);
	(void)close(act.far_end);
	return fakeroot_teardown(state);
}

mono_ms __wrap_see_unit_alive_since(const struct see *see, uint32_t unit)
{
	const struct state_unit *row = &act.page->unit[unit];

	(void)see;
	if (act.dead || row->status != STATE_UNIT_RUNNING)
		return 0;
	return act.alive_since != 0 ? act.alive_since : row->since;
}

static uint32_t act_instance_of(const char *name)
{
	for (uint32_t i = 0; i < act.actions.config->instances.count; i++)
		if (strcmp(config_rule_at(act.actions.config,
					  config_instance_at(act.actions.config, i)->rule)->name,
			   name) == 0)
			return i;
	fail_msg("no rule %s", name);
	return 0;
}

void act_rule(const char *rule, enum state_rule_phase phase)
{
	act.page->rule[act_instance_of(rule)].phase = (uint8_t)phase;
}

enum outcome act_ask(const char *rule, const char *unit)
{
	uint32_t instance = act_instance_of(rule), at;
	struct order order = {.kind = ORDER_STEP, .instance = instance};

	order.event_at = act.event_at;
	order.rule = config_instance_at(act.actions.config, instance)->rule;
	at = config_step_at(act.actions.config, config_rule_at(act.actions.config, order.rule), 0)->verb;
	order.verb = (enum verb)at;
	order.unit = unit != NULL ? config_find_unit(act.actions.config, unit) : CONFIG_NONE;
	return action_begin(&act.actions, &order, fakeroot.now, act.why);
}

/* Let ms go by and look; true: something came to its end (act.result). */
bool act_look(uint32_t ms)
{
	fakeroot.now += ms;
	clock_turn(fakeroot.now, 1700000000000 + fakeroot.now);
	see_look(act.see, fakeroot.now);
	actions_look(&act.actions, fakeroot.now);
	return actions_next(&act.actions, &act.result, fakeroot.now);
}

void act_at_it(const char *name, bool at_it)
{
	struct message message;

	message_make(&message, MESSAGE_UNIT, message_unit_id(name), at_it ? UNIT_AT_IT : UNIT_ACTIVE, "");
	see_report(act.see, &message, fakeroot.now);
	see_look(act.see, fakeroot.now);
}

struct state_unit *act_unit(const char *name)
{
	return &act.page->unit[config_find_unit(act.actions.config, name)];
}

/* What the actor is asked next: the entry, or NULL. */
struct ledger_entry *act_asked(void)
{
	struct message message;

	if (message_receive(act.far_end, &message, NULL) <= 0)
		return NULL;
	assert_int_equal(message.type, MESSAGE_ASK);
	return ledger_find(act.ledger, message.id);
}

struct ledger_entry *act_assert_asked(enum verb verb)
{
	struct ledger_entry *entry = act_asked();

	assert_non_null(entry);
	assert_int_equal(entry->verb, verb);
	return entry;
}

void act_answer(uint64_t id, int error, const char *text)
{
	struct message message;

	message_make(&message, error == 0 ? MESSAGE_DONE : MESSAGE_FAILED, id, error, text);
	actions_answer(&act.actions, &message);
}

void act_assert_nothing_is_left(void)
{
	assert_false(actions_open(&act.actions));
	for (int i = 0; i < ACTIONS_MAX; i++)
		assert_false(act.actions.action[i].used);
	for (int i = 0; i < ENTRIES_MAX; i++)
		assert_int_equal(act.ledger->entries[i].state, LEDGER_FREE);
	for (uint32_t i = 0; i < act.actions.config->units.count; i++)
		assert_int_equal(act.page->unit[i].busy, 0);
}

void act_assert_done(const char *text)
{
	assert_int_equal(act.result.outcome, OUTCOME_DONE);
	if (strstr(act.result.text, text) == NULL)
		fail_msg("\"%s\" says nothing of \"%s\"", act.result.text, text);
}

void act_assert_not_done(const char *text)
{
	assert_int_equal(act.result.outcome, OUTCOME_FAILED);
	if (strstr(act.result.text, text) == NULL)
		fail_msg("\"%s\" says nothing of \"%s\"", act.result.text, text);
}

void act_assert_mark(const char *name, enum state_mark mark)
{
	const struct ledger_mark *found = ledger_mark_find(act.ledger, name);

	assert_int_equal(found != NULL ? found->kind : STATE_MARK_NONE, mark);
}

/* What was written into a file of a cgroup. */
void act_assert_file(const char *path, const char *text)
{
	char whole[512], got[64] = "";
	int fd;

	(void)snprintf(whole, sizeof(whole), "%s%s", fakeroot.dir, path);
	fd = open(whole, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0 && read(fd, got, sizeof(got) - 1) >= 0);
	(void)close(fd);
	assert_memory_equal(got, text, strlen(text));
}

void act_start(const char *unit, uint32_t ms)
{
	const struct ledger_entry *entry;

	assert_false(act_look(ms));
	entry = act_assert_asked(VERB_START);
	assert_string_equal(entry->unit, unit);
	act_answer(entry->id, 0, "active (running)");
	act_put_unit(strcmp(unit, "bot") == 0 ? ACT_BOT : ACT_BIG, true, false);
	assert_false(act_look(100));
	assert_int_equal(entry->phase, ACTION_LIVES);
}

void act_stop(const char *rule, const char *unit)
{
	struct ledger_entry *entry;

	assert_int_equal(act_ask(rule, unit), OUTCOME_BEGUN);
	entry = act_assert_asked(VERB_STOP);
	assert_string_equal(entry->unit, unit);
	act_answer(entry->id, 0, "inactive (dead)");
	fakeroot_remove(strcmp(unit, "bot") == 0 ? ACT_BOT : ACT_BIG);
}

/* To where a restart waits for room. */
void act_restart_until_room(void)
{
	act_available(200);
	assert_false(act_look(1000));
	act_stop("restart", "bot");
	act_assert_mark("bot", STATE_MARK_NONE);
	assert_false(act_look(100));
	assert_int_equal(act.actions.action[0].phase, ACTION_ROOM);
}
