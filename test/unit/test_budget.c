/* `watchdogctl budget` over a page made by hand, with a config of its own and a systemctl that is a script; what systemctl
 * says is read, and what is wrong with it is found. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ask/budget.h"
#include "ask/budget_advice.h"

#define GIB ((int64_t)1 << 30)
#define MIB ((int64_t)1 << 20)

enum { NOW = 100000000, WALL_S = 1769107081 /* 2026-01-22T18:38:01Z */, UP_MS = 11100000 };

/* --- what systemctl says --- */

/* As systemd 252 has it, of a service that says nothing of its own. */
#define SAYS(name, more)                                                                                               \
	"Restart=no\nNames=" name "\nLoadState=loaded\nRestartUSec=100ms\nOOMPolicy=stop\nMemoryHigh=infinity\n"       \
	"MemoryMax=infinity\nStartLimitIntervalUSec=10s\nStartLimitBurst=5\n" more

static struct budget_systemd parse_one(const char *says)
{
	static const char *const names[] = {"a.service"};
	struct budget_systemd row = {0};
	char *text = strdup(says);

	budget_systemd_parse(text, names, 1, &row);
	free(text);
	return row;
}

static void a_plain_service_is_read(void **state)
{
	struct budget_systemd s = parse_one(SAYS("a.service", ""));

	(void)state;
	assert_true(s.answered && s.loaded);
	assert_int_equal(s.oom_policy, BUDGET_OOM_STOP);
	assert_int_equal(s.restart, BUDGET_RESTART_NO);
	assert_int_equal(s.restart_us, 100000);
	assert_int_equal(s.limit_us, 10000000);
	assert_int_equal(s.limit_burst, 5);
	assert_true(s.restart_known && s.limit_known && s.burst_known);
	assert_true(s.max_bytes == BUDGET_NO_LIMIT && s.high_bytes == BUDGET_NO_LIMIT);
}

/* Recorded of systemd 252: a plain service, one with settings of its own, one that is not there, a slice. */
static void what_a_real_systemd_says_is_read(void **state)
{
	static const char *const names[] = {"two.service", "plain.service", "app.slice", "nowhere.service"};
	struct budget_systemd rows[4] = {0};
	char text[4096];
	int fd = open("test/data/budget/systemctl-252.in", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	(void)state;
	assert_true(n > 0);
	(void)close(fd);
	text[n] = '\0';
	budget_systemd_parse(text, names, 4, rows);
	assert_true(rows[0].loaded && rows[1].loaded && rows[2].loaded && rows[3].answered && !rows[3].loaded);
	assert_int_equal(rows[0].oom_policy, BUDGET_OOM_CONTINUE);
	assert_int_equal(rows[0].restart, BUDGET_RESTART_ON_FAILURE);
	assert_int_equal(rows[0].restart_us, 1500000);
	assert_int_equal(rows[0].limit_us, 90000000);
	assert_int_equal(rows[0].limit_burst, 7);
	assert_int_equal(rows[0].max_bytes, 5 * GIB);
	assert_true(rows[0].high_bytes > 0 && rows[0].high_bytes < BUDGET_NO_LIMIT);
	assert_int_equal(rows[1].oom_policy, BUDGET_OOM_STOP);
	assert_int_equal(rows[1].restart, BUDGET_RESTART_NO);
	assert_true(rows[1].max_bytes == BUDGET_NO_LIMIT);
	assert_int_equal(rows[2].restart, BUDGET_RESTART_UNKNOWN);
}

static void each_unit_gets_its_own_block_whatever_the_order_and_the_alias(void **state)
{
	static const char *const names[] = {"a.service", "b.service", "none.service", "c.service"};
	char text[] = SAYS("c.service", "") "\n" SAYS("dbus-b.service b.service", "OOMPolicy=continue\n") "\n"
		"Names=none.service\nLoadState=not-found\nMemoryMax=1048576\n\n" SAYS("a.service", "Restart=always\n");
	struct budget_systemd rows[4] = {0};

	(void)state;
	budget_systemd_parse(text, names, 4, rows);
	assert_int_equal(rows[0].restart, BUDGET_RESTART_ALWAYS);
	assert_int_equal(rows[1].oom_policy, BUDGET_OOM_CONTINUE);
	assert_true(rows[2].answered && !rows[2].loaded);
	assert_int_equal(rows[2].max_bytes, MIB);
	assert_true(rows[3].loaded);
	assert_int_equal(rows[3].oom_policy, BUDGET_OOM_STOP);
}

static void hostile_answers_leave_what_they_say_unknown(void **state)
{
	static const char *const says[] = {
		"", "\n\n\n", "=", "Names", "Names=\n", "Names=aa.service a.servicee\nLoadState=loaded\n",
		"Failed to connect to bus: a.service: No such file\n", "\x1b[31mNames=a.service",
		"LoadState=loaded\n\nOOMPolicy=stop\n",
	};
	char many[4096] = "";
	struct budget_systemd s;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(says); i++) {
		s = parse_one(says[i]);
		assert_false(s.answered);
		assert_int_equal(budget_advice_find(&s, 1), 0);
	}
	s = parse_one("Names=a.service\nLoadState=loaded\nOOMPolicy=%n\x1b\nRestart=\nRestartUSec=-1s\nMemoryMax=-5\n"
		      "MemoryHigh=99999999999999999999999\nStartLimitBurst=x\nStartLimitIntervalUSec=\n");
	assert_true(s.answered && s.loaded);
	assert_int_equal(s.oom_policy, BUDGET_OOM_UNKNOWN);
	assert_int_equal(s.restart, BUDGET_RESTART_UNKNOWN);
	assert_false(s.restart_known || s.limit_known || s.burst_known);
	assert_int_equal(s.max_bytes, 0);
	assert_int_equal(s.high_bytes, 0);
	assert_int_equal(budget_advice_find(&s, 1), 0);
	for (int i = 0; i < 300; i++)
		strcat(many, "x=y\n");
	strcat(many, "Names=a.service\n");
	assert_false(parse_one(many).answered);
}

static void spans_are_read_as_systemd_prints_them(void **state)
{
	static const struct {
		const char *text;
		uint64_t us;
		bool good;
	} rows[] = {
		{"100ms", 100000, true}, {"10s", 10000000, true}, {"1min 30s", 90000000, true},
		{"1.500000s", 1500000, true}, {"0", 0, true}, {"infinity", UINT64_MAX, true},
		{"1month 2w 3d 4h 5min", UINT64_C(2629800000000) + UINT64_C(1483500000000), true},
		{"5us", 5, true}, {"1y", UINT64_C(31557600000000), true},
		{"", 0, false}, {" ", 0, false}, {"5", 0, false}, {"s", 0, false}, {"5parsec", 0, false}, {"-5s", 0, false},
		{".5s", 0, false}, {"5s x", 0, false}, {"1e9s", 0, false}, {"9999999999999999999y", 0, false},
		{"000000000000000000000000000001s", 0, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t us = 0;

		if (budget_systemd_span(rows[i].text, &us) != rows[i].good || (rows[i].good && us != rows[i].us))
			fail_msg("\"%s\": %llu", rows[i].text, (unsigned long long)us);
	}
}

/* --- what is wrong --- */

#define WRONG(what) (1u << BUDGET_##what)

static void what_systemd_would_do_wrong_is_found(void **state)
{
	static const struct {
		const char *more;
		uint32_t wrong;
	} rows[] = {
		{"", WRONG(STAYS_DOWN) | WRONG(NO_RESTART) | WRONG(NO_MAX)},
		{"OOMPolicy=kill\n", WRONG(STAYS_DOWN) | WRONG(NO_RESTART) | WRONG(NO_MAX)},
		{"OOMPolicy=continue\n", WRONG(NO_RESTART) | WRONG(NO_MAX)},
		{"Restart=on-failure\n", WRONG(ALL_STOPPED) | WRONG(SIGTERM) | WRONG(START_LIMIT) | WRONG(NO_MAX)},
		{"Restart=on-abnormal\n", WRONG(ALL_STOPPED) | WRONG(SIGTERM) | WRONG(START_LIMIT) | WRONG(NO_MAX)},
		{"Restart=always\n", WRONG(ALL_STOPPED) | WRONG(START_LIMIT) | WRONG(NO_MAX)},
		{"Restart=on-abort\n", WRONG(STAYS_DOWN) | WRONG(NO_RESTART) | WRONG(NO_MAX)},
		{"Restart=on-success\n", WRONG(STAYS_DOWN) | WRONG(NO_RESTART) | WRONG(NO_MAX)},
		{"Restart=always\nOOMPolicy=continue\nStartLimitIntervalUSec=0\nMemoryMax=5368709120\n", 0},
		{"Restart=always\nOOMPolicy=continue\nStartLimitBurst=0\nMemoryMax=5368709120\n", 0},
		{"Restart=always\nOOMPolicy=continue\nRestartUSec=5s\nMemoryMax=5368709120\n", 0},
		{"Restart=always\nOOMPolicy=continue\nRestartUSec=5s\nMemoryMax=1073741824\n", WRONG(LOW_MAX)},
		{"LoadState=not-found\n", WRONG(NOT_LOADED)},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char says[1024];
		struct budget_systemd s;

		(void)snprintf(says, sizeof(says), "%s%s", SAYS("a.service", ""), rows[i].more);
		s = parse_one(says);
		if (budget_advice_find(&s, 4 * (uint64_t)GIB) != rows[i].wrong)
			fail_msg("%s: %x", rows[i].more, budget_advice_find(&s, 4 * (uint64_t)GIB));
	}
}

static void the_drop_in_changes_what_is_wrong_and_is_not_wrong_itself(void **state)
{
	struct budget_limit limit = {4 * (uint64_t)GIB, 5 * (uint64_t)GIB, true};
	struct budget_systemd s = parse_one(SAYS("a.service", ""));
	char text[1024];
	struct buffer b;

	(void)state;
	BUFFER_OVER(&b, text);
	budget_advice_drop_in(&b, "a.service", &limit, budget_advice_find(&s, 4 * (uint64_t)GIB));
	assert_string_equal(text, "# systemctl edit a.service\n[Service]\nMemoryHigh=4096M\nMemoryMax=5120M\n"
				  "OOMPolicy=continue\nRestart=always\nRestartSec=5\n");
	s = parse_one(SAYS("a.service", "Restart=on-failure\n"));
	BUFFER_OVER(&b, text);
	budget_advice_drop_in(&b, "a.service", &limit, budget_advice_find(&s, 4 * (uint64_t)GIB));
	assert_string_equal(text, "# systemctl edit a.service\n[Service]\nMemoryHigh=4096M\nMemoryMax=5120M\n"
				  "OOMPolicy=continue\nRestart=always\nRestartSec=5\n[Unit]\nStartLimitIntervalSec=10min\nStartLimitBurst=10\n");
	/* With both, nothing is. */
	s = parse_one(SAYS("a.service", "OOMPolicy=continue\nRestart=always\nRestartUSec=5s\nMemoryMax=5368709120\n"
					"StartLimitIntervalUSec=10min\nStartLimitBurst=10\n"));
	assert_int_equal(budget_advice_find(&s, 4 * (uint64_t)GIB), 0);
}

static void a_drop_in_has_the_section_of_its_kind_or_is_none(void **state)
{
	struct budget_limit none = {0}, limit = {5 * (uint64_t)GIB, 5 * (uint64_t)GIB, false};
	char text[1024];
	struct buffer b;

	(void)state;
	BUFFER_OVER(&b, text);
	budget_advice_drop_in(&b, "a.service", &none, 0);
	assert_string_equal(text, "");
	budget_advice_drop_in(&b, "a.slice", &limit, 0);
	assert_string_equal(text, "# systemctl edit a.slice\n[Slice]\nMemoryMax=5120M\n");
	BUFFER_OVER(&b, text);
	budget_advice_drop_in(&b, "a.scope", &limit, 0);
	assert_non_null(strstr(text, "[Scope]"));
}

/* --- asking --- */

struct fixture {
	char dir[64], control[96], page[96], conf[96], systemctl[96], asked[96];
	struct state *state;
	char *out, *err; /* what the last call printed */
};

static void put(const char *path, mode_t mode, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	(void)close(fd);
}

static void put_systemctl(struct fixture *f, const char *script)
{
	char text[8192];

	(void)snprintf(text, sizeof(text), "#!/bin/sh\nprintf '<%%s>' \"$@\" >%s\n%s", f->asked, script);
	put(f->systemctl, 0700, text);
}

static int setup(void **arg)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int fd;

	strcpy(f->dir, "/tmp/test_budget.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	(void)snprintf(f->control, sizeof(f->control), "%s/control", f->dir);
	(void)snprintf(f->page, sizeof(f->page), "%s/state", f->dir);
	(void)snprintf(f->conf, sizeof(f->conf), "%s/conf", f->dir);
	(void)snprintf(f->systemctl, sizeof(f->systemctl), "%s/systemctl", f->dir);
	(void)snprintf(f->asked, sizeof(f->asked), "%s/asked", f->dir);
	fd = open(f->page, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	f->state = state_create(fd);
	assert_non_null(f->state);
	(void)close(fd);
	*arg = f;
	return 0;
}

static int teardown(void **arg)
{
	struct fixture *f = *arg;

	(void)munmap(f->state, sizeof(*f->state));
	(void)unlink(f->page);
	(void)unlink(f->conf);
	(void)unlink(f->systemctl);
	(void)unlink(f->asked);
	(void)rmdir(f->dir);
	free(f->out);
	free(f->err);
	free(f);
	clock_turn(0, 0);
	return 0;
}

static const char *read_asked(const struct fixture *f)
{
	static char text[4096];
	int fd = open(f->asked, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	(void)close(fd);
	return text;
}

static void names_reach_systemctl_behind_a_double_dash_and_no_shell(void **arg)
{
	static const char *const names[] = {"-p.service", "b@\\x2d.service"};
	struct fixture *f = *arg;
	char text[256];

	put_systemctl(f, "echo answer; echo more\n");
	assert_int_equal(budget_systemd_ask(f->systemctl, names, 2, 60000, text, sizeof(text)), 0);
	assert_string_equal(text, "answer\nmore\n");
	assert_non_null(strstr(read_asked(f), "><--><-p.service><b@\\x2d.service>"));
	assert_non_null(strstr(read_asked(f), "<show><--no-pager>"));
}

static void a_systemctl_that_fails_hangs_floods_or_is_not_there_is_told_apart(void **arg)
{
	static const char *const names[] = {"a.service"};
	struct fixture *f = *arg;
	char text[64];

	assert_int_equal(budget_systemd_ask(f->systemctl, names, 1, 60000, text, sizeof(text)), -ENOENT);
	put_systemctl(f, "echo half; exit 1\n");
	assert_int_equal(budget_systemd_ask(f->systemctl, names, 1, 60000, text, sizeof(text)), -EPROTO);
	assert_string_equal(text, "half\n");
	put_systemctl(f, "kill -9 $$\n");
	assert_int_equal(budget_systemd_ask(f->systemctl, names, 1, 60000, text, sizeof(text)), -EPROTO);
	put_systemctl(f, "exec sleep 1000\n");
	assert_int_equal(budget_systemd_ask(f->systemctl, names, 1, 200, text, sizeof(text)), -ETIMEDOUT);
	put_systemctl(f, "exec >&- 2>&-; exec sleep 1000\n");
	assert_int_equal(budget_systemd_ask(f->systemctl, names, 1, 200, text, sizeof(text)), -ETIMEDOUT);
	put_systemctl(f, "while :; do echo flood; done\n");
	assert_int_equal(budget_systemd_ask(f->systemctl, names, 1, 60000, text, sizeof(text)), -EFBIG);
	assert_int_equal(strlen(text), sizeof(text) - 1);
}

/* --- the whole --- */

static const char the_config[] = "[unit nodira]\nsystemd = nodira.service\nprocess = claude\ngroup = bots\npriority = 20\n"
				 "[unit mirzo]\nsystemd = mirzo.service\nprocess = claude\ngroup = bots\npriority = 30\n"
				 "[unit xtts]\nmatch = xtts_server\npriority = 1\n";

static void fill_unit(struct state_unit *u, const char *name, int64_t now, uint64_t peak)
{
	(void)snprintf(u->name, sizeof(u->name), "%s", name);
	u->status = now > 0 ? STATE_UNIT_RUNNING : STATE_UNIT_INACTIVE;
	u->peak_bytes = peak;
	if (now > 0)
		state_set(&u->readings[UNIT_ANON], now, 7885 * MIB, NOW);
}

/* 22 January: one bot was killed at 5.1 GiB and is not there now. */
static void fill(struct fixture *f)
{
	struct state *s = f->state;
	int64_t ram = 7885 * MIB, swap = 2 * GIB, used = 5 * GIB + 2 * GIB + 600 * MIB;

	put(f->conf, 0600, the_config);
	(void)snprintf(s->config_path, sizeof(s->config_path), "%s", f->conf);
	s->sentinel_pid = getpid();
	s->started = NOW - UP_MS;
	s->tick = NOW - 400;
	clock_turn(NOW, (wall_ms)WALL_S * 1000);
	s->mem_total_bytes = (uint64_t)ram;
	s->swap_total_bytes = (uint64_t)swap;
	state_set(&s->host[HOST_USED], used - 512 * MIB, ram, NOW);
	state_set(&s->host[HOST_AVAILABLE], ram - used + 512 * MIB, ram, NOW);
	state_set(&s->host[HOST_SWAP_USED], 512 * MIB, swap, NOW);
	s->units = 3;
	fill_unit(&s->unit[0], "nodira", 5 * GIB, 5240 * (uint64_t)MIB);
	fill_unit(&s->unit[1], "mirzo", 0, 5204 * (uint64_t)MIB);
	s->unit[1].oom_kills = 2;
	fill_unit(&s->unit[2], "xtts", 2 * GIB, 2 * (uint64_t)GIB);
}

static int run(struct fixture *f, bool json)
{
	struct budget_ask ask = {f->control, f->systemctl, json};
	size_t out_len, err_len;
	FILE *out, *err;
	int result;

	free(f->out);
	free(f->err);
	out = open_memstream(&f->out, &out_len);
	err = open_memstream(&f->err, &err_len);
	result = budget_run(&ask, out, err);
	(void)fclose(out);
	(void)fclose(err);
	return result;
}

#define INCIDENT_SAYS                                                                                                  \
	"cat <<'END'\n" SAYS("nodira.service", "") "\n" SAYS("mirzo.service", "Restart=on-failure\nOOMPolicy=continue\n") "END\n"

static void assert_wide(const char *text, size_t columns)
{
	for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1)
		if (strcspn(line, "\n") > columns)
			fail_msg("wider than %zu: %.*s", columns, (int)strcspn(line, "\n"), line);
}

/* The whole text, as test/data/budget has it: what is seen first where it is to be another. */
static void assert_as_in(const char *text, const char *path)
{
	static char want[16384];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, want, sizeof(want) - 1);

	assert_true(n > 0);
	(void)close(fd);
	want[n] = '\0';
	if (strcmp(text, want) != 0)
		fail_msg("%s has other text than\n%s", path, text);
}

static void the_post_mortems_questions_are_answered_with_numbers(void **arg)
{
	struct fixture *f = *arg;

	fill(f);
	put_systemctl(f, INCIDENT_SAYS);
	assert_int_equal(run(f, false), 0);
	assert_as_in(f->out, "test/data/budget/incident.want");
	assert_wide(f->out, 80);
}

static void json_has_the_same(void **arg)
{
	struct fixture *f = *arg;

	fill(f);
	put_systemctl(f, INCIDENT_SAYS);
	assert_int_equal(run(f, true), 0);
	assert_as_in(f->out, "test/data/budget/incident.json.want");
}

static void a_unit_that_never_ran_is_said_to_be_unknown(void **arg)
{
	struct fixture *f = *arg;

	fill(f);
	put_systemctl(f, INCIDENT_SAYS);
	f->state->unit[2].readings[UNIT_ANON].known = STATE_UNKNOWN;
	f->state->unit[2].peak_bytes = 0;
	assert_int_equal(run(f, false), 0);
	assert_non_null(strstr(f->out, "xtts                 1         -   unknown  it never ran while watched\n"));
	assert_wide(f->out, 80);
	assert_non_null(strstr(f->out, "\nUNKNOWN    xtts: not in any of these sums"));
	assert_null(strstr(f->out, "# xtts"));
	assert_int_equal(run(f, true), 0);
	assert_non_null(strstr(f->out, "{\"unit\":\"xtts\",\"priority\":1,\"protect\":false,\"now_bytes\":null,\"peak_bytes\":null"));
}

static void where_nothing_ran_nothing_is_claimed(void **arg)
{
	struct fixture *f = *arg;

	fill(f);
	put_systemctl(f, INCIDENT_SAYS);
	for (int i = 0; i < 3; i++) {
		f->state->unit[i].readings[UNIT_ANON].known = STATE_UNKNOWN;
		f->state->unit[i].peak_bytes = 0;
	}
	assert_int_equal(run(f, false), 0);
	assert_null(strstr(f->out, "FITS"));
	assert_null(strstr(f->out, "WOULD DO"));
	assert_non_null(strstr(f->out, "\nUNKNOWN    xtts, nodira, mirzo: "));
	assert_int_equal(run(f, true), 0);
	assert_non_null(strstr(f->out, "\"fits\":null"));
}

static void what_fits_says_so(void **arg)
{
	struct fixture *f = *arg;

	fill(f);
	put_systemctl(f, INCIDENT_SAYS);
	f->state->unit[1].peak_bytes = 100 * (uint64_t)MIB;
	assert_int_equal(run(f, false), 0);
	assert_non_null(strstr(f->out, "\nFITS       yes, with "));
	assert_non_null(strstr(f->out, "in swap where all are"));
	assert_null(strstr(f->out, "GO FIRST"));
	f->state->unit[2].peak_bytes = f->state->unit[1].peak_bytes;
	state_set(&f->state->unit[2].readings[UNIT_ANON], MIB, 0, NOW);
	state_set(&f->state->host[HOST_USED], 5 * GIB + 600 * MIB, 7885 * MIB, NOW);
	assert_int_equal(run(f, false), 0);
	assert_non_null(strstr(f->out, "\nFITS       yes, in memory, all at their peaks at once.\n"));
	assert_null(strstr(f->out, "WOULD DO"));
}

static void without_systemd_and_without_a_config_that_is_said(void **arg)
{
	struct fixture *f = *arg;

	fill(f);
	assert_int_equal(run(f, false), 0); /* no such program */
	assert_non_null(strstr(f->out, "/systemctl: No such file or directory"));
	put_systemctl(f, "exit 1\n");
	assert_int_equal(run(f, false), 0);
	assert_non_null(strstr(f->out, "systemctl has failed: what it has"));
	(void)unlink(f->asked);
	put(f->conf, 0600, "[unit nodira]\nsystmed = x\n");
	assert_int_equal(run(f, false), 0);
	assert_non_null(strstr(f->out, "\nconfig     priorities, groups and systemd's names are not known:"));
	assert_non_null(strstr(f->out, "refused now"));
	assert_string_equal(read_asked(f), ""); /* nobody to ask about */
	(void)unlink(f->conf);
	assert_int_equal(run(f, true), 0);
	assert_non_null(strstr(f->out, "No such file or directory"));
	assert_non_null(strstr(f->out, "\"priority\":null"));
}

static void a_unit_inside_another_is_counted_twice_and_that_is_said(void **arg)
{
	struct fixture *f = *arg;

	fill(f);
	put(f->conf, 0600, "[unit nodira]\ncgroup = /bots\n[unit mirzo]\ncgroup = /bots/mirzo\n[unit xtts]\ncgroup = /bots2\n");
	assert_int_equal(run(f, false), 0);
	assert_non_null(strstr(f->out, "\n    is inside nodira too: the sums count it twice\n"));
	assert_ptr_equal(strstr(f->out, "is inside"), strstr(strstr(f->out, "\nmirzo"), "is inside"));
	assert_null(strstr(strstr(f->out, "is inside") + 1, "is inside"));
}

static void a_unit_that_systemd_does_not_know_gets_no_limits(void **arg)
{
	struct fixture *f = *arg;

	fill(f);
	put_systemctl(f, "cat <<'END'\n" SAYS("nodira.service", "LoadState=not-found\n") "\n" SAYS(
				 "mirzo.service", "Restart=always\nOOMPolicy=continue\nRestartUSec=5s\nMemoryMax=6442450944\n") "END\n");
	assert_int_equal(run(f, false), 0);
	assert_non_null(strstr(f->out, "SYSTEMD    nodira: systemd has no such unit.\n"));
	assert_null(strstr(f->out, "edit nodira.service"));
	assert_non_null(strstr(f->out, "SYSTEMD    mirzo: nothing to say against it.\n"));
	assert_non_null(strstr(f->out, "edit mirzo.service"));
}

static void a_page_that_is_old_or_not_there_is_said(void **arg)
{
	struct fixture *f = *arg;

	fill(f);
	put_systemctl(f, INCIDENT_SAYS);
	f->state->tick = NOW - 60000;
	assert_int_equal(run(f, false), 3);
	assert_int_equal(strncmp(f->out, "NOT WATCHING: the sentinel does not tick.", 41), 0);
	f->state->host[HOST_AVAILABLE].known = STATE_UNKNOWN;
	assert_int_equal(run(f, false), 1);
	assert_string_equal(f->out, "");
	assert_non_null(strstr(f->err, "does not know the memory of this host"));
	(void)unlink(f->page);
	assert_int_equal(run(f, false), 3);
	assert_non_null(strstr(f->err, "not running"));
}

static void hostile_names_and_numbers_of_a_page_break_nothing(void **arg)
{
	struct fixture *f = *arg;

	fill(f);
	put_systemctl(f, INCIDENT_SAYS);
	(void)snprintf(f->state->config_path, sizeof(f->state->config_path), "/\x1b[31m/none");
	for (int i = 0; i < 3; i++) {
		(void)snprintf(f->state->unit[i].name, NAME_BYTES, "\x1b]0;x\a%%n\"\\%d", i);
		f->state->unit[i].peak_bytes = UINT64_MAX;
		f->state->unit[i].held_bytes = UINT64_MAX;
		f->state->unit[i].oom_kills = UINT64_MAX;
		f->state->unit[i].readings[UNIT_ANON].total = INT64_MIN;
	}
	state_set(&f->state->host[HOST_USED], INT64_MAX, INT64_MAX, NOW);
	f->state->swap_total_bytes = UINT64_MAX;
	for (int json = 0; json <= 1; json++) {
		assert_int_equal(run(f, json != 0), 0);
		assert_null(strchr(f->out, '\x1b'));
		assert_null(strchr(f->out, '\a'));
	}
}

static void a_limit_that_was_reached_is_named(void **arg)
{
	struct fixture *f = *arg;

	fill(f);
	put_systemctl(f, INCIDENT_SAYS);
	state_set(&f->state->unit[0].readings[UNIT_ANON], 5 * GIB, 5250 * MIB, NOW);
	assert_int_equal(run(f, false), 0);
	assert_non_null(strstr(f->out, "    came to 99 % of its limit of 5.13 GiB: it may want more\n"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_service_is_read),
		cmocka_unit_test(what_a_real_systemd_says_is_read),
		cmocka_unit_test(each_unit_gets_its_own_block_whatever_the_order_and_the_alias),
		cmocka_unit_test(hostile_answers_leave_what_they_say_unknown),
		cmocka_unit_test(spans_are_read_as_systemd_prints_them),
		cmocka_unit_test(what_systemd_would_do_wrong_is_found),
		cmocka_unit_test(the_drop_in_changes_what_is_wrong_and_is_not_wrong_itself),
		cmocka_unit_test(a_drop_in_has_the_section_of_its_kind_or_is_none),
		TEST(names_reach_systemctl_behind_a_double_dash_and_no_shell),
		TEST(a_systemctl_that_fails_hangs_floods_or_is_not_there_is_told_apart),
		TEST(the_post_mortems_questions_are_answered_with_numbers),
		TEST(json_has_the_same),
		TEST(a_unit_that_never_ran_is_said_to_be_unknown),
		TEST(where_nothing_ran_nothing_is_claimed),
		TEST(what_fits_says_so),
		TEST(without_systemd_and_without_a_config_that_is_said),
		TEST(a_unit_inside_another_is_counted_twice_and_that_is_said),
		TEST(a_unit_that_systemd_does_not_know_gets_no_limits),
		TEST(a_page_that_is_old_or_not_there_is_said),
		TEST(hostile_names_and_numbers_of_a_page_break_nothing),
		TEST(a_limit_that_was_reached_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
