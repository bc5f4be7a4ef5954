/* What is wrong with a template, said to a person: "FILE:LINE: what is wrong; what would be right". */
#ifndef WD_WEBHOOK_TELL_H
#define WD_WEBHOOK_TELL_H

#include <stdint.h>

struct webhook_tell {
	void (*line)(void *arg, const char *line); /* gets each finding; NULL: they are only counted */
	void *arg;
	const char *file;  /* the format as the config names it */
	uint32_t errors;   /* found so far */
};

/* line: of the file, from 1. What it quotes of the template is escaped by this. */
void webhook_tell(struct webhook_tell *tell, uint32_t line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
