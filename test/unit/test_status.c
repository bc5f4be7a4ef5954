/* `watchdogctl status` over a page made by hand: the whole text is compared, so that a change of
 * the table or of a JSON key is seen here first. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ask/status.h"
#include "config/config.h"
#include "base/severity.h"
#include "share/delivery.h"
#include "words/verb.h"

#define GIB ((int64_t)1 << 30)
#define MIB ((int64_t)1 << 20)

enum { NOW = 100000000, WALL_S = 1769107081 /* 2026-01-22T18:38:01Z */ };

struct fixture {
	char dir[64], control[96], page[96];
	struct state *state;
	char *out, *err; /* what the last call printed */
};

static int setup(void **arg)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int fd;

	strcpy(f->dir, "/tmp/test_status.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	(void)snprintf(f->control, sizeof(f->control), "%s/control", f->dir);
	(void)snprintf(f->page, sizeof(f->page), "%s/state", f->dir);
	fd = open(f->page, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	f->state = state_create(fd);
	assert_non_null(f->state);
	(void)close(fd);
	f->state->sentinel_pid = getpid();
	f->state->started = NOW - 11100000;
	f->state->tick = NOW - 400;
	f->state->generation = 1;
	clock_turn(NOW, (wall_ms)WALL_S * 1000);
	*arg = f;
	return 0;
}

static int teardown(void **arg)
{
	struct fixture *f = *arg;

	(void)munmap(f->state, sizeof(*f->state));
	(void)unlink(f->page);
	(void)rmdir(f->dir);
	free(f->out);
	free(f->err);
	free(f);
	clock_turn(0, 0);
	return 0;
}

static int run(struct fixture *f, bool json)
{
	size_t out_len, err_len;
	FILE *out, *err;
	int result;

	free(f->out);
	free(f->err);
	out = open_memstream(&f->out, &out_len);
	err = open_memstream(&f->err, &err_len);
	result = status_run(f->control, json, out, err);
	(void)fclose(out);
	(void)fclose(err);
	return result;
}

static void fill_host(struct state *s)
{
	s->mem_total_bytes = 8 * (uint64_t)GIB;
	s->swap_total_bytes = 2 * (uint64_t)GIB;
	state_set(&s->host[HOST_AVAILABLE], GIB, 8 * GIB, NOW);
	state_set(&s->host[HOST_USED], 7 * GIB, 8 * GIB, NOW);
	state_set(&s->host[HOST_SWAP_USED], GIB, 2 * GIB, NOW);
	state_set(&s->host[HOST_SWAP_FREE], GIB, 2 * GIB, NOW);
	state_set(&s->host[HOST_HEADROOM], 2 * GIB, 8 * GIB, NOW);
	s->host[HOST_EXHAUSTED_IN].known = STATE_NEVER;
	state_set(&s->host[HOST_PRESSURE_SOME], 12345, 0, NOW);
	state_set(&s->host[HOST_PRESSURE_FULL], 250, 0, NOW);
}

static void fill_units(struct state *s)
{
	struct state_unit *bot = &s->unit[0], *tts = &s->unit[1];

	s->units = 2;
	strcpy(bot->name, "nodira");
	bot->kind = CONFIG_SYSTEMD;
	bot->status = STATE_UNIT_RUNNING;
	bot->mark = STATE_MARK_CAPPED;
	bot->cap_bytes = 1610612736;
	bot->processes = 3;
	bot->since = bot->started = NOW - 11000000;
	bot->cgroup_id = 4711;
	bot->main_pid = 21285;
	strcpy(bot->main_comm, "cl\033[31m\"aude");
	bot->alive = STATE_MISSING;
	bot->watched_pid = 0;
	bot->parent_pid = 21200;
	strcpy(bot->parent_comm, "claudir");
	bot->missing_since = NOW - 4000;
	bot->heard = NOW - 7000;
	bot->died = (wall_ms)(WALL_S - 4) * 1000;
	strcpy(bot->died_text, "\033[2Jclaude (pid 21285): exit 1");
	bot->deaths = 2;
	bot->restarts = 1;
	bot->restart_at = NOW + 6000;
	bot->use = STATE_USE_UNUSED;
	bot->unused_since = NOW - 720000;
	state_set(&bot->readings[UNIT_MEMORY], 5 * GIB + 300 * MIB, 8 * GIB, NOW);
	state_set(&bot->readings[UNIT_ANON], 5 * GIB, 8 * GIB, NOW);
	state_set(&bot->readings[UNIT_SWAP], 512 * MIB, 2 * GIB, NOW);
	state_set(&bot->readings[UNIT_PRESSURE_SOME], 99960, 0, NOW);
	state_set(&bot->readings[UNIT_PRESSURE_FULL], 1500, 0, NOW);
	state_set(&bot->readings[UNIT_EVENTS_OOM_KILL], 1, 0, NOW);
	strcpy(tts->name, "xtts-server-of-a-long-name");
	tts->kind = CONFIG_MATCH;
	tts->status = STATE_UNIT_INACTIVE;
	tts->mark = STATE_MARK_STOPPED;
	tts->peak_bytes = 2 * (uint64_t)GIB;
	strcpy(tts->restore, "not yet, by restore of critical: host.available\033 is not > 35 %");
	tts->since = NOW - 123000;
	tts->alive = STATE_ALIVE;
	tts->watched = 2;
	tts->watched_pid = 4194304;
	tts->watched_since = NOW - 123000;
	memcpy(tts->watched_comm, "fifteen-letters", 16);
}

static void fill_rules(struct state *s)
{
	const struct state_rule rules[] = {
		{.rule = "tight", .phase = STATE_RULE_HOLDING, .since = NOW - 2000},
		{.rule = "critical",
		 .phase = STATE_RULE_STANDING,
		 .step = 1,
		 .fired = 1,
		 .since = NOW - 123000,
		 .severity = SEVERITY_CRITICAL,
		 .thread = UINT64_C(203489123456789),
		 .began = NOW - 124000},
		{.rule = "dead",
		 .unit = "nodira",
		 .phase = STATE_RULE_GIVEN_UP,
		 .fired = 5,
		 .since = NOW - 60000,
		 .severity = SEVERITY_WARNING,
		 .thread = 1,
		 .acked = 1,
		 .began = NOW - 7200000},
		{.rule = "oom", .unit = "nodira", .phase = STATE_RULE_QUIET, .since = NOW - 1},
		{.rule = "oom", .unit = "xtts-server-of-a-long-name"},
		{.rule = "oom"},
		{.rule = "mute", .unit = "nodira"},
	};

	s->rules = ARRAY_LEN(rules);
	memcpy(s->rule, rules, sizeof(rules));
}

static void fill(struct state *s)
{
	strcpy(s->config_path, "/etc/watchdogd/watchdogd.conf");
	s->looks = 11200;
	s->firings = 6;
	fill_host(s);
	fill_units(s);
	fill_rules(s);
	clock_turn(NOW, (wall_ms)(WALL_S - 123) * 1000);
	state_add_action(s, SEVERITY_CRITICAL, "critical", "xtts-server-of-a-long-name",
			 "stopped: the unit is inactive, 1.9 GiB came back");
	clock_turn(NOW, (wall_ms)(WALL_S - 5) * 1000);
	state_add_action(s, SEVERITY_WARNING, "tight", "",
			 "host.used 87.5 % > 80 %; killed \033]0;x\a\n");
	clock_turn(NOW, (wall_ms)WALL_S * 1000);
}

static void table_shows_what_the_page_knows_in_80_columns(void **arg)
{
	struct fixture *f = *arg;
	char want[4096], first[16], second[16];

	fill(f->state);
	delivery_format_id(UINT64_C(203489123456789), first);
	delivery_format_id(1, second);
	assert_int_equal(run(f, false), 0);
	(void)snprintf(
		want, sizeof(want),
		"watchdogd  sentinel %d, up 3 h 5 min, last look 400 ms ago, config 1\n"
		"config     /etc/watchdogd/watchdogd.conf\n"
		"\n"
		"host       available 1.0 GiB (12.5 %%), used 87.5 %%, headroom 2.0 GiB\n"
		"           swap used 50.0 %% of 2.0 GiB, pressure some 12.3 %%, full 0.2 %%\n"
		"\n"
		"UNIT          STATUS     MEMORY     ANON     SWAP SOME/FULL       SINCE BY US\n"
		"nodira        running   5.3 GiB  5.0 GiB  512 MiB   100/1.5   3 h 3 min capped\n"
		"    capped at 1.5 GiB\n"
		"xtts-server-of-a-long-name\n"
		"              inactive        -        -        -         -   2 min 3 s stopped\n"
		"\n"
		"UNIT          LIFE     PROCESS                 PARENT                      SINCE\n"
		"nodira        missing  -                       21200 claudir               4.0 s\n"
		"    died 4.0 s ago (2 times in all): \\x1b[2Jclaude (pid 21285): exit 1\n"
		"    started by watchdogd 1 time in a row; the next start waits 6.0 s more\n"
		"    unused for 12 min 0 s\n"
		"xtts-server-of-a-long-name\n"
		"              alive x2 4194304 fifteen-letters -                       2 min 3 s\n"
		"\n"
		"NOT GIVEN BACK YET\n"
		"nodira (capped)\n"
		"    now\n"
		"xtts-server-of-a-long-name (stopped; at its peak it took 2048 MiB)\n"
		"    not yet, by restore of critical: host.available\\x1b is not > 35 %%\n"
		"    `watchdogctl retry xtts-server-of-a-long-name` forgets that peak\n"
		"\n"
		"RULE                 UNIT                 STATE     STEP       SINCE FIRED\n"
		"tight                -                    holding      -       2.0 s     0\n"
		"critical             -                    standing     2   2 min 3 s     1\n"
		"dead                 nodira               given up     -   1 min 0 s     5\n"
		"oom                  (3 of them)          quiet        -           -     0\n"
		"mute                 nodira               quiet        -           -     0\n"
		"\n"
		"OPEN ALERT SEVERITY RULE                 UNIT                       SINCE\n"
		"%-10s critical critical             -                      2 min 4 s\n"
		"%-10s warning  dead                 nodira                 2 h 0 min seen\n"
		"\n"
		"LAST ACTIONS\n"
		"      5.0 s ago  warning rule=tight\n"
		"    host.used 87.5 %% > 80 %%; killed \\x1b]0;x\\x07\\x0a\n"
		"  2 min 3 s ago  critical rule=critical unit=xtts-server-of-a-long-name\n"
		"    stopped: the unit is inactive, 1.9 GiB came back\n",
		getpid(), first, second);
	assert_string_equal(f->out, want);
	for (const char *line = f->out; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		assert_true(strcspn(line, "\n") <= 80);
	}
}

static void table_shows_when_memory_is_used_up_if_that_is_soon(void **arg)
{
	struct fixture *f = *arg;
	struct state_reading *exhausted;

	fill(f->state);
	exhausted = &f->state->host[HOST_EXHAUSTED_IN];
	state_set(exhausted, 12300, 0, 1);
	assert_int_equal(run(f, false), 0);
	assert_non_null(strstr(f->out, "full 0.2 %\n           used up in 12 s at this rate\n\nUNIT"));
	exhausted->value = 600000;
	assert_int_equal(run(f, false), 0);
	assert_null(strstr(f->out, "used up"));
}

static void page_of_a_daemon_that_just_started_is_shown_with_what_is_missing(void **arg)
{
	struct fixture *f = *arg;
	char want[2048];

	f->state->dry_run = 1;
	strcpy(f->state->blind, "psi: no /proc/pressure/memory");
	assert_int_equal(run(f, false), 0);
	(void)snprintf(
		want, sizeof(want),
		"watchdogd  sentinel %d, up 3 h 5 min, last look 400 ms ago, config 1\n"
		"config     (built in)\n"
		"dry run    no action is taken, only told\n"
		"BLIND      psi: no /proc/pressure/memory\n"
		"\n"
		"host       available - (unknown), used unknown, headroom -\n"
		"           no swap, pressure some - %%, full - %%\n"
		"\n"
		"UNIT          STATUS     MEMORY     ANON     SWAP SOME/FULL       SINCE BY US\n"
		"(none)\n"
		"\n"
		"RULE                 UNIT                 STATE     STEP       SINCE FIRED\n"
		"(none)\n"
		"\n"
		"LAST ACTIONS\n"
		"(none)\n",
		getpid());
	assert_string_equal(f->out, want);
}

static void the_swap_file_is_a_line_where_there_is_one(void **arg)
{
	static const struct {
		struct state_swap swap;
		const char *line, *json;
	} rows[] = {
		{{.phase = STATE_SWAP_NONE}, "full - %\n\nUNIT", "\"swapfile\":null,"},
		{{.phase = 77}, "full - %\n\nUNIT", "\"swapfile\":null,"},
		{{.phase = STATE_SWAP_WAITS},
		 "           swap file not there yet, made in a quiet time\n\n",
		 "\"swapfile\":{\"state\":\"waits\",\"on\":false,\"ours\":false,\"going_off\":false,\"size_bytes\":0,"
		 "\"used_bytes\":0,\"restore\":null,\"why\":null},\"units\""},
		{{.phase = STATE_SWAP_MAKING}, "           swap file being made\n", "\"state\":\"making\""},
		{{.phase = STATE_SWAP_READY}, "           swap file ready\n", "\"state\":\"ready\""},
		{{.phase = STATE_SWAP_READY, .on = 1, .size_bytes = 134213632, .used_bytes = 3145728},
		 "           swap file on, 3 MiB of 128 MiB used\n",
		 "\"on\":true,\"ours\":false,\"going_off\":false,\"size_bytes\":134213632,\"used_bytes\":3145728,"},
		{{.phase = STATE_SWAP_READY, .on = 1, .ours = 1, .going_off = 1},
		 "           swap file on by us, being switched off, 0 MiB of 0 MiB used\n",
		 "\"ours\":true,\"going_off\":true,"},
		{{.phase = STATE_SWAP_READY, .on = 1, .ours = 1, .used_bytes = 5242880, .restore = "rule x fires"},
		 "\n\nNOT GIVEN BACK YET\nthe swap file (on; used on it are 5 MiB)\n    rule x fires\n",
		 "\"restore\":\"rule x fires\",\"why\":null}"},
		{{.phase = STATE_SWAP_REFUSED, .why = "\x1b[31m\"no\""},
		 "           swap file none: \\x1b[31m\"no\"\n",
		 "\"why\":\"\\u001b[31m\\\"no\\\"\"},"},
	};
	struct fixture *f = *arg;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		f->state->swap = rows[i].swap;
		assert_int_equal(run(f, false), 0);
		if (strstr(f->out, rows[i].line) == NULL)
			fail_msg("row %zu: %s", i, f->out);
		assert_int_equal(run(f, true), 0);
		if (strstr(f->out, rows[i].json) == NULL)
			fail_msg("row %zu: %s", i, f->out);
	}
}

static void json_is_one_object_with_every_key_and_hostile_text_escaped(void **arg)
{
	struct fixture *f = *arg;
	static const char *const parts[] = {
		"{\"alive\":true,\"why_not\":null,\"pid\":",
		",\"dry_run\":false,\"generation\":1,\"config\":\"/etc/watchdogd/watchdogd.conf\","
		"\"up_ms\":11100000,\"tick_age_ms\":400,\"looks\":11200,\"firings\":6,\"blind\":null,"
		"\"mem_total_bytes\":8589934592,\"swap_total_bytes\":2147483648,\"host\":{\"readings\":{"
		"\"host.available\":{\"bytes\":1073741824,\"percent\":12.500},",
		"\"host.exhausted-in\":\"never\",\"host.pressure.some\":{\"percent\":12.345},"
		"\"host.pressure.some.avg10\":null,",
		"\"units\":[{\"unit\":\"nodira\",\"kind\":\"systemd\",\"status\":\"running\",\"mark\":\"capped\","
		"\"cap_bytes\":1610612736,\"busy\":null,\"since_ms\":11000000,\"started_ms\":11000000,\"cgroup_id\":4711,"
		"\"oom_kills\":0,\"processes\":3,\"main_comm\":\"cl\\u001b[31m\\\"aude\",\"main_pid\":21285,"
		"\"alive\":\"missing\",\"systemd_at_it\":false,\"watched\":0,\"watched_pid\":0,"
		"\"watched_comm\":null,\"watched_ms\":null,\"parent_pid\":21200,\"parent_comm\":\"claudir\","
		"\"missing_ms\":4000,\"heard_ms\":7000,\"died\":\"2026-01-22T18:37:57Z\","
		"\"died_text\":\"\\u001b[2Jclaude (pid 21285): exit 1\",\"deaths\":2,"
		"\"restarts\":1,\"restart_in_ms\":6000,\"in_use\":false,\"unused_ms\":720000,\"peak_bytes\":null,\"restore\":null,"
		"\"readings\":{\"memory\":{\"bytes\":5683281920,\"percent\":66.162},",
		"\"events.oom_kill\":{\"count\":1},",
		"{\"unit\":\"xtts-server-of-a-long-name\",\"kind\":\"match\",\"status\":\"inactive\","
		"\"mark\":\"stopped\",\"cap_bytes\":null,\"busy\":null,\"since_ms\":123000,\"started_ms\":null,",
		"\"peak_bytes\":2147483648,"
		"\"restore\":\"not yet, by restore of critical: host.available\\u001b is not > 35 %\",",
		"\"rules\":[{\"rule\":\"tight\",\"unit\":null,\"state\":\"holding\",\"step\":0,\"fired\":0,"
		"\"severity\":\"debug\",\"alert\":null,\"alert_ms\":null,\"acknowledged\":null,\"since_ms\":2000},",
		"\"severity\":\"critical\",\"alert\":\"", "\",\"alert_ms\":124000,\"acknowledged\":false,",
		"\"alert_ms\":7200000,\"acknowledged\":true,",
		"\"actions\":[{\"number\":2,\"at\":\"2026-01-22T18:37:56Z\",\"at_ms\":1769107076000,\"severity\":\"warning\","
		"\"rule\":\"tight\",\"unit\":null,"
		"\"text\":\"host.used 87.5 % > 80 %; killed \\u001b]0;x\\u0007\\u000a\"},{\"number\":1,",
		"1.9 GiB came back\"}]}\n",
	};
	const char *at;

	fill(f->state);
	assert_int_equal(run(f, true), 0);
	at = f->out;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		const char *found = strstr(at, parts[i]);

		if (found == NULL)
			fail_msg("missing: %s\nin: %s", parts[i], at);
		at = found + strlen(parts[i]);
	}
	assert_int_equal(*at, '\0');
	assert_ptr_equal(strchr(f->out, '\n'), at - 1);
}

static void unit_that_is_being_stopped_says_so(void **arg)
{
	struct fixture *f = *arg;

	fill(f->state);
	f->state->unit[0].busy = 1 + VERB_STOP;
	assert_int_equal(run(f, false), 0);
	assert_non_null(strstr(f->out, "3 h 3 min stop..\n"));
	assert_int_equal(run(f, true), 0);
	assert_non_null(strstr(f->out, "\"busy\":\"stop\""));
}

static void sentinel_that_does_not_tick_is_told_first(void **arg)
{
	struct fixture *f = *arg;

	f->state->tick = NOW - STATUS_STALE_MS;
	assert_int_equal(run(f, false), 0);
	f->state->tick = NOW - STATUS_STALE_MS - 1;
	assert_int_equal(run(f, false), 3);
	assert_ptr_equal(strstr(f->out, "NOT WATCHING: the sentinel does not tick."), f->out);
	assert_int_equal(run(f, true), 3);
	assert_ptr_equal(
		strstr(f->out, "{\"alive\":false,\"why_not\":\"the sentinel does not tick\","),
		f->out);
}

static void sentinel_whose_process_is_gone_is_told_at_once(void **arg)
{
	struct fixture *f = *arg;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	f->state->sentinel_pid = pid;
	assert_int_equal(run(f, false), 3);
	assert_non_null(strstr(f->out, "NOT WATCHING: the sentinel's process is gone."));
}

static void page_of_another_boot_is_not_believed(void **arg)
{
	struct fixture *f = *arg;

	strcpy(f->state->boot_id, "00000000-0000-0000-0000-000000000000");
	assert_int_equal(run(f, false), 3);
	assert_non_null(strstr(f->out, "from before the last restart of the host"));
}

static void missing_page_means_not_running(void **arg)
{
	struct fixture *f = *arg;
	char want[256];

	assert_int_equal(unlink(f->page), 0);
	assert_int_equal(run(f, true), 3);
	(void)snprintf(want, sizeof(want),
		       "watchdogctl: watchdogd is not running: there is no %s\n", f->page);
	assert_string_equal(f->err, want);
	assert_string_equal(f->out, "");
}

static void file_that_is_no_page_is_refused(void **arg)
{
	struct fixture *f = *arg;

	f->state->version++;
	assert_int_equal(run(f, false), 1);
	assert_non_null(strstr(f->err, "no state page of this version"));
	assert_int_equal(truncate(f->page, 10), 0);
	assert_int_equal(run(f, false), 1);
}

/* A writer killed in the middle, or gone mad: rows beyond the arrays, names without end, unknown
 * words. */
static void broken_page_is_shown_as_far_as_it_goes(void **arg)
{
	struct fixture *f = *arg;

	fill(f->state);
	f->state->sequence = 1;
	f->state->units = f->state->rules = UINT32_MAX;
	memset(f->state->unit[0].name, 'x', NAME_BYTES);
	memset(f->state->blind, 'y', sizeof(f->state->blind));
	memset(f->state->actions[1].text, 'z', sizeof(f->state->actions[1].text));
	f->state->unit[0].status = f->state->unit[0].mark = f->state->unit[0].busy = 255;
	f->state->unit[0].kind = f->state->rule[0].phase = 255;
	f->state->actions[1].severity = f->state->rule[1].severity = UINT32_MAX;
	f->state->rule[1].thread = f->state->rule[1].began = UINT64_MAX;
	f->state->unit[0].readings[UNIT_MEMORY].known = 99;
	state_set(&f->state->unit[0].readings[UNIT_ANON], INT64_MAX, 1, 0);
	state_set(&f->state->unit[0].readings[UNIT_PRESSURE_SOME], INT64_MIN, 0, 0);
	assert_int_equal(run(f, false), 0);
	assert_int_equal(run(f, true), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(table_shows_what_the_page_knows_in_80_columns),
		TEST(table_shows_when_memory_is_used_up_if_that_is_soon),
		TEST(page_of_a_daemon_that_just_started_is_shown_with_what_is_missing),
		TEST(the_swap_file_is_a_line_where_there_is_one),
		TEST(json_is_one_object_with_every_key_and_hostile_text_escaped),
		TEST(unit_that_is_being_stopped_says_so),
		TEST(sentinel_that_does_not_tick_is_told_first),
		TEST(sentinel_whose_process_is_gone_is_told_at_once),
		TEST(page_of_another_boot_is_not_believed),
		TEST(missing_page_means_not_running),
		TEST(file_that_is_no_page_is_refused),
		TEST(broken_page_is_shown_as_far_as_it_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
