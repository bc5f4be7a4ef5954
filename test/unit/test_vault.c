/* Secrets, certificates and templates in memory: what is no such file is told and left out, without waiting; what is
 * taken is there byte for byte, sealed, and in no core dump. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "config/config_parse.h"
#include "share/vault.h"

static char dir[64], told[16384];
static struct buffer out;

static void tell(void *arg, const char *line)
{
	assert_ptr_equal(arg, &out);
	assert_null(strpbrk(line, "\n\r\x1b"));
	buffer_addf(&out, "%s\n", line);
}

static void parse_tell(void *arg, enum config_finding finding, const char *line)
{
	(void)arg;
	if (finding == CONFIG_ERROR)
		fail_msg("%s", line);
}

static const char *in_dir(const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void put(const char *name, const char *bytes, size_t size)
{
	FILE *file = fopen(in_dir(name), "we");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

#define PUT(name, text) put((name), (text), sizeof(text) - 1)

/* The text with each @ as the directory, parsed. */
static struct config *parse(const char *text)
{
	static char whole[65536];
	struct config *config;
	struct buffer b;

	BUFFER_OVER(&b, whole);
	for (; *text != '\0'; text++)
		if (*text == '@')
			buffer_add(&b, dir);
		else
			buffer_add_char(&b, *text);
	assert_false(b.cut);
	config = config_parse("c", whole, b.len, parse_tell, NULL);
	assert_non_null(config);
	return config;
}

/* The vault of that config; what was told has the directory taken out. */
static int make(const char *text)
{
	struct config *config = parse(text);
	int fd;

	BUFFER_OVER(&out, told);
	fd = vault_make(config, in_dir("formats"), tell, &out);
	free(config);
	assert_true(fd >= 0);
	for (char *at; (at = strstr(told, dir)) != NULL;)
		memmove(at, at + strlen(dir), strlen(at + strlen(dir)) + 1);
	return fd;
}

static const struct vault *make_mapped(const char *text)
{
	int fd = make(text);
	const struct vault *vault = vault_map(fd);

	assert_non_null(vault);
	assert_int_equal(close(fd), 0);
	return vault;
}

#define OWN "[channel h]\nplugin = webhook\nurl = https://example.org/\nformat = @/own\nsecret ="

/* What the vault has of a file in the directory is exactly text; NULL: nothing. */
static void expect(const struct vault *vault, const char *path, const char *text)
{
	size_t len = 77;
	const char *found = vault_find(vault, path[0] == '@' ? in_dir(path + 2) : path, &len);

	if (text == NULL) {
		assert_null(found);
		assert_int_equal(len, 77);
		return;
	}
	assert_non_null(found);
	assert_int_equal(len, strlen(text));
	assert_memory_equal(found, text, strlen(text) + 1);
}

static int dir_make(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/test_vault.XXXXXX");
	assert_non_null(mkdtemp(dir));
	assert_int_equal(mkdir(in_dir("formats"), 0700), 0);
	PUT("own", "own ${text}\n");
	PUT("formats/json.tmpl", "json\n");
	PUT("formats/slack.tmpl", "slack\n");
	(void)unsetenv("CREDENTIALS_DIRECTORY");
	return 0;
}

static int dir_remove(void **state)
{
	char command[96];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static void what_is_no_file_is_told_and_nothing_waits(void **state)
{
	const struct vault *vault;

	(void)state;
	assert_int_equal(mkfifo(in_dir("fifo"), 0600), 0);
	assert_int_equal(symlink("fifo", in_dir("to-fifo")), 0);
	assert_int_equal(symlink("loop", in_dir("loop")), 0);
	PUT("good", "good\n");
	vault = make_mapped(OWN " A=@/none\n B=@/fifo\n C=/dev/zero\n D=@\n E=@/to-fifo\n F=@/loop\n G=@/good\n"
				" H=/proc/self/environ\n I=/dev/null\n");
	assert_string_equal(
		told,
		"c:1: [channel h] secret: cannot read \"/none\": No such file or directory; what needs it waits for a reload\n"
		"c:1: [channel h] secret: cannot read \"/fifo\": it is no regular file; what needs it waits for a reload\n"
		"c:1: [channel h] secret: cannot read \"/dev/zero\": it is no regular file; what needs it waits for a reload\n"
		"c:1: [channel h] secret: cannot read \"\": it is no regular file; what needs it waits for a reload\n"
		"c:1: [channel h] secret: cannot read \"/to-fifo\": it is no regular file; what needs it waits for a reload\n"
		"c:1: [channel h] secret: cannot read \"/loop\": Too many levels of symbolic links; what needs it waits for a reload\n"
		"c:1: [channel h] secret: cannot read \"/proc/self/environ\": it grows while it is read; what needs it waits for a reload\n"
		"c:1: [channel h] secret: cannot read \"/dev/null\": it is no regular file; what needs it waits for a reload\n");
	expect(vault, "@/good", "good");
	expect(vault, "@/none", NULL);
	expect(vault, "@/fifo", NULL);
	expect(vault, "/dev/zero", NULL);
	expect(vault, "@/own", "own ${text}\n");
	vault_unmap(vault);
}

static void secret_is_one_line_of_its_file(void **state)
{
	static char longest[VAULT_SECRET_MAX + 3];
	static const struct {
		const char *bytes;
		size_t size;
		const char *text; /* NULL: refused */
	} rows[] = {
#define ROW(bytes, text) {(bytes), sizeof(bytes) - 1, (text)}
		ROW("", NULL),
		ROW("\n", NULL),
		ROW("\r\n", NULL),
		ROW("a", "a"),
		ROW("a\n", "a"),
		ROW("a\r\n", "a"),
		ROW(" a ", " a "),
		ROW("a\n\n", NULL),
		ROW("a\nHost: evil\n", NULL),
		ROW("a\0b\n", NULL),
		ROW("\0", NULL),
		ROW("a\0", NULL),
		ROW("a\x7f", NULL),
		ROW("\xff\xfe", "\xff\xfe"),
		{longest, VAULT_SECRET_MAX, longest},
		{longest, VAULT_SECRET_MAX + 1, NULL},
		{longest, VAULT_SECRET_MAX + 2, NULL},
		{longest, VAULT_SECRET_MAX + 3, NULL},
#undef ROW
	};
	static char copy[VAULT_SECRET_MAX + 1];

	(void)state;
	memset(longest, 'x', sizeof(longest));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct vault *vault;
		const char *text = rows[i].text;

		if (text == longest) {
			memcpy(copy, longest, VAULT_SECRET_MAX);
			text = copy;
		}
		put("secret", rows[i].bytes, rows[i].size);
		vault = make_mapped(OWN " A=@/secret\n");
		expect(vault, "@/secret", text);
		expect(vault, "@/own", "own ${text}\n"); /* what comes after a refused one is whole */
		assert_int_equal(told[0] == '\0', text != NULL);
		vault_unmap(vault);
	}
	put("secret", longest, VAULT_SECRET_MAX);
	assert_int_equal(truncate(in_dir("secret"), VAULT_SECRET_MAX + 1), 0);
	vault_unmap(make_mapped(OWN " A=@/secret\n"));
	assert_non_null(strstr(told, "it has control characters inside; a secret is one line"));
}

static void files_are_whole_up_to_their_bound(void **state)
{
	static char large[VAULT_FILE_MAX + 1];
	const struct vault *vault;
	size_t len;

	(void)state;
	memset(large, 'y', sizeof(large));
	put("large.pem", large, VAULT_FILE_MAX);
	put("larger.pem", large, VAULT_FILE_MAX + 1);
	PUT("nul.pem", "a\0b");
	PUT("empty.pem", "");
	vault = make_mapped("[channel a]\nplugin = webhook\nurl = https://x/\nformat = json\nca = @/large.pem\n"
			    "[channel b]\nplugin = webhook\nurl = https://x/\nformat = json\nca = @/larger.pem\n"
			    "[channel d]\nplugin = webhook\nurl = https://x/\nformat = ntfy\nchat = t\nca = @/nul.pem\n"
			    "[channel e]\nplugin = webhook\nurl = https://x/\nformat = @/nul.pem\nca = @/empty.pem\n"
			    "[channel f]\nplugin = exec\ncommand = /bin/true\n"
			    "[heartbeat]\nurl = https://x/\nca = @/large.pem\n");
	assert_non_null(vault_find(vault, in_dir("large.pem"), &len));
	assert_int_equal(len, VAULT_FILE_MAX);
	expect(vault, "@/larger.pem", NULL);
	expect(vault, "@/nul.pem", NULL);
	expect(vault, "@/empty.pem", NULL);
	expect(vault, "json", "json\n");
	expect(vault, "slack", NULL); /* nobody asked */
	expect(vault, "ntfy", NULL);
	assert_string_equal(
		told,
		"c:6: [channel b] ca: cannot read \"/larger.pem\": it is longer than 1 MiB; what needs it waits for a reload\n"
		"c:11: [channel d] ca: cannot read \"/nul.pem\": it has a NUL inside; what needs it waits for a reload\n"
		"c:11: [channel d] format: cannot read \"/formats/ntfy.tmpl\": No such file or directory; what needs it waits for "
		"a reload\n"
		"c:17: [channel e] ca: cannot read \"/empty.pem\": it is empty; what needs it waits for a reload\n"
		"c:17: [channel e] format: cannot read \"/nul.pem\": it has a NUL inside; what needs it waits for a reload\n");
	vault_unmap(vault);
}

static void credential_of_systemd_is_found_by_its_name(void **state)
{
#define CRED "[heartbeat]\nurl = https://x/${A}\nsecret = A=uuid\n"
	const struct vault *vault = make_mapped(CRED);

	(void)state;
	expect(vault, "uuid", NULL);
	assert_string_equal(told, "c:1: [heartbeat] secret: cannot read \"uuid\": there is no $CREDENTIALS_DIRECTORY; expected "
				  "LoadCredential= in the service; what needs it waits for a reload\n");
	vault_unmap(vault);

	assert_int_equal(mkdir(in_dir("cred"), 0700), 0);
	PUT("cred/uuid", "1234\n");
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", in_dir("cred"), 1), 0);
	vault = make_mapped(CRED);
	expect(vault, "uuid", "1234");
	assert_string_equal(told, "");
	vault_unmap(vault);
	(void)unsetenv("CREDENTIALS_DIRECTORY");
#undef CRED
}

static void path_in_two_places_is_read_once_and_as_a_secret(void **state)
{
	const struct vault *vault;

	(void)state;
	PUT("both", "text\n");
	vault = make_mapped("[channel a]\nplugin = webhook\nurl = https://x/\nformat = @/both\n"
			    "[channel b]\nplugin = webhook\nurl = https://x/\nformat = @/own\nsecret = A=@/both\n B=@/both\n");
	expect(vault, "@/both", "text");
	assert_string_equal(told, "");
	vault_unmap(vault);
}

static void hostile_path_is_escaped_in_what_is_told(void **state)
{
	const struct vault *vault = make_mapped("[channel h]\nplugin = webhook\nurl = https://x/\nformat = /\xe2\x80\xae\xff\n");

	(void)state;
	assert_non_null(strstr(told, "\"/\\xe2\\x80\\xae\\xff\""));
	vault_unmap(vault);
}

static void vault_cannot_be_changed_and_another_file_is_none(void **state)
{
	int fd = make(OWN " A=@/good\n"), other = memfd_create("other", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct stat st;
	char byte = 'x';
	void *copy;

	(void)state;
	assert_int_equal(pwrite(fd, &byte, 1, 0), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_ptr_equal(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);

	/* The same bytes, not sealed; then sealed; then sealed with a row that points outside. */
	assert_int_equal(fstat(fd, &st), 0);
	copy = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	assert_true(copy != MAP_FAILED);
	assert_int_equal(write(other, copy, (size_t)st.st_size), st.st_size);
	assert_null(vault_map(other));
	assert_int_equal(errno, EPROTO);
	assert_int_equal(fcntl(other, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK), 0);
	const struct vault *vault = vault_map(other);

	assert_non_null(vault);
	vault_unmap(vault);
	assert_int_equal(close(other), 0);
	for (size_t at = 0; at < 64; at += 4) { /* every word of the head and of the first rows */
		uint32_t wrong = 0xfffffff0u;

		other = memfd_create("other", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		assert_int_equal(write(other, copy, (size_t)st.st_size), st.st_size);
		assert_int_equal(pwrite(other, &wrong, 4, (off_t)at), 4);
		assert_int_equal(fcntl(other, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK), 0);
		vault = vault_map(other);
		if (at == 20 || at >= 24 + 2 * 12) /* padding, and rows beyond the two */
			assert_non_null(vault);
		else
			assert_null(vault);
		vault_unmap(vault);
		assert_int_equal(close(other), 0);
	}
	(void)munmap(copy, (size_t)st.st_size);
	assert_int_equal(close(fd), 0);
	fd = open(in_dir("own"), O_RDONLY | O_CLOEXEC);
	assert_null(vault_map(fd));
	assert_int_equal(errno, EPROTO);
	assert_int_equal(close(fd), 0);
}

/* One mapping of /proc/self/smaps; false after the last. */
static bool next_mapping(FILE *smaps, uintptr_t *from, uintptr_t *to, bool *dumped)
{
	char line[512];
	bool begun = false;

	while (fgets(line, sizeof(line), smaps) != NULL) {
		uintptr_t a, b; /* "Anonymous" begins with a hexadecimal digit too */
		char mode[5];

		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &a, &b, mode) == 3) {
			begun = true;
			*from = a;
			*to = b;
			*dumped = mode[0] == 'r';
		} else if (strncmp(line, "VmFlags:", 8) == 0 && begun) {
			*dumped = *dumped && strstr(line, " dd") == NULL;
			return true;
		}
	}
	return false;
}

/* Does memory that a core dump would hold have the text? It lies in memory that it would not. */
static bool dump_would_hold(const char *text, size_t len)
{
	enum { CHUNK = 1 << 20, HUGE_MAPPING = 1 << 30 /* a sanitizer's shadow */ };
	FILE *smaps = fopen("/proc/self/smaps", "re");
	int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	char *chunk = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uintptr_t from, to;
	bool dumped, found = false;

	assert_non_null(smaps);
	assert_true(mem >= 0 && chunk != MAP_FAILED);
	assert_int_equal(madvise(chunk, CHUNK, MADV_DONTDUMP), 0);
	while (next_mapping(smaps, &from, &to, &dumped)) {
		if (!dumped || to - from > HUGE_MAPPING)
			continue;
		for (uintptr_t at = from; at < to; at += CHUNK - len) {
			ssize_t n = pread(mem, chunk, to - at < CHUNK ? to - at : CHUNK, (off_t)at);

			found = found || (n > 0 && memmem(chunk, (size_t)n, text, len) != NULL);
		}
	}
	(void)munmap(chunk, CHUNK);
	assert_int_equal(close(mem), 0);
	assert_int_equal(fclose(smaps), 0);
	return found;
}

static void core_dump_holds_no_secret(void **state)
{
	char command[512], *copy;
	const struct vault *vault;
	const char *secret;
	enum { PAGE = 4096 };
	void *refused;
	size_t len;
	int fd;

	(void)state;
	/* Random, so that it is nowhere in this process; one that is refused leaves nothing behind either. */
	(void)snprintf(command, sizeof(command),
		       "head -c 300 /dev/urandom | base64 -w 0 >%s/random && (cat %s/random; printf '\\nx') >%s/refused", dir,
		       dir, dir);
	assert_int_equal(system(command), 0);
	fd = make(OWN " A=@/refused\n B=@/random\n");
	assert_non_null(strstr(told, "control characters"));
	vault = vault_map(fd);
	assert_non_null(vault);
	secret = vault_find(vault, in_dir("random"), &len);
	assert_non_null(secret);
	assert_int_equal(len, 400);
	assert_false(dump_would_hold(secret, 64));
	copy = strdup(secret); /* the search does find what is there */
	assert_true(dump_would_hold(secret, 64));
	free(copy);
	assert_int_equal(close(fd), 0);

	/* The page that a refused one was read into is kept for what came after it, and wiped. */
	fd = make(OWN " A=@/refused\n");
	refused = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	assert_true(refused != MAP_FAILED);
	assert_null(memmem(refused, PAGE, secret, 64));
	assert_int_equal(munmap(refused, PAGE), 0);
	vault_unmap(vault);
	assert_int_equal(close(fd), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_file_is_told_and_nothing_waits),
		cmocka_unit_test(secret_is_one_line_of_its_file),
		cmocka_unit_test(files_are_whole_up_to_their_bound),
		cmocka_unit_test(credential_of_systemd_is_found_by_its_name),
		cmocka_unit_test(path_in_two_places_is_read_once_and_as_a_secret),
		cmocka_unit_test(hostile_path_is_escaped_in_what_is_told),
		cmocka_unit_test(vault_cannot_be_changed_and_another_file_is_none),
		cmocka_unit_test(core_dump_holds_no_secret),
	};

	return cmocka_run_group_tests(tests, dir_make, dir_remove);
}
