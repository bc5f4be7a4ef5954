/* A kill of the kernel's, as a sentence for a person: who, how big, whose limit; and who asked. */
#ifndef WD_SEE_OOMSENTENCE_H
#define WD_SEE_OOMSENTENCE_H

#include "base/buffer.h"
#include "see/oomrecord.h"

/* Append the sentence, without a full stop. Names stand in it as they are: who shows it escapes it.
 */
void oomsentence_format(const struct oomrecord *record, struct buffer *out);

/* "; xtts_server asked for memory (pid 4711)", where the kernel says so. */
void oomsentence_add_trigger(const struct oomrecord *record, struct buffer *out);

/* "5.1 GiB" */
void oomsentence_add_size(struct buffer *out, uint64_t kb);

#endif
