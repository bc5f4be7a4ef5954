/* Load a plugin: PLUGIN_DIR/<name>.so, which exports `const struct plugin plugin` (share/plugin.h).
 */
#ifndef WD_START_PLUGIN_LOAD_H
#define WD_START_PLUGIN_LOAD_H

#include "base/buffer.h"
#include "share/plugin.h"

/* Load it and check its ABI, its name and that it is whole; it is not opened. It stays loaded for
 * the life of the process. NULL, with the reason for a person in `wrong`. */
const struct plugin *plugin_load(const char *dir, const char *name, struct buffer *wrong);

/* The same for a while: what is given into *object goes to plugin_close. */
const struct plugin *plugin_open(const char *dir, const char *name, void **object, struct buffer *wrong);
void plugin_close(void *object);

#endif
