/* What the sections [channel], [heartbeat] and [prometheus] become in the block, the bounds of their tables, and
 * what of a host is not there for them. What is refused is in data/config. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "config/config_parse.h"
#include "config/config_url.h"

static char findings[16384];
static struct buffer out;

static void tell(void *arg, enum config_finding finding, const char *line)
{
	(void)arg;
	(void)finding;
	buffer_addf(&out, "%s\n", line);
}

static struct config *parse(const char *text)
{
	BUFFER_OVER(&out, findings);
	return config_parse("c", text, strlen(text), tell, NULL);
}

static struct config *parse_right(const char *text)
{
	struct config *config = parse(text);

	if (config == NULL || findings[0] != '\0')
		fail_msg("%s", findings);
	return config;
}

#define EXEC  "[channel c]\nplugin = exec\ncommand = /bin/true\n"
#define MAIL  "[channel m]\nplugin = email\nurl = smtp://mx.example.org:587\nfrom = a@b\nto = c@d\n"
#define HOOK  "[channel h]\nplugin = webhook\nformat = json\nurl = https://example.org/\n"
#define UNITS                                                                                                        \
	"[unit a]\nmatch = a\ngroup = g\n[unit b]\nmatch = b\n[unit d]\nmatch = d\ngroup = g\n"                      \
	"[rule r]\non = oom-kill\nthen = alert info\n[rule s]\non = oom-kill\nthen = alert info\n"

static void units_and_groups_become_units_each_once(void **state)
{
	struct config *config = parse_right(EXEC "units = d\n g\n d\nrules = s\n r\n s\n" UNITS HOOK "units = b\n");
	const struct config_channel *c = config_channel_at(config, 0), *h = config_channel_at(config, 1);

	(void)state;
	assert_int_equal(c->units.count, 2);
	assert_int_equal(config_channel_unit(config, c, 0), 2);
	assert_int_equal(config_channel_unit(config, c, 1), 0);
	assert_int_equal(c->rules.count, 2);
	assert_int_equal(config_channel_rule(config, c, 0), 1);
	assert_int_equal(config_channel_rule(config, c, 1), 0);
	assert_int_equal(h->units.count, 1);
	assert_int_equal(config_channel_unit(config, h, 0), 1);
	assert_int_equal(h->rules.count, 0);
	free(config);
}

static void lists_and_secrets_of_channels_do_not_mix(void **state)
{
	struct config *config = parse_right(
		HOOK "header = A: 1\n B: ${TWO}\nsecret = ONE=/one\n TWO=cred.two\nsign = ONE\n" MAIL
		     " e@localhost\nuser = anna\nsecret = PASSWORD=/password\n"
		     "[heartbeat]\nurl = https://example.org/${UUID}\nsecret = UUID=/uuid\nca = /ca\nproxy = http://127.0.0.1:1\n");
	const struct config_channel *h = config_channel_at(config, 0), *m = config_channel_at(config, 1);
	const struct config_heartbeat *heartbeat = &config->heartbeat;

	(void)state;
	assert_int_equal(h->headers.count, 2);
	assert_string_equal(config_string(config, config_list_at(config, h->headers, 1)), "B: ${TWO}");
	assert_int_equal(h->to.count, 0);
	assert_int_equal(h->secrets.count, 2);
	assert_string_equal(config_secret_at(config, h->secrets, 1)->name, "TWO");
	assert_string_equal(config_string(config, config_secret_at(config, h->secrets, 1)->path), "cred.two");
	assert_string_equal(config_string(config, h->sign), "ONE");
	assert_int_equal(m->to.count, 2);
	assert_string_equal(config_string(config, config_list_at(config, m->to, 0)), "c@d");
	assert_string_equal(config_string(config, config_list_at(config, m->to, 1)), "e@localhost");
	assert_int_equal(m->secrets.count, 1);
	assert_string_equal(config_secret_at(config, m->secrets, 0)->name, "PASSWORD");
	assert_string_equal(config_string(config, m->user), "anna");
	assert_int_equal(heartbeat->secrets.count, 1);
	assert_string_equal(config_secret_at(config, heartbeat->secrets, 0)->name, "UUID");
	assert_string_equal(config_string(config, heartbeat->ca), "/ca");
	assert_string_equal(config_string(config, heartbeat->proxy), "http://127.0.0.1:1");
	free(config);
}

static void password_goes_in_clear_only_where_the_file_says_so(void **state)
{
#define USER "user = anna\nsecret = PASSWORD=/p\n"
	static const struct {
		const char *text;
		enum config_tls tls;
	} rows[] = {
		{MAIL, CONFIG_TLS_OFFERED},
		{MAIL "tls = never\n", CONFIG_TLS_NEVER},
		{MAIL "tls = required\n", CONFIG_TLS_REQUIRED},
		{MAIL USER, CONFIG_TLS_REQUIRED},
		{MAIL USER "tls = never\n", CONFIG_TLS_NEVER},
		{MAIL USER "tls = if-offered\n", CONFIG_TLS_OFFERED},
	};
#undef USER

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct config *config = parse(rows[i].text);

		assert_non_null(config);
		assert_int_equal(config_channel_at(config, 0)->tls, rows[i].tls);
		assert_int_equal(strstr(findings, "in clear") != NULL, i == 4);
		free(config);
	}
}

static void spans_of_a_channel_have_defaults_and_a_never(void **state)
{
	struct config *config = parse_right(EXEC);
	const struct config_channel *c = config_channel_at(config, 0);

	(void)state;
	assert_int_equal(c->fold_ms, 60000);
	assert_int_equal(c->repeat_ms, 0);
	assert_int_equal(c->after_ms, 0);
	assert_int_equal(c->retry_for_ms, 86400000);
	assert_int_equal(c->timeout_ms, 30000);
	assert_int_equal(c->quiet_from_min, c->quiet_to_min);
	assert_int_equal(c->severity, SEVERITY_INFO);
	free(config);

	config = parse_right(EXEC "fold = 0s\nrepeat = 0s\nafter = 30m\nretry-for = 0s\ntimeout = 5s\n"
				  "quiet-hours = 22:30-07:05\n[rule r]\non = oom-kill\nthen = alert info\nrepeat = 0s\n"
				  "[rule s]\non = oom-kill\nthen = alert info\nrepeat = 30d\n"
				  "[rule t]\non = oom-kill\nthen = alert info\n");
	c = config_channel_at(config, 0);
	assert_int_equal(c->fold_ms, 0);
	assert_true(c->repeat_ms == CONFIG_NEVER);
	assert_int_equal(c->after_ms, 30 * 60000);
	assert_int_equal(c->retry_for_ms, 0);
	assert_int_equal(c->timeout_ms, 5000);
	assert_int_equal(c->quiet_from_min, 22 * 60 + 30);
	assert_int_equal(c->quiet_to_min, 7 * 60 + 5);
	assert_true(config_rule_at(config, 0)->repeat_ms == CONFIG_NEVER);
	assert_true(config_rule_at(config, 1)->repeat_ms == 2592000000u);
	assert_true(config_rule_at(config, 2)->repeat_ms == 0);
	free(config);
}

static void heartbeat_and_metrics_are_there_only_when_named(void **state)
{
	struct config *config = parse_right("");

	(void)state;
	assert_int_equal(config->heartbeat.url, 0);
	assert_int_equal(config->prometheus.listen, 0);
	assert_int_equal(config->prometheus.textfile, 0);
	free(config);
	config = parse_right("\n[heartbeat]\nurl = https://hc.example.org/x\n[prometheus]\nlisten = [::1]:9848\n"
			     "textfile = /var/lib/node/watchdogd.prom\n");
	assert_int_equal(config->heartbeat.line, 2);
	assert_int_equal(config->heartbeat.every_ms, 60000);
	assert_int_equal(config->heartbeat.timeout_ms, 10000);
	assert_int_equal(config->prometheus.line, 4);
	assert_string_equal(config_string(config, config->prometheus.listen), "[::1]:9848");
	assert_string_equal(config_string(config, config->prometheus.textfile), "/var/lib/node/watchdogd.prom");
	free(config);
}

static void urls_are_taken_apart(void **state)
{
	static const struct {
		const char *text, *host; /* NULL: none */
		bool loopback;
	} rows[] = {
		{"http://localhost", "localhost", true},
		{"http://127.9.9.9:1/x", "127.9.9.9", true},
		{"https://[::1]:65535?x", "[::1]", true},
		{"https://[::ffff:127.0.0.1]/", "[::ffff:127.0.0.1]", true},
		{"https://[2001:db8::1]#x", "[2001:db8::1]", false},
		{"http://127.0.0.1.example.org/", "127.0.0.1.example.org", false},
		{"http://localhost@example.org/", "example.org", false},
		{"http://${HOST}:80/", "${HOST}", false},
		{"http://a_b/", "a_b", false},
		{"http://x:0/", NULL, false},
		{"http://x:/", NULL, false},
		{"http://x:65536/", NULL, false},
		{"http://x:1x/", NULL, false},
		{"http://[::1/", NULL, false},
		{"http://[::1]x/", NULL, false},
		{"http://[]/", NULL, false},
		{"http://[127.0.0.1]/", NULL, false},
		{"http://", NULL, false},
		{"http://@", NULL, false},
		{"http://:80", NULL, false},
		{"http://?x", NULL, false},
		{"http://\xc3\xbc.example.org", NULL, false},
		{"http:/x", NULL, false},
		{"HTTP://x", NULL, false},
		{"://x", NULL, false},
		{"", NULL, false},
		{"abcdefghijklmnopqrstuvwxyz://x", NULL, false},
	};
	struct config_url long_parts;
	char long_url[400];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct config_url url;
		char text[256];
		struct buffer why;
		int error;

		BUFFER_OVER(&why, text);
		error = config_url_parse(rows[i].text, "http https", &url, &why);
		if ((error == 0) != (rows[i].host != NULL) || (error == 0 && strcmp(url.host, rows[i].host) != 0) ||
		    (error == 0 && config_url_is_loopback(&url) != rows[i].loopback))
			fail_msg("%s: %d \"%s\" %s", rows[i].text, error, url.host, text);
		assert_int_equal(error == 0, text[0] == '\0');
	}
	memset(long_url, 'x', sizeof(long_url));
	memcpy(long_url, "http://", 7);
	long_url[sizeof(long_url) - 1] = '\0';
	BUFFER_OVER(&out, findings);
	assert_int_not_equal(config_url_parse(long_url, "http", &long_parts, &out), 0);
}

static void every_bound_of_a_table_is_told(void **state)
{
	static char text[1 << 18];
	struct buffer b;

	(void)state;
	BUFFER_OVER(&b, text);
	buffer_add(&b, "[channel own]\nplugin = webhook\nformat = /own\nurl = https://example.org\nsecret =\n");
	for (int i = 0; i <= SECRETS_MAX; i++)
		buffer_addf(&b, " S%d=/s\n", i);
	assert_null(parse(text));
	assert_string_equal(findings, "c:134: [channel own] secret: one secret too many; all channels together have at "
				      "most 128\n");

	BUFFER_OVER(&b, text);
	buffer_add(&b, HOOK "header =\n");
	for (int i = 0; i <= LISTS_MAX; i++)
		buffer_addf(&b, " X-%d: y\n", i);
	assert_null(parse(text));
	assert_string_equal(findings, "c:1030: [channel h] header: one text too many; receivers and headers of all "
				      "channels together are at most 1024\n");

	BUFFER_OVER(&b, text);
	for (int i = 0; i <= CHANNELS_MAX; i++)
		buffer_addf(&b, "[channel c%d]\nplugin = exec\ncommand = /bin/true\nunits = g\nrules = r\n", i);
	for (int i = 0; i < UNITS_MAX; i++)
		buffer_addf(&b, "[unit u%d]\nmatch = x\ngroup = g\n", i);
	buffer_add(&b, "[rule r]\non = oom-kill u0\nthen = alert info\n");
	assert_false(b.cut);
	assert_null(parse(text));
	assert_string_equal(findings, "c:161: [channel c32] one channel too many; at most 32\n");
	/* And without the one too many every channel has every unit. */
	struct config *config = parse_right(strstr(text, "[channel c1]"));
	const struct config_channel *last = config_channel_at(config, CHANNELS_MAX - 1);

	assert_int_equal(last->units.count, UNITS_MAX);
	assert_int_equal(config_channel_unit(config, last, UNITS_MAX - 1), UNITS_MAX - 1);
	free(config);
}

static void put(const char *dir, const char *name, mode_t mode)
{
	char path[256];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void expect_below(const char *dir, const char *want)
{
	for (char *at; (at = strstr(findings, dir)) != NULL;)
		memmove(at, at + strlen(dir), strlen(at + strlen(dir)) + 1);
	assert_string_equal(findings, want);
}

static void what_a_channel_needs_and_is_not_here_is_a_warning(void **state)
{
	static const char format[] =
		"[channel h]\nplugin = webhook\nurl = https://example.org/\nformat = %s/own.tmpl\nca = %s/ca.pem\n"
		"secret = ONE=%s/one\n TWO=credential\n THREE=%s/three\n"
		"[heartbeat]\nurl = https://example.org/${UUID}\nsecret = UUID=%s/uuid\n"
		"[prometheus]\nlisten = 127.0.0.1:9848\ntextfile = %s/none/w.prom\n";
	char dir[] = "/tmp/test_config_channel.XXXXXX", text[1024], command[64];
	struct config *config;

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(text, sizeof(text), format, dir, dir, dir, dir, dir, dir);
	put(dir, "three", 0600);
	config = parse_right(text);
	config_check_host(config, dir, tell, NULL);
	expect_below(dir,
		     "c:1: [channel h] plugin: cannot load the plugin \"/webhook.so\": No such file or directory\n"
		     "c:1: [channel h] secret: cannot look at \"/one\": No such file or directory; what needs it waits for it\n"
		     "c:1: [channel h] ca: cannot look at \"/ca.pem\": No such file or directory; what needs it waits for it\n"
		     "c:1: [channel h] format: cannot look at \"/own.tmpl\": No such file or directory; what needs it waits for it\n"
		     "c:9: [heartbeat] cannot load the plugin \"/heartbeat.so\": No such file or directory\n"
		     "c:9: [heartbeat] secret: cannot look at \"/uuid\": No such file or directory; what needs it waits for it\n"
		     "c:12: [prometheus] listen: cannot load the plugin \"/prometheus.so\": No such file or directory\n"
		     "c:12: [prometheus] textfile: cannot load the plugin \"/textfile.so\": No such file or directory\n"
		     "c:12: [prometheus] textfile: cannot look at the directory \"/none/\": No such file or directory; the "
		     "metrics are written when it comes\n");

	for (size_t i = 0; i < 4; i++) {
		static const char *const plugins[] = {"webhook.so", "heartbeat.so", "prometheus.so", "textfile.so"};

		put(dir, plugins[i], 0644);
	}
	put(dir, "one", 0644);
	put(dir, "ca.pem", 0666);
	put(dir, "uuid", 0640);
	put(dir, "own.tmpl", 0644);
	(void)snprintf(command, sizeof(command), "%s/three", dir);
	assert_int_equal(unlink(command), 0);
	assert_int_equal(mkfifo(command, 0600), 0);
	(void)snprintf(command, sizeof(command), "%s/none", dir);
	assert_int_equal(mkdir(command, 0700), 0);
	BUFFER_OVER(&out, findings);
	config_check_host(config, dir, tell, NULL);
	expect_below(dir, "c:1: [channel h] secret: \"/one\" has mode 0644: others may read it; expected 0600\n"
			  "c:1: [channel h] secret: \"/three\" is no regular file; what needs it waits for one\n"
			  "c:1: [channel h] ca: \"/ca.pem\" has mode 0666: others may write it\n");
	free(config);
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(units_and_groups_become_units_each_once),
		cmocka_unit_test(lists_and_secrets_of_channels_do_not_mix),
		cmocka_unit_test(password_goes_in_clear_only_where_the_file_says_so),
		cmocka_unit_test(spans_of_a_channel_have_defaults_and_a_never),
		cmocka_unit_test(heartbeat_and_metrics_are_there_only_when_named),
		cmocka_unit_test(urls_are_taken_apart),
		cmocka_unit_test(every_bound_of_a_table_is_told),
		cmocka_unit_test(what_a_channel_needs_and_is_not_here_is_a_warning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
