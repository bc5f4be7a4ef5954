#include "start/plugin_load.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

#include "base/bounds.h"
#include "base/root.h"

static bool plugin_load_is_whole(const struct plugin *plugin)
{
	return plugin->name != NULL && plugin->open != NULL &&
	       plugin->prepare != NULL && plugin->dispatch != NULL && plugin->close != NULL;
}

/* A plugin has a copy of base/root.c of its own, where it uses it: what is made up for us is made up for it. */
static void plugin_tell_root(void *object)
{
	void *symbol = dlsym(object, "root_set");
	void (*set)(const char *prefix);

	if (symbol == NULL)
		return;
	memcpy(&set, &symbol, sizeof(set));
	set(root_prefix());
}

const struct plugin *plugin_load(const char *dir, const char *name, struct buffer *wrong)
{
	void *object;

	return plugin_open(dir, name, &object, wrong);
}

void plugin_close(void *object)
{
	(void)dlclose(object);
}

const struct plugin *plugin_open(const char *dir, const char *name, void **object_out, struct buffer *wrong)
{
	char path[PATH_BYTES];
	const struct plugin *plugin;
	struct buffer text;
	void *object;

	BUFFER_OVER(&text, path);
	buffer_addf(&text, "%s/%s.so", dir, name);
	/* NOW: a missing symbol is told here, not met in the middle of a step. */
	object = text.cut ? NULL : dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (object == NULL) {
		buffer_add(wrong, text.cut ? "the path is too long" : dlerror());
		return NULL;
	}
	plugin = dlsym(object, "plugin");
	if (plugin == NULL)
		buffer_addf(wrong, "%s exports no \"plugin\"", path);
	else if (plugin->abi != PLUGIN_ABI)
		buffer_addf(wrong, "%s is made for ABI %d, this is %d", path, plugin->abi,
			    PLUGIN_ABI);
	else if (!plugin_load_is_whole(plugin))
		buffer_addf(wrong, "%s leaves out a function", path);
	else if (strcmp(plugin->name, name) != 0)
		buffer_addf(wrong, "%s calls itself \"%s\"", path, plugin->name);
	else {
		plugin_tell_root(object);
		*object_out = object;
		return plugin;
	}
	(void)dlclose(object);
	return NULL;
}
