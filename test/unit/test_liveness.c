#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "live.h"
#include "words/verb.h"

static void busy(enum live_unit unit, int verb)
{
	live_row(unit)->busy = (uint8_t)(1 + verb);
}

/* A unit that ends as a whole, as systemd tells it. */
static void unit_ends(enum live_unit unit, uint32_t bits)
{
	live_die(unit);
	live_status(unit, STATE_UNIT_INACTIVE);
	live.answer[unit] = bits;
	live_says(unit, MESSAGE_UNIT, bits, "inactive (dead)");
}

static void unit_starts(enum live_unit unit)
{
	live_status(unit, STATE_UNIT_RUNNING);
	live_live(unit);
	live.answer[unit] = UNIT_ACTIVE;
	live_says(unit, MESSAGE_UNIT, UNIT_ACTIVE, "active (running)");
}

/* --- dead after grace ---------------------------------------------------------------------------- */

static void a_process_that_is_missing_for_grace_is_dead_while_its_parent_lives(void **state)
{
	(void)state;
	live_assert_alive(LIVE_BOT, STATE_ALIVE);
	live_die(LIVE_BOT);
	live_looks(19900);
	live_assert_no_event();
	live_assert_alive(LIVE_BOT, STATE_MISSING);
	assert_int_equal(live_row(LIVE_BOT)->missing_since, live.now - 19900);
	live_look(100);
	assert_string_equal(live_assert_event(LIVE_BOT, EVENT_DEAD, false,
					      "no claude for 20 s (grace 20 s); the last one ended 20 s ago: exited "
					      "with status 1")->title,
			    "no claude for 20 s");
	live_assert_alive(LIVE_BOT, STATE_DEAD);
	live_looks(60000);
	live_assert_no_event(); /* once */
}

static void grace_begins_anew_with_each_death(void **state)
{
	(void)state;
	live_die(LIVE_BOT);
	live_looks(15000);
	live_live(LIVE_BOT);
	live_looks(500);
	live_assert_no_event();
	live_assert_alive(LIVE_BOT, STATE_ALIVE);
	live_die(LIVE_BOT);
	live_looks(19900);
	live_assert_no_event();
	live_look(100);
	live_assert_event(LIVE_BOT, EVENT_DEAD, false, "no claude");
}

static void a_death_between_two_looks_begins_grace_anew(void **state)
{
	(void)state;
	live_die(LIVE_BOT);
	live_looks(15000);
	live_die(LIVE_BOT); /* one was there, and ended, and no look saw it */
	live_looks(19900);
	live_assert_no_event();
	live_look(100);
	live_assert_event(LIVE_BOT, EVENT_DEAD, false, "");
}

static void grace_is_counted_from_the_start_of_the_unit(void **state)
{
	(void)state;
	unit_ends(LIVE_BOT, UNIT_AT_IT);
	live_looks(15000);
	live_status(LIVE_BOT, STATE_UNIT_RUNNING); /* its parent is there, claude not yet */
	live_says(LIVE_BOT, MESSAGE_UNIT, live.answer[LIVE_BOT] = UNIT_ACTIVE, "");
	live_looks(19900);
	live_assert_no_event();
	live_look(100);
	live_assert_event(LIVE_BOT, EVENT_DEAD, false, "no claude for 20 s");
}

static void grace_is_counted_from_the_start_of_watchdogd(void **state)
{
	(void)state;
	live_status(LIVE_BOT, STATE_UNIT_RUNNING);
	live.answer[LIVE_BOT] = UNIT_ACTIVE;
	live_looks(20000);
	live_assert_no_event();
	live_assert_alive(LIVE_BOT, STATE_MISSING);
	live_look(100);
	live_assert_event(LIVE_BOT, EVENT_DEAD, false, "no claude for 20 s (grace 20 s); systemd says: as answered");
}

static void dead_ends_when_a_process_is_there_again(void **state)
{
	(void)state;
	live_die(LIVE_BOT);
	live_looks(20000);
	live_assert_alive(LIVE_BOT, STATE_DEAD);
	live_live(LIVE_BOT);
	live_look(100);
	live_assert_event(LIVE_BOT, EVENT_DEAD, true, "claude (pid 21285) lives");
	live_assert_alive(LIVE_BOT, STATE_ALIVE);
	assert_int_equal(live_row(LIVE_BOT)->missing_since, 0);
}

static void dead_ends_when_the_unit_is_stopped_on_purpose(void **state)
{
	(void)state;
	live_die(LIVE_BOT);
	live_looks(20000);
	unit_ends(LIVE_BOT, UNIT_STOP_JOB);
	live_look(100);
	live_assert_event(LIVE_BOT, EVENT_DEAD, true, "stopped on purpose");
	live_assert_alive(LIVE_BOT, STATE_STOPPED);
}

static void without_process_an_empty_cgroup_is_dead_and_a_populated_one_is_not(void **state)
{
	(void)state;
	live_die(LIVE_TTS); /* its root; others run on */
	live_looks(30000);
	live_assert_no_event();
	live_assert_alive(LIVE_TTS, STATE_ALIVE);
	unit_ends(LIVE_TTS, 0); /* without a job, by exit 0: a death all the same */
	live_looks(19900);
	live_assert_no_event();
	live_look(100);
	live_assert_event(LIVE_TTS, EVENT_DEAD, false, "no process of it for 20 s (grace 20 s)");
}

static void what_a_unit_leaves_behind_is_not_what_must_be_alive(void **state)
{
	(void)state;
	live.answer[LIVE_TTS] = 0;
	live_says(LIVE_TTS, MESSAGE_UNIT, 0, "inactive (dead)"); /* KillMode=process */
	live_looks(20000);
	live_look(100);
	live_assert_alive(LIVE_TTS, STATE_DEAD);
}

static void a_unit_whose_cgroup_cannot_be_seen_lives_as_systemd_says(void **state)
{
	struct message message;

	(void)state;
	message_make(&message, MESSAGE_UNIT, live.see->livenesses.id[LIVE_TTS], UNIT_ACTIVE, "active");
	message.pid = 700;
	see_report(live.see, &message, live.now);
	live_look(0);
	live_look(100);
	live_assert_alive(LIVE_TTS, STATE_ALIVE);
	live_says(LIVE_TTS, MESSAGE_UNIT, 0, "inactive");
	live_looks(1000);
	assert_true(live_row(LIVE_TTS)->alive != STATE_ALIVE);
}

static void units_that_systemd_does_not_know_need_none_of_its_words(void **state)
{
	(void)state;
	live_die(LIVE_BOX);
	live_status(LIVE_APP, STATE_UNIT_INACTIVE);
	live_looks(19900);
	live_assert_no_event();
	assert_int_equal(live.asked, 0);
	live_status(LIVE_APP, STATE_UNIT_RUNNING);
	live_look(100);
	live_assert_event(LIVE_BOX, EVENT_DEAD, false, "no worker for 20 s");
	assert_int_equal(live.asked, 0);
}

/* --- systemd is at it ---------------------------------------------------------------------------- */

static void while_systemd_is_at_it_nothing_is_dead(void **state)
{
	(void)state;
	live_die(LIVE_BOT);
	live.answer[LIVE_BOT] = UNIT_AT_IT; /* found by the question: it had not told */
	live_looks(60000);
	live_assert_no_event();
	live_assert_alive(LIVE_BOT, STATE_MISSING);
	assert_true(live_row(LIVE_BOT)->systemd_at_it);
	assert_in_range(live.asked, 5, 10); /* at the end of grace, then now and then */
	live_says(LIVE_BOT, MESSAGE_UNIT, live.answer[LIVE_BOT] = UNIT_ACTIVE, "active");
	live_look(100);
	live_assert_event(LIVE_BOT, EVENT_DEAD, false, "no claude");
	assert_false(live_row(LIVE_BOT)->systemd_at_it);
}

static void systemd_is_asked_a_moment_before_grace_is_over(void **state)
{
	(void)state;
	live_die(LIVE_BOT);
	live_looks(19700);
	assert_int_equal(live.asked, 0);
	live.answer[LIVE_BOT] = UINT32_MAX;
	live_look(100);
	assert_int_equal(live.asked, 1);
	live_look(200);
	live_assert_no_event(); /* its word is waited for */
	assert_int_equal(live.asked, 0);
	live_says(LIVE_BOT, MESSAGE_UNIT, UNIT_ACTIVE, "unasked");
	live_look(100);
	live_assert_no_event(); /* that may be older than the question */
	live_says(LIVE_BOT, MESSAGE_UNIT, UNIT_ACTIVE | UNIT_LOOKED, "active (running)");
	live_look(1);
	live_assert_event(LIVE_BOT, EVENT_DEAD, false, "systemd says: active (running)");
}

static void an_answer_before_the_end_of_grace_is_enough(void **state)
{
	(void)state;
	live_die(LIVE_BOT);
	live_looks(19900);
	live_assert_no_event();
	live_look(100);
	live_assert_event(LIVE_BOT, EVENT_DEAD, false, "no claude for 20 s (grace 20 s)");
}

static void where_systemd_does_not_answer_it_is_decided_without_it_and_said(void **state)
{
	(void)state;
	live_die(LIVE_BOT);
	live.answer[LIVE_BOT] = UINT32_MAX;
	live_looks(21700);
	live_assert_no_event();
	live_look(100);
	live_assert_event(LIVE_BOT, EVENT_DEAD, false, "systemd could not be asked: no answer in 2 s");
}

static void where_systemd_cannot_be_asked_it_is_decided_without_it_at_once(void **state)
{
	(void)state;
	live_die(LIVE_BOT);
	live.answer[LIVE_BOT] = UNIT_NO_ANSWER;
	live_looks(19900);
	live_look(100);
	live_assert_event(LIVE_BOT, EVENT_DEAD, false, "systemd could not be asked");
}

static void a_failed_unit_with_nothing_pending_is_dead_at_once(void **state)
{
	(void)state;
	unit_ends(LIVE_BOT, UNIT_FAILED);
	live_look(100);
	assert_string_equal(live_assert_event(LIVE_BOT, EVENT_DEAD, false,
					      "systemd says that it has failed, and nothing is pending")->title,
			    "it has failed, and systemd does nothing about it");
}

static void a_failed_unit_that_systemd_starts_again_is_not_dead(void **state)
{
	(void)state;
	unit_ends(LIVE_BOT, UNIT_FAILED | UNIT_AT_IT);
	live_looks(60000);
	live_assert_no_event();
	unit_ends(LIVE_TTS, UNIT_FAILED);
	live.answer[LIVE_TTS] = UNIT_AT_IT; /* it was on its way: the answer says so */
	live_looks(10000);
	live_assert_no_event();
}

static void a_failed_unit_is_dead_though_some_of_it_is_left(void **state)
{
	(void)state;
	live_says(LIVE_TTS, MESSAGE_UNIT, live.answer[LIVE_TTS] = UNIT_FAILED, "failed (failed)");
	live_look(100);
	live_assert_event(LIVE_TTS, EVENT_DEAD, false, "failed");
	unit_starts(LIVE_TTS);
	live_look(100);
	live_assert_event(LIVE_TTS, EVENT_DEAD, true, "lives");
}

/* --- our own actions ----------------------------------------------------------------------------- */

static void an_action_of_ours_is_not_disturbed(void **state)
{
	(void)state;
	busy(LIVE_BOT, VERB_RESTART);
	unit_ends(LIVE_BOT, UNIT_STOP_JOB); /* of our restart: it waits for room */
	live_looks(60000);
	live_assert_no_event();
	live_assert_alive(LIVE_BOT, STATE_MISSING);
	live_row(LIVE_BOT)->busy = 0; /* given up: its stop was none on purpose */
	live_look(100);
	live_assert_event(LIVE_BOT, EVENT_DEAD, false, "no claude");
}

static void the_stop_of_a_restart_that_is_owed_is_none_on_purpose(void **state)
{
	(void)state;
	ledger_unit(live.with.ledger, "bot")->flags |= LEDGER_UNIT_OWED;
	unit_ends(LIVE_BOT, UNIT_STOP_JOB);
	live_looks(20000);
	live_assert_alive(LIVE_BOT, STATE_DEAD);
}

static void what_a_stop_step_stopped_is_stopped_on_purpose(void **state)
{
	(void)state;
	live_row(LIVE_BOX)->mark = STATE_MARK_STOPPED;
	live_die(LIVE_BOX);
	live_status(LIVE_BOX, STATE_UNIT_INACTIVE);
	live_looks(60000);
	live_assert_no_event();
	live_assert_alive(LIVE_BOX, STATE_STOPPED);
	live_row(LIVE_BOX)->mark = STATE_MARK_NONE; /* the mark is ended; nobody has started it */
	live_looks(60000);
	live_assert_no_event();
	live_assert_alive(LIVE_BOX, STATE_STOPPED);
	live_status(LIVE_BOX, STATE_UNIT_RUNNING);
	live_live(LIVE_BOX);
	live_look(100);
	live_assert_alive(LIVE_BOX, STATE_ALIVE);
	live_die(LIVE_BOX);
	live_looks(20000);
	live_assert_alive(LIVE_BOX, STATE_DEAD);
}

/* As a stop of ours leaves it. */
static void shed_bot(void)
{
	assert_non_null(ledger_mark(live.with.ledger, "bot", STATE_MARK_STOPPED, "critical"));
	live_row(LIVE_BOT)->mark = STATE_MARK_STOPPED;
	unit_ends(LIVE_BOT, UNIT_STOP_JOB);
	live_looks(1000);
	live_assert_alive(LIVE_BOT, STATE_STOPPED);
}

static void a_persons_stop_of_what_we_stopped_ends_our_mark(void **state)
{
	(void)state;
	shed_bot();
	ledger_unit(live.with.ledger, "bot")->flags |= LEDGER_UNIT_OWED;
	live_says(LIVE_BOT, MESSAGE_UNIT, UNIT_STOP_JOB | UNIT_STOP_DOWN, "inactive (dead)");
	assert_null(ledger_mark_find(live.with.ledger, "bot"));
	assert_int_equal(ledger_unit(live.with.ledger, "bot")->flags & LEDGER_UNIT_OWED, 0);
	live_looks(60000);
	live_assert_no_event();
	live_assert_alive(LIVE_BOT, STATE_STOPPED);
}

static void the_stop_that_we_owe_systemd_is_no_persons(void **state)
{
	struct ledger_entry *entry = ledger_add(live.with.ledger, LEDGER_STEP);

	(void)state;
	strcpy(entry->unit, "bot");
	ledger_commit(entry);
	shed_bot();
	live_says(LIVE_BOT, MESSAGE_UNIT, UNIT_STOP_JOB | UNIT_STOP_DOWN, "inactive (dead)");
	assert_non_null(ledger_mark_find(live.with.ledger, "bot"));
	live_says(LIVE_BOT, MESSAGE_UNIT, UNIT_STOP_JOB, "inactive (dead)");
	ledger_free(entry); /* its answer comes first */
	live_look(100);
	live_says(LIVE_BOT, MESSAGE_UNIT, UNIT_STOP_JOB | UNIT_STOP_DOWN, "inactive (dead)");
	assert_non_null(ledger_mark_find(live.with.ledger, "bot"));
	live_says(LIVE_BOT, MESSAGE_UNIT, UNIT_STOP_JOB, "inactive (dead)");
	live_looks(3000);
	live_says(LIVE_BOT, MESSAGE_UNIT, UNIT_STOP_JOB | UNIT_STOP_DOWN, "inactive (dead)");
	assert_null(ledger_mark_find(live.with.ledger, "bot"));
}

/* --- stopped on purpose -------------------------------------------------------------------------- */

static void a_stop_job_is_on_purpose_until_the_next_start(void **state)
{
	(void)state;
	live_says(LIVE_BOT, MESSAGE_UNIT, UNIT_ACTIVE | UNIT_AT_IT | UNIT_STOP_JOB, "");
	live_look(10);
	live_assert_alive(LIVE_BOT, STATE_ALIVE); /* still */
	unit_ends(LIVE_BOT, UNIT_STOP_JOB);
	live_looks(60000);
	live_assert_no_event();
	live_assert_alive(LIVE_BOT, STATE_STOPPED);
	assert_true(ledger_unit(live.with.ledger, "bot")->flags & LEDGER_UNIT_PURPOSE);
	unit_starts(LIVE_BOT);
	live_look(100);
	live_assert_no_event(); /* it was never dead */
	live_assert_alive(LIVE_BOT, STATE_ALIVE);
	assert_false(ledger_unit(live.with.ledger, "bot")->flags & LEDGER_UNIT_PURPOSE);
	unit_ends(LIVE_BOT, 0); /* exits 0 by itself */
	live_looks(20000);
	live_assert_alive(LIVE_BOT, STATE_DEAD);
}

static void a_stop_that_ends_as_failed_was_on_purpose(void **state)
{
	(void)state;
	unit_ends(LIVE_BOT, UNIT_FAILED | UNIT_STOP_JOB);
	live_says(LIVE_TTS, MESSAGE_UNIT, live.answer[LIVE_TTS] = UNIT_FAILED | UNIT_STOP_JOB, "");
	live_looks(30000);
	live_assert_no_event();
	live_assert_alive(LIVE_BOT, STATE_STOPPED);
	live_assert_alive(LIVE_TTS, STATE_STOPPED); /* with a process left behind */
}

static void a_stop_that_was_called_off_is_none(void **state)
{
	(void)state;
	live_says(LIVE_BOT, MESSAGE_UNIT, UNIT_ACTIVE | UNIT_AT_IT | UNIT_STOP_JOB, "");
	live_says(LIVE_BOT, MESSAGE_UNIT, UNIT_ACTIVE, "");
	live_die(LIVE_BOT);
	live_looks(20000);
	live_assert_alive(LIVE_BOT, STATE_DEAD);
}

static void what_a_stop_runs_in_the_unit_is_no_start(void **state)
{
	(void)state;
	live_says(LIVE_BOT, MESSAGE_UNIT, UNIT_AT_IT | UNIT_STOP_JOB, "deactivating");
	live_die(LIVE_BOT);
	live_status(LIVE_BOT, STATE_UNIT_INACTIVE);
	live_look(100);
	live_status(LIVE_BOT, STATE_UNIT_RUNNING); /* ExecStopPost=claude --say-goodbye */
	live_live(LIVE_BOT);
	live_look(100);
	unit_ends(LIVE_BOT, UNIT_STOP_JOB);
	live_looks(30000);
	live_assert_no_event();
	live_assert_alive(LIVE_BOT, STATE_STOPPED);
}

static void a_start_whose_child_never_comes_is_dead_a_grace_later(void **state)
{
	(void)state;
	unit_ends(LIVE_BOT, UNIT_STOP_JOB);
	live_looks(60000);
	live_says(LIVE_BOT, MESSAGE_UNIT, live.answer[LIVE_BOT] = UNIT_ACTIVE, "");
	live_looks(100);
	live_assert_alive(LIVE_BOT, STATE_MISSING);
	live_looks(19800);
	live_assert_no_event();
	live_looks(200);
	live_assert_event(LIVE_BOT, EVENT_DEAD, false, "");
}

static void an_actor_that_forgot_the_stop_job_does_not_end_the_purpose(void **state)
{
	(void)state;
	unit_ends(LIVE_BOT, UNIT_STOP_JOB);
	live_look(100);
	live_says(LIVE_BOT, MESSAGE_UNIT, 0, "inactive (dead)"); /* a new actor */
	live_looks(60000);
	live_assert_no_event();
	live_assert_alive(LIVE_BOT, STATE_STOPPED);
}

/* --- first seen ---------------------------------------------------------------------------------- */

static void what_is_inactive_and_not_failed_when_first_seen_is_stopped_on_purpose(void **state)
{
	(void)state;
	live.answer[LIVE_TTS] = UNIT_NONE_SUCH;
	live_looks(60000);
	live_assert_no_event();
	for (enum live_unit unit = 0; unit < LIVE_UNITS; unit++)
		live_assert_alive(unit, STATE_STOPPED);
	unit_starts(LIVE_BOT);
	live_look(100);
	unit_ends(LIVE_BOT, 0);
	live_looks(20000);
	live_assert_event(LIVE_BOT, EVENT_DEAD, false, "");
}

static void what_is_failed_when_first_seen_is_dead_at_once(void **state)
{
	(void)state;
	live.answer[LIVE_BOT] = UNIT_FAILED;
	live_looks(300);
	live_assert_event(LIVE_BOT, EVENT_DEAD, false, "failed");
	assert_false(live_assert_event(LIVE_BOT, EVENT_DEAD, false, "")->before_start); /* steps are taken */
}

static void what_ran_on_this_boot_and_is_inactive_when_first_seen_is_a_warning(void **state)
{
	(void)state;
	ledger_unit(live.with.ledger, "bot")->flags = LEDGER_UNIT_RAN;
	live_looks(300);
	assert_true(live_assert_event(LIVE_BOT, EVENT_DEATH, false, "it ran when watchdogd saw it last")->before_start);
	live_assert_alive(LIVE_BOT, STATE_STOPPED);
	live_restart();
	live_looks(300);
	live_assert_no_event(); /* said once */
	live_assert_alive(LIVE_BOT, STATE_STOPPED);
}

static void a_restart_of_the_sentinel_forgets_neither_the_dead_nor_the_stopped(void **state)
{
	(void)state;
	unit_ends(LIVE_BOT, 0);
	live_die(LIVE_BOX);
	live_status(LIVE_BOX, STATE_UNIT_INACTIVE);
	live_looks(10000); /* missing, not dead yet */
	unit_ends(LIVE_TTS, UNIT_STOP_JOB);
	live_look(100);
	live_restart();
	live.answer[LIVE_TTS] = 0; /* the actor was killed as well */
	live_looks(20200);
	live_assert_alive(LIVE_BOT, STATE_DEAD);
	live_assert_alive(LIVE_BOX, STATE_DEAD);
	live_assert_alive(LIVE_TTS, STATE_STOPPED);
}

static void a_state_that_ended_while_the_sentinel_was_away_is_ended_by_the_next(void **state)
{
	(void)state;
	live_die(LIVE_BOT);
	live_looks(20000);
	live_live(LIVE_BOT);
	live_restart();
	live_look(100);
	live_assert_event(LIVE_BOT, EVENT_DEAD, true, "lives");
	live_look(100);
	live_assert_no_event();
}

static void a_unit_that_was_started_while_the_sentinel_was_away_is_stopped_no_more(void **state)
{
	(void)state;
	unit_ends(LIVE_BOT, UNIT_STOP_JOB);
	live_look(100);
	live_status(LIVE_BOT, STATE_UNIT_RUNNING); /* the parent; its child is missing */
	live_restart();
	live.answer[LIVE_BOT] = UNIT_ACTIVE;
	live_looks(20200);
	live_assert_alive(LIVE_BOT, STATE_DEAD);
}

/* --- the alive command --------------------------------------------------------------------------- */

static void an_alive_command_that_fails_three_times_in_a_row_makes_it_dead(void **state)
{
	(void)state;
	live_says(LIVE_BOT, MESSAGE_ALIVE, (uint32_t)-5, "exited with status 1");
	live_says(LIVE_BOT, MESSAGE_ALIVE, (uint32_t)-5, "exited with status 1");
	live_says(LIVE_BOT, MESSAGE_ALIVE, 0, "");
	live_says(LIVE_BOT, MESSAGE_ALIVE, (uint32_t)-5, "exited with status 1");
	live_says(LIVE_BOT, MESSAGE_ALIVE, (uint32_t)-5, "exited with status 1");
	live_look(100);
	live_assert_no_event();
	live_says(LIVE_BOT, MESSAGE_ALIVE, (uint32_t)-110, "no end after 10 s");
	live_look(100);
	assert_string_equal(live_assert_event(LIVE_BOT, EVENT_DEAD, false,
					      "its alive command failed 3 times in a row: no end after 10 s")->title,
			    "its alive command failed 3 times in a row");
	live_says(LIVE_BOT, MESSAGE_ALIVE, 0, "");
	live_look(100);
	live_assert_event(LIVE_BOT, EVENT_DEAD, true, "lives");
}

static void a_failure_of_alive_counts_only_while_the_unit_is_let_be(void **state)
{
	static const struct {
		const char *name;
		enum state_unit_status status;
		uint32_t bits, busy;
		bool young;
	} cases[] = {
		{"frozen", STATE_UNIT_FROZEN, UNIT_ACTIVE, 0, false},
		{"at it", STATE_UNIT_RUNNING, UNIT_ACTIVE | UNIT_AT_IT, 0, false},
		{"busy", STATE_UNIT_RUNNING, UNIT_ACTIVE, 1 + VERB_RESTART, false},
		{"young", STATE_UNIT_RUNNING, UNIT_ACTIVE, 0, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		live_live(LIVE_BOT);
		live_look(cases[i].young ? 15000 : 60000);
		live_status(LIVE_BOT, cases[i].status);
		live_row(LIVE_BOT)->busy = (uint8_t)cases[i].busy;
		live_says(LIVE_BOT, MESSAGE_UNIT, live.answer[LIVE_BOT] = cases[i].bits, "");
		for (int n = 0; n < 5; n++)
			live_says(LIVE_BOT, MESSAGE_ALIVE, (uint32_t)-1, "no");
		if (live_unit(LIVE_BOT)->liveness.not_alive != 0)
			fail_msg("%s: counted", cases[i].name);
	}
}

static void a_new_process_has_failed_no_alive_command(void **state)
{
	(void)state;
	for (int n = 0; n < 2; n++)
		live_says(LIVE_BOT, MESSAGE_ALIVE, (uint32_t)-1, "no");
	live_look(100);
	live_live(LIVE_BOT);
	live_look(30000);
	live_says(LIVE_BOT, MESSAGE_ALIVE, (uint32_t)-1, "no");
	live_look(100);
	live_assert_no_event();
}

static void a_hung_unit_is_dead_until_what_is_restarted_lives(void **state)
{
	(void)state;
	for (int n = 0; n < 3; n++)
		live_says(LIVE_BOT, MESSAGE_ALIVE, (uint32_t)-1, "no");
	live_look(100);
	live_assert_event(LIVE_BOT, EVENT_DEAD, false, "alive command");
	busy(LIVE_BOT, VERB_RESTART);
	live_look(100);
	live_assert_no_event();
	live_assert_alive(LIVE_BOT, STATE_DEAD);
	unit_ends(LIVE_BOT, UNIT_STOP_JOB);
	live_look(100);
	live_assert_no_event();
	unit_starts(LIVE_BOT);
	live_look(100);
	live_assert_event(LIVE_BOT, EVENT_DEAD, true, "lives");
}

/* --- was an end asked for ------------------------------------------------------------------------ */

static enum liveness_end end_of(enum live_unit unit, mono_ms at, const char **why)
{
	return liveness_end(live.see, live_unit(unit), at, live.now, why);
}

static void assert_end(enum live_unit unit, mono_ms at, enum liveness_end end, const char *why)
{
	const char *says;

	assert_int_equal(end_of(unit, at, &says), end);
	assert_string_equal(says, why);
}

static void an_end_inside_a_step_of_ours_was_asked_for(void **state)
{
	static const struct {
		int verb;
		enum liveness_end end;
	} cases[] = {
		{VERB_STOP, LIVENESS_END_ASKED},     {VERB_KILL, LIVENESS_END_ASKED},
		{VERB_SIGNAL, LIVENESS_END_ASKED},   {VERB_RESTART, LIVENESS_END_ASKED},
		{VERB_START, LIVENESS_END_ITSELF},   {VERB_FREEZE, LIVENESS_END_ITSELF},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		live_row(LIVE_BOX)->busy = 0;
		live_look(5000);
		busy(LIVE_BOX, cases[i].verb);
		live.now += 10;
		assert_end(LIVE_BOX, live.now, cases[i].end,
			   cases[i].end == LIVENESS_END_ASKED ? "as watchdogd asked" : "");
	}
}

static void an_end_before_our_step_was_not_asked_for(void **state)
{
	(void)state;
	live_look(100);
	live.now += 5;
	busy(LIVE_BOX, VERB_STOP);
	assert_end(LIVE_BOX, live.now - 500, LIVENESS_END_ITSELF, "");
	live_look(100);
	assert_end(LIVE_BOX, live.now - 500, LIVENESS_END_ITSELF, "");
	assert_end(LIVE_BOX, live.now - 50, LIVENESS_END_ASKED, "as watchdogd asked");
}

static void a_crash_of_what_our_restart_started_is_a_death(void **state)
{
	(void)state;
	busy(LIVE_BOX, VERB_RESTART);
	live_look(100);
	assert_end(LIVE_BOX, live.now, LIVENESS_END_ASKED, "as watchdogd asked");
	live_die(LIVE_BOX);
	live_status(LIVE_BOX, STATE_UNIT_INACTIVE);
	live_look(100);
	live_status(LIVE_BOX, STATE_UNIT_RUNNING);
	live_live(LIVE_BOX);
	live_look(100);
	live.now += 50;
	assert_end(LIVE_BOX, live.now, LIVENESS_END_ITSELF, ""); /* though the restart is not over */
}

static void a_signal_of_ours_may_take_a_moment(void **state)
{
	(void)state;
	busy(LIVE_BOX, VERB_SIGNAL);
	live_look(100);
	live_row(LIVE_BOX)->busy = 0;
	live_look(1000);
	assert_end(LIVE_BOX, live.now, LIVENESS_END_ASKED, "as watchdogd asked");
	live_look(5000);
	assert_end(LIVE_BOX, live.now, LIVENESS_END_ITSELF, "");
}

static void an_end_without_a_job_is_a_death_once_systemd_has_answered(void **state)
{
	mono_ms at = live.now;

	(void)state;
	assert_end(LIVE_BOT, at, LIVENESS_END_WAIT, "");
	live.answer[LIVE_BOT] = UINT32_MAX;
	live_look(1);
	assert_int_equal(live.asked, 1);
	assert_end(LIVE_BOT, at, LIVENESS_END_WAIT, "");
	live_says(LIVE_BOT, MESSAGE_UNIT, UNIT_AT_IT, "deactivating: OOMPolicy=stop"); /* what follows the death */
	assert_end(LIVE_BOT, at, LIVENESS_END_WAIT, "");
	live_says(LIVE_BOT, MESSAGE_UNIT, UNIT_AT_IT | UNIT_LOOKED, "deactivating");
	assert_end(LIVE_BOT, at, LIVENESS_END_ITSELF, "");
}

/* The actor answers two questions that it has at once by one. */
static void a_second_question_waits_for_the_answer_to_the_first(void **state)
{
	mono_ms first = live.now, second;

	(void)state;
	live.answer[LIVE_BOT] = UINT32_MAX;
	assert_end(LIVE_BOT, first, LIVENESS_END_WAIT, "");
	live_look(1);
	assert_int_equal(live.asked, 1);
	live.now += 5;
	second = live.now;
	assert_end(LIVE_BOT, second, LIVENESS_END_WAIT, "");
	live_look(1);
	assert_int_equal(live.asked, 0);
	live_says(LIVE_BOT, MESSAGE_UNIT, UNIT_ACTIVE | UNIT_LOOKED, "");
	assert_end(LIVE_BOT, first, LIVENESS_END_ITSELF, "");
	assert_end(LIVE_BOT, second, LIVENESS_END_WAIT, ""); /* that was from before it */
	live_look(1);
	assert_int_equal(live.asked, 1);
	live_says(LIVE_BOT, MESSAGE_UNIT, UNIT_ACTIVE | UNIT_AT_IT | UNIT_STOP_JOB | UNIT_LOOKED, "");
	assert_end(LIVE_BOT, second, LIVENESS_END_ASKED, "its unit was being stopped");
	live_look(3000);
	assert_int_equal(live_unit(LIVE_BOT)->liveness.question.bits & UNIT_NO_ANSWER, 0);
}

static void the_actors_word_is_waited_for_a_second_at_most(void **state)
{
	mono_ms at = live.now;

	(void)state;
	live.answer[LIVE_BOT] = UINT32_MAX;
	assert_end(LIVE_BOT, at, LIVENESS_END_WAIT, "");
	live_look(999);
	assert_end(LIVE_BOT, at, LIVENESS_END_WAIT, "");
	assert_in_range(see_next_ms(live.see, live.now), 50, 50); /* looked at again by then */
	live_look(1);
	assert_end(LIVE_BOT, at, LIVENESS_END_ITSELF, "");
}

struct word {
	uint32_t ms;   /* after the one before */
	uint32_t bits; /* UINT32_MAX: here the process ends */
};

static void jobs_of_systemd_are_told_from_what_follows_a_death(void **state)
{
	enum { ACT = UNIT_ACTIVE, AT = UNIT_AT_IT, STOP = UNIT_STOP_JOB, AGAIN = UNIT_RESTART_JOB, LOOK = UNIT_LOOKED };
	static const uint32_t end = UINT32_MAX;
	static const struct {
		const char *name;
		enum liveness_end is;
		const char *why;
		struct word word[8];
	} cases[] = {
		{"a stop", LIVENESS_END_ASKED, "its unit was being stopped", {{5, ACT | AT | STOP}, {9, end}}},
		{"a slow stop", LIVENESS_END_ASKED, "its unit was being stopped",
		 {{5, ACT | AT | STOP}, {5, AT | STOP}, {80000, end}}},
		{"a stop that is over when the end is seen", LIVENESS_END_ASKED, "its unit was being stopped",
		 {{5, end}, {5, STOP}}},
		{"a stop whose job is told after the end", LIVENESS_END_ASKED, "its unit was being stopped",
		 {{5, end}, {150, ACT | AT | STOP}}},
		{"a stop that is told late, as CPU is short", LIVENESS_END_ASKED, "its unit was being stopped",
		 {{5, end}, {900, STOP | LOOK}}},
		{"what was left of a stopped unit", LIVENESS_END_ASKED, "its unit was stopped",
		 {{5, AT | STOP}, {5, STOP}, {9000, end}, {5, STOP | LOOK}}},
		{"a restart", LIVENESS_END_ASKED, "its unit was being restarted by systemd",
		 {{5, ACT | AT | AGAIN}, {5, AT | AGAIN}, {9, end}, {9, ACT | AGAIN}}},
		{"a restart of 10 ms", LIVENESS_END_ASKED, "its unit was being restarted by systemd",
		 {{5, end}, {5, ACT | AGAIN | LOOK}}},
		{"its own Restart= after a death", LIVENESS_END_ITSELF, "",
		 {{5, end}, {5, AT}, {100, AT | AGAIN}, {5, AT | AGAIN | LOOK}}},
		{"a crash within a second of a restart", LIVENESS_END_ITSELF, "",
		 {{5, ACT | AT | AGAIN}, {50, ACT | AGAIN}, {300, end}, {5, AT | AGAIN | LOOK}}},
		{"OOMPolicy=stop after the kill of a child", LIVENESS_END_ITSELF, "",
		 {{5, end}, {5, AT}, {5, AT | LOOK}, {50, UNIT_FAILED}}},
		{"a start of 10 ms after a stop", LIVENESS_END_ITSELF, "",
		 {{5, AT | STOP}, {5, STOP}, {9000, end}, {5, 0}, {5, LOOK}}},
		{"a stop that was called off", LIVENESS_END_ITSELF, "",
		 {{5, ACT | AT | STOP}, {50, ACT}, {900, end}, {5, AT | LOOK}}},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		enum liveness_end is = LIVENESS_END_WAIT;
		const char *why = "";
		mono_ms at = 0;

		assert_int_equal(live_setup(state), 0);
		live.answer[LIVE_BOT] = UINT32_MAX;
		for (const struct word *w = cases[i].word; w->ms != 0; w++) {
			live.now += w->ms;
			if (w->bits == end)
				at = live.now;
			else
				live_says(LIVE_BOT, MESSAGE_UNIT, w->bits, "");
			if (at != 0 && is == LIVENESS_END_WAIT)
				is = end_of(LIVE_BOT, at, &why);
			live_look(0);
		}
		if (is != cases[i].is || strcmp(why, cases[i].why) != 0)
			fail_msg("%s: %d, \"%s\"", cases[i].name, is, why);
		(void)live_teardown(state);
	}
	assert_int_equal(live_setup(state), 0);
}

/* --- the rest ------------------------------------------------------------------------------------ */

static void the_end_of_a_grace_is_looked_at_when_it_comes(void **state)
{
	(void)state;
	live_die(LIVE_BOX);
	live_look(0);
	assert_int_equal(see_next_ms(live.see, live.now), 1000);
	live_look(19300);
	assert_int_equal(liveness_next_ms(live.see, live.now), 450); /* a moment before */
	live_look(690);
	assert_int_equal(liveness_next_ms(live.see, live.now), 50);
}

static void what_is_known_of_a_unit_goes_on_over_a_reload(void **state)
{
	(void)state;
	unit_ends(LIVE_TTS, UNIT_STOP_JOB);
	live_die(LIVE_BOX);
	live_looks(10000);
	live_reload("[unit other]\ncgroup = /other\n"
		    "[unit tts]\nsystemd = tts.service\n"
		    "[unit box]\ncgroup = /box\nprocess = worker\n");
	live_looks(9900);
	live_assert_no_event();
	live_look(100);
	live_assert_event(2, EVENT_DEAD, false, "no worker for 20 s");
	live_assert_alive(1, STATE_STOPPED);
}

static void what_is_dead_is_told_again_after_a_reload(void **state)
{
	(void)state;
	live_die(LIVE_BOT);
	live_looks(20000);
	live_reload(NULL);
	live_look(100);
	live_assert_event(LIVE_BOT, EVENT_DEAD, false, "no claude for 20 s");
	live_live(LIVE_BOT);
	live_reload(NULL);
	live_look(100);
	live_assert_event(LIVE_BOT, EVENT_DEAD, true, "lives");
}

static void an_event_that_waits_during_a_reload_stays_with_its_unit(void **state)
{
	(void)state;
	live_look(100);
	live_says(LIVE_BOX, MESSAGE_MATCH, 1, "of box");
	live_says(LIVE_BOT, MESSAGE_MATCH, 1, "of bot");
	live_reload("[unit other]\ncgroup = /other\n[unit box]\ncgroup = /box\nprocess = worker\n");
	live_assert_event(1, EVENT_LOG_MATCH, false, "of box");
}

static void a_full_queue_delays_an_event_and_loses_none(void **state)
{
	(void)state;
	live_die(LIVE_BOX);
	live_looks(19900);
	for (int i = 0; i < EVENTS_MAX; i++)
		(void)event_add(live.with.events, EVENT_DEATH, LIVE_APP, live.now);
	live.now += 100;
	liveness_look(live.see, live.now);
	live_assert_alive(LIVE_BOX, STATE_DEAD);
	live_look(100);
	live_assert_event(LIVE_BOX, EVENT_DEAD, false, "no worker");
}

static void hostile_reports_are_bounded(void **state)
{
	struct message message;

	(void)state;
	memset(&message, 0, sizeof(message));
	message.version = MESSAGE_VERSION;
	memset(message.text, '%', sizeof(message.text) - 1);
	message.id = live.see->livenesses.id[LIVE_BOT];
	for (uint32_t type = 0; type < MESSAGE_TYPES; type++) {
		static const int32_t results[] = {INT32_MIN, -1, 0, 1, INT32_MAX};

		for (size_t i = 0; i < ARRAY_LEN(results); i++) {
			message.type = type;
			message.result = results[i];
			see_report(live.see, &message, live.now);
		}
	}
	message.id = 12345; /* of no unit */
	see_report(live.see, &message, live.now);
	live_look(100);
	assert_int_equal(live_unit(LIVE_BOT)->liveness.question.text[79], '\0');
}

static void a_look_at_which_nothing_changes_searches_no_ledger(void **state)
{
	struct ledger *ledger = live.see->with.ledger;

	(void)state;
	live.see->with.ledger = NULL; /* whoever asks it, crashes */
	live_look(1000);
	live_look(1000);
	live.see->with.ledger = ledger;
	live_assert_no_event();
}

#define RUNNING(f) cmocka_unit_test_setup_teardown(f, live_setup, live_teardown)
#define STOPPED(f) cmocka_unit_test_setup_teardown(f, live_setup_stopped, live_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUNNING(a_process_that_is_missing_for_grace_is_dead_while_its_parent_lives),
		RUNNING(grace_begins_anew_with_each_death),
		RUNNING(a_death_between_two_looks_begins_grace_anew),
		RUNNING(grace_is_counted_from_the_start_of_the_unit),
		STOPPED(grace_is_counted_from_the_start_of_watchdogd),
		RUNNING(dead_ends_when_a_process_is_there_again),
		RUNNING(dead_ends_when_the_unit_is_stopped_on_purpose),
		RUNNING(without_process_an_empty_cgroup_is_dead_and_a_populated_one_is_not),
		RUNNING(what_a_unit_leaves_behind_is_not_what_must_be_alive),
		STOPPED(a_unit_whose_cgroup_cannot_be_seen_lives_as_systemd_says),
		RUNNING(units_that_systemd_does_not_know_need_none_of_its_words),
		RUNNING(while_systemd_is_at_it_nothing_is_dead),
		RUNNING(systemd_is_asked_a_moment_before_grace_is_over),
		RUNNING(an_answer_before_the_end_of_grace_is_enough),
		RUNNING(where_systemd_does_not_answer_it_is_decided_without_it_and_said),
		RUNNING(where_systemd_cannot_be_asked_it_is_decided_without_it_at_once),
		RUNNING(a_failed_unit_with_nothing_pending_is_dead_at_once),
		RUNNING(a_failed_unit_that_systemd_starts_again_is_not_dead),
		RUNNING(a_failed_unit_is_dead_though_some_of_it_is_left),
		RUNNING(an_action_of_ours_is_not_disturbed),
		RUNNING(the_stop_of_a_restart_that_is_owed_is_none_on_purpose),
		RUNNING(what_a_stop_step_stopped_is_stopped_on_purpose),
		RUNNING(a_persons_stop_of_what_we_stopped_ends_our_mark),
		RUNNING(the_stop_that_we_owe_systemd_is_no_persons),
		RUNNING(a_stop_job_is_on_purpose_until_the_next_start),
		RUNNING(a_stop_that_ends_as_failed_was_on_purpose),
		RUNNING(a_stop_that_was_called_off_is_none),
		RUNNING(what_a_stop_runs_in_the_unit_is_no_start),
		RUNNING(a_start_whose_child_never_comes_is_dead_a_grace_later),
		RUNNING(an_actor_that_forgot_the_stop_job_does_not_end_the_purpose),
		STOPPED(what_is_inactive_and_not_failed_when_first_seen_is_stopped_on_purpose),
		STOPPED(what_is_failed_when_first_seen_is_dead_at_once),
		STOPPED(what_ran_on_this_boot_and_is_inactive_when_first_seen_is_a_warning),
		RUNNING(a_restart_of_the_sentinel_forgets_neither_the_dead_nor_the_stopped),
		RUNNING(a_state_that_ended_while_the_sentinel_was_away_is_ended_by_the_next),
		RUNNING(a_unit_that_was_started_while_the_sentinel_was_away_is_stopped_no_more),
		RUNNING(an_alive_command_that_fails_three_times_in_a_row_makes_it_dead),
		RUNNING(a_failure_of_alive_counts_only_while_the_unit_is_let_be),
		RUNNING(a_new_process_has_failed_no_alive_command),
		RUNNING(a_hung_unit_is_dead_until_what_is_restarted_lives),
		RUNNING(an_end_inside_a_step_of_ours_was_asked_for),
		RUNNING(an_end_before_our_step_was_not_asked_for),
		RUNNING(a_crash_of_what_our_restart_started_is_a_death),
		RUNNING(a_signal_of_ours_may_take_a_moment),
		RUNNING(an_end_without_a_job_is_a_death_once_systemd_has_answered),
		RUNNING(a_second_question_waits_for_the_answer_to_the_first),
		RUNNING(the_actors_word_is_waited_for_a_second_at_most),
		RUNNING(jobs_of_systemd_are_told_from_what_follows_a_death),
		RUNNING(the_end_of_a_grace_is_looked_at_when_it_comes),
		RUNNING(what_is_known_of_a_unit_goes_on_over_a_reload),
		RUNNING(what_is_dead_is_told_again_after_a_reload),
		RUNNING(an_event_that_waits_during_a_reload_stays_with_its_unit),
		RUNNING(a_full_queue_delays_an_event_and_loses_none),
		RUNNING(hostile_reports_are_bounded),
		RUNNING(a_look_at_which_nothing_changes_searches_no_ledger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
