/* see/source_idle.c with its parts, over a made-up host: whose CPU time and whose connections say that it is not used,
 * since when, and that what is not known counts as use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act.h"
#include "base/root.h"
#include "fakeroot.h"
#include "see/sockets_unit.h"
#include "see/source.h"

#define V2  "/sys/fs/cgroup"
#define BOT V2 "/bot"

static const char *const two = "[unit bot]\ncgroup = /bot\nidle = 1m\n[unit other]\ncgroup = /other\n";

static const struct fakeroot_unit bot[] = {{"bot", CONFIG_CGROUP, "/bot", NULL}};

static uint64_t used_us;  /* by bot so far */
static uint32_t per_look; /* what it uses from one look to the next */

static const struct state_unit *unit(uint32_t i)
{
	return &fakeroot.with.state->unit[i];
}

static void put_unit(const char *dir, int pid)
{
	char path[256];

	fakeroot_put(V2 "/cgroup.controllers", "memory\n");
	(void)snprintf(path, sizeof(path), "%s/memory.current", dir);
	fakeroot_put(path, "1\n");
	(void)snprintf(path, sizeof(path), "%s/cgroup.events", dir);
	fakeroot_put(path, "populated 1\nfrozen 0\n");
	(void)snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	fakeroot_put(path, "%d\n", pid);
}

/* A process with its CPU time, in ticks of 10 ms. */
static void put_process(int pid, unsigned user, unsigned children)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fakeroot_put(path, "%d (xtts_server) S 1 1 1 0 -1 0 0 0 0 0 %u 0 %u 0 20 0 1 0 55 1000 25 0\n", pid, user,
		     children);
	(void)snprintf(path, sizeof(path), "/proc/%d/status", pid);
	fakeroot_put(path, "Name:\tx\nVmSwap:\t 0 kB\nRssAnon:\t 1 kB\nRssShmem:\t 0 kB\n");
	(void)snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	fakeroot_put(path, "xtts_server");
	(void)snprintf(path, sizeof(path), "/proc/%d/fd/0", pid);
	fakeroot_link(path, "/dev/null");
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	fakeroot_link(path, "net:[1]");
}

static void put_socket(int pid, int fd, unsigned inode)
{
	char path[64], to[32];

	(void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
	(void)snprintf(to, sizeof(to), "socket:[%u]", inode);
	fakeroot_link(path, to);
}

/* A line of /proc/net/tcp. */
static const char *line(const char *tcp_state, unsigned inode)
{
	static char text[256];

	(void)snprintf(text, sizeof(text),
		       "   0: 0100007F:1F90 0100007F:8B12 %s 00000000:00000000 00:00000000 00000000  1000        0 %u 1 "
		       "00000000 20 4 30 10 -1\n",
		       tcp_state, inode);
	return text;
}

#define HEAD "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"

static void put_connection(const char *file, const char *tcp_state, unsigned inode)
{
	fakeroot_put(file, HEAD "%s", inode != 0 ? line(tcp_state, inode) : "");
}

static int begin(void **state)
{
	int error = fakeroot_setup(state);

	used_us = 1000000;
	per_look = 1000; /* 0.1 % of a core */
	put_unit(BOT, 10);
	put_process(10, 5, 5);
	put_socket(10, 3, 4711);
	fakeroot_put(BOT "/cpu.stat", "usage_usec %llu\nuser_usec 0\n", (unsigned long long)used_us);
	fakeroot_link("/proc/self/ns/net", "net:[1]");
	put_connection("/proc/net/tcp", "0A", 4711);
	put_connection("/proc/net/tcp6", "01", 0);
	return error;
}

/* Begin on what there is, with this config. */
static void open_with(const char *text)
{
	fakeroot_open(bot, 1);
	see_config(fakeroot.see, act_parse(text));
}

/* Look every second for so long; how many events `idle` came. */
static unsigned looks(unsigned seconds)
{
	unsigned events = 0;

	for (unsigned i = 0; i < seconds; i++) {
		used_us += per_look;
		fakeroot_put(BOT "/cpu.stat", "usage_usec %llu\nuser_usec 0\n", (unsigned long long)used_us);
		fakeroot_look(1000);
		for (uint32_t k = 0; k < fakeroot.with.events->count; k++)
			events += fakeroot.with.events->event[k].kind == EVENT_IDLE;
	}
	return events;
}

static void expect_unused_for(mono_ms least, mono_ms most)
{
	assert_int_equal(unit(0)->use, STATE_USE_UNUSED);
	assert_in_range(fakeroot.now - unit(0)->unused_since, least, most);
}

static void expect_use(enum state_use use)
{
	assert_int_equal(unit(0)->use, use);
	assert_int_equal(unit(0)->unused_since, 0);
}

/* --- used or not --------------------------------------------------------------------------------- */

static void a_unit_that_nobody_uses_is_idle_after_its_time_and_told_once(void **state)
{
	(void)state;
	open_with(two);
	assert_int_equal(looks(60), 0);
	expect_unused_for(45000, 60000);
	assert_int_equal(looks(12), 1);
	assert_int_equal(looks(300), 0);
	expect_unused_for(350000, 372000);
	assert_int_equal(unit(1)->use, STATE_USE_UNKNOWN); /* it has no `idle` */
}

static void the_event_says_for_how_long_and_why(void **state)
{
	const struct event *event = &fakeroot.with.events->event[0];

	(void)state;
	open_with(two);
	for (int i = 0; looks(1) == 0; i++)
		assert_in_range(i, 0, 80);
	event = &fakeroot.with.events->event[0];
	assert_int_equal(event->unit, 0);
	assert_string_equal(event->text, "not used for 1 min 0 s: under 1 % of a core, no TCP connection");
	assert_string_equal(event->title, "not used for 1 min 0 s");
	assert_false(event->before_start);
}

static void one_percent_of_a_core_is_use(void **state)
{
	(void)state;
	per_look = 10000;
	open_with(two);
	assert_int_equal(looks(120), 0);
	expect_use(STATE_USE_USED);
	per_look = 9900;
	(void)looks(20);
	expect_unused_for(5000, 20000);
	per_look = 60000; /* once, within five seconds */
	(void)looks(1);
	per_look = 0;
	for (int i = 0; unit(0)->use != STATE_USE_USED; i++) {
		assert_in_range(i, 0, 5); /* it is looked at every five seconds */
		(void)looks(1);
	}
	assert_int_equal(looks(55), 0);
	assert_int_equal(looks(20), 1);
}

static void a_connection_is_use_for_as_long_as_it_is_open(void **state)
{
	(void)state;
	put_connection("/proc/net/tcp", "01", 4711);
	open_with(two);
	assert_int_equal(looks(120), 0);
	expect_use(STATE_USE_USED);
	put_connection("/proc/net/tcp", "06", 4711);
	assert_int_equal(looks(60), 0);
	assert_int_equal(looks(12), 1);
	put_connection("/proc/net/tcp", "01", 4711);
	(void)looks(6);
	expect_use(STATE_USE_USED);
	put_connection("/proc/net/tcp", "01", 4712);
	assert_int_equal(looks(60), 0);
	assert_int_equal(looks(12), 1); /* told again: it was used in between */
}

/* Who has shut down its writing side still reads the answer. */
static void a_half_closed_connection_is_use_and_an_ended_one_is_not(void **state)
{
	static const char *const half[] = {"08", "04", "05"}, *const ended[] = {"06", "09", "0B", "07", "02", "0A"};

	(void)state;
	open_with(two);
	for (size_t i = 0; i < ARRAY_LEN(half); i++) {
		put_connection("/proc/net/tcp", half[i], 4711);
		(void)looks(12);
		expect_use(STATE_USE_USED);
	}
	for (size_t i = 0; i < ARRAY_LEN(ended); i++) {
		put_connection("/proc/net/tcp", ended[i], 4711);
		(void)looks(12);
		expect_unused_for(1, 12000 * (i + 1));
	}
}

static void one_of_the_other_family_too(void **state)
{
	(void)state;
	put_connection("/proc/net/tcp6", "01", 4711);
	open_with(two);
	assert_int_equal(looks(90), 0);
	expect_use(STATE_USE_USED);
}

static void one_at_the_end_of_a_long_list_too(void **state)
{
	static char list[400 * 200];
	char path[128];
	FILE *file;

	(void)state;
	for (int i = 0; i < 399; i++)
		strcat(list, line("01", 9000 + (unsigned)i));
	strcat(list, line("01", 4711));
	(void)snprintf(path, sizeof(path), "%s/proc/net/tcp", fakeroot.dir);
	open_with(two);
	file = fopen(path, "w");
	assert_non_null(file);
	(void)fputs(HEAD, file);
	(void)fputs(list, file);
	(void)fclose(file);
	assert_int_equal(looks(90), 0);
	expect_use(STATE_USE_USED);
}

static void a_connection_of_a_second_process_and_a_subgroup_counts(void **state)
{
	(void)state;
	fakeroot_put(BOT "/below/cgroup.procs", "11\n");
	put_process(11, 0, 0);
	put_socket(11, 7, 99);
	put_connection("/proc/net/tcp", "01", 99);
	open_with(two);
	assert_int_equal(looks(90), 0);
	expect_use(STATE_USE_USED);
}

static void what_is_not_running_frozen_or_under_way_is_judged_anew(void **state)
{
	(void)state;
	open_with(two);
	(void)looks(30);
	expect_unused_for(15000, 30000);
	fakeroot_put(BOT "/cgroup.events", "populated 1\nfrozen 1\n");
	(void)looks(3);
	expect_use(STATE_USE_UNKNOWN);
	fakeroot_put(BOT "/cgroup.events", "populated 1\nfrozen 0\n");
	(void)looks(10);
	expect_unused_for(1, 10000);
	fakeroot.with.state->unit[0].busy = 1 + VERB_RESTART;
	(void)looks(1);
	expect_use(STATE_USE_UNKNOWN);
	fakeroot.with.state->unit[0].busy = 0;
	(void)looks(10);
	expect_unused_for(1, 10000);
	fakeroot_put(BOT "/cgroup.events", "populated 0\nfrozen 0\n");
	(void)looks(3);
	expect_use(STATE_USE_UNKNOWN);
}

static void a_restarted_unit_is_judged_anew(void **state)
{
	(void)state;
	open_with(two);
	assert_int_equal(looks(75), 1);
	fakeroot_remove(BOT);
	put_unit(BOT, 10);
	assert_int_equal(looks(20), 0);
	expect_unused_for(1, 20000);
	assert_int_equal(looks(60), 1);
}

/* What a crowd has to tell leaves room for what others have. */
static void many_at_once_are_told_one_after_the_other(void **state)
{
	char text[20 * 64] = "", path[64];
	unsigned told = 0;

	(void)state;
	for (int i = 0; i < 20; i++) {
		(void)snprintf(text + strlen(text), 64, "[unit u%d]\ncgroup = /u%d\nidle = 1m\n", i, i);
		(void)snprintf(path, sizeof(path), V2 "/u%d", i);
		put_unit(path, 10);
		(void)snprintf(path, sizeof(path), V2 "/u%d/cpu.stat", i);
		fakeroot_put(path, "usage_usec 5\n");
	}
	open_with(text);
	for (int i = 0; i < 90; i++) {
		unsigned now = looks(1);

		assert_in_range(now, 0, 8);
		told += now;
	}
	assert_int_equal(told, 20);
}

/* --- how fresh it is ------------------------------------------------------------------------------ */

static void time_that_nobody_watched_is_passed_over(void **state)
{
	mono_ms unused;

	(void)state;
	open_with(two);
	(void)looks(50);
	unused = fakeroot.now - unit(0)->unused_since;
	fakeroot_look(600000); /* a stall, without CPU time of it */
	assert_int_equal(fakeroot.with.events->count, 0);
	expect_unused_for(unused - 6000, unused);
	assert_int_equal(looks(8), 0);
	assert_int_equal(looks(20), 1);
}

static void a_stall_excuses_no_more_work_than_a_pace(void **state)
{
	(void)state;
	open_with(two);
	(void)looks(50);
	used_us += 100000; /* in one go, perhaps */
	fakeroot_put(BOT "/cpu.stat", "usage_usec %llu\n", (unsigned long long)used_us);
	fakeroot_look(600000);
	expect_use(STATE_USE_USED);
}

static void the_end_of_idle_is_told_by_a_look_since_then(void **state)
{
	(void)state;
	open_with("[unit bot]\ncgroup = /bot\nidle = 62s\n"); /* between two of its looks */
	(void)looks(20);
	while (fakeroot.now - unit(0)->unused_since < 61000)
		assert_int_equal(looks(1), 0);
	put_connection("/proc/net/tcp", "01", 4711);
	assert_int_equal(looks(20), 0);
	expect_use(STATE_USE_USED);
}

static void who_is_to_be_stopped_is_looked_at_once_more(void **state)
{
	(void)state;
	open_with(two);
	(void)looks(30);
	assert_false(see_unit_is_unused(fakeroot.see, 0, fakeroot.now)); /* not for so long */
	expect_unused_for(15000, 30000);
	(void)looks(45);
	assert_true(see_unit_is_unused(fakeroot.see, 0, fakeroot.now));
	assert_true(see_unit_is_unused(fakeroot.see, 0, fakeroot.now));
	put_connection("/proc/net/tcp", "01", 4711);
	assert_false(see_unit_is_unused(fakeroot.see, 0, fakeroot.now));
	expect_use(STATE_USE_USED);
	assert_false(see_unit_is_unused(fakeroot.see, 1, fakeroot.now)); /* it has no `idle` */
	put_connection("/proc/net/tcp", "0A", 4711);
	(void)looks(75);
	assert_true(see_unit_is_unused(fakeroot.see, 0, fakeroot.now));
	used_us += 60000;
	fakeroot_put(BOT "/cpu.stat", "usage_usec %llu\n", (unsigned long long)used_us);
	assert_false(see_unit_is_unused(fakeroot.see, 0, fakeroot.now));
	expect_use(STATE_USE_USED);
}

/* --- what is not known --------------------------------------------------------------------------- */

/* A process in another network namespace, with its list of connections. */
static void put_elsewhere(int pid, const char *net, const char *tcp_state, unsigned inode)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	fakeroot_link(path, net);
	(void)snprintf(path, sizeof(path), "/proc/%d/net/tcp", pid);
	put_connection(path, tcp_state, inode);
	(void)snprintf(path, sizeof(path), "/proc/%d/net/tcp6", pid);
	put_connection(path, tcp_state, 0);
}

static void one_in_a_network_namespace_of_its_own_is_judged_by_that(void **state)
{
	(void)state;
	put_connection("/proc/net/tcp", "01", 815); /* nobody's here */
	put_elsewhere(10, "net:[2]", "01", 4711);
	open_with(two);
	assert_int_equal(looks(20), 0);
	expect_use(STATE_USE_USED);
	put_connection("/proc/10/net/tcp", "01", 815); /* another's, in the same namespace */
	assert_int_equal(looks(75), 1);
	put_connection("/proc/10/net/tcp6", "01", 4711);
	(void)looks(12);
	expect_use(STATE_USE_USED);
}

static void what_nobody_has_accepted_there_is_the_units(void **state)
{
	(void)state;
	put_elsewhere(10, "net:[2]", "01", 0);
	fakeroot_put("/proc/10/net/tcp", HEAD "%s", line("01", 0));
	open_with(two);
	assert_int_equal(looks(75), 0);
	expect_use(STATE_USE_USED);
	fakeroot_put("/proc/10/net/tcp", HEAD "%s", line("06", 0)); /* TIME_WAIT: the kernel's */
	assert_int_equal(looks(75), 1);
}

/* As systemd accepts it in our namespace, for a service in another. */
static void what_was_handed_in_from_our_network_counts_too(void **state)
{
	(void)state;
	put_elsewhere(10, "net:[2]", "0A", 1);
	put_connection("/proc/net/tcp", "01", 4711);
	open_with(two);
	assert_int_equal(looks(75), 0);
	expect_use(STATE_USE_USED);
}

static void more_than_one_network_namespace_is_not_unused(void **state)
{
	(void)state;
	fakeroot_put(BOT "/cgroup.procs", "10\n11\n12\n");
	put_process(11, 0, 0);
	put_process(12, 0, 0);
	put_elsewhere(10, "net:[2]", "0A", 1);
	put_elsewhere(11, "net:[2]", "0A", 1);
	open_with(two);
	assert_int_equal(looks(75), 1); /* ours, and one other */
	put_elsewhere(12, "net:[3]", "0A", 1);
	(void)looks(12);
	expect_use(STATE_USE_UNKNOWN);
}

static void whose_own_list_cannot_be_read_is_not_unused(void **state)
{
	(void)state;
	put_elsewhere(10, "net:[2]", "0A", 1);
	fakeroot_remove("/proc/10/net/tcp6");
	fakeroot_link("/proc/10/net/tcp6", "tcp6"); /* ELOOP */
	open_with(two);
	assert_int_equal(looks(75), 0);
	expect_use(STATE_USE_UNKNOWN);
}

static void the_list_is_that_of_one_that_is_still_there(void **state)
{
	(void)state;
	fakeroot_put(BOT "/cgroup.procs", "10\n11\n");
	put_process(11, 0, 0);
	put_elsewhere(10, "net:[2]", "0A", 1);
	fakeroot_remove("/proc/10/net/tcp"); /* it has ended meanwhile */
	put_elsewhere(11, "net:[2]", "0A", 1);
	put_connection("/proc/11/net/tcp6", "01", 4711);
	open_with(two);
	assert_int_equal(looks(75), 0);
	expect_use(STATE_USE_USED);
	put_connection("/proc/11/net/tcp6", "01", 0);
	assert_int_equal(looks(75), 1);
}

/* A list that is longer than a piece, of a unit that is about nobody any more meanwhile. */
static void the_list_of_one_is_not_read_as_that_of_the_next(void **state)
{
	static char lines[1200 * 160];
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 1000; i++)
		n += (size_t)snprintf(lines + n, sizeof(lines) - n, "%s", line("01", 815));
	put_unit(V2 "/other", 20);
	put_process(20, 5, 5);
	put_socket(20, 3, 4712);
	put_elsewhere(10, "net:[2]", "0A", 1);
	put_elsewhere(20, "net:[3]", "01", 4712);
	fakeroot_put("/proc/10/net/tcp", HEAD "%s", lines);
	open_with("[unit bot]\ncgroup = /bot\nidle = 1m\n[unit other]\ncgroup = /other\nidle = 1m\n");
	for (int i = 0; i < 30 && !fakeroot.see->idle.sockets.far_open; i++)
		(void)looks(1);
	assert_true(fakeroot.see->idle.sockets.far_open);
	fakeroot_put(BOT "/cgroup.events", "populated 1\nfrozen 1\n");
	for (int i = 0; i < 30; i++) {
		(void)looks(1);
		assert_int_not_equal(unit(1)->use, STATE_USE_UNUSED);
	}
	assert_int_equal(unit(1)->use, STATE_USE_USED);
}

/* Each piece of such a list takes the kernel milliseconds. */
static void many_such_are_looked_at_less_often(void **state)
{
	(void)state;
	put_elsewhere(10, "net:[2]", "0A", 1);
	open_with(two);
	(void)looks(20);
	assert_int_equal(fakeroot.see->idle.sockets.fars, 1);
	fakeroot.see->idle.sockets.fars = 60; /* as many of them as that */
	fakeroot.see->idle.sockets.began = fakeroot.now;
	(void)looks(30);
	assert_int_equal(fakeroot.see->idle.sockets.fars, 60); /* no round yet */
	(void)looks(35);
	assert_int_equal(fakeroot.see->idle.sockets.fars, 1);
}

static int next_fd(void)
{
	int fd = dup(0);

	(void)close(fd);
	return fd;
}

static void the_lists_of_others_are_closed(void **state)
{
	int before;

	(void)state;
	put_elsewhere(10, "net:[2]", "01", 4711);
	open_with(two);
	(void)looks(10);
	before = next_fd();
	(void)looks(20);
	expect_use(STATE_USE_USED); /* left before its end */
	assert_int_equal(next_fd(), before);
	put_connection("/proc/10/net/tcp", "0A", 1);
	(void)looks(30);
	assert_int_equal(next_fd(), before);
}

static void whose_descriptors_cannot_be_read_is_not_unused(void **state)
{
	(void)state;
	fakeroot_remove("/proc/10/fd");
	fakeroot_put("/proc/10/fd", "%s", "");
	open_with(two);
	assert_int_equal(looks(120), 0);
	expect_use(STATE_USE_UNKNOWN);
}

static void a_descriptor_that_cannot_be_read_may_be_a_connection(void **state)
{
	(void)state;
	fakeroot_put("/proc/10/fd/5", "no link\n");
	open_with(two);
	(void)looks(20);
	expect_use(STATE_USE_UNKNOWN);
	fakeroot_remove("/proc/10/fd/5");
	(void)looks(12);
	expect_unused_for(1, 12000);
	fakeroot_remove("/proc/10/ns/net");
	fakeroot_put("/proc/10/ns/net", "no link\n");
	(void)looks(12);
	expect_use(STATE_USE_UNKNOWN);
}

static void who_does_not_know_its_own_network_knows_no_other(void **state)
{
	(void)state;
	fakeroot_remove("/proc/self/ns/net");
	open_with(two);
	(void)looks(20);
	expect_use(STATE_USE_UNKNOWN);
	fakeroot_remove("/proc/10/ns/net"); /* a kernel without namespaces */
	(void)looks(12);
	expect_unused_for(1, 12000);
}

static void a_list_that_cannot_be_opened_is_no_empty_list(void **state)
{
	static struct procnet net;
	int proc;
	struct procnet_batch batch;

	(void)state;
	fakeroot_remove("/proc/net/tcp6"); /* no IPv6 */
	proc = root_open("/proc", O_RDONLY | O_DIRECTORY);
	assert_true(proc >= 0);
	assert_int_equal(procnet_open(&net, proc), 0);
	fakeroot_link("/proc/net/tcp6", "tcp6"); /* ELOOP */
	assert_true(procnet_open(&net, proc) < 0);
	procnet_begin(&net);
	procnet_next(&net, &batch);
	assert_true(batch.ended && batch.error < 0);
	fakeroot_remove("/proc/net/tcp6");
	fakeroot_remove("/proc/net/tcp");
	assert_true(procnet_open(&net, proc) < 0);
	procnet_next(&net, &batch);
	assert_true(batch.ended && batch.error < 0);
	(void)close(proc);
}

static void more_cgroups_than_are_looked_at_are_not_unused(void **state)
{
	char path[128];

	(void)state;
	for (int i = 0; i < SOCKETS_MAX; i++) {
		(void)snprintf(path, sizeof(path), "%s" BOT "/%d", fakeroot.dir, i);
		assert_int_equal(mkdir(path, 0755), 0);
	}
	open_with(two);
	(void)looks(15);
	expect_use(STATE_USE_UNKNOWN);
	fakeroot_remove(BOT "/0");
	(void)looks(15);
	expect_unused_for(1, 15000);
}

static void a_host_without_a_list_of_connections_has_nobody_unused(void **state)
{
	(void)state;
	fakeroot_remove("/proc/net/tcp");
	fakeroot_remove("/proc/net/tcp6");
	open_with(two);
	assert_int_equal(looks(120), 0);
	expect_use(STATE_USE_UNKNOWN);
}

static void more_descriptors_than_are_looked_at_are_not_unused(void **state)
{
	(void)state;
	for (int i = 0; i < SOCKETS_UNIT_FDS; i++)
		put_socket(10, 10 + i, 10000);
	open_with(two);
	assert_int_equal(looks(90), 0);
	expect_use(STATE_USE_UNKNOWN);
}

static void a_line_that_never_ends_is_no_list(void **state)
{
	char path[128];
	FILE *file;

	(void)state;
	open_with(two);
	(void)snprintf(path, sizeof(path), "%s/proc/net/tcp", fakeroot.dir);
	file = fopen(path, "w");
	assert_non_null(file);
	for (int i = 0; i < 3000; i++)
		(void)fputs("01 ", file);
	(void)fclose(file);
	assert_int_equal(looks(90), 0);
	expect_use(STATE_USE_UNKNOWN);
}

static void unknown_cpu_time_is_not_unused(void **state)
{
	(void)state;
	open_with(two);
	(void)looks(20);
	for (int i = 0; i < 20; i++) {
		fakeroot_put(BOT "/cpu.stat", "nr_periods 0\nusage_usec\n");
		fakeroot_put(BOT "/cgroup.procs", "%s", "");
		fakeroot_look(1000);
	}
	expect_use(STATE_USE_UNKNOWN);
}

/* --- other ways to count ------------------------------------------------------------------------- */

static void a_match_unit_is_the_sum_of_its_processes(void **state)
{
	(void)state;
	fakeroot_remove(V2);
	open_with("[unit bot]\nmatch = xtts_server\nidle = 1m\n");
	assert_int_equal(looks(75), 1);
	for (unsigned i = 1; i <= 20; i++) {
		put_process(10, 5, 5 + 2 * i); /* its children's time counts */
		(void)looks(1);
	}
	expect_use(STATE_USE_USED);
	(void)looks(20);
	expect_unused_for(1, 20000);
	put_process(10, 4, 0); /* less than before: who ended took its time along */
	(void)looks(6);
	assert_true(unit(0)->unused_since == 0 || fakeroot.now - unit(0)->unused_since < 6000);
}

static void v1_has_cpuacct(void **state)
{
	(void)state;
	fakeroot_remove(V2);
	fakeroot_put(V2 "/memory/memory.usage_in_bytes", "1\n");
	fakeroot_put(V2 "/memory/bot/memory.usage_in_bytes", "1\n");
	fakeroot_put(V2 "/memory/bot/cgroup.procs", "10\n");
	fakeroot_put(V2 "/cpuacct/bot/cgroup.procs", "10\n");
	fakeroot_put(V2 "/cpuacct/bot/cpuacct.usage", "5000000000\n");
	open_with(two);
	assert_int_equal(looks(75), 1);
	for (unsigned i = 1; i <= 10; i++) {
		fakeroot_put(V2 "/cpuacct/bot/cpuacct.usage", "%u000000000\n", 5 + i);
		fakeroot_look(1000);
	}
	expect_use(STATE_USE_USED);
}

static void without_cpuacct_the_processes_are_summed_up(void **state)
{
	(void)state;
	fakeroot_remove(V2);
	fakeroot_put(V2 "/memory/memory.usage_in_bytes", "1\n");
	fakeroot_put(V2 "/memory/bot/memory.usage_in_bytes", "1\n");
	fakeroot_put(V2 "/memory/bot/cgroup.procs", "10\n");
	open_with(two);
	assert_int_equal(looks(75), 1);
	for (unsigned i = 1; i <= 10; i++) {
		put_process(10, 5 + 10 * i, 5);
		fakeroot_look(1000);
	}
	expect_use(STATE_USE_USED);
}

/* --- reload -------------------------------------------------------------------------------------- */

static void a_reload_goes_on_with_what_is_known(void **state)
{
	(void)state;
	open_with(two);
	(void)looks(40);
	see_config(fakeroot.see, act_parse("[unit other]\ncgroup = /other\n[unit bot]\ncgroup = /bot\nidle = 1m\n"));
	(void)looks(5);
	assert_int_equal(unit(1)->use, STATE_USE_UNUSED);
	assert_in_range(fakeroot.now - unit(1)->unused_since, 30000, 45000);
	assert_int_equal(looks(30), 1);
	see_config(fakeroot.see, act_parse("[unit other]\ncgroup = /other\n"));
	(void)looks(2);
	assert_int_equal(fakeroot.see->idle.units, 0);
	see_config(fakeroot.see, act_parse(two));
	(void)looks(10);
	expect_unused_for(1, 10000);
}

static void stop_when_idle_that_is_new_is_told_what_holds_already(void **state)
{
	(void)state;
	open_with(two);
	assert_int_equal(looks(75), 1);
	see_config(fakeroot.see, act_parse(two));
	assert_int_equal(looks(5), 0);
	see_config(fakeroot.see, act_parse("[unit bot]\ncgroup = /bot\nidle = 1m\nstart = /bin/x\nstop-when-idle = yes\n"));
	assert_int_equal(looks(2), 1);
	assert_int_equal(looks(60), 0);
}

static void a_reload_in_the_midst_of_a_round_is_no_harm(void **state)
{
	(void)state;
	open_with(two);
	(void)looks(9);
	sockets_begin(&fakeroot.see->idle.sockets, fakeroot.now);
	fakeroot.see->idle.sockets.seen[fakeroot.see->units.at[0]] = SOCKETS_NONE;
	see_config(fakeroot.see, act_parse("[unit new]\ncgroup = /new\nidle = 2m\n"));
	assert_int_equal(looks(30), 0);
	assert_int_equal(unit(0)->use, STATE_USE_UNKNOWN);
}

/* --- texts --------------------------------------------------------------------------------------- */

static void lines_of_the_kernel_and_others_are_told_apart(void **state)
{
	static const struct {
		const char *line;
		uint32_t inode; /* 0: no connection */
	} rows[] = {
		{"", 0},
		{"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode", 0},
		{"   0: A:1 B:2 01 C:D 0:0 0 1000 0 4711 1 0", 4711},
		{"1000000: A:1 B:2 01 C:D 0:0 0 1000 0 4711", 4711},
		{"   0: A:1 B:2 08 C:D 0:0 0 1000 0 4711 1 0", 4711},
		{"   0: A:1 B:2 05 C:D 0:0 0 1000 0 4711 1 0", 4711},
		{"   0: A:1 B:2 09 C:D 0:0 0 1000 0 4711 1 0", 0},
		{"   0: A:1 B:2 0A C:D 0:0 0 1000 0 4711 1 0", 0},
		{"   0: A:1 B:2 010 C:D 0:0 0 1000 0 4711 1 0", 0},
		{"   0: A:1 B:2 01 C:D 0:0 0 1000 0", 0},
		{"   0: A:1 B:2 01 C:D 0:0 0 1000 0 x4711 1 0", 0},
		{"   0: A:1 B:2 01 C:D 0:0 0 1000 0 4711x 1 0", 0},
		{"   0: A:1 B:2 01 C:D 0:0 0 1000 0 4294967296 1 0", 0},
		{"   0: A:1 B:2 01 C:D 0:0 0 1000 0 99999999999999999999999 1 0", 0},
		{"01 01 01 01 01 01 01 01 01 01 01", 1},
		{"                                                  ", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint32_t inode = 0;
		bool is = procnet_parse(rows[i].line, &inode);

		if (is != (rows[i].inode != 0) || inode != rows[i].inode)
			fail_msg("%s: %d %u", rows[i].line, is, inode);
	}
}

static void links_of_sockets_are_told_from_others(void **state)
{
	static const char *const others[] = {"",           "socket:[",    "socket:[]",   "socket:[1",   "socket:[1]x",
					     "socket:[-1]", "/socket:[1]", "pipe:[1]",    "anon_inode:[eventpoll]",
					     "socket:[99999999999999999999999]"};
	uint64_t inode;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_false(sockets_parse_link(others[i], &inode));
	assert_true(sockets_parse_link("socket:[12345]", &inode));
	assert_int_equal(inode, 12345);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, fakeroot_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_unit_that_nobody_uses_is_idle_after_its_time_and_told_once),
		TEST(the_event_says_for_how_long_and_why),
		TEST(one_percent_of_a_core_is_use),
		TEST(a_connection_is_use_for_as_long_as_it_is_open),
		TEST(a_half_closed_connection_is_use_and_an_ended_one_is_not),
		TEST(one_of_the_other_family_too),
		TEST(one_at_the_end_of_a_long_list_too),
		TEST(a_connection_of_a_second_process_and_a_subgroup_counts),
		TEST(what_is_not_running_frozen_or_under_way_is_judged_anew),
		TEST(a_restarted_unit_is_judged_anew),
		TEST(many_at_once_are_told_one_after_the_other),
		TEST(time_that_nobody_watched_is_passed_over),
		TEST(a_stall_excuses_no_more_work_than_a_pace),
		TEST(the_end_of_idle_is_told_by_a_look_since_then),
		TEST(who_is_to_be_stopped_is_looked_at_once_more),
		TEST(one_in_a_network_namespace_of_its_own_is_judged_by_that),
		TEST(what_nobody_has_accepted_there_is_the_units),
		TEST(what_was_handed_in_from_our_network_counts_too),
		TEST(more_than_one_network_namespace_is_not_unused),
		TEST(whose_own_list_cannot_be_read_is_not_unused),
		TEST(the_list_is_that_of_one_that_is_still_there),
		TEST(the_list_of_one_is_not_read_as_that_of_the_next),
		TEST(many_such_are_looked_at_less_often),
		TEST(the_lists_of_others_are_closed),
		TEST(whose_descriptors_cannot_be_read_is_not_unused),
		TEST(a_descriptor_that_cannot_be_read_may_be_a_connection),
		TEST(who_does_not_know_its_own_network_knows_no_other),
		TEST(a_list_that_cannot_be_opened_is_no_empty_list),
		TEST(more_cgroups_than_are_looked_at_are_not_unused),
		TEST(a_host_without_a_list_of_connections_has_nobody_unused),
		TEST(more_descriptors_than_are_looked_at_are_not_unused),
		TEST(a_line_that_never_ends_is_no_list),
		TEST(unknown_cpu_time_is_not_unused),
		TEST(a_match_unit_is_the_sum_of_its_processes),
		TEST(v1_has_cpuacct),
		TEST(without_cpuacct_the_processes_are_summed_up),
		TEST(a_reload_goes_on_with_what_is_known),
		TEST(stop_when_idle_that_is_new_is_told_what_holds_already),
		TEST(a_reload_in_the_midst_of_a_round_is_no_harm),
		TEST(lines_of_the_kernel_and_others_are_told_apart),
		TEST(links_of_sockets_are_told_from_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
