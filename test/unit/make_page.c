#include "make_page.h"

#include <stdio.h>
#include <string.h>

#include "config/config.h"

#define GIB (INT64_C(1) << 30)

static void make_page_name(char name[NAME_BYTES], const char *text)
{
	(void)snprintf(name, NAME_BYTES, "%s", text);
}

static void make_page_host(struct state *s, mono_ms now)
{
	s->mem_total_bytes = 8 * (uint64_t)GIB;
	s->swap_total_bytes = 2 * (uint64_t)GIB;
	state_set(&s->host[HOST_AVAILABLE], GIB / 2, 8 * GIB, now);
	state_set(&s->host[HOST_SWAP_FREE], 4096, 2 * GIB, now);
	state_set(&s->host[HOST_HEADROOM], GIB / 2 + 4096, 8 * GIB, now);
	state_set(&s->host[HOST_PRESSURE_SOME], 12345, 0, now);
	state_set(&s->host[HOST_PRESSURE_SOME_AVG10], 100000, 0, now);
	state_set(&s->host[HOST_PRESSURE_FULL], 0, 0, now);
	state_set(&s->host[HOST_PRESSURE_FULL_AVG60], 50, 0, now);
	s->host[HOST_EXHAUSTED_IN].known = STATE_NEVER;
}

/* All of it is known. */
static void make_page_nodira(struct state_unit *u, mono_ms now)
{
	make_page_name(u->name, "nodira");
	u->kind = CONFIG_SYSTEMD;
	u->status = STATE_UNIT_RUNNING;
	u->alive = STATE_ALIVE;
	u->processes = 12;
	u->peak_bytes = 5 * GIB;
	u->watched = 1;
	u->oom_kills = 2;
	u->deaths = 3;
	u->death_causes[STATE_DEATH_OOM] = 2;
	u->death_causes[STATE_DEATH_ASKED] = 1;
	u->died = 1769107081250;
	u->restarts = 2;
	u->restart_at = now + 29500;
	u->heard = now - 61000;
	u->use = STATE_USE_UNUSED;
	u->unused_since = now - 720000;
	state_set(&u->readings[UNIT_MEMORY], 5 * GIB, 6 * GIB, now);
	state_set(&u->readings[UNIT_ANON], 4 * GIB, 6 * GIB, now);
	state_set(&u->readings[UNIT_SWAP], GIB, 2 * GIB, now);
	state_set(&u->readings[UNIT_GROWTH], -6000, 0, now);
	state_set(&u->readings[UNIT_EXHAUSTED_IN], 90500, 0, now);
	for (int i = UNIT_PRESSURE_SOME; i <= UNIT_PRESSURE_FULL_AVG300; i++)
		state_set(&u->readings[i], 1000 * (i - UNIT_PRESSURE_SOME), 0, now);
	for (int i = UNIT_EVENTS_LOW; i <= UNIT_EVENTS_OOM_GROUP_KILL; i++)
		state_set(&u->readings[i], i - UNIT_EVENTS_LOW, 0, now);
}

/* We stopped it: little is known. */
static void make_page_xtts(struct state_unit *u)
{
	make_page_name(u->name, "xtts");
	u->kind = CONFIG_CGROUP;
	u->status = STATE_UNIT_INACTIVE;
	u->mark = STATE_MARK_STOPPED;
	u->alive = STATE_STOPPED;
}

static void make_page_rule(struct state_rule *r, const char *rule, const char *unit, enum state_rule_phase phase)
{
	make_page_name(r->rule, rule);
	make_page_name(r->unit, unit);
	r->phase = (uint8_t)phase;
	r->severity = SEVERITY_CRITICAL;
	r->fired = 1;
}

static void make_page_rules(struct state *s)
{
	make_page_rule(&s->rule[0], "tight", "", STATE_RULE_QUIET);
	s->rule[0].severity = SEVERITY_WARNING;
	make_page_rule(&s->rule[1], "critical", "", STATE_RULE_FIRING);
	make_page_rule(&s->rule[2], "dead", "nodira", STATE_RULE_STANDING);
	s->rule[2].acked = true;
	s->rule[2].fired = 7;
	make_page_rule(&s->rule[3], "dead", "xtts", STATE_RULE_GIVEN_UP);
	make_page_rule(&s->rule[4], "mute", MAKE_PAGE_HOSTILE, STATE_RULE_HOLDING);
	s->rules = 5;
}

void make_page(struct state *s, mono_ms now)
{
	s->started = now - 3600000;
	if (now < 3600000)
		s->started = 1;
	s->tick = now - 250;
	s->looks = 3600;
	s->wakeups = 4000;
	s->sentinel_pid = 1;
	s->generation = 3;
	s->dry_run = 1;
	s->cpu_ms = 1230;
	s->rss_kb = 1500;
	s->alerts[SEVERITY_WARNING] = 4;
	s->alerts[SEVERITY_CRITICAL] = 9;
	s->done[VERB_STOP] = 3;
	s->not_done[VERB_RESTART] = 1;
	(void)snprintf(s->config_path, sizeof(s->config_path), "/etc/watchdogd/watchdogd.conf");
	(void)snprintf(s->blind, sizeof(s->blind), "kmsg: /dev/kmsg: Operation not permitted");
	make_page_host(s, now);
	make_page_nodira(&s->unit[0], now);
	make_page_xtts(&s->unit[1]);
	make_page_name(s->unit[2].name, MAKE_PAGE_HOSTILE);
	s->unit[2].kind = CONFIG_MATCH;
	s->units = 3;
	make_page_rules(s);
}

int make_page_channel(size_t i, struct plugin_standing *standing)
{
	static const struct plugin_standing rows[MAKE_PAGE_CHANNELS] = {
		{.name = "owner", .taken = 12, .dropped = 2, .attempts = 14},
		{.name = "chat",
		 .dead = 1,
		 .attempts = 30,
		 .waiting = 5,
		 .failing_since_wall_ms = 1769107081007,
		 .why = "HTTP 500"},
		{.name = MAKE_PAGE_HOSTILE, .why = ""},
	};

	if (i >= MAKE_PAGE_CHANNELS)
		return 0;
	*standing = rows[i];
	return 1;
}
