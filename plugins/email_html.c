#include "email_html.h"

#include <string.h>

#include "base/escape.h"
#include "email_clean.h"
#include "email_text.h"

enum {
	EMAIL_HISTORY_PX = 322,     /* what the line of block characters may take on a phone of 360 px */
	EMAIL_HISTORY_FONT_MAX = 18,
	EMAIL_HISTORY_MAX = 100,    /* characters; more are no line any more */
};

/* Every style is at its element, as some programs drop the head; there stands only what is different in the
 * dark. */
static const char email_html_begin[] =
	"<!DOCTYPE html>\r\n"
	"<html lang=\"en\"><head><meta charset=\"utf-8\">\r\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\r\n"
	"<meta name=\"color-scheme\" content=\"light dark\">\r\n"
	"<meta name=\"supported-color-schemes\" content=\"light dark\">\r\n"
	"<style>\r\n"
	":root{color-scheme:light dark}\r\n"
	"@media (prefers-color-scheme:dark){\r\n"
	".page{background:#15171a!important;color:#e6e8ea!important}\r\n"
	".pale{color:#9aa2ab!important}\r\n"
	".rule{border-color:#33383e!important}\r\n"
	".critical{color:#ff8a80!important;border-color:#ff8a80!important}\r\n"
	".warning{color:#ffc266!important;border-color:#ffc266!important}\r\n"
	".info{color:#8ab8ff!important;border-color:#8ab8ff!important}\r\n"
	".resolved{color:#7fd69a!important;border-color:#7fd69a!important}\r\n"
	"}\r\n"
	"</style></head>\r\n"
	"<body class=\"page\" style=\"margin:0;padding:0;background:#ffffff;color:#1c1e21;"
	"-webkit-text-size-adjust:100%\">\r\n"
	"<div class=\"page\" style=\"max-width:600px;margin:0 auto;padding:14px 16px;background:#ffffff;color:#1c1e21;"
	"font:15px/1.4 -apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;"
	"overflow-wrap:anywhere;word-break:break-word\">\r\n";

#define EMAIL_HTML_PALE "#5f666d"
#define EMAIL_HTML_MONO "font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"

/* A class and the colour of a message as a whole. */
static const struct {
	const char *word, *colour;
} email_html_looks[] = {
	{"critical", "#b3261e"}, {"warning", "#8a5300"}, {"resolved", "#1b6e3c"}, {"info", "#1f56b3"},
};

static size_t email_html_look(const struct plugin_message *message)
{
	size_t last = sizeof(email_html_looks) / sizeof(email_html_looks[0]) - 1;
	bool over = strcmp(message->told, "resolved") == 0;

	for (size_t i = 0; i < last; i++)
		if (strcmp(over ? message->told : message->severity, email_html_looks[i].word) == 0)
			return i;
	return last;
}

/* One text, clean and escaped; its line ends are breaks, and the spaces at a line's beginning stay. */
static void email_html_add_value(struct buffer *out, const char *text, size_t max)
{
	char bytes[3 * EMAIL_TEXT_MAX + 8];
	struct buffer clean;
	const char *line = bytes;

	BUFFER_OVER(&clean, bytes);
	email_clean(&clean, text, max, true);
	while (clean.len > 0 && bytes[clean.len - 1] == '\n')
		bytes[--clean.len] = '\0';
	while (*line != '\0') {
		size_t len = strcspn(line, "\n"), spaces = strspn(line, " ");

		for (size_t i = 0; i < spaces; i++)
			buffer_add(out, "&nbsp;");
		escape_html(out, line + spaces, len - spaces);
		line += len;
		if (*line == '\n') {
			buffer_add(out, "<br>");
			line++;
		}
	}
}

static void email_html_add_badge(struct buffer *out, const char *class, const char *colour, const char *word)
{
	buffer_addf(out, "<span class=\"%s\" style=\"display:inline-block;border:1px solid %s;border-radius:4px;"
		    "padding:0 6px;font-weight:600;color:%s\">", class, colour, colour);
	email_html_add_value(out, word, EMAIL_NAME_MAX);
	buffer_add(out, "</span> ");
}

/* How bad, what it is to the earlier ones, and of what. */
static void email_html_add_head(struct buffer *out, const struct plugin_message *message)
{
	size_t look = email_html_look(message);
	const char *class = email_html_looks[look].word, *colour = email_html_looks[look].colour;
	bool first = strcmp(message->told, "alert") == 0 || message->told[0] == '\0';

	buffer_add(out, "<div style=\"font-size:14px;margin:0 0 6px\">");
	if (strcmp(message->told, "resolved") != 0)
		email_html_add_badge(out, class, colour, message->severity);
	if (!first)
		email_html_add_badge(out, class, colour, message->told);
	buffer_add(out, "<span class=\"pale\" style=\"color:" EMAIL_HTML_PALE "\">");
	email_html_add_value(out, message->unit[0] != '\0' ? message->unit : "host", EMAIL_NAME_MAX);
	if (message->host[0] != '\0') {
		buffer_add(out, " on ");
		email_html_add_value(out, message->host, EMAIL_NAME_MAX);
	}
	buffer_addf(out, "</span></div>\r\n<div class=\"%s\" style=\"font-size:18px;line-height:1.3;font-weight:600;color:%s;"
		    "margin:0 0 8px\">", class, colour);
	email_html_add_value(out, message->title, EMAIL_TEXT_MAX);
	buffer_add(out, "</div>\r\n");
}

static void email_html_add_title(struct buffer *out, const char *title)
{
	buffer_addf(out, "<div class=\"pale\" style=\"font-size:13px;color:" EMAIL_HTML_PALE ";margin:12px 0 2px\">"
		    "%s</div>\r\n", title);
}

static void email_html_add_part(struct buffer *out, const char *title, const char *text)
{
	if (text[0] == '\0')
		return;
	if (title[0] != '\0')
		email_html_add_title(out, title);
	buffer_add(out, "<div>");
	email_html_add_value(out, text, EMAIL_TEXT_MAX);
	buffer_add(out, "</div>\r\n");
}

static void email_html_add_facts(struct buffer *out, const struct plugin_message *message)
{
	static const char cell[] = "vertical-align:top;padding:3px 0;border-top:1px solid #e3e6e9";

	if (message->facts_count == 0)
		return;
	email_html_add_title(out, "Numbers now");
	buffer_add(out, "<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" "
		   "style=\"width:100%;table-layout:fixed;border-collapse:collapse;font-size:14px;line-height:1.3\">\r\n");
	for (size_t i = 0; i < message->facts_count && i < EMAIL_FACTS_MAX; i++) {
		buffer_addf(out, "<tr><td class=\"pale rule\" style=\"width:34%%;%s;padding-right:10px;"
			    "color:" EMAIL_HTML_PALE "\">", cell);
		email_html_add_value(out, message->facts[i].name, EMAIL_NAME_MAX);
		buffer_addf(out, "</td><td class=\"rule\" style=\"%s\">", cell);
		email_html_add_value(out, message->facts[i].value, EMAIL_VALUE_MAX);
		buffer_add(out, "</td></tr>\r\n");
	}
	buffer_add(out, "</table>\r\n");
}

/* Its characters must stand side by side: the font is as large as a phone's width lets it. Where the program can do
 * it, they are drawn higher. */
static void email_html_add_history(struct buffer *out, const struct plugin_message *message)
{
	static const char higher[] = ";display:inline-block;margin-top:12px;transform:scaleY(2.2);transform-origin:0 100%";
	size_t columns = 0, tenths;

	if (message->history[0] == '\0')
		return;
	for (const char *at = message->history; *at != '\0'; at++)
		columns += ((unsigned char)*at & 0xc0) != 0x80;
	tenths = (size_t)EMAIL_HISTORY_PX * 10 * 10 / (columns * 6 + columns / 4 + 1); /* a character is 0.6 em wide */
	if (tenths > EMAIL_HISTORY_FONT_MAX * 10)
		tenths = EMAIL_HISTORY_FONT_MAX * 10;
	if (tenths < 40)
		tenths = 40;
	email_html_add_title(out, "The last hour");
	buffer_addf(out, "<div><span style=\"" EMAIL_HTML_MONO ";font-size:%zu.%zupx;line-height:1%s\">", tenths / 10,
		    tenths % 10, columns <= EMAIL_HISTORY_MAX ? higher : "");
	email_html_add_value(out, message->history, EMAIL_VALUE_MAX);
	buffer_add(out, "</span></div>\r\n");
}

static void email_html_add_foot(struct buffer *out, const struct plugin_message *message)
{
	char origin[4096];
	struct buffer line;

	BUFFER_OVER(&line, origin);
	email_text_add_origin(&line, message);
	buffer_add(out, "<div class=\"pale rule\" style=\"margin:14px 0 0;padding:6px 0 0;border-top:1px solid #e3e6e9;"
		   "font-size:13px;color:" EMAIL_HTML_PALE "\">");
	email_html_add_value(out, origin, EMAIL_TEXT_MAX);
	buffer_add(out, "</div>\r\n");
}

void email_html(struct buffer *out, const struct plugin_message *message)
{
	buffer_add(out, email_html_begin);
	email_html_add_head(out, message);
	email_html_add_part(out, "", message->text);
	email_html_add_facts(out, message);
	email_html_add_history(out, message);
	email_html_add_part(out, "What watchdogd is doing", message->doing);
	email_html_add_part(out, "What you can do", message->todo);
	email_html_add_foot(out, message);
	buffer_add(out, "</div></body></html>\r\n");
}
