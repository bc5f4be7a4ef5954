# watchdogd: one Makefile, everything below build/. `make help` lists the targets.

BUILD     ?= build
prefix    ?= /usr/local
sbindir   ?= $(prefix)/sbin
bindir    ?= $(prefix)/bin
libdir    ?= $(prefix)/lib/watchdogd
mandir    ?= $(prefix)/share/man
docdir    ?= $(prefix)/share/doc/watchdogd
unitdir   ?= $(prefix)/lib/systemd/system
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
ALL_CFLAGS  = -std=gnu11 -fPIC -ffunction-sections -fdata-sections $(OPT) $(HARDEN) $(WARN) \
              $(if $(WERROR),-Werror) -D_GNU_SOURCE -Iwatchdogd -I$(BUILD)/gen -MMD -MP $(CFLAGS)
ALL_LDFLAGS = -Wl,--gc-sections -Wl,-z,relro,-z,now -Wl,--as-needed $(SANLD) $(LDFLAGS)

# Each program is its main file and what it needs of the archive.
MAINS     := watchdogd/start/main.c watchdogd/start/sentinel_main.c \
             watchdogd/start/worker_main.c watchdogd/ask/watchdogctl.c
LIB_SRC   := $(filter-out $(MAINS),$(wildcard watchdogd/*/*.c))
LIB_OBJ   := $(LIB_SRC:%.c=$(BUILD)/obj/%.o)
LIB       := $(BUILD)/libwatchdogd.a
PLUGINS   := $(patsubst plugins/%.c,$(BUILD)/plugins/%.so,$(wildcard plugins/*.c))
PROGRAMS  := $(BUILD)/watchdogd $(BUILD)/wd-sentinel $(BUILD)/wd-worker $(BUILD)/watchdogctl

all: $(PROGRAMS) $(PLUGINS)

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(LIB): $(LIB_OBJ)
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/watchdogd: $(BUILD)/obj/watchdogd/start/main.o $(LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -linih
$(BUILD)/wd-sentinel: $(BUILD)/obj/watchdogd/start/sentinel_main.o $(LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^
$(BUILD)/wd-worker: $(BUILD)/obj/watchdogd/start/worker_main.o $(LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^
$(BUILD)/watchdogctl: $(BUILD)/obj/watchdogd/ask/watchdogctl.o $(LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -linih

# A plugin: its libraries by name; left out with a notice where one is missing.
LIBS_systemd := libsystemd
$(BUILD)/plugins/%.so: $(BUILD)/obj/plugins/%.o $(LIB)
	@mkdir -p $(@D)
	$(CC) -shared $(ALL_LDFLAGS) -o $@ $^ $(if $(LIBS_$*),$(shell $(PKG_CONFIG) --libs $(LIBS_$*)))

# Unit tests: always with sanitizers, in a build directory of their own.
TESTS     := $(patsubst test/unit/%.c,$(BUILD)/unit/%,$(wildcard test/unit/test_*.c))
unit: $(TESTS)
$(BUILD)/unit/%: $(BUILD)/obj/test/unit/%.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcmocka -linih

clean:
	rm -rf $(BUILD)

.PHONY: all unit clean
.SECONDARY:
-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
