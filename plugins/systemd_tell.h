/* What the host is told of a watched unit: bits of enum message_unit, its main process, and words. */
#ifndef WD_PLUGINS_SYSTEMD_TELL_H
#define WD_PLUGINS_SYSTEMD_TELL_H

#include "systemd_watch.h"

/* The bits of what was last read and heard. */
unsigned systemd_tell_bits(const struct systemd_watch *watch);

/* Tell these bits, if they or the process are others than were told last; an open look is answered by it,
 * always. UNIT_NO_ANSWER: and why. */
void systemd_tell(struct systemd_watch *watch, unsigned bits);

#endif
