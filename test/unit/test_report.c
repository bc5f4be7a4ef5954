/* report: the message of an alert, whole, and with all that is hostile in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "base/escape.h"
#include "deliver/report.h"
#include "deliver/report_processes.h"
#include "fakeroot.h"
#include "make_config.h"
#include "share/ledger.h"

#define MIB (INT64_C(1) << 20)
#define GIB (INT64_C(1) << 30)
#define AT ((wall_ms)1769107081000)

enum { NOW = 10000000, NODIRA = 0, MIRZO = 1, XTTS = 2, MINUTE = NOW / 60000 };

static struct {
	struct config *config;
	struct state state;
	struct delivery_alert alert;
	struct report_of of;
	struct report *report;
} test;

/* --- a host on its worst day --- */

static config_text test_text(const char *text)
{
	uint32_t at = test.config->size;

	memcpy((char *)test.config + at, text, strlen(text) + 1);
	test.config->size += (uint32_t)(strlen(text) + 8) & ~7u;
	return at;
}

static struct config_unit *test_config_unit(uint32_t i)
{
	return (struct config_unit *)(uintptr_t)config_unit_at(test.config, i);
}

static struct config_rule *test_config_rule(const char *name)
{
	for (uint32_t i = 0; i < test.config->rules.count; i++)
		if (strcmp(config_rule_at(test.config, i)->name, name) == 0)
			return (struct config_rule *)(uintptr_t)config_rule_at(test.config, i);
	return NULL;
}

static void test_config(void)
{
	static const uint32_t units[] = {NODIRA, MIRZO};
	uint32_t bots;

	make_begin();
	bots = make_group("bots");
	make_unit("nodira", bots);
	make_unit("mirzo", bots);
	make_unit("xtts", CONFIG_NONE);
	make_rule("critical");
	make_alert(SEVERITY_CRITICAL);
	make_step(VERB_STOP, XTTS);
	make_step_of(VERB_RESTART, CONFIG_LARGEST, bots);
	make_event_rule("dead", EVENT_DEAD, units, 2);
	make_alert(SEVERITY_CRITICAL);
	make_step(VERB_RESTART, CONFIG_EACH);
	make_event_rule("oom", EVENT_OOM_KILL, units, 2);
	make_alert(SEVERITY_CRITICAL);
	make_event_rule("errors", EVENT_LOG_MATCH, units, 2);
	make_alert(SEVERITY_WARNING);
	make_rule("all");
	make_alert(SEVERITY_CRITICAL);
	make_step(VERB_FREEZE, XTTS);
	make_step(VERB_SIGNAL, NODIRA)->signal = 1;
	make_step(VERB_RUN, CONFIG_NONE);
	make_step_of(VERB_KILL, CONFIG_LOWEST, bots);
	make_step(VERB_THAW, XTTS);
	make_rule("swaps");
	make_alert(SEVERITY_CRITICAL);
	make_step(VERB_SWAP, CONFIG_NONE);
	test.config = make_done();
	for (uint32_t i = NODIRA; i <= MIRZO; i++) {
		test_config_unit(i)->kind = CONFIG_SYSTEMD;
		test_config_unit(i)->process = test_text("claude");
	}
	test_config_unit(NODIRA)->target = test_text("nodira.service");
	test_config_unit(NODIRA)->log = test_text("/srv/nodira/claudir.log");
	test_config_unit(MIRZO)->target = test_text("mirzo.service");
	test_config_unit(MIRZO)->journal = 1;
	test_config_unit(XTTS)->target = test_text("/bots/xtts");
	test_config_rule("oom")->severity = SEVERITY_CRITICAL;
}

static struct state_unit *test_state_unit(const char *name, int64_t bytes)
{
	struct state_unit *unit = &test.state.unit[test.state.units++];

	(void)snprintf(unit->name, sizeof(unit->name), "%s", name);
	unit->status = STATE_UNIT_RUNNING;
	unit->alive = STATE_ALIVE;
	state_set(&unit->readings[UNIT_ANON], bytes, 8 * GIB, NOW);
	return unit;
}

static void test_watched(struct state_unit *unit, const char *comm, int32_t pid, mono_ms since)
{
	(void)snprintf(unit->watched_comm, sizeof(unit->watched_comm), "%s", comm);
	unit->watched_pid = pid;
	unit->watched_since = since;
	unit->watched = 1;
}

static void test_state(void)
{
	memset(&test.state, 0, sizeof(test.state));
	test.state.tick = NOW;
	test.state.swap_total_bytes = 2 * GIB;
	memset(test.state.hour_permille, 0xff, sizeof(test.state.hour_permille));
	test.state.hour_minute = MINUTE;
	state_set(&test.state.host[HOST_AVAILABLE], 950 * MIB, 7885 * MIB, NOW);
	state_set(&test.state.host[HOST_SWAP_USED], 1536 * MIB, 2 * GIB, NOW);
	state_set(&test.state.host[HOST_PRESSURE_FULL], 3000, 0, NOW);
	test_watched(test_state_unit("nodira", 5222 * MIB), "claude", 21285, NOW - 41 * 60000);
	test_watched(test_state_unit("mirzo", 900 * MIB), "claude", 21286, NOW - 5000);
	test_state_unit("xtts", 2 * GIB)->main_pid = 700;
	strcpy(test.state.unit[XTTS].main_comm, "xtts_server");
}

static void test_rule_row(const char *rule, const char *unit, enum state_rule_phase phase, uint16_t step)
{
	struct state_rule *row = &test.state.rule[test.state.rules++];

	(void)snprintf(row->rule, sizeof(row->rule), "%s", rule);
	(void)snprintf(row->unit, sizeof(row->unit), "%s", unit);
	row->phase = (uint8_t)phase;
	row->step = step;
}

static int test_begin(void **state)
{
	if (fakeroot_setup(state) < 0)
		return -1;
	clock_turn(NOW, AT);
	fakeroot_put("/proc/sys/kernel/hostname", "vm1\n");
	test_config();
	test_state();
	test.alert = (struct delivery_alert){.id = 77, .thread = 76, .at = AT - 200, .told = TOLD_ALERT,
					     .severity = SEVERITY_CRITICAL, .rule = "oom", .unit = "nodira",
					     .event = "oom-kill",
					     .title = "claude killed by the OOM killer (5.1 GiB); claudir lives on",
					     .text = "claude (pid 21285) was killed by the kernel's OOM killer"};
	test.of = (struct report_of){.alert = &test.alert, .config = test.config, .state = &test.state,
				     .attempt = 1, .count = 1, .lost = "", .wall = AT};
	return report_processes_open();
}

static int test_end(void **state)
{
	report_free(test.report);
	test.report = NULL;
	free(test.config);
	report_processes_close();
	clock_turn(0, 0);
	return fakeroot_teardown(state);
}

/* The message of `test.of`. */
static const struct plugin_message *test_message(void)
{
	report_free(test.report);
	test.report = report_new(&test.of);
	assert_non_null(test.report);
	return report_message(test.report);
}

static void test_alert(const char *rule, const char *unit, const char *event, const char *title)
{
	(void)snprintf(test.alert.rule, sizeof(test.alert.rule), "%s", rule);
	(void)snprintf(test.alert.unit, sizeof(test.alert.unit), "%s", unit);
	(void)snprintf(test.alert.event, sizeof(test.alert.event), "%s", event);
	(void)snprintf(test.alert.title, sizeof(test.alert.title), "%s", title);
}

/* All facts as lines. */
static const char *test_facts(void)
{
	static char text[8192];
	const struct plugin_message *m = test_message();
	struct buffer b;

	BUFFER_OVER(&b, text);
	for (size_t i = 0; i < m->facts_count; i++)
		buffer_addf(&b, "%s: %s\n", m->facts[i].name, m->facts[i].value);
	return text;
}

static const char *test_fact(const char *name)
{
	const struct plugin_message *m = test_message();

	for (size_t i = 0; i < m->facts_count; i++)
		if (strcmp(m->facts[i].name, name) == 0)
			return m->facts[i].value;
	return "(none)";
}

/* --- subject and text --- */

static void an_oom_kill_is_read_on_a_lock_screen(void **state)
{
	const struct plugin_message *m = test_message();

	(void)state;
	assert_string_equal(m->subject,
			    "[critical] nodira: claude killed by the OOM killer (5.1 GiB); claudir lives on");
	assert_string_equal(m->title, "claude killed by the OOM killer (5.1 GiB); claudir lives on");
	assert_string_equal(m->text, "claude (pid 21285) was killed by the kernel's OOM killer.");
	assert_string_equal(m->told, "alert");
	assert_string_equal(m->severity, "critical");
	assert_string_equal(m->rule, "oom");
	assert_string_equal(m->unit, "nodira");
	assert_string_equal(m->event, "oom-kill");
	assert_string_equal(m->host, "vm1");
	assert_string_equal(m->doing, "");
	assert_string_equal(m->todo, "watchdogctl status shows more.");
	assert_int_equal(m->at_wall_ms, AT - 200);
	assert_int_equal(m->attempt, 1);
	assert_int_equal(m->count, 1);
}

static void each_attempt_has_the_same_id(void **state)
{
	char id[16], thread[16];

	(void)state;
	delivery_format_id(77, id);
	delivery_format_id(76, thread);
	assert_string_equal(test_message()->id, id);
	assert_string_equal(test_message()->thread, thread);
	test.of.attempt = 9;
	test.alert.thread = 0;
	assert_string_equal(test_message()->id, id);
	assert_string_equal(test_message()->thread, id);
}

static void a_reply_has_the_subject_of_its_own_title(void **state)
{
	(void)state;
	test.alert.told = TOLD_RESULT;
	test_alert("dead", "nodira", "dead", "restarted in 23 s");
	assert_string_equal(test_message()->subject, "[critical] nodira: restarted in 23 s");
	assert_string_equal(test_message()->told, "result");
	assert_string_equal(test_message()->doing, "");
	test.alert.told = TOLD_CLEAR;
	test_alert("critical", "", "", "resolved, after 4 min; xtts is still stopped");
	assert_string_equal(test_message()->subject, "[critical] vm1: resolved, after 4 min; xtts is still stopped");
	assert_string_equal(test_message()->told, "resolved");
	assert_string_equal(test_message()->doing, "");
	assert_string_equal(test_message()->todo, "");
}

static void an_alert_without_title_has_its_text_as_subject(void **state)
{
	(void)state;
	test.alert.title[0] = '\0';
	assert_string_equal(test_message()->subject,
			    "[critical] nodira: claude (pid 21285) was killed by the kernel's OOM killer");
}

static void folded_alerts_are_one_with_a_count(void **state)
{
	(void)state;
	test.of.count = 3;
	test.of.within_ms = 60000;
	assert_string_equal(test_message()->subject, "[critical] nodira: claude killed by the OOM killer (5.1 GiB); "
						     "claudir lives on (3 times)");
	assert_string_equal(test_message()->text, "claude (pid 21285) was killed by the kernel's OOM killer. 3 alerts "
						  "within 1 min, this is the last.");
	test.of.within_ms = 0;
	assert_non_null(strstr(test_message()->text, " 3 alerts in one message, this is the last."));
	assert_int_equal(test_message()->count, 3);
}

static void what_was_lost_is_told_with_the_next_alert(void **state)
{
	(void)state;
	test.of.lost = "2 alerts were lost: the spool is full";
	assert_string_equal(test_message()->text, "claude (pid 21285) was killed by the kernel's OOM killer. 2 alerts "
						  "were lost: the spool is full.");
	test.of.lost = NULL;
	assert_string_equal(test_message()->text, "claude (pid 21285) was killed by the kernel's OOM killer.");
}

static size_t test_chars(const char *text)
{
	size_t chars = 0;

	for (; *text != '\0'; text++)
		chars += ((unsigned char)*text & 0xc0) != 0x80;
	return chars;
}

static void assert_ends(const char *text, const char *end)
{
	assert_true(strlen(text) > strlen(end));
	assert_string_equal(text + strlen(text) - strlen(end), end);
}

static void a_long_subject_is_cut_at_150_characters_with_its_count(void **state)
{
	(void)state;
	test.of.count = 12;
	memset(test.alert.title, 'x', sizeof(test.alert.title) - 1);
	assert_int_equal(test_chars(test_message()->subject), 150);
	assert_ends(test_message()->subject, "x\u2026 (12 times)");
	for (size_t i = 0; i + 2 < sizeof(test.alert.title); i += 2)
		memcpy(test.alert.title + i, "\xc3\xa9", 3);
	assert_ends(test_message()->subject, "\xc3\xa9 (12 times)"); /* more bytes than that, but no more characters */
	strcpy(test.alert.unit, "a-unit-whose-name-is-as-long-as");
	assert_int_equal(test_chars(test_message()->subject), 150);
	assert_ends(test_message()->subject, "\xc3\xa9\u2026 (12 times)");
	test.of.count = 1000000000;
	assert_int_equal(test_chars(test_message()->subject), 150);
	assert_ends(test_message()->subject, "\xc3\xa9\u2026 (1000000000 times)");
}

/* --- hostile text --- */

/* Nothing but visible, well-formed characters (and line ends where lines may stand). */
static void assert_harmless(const char *text, bool lines)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < n;) {
		size_t len = escape_utf8_len(text + i, n - i);
		char one[32];
		struct buffer b;

		assert_true(len > 0);
		BUFFER_OVER(&b, one);
		escape_line(&b, text + i, len);
		if (!(lines && text[i] == '\n') && text[i] != '\\') {
			assert_int_equal(b.len, len);
			assert_memory_equal(one, text + i, len);
		}
		i += len;
	}
}

static void assert_all_harmless(void)
{
	const struct plugin_message *m = test_message();
	const char *const texts[] = {m->id,      m->thread, m->told, m->severity, m->rule, m->unit,   m->event, m->host,
				     m->subject, m->title,  m->text, m->doing,    m->todo, m->history};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_harmless(texts[i], texts[i] == m->todo);
	assert_true(test_chars(m->subject) <= 150);
	for (size_t i = 0; i < m->facts_count; i++) {
		assert_harmless(m->facts[i].name, false);
		assert_harmless(m->facts[i].value, false);
	}
}

static const char *const hostiles[] = {
	"a\r\nBcc: thief@example.org\r\n\r\n<script>",
	"\x1b[2J\x1b]0;owned\a\b\b\b",
	"\"'`${IFS};$(reboot)%n%s\\",
	"\xe2\x80\xae\xe2\x81\xa6gpj.exe\xe2\x81\xa9",
	"\xff\xfe\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80\xe2\x82",
	"\x01\x02\x7f\xc2\x80\xc2\x9b\xef\xbb\xbf",
};

/* The text as often as it fits, to the last byte. */
static void test_fill(char *to, size_t size, const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < size - 1; i++)
		to[i] = text[i % len];
	to[size - 1] = '\0';
}

static void hostile_names_are_harmless_in_every_part(void **state)
{
	static char lost[4097];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hostiles); i++) {
		test_fill(test.alert.title, sizeof(test.alert.title), hostiles[i]);
		test_fill(test.alert.text, sizeof(test.alert.text), hostiles[i]);
		test_fill(test.alert.rule, sizeof(test.alert.rule), hostiles[i]);
		test_fill(test.alert.unit, sizeof(test.alert.unit), hostiles[i]);
		test_fill(test.alert.event, sizeof(test.alert.event), hostiles[i]);
		test_fill(lost, sizeof(lost), hostiles[i]);
		test.of.lost = lost;
		test_fill(test.state.blind, sizeof(test.state.blind), hostiles[i]);
		test_fill(test.state.unit[NODIRA].watched_comm, 16, hostiles[i]);
		test_fill(test.state.unit[XTTS].main_comm, 16, hostiles[i]);
		fakeroot_put("/proc/sys/kernel/hostname", "%s\n", hostiles[i]);
		fakeroot_put("/proc/31/statm", "9000 5000 1 1 0 1 0\n");
		fakeroot_put("/proc/31/stat", "31 (%.15s) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 1 5000 0 0\n", hostiles[i]);
		assert_all_harmless();
	}
}

static void texts_without_an_end_are_not_read_beyond_it(void **state)
{
	(void)state;
	memset(test.alert.title, 'x', sizeof(test.alert.title));
	memset(test.alert.text, 'x', sizeof(test.alert.text));
	memset(test.alert.rule, 'x', sizeof(test.alert.rule));
	memset(test.alert.unit, 'x', sizeof(test.alert.unit));
	memset(test.alert.event, 'x', sizeof(test.alert.event));
	memset(test.state.blind, 'x', sizeof(test.state.blind));
	memset(test.state.unit, 'x', sizeof(test.state.unit[0]) * 2);
	test.state.units = UINT32_MAX;
	test.state.rules = UINT32_MAX;
	test.alert.told = test.alert.severity = UINT32_MAX;
	assert_all_harmless();
	assert_string_equal(test_message()->severity, "critical");
}

static void a_character_that_the_writer_cut_is_left_out(void **state)
{
	(void)state;
	memset(test.alert.text, 'x', sizeof(test.alert.text));
	memcpy(test.alert.text + sizeof(test.alert.text) - 3, "\xe2\x82", 3);
	assert_null(strchr(test_message()->text, '\\'));
	test.alert.text[0] = '\xff';
	assert_memory_equal(test_message()->text, "\\xff", 4);
}

/* --- numbers --- */

static void the_numbers_are_those_of_now(void **state)
{
	(void)state;
	fakeroot_put("/proc/21285/statm", "9000 1336832 1 1 0 1 0\n");
	fakeroot_put("/proc/21285/stat", "21285 (claude) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 1 5000 0 0\n");
	fakeroot_put("/proc/800/statm", "9000 25600 1 1 0 1 0\n");
	fakeroot_put("/proc/800/stat", "800 (a) R 1 (b) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 1 5000 0 0\n");
	fakeroot_put("/proc/800/cgroup", "0::/bots/xtts/deeper\n");
	assert_string_equal(test_facts(),
			    "host: 0.9 GiB of 7.7 GiB available (12 %), swap 1.5 of 2.0 GiB used, pressure full 3 %\n"
			    "nodira: running, 5.1 GiB, claude (pid 21285) 41 min\n"
			    "xtts: running, 2.0 GiB, xtts_server (pid 700)\n"
			    "mirzo: running, 0.9 GiB, claude (pid 21286) 5 s\n"
			    "claude (pid 21285): 5.1 GiB, nodira\n"
			    "a) R 1 (b (pid 800): 100 MiB, xtts\n");
}

static void what_is_not_known_is_said_or_left_out(void **state)
{
	(void)state;
	test.state.host[HOST_AVAILABLE].known = STATE_UNKNOWN;
	test.state.host[HOST_PRESSURE_FULL].known = STATE_UNKNOWN;
	test.state.swap_total_bytes = 0;
	test.state.unit[NODIRA].readings[UNIT_ANON].known = STATE_UNKNOWN;
	assert_string_equal(test_fact("host"), "available memory unknown, no swap");
	assert_string_equal(test_fact("nodira"), "running, claude (pid 21285) 41 min");
	state_set(&test.state.unit[NODIRA].readings[UNIT_MEMORY], 310 * MIB, 8 * GIB, NOW);
	assert_string_equal(test_fact("nodira"), "running, 310 MiB, claude (pid 21285) 41 min");
	test.state.swap_total_bytes = 256 * MIB;
	state_set(&test.state.host[HOST_SWAP_USED], 3 * MIB / 2, 256 * MIB, NOW);
	assert_string_equal(test_fact("host"), "available memory unknown, swap 2 of 256 MiB used");
}

static void a_host_that_runs_full_says_when(void **state)
{
	struct state_reading *in = &test.state.host[HOST_EXHAUSTED_IN];

	(void)state;
	state_set(in, 40000, 0, NOW);
	assert_non_null(strstr(test_fact("host"), ", used up in 40 s at this rate"));
	in->known = STATE_NEVER;
	assert_null(strstr(test_fact("host"), "used up"));
	state_set(in, 3600000, 0, NOW);
	assert_null(strstr(test_fact("host"), "used up"));
}

static void each_state_of_a_unit_has_its_words(void **state)
{
	struct state_unit *unit = &test.state.unit[NODIRA];

	(void)state;
	unit->watched_pid = 0;
	unit->main_pid = 21000;
	strcpy(unit->main_comm, "claudir");
	unit->alive = STATE_DEAD;
	unit->missing_since = NOW - 9900000;
	assert_string_equal(test_fact("nodira"), "dead, no claude for 2 h, 5.1 GiB, claudir (pid 21000)");
	unit->missing_since = NOW - 3000;
	unit->restart_at = NOW + 30000;
	assert_string_equal(test_fact("nodira"), "dead, no claude for 3 s, 5.1 GiB, claudir (pid 21000), next start in 30 s");
	unit->busy = 1 + VERB_RESTART;
	assert_string_equal(test_fact("nodira"), "dead, no claude for 3 s, 5.1 GiB, claudir (pid 21000), restart under way");
	unit->restart_at = unit->busy = 0;
	unit->alive = STATE_MISSING;
	assert_string_equal(test_fact("nodira"), "claude missing for 3 s, 5.1 GiB, claudir (pid 21000)");
	test_config_unit(NODIRA)->process = 0;
	assert_string_equal(test_fact("nodira"), "not running for 3 s, 5.1 GiB, claudir (pid 21000)");
	unit->alive = STATE_DEAD;
	unit->status = STATE_UNIT_INACTIVE;
	assert_string_equal(test_fact("nodira"), "dead for 3 s");
	unit->alive = STATE_STOPPED;
	assert_string_equal(test_fact("nodira"), "stopped on purpose");
	unit->mark = STATE_MARK_STOPPED;
	assert_string_equal(test_fact("nodira"), "stopped by watchdogd");
	unit->status = STATE_UNIT_FROZEN;
	unit->mark = STATE_MARK_FROZEN;
	assert_string_equal(test_fact("nodira"), "frozen by watchdogd, 5.1 GiB, claudir (pid 21000)");
	unit->mark = STATE_MARK_NONE;
	assert_string_equal(test_fact("nodira"), "frozen, 5.1 GiB, claudir (pid 21000)");
	unit->cap_bytes = GIB * 3 / 2;
	assert_string_equal(test_fact("nodira"), "frozen, 5.1 GiB, capped at 1.5 GiB, claudir (pid 21000)");
	unit->cap_bytes = 0;
	unit->alive = STATE_ALIVE_UNKNOWN;
	unit->status = STATE_UNIT_INACTIVE;
	assert_string_equal(test_fact("nodira"), "not running");
	unit->status = STATE_UNIT_UNSEEN;
	unit->main_pid = 0;
	unit->readings[UNIT_ANON].known = STATE_UNKNOWN;
	assert_string_equal(test_fact("nodira"), "not looked at yet");
}

static void old_numbers_and_blindness_are_said(void **state)
{
	(void)state;
	assert_string_equal(test_fact("numbers"), "(none)");
	clock_turn(NOW + 40000, AT);
	assert_string_equal(test_fact("numbers"), "of 40 s ago: watchdogd has not looked since");
	assert_string_equal(test_fact("blind"), "(none)");
	strcpy(test.state.blind, "kmsg: Operation not permitted (EPERM)");
	assert_string_equal(test_fact("blind"), "kmsg: Operation not permitted (EPERM)");
	test.state.dry_run = 1;
	assert_string_equal(test_fact("dry run"), "no action is taken, only told");
}

static void of_a_thousand_units_those_that_matter_are_shown(void **state)
{
	const struct plugin_message *m;
	char name[NAME_BYTES];

	(void)state;
	for (uint32_t i = test.state.units; i < UNITS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "unit%u", i);
		(void)test_state_unit(name, i * MIB);
	}
	test.state.unit[500].alive = STATE_DEAD;
	for (uint32_t i = 600; i < 620; i++)
		test.state.unit[i].alive = STATE_MISSING;
	(void)snprintf(test.alert.unit, sizeof(test.alert.unit), "unit3");
	m = test_message();
	assert_string_equal(m->facts[1].name, "unit3");
	assert_string_equal(m->facts[2].name, "unit619");
	assert_string_equal(m->facts[12].name, "unit609");
	assert_string_equal(m->facts[13].name, "other units");
	assert_string_equal(m->facts[13].value, "1012 more, of them 10 dead or missing");
	assert_int_equal(m->facts_count, 14);
	for (uint32_t i = 0; i < UNITS_MAX; i++)
		test.state.unit[i].alive = STATE_ALIVE;
	m = test_message();
	assert_string_equal(m->facts[2].name, "nodira");
	assert_string_equal(m->facts[3].name, "xtts");
	assert_string_equal(m->facts[4].name, "unit1023");
	assert_string_equal(m->facts[13].value, "1012 more");
}

static void everything_at_its_longest_still_fits(void **state)
{
	const struct plugin_message *m;

	(void)state;
	memset(test.alert.title, '\x01', sizeof(test.alert.title));
	memset(test.alert.text, '\x01', sizeof(test.alert.text));
	memset(test.alert.unit, '\x01', sizeof(test.alert.unit));
	memset(test.alert.rule, '\x01', sizeof(test.alert.rule));
	test.of.lost = test.alert.text;
	test.of.count = UINT32_MAX;
	test.state.units = 0;
	for (int i = 0; i < 20; i++) {
		struct state_unit *unit = test_state_unit("", 5 * GIB);

		memset(unit->name, '\x01', sizeof(unit->name));
		test_watched(unit, "\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01", 2147483647, 1);
		unit->watched = UINT16_MAX;
		unit->busy = 1 + VERB_RESTART;
	}
	for (int i = 1; i <= 7; i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "/proc/%d/statm", i);
		fakeroot_put(path, "9000 50000 1 1 0 1 0\n");
		(void)snprintf(path, sizeof(path), "/proc/%d/stat", i);
		fakeroot_put(path, "%d (%s) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 1 5000 0 0\n", i,
			     "\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01");
	}
	assert_all_harmless();
	m = test_message();
	assert_int_equal(m->facts_count, 1 + 12 + 1 + 5);
	assert_true(strlen(m->text) > 4 * (sizeof(test.alert.text) - 1));
	assert_non_null(strstr(m->facts[18].value, "MiB"));
}

static void a_writer_that_was_killed_in_the_middle_holds_up_nothing(void **state)
{
	(void)state;
	test.state.sequence = 7; /* odd for good */
	assert_string_equal(test_fact("nodira"), "running, 5.1 GiB, claude (pid 21285) 41 min");
}

static void without_config_and_state_the_message_is_still_whole(void **state)
{
	const struct plugin_message *m;

	(void)state;
	test.of.config = NULL;
	test.of.state = NULL;
	report_processes_close();
	m = test_message();
	assert_string_equal(m->subject,
			    "[critical] nodira: claude killed by the OOM killer (5.1 GiB); claudir lives on");
	assert_int_equal(m->facts_count, 0);
	assert_string_equal(m->doing, "");
	assert_string_equal(m->history, "");
	assert_true(strlen(m->host) > 0);
	assert_non_null(strstr(m->todo, "watchdogctl status shows more."));
}

/* --- the last hour --- */

static void the_last_hour_is_a_line_of_blocks(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 60; i++)
		test.state.hour_permille[(MINUTE - i) % 60] = (uint16_t)(i < 1 ? 1000 : i < 4 ? 880 : i < 20 ? 500 : 100);
	assert_string_equal(test_message()->history,
			    "\u2581\u2581\u2581\u2581\u2581\u2581\u2581\u2581\u2581\u2581\u2581\u2581\u2581\u2581\u2581"
			    "\u2581\u2581\u2581\u2581\u2581\u2585\u2585\u2585\u2585\u2585\u2585\u2585\u2585\u2588\u2588");
}

static void minutes_that_nobody_saw_are_dots(void **state)
{
	(void)state;
	assert_string_equal(test_message()->history, "");
	test.state.hour_permille[MINUTE % 60] = 0;
	test.state.hour_permille[(MINUTE - 3) % 60] = 65000;
	assert_string_equal(test_message()->history,
			    "\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7"
			    "\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u2588\u2581");
}

static void there_are_no_minutes_before_the_boot(void **state)
{
	(void)state;
	memset(test.state.hour_permille, 0, sizeof(test.state.hour_permille));
	test.state.hour_minute = 0;
	assert_int_equal(test_chars(test_message()->history), 30);
	assert_string_equal(test_message()->history + 29 * 2, "\u2581");
}

/* --- what is done, what to do --- */

static void what_will_be_done_is_told_from_the_rule(void **state)
{
	(void)state;
	test_alert("critical", "", "", "host.available 9.1 % (0.7 GiB) < 12 %");
	assert_string_equal(test_message()->subject, "[critical] vm1: host.available 9.1 % (0.7 GiB) < 12 %");
	assert_string_equal(test_message()->doing,
			    "watchdogd will stop xtts, then, if need be, restart the largest of bots.");
	test.state.dry_run = 1;
	assert_string_equal(test_message()->doing, "Dry run: watchdogd would stop xtts, then, if need be, restart the "
						   "largest of bots.");
	test.of.state = NULL;
	assert_string_equal(test_message()->doing,
			    "watchdogd will stop xtts, then, if need be, restart the largest of bots.");
}

static void steps_that_have_no_work_are_not_promised(void **state)
{
	(void)state;
	test_alert("critical", "", "", "tight");
	test.state.unit[XTTS].status = STATE_UNIT_INACTIVE;
	assert_string_equal(test_message()->doing, "watchdogd will restart the largest of bots.");
	test.state.unit[XTTS].status = STATE_UNIT_RUNNING;
	test_config_unit(XTTS)->protect = 1;
	assert_string_equal(test_message()->doing, "watchdogd will restart the largest of bots.");
}

static void a_message_that_comes_late_promises_what_is_still_under_way(void **state)
{
	(void)state;
	test_alert("critical", "", "", "tight");
	test.of.wall = AT + 3600000;
	assert_string_equal(test_message()->doing, "");
	test_rule_row("critical", "", STATE_RULE_FIRING, 2);
	assert_string_equal(test_message()->doing, "watchdogd will restart the largest of bots.");
	test.state.rule[0].phase = STATE_RULE_STANDING;
	assert_string_equal(test_message()->doing, "");
	test.state.rule[0].phase = STATE_RULE_FIRING;
	test.alert.told = TOLD_REPEAT;
	assert_string_equal(test_message()->doing, "watchdogd will restart the largest of bots.");
	test.alert.told = TOLD_RESULT;
	assert_string_equal(test_message()->doing, "");
}

static void a_clock_that_was_set_back_promises_nothing(void **state)
{
	(void)state;
	test_alert("critical", "", "", "tight");
	test.of.wall = AT - 3600000;
	assert_string_equal(test_message()->doing, "");
}

static void every_verb_has_its_words(void **state)
{
	(void)state;
	test_alert("all", "", "", "tight");
	assert_string_equal(test_message()->doing, "watchdogd will freeze xtts, then, if need be, send SIGHUP to nodira, "
						   "then, if need be, run a command, and so on.");
	test.state.unit[XTTS].status = STATE_UNIT_FROZEN;
	test_rule_row("all", "", STATE_RULE_FIRING, 3);
	assert_string_equal(test_message()->doing, "watchdogd will run a command, then, if need be, kill the one of "
						   "lowest priority of bots, then, if need be, thaw xtts.");
	test_alert("swaps", "", "", "tight");
	assert_string_equal(test_message()->doing, "watchdogd will switch on the swap file.");
}

static void a_dead_unit_is_restarted_or_given_up(void **state)
{
	char want[256], id[16];

	(void)state;
	delivery_format_id(76, id);
	test_alert("dead", "nodira", "dead", "dead: no claude for 20 s");
	test_rule_row("dead", "nodira", STATE_RULE_FIRING, 1);
	assert_string_equal(test_message()->doing, "watchdogd will restart nodira.");
	(void)snprintf(want, sizeof(want), "watchdogctl retry nodira tries again at once.\nwatchdogctl status shows "
					   "more.\nwatchdogctl ack %s stops the reminders.", id);
	assert_string_equal(test_message()->todo, want);
	test.state.rule[0].phase = STATE_RULE_GIVEN_UP;
	assert_string_equal(test_message()->doing, "");
	assert_string_equal(test_message()->todo, want);
	test.state.rules = 0;
	strcpy(test.alert.text, "given up until 18:38 UTC, or `watchdogctl retry nodira` (limit of 5 per 1 h): dead");
	assert_string_equal(test_message()->doing, "");
	assert_string_equal(test_message()->todo, want);
}

static void a_line_of_a_log_says_where_the_log_is(void **state)
{
	(void)state;
	test.alert.severity = SEVERITY_WARNING;
	test_alert("errors", "nodira", "log-match", "a line of its log matches");
	assert_string_equal(test_message()->todo, "Its log: /srv/nodira/claudir.log\nwatchdogctl status shows more.");
	test_alert("errors", "mirzo", "log-match", "a line of its log matches");
	assert_string_equal(test_message()->todo, "Its log: journalctl -u mirzo.service\nwatchdogctl status shows more.");
	test_config_unit(MIRZO)->user = test_text("bot");
	assert_non_null(strstr(test_message()->todo, "journalctl --user -u mirzo.service"));
	test_alert("errors", "gone", "log-match", "a line of its log matches");
	assert_string_equal(test_message()->todo, "watchdogctl status shows more.");
}

static void reminders_are_named_where_there_are_some(void **state)
{
	struct config_channel *channel;

	(void)state;
	assert_null(strstr(test_message()->todo, "ack"));
	test_alert("critical", "", "", "tight");
	assert_non_null(strstr(test_message()->todo, " stops the reminders."));
	test.alert.severity = SEVERITY_WARNING;
	assert_null(strstr(test_message()->todo, "ack"));
	test_config_rule("critical")->repeat_ms = 60000;
	assert_non_null(strstr(test_message()->todo, "ack"));
	test_alert("oom", "nodira", "oom-kill", "killed");
	assert_null(strstr(test_message()->todo, "ack"));
	test.config->channels = (struct config_table){.at = test.config->size, .count = 1};
	channel = (struct config_channel *)(uintptr_t)config_channel_at(test.config, 0);
	test.config->size += (uint32_t)sizeof(*channel);
	channel->after_ms = 1800000;
	channel->severity = SEVERITY_CRITICAL;
	assert_null(strstr(test_message()->todo, "ack"));
	channel->severity = SEVERITY_WARNING;
	assert_non_null(strstr(test_message()->todo, "ack"));
}

static void a_test_says_that_it_is_one(void **state)
{
	(void)state;
	test.alert.told = TOLD_TEST;
	test.alert.severity = SEVERITY_INFO;
	test_alert("", "", "", "test of channel owner");
	assert_string_equal(test_message()->subject, "[info] vm1: test of channel owner");
	assert_string_equal(test_message()->told, "test");
	assert_string_equal(test_message()->todo, "This is a test: nothing happened.");
	assert_string_equal(test_message()->doing, "");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, test_begin, test_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_oom_kill_is_read_on_a_lock_screen),
		CASE(each_attempt_has_the_same_id),
		CASE(a_reply_has_the_subject_of_its_own_title),
		CASE(an_alert_without_title_has_its_text_as_subject),
		CASE(folded_alerts_are_one_with_a_count),
		CASE(what_was_lost_is_told_with_the_next_alert),
		CASE(a_long_subject_is_cut_at_150_characters_with_its_count),
		CASE(hostile_names_are_harmless_in_every_part),
		CASE(texts_without_an_end_are_not_read_beyond_it),
		CASE(a_character_that_the_writer_cut_is_left_out),
		CASE(the_numbers_are_those_of_now),
		CASE(what_is_not_known_is_said_or_left_out),
		CASE(a_host_that_runs_full_says_when),
		CASE(each_state_of_a_unit_has_its_words),
		CASE(old_numbers_and_blindness_are_said),
		CASE(of_a_thousand_units_those_that_matter_are_shown),
		CASE(everything_at_its_longest_still_fits),
		CASE(a_writer_that_was_killed_in_the_middle_holds_up_nothing),
		CASE(without_config_and_state_the_message_is_still_whole),
		CASE(the_last_hour_is_a_line_of_blocks),
		CASE(minutes_that_nobody_saw_are_dots),
		CASE(there_are_no_minutes_before_the_boot),
		CASE(what_will_be_done_is_told_from_the_rule),
		CASE(steps_that_have_no_work_are_not_promised),
		CASE(a_message_that_comes_late_promises_what_is_still_under_way),
		CASE(a_clock_that_was_set_back_promises_nothing),
		CASE(every_verb_has_its_words),
		CASE(a_dead_unit_is_restarted_or_given_up),
		CASE(a_line_of_a_log_says_where_the_log_is),
		CASE(reminders_are_named_where_there_are_some),
		CASE(a_test_says_that_it_is_one),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
