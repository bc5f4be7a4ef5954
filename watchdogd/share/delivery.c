#include "share/delivery.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/severity.h"
#include "share/ledger.h"
#include "share/message.h"

enum {
	DELIVERY_ID_CHARS = 10,     /* at least: 50 bits */
	DELIVERY_ID_CHARS_MAX = 13, /* 64 bits, and one that must be 0 */
};

static const char delivery_digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static const char *const delivery_state_words[DELIVERY_STATES] = {
	[DELIVERY_WAITING] = "waiting",
	[DELIVERY_TAKEN] = "taken",
	[DELIVERY_DEAD] = "dead",
	[DELIVERY_DROPPED] = "dropped",
};

bool delivery_is_refusal(const struct delivery_alert *alert)
{
	return strcmp(alert->event, DELIVERY_REFUSED) == 0;
}

const char *delivery_state_word(uint32_t state)
{
	return state < DELIVERY_STATES ? delivery_state_words[state] : "?";
}

void delivery_make(struct delivery *delivery, enum delivery_type type, uint64_t id)
{
	memset(delivery, 0, sizeof(*delivery));
	delivery->version = DELIVERY_VERSION;
	delivery->type = type;
	delivery->alert.id = id;
}

int delivery_send(int fd, const struct delivery *delivery)
{
	ssize_t n;

	do
		n = send(fd, delivery, sizeof(*delivery), MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

#define DELIVERY_ENDS(array) (memchr((array), '\0', sizeof(array)) != NULL)

static bool delivery_texts_end(const struct delivery *delivery)
{
	const struct delivery_alert *alert = &delivery->alert;

	return DELIVERY_ENDS(alert->rule) && DELIVERY_ENDS(alert->unit) && DELIVERY_ENDS(alert->event) &&
	       DELIVERY_ENDS(alert->title) && DELIVERY_ENDS(alert->text) && DELIVERY_ENDS(delivery->row.channel) &&
	       DELIVERY_ENDS(delivery->row.why);
}

/* What each type cannot do without. */
static bool delivery_has_its_parts(const struct delivery *delivery)
{
	switch (delivery->type) {
	case DELIVERY_ALERT:
	case DELIVERY_DONE:
		return delivery->alert.id != 0;
	case DELIVERY_ROW:
		return delivery->alert.id != 0 && delivery->row.channel[0] != '\0';
	default:
		return true;
	}
}

static bool delivery_is_valid(const struct delivery *delivery)
{
	return delivery->version == DELIVERY_VERSION && delivery->type < DELIVERY_TYPES &&
	       delivery->alert.told < TOLDS && delivery->alert.severity < SEVERITIES &&
	       delivery->row.state < DELIVERY_STATES && delivery_texts_end(delivery) &&
	       delivery_has_its_parts(delivery);
}

/* By recvmsg, as it alone tells a message that was longer; a descriptor that comes along has no room and is
 * closed by the kernel. */
int delivery_receive(int fd, struct delivery *delivery)
{
	struct iovec part = {.iov_base = delivery, .iov_len = sizeof(*delivery)};
	struct msghdr head = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t n;

	do
		n = recvmsg(fd, &head, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (n == 0 && message_is_end(fd))
		return 0;
	if (n != (ssize_t)sizeof(*delivery) || (head.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
		return -EPROTO;
	return delivery_is_valid(delivery) ? 1 : -EPROTO;
}

void delivery_format_id(uint64_t id, char text[16])
{
	size_t len = DELIVERY_ID_CHARS;

	while (len < DELIVERY_ID_CHARS_MAX && id >> (5 * len) != 0)
		len++;
	text[len] = '\0';
	for (; len > 0; id >>= 5)
		text[--len] = delivery_digits[id & 31];
}

/* The value of a digit, or -1. Crockford reads what looks alike: i and l as 1, o as 0. */
static int delivery_digit(char c)
{
	const char *at;

	if (c >= 'a' && c <= 'z')
		c = (char)(c - 'a' + 'A');
	if (c == 'I' || c == 'L')
		return 1;
	if (c == 'O')
		return 0;
	at = c != '\0' ? strchr(delivery_digits, c) : NULL;
	return at != NULL ? (int)(at - delivery_digits) : -1;
}

uint64_t delivery_parse_id(const char *text)
{
	size_t len = strnlen(text, DELIVERY_ID_CHARS_MAX + 1);
	uint64_t id = 0;

	if (len < DELIVERY_ID_CHARS || len > DELIVERY_ID_CHARS_MAX)
		return 0;
	for (size_t i = 0; i < len; i++) {
		int digit = delivery_digit(text[i]);

		if (digit < 0 || id >> 59 != 0) /* 5 bits more would not fit */
			return 0;
		id = id << 5 | (uint64_t)digit;
	}
	return id;
}
