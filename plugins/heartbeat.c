/* heartbeat: the alarm for the day the whole host is gone. It asks for a URL every so often; who listens
 * there raises the alarm when it hears nothing (healthchecks.io and its like). While something critical goes on, or the
 * sentinel is not seen to look, the URL's /fail is asked for instead, with the reason. A worker that lives proves
 * nothing: what is pinged for is the sentinel's own loop, as the state page shows it. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/escape.h"
#include "share/plugin.h"
#include "share/state.h"
#include "heartbeat_verdict.h"
#include "transfer/transfer.h"

enum {
	HEARTBEAT_SOON_MS = 1000, /* when there is nothing to say yet */
	HEARTBEAT_URL_BYTES = 1024,
	HEARTBEAT_SAID_BYTES = 200, /* of an answer that is no good one */
};

static struct {
	const struct plugin_host *host;
	struct plugin_channel channel; /* its texts are the worker's; url "": none is asked for */
	uint32_t every_ms;
	mono_ms since, next;
	struct state *copy;
	bool underway, blind; /* blind: that there is no state page was told */
	unsigned failed;      /* pings in a row that did not arrive */
} heartbeat;

static void heartbeat_log(int level, const char *what, const char *about)
{
	char text[TEXT_BYTES];
	struct buffer out;

	BUFFER_OVER(&out, text);
	buffer_addf(&out, "heartbeat: %s%s", what, about);
	heartbeat.host->log(level, text);
}

/* Once when it begins, once when it ends. why: "" when it arrived. */
static void heartbeat_note(const char *why)
{
	char text[64];
	struct buffer out;

	if (why[0] != '\0') {
		if (heartbeat.failed++ == 0)
			heartbeat_log(LOG_WARNING, "a ping did not arrive, and is told again when they do: ", why);
		return;
	}
	if (heartbeat.failed > 0) {
		BUFFER_OVER(&out, text);
		buffer_addf(&out, "%u", heartbeat.failed);
		heartbeat_log(LOG_INFO, "pings arrive again; not arrived: ", text);
	}
	heartbeat.failed = 0;
}

/* The beginning of its answer, cut once no secret is in it. */
static void heartbeat_say_answer(const struct transfer *transfer, struct buffer *out)
{
	char text[HEARTBEAT_SAID_BYTES];
	struct buffer said;

	BUFFER_OVER(&said, text);
	transfer_tell(transfer, transfer->answer, transfer->answer_len, &said);
	buffer_add_bytes(out, said.text, said.len);
}

static void heartbeat_on_done(struct transfer *transfer, CURLcode code, long status)
{
	char text[TEXT_BYTES];
	struct buffer why;

	heartbeat.underway = false;
	BUFFER_OVER(&why, text);
	if (code != CURLE_OK) {
		const char *words = transfer->error[0] != '\0' ? transfer->error : curl_easy_strerror(code);

		transfer_tell(transfer, words, strlen(words), &why);
	} else if (status < 200 || status > 299) {
		buffer_addf(&why, "HTTP %ld: ", status);
		heartbeat_say_answer(transfer, &why);
	}
	heartbeat_note(text);
}

/* The url with /fail at the end of its path. */
static void heartbeat_fail_url(const char *url, struct buffer *out)
{
	size_t path = strcspn(url, "?#"), slash = path > 0 && url[path - 1] == '/';

	buffer_add_bytes(out, url, path - slash);
	buffer_add(out, "/fail");
	buffer_add(out, url + path);
}

/* GET says that all is well, as every such service understands it; POST brings the reason along. */
static bool heartbeat_set_reason(struct transfer *transfer, const char *reason)
{
	if (reason[0] == '\0')
		return true;
	transfer->lists[0] = curl_slist_append(NULL, "Content-Type: text/plain; charset=utf-8");
	return transfer->lists[0] != NULL &&
	       curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->lists[0]) == CURLE_OK &&
	       curl_easy_setopt(transfer->easy, CURLOPT_COPYPOSTFIELDS, reason) == CURLE_OK;
}

/* reason: "" all is well. */
static void heartbeat_ping(const char *reason)
{
	struct plugin_channel channel = heartbeat.channel;
	char url[HEARTBEAT_URL_BYTES], why[128];
	struct transfer *transfer;
	struct buffer out;

	BUFFER_OVER(&out, url);
	if (reason[0] != '\0') {
		heartbeat_fail_url(channel.url, &out);
		channel.url = url;
	}
	transfer = out.cut ? NULL : transfer_new(0, &channel, "http,https", why, sizeof(why));
	if (transfer == NULL || !heartbeat_set_reason(transfer, reason)) {
		heartbeat_note(out.cut ? "the url is too long" : transfer == NULL ? why : "no memory");
		transfer_free(transfer);
		return;
	}
	transfer->done = heartbeat_on_done;
	heartbeat.underway = true;
	transfer_start(transfer);
}

/* The reason may quote names of processes: it is for a person's screen. */
static void heartbeat_judge_and_ping(mono_ms now)
{
	char words[TEXT_BYTES], shown[2 * TEXT_BYTES];
	struct buffer why, reason;
	enum heartbeat_verdict verdict;

	BUFFER_OVER(&why, words);
	BUFFER_OVER(&reason, shown);
	verdict = heartbeat_verdict(heartbeat.copy, heartbeat.since, now, &why);
	if (verdict == HEARTBEAT_NOT_YET) {
		heartbeat.next = now + HEARTBEAT_SOON_MS;
		return;
	}
	escape_line(&reason, why.text, why.len);
	heartbeat_ping(reason.text);
}

static void heartbeat_turn(mono_ms now)
{
	const struct state *state = heartbeat.host->state();

	heartbeat.next = now + heartbeat.every_ms;
	if (state == NULL) {
		if (!heartbeat.blind)
			heartbeat_log(LOG_WARNING, "the state page is not here; nothing is pinged", "");
		heartbeat.blind = true;
		return;
	}
	heartbeat.blind = false;
	(void)state_copy(state, heartbeat.copy); /* of a page that is half written, the best there is */
	heartbeat_judge_and_ping(now);
}

static bool heartbeat_is_due(mono_ms now)
{
	return heartbeat.channel.url[0] != '\0' && !heartbeat.underway && now >= heartbeat.next;
}

static int heartbeat_prepare(struct pollfd *fds, int max, int *timeout_ms)
{
	mono_ms now = clock_mono();
	uint64_t left = heartbeat.next > now ? heartbeat.next - now : 0;

	if (heartbeat.channel.url[0] != '\0' && !heartbeat.underway && (*timeout_ms < 0 || left < (uint64_t)*timeout_ms))
		*timeout_ms = (int)left;
	return transfers_prepare(fds, max, timeout_ms);
}

static void heartbeat_dispatch(const struct pollfd *fds, int count)
{
	mono_ms now = clock_mono();

	transfers_dispatch(fds, count);
	if (heartbeat_is_due(now))
		heartbeat_turn(now);
}

/* What is under way goes on as it is; the next one is at once where it is news. */
static void heartbeat_settings(const struct plugin_settings *settings)
{
	static char url[HEARTBEAT_URL_BYTES];
	struct buffer kept;

	heartbeat.channel = settings->heartbeat;
	if (heartbeat.every_ms != settings->heartbeat_every_ms || strcmp(url, settings->heartbeat.url) != 0)
		heartbeat.next = clock_mono();
	heartbeat.every_ms = settings->heartbeat_every_ms;
	BUFFER_OVER(&kept, url);
	buffer_add(&kept, settings->heartbeat.url);
}

static int heartbeat_open(const struct plugin_host *host)
{
	int error;

	memset(&heartbeat, 0, sizeof(heartbeat));
	heartbeat.host = host;
	heartbeat.channel.url = "";
	heartbeat.since = heartbeat.next = clock_mono();
	heartbeat.copy = malloc(sizeof(*heartbeat.copy));
	error = heartbeat.copy != NULL ? transfers_open(host) : -ENOMEM;
	if (error < 0) {
		free(heartbeat.copy);
		heartbeat.copy = NULL;
	}
	return error;
}

static void heartbeat_close(void)
{
	transfers_close();
	free(heartbeat.copy);
	heartbeat.copy = NULL;
}

static void heartbeat_ask(const struct plugin_request *request)
{
	heartbeat.host->answer(request->id, -EINVAL, "a heartbeat is sent, nothing is carried out by it");
}

const struct plugin plugin = {
	.abi = PLUGIN_ABI,
	.name = "heartbeat",
	.open = heartbeat_open,
	.ask = heartbeat_ask,
	.prepare = heartbeat_prepare,
	.dispatch = heartbeat_dispatch,
	.close = heartbeat_close,
	.settings = heartbeat_settings,
	.warm = transfers_warm,
};
