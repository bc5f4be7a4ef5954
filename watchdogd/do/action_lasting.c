#include "do/action_lasting.h"

#include <string.h>

#include "base/buffer.h"
#include "base/diag.h"
#include "do/action_mark.h"

static const char *lasting_since(const struct lasting *lasting)
{
	return lasting->rebooted ? "the host was restarted" : "watchdogd began anew";
}

static const char *lasting_what(const struct lasting *lasting)
{
	return lasting->mark == STATE_MARK_FROZEN ? "frozen" : "stopped";
}

static bool lasting_knows_rule(const struct config *config, const struct lasting *lasting)
{
	for (uint32_t i = 0; i < config->rules.count; i++)
		for (uint32_t k = 0; k < lasting->rules; k++)
			if (ledger_hash(config_rule_at(config, i)->name) == lasting->rule_hash[k])
				return true;
	return false;
}

/* As we left it: down, and never seen running since; or frozen. False: said. */
static bool lasting_holds(struct actions *actions, const struct lasting *lasting, uint32_t unit)
{
	const struct ledger_unit *row = ledger_unit_find(actions->ledger, lasting->unit);
	enum state_unit_status status = actions->state->unit[unit].status;
	bool ran = row != NULL && (row->flags & LEDGER_UNIT_RAN) != 0;
	bool runs = status == STATE_UNIT_RUNNING;

	if (lasting->mark == STATE_MARK_FROZEN ? status == STATE_UNIT_FROZEN : status == STATE_UNIT_INACTIVE && !ran)
		return true;
	diag_event(SEVERITY_INFO, NULL, lasting->unit, "it %s since %s: it is %s by us no more",
		   runs ? "runs again" : "ran, and is what another made of it,", lasting_since(lasting), lasting_what(lasting));
	return false;
}

static void lasting_say_put(const struct actions *actions, const struct lasting *lasting)
{
	char text[TEXT_BYTES], at[21];
	struct buffer b;

	BUFFER_OVER(&b, text);
	clock_format(lasting->at, at);
	buffer_addf(&b, "it is %s by us still, since %s, before %s", lasting_what(lasting), at, lasting_since(lasting));
	if (lasting->owed)
		buffer_add(&b, "; its start is owed");
	else if (!lasting_knows_rule(actions->config, lasting))
		buffer_add(&b, "; no rule that stopped it is in the config any more, so none starts it");
	diag_event(SEVERITY_INFO, NULL, lasting->unit, "%s", text);
}

/* That its start is owed first: a crash between the two leaves a debt without a mark, which is none, and the row
 * comes again. */
static void lasting_put(struct actions *actions, const struct lasting *lasting)
{
	struct ledger_mark mark = {.kind = (char)lasting->mark, .rules = lasting->rules, .at = lasting->at,
				   .shed = lasting->shed, .thread = lasting->thread, .target = lasting->target};

	memcpy(mark.unit, lasting->unit, sizeof(mark.unit));
	memcpy(mark.rule, lasting->rule_hash, sizeof(mark.rule));
	if (lasting->owed)
		ledger_unit(actions->ledger, lasting->unit)->flags |= LEDGER_UNIT_OWED;
	if (ledger_mark_put(actions->ledger, &mark) == NULL)
		diag_warning("no room in the ledger to remember that %s is %s", lasting->unit, lasting_what(lasting));
	else
		lasting_say_put(actions, lasting);
}

/* The unit that we left so is not in the config any more, or what has its name now is another. True: said. */
static bool lasting_has_left(const struct actions *actions, const struct lasting *lasting, uint32_t unit)
{
	bool another = unit != CONFIG_NONE && lasting->target != 0 && lasting->target != action_target(actions, unit);

	if (unit != CONFIG_NONE && !another)
		return false;
	diag_event(SEVERITY_WARNING, NULL, lasting->unit, "it was %s by us before %s, and is %s: that is forgotten",
		   lasting_what(lasting), lasting_since(lasting), another ? "another unit now" : "not in the config any more");
	return true;
}

static void lasting_take_mark(struct actions *actions, const struct lasting *lasting, uint32_t unit, mono_ms now)
{
	if (lasting_has_left(actions, lasting, unit))
		return;
	if (ledger_mark_find(actions->ledger, lasting->unit) != NULL)
		return;
	see_unit_refresh(actions->see, unit, now);
	if (lasting_holds(actions, lasting, unit))
		lasting_put(actions, lasting);
}

/* What this boot has seen counts where it is more. */
static void lasting_take_unit(struct actions *actions, const struct lasting *lasting)
{
	struct ledger_unit *row = ledger_unit(actions->ledger, lasting->unit);

	if (row->peak_mib < lasting->peak_mib)
		row->peak_mib = lasting->peak_mib;
	if (row->vain < lasting->vain)
		row->vain = lasting->vain;
}

void actions_take_lasting(struct actions *actions, const struct lasting *lasting, mono_ms now)
{
	uint32_t unit = config_find_unit(actions->config, lasting->unit);

	if (lasting->kind == LASTING_MARK)
		lasting_take_mark(actions, lasting, unit, now);
	else if (lasting->kind == LASTING_UNIT && unit != CONFIG_NONE)
		lasting_take_unit(actions, lasting);
}
