/* Actions over a made-up host: a real see, the test as the actor at the other end of the link. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "config/config_parse.h"
#include "do/action.h"
#include "fakeroot.h"

#define CGROUPS "/sys/fs/cgroup"
#define BOT     CGROUPS "/system.slice/bot.service"
#define BOX     CGROUPS "/box"

/* A rule for each step: named by its first two words. */
static const char rules_text[] = "[unit bot]\n"
				  "systemd = bot.service\n"
				  "stop-timeout = 4s\n"
				  "restart-wait = 60s\n"
				  "[unit box]\n"
				  "cgroup = /box\n"
				  "stop-timeout = 4s\n"
				  "[unit app]\n"
				  "match = app\n"
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
				  "[rule run]\nwhen = host.available < 6%\nthen = run /bin/true x\n";

static struct loop loop;
static struct event_queue events;
static struct state *page;
static struct ledger *ledger;
static struct see *see;
static struct worker actor;
static struct actions actions;
static int far_end; /* the actor's */
static struct action_result result;

static void tell(void *arg, enum config_finding finding, const char *line)
{
	(void)arg;
	if (finding == CONFIG_ERROR)
		fail_msg("%s", line);
}

static const struct config *parse(const char *text)
{
	struct config *config = config_parse("test", text, strlen(text), tell, NULL);
	const struct config *mapped;
	int fd;

	assert_non_null(config);
	fd = config_seal(config);
	mapped = config_map(fd);
	(void)close(fd);
	free(config);
	return mapped;
}

static void put_unit(const char *dir, bool populated, bool frozen)
{
	char name[256];

	fakeroot_put(CGROUPS "/cgroup.controllers", "memory\n");
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
	fakeroot_put(name, "0\n");
}

static void available(unsigned mib)
{
	fakeroot_put("/proc/meminfo",
		     "MemTotal: 8000000 kB\nMemAvailable: %u kB\nSwapTotal: 0 kB\n", mib * 1024);
}

/* A sentinel begins on the ledger there is; the unit and the actor are as they were. */
static void begin(void)
{
	(void)loop_init(&loop);
	event_clear(&events);
	page = state_create(memfd_create("state", MFD_CLOEXEC));
	strcpy(page->boot_id, "boot-1");
	memset(&actions, 0, sizeof(actions));
	actions.config = parse(rules_text);
	see = see_open(&(struct see_with){.loop = &loop, .state = page, .ledger = ledger,
					  .events = &events, .config = actions.config});
	see_look(see, fakeroot.now);
	actions.see = see;
	actions.state = page;
	actions.ledger = ledger;
	actions.actor = &actor;
	actions_init(&actions, fakeroot.now);
}

static int setup(void **state)
{
	bool fresh;
	int ends[2];

	if (fakeroot_setup(state) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	actor = (struct worker){.fd = ends[0]};
	far_end = ends[1];
	ledger = ledger_open(memfd_create("ledger", MFD_CLOEXEC), "boot-1", &fresh);
	put_unit(BOT, true, false);
	put_unit(BOX, true, false);
	begin();
	return 0;
}

static int teardown(void **state)
{
	(void)close(actor.fd);
	(void)close(far_end);
	return fakeroot_teardown(state);
}

static uint32_t instance_of(const char *name)
{
	for (uint32_t i = 0; i < actions.config->instances.count; i++)
		if (strcmp(config_rule_at(actions.config,
					  config_instance_at(actions.config, i)->rule)->name,
			   name) == 0)
			return i;
	fail_msg("no rule %s", name);
	return 0;
}

static enum outcome ask(const char *rule, const char *unit)
{
	uint32_t instance = instance_of(rule), at;
	struct order order = {.kind = ORDER_STEP, .instance = instance};
	char why[TEXT_BYTES];

	order.rule = config_instance_at(actions.config, instance)->rule;
	at = config_step_at(actions.config, config_rule_at(actions.config, order.rule), 0)->verb;
	order.verb = (enum verb)at;
	order.unit = unit != NULL ? config_find_unit(actions.config, unit) : CONFIG_NONE;
	return action_begin(&actions, &order, fakeroot.now, why);
}

/* Let ms go by and look; true: something came to its end (result). */
static bool look(uint32_t ms)
{
	fakeroot.now += ms;
	clock_turn(fakeroot.now, 1700000000000 + fakeroot.now);
	see_look(see, fakeroot.now);
	actions_look(&actions, fakeroot.now);
	return actions_next(&actions, &result, fakeroot.now);
}

static struct state_unit *unit(const char *name)
{
	return &page->unit[config_find_unit(actions.config, name)];
}

/* What the actor is asked next: the entry, or NULL. */
static struct ledger_entry *asked(void)
{
	struct message message;

	if (message_receive(far_end, &message, NULL) <= 0)
		return NULL;
	assert_int_equal(message.type, MESSAGE_ASK);
	return ledger_find(ledger, message.id);
}

static struct ledger_entry *assert_asked(enum verb verb)
{
	struct ledger_entry *entry = asked();

	assert_non_null(entry);
	assert_int_equal(entry->verb, verb);
	return entry;
}

static void answer(uint64_t id, int error, const char *text)
{
	struct message message;

	message_make(&message, error == 0 ? MESSAGE_DONE : MESSAGE_FAILED, id, error, text);
	actions_answer(&actions, &message);
}

static void assert_nothing_is_left(void)
{
	assert_false(actions_open(&actions));
	for (int i = 0; i < ACTIONS_MAX; i++)
		assert_false(actions.action[i].used);
	for (int i = 0; i < ENTRIES_MAX; i++)
		assert_int_equal(ledger->entries[i].state, LEDGER_FREE);
	for (uint32_t i = 0; i < actions.config->units.count; i++)
		assert_int_equal(page->unit[i].busy, 0);
}

static void assert_done(const char *text)
{
	assert_int_equal(result.outcome, OUTCOME_DONE);
	if (strstr(result.text, text) == NULL)
		fail_msg("\"%s\" says nothing of \"%s\"", result.text, text);
}

static void assert_not_done(const char *text)
{
	assert_int_equal(result.outcome, OUTCOME_FAILED);
	if (strstr(result.text, text) == NULL)
		fail_msg("\"%s\" says nothing of \"%s\"", result.text, text);
}

static void assert_mark(const char *name, enum state_mark mark)
{
	const struct ledger_mark *found = ledger_mark_find(ledger, name);

	assert_int_equal(found != NULL ? found->kind : STATE_MARK_NONE, mark);
}

/* What was written into a file of a cgroup. */
static void assert_file(const char *path, const char *text)
{
	char whole[512], got[64] = "";
	int fd;

	(void)snprintf(whole, sizeof(whole), "%s%s", fakeroot.dir, path);
	fd = open(whole, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0 && read(fd, got, sizeof(got) - 1) >= 0);
	(void)close(fd);
	assert_memory_equal(got, text, strlen(text));
}

/* --- stop ---------------------------------------------------------------------------------------- */

static void a_stop_is_proved_by_the_cgroup_and_by_systemd(void **state)
{
	uint64_t id;

	(void)state;
	assert_int_equal(ask("stop", "bot"), OUTCOME_BEGUN);
	id = assert_asked(VERB_STOP)->id;
	assert_mark("bot", STATE_MARK_STOPPED);
	assert_true(unit("bot")->busy != 0);
	put_unit(BOT, false, false);
	assert_false(look(100));
	assert_false(look(100)); /* the cgroup is empty, but systemd has not said so yet */
	answer(id, 0, "inactive (dead)");
	assert_true(look(100));
	assert_done("stopped bot in 300 ms: inactive (dead); it held 100 MiB");
	assert_mark("bot", STATE_MARK_STOPPED);
	assert_nothing_is_left();
	assert_int_equal(ask("stop", "bot"), OUTCOME_SKIPPED);
}

static void an_answer_alone_proves_nothing(void **state)
{
	(void)state;
	assert_int_equal(ask("stop", "bot"), OUTCOME_BEGUN);
	answer(assert_asked(VERB_STOP)->id, 0, "inactive (dead)");
	assert_false(look(100));
	assert_false(look(100));
	put_unit(BOT, false, false);
	assert_false(look(100)); /* between two reads a fork may hide */
	assert_true(look(100));
	assert_done("stopped bot");
}

static void a_stop_that_takes_too_long_kills_and_stays_owed(void **state)
{
	uint64_t id;

	(void)state;
	assert_int_equal(ask("stop", "bot"), OUTCOME_BEGUN);
	id = assert_asked(VERB_STOP)->id;
	assert_false(look(3900));
	assert_file(BOT "/cgroup.kill", "\n");
	assert_false(look(100));
	assert_file(BOT "/cgroup.kill", "1");
	put_unit(BOT, false, false);
	assert_false(look(100));
	assert_true(look(100));
	assert_done("killed: not ended within its stop-timeout of 4 s");
	/* systemd has not been told yet: the entry stays until it has. */
	assert_non_null(ledger_find(ledger, id));
	assert_false(actions_open(&actions));
	answer(id, 0, "inactive (dead)");
	assert_false(look(100));
	assert_nothing_is_left();
}

static void below_floor_there_is_no_time_for_a_clean_end(void **state)
{
	(void)state;
	assert_int_equal(ask("stop", "bot"), OUTCOME_BEGUN);
	available(100);
	assert_false(look(1000));
	assert_file(BOT "/cgroup.kill", "1");
}

static void what_survives_a_kill_is_not_done_and_bears_no_mark(void **state)
{
	(void)state;
	assert_int_equal(ask("stopbox", "box"), OUTCOME_BEGUN);
	assert_mark("box", STATE_MARK_STOPPED);
	assert_false(look(4000));
	assert_false(look(9000));
	assert_true(look(1000));
	assert_not_done("still there after 10 s");
	assert_mark("box", STATE_MARK_NONE);
	assert_nothing_is_left();
}

static void what_the_actor_cannot_stop_is_asked_once_by_signal(void **state)
{
	(void)state;
	assert_int_equal(ask("stop", "bot"), OUTCOME_BEGUN);
	answer(assert_asked(VERB_STOP)->id, -EACCES, "systemd does not let us");
	assert_false(look(100));
	assert_false(actions.action[0].worker_done); /* or each look sends SIGTERM again */
	assert_null(asked());
	put_unit(BOT, false, false);
	assert_false(look(100));
	assert_true(look(100));
	assert_done("stopped bot");
	assert_nothing_is_left();
}

static void a_unit_that_left_and_returned_was_stopped(void **state)
{
	(void)state;
	assert_int_equal(ask("stop", "bot"), OUTCOME_BEGUN);
	answer(assert_asked(VERB_STOP)->id, 0, "");
	fakeroot_remove(BOT);
	assert_true(look(100));
	assert_done("stopped bot");
}

static void the_same_joins_and_another_waits(void **state)
{
	(void)state;
	assert_int_equal(ask("stop", "bot"), OUTCOME_BEGUN);
	assert_int_equal(ask("stop2", "bot"), OUTCOME_BEGUN);
	assert_int_equal(ask("start", "bot"), OUTCOME_BUSY);
	assert_non_null(asked());
	assert_null(asked()); /* once for both */
	fakeroot_remove(BOT);
	answer(actions.action[0].entry, 0, "");
	assert_true(look(100));
	assert_int_equal(result.instances, 2);
}

/* --- kill, signal, freeze ------------------------------------------------------------------------ */

static void a_kill_is_proved_by_an_empty_cgroup(void **state)
{
	(void)state;
	assert_int_equal(ask("kill", "box"), OUTCOME_BEGUN);
	assert_file(BOX "/cgroup.kill", "1");
	assert_false(look(100));
	put_unit(BOX, false, false);
	assert_false(look(100));
	assert_true(look(100));
	assert_done("killed box");
	assert_mark("box", STATE_MARK_NONE);
	assert_nothing_is_left();
}

static void a_signal_that_nobody_got_is_not_done(void **state)
{
	(void)state;
	assert_int_equal(ask("hup", "box"), OUTCOME_BEGUN);
	assert_true(look(100));
	assert_not_done("signal not done: box");
	assert_nothing_is_left();
}

static void another_signal_is_not_the_same(void **state)
{
	(void)state;
	assert_int_equal(ask("hup", "box"), OUTCOME_BEGUN);
	actions.action[0].progress = ACTION_WAITS; /* as where somebody got it */
	assert_int_equal(ask("hup", "box"), OUTCOME_BEGUN);
	assert_int_equal(ask("usr", "box"), OUTCOME_BUSY);
}

static void a_freeze_is_proved_and_given_back_by_a_thaw(void **state)
{
	(void)state;
	assert_int_equal(ask("freeze", "box"), OUTCOME_BEGUN);
	assert_mark("box", STATE_MARK_FROZEN);
	assert_file(BOX "/cgroup.freeze", "1");
	assert_false(look(100));
	put_unit(BOX, true, true);
	assert_true(look(100));
	assert_done("froze box");
	assert_mark("box", STATE_MARK_FROZEN);
	assert_nothing_is_left();
	assert_int_equal(ask("freeze", "box"), OUTCOME_SKIPPED);
	assert_int_equal(ask("thaw", "box"), OUTCOME_BEGUN);
	assert_file(BOX "/cgroup.freeze", "0");
	put_unit(BOX, true, false);
	assert_true(look(100));
	assert_done("thawed box");
	assert_mark("box", STATE_MARK_NONE);
}

static void what_does_not_freeze_is_let_go(void **state)
{
	(void)state;
	assert_int_equal(ask("freeze", "box"), OUTCOME_BEGUN);
	assert_true(look(10000));
	assert_not_done("not frozen after 10 s");
	assert_file(BOX "/cgroup.freeze", "0");
	assert_mark("box", STATE_MARK_NONE);
	assert_nothing_is_left();
}

static void processes_by_name_cannot_be_frozen(void **state)
{
	(void)state;
	fakeroot_put("/proc/71/stat", "71 (app) S 1 71 71 0 -1 4194304 1 1 1 1 1 1 1 1 20 0 1 0 777 1 1\n");
	fakeroot_put("/proc/71/cmdline", "app");
	assert_false(look(2000));
	assert_int_equal(unit("app")->status, STATE_UNIT_RUNNING);
	assert_int_equal(ask("app", "app"), OUTCOME_BEGUN);
	assert_true(look(100));
	assert_not_done("no way to do that");
	assert_mark("app", STATE_MARK_NONE);
	assert_nothing_is_left();
}

static void an_end_thaws_and_a_freeze_under_way_is_over(void **state)
{
	(void)state;
	assert_int_equal(ask("freeze", "box"), OUTCOME_BEGUN);
	actions_thaw_all(&actions);
	assert_file(BOX "/cgroup.freeze", "0");
	assert_mark("box", STATE_MARK_NONE);
	begin(); /* the next one does not freeze it again */
	assert_false(actions_open(&actions));
	assert_file(BOX "/cgroup.freeze", "0");
	assert_nothing_is_left();
}

/* --- start and restart --------------------------------------------------------------------------- */

static void a_start_is_proved_and_ends_the_mark(void **state)
{
	(void)state;
	put_unit(BOT, false, false);
	assert_false(look(1000));
	assert_non_null(ledger_mark(ledger, "bot", STATE_MARK_STOPPED, "stop"));
	assert_int_equal(ask("start", "bot"), OUTCOME_BEGUN);
	answer(assert_asked(VERB_START)->id, 0, "active (running)");
	assert_false(look(100)); /* said, but not seen */
	put_unit(BOT, true, false);
	assert_true(look(100));
	assert_done("started bot");
	assert_mark("bot", STATE_MARK_NONE);
	assert_nothing_is_left();
}

static void a_start_that_is_refused_is_not_done(void **state)
{
	(void)state;
	put_unit(BOT, false, false);
	assert_false(look(1000));
	assert_int_equal(ask("start", "bot"), OUTCOME_BEGUN);
	answer(assert_asked(VERB_START)->id, -EIO, "start limit");
	assert_true(look(100));
	assert_not_done("start limit");
	assert_nothing_is_left();
}

static void an_actor_that_is_busy_is_asked_to_start_again(void **state)
{
	uint64_t id;

	(void)state;
	put_unit(BOT, false, false);
	assert_false(look(1000));
	assert_int_equal(ask("start", "bot"), OUTCOME_BEGUN);
	id = assert_asked(VERB_START)->id;
	answer(id, -EAGAIN, "too many units are being worked on");
	assert_false(look(100));
	assert_false(look(1000));
	assert_int_equal(assert_asked(VERB_START)->id, id);
	put_unit(BOT, true, false);
	answer(id, 0, "active (running)");
	assert_true(look(100));
	assert_done("started bot");
}

/* To where a restart waits for room. */
static void restart_until_room(void)
{
	available(200);
	assert_false(look(1000));
	assert_int_equal(ask("restart", "bot"), OUTCOME_BEGUN);
	assert_mark("bot", STATE_MARK_NONE);
	answer(assert_asked(VERB_STOP)->id, 0, "inactive (dead)");
	fakeroot_remove(BOT);
	assert_false(look(100));
	assert_int_equal(actions.action[0].phase, ACTION_ROOM);
}

static void a_restart_waits_for_room(void **state)
{
	(void)state;
	restart_until_room();
	assert_false(look(30000));
	assert_null(asked());
	available(400);
	assert_false(look(1000));
	answer(assert_asked(VERB_START)->id, 0, "active (running)");
	put_unit(BOT, true, false);
	assert_true(look(100));
	assert_done("restarted bot");
	assert_nothing_is_left();
}

static void a_restart_starts_anyway_in_the_end(void **state)
{
	(void)state;
	restart_until_room();
	assert_false(look(60000));
	assert_non_null(asked());
	put_unit(BOT, true, false);
	answer(actions.action[0].entry, 0, "active (running)");
	assert_true(look(100));
	assert_done("started though there is no room for it after 60 s");
}

/* What cannot be started again is not killed for a restart. */
static void a_restart_that_systemd_refuses_kills_nothing(void **state)
{
	(void)state;
	assert_int_equal(ask("restart", "bot"), OUTCOME_BEGUN);
	answer(assert_asked(VERB_STOP)->id, -ENODEV, "its plugin is not loaded here");
	assert_true(look(100));
	assert_not_done("its plugin is not loaded here");
	assert_file(BOT "/cgroup.kill", "\n");
	assert_int_equal(unit("bot")->status, STATE_UNIT_RUNNING);
	assert_nothing_is_left();
}

static void a_stop_takes_over_a_restart_that_has_not_started_yet(void **state)
{
	(void)state;
	restart_until_room();
	assert_int_equal(ask("stop", "bot"), OUTCOME_BEGUN);
	assert_mark("bot", STATE_MARK_STOPPED);
	assert_int_equal(ledger_find(ledger, actions.action[0].entry)->step_verb, VERB_STOP);
	assert_true(look(100));
	assert_done("stopped bot");
	assert_int_equal(result.instances, 2);
	available(4000);
	assert_false(look(1000));
	assert_null(asked()); /* nobody starts it */
	assert_mark("bot", STATE_MARK_STOPPED);
	assert_nothing_is_left();
}

static void a_stop_waits_for_a_restart_that_starts(void **state)
{
	(void)state;
	restart_until_room();
	available(4000);
	assert_false(look(1000));
	assert_int_equal(ask("stop", "bot"), OUTCOME_BUSY);
}

/* --- run ----------------------------------------------------------------------------------------- */

static void a_command_is_what_the_actor_says(void **state)
{
	const struct ledger_entry *entry;

	(void)state;
	assert_int_equal(ask("run", NULL), OUTCOME_BEGUN);
	entry = assert_asked(VERB_RUN);
	assert_string_equal(entry->target, "/bin/true x");
	assert_string_equal(entry->plugin, "exec");
	assert_false(look(1000));
	answer(entry->id, 0, "exited with status 0");
	assert_true(look(100));
	assert_done("ran /bin/true x in 1.1 s: exited with status 0");
	assert_nothing_is_left();
}

static void a_command_without_an_actor_ends(void **state)
{
	struct message message;

	(void)state;
	message_make(&message, MESSAGE_ASK, 0, 0, "");
	assert_int_equal(ask("run", NULL), OUTCOME_BEGUN);
	while (message_send(actor.fd, &message, -1) == 0)
		; /* it does not read */
	actions_worker_up(&actions);
	for (int i = 0; i < 60 && actions_open(&actions); i++)
		(void)look(1000);
	assert_not_done("run not done");
	assert_nothing_is_left();
}

static void an_actor_that_hangs_is_told_of(void **state)
{
	(void)state;
	assert_int_equal(ask("run", NULL), OUTCOME_BEGUN);
	assert_false(look(35000));
	assert_false(actions.actor_hung);
	assert_true(look(100));
	assert_true(actions.actor_hung);
	assert_not_done("the actor did not answer in time");
	assert_nothing_is_left();
}

static void an_actor_that_was_started_again_is_asked_again(void **state)
{
	uint64_t id;

	(void)state;
	assert_int_equal(ask("run", NULL), OUTCOME_BEGUN);
	id = assert_asked(VERB_RUN)->id;
	assert_false(look(30000));
	actions_worker_up(&actions);
	assert_int_equal(assert_asked(VERB_RUN)->id, id);
	assert_false(look(30000)); /* its time began anew */
	answer(id, -EALREADY, "not known whether it ran");
	assert_true(look(100));
	assert_not_done("not known whether it ran");
}

/* A stop that was proved by a kill, not by the actor: who has started the unit meanwhile keeps it. */
static void a_restart_that_waits_for_room_stops_no_more(void **state)
{
	(void)state;
	available(200);
	assert_false(look(1000));
	assert_int_equal(ask("restart", "bot"), OUTCOME_BEGUN);
	(void)assert_asked(VERB_STOP);
	available(100);
	assert_false(look(4000));
	fakeroot_remove(BOT);
	assert_false(look(100));
	assert_int_equal(actions.action[0].phase, ACTION_ROOM);
	actions_worker_up(&actions);
	assert_null(asked());
}

/* --- the ledger: killed at any point, begun again ------------------------------------------------ */

static void a_stop_under_way_is_taken_up_again(void **state)
{
	uint64_t id;

	(void)state;
	assert_int_equal(ask("stop", "bot"), OUTCOME_BEGUN);
	id = assert_asked(VERB_STOP)->id;
	begin();
	assert_int_equal(assert_asked(VERB_STOP)->id, id);
	assert_true(unit("bot")->busy != 0);
	fakeroot_remove(BOT);
	answer(id, 0, "inactive (dead)");
	assert_true(look(100));
	assert_done("taken up again");
	assert_nothing_is_left();
}

static void a_stop_that_was_written_but_not_marked_is_marked(void **state)
{
	(void)state;
	assert_int_equal(ask("stop", "bot"), OUTCOME_BEGUN);
	ledger_unmark(ledger, "bot"); /* killed between the two */
	begin();
	assert_mark("bot", STATE_MARK_STOPPED);
}

static void a_stop_that_was_done_meanwhile_is_not_asked_again(void **state)
{
	(void)state;
	assert_int_equal(ask("stop", "bot"), OUTCOME_BEGUN);
	(void)asked();
	fakeroot_remove(BOT);
	begin();
	assert_null(asked());
	assert_true(look(100));
	assert_done("stopped bot");
	assert_mark("bot", STATE_MARK_STOPPED);
	assert_nothing_is_left();
}

/* A unit that was stopped for a restart, and then the sentinel was killed: it is started, not told. */
static void a_restart_goes_on_with_its_start(void **state)
{
	(void)state;
	restart_until_room();
	begin();
	assert_false(look(100));
	assert_false(look(100));
	assert_int_equal(actions.action[0].phase, ACTION_ROOM);
	available(4000);
	assert_false(look(1000));
	begin();
	(void)asked();
	answer(assert_asked(VERB_START)->id, 0, "active (running)");
	put_unit(BOT, true, false);
	assert_true(look(100));
	assert_done("restarted bot");
	assert_nothing_is_left();
}

static void what_is_taken_up_late_has_its_whole_time(void **state)
{
	(void)state;
	assert_int_equal(ask("run", NULL), OUTCOME_BEGUN);
	fakeroot.now += 600000;
	clock_turn(fakeroot.now, 1700000000000 + fakeroot.now);
	begin();
	assert_false(look(100));
	assert_false(actions.actor_hung);
	assert_true(look(36000));
	assert_true(actions.actor_hung);
}

static void whether_a_signal_was_sent_is_not_known(void **state)
{
	(void)state;
	assert_int_equal(ask("hup", "box"), OUTCOME_BEGUN);
	begin();
	assert_true(look(100));
	assert_not_done("not known whether it was sent");
	assert_nothing_is_left();
}

/* The stop was told; only systemd is still owed it: no ladder hears of it twice, and a unit that was
 * started since is left alone. */
static void what_is_owed_is_told_once(void **state)
{
	uint64_t id;

	(void)state;
	assert_int_equal(ask("stop", "bot"), OUTCOME_BEGUN);
	id = assert_asked(VERB_STOP)->id;
	assert_false(look(4000));
	fakeroot_remove(BOT);
	assert_true(look(100));
	begin();
	assert_int_equal(assert_asked(VERB_STOP)->id, id);
	assert_false(look(100));
	answer(id, 0, "inactive (dead)");
	assert_false(look(100));
	assert_nothing_is_left();
}

static void what_was_owed_is_not_owed_to_a_new_start(void **state)
{
	(void)state;
	assert_int_equal(ask("stop", "bot"), OUTCOME_BEGUN);
	assert_non_null(asked());
	assert_false(look(4000));
	fakeroot_remove(BOT);
	assert_true(look(100));
	put_unit(BOT ".keep-the-inode", true, false);
	put_unit(BOT, true, false);
	assert_false(look(1000));
	actions_worker_up(&actions);
	assert_null(asked());
	assert_false(look(100));
	assert_nothing_is_left();
	assert_int_equal(unit("bot")->status, STATE_UNIT_RUNNING);
}

/* --- reload, marks, a full ledger ----------------------------------------------------------------- */

static void a_reload_finds_units_again_by_name(void **state)
{
	static const char other[] = "[unit first]\ncgroup = /first\n"
				    "[unit bot]\nsystemd = bot.service\n"
				    "[rule stop]\nwhen = host.available < 10%\nthen = stop bot\n";
	const struct config *config = parse(other);
	uint64_t id;

	(void)state;
	assert_int_equal(ask("stop", "bot"), OUTCOME_BEGUN);
	assert_int_equal(ask("freeze", "box"), OUTCOME_BEGUN);
	id = assert_asked(VERB_STOP)->id;
	actions_config(&actions, config);
	see_config(see, config);
	assert_int_equal(unit("first")->busy, 0);
	assert_true(unit("bot")->busy != 0);
	fakeroot_remove(BOT);
	answer(id, 0, "");
	assert_true(look(100));
	assert_done("stopped bot");
	assert_int_equal(result.unit, 1);
	assert_int_equal(result.instance[0], 0);
	assert_nothing_is_left();
}

static void a_start_by_another_ends_the_mark(void **state)
{
	(void)state;
	assert_int_equal(ask("stop", "bot"), OUTCOME_BEGUN);
	assert_false(look(100));
	actions_check_marks(&actions);
	assert_mark("bot", STATE_MARK_STOPPED); /* its stop is still being proved */
	answer(assert_asked(VERB_STOP)->id, 0, "");
	fakeroot_remove(BOT);
	assert_true(look(100));
	actions_check_marks(&actions);
	assert_mark("bot", STATE_MARK_STOPPED);
	put_unit(BOT, true, false);
	assert_false(look(1000));
	actions_check_marks(&actions);
	assert_mark("bot", STATE_MARK_NONE);
}

static void a_ledger_full_of_steps_makes_a_step_wait(void **state)
{
	struct ledger_entry *entry;

	(void)state;
	restart_until_room();
	for (int i = 0; i < ENTRIES_MAX - 1; i++) {
		entry = ledger_add(ledger, LEDGER_STEP);
		assert_non_null(entry);
		ledger_commit(entry);
	}
	assert_int_equal(ask("freeze", "box"), OUTCOME_BUSY);
	assert_mark("box", STATE_MARK_NONE);
	available(4000);
	assert_false(look(1000)); /* no room in the ledger for the start: it waits */
	assert_null(asked());
	ledger_free(entry);
	assert_false(look(100));
	(void)assert_asked(VERB_START);
}

static void an_answer_to_nothing_is_passed_over(void **state)
{
	(void)state;
	answer(0, 0, "");
	answer(99, -EIO, "");
	assert_int_equal(ask("stop", "bot"), OUTCOME_BEGUN);
	answer(0, -EIO, "");
	answer(UINT64_MAX, -EIO, "");
	assert_false(actions.action[0].worker_done);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_stop_is_proved_by_the_cgroup_and_by_systemd),
		T(an_answer_alone_proves_nothing),
		T(a_stop_that_takes_too_long_kills_and_stays_owed),
		T(below_floor_there_is_no_time_for_a_clean_end),
		T(what_survives_a_kill_is_not_done_and_bears_no_mark),
		T(what_the_actor_cannot_stop_is_asked_once_by_signal),
		T(a_unit_that_left_and_returned_was_stopped),
		T(the_same_joins_and_another_waits),
		T(a_kill_is_proved_by_an_empty_cgroup),
		T(a_signal_that_nobody_got_is_not_done),
		T(another_signal_is_not_the_same),
		T(a_freeze_is_proved_and_given_back_by_a_thaw),
		T(what_does_not_freeze_is_let_go),
		T(processes_by_name_cannot_be_frozen),
		T(an_end_thaws_and_a_freeze_under_way_is_over),
		T(a_start_is_proved_and_ends_the_mark),
		T(a_start_that_is_refused_is_not_done),
		T(an_actor_that_is_busy_is_asked_to_start_again),
		T(a_restart_waits_for_room),
		T(a_restart_starts_anyway_in_the_end),
		T(a_restart_that_systemd_refuses_kills_nothing),
		T(a_stop_takes_over_a_restart_that_has_not_started_yet),
		T(a_stop_waits_for_a_restart_that_starts),
		T(a_command_is_what_the_actor_says),
		T(a_command_without_an_actor_ends),
		T(an_actor_that_hangs_is_told_of),
		T(an_actor_that_was_started_again_is_asked_again),
		T(a_restart_that_waits_for_room_stops_no_more),
		T(a_stop_under_way_is_taken_up_again),
		T(a_stop_that_was_written_but_not_marked_is_marked),
		T(a_stop_that_was_done_meanwhile_is_not_asked_again),
		T(a_restart_goes_on_with_its_start),
		T(what_is_taken_up_late_has_its_whole_time),
		T(whether_a_signal_was_sent_is_not_known),
		T(what_is_owed_is_told_once),
		T(what_was_owed_is_not_owed_to_a_new_start),
		T(a_reload_finds_units_again_by_name),
		T(a_start_by_another_ends_the_mark),
		T(a_ledger_full_of_steps_makes_a_step_wait),
		T(an_answer_to_nothing_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
