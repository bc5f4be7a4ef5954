# watchdogd: one Makefile, everything below build/. `make help` lists the targets.

BUILD     ?= build
prefix    ?= /usr/local
sbindir   ?= $(prefix)/sbin
bindir    ?= $(prefix)/bin
libdir    ?= $(prefix)/lib/watchdogd
mandir    ?= $(prefix)/share/man
docdir    ?= $(prefix)/share/doc/watchdogd
unitdir   ?= $(prefix)/lib/systemd/system
usersdir  ?= $(prefix)/lib/sysusers.d
sysconfdir ?= /etc

CC        ?= gcc
PKG_CONFIG ?= pkg-config
WARN      := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wvla -Wstrict-prototypes \
             -Wmissing-prototypes -Wformat=2 -Wundef -Wpointer-arith -Wcast-align -Wwrite-strings
HARDEN    := -fstack-protector-strong -fstack-clash-protection -D_FORTIFY_SOURCE=2
OPT       ?= -O2 -g
ifdef SAN
OPT       := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
HARDEN    :=
SANLD     := -fsanitize=address,undefined
endif
DEFS       = -D_GNU_SOURCE
ALL_CFLAGS  = -std=gnu11 -fPIC -ffunction-sections -fdata-sections $(OPT) $(HARDEN) $(WARN) \
              $(if $(WERROR),-Werror) $(DEFS) -Iwatchdogd -MMD -MP $(CFLAGS)
MNL        := $(shell $(PKG_CONFIG) --libs libmnl)
SQLITE     := $(shell $(PKG_CONFIG) --libs sqlite3)
ALL_LDFLAGS = -Wl,--gc-sections -Wl,-z,relro,-z,now -Wl,--as-needed $(SANLD) $(LDFLAGS)

# Each program is its main file and what it needs of the archive.
MAINS     := watchdogd/start/main.c watchdogd/start/sentinel_main.c \
             watchdogd/start/worker_main.c watchdogd/ask/watchdogctl.c
LIB_SRC   := $(filter-out $(MAINS),$(wildcard watchdogd/*/*.c))
LIB_OBJ   := $(LIB_SRC:%.c=$(BUILD)/obj/%.o)
LIB       := $(BUILD)/libwatchdogd.a
PLUGINS   := $(patsubst plugins/%.c,$(BUILD)/plugins/%.so,\
             $(filter-out $(wildcard plugins/*_*.c),$(wildcard plugins/*.c)))
PROGRAMS  := $(BUILD)/watchdogd $(BUILD)/wd-sentinel $(BUILD)/wd-worker $(BUILD)/watchdogctl

FORMATS   := $(patsubst conf/formats/%,$(BUILD)/formats/%,$(wildcard conf/formats/*.tmpl))

all: $(PROGRAMS) $(PLUGINS) $(FORMATS)

# Beside the plugins, here as where it is installed.
$(BUILD)/formats/%.tmpl: conf/formats/%.tmpl
	@mkdir -p $(@D)
	@cp $< $@

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(LIB): $(LIB_OBJ)
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/watchdogd: $(BUILD)/obj/watchdogd/start/main.o $(LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -linih
$(BUILD)/wd-sentinel: $(BUILD)/obj/watchdogd/start/sentinel_main.o $(LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(MNL)
$(BUILD)/wd-worker: $(BUILD)/obj/watchdogd/start/worker_main.o $(LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^
$(BUILD)/watchdogctl: $(BUILD)/obj/watchdogd/ask/watchdogctl.o $(LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -linih $(SQLITE)

# A plugin: plugins/NAME.c with its parts NAME_*.c, and its libraries by name; left out with a notice
# where one is missing.
LIBS_systemd := libsystemd
# A cap of a unit of systemd's is pressed on it by what presses on any cgroup.
PARTS_systemd := plugins/reclaim_child.c plugins/reclaim_cgroup.c
LIBS_pattern := libpcre2-8
LIBS_journal := libsystemd
LIBS_email := libcurl
LIBS_webhook := libcurl jansson libcrypto
LIBS_heartbeat := libcurl
LIBS_spool := sqlite3
LIBS_prometheus := libmicrohttpd
LIBS_test_spool_list := sqlite3
# Those that speak with a server share how.
PARTS_email := plugins/transfer/*.c
PARTS_webhook := $(PARTS_email)
PARTS_heartbeat := $(PARTS_email)
plugin_objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard plugins/$(1).c plugins/$(1)_*.c $(PARTS_$(1))))
.SECONDEXPANSION:
$(BUILD)/plugins/%.so: $$(call plugin_objects,$$*) $(LIB)
	@mkdir -p $(@D)
	$(CC) -shared $(ALL_LDFLAGS) -o $@ $^ $(if $(LIBS_$*),$(shell $(PKG_CONFIG) --libs $(LIBS_$*)))

# Where main looks for its parts. `make && make install prefix=/usr` has two minds about it: the
# second one counts.
$(BUILD)/libdir: FORCE
	@mkdir -p $(@D)
	@echo '$(libdir)' | cmp -s - $@ || echo '$(libdir)' >$@
FORCE:
$(BUILD)/obj/watchdogd/start/children.o: $(BUILD)/libdir
$(BUILD)/obj/watchdogd/start/children.o: DEFS += -DWD_LIBDIR='"$(libdir)"'

# The built-in config is the file itself.
$(BUILD)/obj/watchdogd/start/default_conf.o: conf/watchdogd.conf

# Unit tests: helpers beside them are linked into each.
TESTS     := $(patsubst test/unit/%.c,$(BUILD)/unit/%,$(wildcard test/unit/test_*.c))
TEST_HELP := $(patsubst %.c,$(BUILD)/obj/%.o,\
             $(filter-out test/unit/test_% test/unit/fake_%,$(wildcard test/unit/*.c)))
unit: $(TESTS)
# test_NAME_plugin, test_NAME_PART_plugin drive plugin NAME through its ABI; fake_NAME.c is what it speaks with.
plugin_of = $(firstword $(subst _, ,$(1)))
plugin_fake = $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard test/unit/fake_$(1).c))
$(filter %_plugin,$(TESTS)): $(BUILD)/unit/test_%_plugin: $(BUILD)/obj/test/unit/test_%_plugin.o \
                             $$(call plugin_objects,$$(call plugin_of,$$*)) \
                             $$(call plugin_fake,$$(call plugin_of,$$*)) $(TEST_HELP) $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(if $(LIBS_$(call plugin_of,$*)),$(shell \
		$(PKG_CONFIG) --libs $(LIBS_$(call plugin_of,$*)))) $(MNL) -lcmocka -lm
# The tests of actions say themselves since when a process lives (test/unit/act.c).
$(filter $(BUILD)/unit/test_action%,$(TESTS)): LDFLAGS += -Wl,--wrap=see_unit_alive_since
# That of alerts in a worker says when there is no memory for a config.
$(BUILD)/unit/test_worker_alerts: LDFLAGS += -Wl,--wrap=deliver_config
# That of the swap file says itself how a file system wants it made.
$(BUILD)/unit/test_swapfile_plugin: LDFLAGS += -Wl,--wrap=swapfs_find
# That of the swap file's child says itself how long its work takes.
$(BUILD)/unit/test_swapfile_job_plugin: LDFLAGS += -Wl,--wrap=swapfile_do
# That of reclaim says what the kernel does inside a write.
$(BUILD)/unit/test_reclaim_plugin: LDFLAGS += -Wl,--wrap=file_write_at
LIBS_test_transfer := libcurl
$(BUILD)/unit/test_transfer: $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard $(PARTS_email)))
$(BUILD)/unit/test_judge: | $(filter %/pattern.so,$(PLUGINS))
$(BUILD)/unit/test_worker_main: | $(BUILD)/wd-worker $(BUILD)/plugins/exec.so
$(BUILD)/unit/%: $(BUILD)/obj/test/unit/%.o $(TEST_HELP) $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(if $(LIBS_$*),$(shell $(PKG_CONFIG) --libs $(LIBS_$*))) -lcmocka -linih $(MNL) -lm

# What a fresh Debian machine lacks; those of the tests are in test/packages, test/vm/packages.txt.
BUILD_PACKAGES := gcc make pkg-config libc6-dev libinih-dev libmnl-dev libpcre2-dev libsystemd-dev \
		  libcurl4-openssl-dev libjansson-dev libssl-dev libsqlite3-dev libmicrohttpd-dev
deps:
	@test/install-packages $(BUILD_PACKAGES)
deps-test: deps
	@test/install-packages $$(grep -hv "^#" test/packages test/vm/packages.txt)

# Watch this host in the foreground, by the built-in config, with nothing left behind.
run: deps
	@$(MAKE) --no-print-directory all
	@dir=$$(mktemp -d -p /dev/shm watchdogd.XXXXXX 2>/dev/null || mktemp -d) || exit 1; \
	 RUNTIME_DIRECTORY=$$dir STATE_DIRECTORY=$$dir $(BUILD)/watchdogd $(RUNFLAGS) & pid=$$!; \
	 trap 'kill "$$pid"' INT TERM HUP; wait "$$pid"; status=$$?; \
	 while kill -0 "$$pid" 2>/dev/null; do wait "$$pid"; status=$$?; done; rm -rf "$$dir"; \
	 exit $$status

# Everything: compilers and analysers, units under sanitizers, the whole daemon on this kernel, a real kernel in a VM.
test: deps-test
	@test/run $(TESTFLAGS)

lint:
	@test/lint
fuzz:
	@test/fuzz/run
# Two hours; BENCH_LADDER=0: minutes, without the table of the incident.
bench: deps-test all
	@test/bench/run

install: all
	install -d $(DESTDIR)$(sbindir) $(DESTDIR)$(bindir) $(DESTDIR)$(libdir)/plugins $(DESTDIR)$(unitdir)
	install -d $(DESTDIR)$(docdir) $(DESTDIR)$(sysconfdir)/watchdogd
	install -m 755 $(BUILD)/watchdogd $(DESTDIR)$(sbindir)/
	install -m 755 $(BUILD)/watchdogctl $(DESTDIR)$(bindir)/
	install -m 755 $(BUILD)/wd-sentinel $(BUILD)/wd-worker $(DESTDIR)$(libdir)/
	install -m 644 $(PLUGINS) $(DESTDIR)$(libdir)/plugins/
	install -D -m 644 -t $(DESTDIR)$(libdir)/formats $(FORMATS)
	for page in man/*.[1-8]; do \
		install -D -m 644 $$page $(DESTDIR)$(mandir)/man$${page##*.}/$${page##*/} || exit 1; done
	for file in conf/*.service conf/*.slice; do \
		sed 's,@sbindir@,$(sbindir),g; s,@bindir@,$(bindir),g' $$file > $(DESTDIR)$(unitdir)/$${file##*/} || exit 1; done
	install -D -m 644 conf/watchdogd.sysusers $(DESTDIR)$(usersdir)/watchdogd.conf
	install -m 644 conf/*.conf README.md LICENSE $(DESTDIR)$(docdir)/
	install -d $(DESTDIR)$(docdir)/prometheus
	install -m 644 conf/prometheus/* $(DESTDIR)$(docdir)/prometheus/
	install -D -m 644 -t $(DESTDIR)$(docdir)/examples conf/examples/*
	test -e $(DESTDIR)$(sysconfdir)/watchdogd/watchdogd.conf || \
		install -m 644 conf/watchdogd.conf $(DESTDIR)$(sysconfdir)/watchdogd/

uninstall:
	rm -f $(DESTDIR)$(sbindir)/watchdogd $(DESTDIR)$(bindir)/watchdogctl
	rm -rf $(DESTDIR)$(libdir) $(DESTDIR)$(docdir)
	for page in man/*.[1-8]; do rm -f $(DESTDIR)$(mandir)/man$${page##*.}/$${page##*/}; done
	for file in conf/*.service conf/*.slice; do rm -f $(DESTDIR)$(unitdir)/$${file##*/}; done
	rm -f $(DESTDIR)$(usersdir)/watchdogd.conf

clean:
	rm -rf $(BUILD)

help:
	@echo 'make          build into $(BUILD)/          make run    watch this host, here and now'
	@echo 'make test     all tests, VM included       make unit   build the unit tests'
	@echo 'make lint     compilers, analysers, pages  make fuzz   the fuzzers, a minute each'
	@echo 'make bench    sizes, speed, the incident   make install DESTDIR= prefix=$(prefix)'

.PHONY: FORCE all unit deps deps-test run test lint fuzz bench install uninstall clean help
.SECONDARY:
-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
