/* Alerts on their way: the test as main and as the actor, the messenger and the scribe at the other ends of the
 * links. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "make_config.h"
#include "decide/ladder.h"
#include "share/delivery.h"
#include "tell/ack.h"
#include "tell/alert.h"
#include "tell/channel_test.h"
#include "tell/refusal.h"

enum { ACTOR = HANDED_ACTOR, MESSENGER = HANDED_MESSENGER, SCRIBE = HANDED_SCRIBE };
enum { BOT };

static struct config *config;
static struct state *page;
static struct ledger *ledger;
static int ledger_file;
static struct worker worker[HANDED_WHO];
static struct alerts alerts;
static int far_end[HANDED_WHO], main_end; /* of the links */
static mono_ms now;                       /* each look is a second after the one before */

static void link_up(int *ours, int *far)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
	*ours = ends[0];
	*far = ends[1];
}

static void begin_rules(void)
{
	make_begin();
	(void)make_unit("bot", CONFIG_NONE);
	(void)make_unit("box", CONFIG_NONE);
	(void)make_rule("r");
	(void)make_rule("s");
}

static void use_config(void)
{
	struct config *old = config;

	config = make_done();
	if (alerts.config != NULL)
		alerts_config(&alerts, config);
	alerts.config = config;
	free(old);
}

/* A sentinel begins on the ledger there is. */
static void sentinel_begins(void)
{
	memset(&alerts, 0, sizeof(alerts));
	alerts.config = config;
	alerts.state = page;
	alerts.ledger = alerts.handed.ledger = ledger;
	for (int i = 0; i < HANDED_WHO; i++)
		alerts.handed.worker[i] = &worker[i];
	alerts.main = -1;
	link_up(&alerts.main, &main_end);
	alerts_begin(&alerts);
}

static int setup(void **state)
{
	bool fresh;

	(void)state;
	for (int i = 0; i < HANDED_WHO; i++)
		link_up(&worker[i].fd, &far_end[i]);
	page = state_create(memfd_create("state", MFD_CLOEXEC));
	ledger_file = memfd_create("ledger", MFD_CLOEXEC);
	ledger = ledger_open(ledger_file, "boot-1", &fresh);
	memset(&alerts, 0, sizeof(alerts));
	begin_rules();
	(void)make_channel("one", "exec", SEVERITY_INFO);
	(void)make_channel("two", "email", SEVERITY_INFO);
	use_config();
	sentinel_begins();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (int i = 0; i < HANDED_WHO; i++) {
		if (worker[i].fd >= 0)
			(void)close(worker[i].fd);
		(void)close(far_end[i]);
	}
	(void)close(alerts.main);
	(void)close(main_end);
	(void)close(ledger_file);
	ledger_close(ledger);
	(void)munmap(page, sizeof(*page));
	free(config);
	config = NULL;
	return 0;
}

static uint64_t send_alert(const char *text)
{
	return alert_send(&alerts, &(struct alert){.severity = SEVERITY_CRITICAL, .rule = "r", .unit = "bot",
						   .event = "oom-kill", .text = text});
}

/* What a worker is asked next; 0: nothing. */
static uint64_t asked(int who)
{
	struct message message;

	if (message_receive(far_end[who], &message, NULL) <= 0)
		return 0;
	assert_int_equal(message.type, MESSAGE_ASK);
	return message.id;
}

static void assert_asked(uint64_t actor, uint64_t messenger, uint64_t scribe)
{
	const uint64_t want[HANDED_WHO] = {actor, messenger, scribe};

	for (int i = 0; i < HANDED_WHO; i++)
		assert_int_equal(asked(i), want[i]);
}

static void say(int who, enum message_type type, uint64_t id, int result, const char *text)
{
	struct message message;

	message_make(&message, type, id, result, text);
	assert_true(alert_answer(&alerts, (enum handed_who)who, &message));
}

static void done(int who, uint64_t id)
{
	say(who, MESSAGE_DONE, id, 0, "");
}

static void have(int who, uint64_t id)
{
	say(who, MESSAGE_HAVE, id, 0, "");
}

static void look(void)
{
	alerts_look(&alerts, now += 1000);
}

static void looks(int seconds)
{
	for (int i = 0; i < seconds; i++)
		look();
}

static void ask_test(const char *channel, int severity, uint64_t token)
{
	struct message message;

	message_make(&message, MESSAGE_TEST, token, severity, channel);
	channel_test_ask(&alerts, &message);
}

/* What main is told next: the result, -12345: nothing. */
static int told_main(uint32_t token, const char *text)
{
	struct message message;

	if (message_receive(main_end, &message, NULL) <= 0)
		return -12345;
	assert_int_equal(message.type, MESSAGE_TESTED);
	assert_int_equal((uint32_t)message.pid, token);
	if (strstr(message.text, text) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", text, message.text);
	return message.result;
}

#define assert_open(id) assert_non_null(ledger_find(ledger, id))
#define assert_over(id) assert_null(ledger_find(ledger, id))

/* --- what the log names --- */

/* A sentinel that dies of its first line in the log. */
static void die_of_a_line(void)
{
	int ends[2];

	if (pipe(ends) < 0 || dup2(ends[1], STDERR_FILENO) < 0)
		_exit(1);
	(void)close(ends[0]);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)send_alert("claude was killed");
	_exit(0);
}

static void who_dies_of_the_log_line_has_left_the_alert_in_the_ledger(void **state)
{
	pid_t child = fork();
	uint64_t id;
	int status;

	(void)state;
	if (child == 0)
		die_of_a_line();
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
	id = asked(ACTOR);
	assert_open(id);
	assert_string_equal(ledger_find(ledger, id)->text, "claude was killed");
}

/* --- one entry, whoever is to have it --- */

static void an_alert_of_a_ladder_is_noted_as_being_told(void **state)
{
	struct alert alert = {.severity = SEVERITY_CRITICAL, .rule = "r", .text = "t"};

	(void)state;
	(void)alert_send(&alerts, &alert);
	assert_int_equal(ledger->telling.entry, 0);
	alert.of_ladder = true;
	(void)alert_send(&alerts, &alert);
	assert_int_not_equal(ledger->telling.entry, 0);
	assert_open(ledger->telling.entry);
}

static void one_entry_says_it_all(void **state)
{
	const struct ledger_entry *entry;
	uint64_t id, thread;

	(void)state;
	id = send_alert("claude was killed; so and so");
	assert_asked(id, id, id);
	entry = ledger_find(ledger, id);
	assert_string_equal(entry->text, "claude was killed; so and so");
	assert_string_equal(entry->target, "claude was killed"); /* its title */
	assert_string_equal(entry->plugin, "");
	assert_string_equal(entry->rule, "r");
	assert_string_equal(entry->unit, "bot");
	assert_string_equal(entry->event, "oom-kill");
	assert_int_equal(entry->severity, SEVERITY_CRITICAL);
	assert_int_equal(entry->told, TOLD_ALERT);
	assert_int_equal(entry->thread, id);
	assert_int_equal(entry->wants, WITH_ACTOR | WITH_MESSENGER | WITH_SPOOL);
	thread = alert_send(&alerts, &(struct alert){.severity = SEVERITY_INFO, .text = "t", .title = "short",
						     .told = TOLD_CLEAR, .thread = id});
	assert_int_equal(thread, id);
	entry = ledger_find(ledger, asked(ACTOR));
	assert_int_equal(entry->thread, id);
	assert_int_equal(entry->told, TOLD_CLEAR);
	assert_string_equal(entry->target, "short");
	assert_int_equal(page->alerts[SEVERITY_CRITICAL], 1);
	assert_int_equal(page->alerts[SEVERITY_INFO], 1);
}

static void only_who_has_channels_is_asked(void **state)
{
	static const struct {
		const char *plugins[2];
		unsigned wants;
	} rows[] = {
		{{"exec", "exec"}, WITH_ACTOR | WITH_SPOOL},
		{{"webhook", "email"}, WITH_MESSENGER | WITH_SPOOL},
		{{"exec", "email"}, WITH_ACTOR | WITH_MESSENGER | WITH_SPOOL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		begin_rules();
		for (int k = 0; k < 2; k++)
			(void)make_channel(k == 0 ? "a" : "b", rows[i].plugins[k], SEVERITY_CRITICAL);
		use_config();
		assert_int_equal(alert_wants(config, NULL), rows[i].wants);
	}
}

static void without_a_channel_nothing_is_in_the_ledger(void **state)
{
	uint64_t a, b;

	(void)state;
	begin_rules();
	use_config();
	a = send_alert("killed");
	b = send_alert("killed again");
	assert_asked(0, 0, 0);
	assert_over(a);
	assert_true(a != 0 && b > a); /* but it has an id, and what follows a thread */
	assert_int_equal(alert_send(&alerts, &(struct alert){.text = "and", .thread = a}), a);
	assert_int_equal(ledger->merged_alerts, 0);
	assert_string_equal(page->actions[2].text, "killed again");
}

static void an_alert_stays_until_it_is_delivered_or_spooled(void **state)
{
	enum { H = 1, D = 2 };
	static const struct {
		uint8_t actor, messenger, scribe; /* what each says */
		bool over;
	} rows[] = {
		{0, 0, 0, false}, {H, H, 0, false}, {0, 0, D, false}, {H, 0, D, false}, {0, H, D, false},
		{D, 0, 0, false}, {D, H, 0, false}, {D, 0, D, false}, {0, D, D, false}, {D, D, 0, true},
		{D, D, D, true},  {H, H, D, true},  {D, H, D, true},  {H | D, H, D, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (int order = 0; order < 2; order++) {
			const uint8_t said[HANDED_WHO] = {rows[i].actor, rows[i].messenger, rows[i].scribe};
			uint64_t id = send_alert("killed");

			assert_asked(id, id, id);
			for (int k = 0; k < HANDED_WHO; k++) {
				int who = order == 0 ? k : SCRIBE - k;

				if ((said[who] & H) != 0 && ledger_find(ledger, id) != NULL)
					have(who, id);
				if ((said[who] & D) != 0 && ledger_find(ledger, id) != NULL)
					done(who, id);
			}
			if ((ledger_find(ledger, id) == NULL) != rows[i].over)
				fail_msg("row %zu, order %d", i, order);
			if (!rows[i].over)
				ledger_free(ledger_find(ledger, id));
		}
}

static void what_is_over_or_of_no_alert_is_nobodys(void **state)
{
	struct ledger_entry *step = ledger_add(ledger, LEDGER_STEP);
	struct message message;

	(void)state;
	ledger_commit(step);
	message_make(&message, MESSAGE_DONE, step->id, 0, "");
	assert_false(alert_answer(&alerts, HANDED_ACTOR, &message));
	message_make(&message, MESSAGE_FAILED, 12345, -EIO, "%s%n");
	assert_false(alert_answer(&alerts, HANDED_SCRIBE, &message));
	assert_open(step->id);
}

static void who_was_not_asked_settles_nothing(void **state)
{
	uint64_t id;

	(void)state;
	begin_rules();
	(void)make_channel("one", "exec", SEVERITY_INFO);
	use_config();
	id = send_alert("killed");
	assert_asked(id, 0, id);
	done(MESSENGER, id);
	have(MESSENGER, id);
	assert_int_equal(ledger_find(ledger, id)->has, 0);
	assert_int_equal(ledger_find(ledger, id)->done, 0);
	/* Nor does it end a test that it was not asked for. */
	ask_test("one", SEVERITY_INFO, 3);
	id = asked(ACTOR);
	say(MESSENGER, MESSAGE_TESTED, id, 1, "250 all is well");
	assert_int_equal(told_main(3, ""), -12345);
	assert_open(id);
}

/* --- workers that cannot --- */

static void who_has_no_room_or_ends_is_asked_again(void **state)
{
	uint64_t id;

	(void)state;
	id = send_alert("killed");
	assert_asked(id, id, id);
	say(ACTOR, MESSAGE_FAILED, id, -EAGAIN, "too many");
	say(MESSENGER, MESSAGE_FAILED, id, -ECANCELED, "watchdogd ends");
	say(SCRIBE, MESSAGE_FAILED, id, -EAGAIN, "too many");
	assert_open(id);
	assert_false(alerts.handed.spool_fails);
	look();
	assert_asked(id, id, id);
	say(ACTOR, MESSAGE_FAILED, id, -EAGAIN, "too many");
	alerts_look(&alerts, now); /* its answer woke us: no game of ping-pong */
	assert_asked(0, 0, 0);
	look();
	assert_asked(id, 0, 0);
	look();
	assert_asked(0, 0, 0);
	done(ACTOR, id);
	done(MESSENGER, id);
	assert_over(id);
}

static void what_a_deliverer_will_never_take_is_over_for_it(void **state)
{
	uint64_t id;

	(void)state;
	id = send_alert("killed");
	say(ACTOR, MESSAGE_FAILED, id, -EINVAL, "its entry is not understood: %s%n");
	assert_open(id);
	done(MESSENGER, id);
	assert_over(id);
}

static void what_lacks_its_plugin_waits_for_it_in_the_spool(void **state)
{
	uint64_t id;

	(void)state;
	id = send_alert("killed");
	assert_asked(id, id, id);
	say(MESSENGER, MESSAGE_FAILED, id, -ENODEV, "its plugin is not loaded here");
	done(ACTOR, id);
	assert_open(id); /* the scribe has not read it yet */
	looks(3);
	assert_asked(0, 0, 0);
	done(SCRIBE, id);
	assert_over(id);
}

static void a_full_link_loses_nothing(void **state)
{
	struct message message;
	uint64_t id;

	(void)state;
	message_make(&message, MESSAGE_ASK, 7, 0, "");
	for (int i = 0; i < HANDED_WHO; i++)
		while (message_send(worker[i].fd, &message, -1) == 0)
			;
	id = send_alert("killed");
	for (int i = 0; i < HANDED_WHO; i++)
		for (uint64_t got; (got = asked(i)) != 0;)
			assert_int_equal(got, 7);
	look();
	assert_asked(id, id, id);
	look();
	assert_asked(0, 0, 0);
}

static void a_worker_that_is_not_there_is_waited_for(void **state)
{
	int kept = worker[MESSENGER].fd;
	uint64_t id;

	(void)state;
	worker[MESSENGER].fd = -1;
	id = send_alert("killed");
	assert_asked(id, 0, id);
	looks(100);
	assert_asked(0, 0, 0);
	assert_open(id);
	worker[MESSENGER].fd = kept;
	look();
	assert_asked(0, id, 0);
}

static void a_worker_that_was_started_anew_is_asked_again(void **state)
{
	uint64_t a, b, c;

	(void)state;
	a = send_alert("a"); /* the messenger has it */
	b = send_alert("b"); /* ... has delivered it */
	c = send_alert("c"); /* ... has not said a word */
	for (int i = 0; i < 3; i++)
		(void)(asked(ACTOR) + asked(MESSENGER) + asked(SCRIBE));
	have(MESSENGER, a);
	done(MESSENGER, b);
	handed_worker_up(&alerts.handed, HANDED_MESSENGER);
	assert_int_equal(asked(MESSENGER), a);
	assert_int_equal(asked(MESSENGER), c);
	assert_asked(0, 0, 0);
	assert_int_equal(ledger_find(ledger, a)->has, 0);
	/* That it is on the disk now is not enough: nobody has it. */
	done(SCRIBE, a);
	have(ACTOR, a);
	assert_open(a);
	have(MESSENGER, a);
	assert_over(a);
}

static void a_sentinel_that_begins_asks_for_all_that_is_open(void **state)
{
	uint64_t a, b;

	(void)state;
	a = send_alert("a");
	b = send_alert("b");
	have(MESSENGER, a);
	done(SCRIBE, a);
	done(ACTOR, b);
	for (int i = 0; i < 2; i++)
		(void)(asked(ACTOR) + asked(MESSENGER) + asked(SCRIBE));
	sentinel_begins();
	assert_int_equal(asked(ACTOR), a);
	assert_int_equal(asked(MESSENGER), a); /* it may be another by now */
	assert_int_equal(asked(MESSENGER), b);
	assert_asked(0, 0, b);
}

static void after_a_reboot_they_are_asked_for_too(void **state)
{
	uint64_t id;
	bool fresh;

	(void)state;
	id = send_alert("killed");
	assert_asked(id, id, id);
	have(ACTOR, id);
	have(MESSENGER, id);
	ledger_close(ledger);
	ledger = ledger_open(ledger_file, "boot-2", &fresh);
	sentinel_begins();
	assert_asked(id, id, id);
	assert_string_equal(ledger_find(ledger, id)->text, "killed");
}

static void a_channel_that_leaves_takes_its_deliverer_along(void **state)
{
	uint64_t id;

	(void)state;
	id = send_alert("killed");
	begin_rules();
	(void)make_channel("two", "email", SEVERITY_INFO);
	use_config();
	assert_int_equal(ledger_find(ledger, id)->wants, WITH_MESSENGER | WITH_SPOOL);
	done(MESSENGER, id);
	assert_over(id);
	id = send_alert("killed");
	begin_rules();
	use_config();
	assert_over(id); /* nobody is left to tell */
	begin_rules();
	(void)make_channel("two", "email", SEVERITY_INFO);
	use_config();
	id = send_alert("killed");
	begin_rules();
	(void)make_channel("one", "exec", SEVERITY_INFO);
	use_config(); /* there is a spool still, but that delivers nothing */
	assert_over(id);
}

/* --- who says nothing --- */

static bool hangs(int who)
{
	enum handed_who got;

	if (!handed_next_hung(&alerts.handed, &got))
		return false;
	assert_int_equal(got, who);
	assert_false(handed_next_hung(&alerts.handed, &got));
	return true;
}

static void who_says_nothing_for_30_s_hangs(void **state)
{
	uint64_t id;

	(void)state;
	for (int who = 0; who < HANDED_WHO; who++) {
		id = send_alert("killed");
		assert_asked(id, id, id);
		look();
		for (int i = 0; i < HANDED_WHO; i++)
			if (i != who && i == SCRIBE)
				say(SCRIBE, MESSAGE_FAILED, id, -EIO, "no space left"); /* and is asked again, and says so */
			else if (i != who)
				have(i, id);
		for (int i = 0; i < 28; i++) {
			look();
			if (who != SCRIBE)
				say(SCRIBE, MESSAGE_FAILED, id, -EIO, "no space left");
			assert_false(hangs(who));
		}
		looks(2);
		assert_true(hangs(who));
		assert_false(hangs(who)); /* once */
		handed_worker_up(&alerts.handed, (enum handed_who)who);
		looks(25);
		assert_false(hangs(who));
		while (asked(who) != 0)
			;
		for (int i = 0; i < HANDED_WHO; i++)
			say(i, MESSAGE_FAILED, id, -EAGAIN, "");
		ledger_free(ledger_find(ledger, id));
		while (asked(SCRIBE) != 0)
			;
	}
}

/* Delivered at once, and off the ledger: the scribe is missed all the same, and the next alert says so. */
static void who_says_nothing_of_what_is_delivered_hangs_too(void **state)
{
	uint64_t id = send_alert("killed");
	struct message late;

	(void)state;
	assert_asked(id, id, id);
	done(ACTOR, id);
	done(MESSENGER, id);
	assert_over(id);
	for (int i = 0; i < 28; i++) {
		look();
		assert_false(hangs(SCRIBE));
	}
	looks(3);
	assert_true(hangs(SCRIBE));
	handed_worker_up(&alerts.handed, HANDED_SCRIBE);
	id = send_alert("killed");
	assert_asked(id, id, id);
	assert_non_null(strstr(ledger_find(ledger, id)->text, "(the spool cannot be written: wd-scribe hangs"));
	done(ACTOR, id);
	done(MESSENGER, id);
	/* An answer on what is gone is an answer. */
	message_make(&late, MESSAGE_FAILED, id, -ENOENT, "no such entry in the ledger");
	assert_false(alert_answer(&alerts, HANDED_SCRIBE, &late));
	looks(60);
	assert_false(hangs(SCRIBE));
	id = send_alert("killed");
	assert_non_null(strstr(ledger_find(ledger, id)->text, "(the spool is written again)"));
}

static void our_own_absence_is_nobodys_hang(void **state)
{
	(void)state;
	(void)send_alert("killed");
	looks(2);
	now += 3600000;
	looks(2);
	assert_false(hangs(ACTOR));
}

static void who_is_not_there_does_not_hang(void **state)
{
	uint64_t id;

	(void)state;
	(void)close(worker[MESSENGER].fd);
	worker[MESSENGER].fd = -1;
	id = send_alert("killed");
	have(ACTOR, id);
	have(SCRIBE, id);
	looks(100);
	assert_false(hangs(MESSENGER));
}

/* --- the spool --- */

static const char *next_text(void)
{
	uint64_t id = send_alert("killed");

	while (asked(ACTOR) != 0 || asked(MESSENGER) != 0 || asked(SCRIBE) != 0)
		;
	return ledger_find(ledger, id)->text;
}

static void a_spool_that_cannot_be_written_is_told_once_and_so_is_its_return(void **state)
{
	uint64_t a, b;

	(void)state;
	a = send_alert("a");
	b = send_alert("b");
	say(SCRIBE, MESSAGE_FAILED, a, -ENOSPC, "No space left on device\n%s");
	say(SCRIBE, MESSAGE_FAILED, b, -ENOSPC, "No space left on device\n%s");
	assert_open(a);
	assert_string_equal(next_text(), "(the spool cannot be written: No space left on device\n%s) killed");
	assert_string_equal(next_text(), "killed");
	look();
	assert_int_equal(asked(SCRIBE), a); /* it may be there again */
	assert_int_equal(asked(SCRIBE), b);
	say(SCRIBE, MESSAGE_FAILED, a, -ENOSPC, "No space left on device\n%s");
	assert_string_equal(next_text(), "killed");
	done(SCRIBE, a);
	assert_string_equal(next_text(), "(the spool is written again) killed");
	assert_string_equal(next_text(), "killed");
	say(SCRIBE, MESSAGE_FAILED, b, -ENOSPC, "No space left on device");
	a = send_alert("c");
	done(SCRIBE, a);
	say(SCRIBE, MESSAGE_FAILED, b, -ENOSPC, "Read-only file system");
	done(SCRIBE, a); /* before anybody was told */
	assert_string_equal(next_text(), "(for a time the spool could not be written: Read-only file system) killed");
	assert_string_equal(next_text(), "killed");
	done(ACTOR, b); /* delivery has not waited for it */
	done(MESSENGER, b);
	assert_over(b);
}

static void at_the_bound_the_less_severe_gives_way(void **state)
{
	const struct alert info = {.severity = SEVERITY_INFO, .text = "by the way"};
	uint64_t first, thread;

	(void)state;
	first = send_alert("killed");
	for (int i = 1; i < ENTRIES_MAX; i++)
		(void)send_alert("killed again");
	thread = alert_send(&alerts, &info); /* the newest, but the least */
	assert_true(thread > first);
	assert_over(thread);
	assert_open(first);
	assert_int_equal(ledger->merged_alerts, 1);
	(void)send_alert("and again");
	assert_over(first);
	assert_int_equal(ledger->merged_alerts, 0); /* told: that one and the info */
}

/* Their deliverers go on with it: only what nobody has yet would be lost. */
static void at_the_bound_what_its_deliverers_have_gives_way_first(void **state)
{
	const struct alert info = {.severity = SEVERITY_INFO, .text = "by the way"};
	uint64_t first, half, had;

	(void)state;
	first = send_alert("killed");
	half = send_alert("killed");
	have(ACTOR, half);
	for (int i = 3; i < ENTRIES_MAX; i++)
		(void)send_alert("killed again");
	had = send_alert("killed");
	have(ACTOR, had);
	done(MESSENGER, had);
	(void)alert_send(&alerts, &info);
	assert_over(had);
	assert_open(first);
	assert_open(half);
	assert_non_null(strstr(next_text(), "(the ledger was full and 1 earlier alert gave way: "));
}

static void what_gave_way_takes_nothing_of_its_place_along(void **state)
{
	uint64_t id;

	(void)state;
	for (int i = 0; i < ENTRIES_MAX; i++)
		say(SCRIBE, MESSAGE_FAILED, send_alert("x"), -EAGAIN, "");
	id = send_alert("y");
	for (int i = 0; i < HANDED_WHO; i++)
		while (asked(i) != 0)
			;
	have(ACTOR, id);
	have(MESSENGER, id);
	say(SCRIBE, MESSAGE_HAVE, id, 0, "");
	looks(1);
	for (uint64_t got; (got = asked(SCRIBE)) != 0;)
		assert_int_not_equal(got, id);
}

/* --- one matter, one message --- */

static uint64_t tell_of(const char *event, enum severity severity, int32_t pid, const char *unit, const char *rule)
{
	return alert_send(&alerts, &(struct alert){.severity = severity, .rule = rule, .unit = unit, .event = event,
						   .text = "claude ended", .pid = pid, .at = now});
}

/* How many alerts the messenger is asked for. */
static int count_asked(void)
{
	int n = 0;

	while (asked(MESSENGER) != 0)
		n++;
	for (int i = 0; i < ENTRIES_MAX; i++)
		ledger_free(&ledger->entries[i]);
	return n;
}

static void the_oom_kill_and_the_death_of_one_process_are_one_message(void **state)
{
	static const struct {
		const char *first, *second;
		enum severity one, other;
		int32_t pid;
		const char *unit;
		mono_ms later;
		int sent; /* of the second */
		bool same; /* in one thread */
	} rows[] = {
		{"oom-kill", "death", SEVERITY_CRITICAL, SEVERITY_CRITICAL, 7, "bot", 0, 0, true},
		{"death", "oom-kill", SEVERITY_CRITICAL, SEVERITY_CRITICAL, 7, "bot", 60000, 0, true},
		{"oom-kill", "death", SEVERITY_CRITICAL, SEVERITY_WARNING, 7, "bot", 500, 0, true},
		{"oom-kill", "death", SEVERITY_WARNING, SEVERITY_WARNING, 7, "bot", 500, 0, true},
		{"oom-kill", "death", SEVERITY_WARNING, SEVERITY_CRITICAL, 7, "bot", 500, 1, true}, /* it is worse */
		{"oom-kill", "death", SEVERITY_CRITICAL, SEVERITY_CRITICAL, 8, "bot", 500, 1, false}, /* another process */
		{"oom-kill", "death", SEVERITY_CRITICAL, SEVERITY_CRITICAL, 7, "box", 500, 1, false},
		{"oom-kill", "death", SEVERITY_CRITICAL, SEVERITY_CRITICAL, 7, "bot", 60001, 1, false}, /* its pid again */
		{"oom-kill", "oom-kill", SEVERITY_CRITICAL, SEVERITY_CRITICAL, 7, "bot", 0, 1, false}, /* of two rules */
		{"oom-kill", "death", SEVERITY_CRITICAL, SEVERITY_CRITICAL, 0, "bot", 0, 1, false}, /* of no process */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t first, second;

		now += 100000;
		first = tell_of(rows[i].first, rows[i].one, rows[i].pid == 0 ? 0 : 7, "bot", "r");
		assert_int_equal(count_asked(), 1);
		now += rows[i].later;
		second = tell_of(rows[i].second, rows[i].other, rows[i].pid, rows[i].unit, "s");
		if (count_asked() != rows[i].sent || (first == second) != rows[i].same)
			fail_msg("row %zu", i);
	}
}

static void a_channel_of_the_second_rule_alone_gets_the_second(void **state)
{
	static const struct {
		uint32_t rule, unit;
		enum severity severity;
		int sent;
	} rows[] = {
		{1, CONFIG_NONE, SEVERITY_INFO, 1},
		{0, CONFIG_NONE, SEVERITY_INFO, 0},
		{1, BOT + 1, SEVERITY_INFO, 0},     /* it hears neither */
		{1, BOT, SEVERITY_INFO, 1},
		{1, CONFIG_NONE, SEVERITY_CRITICAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t first;

		begin_rules();
		(void)make_channel("all", "email", SEVERITY_INFO);
		(void)make_channel("some", "email", rows[i].severity);
		make_channel_of(rows[i].rule, rows[i].unit);
		use_config();
		now += 100000;
		first = tell_of("oom-kill", SEVERITY_WARNING, 7, "bot", "r");
		assert_int_equal(tell_of("death", SEVERITY_WARNING, 7, "bot", "s"), first);
		if (count_asked() != 1 + rows[i].sent)
			fail_msg("row %zu", i);
	}
}

static void what_is_told_already_is_in_the_log_as_that(void **state)
{
	(void)state;
	(void)tell_of("oom-kill", SEVERITY_CRITICAL, 7, "bot", "r");
	(void)tell_of("death", SEVERITY_CRITICAL, 7, "bot", "s");
	assert_string_equal(page->actions[2 % STATE_ACTIONS].text, "told already as oom-kill: claude ended");
	(void)tell_of("oom-kill", SEVERITY_CRITICAL, 7, "bot", "s"); /* another rule on it */
	assert_int_equal(count_asked(), 2);
	assert_int_equal(page->alerts[SEVERITY_CRITICAL], 2);
}

static void what_found_no_room_has_told_nobody(void **state)
{
	(void)state;
	for (int i = 0; i < ENTRIES_MAX; i++)
		ledger_commit(ledger_add(ledger, LEDGER_STEP));
	(void)tell_of("oom-kill", SEVERITY_CRITICAL, 7, "bot", "r");
	ledger_free(&ledger->entries[0]);
	(void)tell_of("death", SEVERITY_CRITICAL, 7, "bot", "s");
	assert_int_equal(count_asked(), 1);
}

static void beyond_the_ring_both_are_sent(void **state)
{
	(void)state;
	for (int32_t pid = 1; pid <= TOLD_MAX + 1; pid++) {
		(void)tell_of("oom-kill", SEVERITY_CRITICAL, pid, "bot", "r");
		assert_int_equal(count_asked(), 1);
	}
	(void)tell_of("death", SEVERITY_CRITICAL, TOLD_MAX + 1, "bot", "r");
	assert_int_equal(count_asked(), 0);
	(void)tell_of("death", SEVERITY_CRITICAL, 1, "bot", "r");
	assert_int_equal(count_asked(), 1);
}

/* --- tests of a channel --- */

static void a_test_goes_to_one_deliverer_and_its_conversation_to_who_asked(void **state)
{
	const struct ledger_entry *entry;
	uint64_t id;

	(void)state;
	ask_test("two", SEVERITY_CRITICAL, UINT32_MAX);
	id = asked(MESSENGER);
	assert_asked(0, 0, 0); /* no spool, no other */
	entry = ledger_find(ledger, id);
	assert_int_equal(entry->told, TOLD_TEST);
	assert_int_equal(entry->severity, SEVERITY_CRITICAL);
	assert_string_equal(entry->rule, "two");
	assert_string_equal(entry->target, "this is a test");
	assert_int_equal(told_main(0, ""), -12345);
	have(MESSENGER, id);
	say(MESSENGER, MESSAGE_TESTED, id, 0, "220 mail.example.org");
	done(MESSENGER, id); /* its end is its last line */
	assert_open(id);
	say(MESSENGER, MESSAGE_TESTED, id, 1, "250 queued %s\x1b");
	assert_over(id);
	assert_int_equal(told_main(UINT32_MAX, "220 mail"), 0);
	assert_int_equal(told_main(UINT32_MAX, "250 queued %s\x1b"), 1);
	assert_int_equal(told_main(0, ""), -12345);
	assert_int_equal(page->alerts[SEVERITY_CRITICAL], 0);
	ask_test("one", SEVERITY_INFO, 5);
	assert_int_not_equal(asked(ACTOR), 0);
}

static void a_test_that_cannot_be_is_answered_at_once(void **state)
{
	char longest[300];

	(void)state;
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	ask_test("", SEVERITY_INFO, 3);
	assert_int_equal(told_main(3, "there is no channel \"\""), -ENOENT);
	ask_test("o\033[2Jne", SEVERITY_INFO, 3);
	assert_int_equal(told_main(3, "\\x1b"), -ENOENT);
	ask_test(longest, SEVERITY_INFO, 3);
	assert_int_equal(told_main(3, "there is no channel"), -ENOENT);
	ask_test("one", SEVERITY_DEBUG, 3);
	assert_int_equal(told_main(3, "severity"), -EINVAL);
	ask_test("one", SEVERITIES, 3);
	assert_int_equal(told_main(3, "severity"), -EINVAL);
	ask_test("one", -1, 3);
	assert_int_equal(told_main(3, "severity"), -EINVAL);
	for (int i = 0; i < ENTRIES_MAX; i++)
		ledger_commit(ledger_add(ledger, LEDGER_STEP));
	ask_test("one", SEVERITY_INFO, 3);
	assert_int_equal(told_main(3, "full"), -EAGAIN);
	assert_asked(0, 0, 0);
}

static void no_alert_gives_way_to_a_test(void **state)
{
	uint64_t first;

	(void)state;
	first = send_alert("killed");
	for (int i = 1; i < ENTRIES_MAX; i++)
		(void)send_alert("killed again");
	ask_test("one", SEVERITY_CRITICAL, 3);
	assert_int_equal(told_main(3, "full"), -EAGAIN);
	assert_open(first);
	assert_int_equal(ledger->merged_alerts, 0);
}

static void a_test_that_fails_has_no_end_or_loses_its_channel_is_over(void **state)
{
	uint64_t id;

	(void)state;
	ask_test("two", SEVERITY_INFO, 3);
	id = asked(MESSENGER);
	say(MESSENGER, MESSAGE_FAILED, id, -EAGAIN, "later");
	now = clock_mono();
	look();
	assert_int_equal(asked(MESSENGER), id); /* as any alert is */
	say(MESSENGER, MESSAGE_FAILED, id, -ENODEV, "no plugin");
	assert_int_equal(told_main(3, "no plugin"), -ENODEV);
	assert_over(id);

	ask_test("two", SEVERITY_INFO, 4);
	id = asked(MESSENGER);
	say(MESSENGER, MESSAGE_TESTED, id, 0, "220 hello");
	assert_int_equal(told_main(4, "220"), 0);
	now = ledger_find(ledger, id)->at_mono + CHANNEL_TEST_MS - 1001;
	look();
	assert_int_equal(told_main(4, ""), -12345);
	look();
	assert_int_equal(told_main(4, "2 min"), -ETIMEDOUT);
	assert_over(id);

	ask_test("two", SEVERITY_INFO, 5);
	id = asked(MESSENGER);
	begin_rules();
	(void)make_channel("one", "exec", SEVERITY_INFO);
	use_config();
	assert_int_equal(told_main(5, "left the config"), -ENOENT);
	assert_over(id);
}

static void a_slow_test_is_no_hang(void **state)
{
	uint64_t id;

	(void)state;
	ask_test("two", SEVERITY_INFO, 3);
	id = asked(MESSENGER);
	say(MESSENGER, MESSAGE_TESTED, id, 0, "220 hello");
	looks(60);
	assert_false(hangs(MESSENGER));
}

/* Who asked may be gone: the numbers of main's clients begin anew with it. */
static void tests_of_before_the_start_are_over(void **state)
{
	uint64_t id;

	(void)state;
	ask_test("two", SEVERITY_INFO, 3);
	id = asked(MESSENGER);
	sentinel_begins();
	assert_over(id);
	assert_int_equal(told_main(3, ""), -12345);
	assert_asked(0, 0, 0);
}

/* --- acknowledged --- */

static struct decide decide;

static struct message acknowledge(uint64_t id)
{
	struct message ask, answer;

	memset(&decide, 0, sizeof(decide));
	decide.config = config;
	decide.state = page;
	decide.ledger = ledger;
	decide_init(&decide, 1000);
	message_make(&ask, MESSAGE_ACK, id, 0, "");
	ask.pid = -7; /* a token of main's, whatever its bits */
	ack_take(&alerts, &decide, &ask, &answer, 1000);
	assert_int_equal(answer.type, MESSAGE_ACK);
	assert_int_equal(answer.id, id);
	assert_int_equal(answer.pid, -7);
	return answer;
}

static void assert_passed_on(int who, uint64_t thread)
{
	struct message message;

	assert_int_equal(message_receive(far_end[who], &message, NULL), 1);
	assert_int_equal(message.type, MESSAGE_ACK);
	assert_int_equal(message.id, thread);
}

static void an_acknowledgement_is_passed_on_and_answered(void **state)
{
	struct message answer;
	uint64_t first, second;

	(void)state;
	first = send_alert("killed");
	second = alert_send(&alerts, &(struct alert){.text = "still", .told = TOLD_REPEAT, .thread = first});
	assert_int_equal(second, first);
	(void)asked(ACTOR);
	second = asked(ACTOR);
	(void)(asked(MESSENGER) + asked(MESSENGER) + asked(SCRIBE) + asked(SCRIBE));
	answer = acknowledge(second); /* any of its thread */
	assert_int_equal(answer.result, 0);
	assert_string_equal(answer.text, "1 alert acknowledged");
	assert_passed_on(ACTOR, first);
	assert_passed_on(MESSENGER, first);
	assert_asked(0, 0, 0); /* the scribe is told by who delivers */
	answer = acknowledge(first);
	assert_int_equal(answer.result, 0);
	assert_passed_on(ACTOR, first);
	answer = acknowledge(4711); /* not here, but it may wait in a channel */
	assert_int_equal(answer.result, -ENOENT);
	assert_string_equal(answer.text, "no alert of that id is open");
	assert_passed_on(ACTOR, 4711);
	answer = acknowledge(0);
	assert_int_equal(answer.result, 0);
	assert_string_equal(answer.text, "no alert is open");
	assert_passed_on(ACTOR, 0);
}

static void what_a_ladder_tells_is_acknowledged_by_name(void **state)
{
	struct ledger_ladder *ladder = ledger_ladder(ledger, ledger_key("r", ""));
	struct message answer;

	(void)state;
	*ladder = (struct ledger_ladder){.key = ladder->key, .firing = 1, .thread = 77, .flags = LADDER_SAID,
					 .text_hash = config_rule_at(config, 0)->text_hash, .phase = LADDER_SPENT};
	answer = acknowledge(77);
	assert_int_equal(answer.result, 0);
	assert_string_equal(answer.text, "1 alert acknowledged: r");
	assert_true((ladder->flags & LADDER_ACKED) != 0);
	assert_string_equal(page->actions[1].text, "a person acknowledged: r");
}

static void who_could_not_be_told_of_it_is_said(void **state)
{
	struct message answer;

	(void)state;
	(void)close(worker[MESSENGER].fd);
	worker[MESSENGER].fd = -1;
	answer = acknowledge(0);
	assert_non_null(strstr(answer.text, "could not be told"));
	begin_rules();
	(void)make_channel("one", "exec", SEVERITY_INFO);
	use_config();
	answer = acknowledge(0); /* none is needed */
	assert_string_equal(answer.text, "no alert is open");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* --- dead letters --- */

static void refuses(int who, uint64_t id, int severity, const char *text)
{
	struct message message;

	message_make(&message, MESSAGE_REFUSED, id, severity, text);
	refusal_take(&alerts, (enum handed_who)who, &message, now);
}

/* What is asked of a worker is its answer; "" none came. */
static const char *told_of(int who)
{
	static struct message message;

	if (message_receive(far_end[who], &message, NULL) <= 0)
		return "";
	assert_int_equal(message.type, MESSAGE_REFUSED);
	return message.text;
}

static void a_dead_letter_is_told_by_the_other_worker_once_an_hour(void **state)
{
	const struct ledger_entry *entry;
	uint64_t id;

	(void)state;
	refuses(MESSENGER, 77, SEVERITY_INFO, "two 550 no such user");
	id = asked(ACTOR);
	assert_open(id);
	assert_int_equal(asked(SCRIBE), id);
	assert_string_equal(told_of(MESSENGER), "two");
	assert_int_equal(asked(MESSENGER), 0); /* it has no other channel */
	entry = ledger_find(ledger, id);
	assert_int_equal(entry->severity, SEVERITY_WARNING);
	assert_int_equal(entry->told, TOLD_ALERT);
	assert_int_equal(entry->thread, id);
	assert_int_equal(entry->wants, WITH_ACTOR | WITH_SPOOL);
	assert_string_equal(entry->event, DELIVERY_REFUSED);
	assert_string_equal(entry->rule, "two");
	assert_string_equal(entry->unit, "");
	assert_string_equal(entry->target, "channel two takes no alerts: 550 no such user");
	assert_non_null(strstr(entry->text, "dead-letter"));
	for (int i = 0; i < 3; i++, now += 1000000)
		refuses(MESSENGER, 78, SEVERITY_CRITICAL, "two 550 again");
	for (int i = 0; i < 3; i++)
		assert_string_equal(told_of(MESSENGER), "two");
	assert_asked(0, 0, 0);
	now += 600000;
	refuses(MESSENGER, 79, SEVERITY_CRITICAL, "two 550 still");
	assert_int_equal(ledger_find(ledger, asked(ACTOR))->severity, SEVERITY_CRITICAL);
	/* The other one of its own. */
	refuses(ACTOR, 80, SEVERITY_WARNING, "one given up after 1 d: exit 1");
	assert_string_equal(told_of(ACTOR), "one");
	assert_string_equal(told_of(MESSENGER), "two");
	entry = ledger_find(ledger, asked(MESSENGER));
	assert_int_equal(entry->wants, WITH_MESSENGER | WITH_SPOOL);
	assert_string_equal(entry->target, "channel one takes no alerts: given up after 1 d: exit 1");
}

static void where_one_worker_has_another_channel_it_is_asked_too(void **state)
{
	uint64_t id;

	(void)state;
	begin_rules();
	(void)make_channel("two", "email", SEVERITY_INFO);
	(void)make_channel("three", "webhook", SEVERITY_INFO);
	use_config();
	refuses(MESSENGER, 77, SEVERITY_WARNING, "three HTTP 404");
	id = asked(MESSENGER);
	assert_open(id);
	assert_int_equal(ledger_find(ledger, id)->wants, WITH_MESSENGER | WITH_SPOOL);
}

static void the_only_channel_is_told_of_in_the_log_alone(void **state)
{
	(void)state;
	begin_rules();
	(void)make_channel("two", "email", SEVERITY_INFO);
	use_config();
	refuses(MESSENGER, 77, SEVERITY_WARNING, "two 550");
	assert_string_equal(told_of(MESSENGER), "two");
	assert_asked(0, 0, 0);
	assert_int_equal(page->alerts[SEVERITY_WARNING], 1);
}

static void whatever_a_worker_says_of_dead_letters_is_bounded(void **state)
{
	static const char *const wrong[] = {"", " ", "two", "twoo 550", "tw 550", "one not yours", "two\n550", "nobody 550"};
	char text[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		if (i != 2)
			refuses(MESSENGER, UINT64_MAX, INT32_MIN, wrong[i]);
	assert_asked(0, 0, 0);
	memset(text, '%', sizeof(text) - 1);
	memcpy(text, "two ", 4);
	text[sizeof(text) - 1] = '\0';
	refuses(MESSENGER, UINT64_MAX, INT32_MAX, text);
	assert_string_equal(told_of(MESSENGER), "two");
	assert_int_equal(ledger_find(ledger, asked(ACTOR))->severity, SEVERITY_CRITICAL);
	(void)asked(SCRIBE);
	now += REFUSAL_TELL_MS;
	refuses(MESSENGER, 0, INT32_MIN, "two"); /* without a reason */
	assert_int_equal(ledger_find(ledger, asked(ACTOR))->severity, SEVERITY_WARNING);
	(void)asked(SCRIBE);
	for (int i = 0; i < 10000; i++)
		refuses(MESSENGER, (uint64_t)i, SEVERITY_CRITICAL, text);
	assert_int_equal(asked(ACTOR), 0); /* though its end is full of answers */
}

static void what_finds_no_room_is_not_answered(void **state)
{
	struct ledger_entry *step;

	(void)state;
	for (int i = 0; i < ENTRIES_MAX; i++) {
		step = ledger_add(ledger, LEDGER_STEP);
		ledger_commit(step);
	}
	refuses(MESSENGER, 77, SEVERITY_WARNING, "two 550");
	assert_string_equal(told_of(MESSENGER), "");
	assert_int_equal(ledger->merged_alerts, 0);
	ledger_free(step);
	refuses(MESSENGER, 77, SEVERITY_WARNING, "two 550");
	assert_string_equal(told_of(MESSENGER), "two");
	assert_open(asked(ACTOR));
}

static void a_kill_between_the_alert_of_a_dead_letter_and_its_note_tells_it_once(void **state)
{
	struct ledger_refusal *row;
	uint64_t id;

	(void)state;
	now = clock_mono();
	refuses(MESSENGER, 77, SEVERITY_WARNING, "two 550");
	id = asked(ACTOR);
	row = ledger_refusal(ledger, "two");
	assert_int_not_equal(row->told_s, 0);
	/* Before the note. */
	row->told_s = 0;
	(void)close(main_end);
	(void)close(alerts.main);
	sentinel_begins();
	assert_string_equal(told_of(MESSENGER), "two"); /* of before */
	refuses(MESSENGER, 77, SEVERITY_WARNING, "two 550");
	assert_string_equal(told_of(MESSENGER), "two");
	assert_int_equal(asked(ACTOR), id); /* again, by the start */
	assert_int_equal(asked(ACTOR), 0);
	/* And behind it, when it was delivered. */
	done(ACTOR, id);
	assert_over(id);
	(void)close(main_end);
	(void)close(alerts.main);
	sentinel_begins();
	refuses(MESSENGER, 77, SEVERITY_WARNING, "two 550");
	assert_string_equal(told_of(MESSENGER), "two");
	assert_int_equal(asked(ACTOR), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(who_dies_of_the_log_line_has_left_the_alert_in_the_ledger),
		T(a_dead_letter_is_told_by_the_other_worker_once_an_hour),
		T(where_one_worker_has_another_channel_it_is_asked_too),
		T(the_only_channel_is_told_of_in_the_log_alone),
		T(whatever_a_worker_says_of_dead_letters_is_bounded),
		T(what_finds_no_room_is_not_answered),
		T(a_kill_between_the_alert_of_a_dead_letter_and_its_note_tells_it_once),
		T(an_alert_of_a_ladder_is_noted_as_being_told),
		T(one_entry_says_it_all),
		T(only_who_has_channels_is_asked),
		T(without_a_channel_nothing_is_in_the_ledger),
		T(an_alert_stays_until_it_is_delivered_or_spooled),
		T(what_is_over_or_of_no_alert_is_nobodys),
		T(who_was_not_asked_settles_nothing),
		T(who_has_no_room_or_ends_is_asked_again),
		T(what_a_deliverer_will_never_take_is_over_for_it),
		T(what_lacks_its_plugin_waits_for_it_in_the_spool),
		T(a_full_link_loses_nothing),
		T(a_worker_that_is_not_there_is_waited_for),
		T(a_worker_that_was_started_anew_is_asked_again),
		T(a_sentinel_that_begins_asks_for_all_that_is_open),
		T(after_a_reboot_they_are_asked_for_too),
		T(a_channel_that_leaves_takes_its_deliverer_along),
		T(who_says_nothing_for_30_s_hangs),
		T(who_says_nothing_of_what_is_delivered_hangs_too),
		T(our_own_absence_is_nobodys_hang),
		T(who_is_not_there_does_not_hang),
		T(a_spool_that_cannot_be_written_is_told_once_and_so_is_its_return),
		T(at_the_bound_the_less_severe_gives_way),
		T(at_the_bound_what_its_deliverers_have_gives_way_first),
		T(what_gave_way_takes_nothing_of_its_place_along),
		T(the_oom_kill_and_the_death_of_one_process_are_one_message),
		T(a_channel_of_the_second_rule_alone_gets_the_second),
		T(what_is_told_already_is_in_the_log_as_that),
		T(what_found_no_room_has_told_nobody),
		T(beyond_the_ring_both_are_sent),
		T(a_test_goes_to_one_deliverer_and_its_conversation_to_who_asked),
		T(a_test_that_cannot_be_is_answered_at_once),
		T(no_alert_gives_way_to_a_test),
		T(a_test_that_fails_has_no_end_or_loses_its_channel_is_over),
		T(a_slow_test_is_no_hang),
		T(tests_of_before_the_start_are_over),
		T(an_acknowledgement_is_passed_on_and_answered),
		T(what_a_ladder_tells_is_acknowledged_by_name),
		T(who_could_not_be_told_of_it_is_said),
	};

	return cmocka_run_group_tests_name("alert", tests, NULL, NULL);
}
