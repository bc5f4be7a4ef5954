/* What systemd has set for units: asked of systemctl, without a shell. What it answers is text of others: only values
 * that are known are taken, the rest stays unknown. */
#ifndef WD_ASK_BUDGET_SYSTEMD_H
#define WD_ASK_BUDGET_SYSTEMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUDGET_NO_LIMIT UINT64_MAX

enum budget_oom_policy { BUDGET_OOM_UNKNOWN, BUDGET_OOM_CONTINUE, BUDGET_OOM_STOP, BUDGET_OOM_KILL };

enum budget_restart {
	BUDGET_RESTART_UNKNOWN,
	BUDGET_RESTART_NO,
	BUDGET_RESTART_ON_SUCCESS,
	BUDGET_RESTART_ON_FAILURE,
	BUDGET_RESTART_ON_ABNORMAL,
	BUDGET_RESTART_ON_WATCHDOG,
	BUDGET_RESTART_ON_ABORT,
	BUDGET_RESTART_ALWAYS,
};

/* All 0: not known. */
struct budget_systemd {
	bool answered;         /* systemd knows of it, if only that it is not there */
	bool loaded;           /* its file is there and good */
	enum budget_oom_policy oom_policy;
	enum budget_restart restart;
	uint64_t restart_us;   /* RestartSec= */
	uint64_t limit_us;     /* StartLimitIntervalSec=; 0 with limit_known: no limit */
	uint64_t limit_burst;
	bool restart_known, limit_known, burst_known;
	uint64_t high_bytes, max_bytes; /* 0: not known; BUDGET_NO_LIMIT */
};

/* As systemd writes them: "on-failure"; "?" of what is not known. */
const char *budget_oom_policy_word(enum budget_oom_policy policy);
const char *budget_restart_word(enum budget_restart restart);

/* "1min 30s", "100ms", "1.500000s", "infinity" (UINT64_MAX) as systemd prints a span; false: it is none. */
bool budget_systemd_span(const char *text, uint64_t *us);

/* Ask `program` (systemctl) about those units, whose names come from a config that was checked. text: gets the answer,
 * size bytes with its NUL. 0; -ETIMEDOUT after wait_ms; -EFBIG, it was cut; -EPROTO, it ended otherwise than well;
 * another -errno: not to be started. */
int budget_systemd_ask(const char *program, const char *const *names, size_t n, uint32_t wait_ms, char *text,
		       size_t size);

/* Read its answer into the row of each name. text is changed. */
void budget_systemd_parse(char *text, const char *const *names, size_t n, struct budget_systemd *rows);

#endif
