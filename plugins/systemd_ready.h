/* Before a stop: what stands in its way. */
#ifndef WD_PLUGINS_SYSTEMD_READY_H
#define WD_PLUGINS_SYSTEMD_READY_H

#include "systemd_step.h"

/* Ask systemd which units would be stopped with it, in the phase SYSTEMD_READYING; then it is `ready`, or `error` and
 * `wrong` say why it is refused: one of them is watched and active. */
void systemd_ready_begin(struct systemd_step *step);

#endif
