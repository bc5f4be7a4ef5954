#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fakeroot.h"
#include "see/asked.h"
#include "see/deathtext.h"
#include "see/source.h"
#include "see/tree.h"

#define V2 "/sys/fs/cgroup"
#define KILLED                                                                                     \
	"6,1,1,-;begin\n3,%u,9000002,-;Memory cgroup out of memory: Killed process %u (claude) "   \
	"total-vm:1kB, anon-rss:5347738kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:4kB "       \
	"oom_score_adj:0\n"

static const struct fakeroot_unit bot[] = {{"bot", CONFIG_CGROUP, "/bot", "claude"}};
static const struct fakeroot_unit rootless[] = {{"bot", CONFIG_CGROUP, "/bot", NULL}};
static const struct fakeroot_unit matched[] = {{"bot", CONFIG_MATCH, "claudir nodira", "claude"},
					       {"tts", CONFIG_MATCH, "xtts", NULL}};

/* cmdline with '|' for each NUL; stack 0: not shown. */
struct made {
	int pid, parent;
	const char *comm, *cmdline;
	unsigned start, stack;
	char state;
	unsigned threads, status;
};

static void put(struct made p)
{
	char path[64], text[256];
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", p.pid);
	fakeroot_put(path,
		     "%d (%s) %c %d 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 %u 0 %u 1000 25 0 1 1 %u 0 0 0 0 0 0 0 0 0 17 0 "
		     "0 0 0 0 0 1 1 1 1 1 1 1 %u\n",
		     p.pid, p.comm, p.state != 0 ? p.state : 'S', p.parent, p.threads != 0 ? p.threads : 1, p.start,
		     p.stack, p.status);
	(void)snprintf(path, sizeof(path), "/proc/%d/status", p.pid);
	fakeroot_put(path, "Name:\tx\nVmSwap:\t 2 kB\nRssAnon:\t 100 kB\nRssShmem:\t 10 kB\n");
	(void)snprintf(text, sizeof(text), "%s/proc/%d/cmdline", fakeroot.dir, p.pid);
	file = fopen(text, "w");
	for (const char *c = p.cmdline; *c != '\0'; c++)
		(void)fputc(*c == '|' ? '\0' : *c, file);
	(void)fclose(file);
}

static void end(int pid)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d", pid);
	fakeroot_remove(path);
}

/* Who is in the cgroup, of all that is said to be. */
static void put_cgroup(const char *pids)
{
	fakeroot_put(V2 "/cgroup.controllers", "memory\n");
	fakeroot_put(V2 "/bot/cgroup.events", "populated 1\nfrozen 0\n");
	fakeroot_put(V2 "/bot/memory.current", "1\n");
	fakeroot_put(V2 "/bot/cgroup.procs", "%s", pids);
}

/* A start time of so many seconds before the test began. */
static unsigned ago(unsigned seconds)
{
	return (unsigned)(FAKEROOT_START / 10) - seconds * 100;
}

/* claudir (40), since 15 minutes; claude (41), since 100 s. */
static void put_bot(void)
{
	put((struct made){40, 1, "claudir", "claudir|nodira|", ago(900), 4000, 0, 0, 0});
	put((struct made){41, 40, "claude", "claude|", ago(100), 4100, 0, 0, 0});
	put_cgroup("40\n41\n");
}

static const struct unit_watched *watched(uint32_t unit)
{
	return &unit_at(fakeroot.see, unit)->watched;
}

static uint32_t told(void)
{
	return fakeroot.with.events->count;
}

static const struct event *event(void)
{
	assert_int_equal(told(), 1);
	return &fakeroot.with.events->event[0];
}

static void how_it_ended_is_said_in_the_words_of_signals(void **state)
{
	static const struct {
		uint32_t status;
		const char *text;
	} rows[] = {
		{0, "exited with status 0"},
		{1 << 8, "exited with status 1"},
		{255 << 8, "exited with status 255"},
		{15, "was terminated by SIGTERM"},
		{9, "was killed by SIGKILL"},
		{11, "crashed with SIGSEGV"},
		{11 | 0x80, "crashed with SIGSEGV (core dumped)"},
		{6, "crashed with SIGABRT"},
		{10 | 0x80, "crashed with SIGUSR1 (core dumped)"},
		{40, "was terminated by signal 40"},
		{0x7f, "was terminated by signal 127"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[80];
		struct buffer b;

		BUFFER_OVER(&b, text);
		deathtext_add_status(&b, rows[i].status);
		assert_string_equal(text, rows[i].text);
	}
}

static void how_it_ended_is_a_title_and_counted_by_its_cause(void **state)
{
	static const struct {
		struct death death;
		const char *title;
		enum state_death cause;
	} rows[] = {
		{{.oom = true, .oom_bytes = UINT64_C(5347738) * 1024, .parent_lives = true,
		  .who = {.parent_is_kin = true, .parent = 40, .has_status = true, .status = 9}},
		 "claude killed by the OOM killer (5.1 GiB); claudir lives on", STATE_DEATH_OOM},
		{{.oom = true}, "claude killed by the OOM killer", STATE_DEATH_OOM},
		{{.who = {.has_status = true, .status = 1 << 8, .parent_is_kin = true, .parent = 40}, .parent_lives = true},
		 "claude exited with status 1; claudir lives on", STATE_DEATH_EXIT},
		{{.who = {.has_status = true, .status = 0, .parent_is_kin = true, .parent = 40}},
		 "claude exited with status 0; claudir is gone too", STATE_DEATH_EXIT},
		{{.who = {.has_status = true, .status = 11, .parent_is_kin = true, .parent = 1}, .parent_lives = true},
		 "claude crashed with SIGSEGV", STATE_DEATH_CRASH},
		{{.who = {.has_status = true, .status = 10 | 0x80}}, "claude crashed with SIGUSR1 (core dumped)",
		 STATE_DEATH_CRASH},
		{{.who = {.has_status = true, .status = 15, .parent = 40}, .parent_lives = true},
		 "claude terminated by SIGTERM", STATE_DEATH_SIGNAL},
		{{.who = {.has_status = true, .status = 9}}, "claude killed by SIGKILL", STATE_DEATH_SIGNAL},
		{{.who = {.has_status = true, .status = 9}, .why = "as watchdogd asked"}, "claude killed by SIGKILL",
		 STATE_DEATH_ASKED},
		{{.oom = false}, "claude ended", STATE_DEATHS},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct death death = rows[i].death;
		char title[TEXT_BYTES];
		struct buffer b;

		strcpy(death.name, "claude");
		strcpy(death.who.parent_comm, "claudir");
		death.why = death.why != NULL ? death.why : "";
		BUFFER_OVER(&b, title);
		deathtext_add_title(&b, &death);
		assert_string_equal(title, rows[i].title);
		assert_int_equal(deathtext_cause(&death), rows[i].cause);
	}
}

static void who_vanishes_has_died_and_its_parent_is_named(void **state)
{
	(void)state;
	put_bot();
	fakeroot_open(bot, 1);
	assert_int_equal(watched(0)->count, 1);
	assert_int_equal(watched(0)->pid, 41);
	assert_int_equal(watched(0)->since, FAKEROOT_START - 100000);
	assert_int_equal(see_unit_alive_since(fakeroot.see, 0), FAKEROOT_START - 100000);
	end(41);
	fakeroot_look(1000);
	assert_int_equal(event()->kind, EVENT_DEATH);
	assert_int_equal(event()->pid, 41);
	assert_string_equal(event()->comm, "claude");
	assert_string_equal(event()->text, "bot: claude (pid 41) ended; how is not known, 1 min 41 s after its start; "
					   "claudir (pid 40) is still running");
	assert_int_equal(see_unit_alive_since(fakeroot.see, 0), 0);
	assert_int_equal(fakeroot.with.state->unit[0].deaths, 0); /* published at the next look */
	fakeroot_look(1000);
	assert_int_equal(told(), 0);
	assert_int_equal(fakeroot.with.state->unit[0].deaths, 1);
	assert_memory_equal(fakeroot.with.state->unit[0].died_text, "claude (pid 41) ended", 21);
}

static void a_zombie_tells_how_it_ended_and_a_gone_parent_is_said(void **state)
{
	(void)state;
	put_bot();
	fakeroot_open(bot, 1);
	end(40);
	put((struct made){41, 1, "claude", "", ago(100), 0, 'Z', 1, 1 << 8});
	fakeroot_look(1000);
	assert_non_null(strstr(event()->text, "claude (pid 41) exited with status 1, "));
	assert_non_null(strstr(event()->text, "; claudir (pid 40) is gone too"));
}

/* Trap 26. */
static void a_main_thread_that_ended_before_the_others_is_no_death(void **state)
{
	(void)state;
	put_bot();
	fakeroot_open(bot, 1);
	put((struct made){41, 40, "claude", "", ago(100), 0, 'Z', 2, 0});
	fakeroot_look(1000);
	assert_int_equal(told(), 0);
	assert_int_equal(watched(0)->count, 1);
	put((struct made){41, 40, "claude", "", ago(100), 0, 'Z', 1, 9});
	fakeroot_look(1000);
	assert_int_equal(told(), 1);
}

static void a_pid_used_again_is_another_process(void **state)
{
	(void)state;
	put_bot();
	fakeroot_open(bot, 1);
	put((struct made){41, 40, "claude", "claude|", ago(0), 4200, 0, 0, 0});
	fakeroot_look(1000);
	assert_int_equal(event()->pid, 41);
	assert_int_equal(watched(0)->count, 1);
	assert_int_equal(watched(0)->since, FAKEROOT_START);
}

static void by_exec_of_another_name_it_is_watched_no_more_and_that_is_no_death(void **state)
{
	(void)state;
	put_bot();
	fakeroot_open(bot, 1);
	put((struct made){41, 40, "bash", "bash|", ago(100), 4900, 0, 0, 0});
	fakeroot_look(1000);
	assert_int_equal(told(), 0);
	assert_int_equal(watched(0)->count, 0);
	assert_int_equal(watched(0)->ended_at, fakeroot.now);
	end(41);
	fakeroot_look(1000);
	assert_int_equal(told(), 0);
}

static void what_becomes_it_by_exec_is_watched_from_then_on(void **state)
{
	(void)state;
	put((struct made){41, 1, "sh", "sh|", ago(100), 4100, 0, 0, 0});
	put_cgroup("41\n");
	fakeroot_open(bot, 1);
	assert_int_equal(watched(0)->count, 0);
	/* Its comm is its version: trap 24. */
	put((struct made){41, 1, "2.1.231", "/opt/claude|", ago(100), 4900, 0, 0, 0});
	fakeroot_look(5000);
	assert_int_equal(watched(0)->count, 1);
	assert_int_equal(watched(0)->since, fakeroot.now);
	end(41);
	fakeroot_look(1000);
	assert_memory_equal(event()->text, "bot: claude (2.1.231, pid 41) ended", 35);
}

static void who_renames_itself_stays_what_it_was(void **state)
{
	(void)state;
	put((struct made){41, 1, "claude", "node|", ago(100), 4100, 0, 0, 0});
	put_cgroup("41\n");
	fakeroot_open(bot, 1);
	put((struct made){41, 1, ") R 1\n", "node|", ago(100), 4100, 0, 0, 0});
	fakeroot_look(1000);
	assert_int_equal(watched(0)->count, 1);
	end(41);
	fakeroot_look(1000);
	assert_memory_equal(event()->text, "bot: claude (", 13);
}

static void one_that_a_watched_one_started_is_not_watched_beside_it_or_after_it(void **state)
{
	(void)state;
	put_bot();
	put((struct made){42, 41, "bash", "bash|", ago(50), 4200, 0, 0, 0});
	put((struct made){43, 42, "claude", "claude|--ripgrep|", ago(49), 4300, 0, 0, 0});
	put_cgroup("40\n41\n42\n43\n");
	fakeroot_open(bot, 1);
	assert_int_equal(watched(0)->count, 1);
	end(43);
	fakeroot_look(1000);
	assert_int_equal(told(), 0);
	put((struct made){44, 42, "claude", "claude|", ago(0), 4400, 0, 0, 0});
	put_cgroup("40\n41\n42\n44\n");
	fakeroot_look(1000);
	end(41);
	fakeroot_look(1000);
	assert_int_equal(event()->pid, 41);
	assert_int_equal(watched(0)->count, 0);
}

static void a_child_stays_the_units_in_another_cgroup_and_without_its_parent(void **state)
{
	(void)state;
	put((struct made){40, 1, "claudir", "claudir|", ago(900), 4000, 0, 0, 0});
	put((struct made){41, 40, "sh", "sh|", ago(100), 4100, 0, 0, 0});
	put((struct made){42, 41, "claude", "claude|", ago(99), 4200, 0, 0, 0});
	put_cgroup("40\n");
	fakeroot_open(bot, 1);
	assert_int_equal(watched(0)->pid, 42);
	end(41);
	put((struct made){42, 1, "claude", "claude|", ago(99), 4200, 0, 0, 0});
	fakeroot_look(1000);
	assert_int_equal(told(), 0);
	end(42);
	fakeroot_look(1000);
	assert_int_equal(event()->unit, 0);
}

static void who_goes_into_the_background_has_not_died(void **state)
{
	(void)state;
	put((struct made){41, 1, "claude", "claude|", ago(1), 4100, 0, 0, 0});
	put((struct made){42, 41, "claude", "claude|", ago(0), 4100, 0, 0, 0}); /* the same stack: no exec since */
	put_cgroup("41\n42\n");
	fakeroot_open(bot, 1);
	assert_int_equal(watched(0)->pid, 41);
	end(41);
	put((struct made){42, 1, "claude", "claude|", ago(0), 4100, 0, 0, 0});
	put_cgroup("42\n");
	fakeroot_look(1000);
	assert_int_equal(told(), 0);
	assert_int_equal(watched(0)->pid, 42);
	end(42);
	fakeroot_look(1000);
	assert_int_equal(event()->pid, 42);
}

/* Who is between them is gone, and told so, when the first one ends. */
static void who_forks_twice_into_the_background_has_not_died(void **state)
{
	(void)state;
	put((struct made){41, 1, "claude", "claude|", ago(1), 4100, 0, 0, 0});
	put_cgroup("41\n");
	fakeroot_open(bot, 1);
	tree_on_fork(fakeroot.see, 42, 41, fakeroot.now);
	tree_on_fork(fakeroot.see, 43, 42, fakeroot.now);
	tree_on_exit(fakeroot.see, 42, 0);
	end(41);
	put((struct made){43, 1, "claude", "claude|", ago(0), 4100, 0, 0, 0});
	put_cgroup("43\n");
	fakeroot_look(1000);
	assert_int_equal(told(), 0);
	assert_int_equal(watched(0)->count, 1);
	assert_int_equal(watched(0)->pid, 43);
	end(43);
	fakeroot_look(1000);
	assert_int_equal(event()->pid, 43);
}

static void whose_end_is_seen_before_its_fork_is_told_has_forked(void **state)
{
	(void)state;
	put((struct made){41, 1, "claude", "claude|", ago(1), 4100, 0, 0, 0});
	put_cgroup("41\n");
	fakeroot_open(bot, 1);
	tree_on_fork(fakeroot.see, 42, 41, fakeroot.now);
	put((struct made){42, 41, "claude", "", ago(0), 0, 'Z', 1, 0});
	tree_look_at(fakeroot.see, 42, fakeroot.now);
	tree_on_fork(fakeroot.see, 43, 42, fakeroot.now);
	end(42);
	end(41);
	put((struct made){43, 1, "claude", "claude|", ago(0), 4100, 0, 0, 0});
	put_cgroup("43\n");
	fakeroot_look(1000);
	assert_int_equal(told(), 0);
	assert_int_equal(watched(0)->pid, 43);
}

static void of_one_that_is_gone_an_exec_told_late_changes_nothing(void **state)
{
	(void)state;
	put((struct made){41, 1, "claude", "claude|", ago(1), 4100, 0, 0, 0});
	put_cgroup("41\n");
	fakeroot_open(bot, 1);
	put((struct made){41, 1, "claude", "", ago(1), 0, 'Z', 1, 0});
	tree_on_exec(fakeroot.see, 41, fakeroot.now);
	tree_on_fork(fakeroot.see, 42, 41, fakeroot.now);
	put((struct made){42, 1, "claude", "claude|", ago(0), 4100, 0, 0, 0});
	put_cgroup("42\n");
	fakeroot.see->process.scanned = fakeroot.now + 1000;
	fakeroot_look(1000);
	assert_int_equal(told(), 0);
	assert_int_equal(watched(0)->pid, 42);
}

/* The stack that is shown amid an exec is not where it stays: what was forked of it since is no other program. */
static void a_copy_of_one_that_was_seen_amid_its_exec_takes_its_place(void **state)
{
	int pair[2];

	(void)state;
	put((struct made){41, 1, "bash", "claude|", ago(1), 4099, 0, 0, 0});
	put_cgroup("41\n");
	fakeroot_open(bot, 1);
	assert_int_equal(watched(0)->pid, 41);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair), 0);
	fakeroot.see->process.connector.fd = pair[0];
	put((struct made){41, 1, "claude", "", ago(1), 0, 'Z', 1, 0});
	tree_on_exec(fakeroot.see, 41, fakeroot.now);
	tree_on_fork(fakeroot.see, 42, 41, fakeroot.now);
	put((struct made){42, 1, "claude", "claude|", ago(0), 4100, 0, 0, 0});
	tree_look_at(fakeroot.see, 42, fakeroot.now);
	put_cgroup("42\n");
	fakeroot_look(1000);
	assert_int_equal(told(), 0);
	assert_int_equal(watched(0)->pid, 42);
	connector_close(&fakeroot.see->process.connector);
	(void)close(pair[1]);
}

static void who_left_nobody_alive_behind_has_died(void **state)
{
	(void)state;
	put((struct made){41, 1, "claude", "claude|", ago(1), 4100, 0, 0, 0});
	put_cgroup("41\n");
	fakeroot_open(bot, 1);
	tree_on_fork(fakeroot.see, 42, 41, fakeroot.now); /* it is gone, and that is not told yet */
	end(41);
	put_cgroup("");
	fakeroot.see->process.scanned = fakeroot.now + 1000; /* nor seen in /proc */
	fakeroot_look(1000);
	assert_int_equal(event()->pid, 41);
}

static void without_process_the_root_of_the_tree_is_watched(void **state)
{
	(void)state;
	put_bot();
	fakeroot_open(rootless, 1);
	assert_int_equal(watched(0)->count, 1);
	assert_int_equal(watched(0)->pid, 40);
	end(41);
	fakeroot_look(1000);
	assert_int_equal(told(), 0);
	end(40);
	fakeroot_look(1000);
	assert_memory_equal(event()->text, "bot: claudir (pid 40) ended", 27);
}

static void a_match_unit_watches_what_it_names_in_the_tree_or_itself(void **state)
{
	(void)state;
	put_bot();
	put((struct made){50, 1, "python3", "python3|/opt/xtts.py|", ago(100), 5000, 0, 0, 0});
	put((struct made){51, 50, "python3", "python3|/opt/xtts.py|", ago(99), 5000, 0, 0, 0});
	put((struct made){60, 1, "claude", "claude|", ago(99), 6000, 0, 0, 0}); /* of no unit */
	fakeroot_open(matched, 2);
	assert_int_equal(watched(0)->count, 1);
	assert_int_equal(watched(0)->pid, 41);
	assert_int_equal(watched(1)->count, 1);
	assert_int_equal(watched(1)->pid, 50);
	end(60);
	end(51);
	fakeroot_look(1000);
	assert_int_equal(told(), 0);
	end(50);
	fakeroot_look(1000);
	assert_memory_equal(event()->text, "tts: xtts (python3, pid 50) ended", 33);
}

static void the_kernels_kill_is_joined_with_the_death_in_either_order(void **state)
{
	for (int log_first = 0; log_first < 2; log_first++) {
		fakeroot_teardown(state);
		assert_int_equal(fakeroot_setup(state), 0);
		put_bot();
		fakeroot_put("/dev/kmsg", "6,1,1,-;begin\n");
		fakeroot_open(bot, 1);
		if (log_first) {
			fakeroot_put("/dev/kmsg", KILLED, 2, 41);
			fakeroot_look(100);
			assert_int_equal(event()->kind, EVENT_OOM_KILL);
			assert_non_null(strstr(event()->text, ", 1 min 40 s after its start; claudir (pid 40) is still running"));
			end(41);
			fakeroot_look(1000);
			assert_int_equal(event()->kind, EVENT_DEATH);
		} else {
			end(41);
			fakeroot_look(1000);
			assert_int_equal(told(), 0); /* the log is waited for, a moment */
			assert_true(see_next_ms(fakeroot.see, fakeroot.now) <= 50);
			fakeroot_put("/dev/kmsg", KILLED, 2, 41);
			fakeroot_look(50);
			assert_int_equal(told(), 2);
		}
		assert_memory_equal(fakeroot.with.events->event[told() - 1].text,
				    "bot: claude (pid 41) was killed by the kernel's OOM killer at 5.1 GiB, 1 min 41 s", 81);
		for (uint32_t i = 0; i < told(); i++) /* the kernel's word on it, and the end of the process */
			assert_string_equal(fakeroot.with.events->event[i].title,
					    "claude killed by the OOM killer (5.1 GiB); claudir lives on");
		fakeroot_look(1000);
		assert_int_equal(told(), 0);
		assert_int_equal(fakeroot.with.state->unit[0].death_causes[STATE_DEATH_OOM], 1);
	}
}

static void where_the_log_is_blind_the_units_own_counter_tells(void **state)
{
	(void)state;
	put_bot();
	fakeroot_put(V2 "/bot/memory.events", "oom_kill 0\n");
	fakeroot_open(bot, 1);
	end(41);
	fakeroot_put(V2 "/bot/memory.events", "oom_kill 1\n");
	fakeroot_look(1000);
	assert_int_equal(told(), 2);
	assert_memory_equal(fakeroot.with.events->event[1].text,
			    "bot: claude (pid 41) was killed by the kernel's OOM killer, ", 60);
}

static void an_older_kill_of_that_pid_is_not_its_own(void **state)
{
	(void)state;
	put_bot();
	fakeroot_put("/dev/kmsg", "6,1,1,-;begin\n");
	fakeroot_open(bot, 1);
	fakeroot_put("/dev/kmsg", KILLED, 2, 99);
	fakeroot_look(2000);
	put((struct made){99, 40, "claude", "claude|", ago(0) + 300, 4900, 0, 0, 0});
	put_cgroup("40\n41\n99\n");
	fakeroot_look(2000);
	assert_int_equal(watched(0)->count, 2);
	end(99);
	fakeroot_look(1000);
	fakeroot_look(1000);
	assert_null(strstr(event()->text, "OOM"));
}

static void an_end_that_was_asked_for_is_no_death(void **state)
{
	(void)state;
	put_bot();
	fakeroot_open(bot, 1);
	fakeroot.with.state->unit[0].busy = 1 + VERB_STOP;
	end(41);
	fakeroot_look(1000);
	assert_int_equal(told(), 0);
	fakeroot_look(1000);
	assert_int_equal(told(), 0);
	assert_int_equal(fakeroot.with.state->unit[0].deaths, 0);
	assert_non_null(strstr(fakeroot.with.state->unit[0].died_text, " is not known, as watchdogd asked, "));
	assert_int_equal(fakeroot.with.state->unit[0].death_causes[STATE_DEATH_ASKED], 1);
}

static void one_that_was_killed_waits_less_for_the_actors_word_than_one_that_a_stop_may_have_ended(void **state)
{
	static const struct fakeroot_unit service[] = {{"bot", CONFIG_SYSTEMD, "bot.service", "claude"}};
	static const struct {
		unsigned status;
		uint32_t waits_ms;
	} rows[] = {{9, DEATH_WAIT_MS}, {0, ASKED_END_MS}, {15, ASKED_END_MS}, {11, ASKED_END_MS}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		fakeroot_teardown(state);
		assert_int_equal(fakeroot_setup(state), 0);
		put_bot();
		fakeroot_put(V2 "/system.slice/bot.service/cgroup.events", "populated 1\nfrozen 0\n");
		fakeroot_put(V2 "/system.slice/bot.service/memory.current", "1\n");
		fakeroot_put(V2 "/system.slice/bot.service/cgroup.procs", "40\n41\n");
		fakeroot_open(service, 1);
		assert_int_equal(watched(0)->pid, 41);
		put((struct made){41, 40, "claude", "", ago(100), 0, 'Z', 1, rows[i].status});
		fakeroot_look(1000);
		fakeroot_look(rows[i].waits_ms - 1);
		assert_int_equal(told(), 0);
		fakeroot_look(1);
		assert_int_equal(event()->kind, EVENT_DEATH);
	}
}

static void one_that_is_back_for_five_seconds_is_one_reply(void **state)
{
	(void)state;
	put_bot();
	fakeroot_open(bot, 1);
	end(41);
	fakeroot_look(1000);
	assert_false(event()->reply);
	fakeroot_look(4000);
	put((struct made){47, 40, "claude", "claude|", ago(0) + 500, 4700, 0, 0, 0});
	put_cgroup("40\n47\n");
	for (int i = 0; i < 4; i++) {
		fakeroot_look(1000);
		assert_int_equal(told(), 0);
	}
	fakeroot_look(1000);
	assert_true(event()->reply);
	assert_int_equal(event()->kind, EVENT_DEATH);
	assert_string_equal(event()->text, "bot: claude is back (pid 47) after 4.0 s, started by claudir");
	assert_string_equal(event()->title, "claude is back (pid 47) after 4.0 s, started by claudir");
	fakeroot_look(1000);
	assert_int_equal(told(), 0);
}

static void a_restart_of_ours_and_a_dead_unit_are_replies_too(void **state)
{
	(void)state;
	put_bot();
	fakeroot_open(bot, 1);
	end(41);
	fakeroot_look(1000);
	unit_at(fakeroot.see, 0)->liveness.dead_told = true;
	fakeroot_look(1000);
	assert_true(event()->reply);
	assert_string_equal(event()->text, "bot: claude is not back after 1.0 s; the unit is dead");
	assert_string_equal(event()->title, "claude is not back after 1.0 s");
	unit_at(fakeroot.see, 0)->liveness.dead_told = false;

	put((struct made){47, 40, "claude", "claude|", ago(0) + 200, 4700, 0, 0, 0});
	put_cgroup("40\n47\n");
	fakeroot_look(1000);
	end(47); /* at 1004 s */
	fakeroot_look(1000);
	assert_false(event()->reply);
	fakeroot.with.state->unit[0].busy = 1 + VERB_RESTART;
	fakeroot_look(1000);
	fakeroot.with.state->unit[0].busy = 0;
	fakeroot_look(1000);
	put((struct made){48, 40, "claude", "claude|", ago(0) + 600, 4800, 0, 0, 0});
	put_cgroup("40\n48\n");
	for (int i = 0; i < 5; i++)
		fakeroot_look(1000);
	assert_memory_equal(event()->text, "bot: claude was restarted by watchdogd (pid 48) after 2.0 s", 59);
}

/* More ends at once than events in a look, or deaths that can wait. */
static void of_a_hundred_deaths_at_once_each_is_told_once(void **state)
{
	char pids[1024] = "";
	int sum = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		put((struct made){100 + i, 1, "claude", "claude|", ago(50) + (unsigned)i, 4100 + (unsigned)i, 0, 0, 0});
		(void)snprintf(pids + strlen(pids), sizeof(pids) - strlen(pids), "%d\n", 100 + i);
	}
	put_cgroup(pids);
	fakeroot_open(bot, 1);
	assert_int_equal(watched(0)->count, 100);
	for (int i = 0; i < 100; i++)
		end(100 + i);
	for (int i = 0; i < 6; i++) {
		fakeroot_look(1000);
		sum += (int)told();
	}
	assert_int_equal(sum, 100);
}

/* What the connector tells may be old news: the cgroup's own look has found it already. */
static void one_that_was_found_before_its_fork_was_told_dies_once(void **state)
{
	(void)state;
	put((struct made){40, 1, "claudir", "claudir|nodira|", ago(900), 4000, 0, 0, 0});
	put_cgroup("40\n");
	fakeroot_open(bot, 1);
	put((struct made){41, 40, "claude", "claude|", ago(0), 4100, 0, 0, 0});
	put_cgroup("40\n41\n");
	fakeroot_look(1000);
	assert_int_equal(watched(0)->pid, 41);
	tree_on_fork(fakeroot.see, 41, 40, fakeroot.now);
	tree_on_exec(fakeroot.see, 41, fakeroot.now);
	fakeroot_look(1000);
	assert_int_equal(watched(0)->count, 1);
	assert_int_equal(watched(0)->since, FAKEROOT_START);
	end(41);
	fakeroot_look(1000);
	assert_int_equal(event()->pid, 41);
	fakeroot_look(1000);
	assert_int_equal(told(), 0);
}

/* A table that was not looked through for a minute has forgotten who it is; what watches it has not. */
static void one_that_was_forgotten_and_found_again_dies_once(void **state)
{
	(void)state;
	put_bot();
	fakeroot_open(bot, 1);
	process_remove(&fakeroot.see->processes, process_find(&fakeroot.see->processes, 41));
	fakeroot_look(1000);
	assert_int_equal(watched(0)->count, 1);
	assert_int_equal(watched(0)->since, FAKEROOT_START - 100000);
	end(41);
	fakeroot_look(1000);
	assert_int_equal(event()->pid, 41);
}

/* Its arguments lie behind a lock that it may hold: trap 25. */
static void who_sleeps_uninterruptibly_is_examined_when_it_wakes(void **state)
{
	(void)state;
	put((struct made){41, 1, "node", "claude|", ago(1), 4100, 'D', 0, 0});
	put_cgroup("41\n");
	fakeroot_open(bot, 1);
	assert_int_equal(watched(0)->count, 0);
	put((struct made){41, 1, "node", "claude|", ago(1), 4100, 'S', 0, 0});
	fakeroot_look(1000);
	assert_int_equal(watched(0)->count, 1);
}

static void another_process_in_the_config_is_looked_for_anew(void **state)
{
	static const struct fakeroot_unit other[] = {{"bot", CONFIG_CGROUP, "/bot", "claudir"}};

	(void)state;
	put_bot();
	fakeroot_open(bot, 1);
	see_config(fakeroot.see, fakeroot_config(other, 1));
	fakeroot_look(1000);
	assert_int_equal(told(), 0);
	assert_int_equal(watched(0)->count, 1);
	assert_int_equal(watched(0)->pid, 40);
}

static void with_a_process_in_the_config_the_root_is_watched_no_more(void **state)
{
	(void)state;
	put_bot();
	fakeroot_open(rootless, 1);
	assert_int_equal(watched(0)->pid, 40);
	see_config(fakeroot.see, fakeroot_config(bot, 1));
	fakeroot_look(1000);
	assert_int_equal(watched(0)->count, 1);
	assert_int_equal(watched(0)->pid, 41);
	end(40);
	fakeroot_look(1000);
	assert_int_equal(told(), 0);
	see_config(fakeroot.see, fakeroot_config(rootless, 1));
	fakeroot_look(1000);
	assert_int_equal(watched(0)->count, 1);
	end(41);
	fakeroot_look(1000);
	assert_int_equal(event()->pid, 41);
}

static void who_is_watched_no_more_leaves_the_table_with_its_end(void **state)
{
	(void)state;
	put_bot();
	fakeroot_open(bot, 1);
	put((struct made){41, 40, "bash", "bash|", ago(100), 4900, 0, 0, 0});
	fakeroot_look(1000);
	assert_int_equal(watched(0)->count, 0);
	tree_on_exit(fakeroot.see, 41, 0);
	assert_null(process_find(&fakeroot.see->processes, 41));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fakeroot_setup, fakeroot_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(how_it_ended_is_said_in_the_words_of_signals),
		cmocka_unit_test(how_it_ended_is_a_title_and_counted_by_its_cause),
		TEST(who_vanishes_has_died_and_its_parent_is_named),
		TEST(a_zombie_tells_how_it_ended_and_a_gone_parent_is_said),
		TEST(a_main_thread_that_ended_before_the_others_is_no_death),
		TEST(a_pid_used_again_is_another_process),
		TEST(by_exec_of_another_name_it_is_watched_no_more_and_that_is_no_death),
		TEST(what_becomes_it_by_exec_is_watched_from_then_on),
		TEST(who_renames_itself_stays_what_it_was),
		TEST(one_that_a_watched_one_started_is_not_watched_beside_it_or_after_it),
		TEST(a_child_stays_the_units_in_another_cgroup_and_without_its_parent),
		TEST(who_goes_into_the_background_has_not_died),
		TEST(who_forks_twice_into_the_background_has_not_died),
		TEST(whose_end_is_seen_before_its_fork_is_told_has_forked),
		TEST(of_one_that_is_gone_an_exec_told_late_changes_nothing),
		TEST(a_copy_of_one_that_was_seen_amid_its_exec_takes_its_place),
		TEST(who_left_nobody_alive_behind_has_died),
		TEST(without_process_the_root_of_the_tree_is_watched),
		TEST(a_match_unit_watches_what_it_names_in_the_tree_or_itself),
		TEST(the_kernels_kill_is_joined_with_the_death_in_either_order),
		TEST(where_the_log_is_blind_the_units_own_counter_tells),
		TEST(an_older_kill_of_that_pid_is_not_its_own),
		TEST(an_end_that_was_asked_for_is_no_death),
		TEST(one_that_was_killed_waits_less_for_the_actors_word_than_one_that_a_stop_may_have_ended),
		TEST(one_that_is_back_for_five_seconds_is_one_reply),
		TEST(a_restart_of_ours_and_a_dead_unit_are_replies_too),
		TEST(of_a_hundred_deaths_at_once_each_is_told_once),
		TEST(one_that_was_found_before_its_fork_was_told_dies_once),
		TEST(one_that_was_forgotten_and_found_again_dies_once),
		TEST(who_sleeps_uninterruptibly_is_examined_when_it_wakes),
		TEST(another_process_in_the_config_is_looked_for_anew),
		TEST(with_a_process_in_the_config_the_root_is_watched_no_more),
		TEST(who_is_watched_no_more_leaves_the_table_with_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
