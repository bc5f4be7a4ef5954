#include "start/sentinel.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/diag.h"
#include "base/root.h"
#include "decide/step.h"
#include "do/restore.h"
#include "share/message.h"
#include "start/memory.h"

enum {
	SENTINEL_IDLE_MS = 1000,    /* at most one wake-up a second on a quiet host */
	SENTINEL_ACTION_MS = 100,   /* while an action waits for its proof */
	SENTINEL_WARM_BYTES = 8192, /* of each table for events and actions: a dozen rows */
	SENTINEL_QUESTIONS_MAX = 32, /* to the actor, of one look: fewer than its link holds */
	SENTINEL_LET_GO_MS = 1200,  /* for the last word to systemd: less than main waits before it ends the actor */
	SENTINEL_GOING_MS = 50,
	SENTINEL_ORDERS_MAX = 256,  /* of one look: a ladder that does not end is a bug, not a hang */
};

static struct sentinel sentinel;

static void sentinel_on_signal(void *arg, uint32_t events)
{
	struct sentinel *s = arg;

	(void)events;
	s->stop = true;
}

static const char *sentinel_unit_name(const struct sentinel *s, uint32_t unit)
{
	return unit == CONFIG_NONE ? "" : config_unit_at(s->config, unit)->name;
}

static struct alert sentinel_alert(const struct sentinel *s, const struct order *order, const char *text)
{
	const struct config_rule *rule = config_rule_at(s->config, order->rule);
	uint32_t about = config_instance_at(s->config, order->instance)->unit;

	return (struct alert){.severity = order->severity, .rule = rule->name,
			      .unit = sentinel_unit_name(s, order->unit != CONFIG_NONE ? order->unit : about),
			      .event = rule->is_event ? event_words[rule->event].name : "", .text = text};
}

/* The step, for the log: "stop xtts", "cap xtts 1G"; of `run` with its command. */
static void sentinel_add_step(const struct sentinel *s, const struct order *order, struct buffer *text)
{
	const struct config_rule *rule = config_rule_at(s->config, order->rule);
	const struct config_step *step = config_step_at(s->config, rule, order->step);
	const char *object = order->unit != CONFIG_NONE ? sentinel_unit_name(s, order->unit)
							: config_string(s->config, step->command);

	if (order->verb == VERB_SWAP)
		object = "on";
	buffer_addf(text, "%s%s%s", verb_words[order->verb].name, object[0] != '\0' ? " " : "", object);
	step_format_bytes(step, text);
}

/* What is stopped as nobody uses it is no trouble. */
static bool sentinel_is_housekeeping(const struct sentinel *s, uint32_t instance)
{
	const struct config_rule *rule = config_rule_at(s->config, config_instance_at(s->config, instance)->rule);

	return rule->is_event && rule->event == EVENT_IDLE;
}

static enum outcome sentinel_step(struct sentinel *s, const struct order *order, mono_ms now)
{
	struct alert note;
	char why[TEXT_BYTES], text[TEXT_BYTES];
	enum outcome outcome;
	struct buffer b;

	BUFFER_OVER(&b, text);
	note = sentinel_alert(s, order, text);
	note.severity = sentinel_is_housekeeping(s, order->instance) ? SEVERITY_INFO : SEVERITY_WARNING;
	if (s->dry_run) {
		buffer_add(&b, "dry run: would ");
		sentinel_add_step(s, order, &b);
		buffer_addf(&b, ": %s", order->text);
		alert_note(&s->alerts, &note);
		return OUTCOME_DONE;
	}
	outcome = action_begin(&s->actions, order, now, why);
	sentinel_add_step(s, order, &b);
	if (outcome == OUTCOME_SKIPPED)
		buffer_addf(&b, " skipped: %s", why);
	else if (outcome == OUTCOME_BEGUN)
		buffer_addf(&b, ": %s", order->text);
	if (outcome != OUTCOME_BUSY)
		alert_note(&s->alerts, &note);
	return outcome;
}

/* Nobody answers it: what was not begun is asked again. */
static void sentinel_restore(struct sentinel *s, const struct order *order, mono_ms now)
{
	const char *verb = order->verb == VERB_SWAP ? "switch off" : verb_words[order->verb].name, *what;
	const char *again = restore_again(order->verb);
	struct alert note;
	char why[TEXT_BYTES], text[TEXT_BYTES];
	enum outcome outcome = OUTCOME_BEGUN;
	struct buffer b;

	BUFFER_OVER(&b, text);
	note = sentinel_alert(s, order, text);
	note.severity = SEVERITY_INFO;
	what = order->verb == VERB_SWAP ? LEDGER_SWAP_MARK : note.unit;
	if (!s->dry_run)
		outcome = restore_begin(&s->actions, order, now, why);
	if (outcome == OUTCOME_SKIPPED)
		buffer_addf(&b, "%s %s%s skipped: %s", verb, what, again, why);
	else
		buffer_addf(&b, "%s%s %s%s: %s", s->dry_run ? "dry run: would " : "", verb, what, again, order->text);
	if (outcome != OUTCOME_BUSY)
		alert_note(&s->alerts, &note);
}

static void sentinel_tell(struct sentinel *s, const struct order *order, struct alert *alert, mono_ms now)
{
	alert->of_ladder = true;
	decide_tell_begin(&s->decide, order, now);
	decide_sent(&s->decide, order, alert_send(&s->alerts, alert), now);
}

static void sentinel_carry_out(struct sentinel *s, const struct order *order, mono_ms now)
{
	static const enum ledger_told told[] = {[ORDER_STEP] = TOLD_RESULT, [ORDER_ALERT] = TOLD_ALERT,
						[ORDER_CLEAR] = TOLD_CLEAR, [ORDER_REPLY] = TOLD_REPLY,
						[ORDER_TELL] = TOLD_ALERT,  [ORDER_REPEAT] = TOLD_REPEAT,
						[ORDER_RESTORE] = TOLD_CLEAR, [ORDER_EFFECT] = TOLD_ALERT};
	struct alert alert = sentinel_alert(s, order, order->text);

	alert.title = order->title;
	alert.told = told[order->kind];
	alert.thread = order->thread;
	alert.pid = order->pid;
	alert.at = now;
	if (order->kind == ORDER_STEP)
		decide_answer(&s->decide, order, sentinel_step(s, order, now), now);
	else if (order->kind == ORDER_RESTORE)
		sentinel_restore(s, order, now);
	else if (order->kind == ORDER_TELL || order->kind == ORDER_EFFECT)
		alert_note(&s->alerts, &alert);
	else
		sentinel_tell(s, order, &alert, now);
}

static void sentinel_tell_hung(enum message_worker worker)
{
	struct message message;

	message_make(&message, MESSAGE_WORKER_HUNG, worker, 0, "");
	(void)message_send(MESSAGE_FD_MAIN, &message, -1);
}

/* What became of a step, to whoever was told why it was taken: once in each thread. That something was given back
 * is for the log: the all-clear says what is not. */
static void sentinel_tell_result(struct sentinel *s, const struct action_result *result, mono_ms now)
{
	uint64_t told[ACTION_JOIN_MAX] = {0};

	bool told_not = result->verb == VERB_THAW || result->verb == VERB_UNCAP;

	for (uint32_t i = 0; i < result->instances && !told_not; i++) {
		const struct config_instance *instance = config_instance_at(s->config, result->instance[i]);
		const struct config_rule *rule = config_rule_at(s->config, instance->rule);
		struct alert alert = {.rule = rule->name, .title = result->title, .text = result->text, .told = TOLD_RESULT,
				      .unit = sentinel_unit_name(s, result->unit != CONFIG_NONE ? result->unit : instance->unit),
				      .event = rule->is_event ? event_words[rule->event].name : ""};
		bool again = false;

		alert.thread = told[i] = decide_thread(&s->decide, result->instance[i], &alert.severity, now);
		for (uint32_t k = 0; k < i; k++)
			again = again || told[k] == told[i];
		if (alert.thread != 0 && !again)
			(void)alert_hand_on(&s->alerts, &alert);
	}
}

/* What was shed is back: the end of the thread in which that was told. */
static void sentinel_tell_given(struct sentinel *s, const struct action_result *result, mono_ms now)
{
	bool done = result->outcome == OUTCOME_DONE;
	const struct alert alert = {.rule = result->rule, .unit = sentinel_unit_name(s, result->unit), .event = "",
				    .title = result->title, .text = result->text, .severity = result->severity,
				    .thread = result->thread, .told = done ? TOLD_CLEAR : TOLD_RESULT};

	if (alert.thread != 0)
		(void)alert_hand_on(&s->alerts, &alert);
	decide_restored(&s->decide, done, now);
}

/* Done, it is as severe as why it was done: where all who asked for it did so because nobody uses the unit. */
static enum severity sentinel_result_severity(const struct sentinel *s, const struct action_result *result)
{
	bool housekeeping = result->instances > 0;

	for (uint32_t i = 0; i < result->instances; i++)
		housekeeping = housekeeping && sentinel_is_housekeeping(s, result->instance[i]);
	if (!housekeeping)
		return result->severity;
	return result->outcome == OUTCOME_FAILED ? SEVERITY_WARNING : SEVERITY_INFO;
}

static void sentinel_count_step(struct state *state, const struct action_result *result)
{
	if (result->gives_back && result->verb == VERB_SWAP)
		return; /* the step is `swap on` */
	if (result->outcome == OUTCOME_DONE)
		state->done[result->verb]++;
	else
		state->not_done[result->verb]++;
}

static void sentinel_finish_actions(struct sentinel *s, mono_ms now)
{
	struct action_result result;

	s->actions.room_bytes = decide_room_bytes(&s->decide);
	actions_look(&s->actions, now);
	while (actions_next(&s->actions, &result, now)) {
		struct alert note = {.severity = sentinel_result_severity(s, &result), .rule = result.rule,
				     .unit = sentinel_unit_name(s, result.unit), .event = "", .text = result.text};

		if (result.gives_back) {
			note.severity = result.outcome == OUTCOME_DONE ? SEVERITY_INFO : SEVERITY_WARNING;
			sentinel_tell_given(s, &result, now);
		} else {
			sentinel_tell_result(s, &result, now);
		}
		alert_note(&s->alerts, &note);
		sentinel_count_step(s->state, &result);
		for (uint32_t i = 0; i < result.instances; i++)
			decide_outcome(&s->decide, result.instance[i], result.unit, result.outcome, now);
	}
	if (s->actions.actor_hung)
		sentinel_tell_hung(MESSAGE_OF_ACTOR);
	s->actions.actor_hung = false;
}

/* How systemd has the units of which that must be known now. One that cannot be sent gets no answer in time. */
static void sentinel_ask_questions(struct sentinel *s)
{
	uint64_t id;

	enum handed_who who;

	for (int i = 0; i < SENTINEL_QUESTIONS_MAX && see_next_question(s->see, &id); i++)
		(void)worker_look(&s->actor, id);
	if (see_next_reader_question(s->see, &id))
		(void)worker_read(&s->scribe, id);
	if (see_reader_hangs(s->see))
		sentinel_tell_hung(MESSAGE_OF_SCRIBE);
	while (handed_next_hung(&s->alerts.handed, &who))
		sentinel_tell_hung(who == HANDED_ACTOR	     ? MESSAGE_OF_ACTOR
				   : who == HANDED_MESSENGER ? MESSAGE_OF_MESSENGER
							     : MESSAGE_OF_SCRIBE);
}

/* source -> reading/event -> rule -> step -> action, alert. */
static void sentinel_look(struct sentinel *s)
{
	mono_ms now = clock_mono();
	struct order order;

	state_write_begin(s->state);
	see_look(s->see, now);
	sentinel_ask_questions(s);
	for (uint32_t i = 0; i < s->events.count; i++)
		decide_event(&s->decide, &s->events.event[i], now);
	event_clear(&s->events);
	sentinel_finish_actions(s, now);
	actions_check_marks(&s->actions, now);
	alerts_look(&s->alerts, now);
	cost_look(&s->cost, s->state, now);
	s->decide.wall = clock_wall();
	decide_look(&s->decide, now);
	for (int i = 0; i < SENTINEL_ORDERS_MAX && decide_next(&s->decide, &order, now); i++)
		sentinel_carry_out(s, &order, now);
	see_hold_events(s->see, decide_keeps_events(&s->decide));
	sentinel_keep_lasting(s);
	s->state->tick = now;
	s->state->looks++;
	state_write_end(s->state);
}

static uint32_t sentinel_wait_ms(const struct sentinel *s, mono_ms now)
{
	uint32_t wait = SENTINEL_IDLE_MS, see = see_next_ms(s->see, now), decide = decide_next_ms(&s->decide, now);

	wait = see < wait ? see : wait;
	wait = decide < wait ? decide : wait;
	if (actions_open(&s->actions) && wait > SENTINEL_ACTION_MS)
		wait = SENTINEL_ACTION_MS;
	return wait > 0 ? wait : 1;
}

static int sentinel_signals(struct sentinel *s)
{
	sigset_t set;
	int fd;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)signal(SIGINT, SIG_IGN);  /* a terminal's ^C goes to main, which tells us */
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : loop_add(&s->loop, fd, EPOLLIN, sentinel_on_signal, s);
}

static int sentinel_map(struct sentinel *s)
{
	bool fresh;
	char boot_id[37];

	s->config = config_map(MESSAGE_FD_CONFIG);
	s->state = state_create(MESSAGE_FD_STATE);
	if (s->config == NULL || s->state == NULL)
		return -errno;
	root_boot_id(boot_id);
	s->ledger = ledger_open(MESSAGE_FD_LEDGER, boot_id, &fresh);
	if (s->ledger == NULL)
		return -errno;
	memcpy(s->state->boot_id, boot_id, sizeof(boot_id));
	s->state->sentinel_pid = getpid();
	s->state->dry_run = s->dry_run;
	s->state->started = clock_mono();
	return 0;
}

/* Everything once, so that each page it needs is there before memory is locked. */
static int sentinel_start(struct sentinel *s)
{
	mono_ms now = clock_mono();
	int error = sentinel_map(s);

	if (error < 0)
		return error;
	error = loop_init(&s->loop);
	if (error == 0)
		error = sentinel_signals(s);
	if (error == 0)
		error = sentinel_open_links(s);
	if (error < 0)
		return error;
	sentinel_describe(s);
	s->see = see_open(&(struct see_with){.loop = &s->loop, .state = s->state, .ledger = s->ledger,
					     .events = &s->events, .config = s->config});
	s->alerts.config = s->config;
	s->alerts.state = s->state;
	s->alerts.ledger = s->ledger;
	s->alerts.main = MESSAGE_FD_MAIN;
	s->alerts.handed.ledger = s->ledger;
	s->alerts.handed.worker[HANDED_ACTOR] = &s->actor;
	s->alerts.handed.worker[HANDED_MESSENGER] = &s->messenger;
	s->alerts.handed.worker[HANDED_SCRIBE] = &s->scribe;
	s->actions.config = s->config;
	s->actions.see = s->see;
	s->actions.state = s->state;
	s->actions.ledger = s->ledger;
	s->actions.actor = &s->actor;
	s->decide.config = s->config;
	s->decide.state = s->state;
	s->decide.ledger = s->ledger;
	s->decide.dry_run = s->dry_run;
	decide_init(&s->decide, now);
	see_look(s->see, now);
	actions_init(&s->actions, now);
	alerts_begin(&s->alerts);
	return 0;
}

/* What nothing has used yet, but the first incident will: a page less to ask for while there are none. */
static void sentinel_warm(struct sentinel *s)
{
	memory_fill(&s->events, SENTINEL_WARM_BYTES);
	memory_fill(s->decide.event, SENTINEL_WARM_BYTES);
	memory_fill(s->actions.action, SENTINEL_WARM_BYTES);
	memory_fill(s->decide.effect, sizeof(s->decide.effect));
}

/* What is frozen is thawed, what is capped is uncapped: the kernel shows that at once; who must tell systemd, which main
 * ends after us for that, gets a moment. */
static void sentinel_let_go_of_all(struct sentinel *s)
{
	mono_ms now = clock_mono(), until = now + SENTINEL_LET_GO_MS;

	bool open;

	state_write_begin(s->state);
	actions_thaw_all(&s->actions);
	for (uint32_t i = 0; i < s->config->units.count; i++)
		actions_let_go(&s->actions, i, now);
	open = actions_end(&s->actions, now);
	state_write_end(s->state);
	while (open && now < until && s->actor.fd >= 0) {
		sentinel_hear_actor(s, SENTINEL_GOING_MS);
		now = clock_mono();
		state_write_begin(s->state);
		open = actions_end(&s->actions, now);
		state_write_end(s->state);
	}
}

int sentinel_run(bool dry_run)
{
	struct sentinel *s = &sentinel;
	int error;

	sentinel_take_links(s);
	s->dry_run = dry_run;
	cost_open(&s->cost);
	vitals_open(&s->vitals);
	error = sentinel_start(s);
	if (error < 0) {
		diag_critical("the sentinel cannot start: %s", diag_errno(error));
		return 1;
	}
	memory_trim();
	sentinel_warm(s);
	sentinel_look(s);
	sentinel_tell_taken(s, "");
	memory_lock("the sentinel");
	while (!s->stop) {
		vitals_tell(&s->vitals, s->state, clock_mono());
		cost_count_wake(&s->cost, loop_wait(&s->loop, (int)sentinel_wait_ms(s, clock_mono())));
		/* Told to stop: what the actor refuses as it ends too is the next sentinel's to ask. */
		if (!s->stop)
			sentinel_look(s);
	}
	sentinel_let_go_of_all(s);
	return 0;
}
