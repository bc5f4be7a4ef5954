/* What a check finds, gathered while the file is read in several passes and told at its end in
 * order of line. */
#ifndef WD_CONFIG_CONFIG_FINDINGS_H
#define WD_CONFIG_CONFIG_FINDINGS_H

#include <stddef.h>
#include <stdint.h>

#include "config/config_parse.h"

/* Where: line 0 is the file as a whole, a NULL name is left out. All borrowed. */
struct config_place {
	uint32_t line;
	const char *section, *name, *key;
};

struct config_findings {
	struct config_found *rows; /* own */
	size_t count, capacity;
	size_t errors; /* those of CONFIG_ERROR, also such as memory had no room for */
};

void config_findings_init(struct config_findings *findings);
void config_findings_fini(struct config_findings *findings);

/* Add one. The text (what is wrong, what was found; what would be right) may hold hostile bytes: it
 * is escaped when told. A CONFIG_LATER with the same text as an earlier one of such a section is
 * left out. The place's section stays borrowed as long as the findings. */
void config_findings_add(struct config_findings *findings, enum config_finding kind,
			 const struct config_place *place, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* A key (the place's) that is not active yet. Those of one section are told in one line, at the line
 * of the first; a key that another section of the kind has told is left out. */
void config_findings_later(struct config_findings *findings, const struct config_place *place);

#define config_findings_error(findings, place, ...)                                                \
	config_findings_add((findings), CONFIG_ERROR, (place), __VA_ARGS__)

/* Tell all in order of line, those of one line in the order they came. path: of the file. */
void config_findings_tell(struct config_findings *findings, const char *path, config_tell *tell,
			  void *arg);

#endif
