/* Other programs on this host that kill when memory is short. */
#ifndef WD_START_BESIDE_H
#define WD_START_BESIDE_H

/* Look once through /proc, and say in one line which run here; nothing when there is none. */
void beside_tell(void);

#endif
