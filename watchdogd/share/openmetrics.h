/* The text that Prometheus scrapes: families of samples in a growing buffer, as OpenMetrics 1.0 or as the
 * classic text format 0.0.4 that node_exporter's textfile collector reads. Only the form is here; what is
 * told is in metrics.c. Label values are hostile. For workers: it allocates. */
#ifndef WD_SHARE_OPENMETRICS_H
#define WD_SHARE_OPENMETRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum openmetrics_format {
	OPENMETRICS_1,       /* application/openmetrics-text; version=1.0.0 */
	OPENMETRICS_CLASSIC, /* text/plain; version=0.0.4 */
	OPENMETRICS_FORMATS,
};

/* The value of Content-Type for each. */
extern const char *const openmetrics_types[OPENMETRICS_FORMATS];

/* What a sample's name has behind the family's: of a counter "_total", of an info "_info". */
enum openmetrics_kind { OPENMETRICS_GAUGE, OPENMETRICS_COUNTER, OPENMETRICS_INFO };

struct openmetrics_family {
	const char *name; /* without _total, _info */
	enum openmetrics_kind kind;
	const char *unit; /* "bytes": the name ends in it; "": none */
	const char *help; /* one sentence, without a backslash, quote or newline */
};

struct openmetrics {
	char *text; /* malloc'ed; NULL: nothing yet */
	size_t len, size;
	bool failed; /* no memory: the text is of no use */
	enum openmetrics_format format;
	const struct openmetrics_family *family;
	bool headed; /* the family has its head */
};

void openmetrics_init(struct openmetrics *om, enum openmetrics_format format);

/* What follows is of that family (borrowed for good); its head is written with its first sample. A family
 * must not come twice. */
void openmetrics_begin(struct openmetrics *om, const struct openmetrics_family *family);

/* Pairs of a label's name and value. */
#define OPENMETRICS_LABELS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* A sample: value * 10^-decimals (decimals: at most 9). labels: pairs of name and value, and NULL, as the macro
 * makes them; NULL: none. A label with an empty value is left out: that is the same. */
void openmetrics_sample(struct openmetrics *om, int64_t value, unsigned decimals, const char *const *labels);

/* A sample that is beyond all numbers: +Inf. */
void openmetrics_infinite(struct openmetrics *om, const char *const *labels);

/* Finish: the text, malloc'ed and ended with a NUL, which is now the caller's; its length in *len. NULL: no
 * memory. */
char *openmetrics_end(struct openmetrics *om, size_t *len);

/* "_total", "_info" or "". */
const char *openmetrics_suffix(enum openmetrics_kind kind);

#endif
