/* What is wrong across keys (one row, one rule; data/config has whole files), and what of a host is
 * not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/root.h"
#include "config/config_parse.h"

static char check_findings[8192];
static struct buffer check_out;

static void check_tell(void *arg, enum config_finding finding, const char *line)
{
	(void)arg;
	if (finding != CONFIG_LATER)
		buffer_addf(&check_out, "%s\n", line);
}

static struct config *check(const char *text)
{
	BUFFER_OVER(&check_out, check_findings);
	return config_parse("c", text, strlen(text), check_tell, NULL);
}

#define RULE  "[rule r]\nthen = alert info\n"
#define GROUP "[unit cg]\ncgroup = /a\ngroup = g\n[unit sd]\nsystemd = a.service\ngroup = g\n"

static void clear_and_when_must_not_meet_on_a_reading(void **state)
{
	static const struct {
		const char *when, *clear;
		bool right;
	} rows[] = {
		{"host.used > 80%", "host.used <= 80%", true},
		{"host.used > 80%", "host.used < 80.001%", true},
		{"host.used > 80%", "host.used < 80.002%", false},
		{"host.used >= 80%", "host.used <= 80%", false},
		{"host.used > 80%", "host.used > 90%", false},
		{"host.used > 80%", "host.used > 10% and host.used < 70%", true},
		{"host.used > 80%", "not (host.used > 70% or host.used > 90%)", true},
		{"host.used > 80%", "host.available >= 20%", true},
		{"host.used > 80%", "host.available >= 19%", false},
		{"not host.used < 80%", "host.used < 80%", true},
		{"host.used > 80% and host.swap.used > 10%", "host.swap.used < 20%", false},
		{"host.exhausted-in < 20s", "host.exhausted-in >= never", true},
		{"host.exhausted-in < never", "host.exhausted-in > 1m", false},
		{"sd.memory > 1G", "cg.memory < 2G", true},
		{"sd.memory > 1G", "sd.memory < 2G", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[512];
		struct config *config;

		(void)snprintf(text, sizeof(text), GROUP RULE "when = %s\nclear = %s\n",
			       rows[i].when, rows[i].clear);
		config = check(text);
		if ((config != NULL) != rows[i].right)
			fail_msg("%s / %s: %s", rows[i].when, rows[i].clear, check_findings);
		free(config);
	}
}

static void unit_that_nobody_can_start_is_not_restarted(void **state)
{
	static const struct {
		const char *rule;
		bool right;
	} rows[] = {
		{"on = oom-kill cg\nthen = restart unit", false},
		{"on = oom-kill g\nthen = restart unit", false},
		{"on = oom-kill\nthen = start unit", false},
		{"on = oom-kill sd\nthen = restart unit", true},
		{"when = host.used > 1%\nthen = restart lowest of g", false},
		{"when = host.used > 1%\nthen = stop cg\nrestore = host.used < 1%", false},
		{"when = host.used > 1%\nthen = freeze cg\nrestore = host.used < 1%", true},
		{"when = host.used > 1%\nthen = stop cg", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[512];
		struct config *config;

		(void)snprintf(text, sizeof(text), GROUP "[rule r]\n%s\n", rows[i].rule);
		config = check(text);
		if ((config != NULL) != rows[i].right)
			fail_msg("%s: %s", rows[i].rule, check_findings);
		free(config);
	}
	free(check(
		"[unit cg]\ncgroup = /a\nstart = /bin/x\n[rule r]\non = oom-kill\nthen = restart unit"));
	assert_string_equal(check_findings, "");
}

struct check_row {
	const char *rules;
	const char *want; /* what is found; "": nothing */
};

/* Below two units of a group and one without; each text is accepted. */
static void check_rows(const struct check_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char text[1024];
		struct config *config;

		(void)snprintf(text, sizeof(text),
			       "[unit a]\nsystemd = a.service\ngroup = g\n[unit b]\nsystemd = b.service\ngroup = g\n"
			       "[unit cg]\ncgroup = /cg\nstart = /bin/cg\n%s\n", rows[i].rules);
		config = check(text);
		if (config == NULL || strcmp(check_findings, rows[i].want) != 0)
			fail_msg("%s: \"%s\" is not \"%s\"", rows[i].rules, check_findings, rows[i].want);
		free(config);
	}
}

static void a_restore_that_gives_back_nothing_is_a_warning(void **state)
{
#define NOTHING                                                                                                  \
	" [rule r] restore: no step of this rule is given back by it; expected a step stop, freeze, cap or " \
	"\"swap on\", or leave it out\n"
#define USED "when = host.used > 80%\n"
#define BACK "\nrestore = host.used < 50%"
	static const struct check_row rows[] = {
		{"[rule r]\n" USED "then = kill a" BACK, "c:13:" NOTHING},
		{"[rule r]\n" USED "then = alert info\n restart largest of g\n reclaim a 1G" BACK, "c:15:" NOTHING},
		{"[rule r]\non = dead g\nthen = restart unit" BACK, "c:13:" NOTHING},
		{"[rule r]\n" USED "then = alert info\n kill a\n stop lowest of g" BACK, ""},
		{"[rule r]\n" USED "then = freeze a" BACK, ""},
		{"[rule r]\n" USED "then = cap a 1G" BACK, ""},
		{"[rule r]\n" USED "then = swap on" BACK "\n[swapfile]\npath = /s\nsize = 1G", ""},
		/* It adds its name to what another has stopped. */
		{"[rule r]\n" USED "then = restart a" BACK "\n[rule s]\n" USED "then = stop largest of g", ""},
		{"[rule r]\n" USED "then = restart a" BACK "\n[rule s]\n" USED "then = stop cg", "c:13:" NOTHING},
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
#undef NOTHING
}

static void a_restore_that_asks_the_stopped_unit_alone_is_a_warning(void **state)
{
#define NEVER(unit)                                                                                         \
	"c:13: [rule r] restore: never holds while this rule has the unit \"" unit "\" stopped, as its "   \
	"readings are unknown then; ask the host, as in \"host.available > 20% for 1m\"\n"
#define STOP(what, restore) "[rule r]\n" USED "then = stop " what "\nrestore = " restore
	static const struct check_row rows[] = {
		{STOP("a", "a.anon < 100M"), NEVER("a")},
		{STOP("a", "not a.memory > 1G for 2s and host.used < 50%"), NEVER("a")},
		{STOP("a", "(a.memory < 1G or not host.used > 80%) and a.pressure.full < 5%"), NEVER("a")},
		{STOP("a", "a.memory < 1G or b.anon < 1G"), ""},
		{STOP("a", "a.memory < 1G or not host.used > 80%"), ""},
		{STOP("a", "not (a.memory > 1G and host.used > 80%)"), ""},
		{STOP("a", "b.memory < 1G for 1m"), ""},
		{STOP("cg", "cg.memory < 1G"), ""}, /* an empty cgroup has readings */
		{STOP("largest of g", "host.used < 50% and b.memory < 1G"), NEVER("b")},
		{STOP("unit", "unit.memory < 1G\neach = g"), NEVER("a")},
		{STOP("cg", "unit.memory < 1G\neach = g"), ""},
		{"[rule r]\n" USED "then = freeze a\nrestore = a.memory < 100M", ""},
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void a_freeze_that_nothing_thaws_is_a_warning(void **state)
{
#define FROZEN(line, unit)                                                                                    \
	"c:" line ": [rule r] then: nothing thaws the unit \"" unit "\" again while watchdogd runs; give the " \
	"rule \"restore = CONDITION\", or a rule the step \"thaw " unit "\"\n"
	static const struct check_row rows[] = {
		{"[rule r]\n" USED "then = alert info\n freeze a", FROZEN("13", "a")},
		{"[rule r]\n" USED "then = freeze a\n freeze largest of g", FROZEN("12", "a") FROZEN("13", "a")},
		{"[rule r]\n" USED "then = freeze a" BACK, ""},
		{"[rule r]\non = oom-kill\nthen = freeze a\n run /bin/sync\n thaw a", ""},
		{"[rule r]\n" USED "then = freeze a\n[rule s]\nwhen = host.used < 50%\nthen = thaw a", ""},
		{"[rule r]\n" USED "then = freeze largest of g\n[rule s]\nwhen = host.used < 50%\nthen = thaw a",
		 FROZEN("12", "b")},
		/* Its restore gives back what its ladder reaches. */
		{"[rule r]\n" USED "then = freeze a\n[rule s]\n" USED "then = stop a" BACK, ""},
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void a_bot_that_is_stopped_when_idle_is_a_warning(void **state)
{
#define IDLE_BOT "[unit bot]\nsystemd = bot.service\nidle = 15m\nstop-when-idle = yes\n"
	static const struct check_row rows[] = {
		{IDLE_BOT, ""},
		{IDLE_BOT "process = claude",
		 "c:13: [unit bot] stop-when-idle: the unit has a \"process\" that must be alive, but once it was idle nothing "
		 "starts it again, unless a client does (a socket of systemd) or a person; leave one of them out\n"},
		{IDLE_BOT "process = claude\n[rule r]\nwhen = host.used < 50%\nthen = start bot", ""},
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void what_is_refused_once_is_not_missed_as_well(void **state)
{
	(void)state;
	assert_null(check("[unit a]\nsystmd = a.service\n"));
	assert_string_equal(check_findings,
			    "c:2: [unit a] no key \"systmd\"; did you mean \"systemd\"?\n");
	assert_null(check("[rule r]\nwhen: host.used > 1%\nthen = alert info\n"));
	assert_string_equal(
		check_findings,
		"c:2: [rule r] \":\" after \"when\"; write \"when = host.used > 1%\"\n");
}

static void hostile_bytes_of_a_config_are_escaped(void **state)
{
	(void)state;
	assert_null(check("[unit a]\nmatch = x\n\xe2\x80\xaeyek = \xff\n"));
	assert_string_equal(
		check_findings,
		"c:3: [unit a] no key \"\\xe2\\x80\\xaeyek\"; one of: systemd, cgroup, match, process, grace, log, log-match, log-silence, journal, group, priority, idle, stop-when-idle, stop-timeout, restart-wait, protect, stop, start, alive, alive-every, alive-timeout, alive-failures, user\n");
}

/* An empty file below the fake root, with its directories. */
static void check_put(const char *root, const char *path, const char *text)
{
	char joined[512];
	FILE *file;

	(void)snprintf(joined, sizeof(joined), "%s%s", root, path);
	for (char *p = strchr(joined + strlen(root) + 1, '/'); p != NULL; p = strchr(p + 1, '/')) {
		*p = '\0';
		(void)mkdir(joined, 0700);
		*p = '/';
	}
	file = fopen(joined, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void what_is_not_on_the_host_is_a_warning(void **state)
{
	static const char text[] = "[watchdogd]\nreaders = adm\n"
				   "[unit here]\nsystemd = here.service\n"
				   "[unit many]\nsystemd = many@7.service\n"
				   "[unit gone]\nsystemd = gone.service\n"
				   "[unit cg]\ncgroup = /bots/xtts\n"
				   "[rule r]\non = oom-kill\nthen = freeze cg\n run /nowhere/x y\n"
				   "[channel c]\nplugin = exec\ncommand = /bin/sh -c x\n";
	char root[] = "/tmp/test_config_check.XXXXXX", command[64];
	struct config *config = check(text);

	(void)state;
	assert_non_null(config);
	assert_non_null(mkdtemp(root));
	root_set(root);
	config_check_host(config, "", check_tell, NULL);
	assert_string_equal(
		check_findings,
		"c:13: [rule r] then: nothing thaws the unit \"cg\" again while watchdogd runs; give the rule "
		"\"restore = CONDITION\", or a rule the step \"thaw cg\"\n"
		"c: [watchdogd] readers: no group \"adm\" here; root alone may read\n"
		"c:3: [unit here] systemd: systemd does not run here; units of systemd are "
		"not watched until it does\n"
		"c:9: [unit cg] cgroup: no cgroup \"/bots/xtts\" here; the unit is watched "
		"when it comes\n"
		"c:13: [rule r] then: this kernel cannot freeze a cgroup; the step is told as "
		"not done\n"
		"c:14: [rule r] then: cannot execute \"/nowhere/x\": No such file or "
		"directory\n");

	check_put(root, "/etc/group", "root:x:0:\nadm:x:4:\n");
	check_put(root, "/run/systemd/system/x", "");
	check_put(root, "/etc/systemd/system/here.service", "");
	check_put(root, "/lib/systemd/system/many@.service", "");
	check_put(root, "/sys/fs/cgroup/cgroup.controllers", "");
	check_put(root, "/sys/fs/cgroup/bots/xtts/cgroup.procs", "");
	BUFFER_OVER(&check_out, check_findings);
	config_check_host(config, "", check_tell, NULL);
	assert_string_equal(check_findings,
			    "c:7: [unit gone] systemd: no unit \"gone.service\" here; the unit is "
			    "watched when it comes\n"
			    "c:14: [rule r] then: cannot execute \"/nowhere/x\": No such file or "
			    "directory\n");
	root_set("");
	free(config);
	(void)snprintf(command, sizeof(command), "rm -rf %s", root);
	assert_int_equal(system(command), 0);
}

/* Findings with the fake root's name taken out. */
static void check_expect_below(const char *root, const char *want)
{
	for (char *at; (at = strstr(check_findings, root)) != NULL;)
		memmove(at, at + strlen(root), strlen(at + strlen(root)) + 1);
	assert_string_equal(check_findings, want);
}

static void what_a_unit_needs_and_is_not_here_is_a_warning(void **state)
{
	static const char format[] = "[unit bot]\nsystemd = bot.service\nuser = alice\njournal = yes\n"
				     "[unit log]\nmatch = x\nlog = %s/log/x.log\nstart = /nowhere/start\n"
				     "stop = /bin/sh -c x\nalive = /nowhere/alive\n"
				     "[unit star]\nmatch = y\nlog = %s/lo*/[y?]*.log\nlog-match = /x/\n"
				     "[unit next]\nmatch = z\nlog = %s/log/x.log/z\nlog-match = x\n"
				     "[unit dir]\nmatch = d\nlog = %s\n";
	char root[] = "/tmp/test_config_check.XXXXXX", text[1024], command[64];
	struct config *config;

	(void)state;
	assert_non_null(mkdtemp(root));
	(void)snprintf(text, sizeof(text), format, root, root, root, root);
	root_set(root);
	config = check(text);
	assert_non_null(config);
	assert_int_equal(config_unit_at(config, 0)->uid, CONFIG_NONE);
	config_check_host(config, root, check_tell, NULL);
	check_expect_below(
		root,
		"c:1: [unit bot] user: no user \"alice\" here; the unit is watched after a reload when there is one\n"
		"c:1: [unit bot] systemd: systemd does not run here; units of systemd are not watched until it does\n"
		"c:1: [unit bot] systemd: cannot load the plugin \"/systemd.so\": No such file or directory\n"
		"c:1: [unit bot] journal: no journal here; it is followed when it comes\n"
		"c:1: [unit bot] journal: cannot load the plugin \"/journal.so\": No such file or directory\n"
		"c:5: [unit log] log: no directory \"/log/\" here; the log is followed when it comes\n"
		"c:5: [unit log] start: cannot execute \"/nowhere/start\": No such file or directory\n"
		"c:5: [unit log] alive: cannot execute \"/nowhere/alive\": No such file or directory\n"
		"c:5: [unit log] cannot load the plugin \"/exec.so\": No such file or directory\n"
		"c:5: [unit log] log: cannot load the plugin \"/log.so\": No such file or directory\n"
		"c:11: [unit star] log: no log \"/lo*/[y?]*.log\" here; it is followed when it comes\n"
		"c:11: [unit star] log-match: cannot load the plugin \"/pattern.so\": No such file or directory\n"
		"c:15: [unit next] log: no directory \"/log/x.log/\" here; the log is followed when it comes\n"
		"c:19: [unit dir] log: \"\" is a directory; expected a file, or \"/*\"\n");
	free(config);

	check_put(root, "/etc/passwd", "root:x:0:0::/:/bin/sh\nalice:x:1001:1001::/:/bin/sh\n");
	check_put(root, "/run/systemd/system/x", "");
	check_put(root, "/run/log/journal/x", "");
	check_put(root, "/log/x.log", "");
	check_put(root, "/log/yy.log", "");
	for (size_t i = 0; i < 5; i++) {
		static const char *const plugins[] = {"/systemd.so", "/journal.so", "/exec.so", "/log.so",
						      "/pattern.so"};

		check_put(root, plugins[i], "");
	}
	config = check(text);
	assert_non_null(config);
	assert_int_equal(config_unit_at(config, 0)->uid, 1001);
	config_check_host(config, root, check_tell, NULL);
	/* [y?]*.log is no pattern but for its *; below a file nothing is. */
	check_expect_below(
		root,
		"c:5: [unit log] start: cannot execute \"/nowhere/start\": No such file or directory\n"
		"c:5: [unit log] alive: cannot execute \"/nowhere/alive\": No such file or directory\n"
		"c:11: [unit star] log: no log \"/lo*/[y?]*.log\" here; it is followed when it comes\n"
		"c:15: [unit next] log: no log \"/log/x.log/z\" here; it is followed when it comes\n"
		"c:19: [unit dir] log: \"\" is a directory; expected a file, or \"/*\"\n");
	check_put(root, "/log/[y?]1.log", "");
	BUFFER_OVER(&check_out, check_findings);
	config_check_host(config, root, check_tell, NULL);
	assert_null(strstr(check_findings, "[unit star]"));
	root_set("");
	free(config);
	(void)snprintf(command, sizeof(command), "rm -rf %s", root);
	assert_int_equal(system(command), 0);
}

static void what_presses_on_memory_needs_cgroup_v2(void **state)
{
	static const char text[] = "[unit cg]\ncgroup = /a\n[unit app]\nmatch = x\n"
				   "[rule r]\non = oom-kill\nthen = cap cg 1G\n reclaim cg 1G\n cap app 1G\n uncap cg\n";
	static const char none[] = "this host has no memory controller of cgroup v2, which \"%s\" needs; the step is skipped";
	char root[] = "/tmp/test_config_check.XXXXXX", want[512], command[64];
	struct config *config = check(text);

	(void)state;
	assert_non_null(config);
	assert_non_null(mkdtemp(root));
	root_set(root);
	check_put(root, "/sys/fs/cgroup/a/x", "");
	check_put(root, "/sys/fs/cgroup/cgroup.controllers", "cpu io\n");
	config_check_host(config, "", check_tell, NULL);
	(void)snprintf(want, sizeof(want), none, "cap");
	assert_non_null(strstr(check_findings, want));
	(void)snprintf(want, sizeof(want), none, "uncap");
	assert_non_null(strstr(check_findings, want));
	check_put(root, "/sys/fs/cgroup/cgroup.controllers", "cpu memory io\n");
	BUFFER_OVER(&check_out, check_findings);
	config_check_host(config, "", check_tell, NULL);
	assert_string_equal(check_findings,
			    "c:8: [rule r] then: this kernel has no memory.reclaim (5.19); the step is skipped\n"
			    "c:9: [rule r] then: the unit \"app\" has no cgroup of its own; the step is skipped\n");
	root_set("");
	free(config);
	(void)snprintf(command, sizeof(command), "rm -rf %s", root);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clear_and_when_must_not_meet_on_a_reading),
		cmocka_unit_test(unit_that_nobody_can_start_is_not_restarted),
		cmocka_unit_test(a_restore_that_gives_back_nothing_is_a_warning),
		cmocka_unit_test(a_restore_that_asks_the_stopped_unit_alone_is_a_warning),
		cmocka_unit_test(a_freeze_that_nothing_thaws_is_a_warning),
		cmocka_unit_test(a_bot_that_is_stopped_when_idle_is_a_warning),
		cmocka_unit_test(what_is_refused_once_is_not_missed_as_well),
		cmocka_unit_test(hostile_bytes_of_a_config_are_escaped),
		cmocka_unit_test(what_is_not_on_the_host_is_a_warning),
		cmocka_unit_test(what_a_unit_needs_and_is_not_here_is_a_warning),
		cmocka_unit_test(what_presses_on_memory_needs_cgroup_v2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
