#include "share/lasting.h"

#include <string.h>

#include "base/severity.h"
#include "share/state.h"

#define LASTING_ID_MAX ((UINT64_C(1) << 53) - 1) /* see ledger_entry */

/* It ends, and is written as the config writes names: it goes into logs and messages as it is. "" is fine. */
static bool lasting_is_name(const char name[NAME_BYTES])
{
	size_t len = strnlen(name, NAME_BYTES);

	return len < NAME_BYTES && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

static bool lasting_mark_is_sound(const struct lasting *l)
{
	return l->unit[0] != '\0' && (l->mark == STATE_MARK_STOPPED || l->mark == STATE_MARK_FROZEN) &&
	       l->rules <= MARK_RULES_MAX && l->thread <= LASTING_ID_MAX;
}

static bool lasting_open_is_sound(const struct lasting *l)
{
	return l->rule[0] != '\0' && l->severity < SEVERITIES && l->thread != 0 && l->thread <= LASTING_ID_MAX;
}

bool lasting_is_sound(const struct lasting *l)
{
	if (!lasting_is_name(l->unit) || !lasting_is_name(l->rule) || l->owed > 1 || l->rebooted > 1)
		return false;
	switch (l->kind) {
	case LASTING_MARK:
		return lasting_mark_is_sound(l);
	case LASTING_UNIT:
		return l->unit[0] != '\0';
	case LASTING_OPEN:
		return lasting_open_is_sound(l);
	default:
		return false;
	}
}

void lasting_message(struct message *message, uint64_t number, const struct lasting *lasting)
{
	message_make(message, MESSAGE_LASTING, number, lasting != NULL, "");
	if (lasting != NULL)
		memcpy(message->text, lasting, sizeof(*lasting));
}

bool lasting_take(struct lasting *lasting, const struct message *message)
{
	memcpy(lasting, message->text, sizeof(*lasting));
	return lasting_is_sound(lasting);
}

int lasting_compare(const void *a, const void *b)
{
	const struct lasting *x = a, *y = b;
	int by_unit;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	by_unit = strcmp(x->unit, y->unit);
	return by_unit != 0 ? by_unit : strcmp(x->rule, y->rule);
}
