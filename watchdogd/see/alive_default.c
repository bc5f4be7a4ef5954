/* Where no source follows the processes of units: one lives while the unit runs. */
#include "see/see.h"
#include "see/source.h"

__attribute__((weak)) mono_ms see_unit_alive_since(const struct see *see, uint32_t unit)
{
	const struct state_unit *row = &see->with.state->unit[unit];

	return row->status == STATE_UNIT_RUNNING || row->status == STATE_UNIT_FROZEN ? row->since : 0;
}
