#include "see/there.h"

#include "see/source.h"

bool there_runs(const struct unit *unit)
{
	return unit->status == STATE_UNIT_RUNNING || unit->status == STATE_UNIT_FROZEN;
}

bool there_is(const struct unit *unit)
{
	const struct question *q = &unit->liveness.question;

	if (unit->has_process)
		return unit->watched.count > 0;
	if (!question_is_known(unit))
		return there_runs(unit);
	if (there_runs(unit))
		return (q->bits & (UNIT_ACTIVE | UNIT_AT_IT)) != 0;
	/* No cgroup was ever found for it (v1 without accounting, a host without any): systemd's word is all. */
	return unit->cgroup_id == 0 && (q->bits & UNIT_ACTIVE) != 0 && q->pid > 0;
}

bool there_is_inactive(const struct unit *unit)
{
	if (!question_is_known(unit))
		return unit->status == STATE_UNIT_INACTIVE;
	return (unit->liveness.question.bits & (UNIT_ACTIVE | UNIT_FAILED | UNIT_AT_IT)) == 0;
}

bool there_is_hung(const struct unit *unit)
{
	return unit->alive_failures > 0 && unit->liveness.not_alive >= unit->alive_failures;
}
