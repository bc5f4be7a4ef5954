/* libFuzzer over what comes from a peer: any bytes as one datagram of the spool's link (share/delivery.h) or of the
 * others (share/message.h), as they are, or as the beginning of one of the right size. What is let through keeps what
 * the headers promise. Built by test/fuzz/run. */
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/severity.h"
#include "share/delivery.h"
#include "share/ledger.h"
#include "share/message.h"

#define ENDS(array) assert(memchr((array), '\0', sizeof(array)) != NULL)

static void fuzz_delivery_check(const struct delivery *d)
{
	char id[16];

	assert(d->version == DELIVERY_VERSION && d->type < DELIVERY_TYPES);
	assert(d->alert.told < TOLDS && d->alert.severity < SEVERITIES && d->row.state < DELIVERY_STATES);
	ENDS(d->alert.rule);
	ENDS(d->alert.unit);
	ENDS(d->alert.event);
	ENDS(d->alert.title);
	ENDS(d->alert.text);
	ENDS(d->row.channel);
	ENDS(d->row.why);
	assert(d->type != DELIVERY_ALERT || d->alert.id != 0);
	assert(d->type != DELIVERY_ROW || (d->alert.id != 0 && d->row.channel[0] != '\0'));
	delivery_format_id(d->alert.id, id);
	ENDS(id);
	assert(delivery_parse_id(id) == d->alert.id);
}

static void fuzz_delivery_receive(int fd, size_t sent)
{
	struct delivery got;
	int result = delivery_receive(fd, &got);

	assert(result == 1 || result == -EPROTO);
	assert(result != 1 || sent == sizeof(got));
	if (result == 1)
		fuzz_delivery_check(&got);
}

static void fuzz_delivery_receive_message(int fd, size_t sent)
{
	struct message got;
	int along, result = message_receive(fd, &got, &along);

	assert(result == 1 || result == -EPROTO);
	assert(along == -1);
	if (result != 1)
		return;
	assert(sent == sizeof(got) && got.version == MESSAGE_VERSION && got.type < MESSAGE_TYPES);
	assert(message_name(got.type) != NULL);
	ENDS(got.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int pair[2] = {-1, -1};
	static uint8_t whole[sizeof(struct delivery)];
	size_t right = size > 0 && (data[0] & 2) != 0 ? sizeof(struct message) : sizeof(struct delivery);
	char word[15] = "";
	bool as_message = right == sizeof(struct message), exact = size > 0 && (data[0] & 1) != 0;

	if (pair[0] < 0)
		assert(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	if (size > 0) {
		data++;
		size--;
	}
	memset(whole, 0, sizeof(whole));
	memcpy(whole, data, size < right ? size : right);
	if (exact)
		size = right;
	assert(send(pair[0], exact ? whole : data, size, 0) == (ssize_t)size);
	if (as_message)
		fuzz_delivery_receive_message(pair[1], size);
	else
		fuzz_delivery_receive(pair[1], size);
	memcpy(word, whole, sizeof(word) - 1);
	(void)delivery_parse_id(word);
	return 0;
}
