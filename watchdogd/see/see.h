/* What watches: the sources and the units, behind four calls of the sentinel. Each source reads one
 * kernel interface (source_psi.c, source_meminfo.c, source_cgroup.c, source_kmsg.c), writes readings
 * into the state page and adds events to the queue. After see_open nothing is allocated on the heap and
 * no path on a disk is looked up. */
#ifndef WD_SEE_SEE_H
#define WD_SEE_SEE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/loop.h"
#include "config/config.h"
#include "see/event.h"
#include "share/ledger.h"
#include "share/message.h"
#include "share/state.h"

struct see; /* see/source.h; one, static */

/* What it works with; all borrowed for the life of the process. */
struct see_with {
	struct loop *loop;
	struct state *state;
	struct ledger *ledger;       /* remembers the kmsg position */
	struct event_queue *events;
	const struct config *config;
};

/* Open all sources: a source that cannot be opened is blind, told once in the log and in state->blind;
 * the rest works. Never fails. The one `struct see`, static. */
struct see *see_open(const struct see_with *with);

/* Another config: units are matched by name and target and keep what is known of them. */
void see_config(struct see *see, const struct config *config);

/* One look: units found, lost or returned; readings into the state page (between state_write_begin and
 * _end of the caller), events into the queue. What woke us before is already in the queue. */
void see_look(struct see *see, mono_ms now);

/* Some events of the looks so far wait in memory alone, for their ladder: the position of the kernel's log
 * is not remembered past them, so that a kill -9 now tells them at the next start. */
void see_hold_events(struct see *see, bool wait);

/* How long the next look may wait, by the headroom left and the units: 50 to 1000 ms. */
uint32_t see_next_ms(const struct see *see, mono_ms now);

/* The processes of a unit now, fresh from its cgroup with all below it, or from /proc for `match`: pids
 * into pids (at most max). Zombies and kernel threads are left out. The number, or -errno. */
int see_unit_pids(struct see *see, uint32_t unit, int32_t *pids, int max);

/* Whether a process is in the unit's cgroup, or in one below it: asked of that process alone, however many are in it. What
 * cannot be known is no. */
bool see_unit_holds(struct see *see, uint32_t unit, int32_t pid);

/* A kept descriptor of the unit's cgroup directory, or -1: the one with cgroup.kill, cgroup.freeze
 * (v2, also of a hybrid host), or v1's freezer. Stays see's; valid until the next look. */
enum see_dir { SEE_DIR_V2, SEE_DIR_V1_FREEZER };
int see_unit_dir(struct see *see, uint32_t unit, enum see_dir dir);

/* The unit's cgroup as it was last seen: its path below the mount, without a slash before it; "": none is known. Borrowed
 * until the next look. */
const char *see_unit_path(struct see *see, uint32_t unit);

/* What a worker sees of a unit (MESSAGE_UNIT, _ALIVE, _LINES, _MATCH, _READ of share/message.h); an id that no unit
 * has is passed over. May add an event to the queue. */
void see_report(struct see *see, const struct message *report, mono_ms now);

/* The next unit that systemd is to be asked about: the caller sends MESSAGE_LOOK with its id. False: none. */
bool see_next_question(struct see *see, uint64_t *id);

/* The same of who reads the logs: MESSAGE_READ with that number. Whether it hangs: main is to start it again,
 * and said so once. And that main has. */
bool see_next_reader_question(struct see *see, uint64_t *number);
bool see_reader_hangs(struct see *see);
void see_reader_up(struct see *see, mono_ms now);

/* Since when the unit's watched process is alive without a break; 0: it is not. */
mono_ms see_unit_alive_since(const struct see *see, uint32_t unit);

/* Is the file of [swapfile] on, and how much of it is used: read now, outside a look, into state->swap. */
void see_swap_refresh(struct see *see, mono_ms now);

/* A person wants it up: what it took at most is what it takes now; down, it is not known. */
void see_forget_peak(struct see *see, uint32_t unit);

enum { SEE_OURS_MS = 2000 }; /* what systemd tells of a job of ours is told so long after its end at most */

/* When systemd was last seen to be told to stop the unit while it was down; 0: never. A person's, unless a stop of ours
 * ended within the SEE_OURS_MS before. */
mono_ms see_unit_stopped_down_at(const struct see *see, uint32_t unit);

/* A person has stopped it while a step of ours was to start it: it is stopped on purpose, and no start of ours is owed. */
void see_unit_take_persons_stop(struct see *see, uint32_t unit, mono_ms now);

/* Has nobody used the unit for its `idle`, its CPU time and connections looked at now, in some milliseconds? What the
 * state page says of its use is as found. False: it is used, or it is not known. */
bool see_unit_is_unused(struct see *see, uint32_t unit, mono_ms now);

/* What a unit is: of its name, kind, target and user. Two that have but the name in common have different ones. */
uint64_t see_unit_key(const struct config *config, uint32_t unit);

/* Read a unit's status, processes and anon again now, outside a look: before and after an action. */
void see_unit_refresh(struct see *see, uint32_t unit, mono_ms now);

#endif
