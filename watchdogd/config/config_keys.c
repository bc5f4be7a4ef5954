#include "config/config_keys.h"

#include <string.h>

#include "base/bounds.h"
#include "config/config.h"

enum { KEY_MS = 1, KEY_S = 1000, KEY_M = 60 * KEY_S, KEY_H = 60 * KEY_M, KEY_D = 24 * KEY_H };
#define KEY_MIB ((int64_t)1 << 20)

const struct config_kind_word config_kind_words[CONFIG_KINDS] = {
	[CONFIG_WATCHDOGD] = {"watchdogd", false},
	[CONFIG_UNIT_SECTION] = {"unit", true},
	[CONFIG_RULE] = {"rule", true},
	[CONFIG_CHANNEL] = {"channel", true},
	[CONFIG_HEARTBEAT] = {"heartbeat", false},
	[CONFIG_PROMETHEUS] = {"prometheus", false},
	[CONFIG_SWAPFILE] = {"swapfile", false},
};

static const struct {
	const char *name;
	enum config_lines lines;
} config_types[KEY_TYPES] = {
	[KEY_DURATION] = {"a duration", KEY_ONE_LINE},
	[KEY_SIZE] = {"a size", KEY_ONE_LINE},
	[KEY_PERCENT] = {"a percentage", KEY_ONE_LINE},
	[KEY_NUMBER] = {"a number", KEY_ONE_LINE},
	[KEY_BOOL] = {"yes or no", KEY_ONE_LINE},
	[KEY_RATE] = {"a number per duration", KEY_ONE_LINE},
	[KEY_SEVERITY] = {"a severity", KEY_ONE_LINE},
	[KEY_TEXT] = {"a text", KEY_ONE_LINE},
	[KEY_WORD] = {"a word", KEY_ONE_LINE},
	[KEY_PATH] = {"a path", KEY_ONE_LINE},
	[KEY_COMMAND] = {"a command", KEY_JOINED},
	[KEY_SERVICE] = {"a systemd unit", KEY_ONE_LINE},
	[KEY_CGROUP] = {"a cgroup", KEY_ONE_LINE},
	[KEY_CHOICE] = {"a word", KEY_ONE_LINE},
	[KEY_INDEX] = {"a word", KEY_ONE_LINE},
	[KEY_FORMAT] = {"a word or a path", KEY_ONE_LINE},
	[KEY_URL] = {"a url", KEY_ONE_LINE},
	[KEY_ADDRESS] = {"an address", KEY_ONE_LINE},
	[KEY_ADDRESSES] = {"addresses", KEY_ITEMS},
	[KEY_HEADERS] = {"headers", KEY_ITEMS},
	[KEY_LISTEN] = {"an address and a port", KEY_ONE_LINE},
	[KEY_PATTERNS] = {"texts", KEY_ITEMS},
	[KEY_NAMES] = {"names of units and groups", KEY_ITEMS},
	[KEY_RULES] = {"names of rules", KEY_ITEMS},
	[KEY_SECRETS] = {"NAME=/path", KEY_ITEMS},
	[KEY_HOURS] = {"hours", KEY_ONE_LINE},
	[KEY_GROUP] = {"a group", KEY_ONE_LINE},
	[KEY_USER] = {"a user", KEY_ONE_LINE},
	[KEY_EVENT] = {"an event", KEY_ONE_LINE},
	[KEY_STEPS] = {"steps", KEY_ITEMS},
	[KEY_CONDITION] = {"a condition", KEY_JOINED},
};

/* The first cells of a row; the rest by name. */
#define WATCHDOGD(key, member)                                                                     \
	.section = CONFIG_WATCHDOGD, .name = key, .field = offsetof(struct config, member)
#define UNIT(key, member)                                                                          \
	.section = CONFIG_UNIT_SECTION, .name = key, .field = offsetof(struct config_unit, member)
#define RULE(key, member)                                                                          \
	.section = CONFIG_RULE, .name = key, .field = offsetof(struct config_rule, member)
#define CHANNEL(key, member)                                                                       \
	.section = CONFIG_CHANNEL, .name = key, .field = offsetof(struct config_channel, member)
#define HEARTBEAT(key, member)                                                                     \
	.section = CONFIG_HEARTBEAT, .name = key, .field = offsetof(struct config_heartbeat, member)
#define PROMETHEUS(key, member)                                                                    \
	.section = CONFIG_PROMETHEUS, .name = key, .field = offsetof(struct config_prometheus, member)
#define SWAPFILE(key, member)                                                                      \
	.section = CONFIG_SWAPFILE, .name = key, .field = offsetof(struct config_swapfile, member)

/* clang-format off */
static const struct config_key config_keys[] = {
	{WATCHDOGD("state", state), .type = KEY_PATH,
	 .standard = "/var/lib/watchdogd", .max = PATH_BYTES - 1,
	 .help = "directory of the store; $STATE_DIRECTORY where that is set"},
	{WATCHDOGD("control", control), .type = KEY_PATH, .standard = "/run/watchdogd/control",
	 .max = SOCKET_PATH_MAX,
	 .help = "control socket; below $RUNTIME_DIRECTORY where that is set"},
	{WATCHDOGD("history", history_bytes), .type = KEY_SIZE, .standard = "32M", .min = KEY_MIB,
	 .max = KEY_MIB << 20, .later = true, .help = "the recorder's whole size on disk"},
	{WATCHDOGD("readers", readers), .type = KEY_WORD,
	 .help = "group that may read status; root alone commands"},
	{WATCHDOGD("plugins", plugins), .type = KEY_PATH, .max = PATH_BYTES - 1,
	 .help = "directory of the plugins"},
	{WATCHDOGD("floor", floor_mpct), .type = KEY_PERCENT, .standard = "2%", .max = 50000,
	 .help = "a stop becomes a kill at once when host.available is below"},

	{UNIT("systemd", target), .type = KEY_SERVICE, .help = "systemd unit"},
	{UNIT("cgroup", target), .type = KEY_CGROUP, .max = PATH_BYTES - 1,
	 .help = "cgroup, below the cgroup mount"},
	{UNIT("match", target), .type = KEY_TEXT,
	 .help = "processes of that name, and all that they start"},
	{UNIT("process", process), .type = KEY_TEXT,
	 .help = "must be alive inside the unit"},
	{UNIT("grace", grace_ms), .type = KEY_DURATION, .standard = "20s", .max = KEY_D,
	 .help = "how long the process may be missing"},
	{UNIT("log", log), .type = KEY_PATH, .max = PATH_BYTES - 1,
	 .help = "log that is followed; a * in it is any text"},
	{UNIT("log-match", log_match), .type = KEY_PATTERNS,
	 .help = "texts in the log that mean trouble, one a line"},
	{UNIT("log-silence", log_silence_ms), .type = KEY_DURATION, .min = KEY_S,
	 .max = 30LL * KEY_D,
	 .help = "no new line for so long is the event silence"},
	{UNIT("journal", journal), .type = KEY_BOOL, .standard = "no",
	 .help = "follow the unit's journal as its log"},
	{UNIT("group", group), .type = KEY_GROUP, .help = "group of units that rules may name"},
	{UNIT("priority", priority), .type = KEY_NUMBER, .standard = "0", .min = -1000, .max = 1000,
	 .help = "the lowest is shed first"},
	{UNIT("idle", idle_ms), .type = KEY_DURATION, .min = KEY_S,
	 .max = 30LL * KEY_D,
	 .help = "not used for so long: it is idle, and `idle of` may stop it"},
	{UNIT("stop-when-idle", stop_when_idle), .type = KEY_BOOL, .standard = "no",
	 .help = "stop it when idle, memory short or not"},
	{UNIT("stop-timeout", stop_timeout_ms), .type = KEY_DURATION,
	 .standard = "10s", .max = KEY_H,
	 .help = "after so long a stop becomes a kill"},
	{UNIT("restart-wait", restart_wait_ms), .type = KEY_DURATION,
	 .standard = "2m", .max = KEY_H,
	 .help = "the longest that a restart waits for room"},
	{UNIT("protect", protect), .type = KEY_BOOL, .standard = "no",
	 .help = "never touched by a step"},
	{UNIT("stop", stop), .type = KEY_COMMAND, .help = "command that stops it"},
	{UNIT("start", start), .type = KEY_COMMAND, .help = "command that starts it"},
	{UNIT("alive", alive), .type = KEY_COMMAND,
	 .help = "command that says whether it is alive"},
	{UNIT("alive-every", alive_every_ms), .type = KEY_DURATION, .standard = "30s",
	 .min = KEY_S, .max = KEY_D,
	 .help = "how often that is asked"},
	{UNIT("alive-timeout", alive_timeout_ms), .type = KEY_DURATION, .standard = "10s",
	 .min = KEY_S, .max = 10LL * KEY_M,
	 .help = "the longest that the command may take"},
	{UNIT("alive-failures", alive_failures), .type = KEY_NUMBER, .standard = "3",
	 .min = 1, .max = 100,
	 .help = "so many in a row: it is dead"},
	{UNIT("user", user), .type = KEY_USER, .help = "whose systemd the unit is"},

	{RULE("when", when), .type = KEY_CONDITION,
	 .help = "condition on readings that begins a firing"},
	{RULE("clear", clear), .type = KEY_CONDITION, .help = "condition that ends it"},
	{RULE("on", event), .type = KEY_EVENT,
	 .help = "event that begins a firing, perhaps of one group or unit"},
	{RULE("then", steps), .type = KEY_STEPS, .help = "steps, one a line, taken downwards"},
	{RULE("settle", settle_ms), .type = KEY_DURATION, .standard = "3s", .max = 10LL * KEY_M,
	 .help = "after a step is proved, so long passes before it is judged"},
	{RULE("limit", limit_n), .type = KEY_RATE,
	 .standard = "5 per 1h", .min = 1, .max = LIMIT_MAX,
	 .help = "firings per time and unit; beyond it no step is taken"},
	{RULE("restore", restore), .type = KEY_CONDITION,
	 .help = "condition that gives back what the steps took"},
	{RULE("after", after_n), .type = KEY_RATE, .min = 1, .max = LIMIT_MAX,
	 .help = "only the Nth event within that time fires"},
	{RULE("repeat", repeat_ms), .type = KEY_DURATION, .min = KEY_M, .max = 30LL * KEY_D, .never = true,
	 .help = "the alert is sent again after so long; 0s: never"},
	{RULE("each", scope_group), .type = KEY_GROUP,
	 .help = "one rule for each unit of the group; `unit` is that one"},

	{CHANNEL("plugin", plugin), .type = KEY_CHOICE, .choices = "exec email webhook",
	 .help = "how the message travels"},
	{CHANNEL("severity", severity), .type = KEY_SEVERITY, .standard = "info",
	 .help = "the least that it gets"},
	{CHANNEL("units", units), .type = KEY_NAMES,
	 .help = "only alerts of these units and groups, and what follows from them"},
	{CHANNEL("rules", rules), .type = KEY_RULES,
	 .help = "only alerts of these rules, and what follows from them"},
	{CHANNEL("quiet-hours", quiet_from_min), .type = KEY_HOURS,
	 .help = "nothing but critical alerts then, local time"},
	{CHANNEL("fold", fold_ms), .type = KEY_DURATION, .standard = "1m", .max = KEY_D,
	 .help = "alerts of one rule and unit within so long are one message; 0s: never"},
	{CHANNEL("repeat", repeat_ms), .type = KEY_DURATION, .min = KEY_M, .max = 30LL * KEY_D, .never = true,
	 .help = "in place of the rule's; 0s: never"},
	{CHANNEL("after", after_ms), .type = KEY_DURATION, .max = 30LL * KEY_D,
	 .help = "only what nobody has acknowledged by then"},
	{CHANNEL("retry-for", retry_for_ms), .type = KEY_DURATION, .standard = "1d", .max = 30LL * KEY_D,
	 .help = "how long delivery is tried; 0s: once"},
	{CHANNEL("timeout", timeout_ms), .type = KEY_DURATION,
	 .standard = "30s", .min = KEY_S, .max = 10LL * KEY_M,
	 .help = "the longest that one attempt may take"},
	{CHANNEL("command", command), .type = KEY_COMMAND, .of = "exec",
	 .help = "gets the event as JSON on standard input"},
	{CHANNEL("url", url), .type = KEY_URL, .of = "email webhook", .choices = "smtp smtps http https",
	 .help = "server; ${NAME} in it is a secret"},
	{CHANNEL("proxy", proxy), .type = KEY_URL, .of = "email webhook",
	 .choices = "http https socks4 socks4a socks5 socks5h", .help = "proxy on the way to it"},
	{CHANNEL("ca", ca), .type = KEY_PATH, .of = "email webhook", .max = PATH_BYTES - 1,
	 .help = "certificates to trust in place of the system's, PEM"},
	{CHANNEL("secret", secrets), .type = KEY_SECRETS, .of = "email webhook",
	 .help = "NAME=/path of a file whose text ${NAME} stands for, one a line"},
	{CHANNEL("from", from), .type = KEY_ADDRESS, .of = "email", .help = "sender"},
	{CHANNEL("to", to), .type = KEY_ADDRESSES, .of = "email", .help = "receivers, one a line"},
	{CHANNEL("user", user), .type = KEY_TEXT, .of = "email",
	 .help = "who logs in, with the secret PASSWORD"},
	{CHANNEL("tls", tls), .type = KEY_INDEX, .of = "email", .standard = "if-offered",
	 .choices = "if-offered required never", .help = "STARTTLS; required where `user` is set"},
	{CHANNEL("format", format), .type = KEY_FORMAT, .of = "webhook", .max = PATH_BYTES - 1,
	 .choices = CONFIG_FORMATS " /path", .help = "shape of the message, or a template of your own"},
	{CHANNEL("chat", chat), .type = KEY_TEXT, .of = "webhook",
	 .help = "chat, or topic, that gets the message"},
	{CHANNEL("header", headers), .type = KEY_HEADERS, .of = "webhook",
	 .help = "\"Name: value\", one a line; ${NAME} in it is a secret"},
	{CHANNEL("sign", sign), .type = KEY_WORD, .of = "webhook",
	 .help = "name of the secret that signs the body, HMAC-SHA256"},

	{HEARTBEAT("url", url), .type = KEY_URL, .choices = "http https",
	 .help = "called at each sign of life; ${NAME} in it is a secret"},
	{HEARTBEAT("every", every_ms), .type = KEY_DURATION, .standard = "1m", .min = KEY_S, .max = KEY_D,
	 .help = "how often"},
	{HEARTBEAT("timeout", timeout_ms), .type = KEY_DURATION, .standard = "10s", .min = KEY_S,
	 .max = 10LL * KEY_M, .help = "the longest that one call may take"},
	{HEARTBEAT("proxy", proxy), .type = KEY_URL, .choices = "http https socks4 socks4a socks5 socks5h",
	 .help = "proxy on the way to it"},
	{HEARTBEAT("ca", ca), .type = KEY_PATH, .max = PATH_BYTES - 1,
	 .help = "certificates to trust in place of the system's, PEM"},
	{HEARTBEAT("secret", secrets), .type = KEY_SECRETS,
	 .help = "NAME=/path of a file whose text ${NAME} stands for, one a line"},

	{PROMETHEUS("listen", listen), .type = KEY_LISTEN,
	 .help = "address:port where metrics are served"},
	{PROMETHEUS("textfile", textfile), .type = KEY_PATH, .max = PATH_BYTES - 1,
	 .help = "file of metrics for node_exporter, ends in .prom"},

	{SWAPFILE("path", path), .type = KEY_PATH, .max = SWAP_PATH_MAX,
	 .help = "file that `swap on` switches on; made in a quiet time"},
	{SWAPFILE("size", size_bytes), .type = KEY_SIZE, .min = KEY_MIB, .max = KEY_MIB << 20,
	 .help = "its size"},
	{SWAPFILE("free", free_bytes), .type = KEY_SIZE, .standard = "1G", .max = KEY_MIB << 20,
	 .help = "what must be left free on its file system"},
	{SWAPFILE("priority", priority), .type = KEY_NUMBER, .standard = "-1", .min = -1, .max = 32767,
	 .help = "among several swaps the highest is used first; -1: the kernel's choice"},
};
/* clang-format on */

bool config_words_have(const char *words, const char *word, size_t len)
{
	while (*words != '\0') {
		size_t n = strcspn(words, " ");

		if (n == len && memcmp(words, word, n) == 0)
			return true;
		words += n + strspn(words + n, " ");
	}
	return false;
}

const struct config_key *config_key_at(size_t i)
{
	return i < ARRAY_LEN(config_keys) ? &config_keys[i] : NULL;
}

const struct config_key *config_key_find(enum config_kind section, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(config_keys); i++)
		if (config_keys[i].section == section && strcmp(config_keys[i].name, name) == 0)
			return &config_keys[i];
	return NULL;
}

int config_kind_find(const char *name)
{
	for (int i = 0; i < CONFIG_KINDS; i++)
		if (strcmp(config_kind_words[i].name, name) == 0)
			return i;
	return -1;
}

void config_keys_suggest(enum config_kind section, struct suggest *s)
{
	for (size_t i = 0; i < ARRAY_LEN(config_keys); i++)
		if (config_keys[i].section == section)
			suggest_offer(s, config_keys[i].name);
}

void config_kinds_suggest(struct suggest *s)
{
	for (int i = 0; i < CONFIG_KINDS; i++)
		suggest_offer(s, config_kind_words[i].name);
}

enum config_lines config_type_lines(enum config_type type)
{
	return config_types[type].lines;
}

const char *config_type_name(enum config_type type)
{
	return config_types[type].name;
}
