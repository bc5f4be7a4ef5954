/* Looking through /proc for processes: each second where there is no connector, and for what it lost. Of source
 * process. */
#ifndef WD_SEE_SCAN_H
#define WD_SEE_SCAN_H

#include "base/clock.h"

struct see;

/* Look through /proc now: who is new, who is another program, who is gone. */
void scan_proc(struct see *see, mono_ms now);

/* How long until that is to be done; 0: now. */
mono_ms scan_in_ms(const struct see *see, mono_ms now);

/* Look again at those that slept uninterruptibly when they were to be examined, once a second. */
void scan_waiting(struct see *see, mono_ms now);

#endif
