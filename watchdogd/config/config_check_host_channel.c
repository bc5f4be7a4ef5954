/* What of this host is not there as the channels, the heartbeat and the metrics name it. Only looked at, never
 * opened: what main reads of them is share/vault.c's. A credential of systemd is there for the service alone, and
 * not looked for. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "config/config_check_host.h"

static void config_check_host_file(struct config_host *host, struct config_place place, const char *key,
				   config_text path_at)
{
	const char *path = config_string(host->config, path_at);
	struct stat st;

	place.key = key;
	if (path[0] != '/')
		return;
	if (stat(path, &st) < 0)
		config_check_host_warn(host, &place, "cannot look at \"%s\": %s; what needs it waits for it", path,
				       strerror(errno));
	else if (!S_ISREG(st.st_mode))
		config_check_host_warn(host, &place, "\"%s\" is no regular file; what needs it waits for one", path);
	else if (strcmp(key, "secret") == 0 && (st.st_mode & S_IROTH) != 0)
		config_check_host_warn(host, &place, "\"%s\" has mode %04o: others may read it; expected 0600", path,
				       (unsigned)(st.st_mode & 07777));
	else if ((st.st_mode & S_IWOTH) != 0)
		config_check_host_warn(host, &place, "\"%s\" has mode %04o: others may write it", path,
				       (unsigned)(st.st_mode & 07777));
}

static void config_check_host_secrets(struct config_host *host, const struct config_place *place,
				      struct config_table secrets)
{
	for (uint32_t i = 0; i < secrets.count; i++)
		config_check_host_file(host, *place, "secret", config_secret_at(host->config, secrets, i)->path);
}

static void config_check_host_channel(struct config_host *host, const struct config_channel *channel)
{
	struct config_place place = {channel->line, "channel", channel->name, "plugin"};

	config_check_host_plugin(host, &place, channel->plugin);
	place.key = "command";
	if (channel->command != 0)
		config_check_host_command(host, &place, channel->command);
	config_check_host_secrets(host, &place, channel->secrets);
	config_check_host_file(host, place, "ca", channel->ca);
	config_check_host_file(host, place, "format", channel->format);
}

static void config_check_host_heartbeat(struct config_host *host)
{
	const struct config_heartbeat *heartbeat = &host->config->heartbeat;
	struct config_place place = {heartbeat->line, "heartbeat", NULL, NULL};

	if (heartbeat->url == 0)
		return;
	config_check_host_plugin(host, &place, "heartbeat");
	config_check_host_secrets(host, &place, heartbeat->secrets);
	config_check_host_file(host, place, "ca", heartbeat->ca);
}

/* The directory of the textfile; the file itself comes with the first writing. */
static void config_check_host_textfile(struct config_host *host, const struct config_place *place)
{
	const char *path = config_string(host->config, host->config->prometheus.textfile);
	char dir[PATH_BYTES];
	struct buffer b;
	struct stat st;

	BUFFER_OVER(&b, dir);
	buffer_add_bytes(&b, path, (size_t)(strrchr(path, '/') - path) + 1);
	if (stat(dir, &st) < 0)
		config_check_host_warn(host, place, "cannot look at the directory \"%s\": %s; the metrics are written when "
				       "it comes", dir, strerror(errno));
}

void config_check_host_channels(struct config_host *host)
{
	const struct config_prometheus *prometheus = &host->config->prometheus;
	struct config_place place = {prometheus->line, "prometheus", NULL, "listen"};

	for (uint32_t i = 0; i < host->config->channels.count; i++)
		config_check_host_channel(host, config_channel_at(host->config, i));
	config_check_host_heartbeat(host);
	if (prometheus->listen != 0)
		config_check_host_plugin(host, &place, "prometheus");
	place.key = "textfile";
	if (prometheus->textfile == 0)
		return;
	config_check_host_plugin(host, &place, "textfile");
	config_check_host_textfile(host, &place);
}
