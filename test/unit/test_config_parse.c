/* Whole files. Each test/data/config/CASE.conf beside its CASE.want: every finding, exactly, one a
 * line as "error LINE: ...", in order; and what a file that is right becomes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "config/config_keys.h"
#include "config/config_parse.h"

static char parse_findings[65536];
static struct buffer parse_out;

static void parse_tell(void *arg, enum config_finding finding, const char *line)
{
	static const char *const words[] = {
		[CONFIG_ERROR] = "error", [CONFIG_WARNING] = "warning", [CONFIG_LATER] = "later"};

	(void)arg;
	buffer_addf(&parse_out, "%s %s\n", words[finding], line);
}

static struct config *parse(const char *text)
{
	BUFFER_OVER(&parse_out, parse_findings);
	return config_parse("conf", text, strlen(text), parse_tell, NULL);
}

/* Parse what must be right. */
static struct config *parse_right(const char *text)
{
	struct config *config = parse(text);

	if (config == NULL)
		fail_msg("%s", parse_findings);
	return config;
}

static size_t parse_read(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "re");
	size_t n;

	if (file == NULL)
		fail_msg("%s: %s", path, strerror(errno));
	n = fread(text, 1, size - 1, file);
	text[n] = '\0';
	(void)fclose(file);
	return n;
}

static void every_case_is_told_exactly_so(void **state)
{
	static char text[65536], want[65536];
	glob_t cases;

	(void)state;
	assert_int_equal(glob("test/data/config/*.conf", 0, NULL, &cases), 0);
	assert_true(cases.gl_pathc > 10);
	for (size_t i = 0; i < cases.gl_pathc; i++) {
		const char *path = cases.gl_pathv[i];
		char want_path[256];
		struct config *config;
		size_t size;

		(void)snprintf(want_path, sizeof(want_path), "%.*swant", (int)strlen(path) - 4,
			       path);
		size = parse_read(path, text, sizeof(text));
		(void)parse_read(want_path, want, sizeof(want));
		BUFFER_OVER(&parse_out, parse_findings);
		config = config_parse("conf", text, size, parse_tell, NULL);
		if (strcmp(parse_findings, want) != 0)
			fail_msg("%s\nis\n%s\nshould be\n%s", path, parse_findings, want);
		assert_int_equal(config == NULL, strstr(want, "error ") != NULL);
		free(config);
	}
	globfree(&cases);
}

static void parse_expect_bot(const struct config *config)
{
	const struct config_unit *nodira = config_unit_at(config, 0);

	assert_string_equal(config_string(config, nodira->process), "claude");
	assert_string_equal(config_string(config, nodira->log),
			    "/srv/claudir/data/prod/nodira/logs/claudir.log");
	assert_int_equal(nodira->log_match.count, 3);
	assert_string_equal(config_string(config, config_pattern(config, nodira, 0)),
			    "\"type\":\"error\"");
	assert_string_equal(config_string(config, config_pattern(config, nodira, 2)),
			    "No structured output");
	assert_int_equal(nodira->log_silence_ms, 12 * 3600 * 1000);
	assert_int_equal(nodira->uid, CONFIG_NONE);
	assert_int_equal(nodira->alive, 0);
}

static void parse_expect_channels(const struct config *config)
{
	const struct config_channel *owner = config_channel_at(config, 0), *chat = config_channel_at(config, 1);
	const struct config_secret *token = config_secret_at(config, chat->secrets, 0);

	assert_string_equal(owner->plugin, "email");
	assert_int_equal(owner->severity, SEVERITY_WARNING);
	assert_string_equal(config_string(config, owner->url), "smtp://127.0.0.1:25");
	assert_string_equal(config_string(config, owner->from), "watchdogd@localhost");
	assert_int_equal(owner->to.count, 1);
	assert_string_equal(config_string(config, config_list_at(config, owner->to, 0)), "owner@example.org");
	assert_int_equal(owner->tls, CONFIG_TLS_OFFERED);
	assert_int_equal(owner->fold_ms, 60000);
	assert_int_equal(owner->retry_for_ms, 24 * 3600 * 1000);
	assert_int_equal(owner->timeout_ms, 30000);
	assert_int_equal(owner->quiet_from_min, owner->quiet_to_min);
	assert_int_equal(owner->units.count, 0);
	assert_int_equal(owner->rules.count, 0);
	assert_string_equal(config_string(config, chat->format), "telegram");
	assert_string_equal(config_string(config, chat->url), "http://127.0.0.1:8081/bot${TOKEN}/sendMessage");
	assert_string_equal(config_string(config, chat->chat), "123456");
	assert_int_equal(chat->secrets.count, 1);
	assert_string_equal(token->name, "TOKEN");
	assert_string_equal(config_string(config, token->path), "/etc/watchdogd/telegram.token");
	assert_string_equal(config_string(config, config->heartbeat.url), "http://127.0.0.1:8082/ping/host-1");
	assert_int_equal(config->heartbeat.every_ms, 60000);
	assert_int_equal(config->heartbeat.timeout_ms, 10000);
	assert_int_equal(config->prometheus.listen, 0);
}

static void promised_file_means_what_it_says(void **state)
{
	static char text[65536];
	const struct config_rule *rule;
	const struct config_node *nodes;
	struct config *config;

	(void)state;
	(void)parse_read("test/data/config/promised.conf", text, sizeof(text));
	config = parse_right(text);
	assert_int_equal(config->magic, CONFIG_MAGIC);
	assert_int_equal(config->units.count, 3);
	assert_int_equal(config->groups.count, 1);
	assert_int_equal(config->rules.count, 9);
	assert_int_equal(config->channels.count, 2);
	assert_int_equal(config->floor_mpct, 2000);
	assert_string_equal(config_string(config, config->readers), "adm");
	assert_string_equal(config_string(config, config->control), "/run/watchdogd/control");
	assert_string_equal(config_unit_at(config, 2)->name, "xtts");
	assert_string_equal(config_string(config, config_unit_at(config, 2)->target),
			    "xtts_server.service");
	assert_int_equal(config_unit_at(config, 2)->group, CONFIG_NONE);
	assert_int_equal(config_unit_at(config, 1)->priority, 30);
	assert_int_equal(config_unit_at(config, 1)->grace_ms, 20000);
	assert_int_equal(config_group_unit(config, config_group_at(config, 0), 1), 1);
	parse_expect_bot(config);

	rule = config_rule_at(config, 2);
	assert_string_equal(rule->name, "critical");
	assert_int_equal(rule->line, 49);
	assert_int_equal(rule->severity, SEVERITY_CRITICAL);
	assert_int_equal(rule->steps.count, 2);
	assert_int_equal(rule->restore.count, 2);
	assert_int_equal(config_nodes(config, rule->restore)[0].bound, 35000);
	assert_int_equal(config_nodes(config, rule->restore)[1].for_ms, 300000);
	assert_int_equal(config_nodes(config, rule->restore)[1].hold, 3);
	assert_int_equal(rule->holds, 4);
	assert_int_equal(config_step_at(config, rule, 1)->verb, VERB_STOP);
	assert_int_equal(config_step_at(config, rule, 1)->unit, 2);
	nodes = config_nodes(config, rule->when);
	assert_int_equal(nodes[0].reading, HOST_AVAILABLE);
	assert_int_equal(nodes[0].bound, 12000);
	assert_int_equal(config_nodes(config, rule->clear)[1].hold, 2);

	rule = config_rule_at(config, 6);
	assert_int_equal(rule->is_event, 1);
	assert_int_equal(rule->instances, 2);
	assert_int_equal(rule->scope_group, 0);
	assert_int_equal(config_step_at(config, rule, 1)->unit, CONFIG_EACH);
	parse_expect_channels(config);
	free(config);
}

static void rule_has_the_instances_of_its_scope(void **state)
{
#define UNITS                                                                                      \
	"[unit a]\nsystemd = a.service\ngroup = g\n[unit b]\nsystemd = b.service\ngroup = g\n"     \
	"[unit c]\nsystemd = c.service\n[rule r]\nthen = alert info\n"
	static const struct {
		const char *text;
		uint32_t count, units[4];
	} rows[] = {
		{UNITS "when = host.used > 1%", 1, {CONFIG_NONE}},
		{UNITS "when = unit.swap > 1%\neach = g", 2, {0, 1}},
		{UNITS "on = oom-kill", 4, {0, 1, 2, CONFIG_NONE}},
		{UNITS "on = oom-kill g", 2, {0, 1}},
		{UNITS "on = oom-kill c", 1, {2}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct config *config = parse_right(rows[i].text);

		assert_int_equal(config->instances.count, rows[i].count);
		for (uint32_t j = 0; j < rows[i].count; j++)
			assert_int_equal(config_instance_at(config, j)->unit, rows[i].units[j]);
		free(config);
	}
}

static void keys_of_a_unit_fill_its_fields(void **state)
{
	struct config *config = parse_right(
		"[unit first]\nmatch = claudir nodira\nstart = /bin/a \"b c\"\nstop = /bin/d\n"
		"log = /var/log/*/x.log\nlog-match = one\n"
		"[unit second]\nsystemd = s.service\nuser = root\nprocess = claude --prod\n"
		"journal = yes\nlog-silence = 2s\nlog-match = /^two ?/\n  \"three\"\n"
		"alive = /bin/alive\n  --deep\nalive-every = 7s\nalive-timeout = 2s\nalive-failures = 4\n"
		"[unit third]\nsystemd = t.service\nuser = no-such-user-here\n"
		"[rule r]\non = log-match second\nafter = 3 per 5m\nthen = alert info\n");
	const struct config_unit *first = config_unit_at(config, 0),
				 *second = config_unit_at(config, 1);

	(void)state;
	assert_string_equal(config_string(config, first->start), "/bin/a \"b c\"");
	assert_string_equal(config_string(config, first->stop), "/bin/d");
	assert_string_equal(config_string(config, first->log), "/var/log/*/x.log");
	assert_int_equal(first->log_match.count, 1);
	assert_string_equal(config_string(config, config_pattern(config, first, 0)), "one");
	assert_int_equal(first->uid, CONFIG_NONE);
	assert_int_equal(first->journal, 0);
	assert_int_equal(first->alive_every_ms, 30000);
	assert_int_equal(first->alive_timeout_ms, 10000);
	assert_int_equal(first->alive_failures, 3);

	assert_string_equal(config_string(config, second->user), "root");
	assert_int_equal(second->uid, 0);
	assert_string_equal(config_string(config, second->process), "claude --prod");
	assert_int_equal(second->journal, 1);
	assert_int_equal(second->log_silence_ms, 2000);
	assert_int_equal(second->log_match.count, 2);
	assert_string_equal(config_string(config, config_pattern(config, second, 0)), "/^two ?/");
	assert_string_equal(config_string(config, config_pattern(config, second, 1)), "\"three\"");
	assert_string_equal(config_string(config, second->alive), "/bin/alive --deep");
	assert_int_equal(second->alive_every_ms, 7000);
	assert_int_equal(second->alive_timeout_ms, 2000);
	assert_int_equal(second->alive_failures, 4);
	assert_int_equal(config_unit_at(config, 2)->uid, CONFIG_NONE);

	assert_int_equal(config_rule_at(config, 0)->after_n, 3);
	assert_int_equal(config_rule_at(config, 0)->after_for_ms, 5 * 60 * 1000);
	free(config);
}

static void holds_are_numbered_per_rule_and_have_room_per_instance(void **state)
{
	struct config *config = parse_right(
		UNITS "each = g\nwhen = unit.swap > 1% for 1s or host.used > 1% for 2s\n"
		      "clear = unit.swap < 1% for 3s\n[rule q]\nwhen = host.used > 1% for 1s\n"
		      "then = alert info");

	(void)state;
	assert_int_equal(config_rule_at(config, 0)->holds, 3);
	assert_int_equal(config_rule_at(config, 1)->holds, 1);
	assert_int_equal(config_instance_at(config, 1)->first_hold, 3);
	assert_int_equal(config_instance_at(config, 2)->first_hold, 6);
	free(config);
}

static uint64_t parse_hash(const char *text)
{
	struct config *config = parse_right(text);
	uint64_t hash = config_rule_at(config, 0)->text_hash;

	free(config);
	return hash;
}

static void hash_changes_with_the_rule_and_its_units_alone(void **state)
{
	uint64_t hash = parse_hash(UNITS "on = oom-kill g\n");

	(void)state;
	assert_int_equal(hash, parse_hash("; c\n\n" UNITS " ; c\non =   oom-kill g"));
	assert_int_equal(hash, parse_hash(UNITS "on = oom-kill g\n[unit d]\nmatch = d\n"));
	assert_int_not_equal(hash, parse_hash(UNITS "on = oom-kill a\n"));
	assert_int_not_equal(hash, parse_hash(UNITS "on = oom-kill g\nsettle = 4s"));
	assert_int_not_equal(hash, parse_hash("[unit a]\nsystemd = a.service\nprocess = x\n"
					      "group = g\n[unit b]\nsystemd = b.service\ngroup = g\n"
					      "[unit c]\nsystemd = c.service\n[rule r]\n"
					      "then = alert info\non = oom-kill g\n"));
	assert_int_not_equal(hash,
			     parse_hash(UNITS "on = oom-kill g\n[unit d]\nmatch = d\ngroup = g\n"));
}

static void directories_of_systemd_are_the_defaults(void **state)
{
	struct config *config;

	(void)state;
	assert_int_equal(setenv("RUNTIME_DIRECTORY", "/run/one:/run/two", 1), 0);
	assert_int_equal(setenv("STATE_DIRECTORY", "/var/one", 1), 0);
	config = parse_right("");
	assert_string_equal(config_string(config, config->control), "/run/one/control");
	assert_string_equal(config_string(config, config->state), "/var/one");
	free(config);
	config = parse_right("[watchdogd]\ncontrol = /run/three\n");
	assert_string_equal(config_string(config, config->control), "/run/three");
	free(config);
	(void)unsetenv("RUNTIME_DIRECTORY");
	(void)unsetenv("STATE_DIRECTORY");
	config = parse_right("");
	assert_string_equal(config_string(config, config->state), "/var/lib/watchdogd");
	free(config);
}

static void every_bound_of_a_table_is_told(void **state)
{
	static char text[1 << 19];
	struct buffer b;

	(void)state;
	BUFFER_OVER(&b, text);
	for (int i = 0; i <= UNITS_MAX; i++)
		buffer_addf(&b, "[unit u%d]\nmatch = x\n", i);
	assert_false(b.cut);
	assert_null(parse(text));
	assert_string_equal(parse_findings,
			    "error conf:2049: [unit u1024] one unit too many; at most 1024\n");

	BUFFER_OVER(&b, text);
	buffer_add(&b, "[rule r]\non = oom-kill\nthen = alert info\n");
	for (int i = 0; i < RULE_STEPS_MAX; i++)
		buffer_add(&b, " alert info\n");
	assert_null(parse(text));
	assert_string_equal(parse_findings,
			    "error conf:19: [rule r] then: one step too many; a rule has at "
			    "most 16, all rules together 1024\n");

	BUFFER_OVER(&b, text);
	buffer_add(&b, "[unit u]\nmatch = x\nlog = /x\nlog-match = x\n");
	for (int i = 0; i < PATTERNS_MAX; i++)
		buffer_add(&b, " x\n");
	assert_null(parse(text));
	assert_string_equal(parse_findings,
			    "error conf:1028: [unit u] log-match: one text too many; all units "
			    "together have at most 1024\n");

	BUFFER_OVER(&b, text);
	for (int i = 0; i < 100; i++)
		buffer_addf(&b, "[unit u%d]\nmatch = x\n", i);
	for (int i = 0; i < 41; i++)
		buffer_addf(&b, "[rule r%d]\non = oom-kill\nthen = alert info\n", i);
	assert_null(parse(text));
	assert_non_null(strstr(parse_findings, "[rule r40] too many rules for units"));
}

static void every_default_is_a_right_value_of_its_key(void **state)
{
	const struct config_key *key;

	(void)state;
	for (size_t i = 0; (key = config_key_at(i)) != NULL; i++) {
		const struct config_kind_word *kind = &config_kind_words[key->section];
		char text[256], told[64];

		assert_non_null(key->help);
		assert_true(config_key_find(key->section, key->name) == key); /* none twice */
		if (key->standard == NULL)
			continue;
		(void)snprintf(text, sizeof(text), "[%s%s]\n%s = %s\n", kind->name,
			       kind->named ? " x" : "", key->name, key->standard);
		free(parse(text));
		(void)snprintf(told, sizeof(told), "] %s: \"", key->name);
		if (strstr(parse_findings, told) != NULL)
			fail_msg("%s", parse_findings);
	}
}

static void file_that_cannot_be_read_is_told_by_errno_alone(void **state)
{
	(void)state;
	BUFFER_OVER(&parse_out, parse_findings);
	assert_null(config_parse_file("/nowhere/conf", NULL, parse_tell, NULL));
	assert_int_equal(errno, ENOENT);
	assert_null(config_parse_file("/", NULL, parse_tell, NULL));
	assert_int_equal(errno, EISDIR);
	assert_null(config_parse_file("/dev/zero", NULL, parse_tell, NULL));
	assert_int_equal(errno, EFBIG);
	assert_string_equal(parse_findings, "");
}

/* A judge that finds "(" wrong, and knows nothing of "?". */
static int parse_judge_pattern(void *arg, const char *pattern, char *why, size_t size)
{
	(*(int *)arg)++;
	(void)snprintf(why, size, "%s", strchr(pattern, '(') != NULL ? "missing )" : "no library");
	return strchr(pattern, '(') != NULL ? -EINVAL : strchr(pattern, '?') != NULL ? -ENOENT : 0;
}

static struct config *parse_judged(const char *text, int *asked)
{
	const struct config_judge judge = {parse_judge_pattern, asked};
	char path[] = "/tmp/test_config_parse.XXXXXX";
	int fd = mkstemp(path);
	struct config *config;
	char line[64];

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	(void)close(fd);
	BUFFER_OVER(&parse_out, parse_findings);
	*asked = 0;
	config = config_parse_file(path, &judge, parse_tell, NULL);
	(void)unlink(path);
	/* The file's name is another each time. */
	(void)snprintf(line, sizeof(line), "%s", path);
	for (char *at; (at = strstr(parse_findings, line)) != NULL;)
		memmove(at, at + strlen(line) - 1, strlen(at + strlen(line) - 1) + 1), *at = 'f';
	return config;
}

static void what_is_no_pattern_is_told_with_its_line(void **state)
{
#define LOG "[unit u]\nmatch = u\nlog = /l\nlog-match = "
	int asked;
	struct config *config;

	(void)state;
	assert_null(parse_judged(LOG "(\n /x(/\n /good/\n /(/i\n /(/x\n /(\n", &asked));
	assert_string_equal(parse_findings,
			    "error f:5: [unit u] log-match: \"/x(/\" is no pattern: missing )\n"
			    "error f:7: [unit u] log-match: \"/(/i\" is no pattern: missing )\n");
	assert_int_equal(asked, 3); /* a literal text is no pattern */

	config = parse_judged(LOG "/a?/\n /b?/\n /?\n", &asked);
	assert_non_null(config);
	assert_int_equal(config_unit_at(config, 0)->log_match.count, 3);
	assert_string_equal(parse_findings,
			    "warning f:4: [unit u] log-match: nobody here can say whether "
			    "\"/a?/\" is a pattern: no library\n");
	free(config);
#undef LOG
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_is_told_exactly_so),
		cmocka_unit_test(promised_file_means_what_it_says),
		cmocka_unit_test(rule_has_the_instances_of_its_scope),
		cmocka_unit_test(keys_of_a_unit_fill_its_fields),
		cmocka_unit_test(holds_are_numbered_per_rule_and_have_room_per_instance),
		cmocka_unit_test(hash_changes_with_the_rule_and_its_units_alone),
		cmocka_unit_test(directories_of_systemd_are_the_defaults),
		cmocka_unit_test(every_bound_of_a_table_is_told),
		cmocka_unit_test(every_default_is_a_right_value_of_its_key),
		cmocka_unit_test(what_is_no_pattern_is_told_with_its_line),
		cmocka_unit_test(file_that_cannot_be_read_is_told_by_errno_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
