# kmsblit: one makefile for everything. `make help` lists the targets.
#
# Objects lie under build/VARIANT/obj, where VARIANT is $(CONFIG) or $(CONFIG)-$(SAN), so release,
# debug and sanitizer builds never mix:
#
#   make                            release; the results lie in build/ itself
#   make CONFIG=debug               build/debug/kmsblitd ...
#   make SAN=address,undefined      build/debug-address+undefined/kmsblitd ...
#   make CROSS=arm64 daemon         build/arm64/kmsblitd; also armhf, armv6 (see "Other machines")
#
# Sources are found by $(wildcard): adding a file to a folder needs no edit here. A new folder under
# daemon/ is one line in FLOORS and one in "What each floor may see".

VERSION := 0.1.0
SOVERSION := 0

# --- Choices -----------------------------------------------------------------------------------

V ?= 0
SAN ?=
CROSS ?=
CONFIG ?= $(if $(SAN),debug,release)
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
LIBEXECDIR ?= $(PREFIX)/libexec
DATADIR ?= $(PREFIX)/share
MANDIR ?= $(PREFIX)/share/man
UNITDIR ?= $(PREFIX)/lib/systemd/system
DESTDIR ?=
PYTHON ?= /usr/bin/python3
PKG_CONFIG ?= pkg-config
CLANG ?= clang
CLANG_FORMAT ?= clang-format
FUZZ_SECONDS ?= 10
ifeq ($(origin CC),default)
CC := gcc
endif

# Debian packages, the only list of them. `make deps` installs what is missing.
DEPS_BUILD := fonts-dejavu-core gcc libc6-dev libdrm-dev libegl-dev libevdev-dev libfreetype-dev libgbm-dev \
              libgles-dev libinih-dev libinput-dev libpixman-1-dev libsdl2-dev libseat-dev libspng-dev libsystemd-dev \
              libudev-dev libx11-data libxkbcommon-dev libxxhash-dev make pkg-config python3 python3-dev xkb-data
# Mesa's software drivers are what the GLES renderer is tested with.
DEPS_TEST := check clang clang-format git libclang-rt-dev libegl-mesa0 libgl1-mesa-dri llvm mount mypy procps \
             python3-numpy python3-pygame python3-pytest shellcheck strace valgrind
# The virtual machines (tests/vm) are x86_64, and run this system's own programs.
DEPS_VM := busybox-static cpio dbus kmod libelf1 libpam-systemd login qemu-system-x86 seatd systemd udev xz-utils zstd
DEPS_TEST += $(if $(filter x86_64,$(shell uname -m)),$(DEPS_VM))
# So are the machines that build for the Pis' processors (tests/arm).
DEPS_ARM := gcc-aarch64-linux-gnu gcc-arm-linux-gnueabi gcc-arm-linux-gnueabihf libc6-dev-arm64-cross \
            libc6-dev-armel-cross libc6-dev-armhf-cross qemu-user
DEPS_TEST += $(if $(filter x86_64,$(shell uname -m)),$(DEPS_ARM))
DEPS_MAN := scdoc

# Libraries by the name that pkg-config knows.
PKGS_DAEMON := libsystemd libseat inih libdrm libudev pixman-1 libinput libevdev xkbcommon egl glesv2 gbm
PKGS_CLIENT := spng xkbcommon
PKGS_TEXT := freetype2
PKGS_ALL := $(PKGS_DAEMON) $(PKGS_CLIENT) $(PKGS_TEXT) $(if $(CROSS),,python3 sdl2)

# --- Other machines ----------------------------------------------------------------------------

# CROSS=arm64, armhf (ARMv7; NEON where the processor has it) or armv6 (as Debian's armel: no floating
# point, no NEON) builds everything but the Python extension for that machine, with the libraries that
# tests/arm/sysroot.py fetched. Each is: the compiler's prefix, Debian's name for the architecture.
CROSSES := arm64 armhf armv6
CROSS_arm64 := aarch64-linux-gnu arm64
CROSS_armhf := arm-linux-gnueabihf armhf
CROSS_armv6 := arm-linux-gnueabi armel
CROSS_FLAGS_armv6 := -march=armv6 -marm -mfloat-abi=soft
# The scripted libdrm takes the place of mmap(): that has two sizes of offsets on 32 bits, and the threads
# sanitizer needs it before anything has begun. What uses it is left out there.
USES_FAKE := tests/unit/test_fake_drm.c tests/unit/test_kms.c tests/unit/test_kms_odd.c tests/unit/kms_rig.c
UNIT_NOT := $(if $(filter armhf armv6,$(CROSS))$(filter thread,$(SAN)),$(USES_FAKE))
ifneq (,$(CROSS))
ifeq (,$(filter $(CROSS),$(CROSSES)))
$(error CROSS=$(CROSS) is not known: use one of $(CROSSES))
endif
TRIPLET := $(word 1,$(CROSS_$(CROSS)))
SYSROOT := $(CURDIR)/build/arm/cache/$(word 2,$(CROSS_$(CROSS)))
SYSROOT_LIB := $(SYSROOT)/usr/lib/$(TRIPLET)
CC := $(TRIPLET)-gcc
PKG_CONFIG := env PKG_CONFIG_SYSROOT_DIR=$(SYSROOT) \
              PKG_CONFIG_LIBDIR=$(SYSROOT_LIB)/pkgconfig:$(SYSROOT)/usr/share/pkgconfig pkg-config
endif

# --- Names derived from the choices ------------------------------------------------------------

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules --no-print-directory
SHELL := /bin/sh
comma := ,

ifeq (,$(filter $(CONFIG),release debug))
$(error CONFIG=$(CONFIG) is not known: use CONFIG=release or CONFIG=debug)
endif

VARIANT := $(CONFIG)$(if $(SAN),-$(subst $(comma),+,$(SAN)))
ifneq (,$(CROSS))
VARIANT := $(CROSS)$(if $(filter release,$(VARIANT)),,-$(VARIANT))
endif
B := build/$(VARIANT)
O := $(B)/obj
GEN := build/gen
OUT := $(if $(filter release,$(VARIANT)),build,$(B))
PYOUT := $(OUT)/python/kmsblit
ASAN_SAN := address,undefined
TSAN_SAN := thread

ifeq ($(V),1)
Q :=
say = @:
else
Q := @
say = @printf '  %-7s %s\n'
endif

# Targets that build nothing themselves, and so work without a compiler or pkg-config.
NO_BUILD := help deps deps-build clean check check-long check-chroot demo format bench pictures \
            check-videocore build-videocore check-arm64 build-arm build-games bench-arm64
ifneq (,$(filter-out $(NO_BUILD),$(or $(MAKECMDGOALS),all)))
ifeq (,$(shell command -v $(PKG_CONFIG)))
$(error $(PKG_CONFIG) is not installed; `make deps` installs what is missing)
endif
MISSING := $(foreach p,$(PKGS_ALL),$(shell $(PKG_CONFIG) --exists $(p) || echo $(p)))
ifneq (,$(strip $(MISSING)))
$(error these libraries are not installed: $(MISSING); `make deps` installs what is missing)
endif
cflags = $(shell $(PKG_CONFIG) --cflags $(1))
libs = $(shell $(PKG_CONFIG) --libs $(1))
PIXMAN_CFLAGS := $(call cflags,pixman-1)
SERVER_CFLAGS := $(call cflags,libsystemd libseat inih)
RENDER_CFLAGS := $(call cflags,egl glesv2 gbm libdrm)
OUTPUT_CFLAGS := $(call cflags,libdrm libudev gbm)
INPUT_CFLAGS := $(call cflags,libinput libevdev xkbcommon libudev)
CLIENT_CFLAGS := $(call cflags,$(PKGS_CLIENT))
TEXT_CFLAGS := $(call cflags,$(PKGS_TEXT))
TOOL_CFLAGS := $(call cflags,libevdev libudev xkbcommon)
# Headers only: the library below SDL uses the SDL of the program that it is loaded into.
SDL2_CFLAGS := $(if $(CROSS),,$(call cflags,sdl2))
PYTHON_CFLAGS := $(if $(CROSS),,$(call cflags,python3))
# ARMv6 has no atomic operations of 64 bits: there libatomic has them. Elsewhere it is not linked.
DAEMON_LIBS := $(call libs,$(PKGS_DAEMON)) -pthread -lm -latomic
CLIENT_LIBS := $(call libs,$(PKGS_CLIENT)) -lm
TEXT_LIBS := $(call libs,$(PKGS_TEXT))
TOOL_LIBS := $(call libs,libevdev libudev xkbcommon)
# Only the tests need Check; these are expanded when a test is built.
CHECK_CFLAGS = $(call cflags,check)
CHECK_LIBS = $(call libs,check)
endif

# --- Flags -------------------------------------------------------------------------------------

# CFLAGS, CPPFLAGS and LDFLAGS belong to whoever calls make; what the code needs stands in K*.
ifeq ($(CONFIG),release)
CFLAGS ?= -O2 -g
KCPPFLAGS := -DNDEBUG $(if $(SAN),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
else
CFLAGS ?= -O1 -g
KCPPFLAGS :=
endif
# Buffers of a display card are mapped at offsets that need 64 bits also where addresses have 32.
KCPPFLAGS += -D_FILE_OFFSET_BITS=64 -D_GNU_SOURCE -DKMSBLIT_VERSION=\"$(VERSION)\"
WARNINGS := -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes \
            -Werror=implicit-function-declaration
KCFLAGS := -std=c11 $(WARNINGS) -fPIC -fvisibility=hidden -fstack-protector-strong
KLDFLAGS := -Wl,-z,relro,-z,now -Wl,--as-needed
ifneq (,$(CROSS))
KCPPFLAGS += -I$(SYSROOT)/usr/include
KCFLAGS += $(CROSS_FLAGS_$(CROSS))
KLDFLAGS += -L$(SYSROOT_LIB) -Wl,-rpath-link,$(SYSROOT_LIB):$(SYSROOT)/lib/$(TRIPLET)
endif

ifneq (,$(SAN))
ifneq (,$(filter fuzzer,$(SAN)))
# SAN=fuzzer is for `make fuzz`: instrumented objects; only the fuzz targets link libFuzzer.
CC := $(CLANG)
KCFLAGS += -fsanitize=fuzzer-no-link$(comma)$(ASAN_SAN) -fno-sanitize-recover=all
FUZZ_LDFLAGS := -fsanitize=fuzzer$(comma)$(ASAN_SAN)
else
KCFLAGS += -fsanitize=$(SAN) $(if $(findstring undefined,$(SAN)),-fno-sanitize-recover=all)
KLDFLAGS += -fsanitize=$(SAN)
endif
KCFLAGS += -fno-omit-frame-pointer
endif

# What each floor may see, in addition to libc (tests/lint/lint_floors.py has the whole table):
# a folder below daemon/ that does not get a library's flags here cannot include that library.
FLOORS := base pix image scene plan render output input socket server
WIRE_INC := -I. -Ibuild
# gen/kmsblit_types.h has the values that everybody shares: blends, formats, scales.
DAEMON_INC := -Idaemon -Ibuild
LIB_INC := -Iclients/c -Ibuild/gen
XCFLAGS_proto := $(WIRE_INC)
XCFLAGS_build/gen := $(WIRE_INC)
XCFLAGS_daemon/base := $(DAEMON_INC) $(PIXMAN_CFLAGS)
XCFLAGS_daemon/pix := $(DAEMON_INC)
XCFLAGS_daemon/image := $(DAEMON_INC)
XCFLAGS_daemon/scene := $(DAEMON_INC)
XCFLAGS_daemon/plan := $(DAEMON_INC)
XCFLAGS_daemon/render := $(DAEMON_INC) $(RENDER_CFLAGS)
XCFLAGS_daemon/output := $(DAEMON_INC) $(OUTPUT_CFLAGS)
XCFLAGS_daemon/input := $(DAEMON_INC) $(INPUT_CFLAGS)
XCFLAGS_daemon/socket := $(DAEMON_INC) -I.
XCFLAGS_daemon/server := $(DAEMON_INC) -I. $(SERVER_CFLAGS)
XCFLAGS_clients/c := $(LIB_INC) $(WIRE_INC) $(CLIENT_CFLAGS)
XCFLAGS_clients/c/examples := $(LIB_INC)
# Text is for the tool and the Python extension, and knows neither.
XCFLAGS_clients/text := $(TEXT_CFLAGS)
XCFLAGS_clients/crash := $(LIB_INC) -Iclients
XCFLAGS_clients/cli := $(LIB_INC) $(WIRE_INC) -Iclients $(CLIENT_CFLAGS) $(TOOL_CFLAGS)
# Its functions have the names of SDL's, which SDL's headers declare.
XCFLAGS_clients/sdl2 := $(LIB_INC) $(SDL2_CFLAGS)
XCFLAGS_clients/python/ext := $(LIB_INC) $(WIRE_INC) -Iclients $(CLIENT_CFLAGS) $(PYTHON_CFLAGS) \
                              -DPy_LIMITED_API=0x030b0000 -Wno-missing-prototypes
# Nobody calls a suite or a fuzz target by a header.
XCFLAGS_TESTS = -Wno-missing-prototypes $(DAEMON_INC) $(LIB_INC) -Iclients -I. $(PIXMAN_CFLAGS) $(SERVER_CFLAGS) \
                $(RENDER_CFLAGS) $(OUTPUT_CFLAGS) $(INPUT_CFLAGS)
XCFLAGS_tests/unit = -I$(B) $(XCFLAGS_TESTS) $(CHECK_CFLAGS)
XCFLAGS_tests/fuzz = $(XCFLAGS_TESTS)
# The scripted libdrm must be seen by whoever calls libdrm, close() or mmap().
XCFLAGS_tests/preload = -fvisibility=default -Wno-missing-prototypes -I. $(RENDER_CFLAGS)
XCFLAGS_tests/fakes = -fvisibility=default -Wno-missing-prototypes $(OUTPUT_CFLAGS)
XCFLAGS_tests/pixels = $(XCFLAGS_TESTS)
XCFLAGS_tests/vm = $(OUTPUT_CFLAGS)
XCFLAGS_tests/sdl2 = $(SDL2_CFLAGS)
XCFLAGS_tests/arm = $(DAEMON_INC) -I. $(PIXMAN_CFLAGS)
XCFLAGS_tests/pictures = $(DAEMON_INC)
# The stub of a Pi's devices must be seen by Mesa.
XCFLAGS_tests/videocore = -fvisibility=default -Wno-missing-prototypes $(DAEMON_INC) -I. $(RENDER_CFLAGS) $(OUTPUT_CFLAGS)
XCFLAGS_tests/bench = $(DAEMON_INC) -I. $(PIXMAN_CFLAGS) $(CLIENT_CFLAGS)

# $(call xcflags,FILE): the flags of the folder that the file lies in.
xcflags = $(XCFLAGS_$(patsubst %/,%,$(dir $(1))))

# --- Sources and objects -----------------------------------------------------------------------

XML := proto/kmsblit.xml
GENERATOR := proto/gen.py $(wildcard proto/*/*.py)
GEN_H := $(GEN)/kmsblit_proto.h
GEN_C := $(GEN)/kmsblit_proto.c
GEN_T := $(GEN)/kmsblit_types.h

PROTO_SRC := $(wildcard proto/*.c) $(GEN_C)
DAEMON_SRC := $(foreach f,$(FLOORS),$(wildcard daemon/$(f)/*.c))
LIB_SRC := $(wildcard clients/c/*.c)
TEXT_SRC := $(wildcard clients/text/*.c clients/crash/*.c)
CLI_SRC := $(wildcard clients/cli/*.c)
SDL2_SRC := $(if $(CROSS),,$(wildcard clients/sdl2/*.c))
EXT_SRC := $(wildcard clients/python/ext/*.c)
EXAMPLE_SRC := $(wildcard clients/c/examples/*.c)
UNIT_SRC := $(filter-out $(UNIT_NOT),$(wildcard tests/unit/*.c))
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
PY_SRC := $(foreach x,*.py *.pyi py.typed,$(wildcard clients/python/kmsblit/$(x)))
MAN_SRC := $(wildcard docs/man/*.scd)
UNITS := kmsblitd.socket kmsblitd.service kmsblit-game@.service

objects = $(patsubst %.c,$(O)/%.o,$(1))
PROTO_OBJ := $(call objects,$(PROTO_SRC))
DAEMON_OBJ := $(call objects,$(DAEMON_SRC))
LIB_OBJ := $(call objects,$(LIB_SRC))
TEXT_OBJ := $(call objects,$(TEXT_SRC))
CLI_OBJ := $(call objects,$(CLI_SRC))
SDL2_OBJ := $(call objects,$(SDL2_SRC))
# Needs no SDL, so that it is tested on all machines.
COMPARE_OBJ := $(call objects,clients/sdl2/compare.c)
EXT_OBJ := $(call objects,$(EXT_SRC))
EXAMPLE_OBJ := $(call objects,$(EXAMPLE_SRC))
UNIT_OBJ := $(call objects,$(UNIT_SRC))
FAKE_SRC := $(if $(UNIT_NOT),,$(wildcard tests/fakes/fake_*.c))
FAKE_OBJ := $(call objects,$(FAKE_SRC))
PRELOAD_OBJ := $(call objects,$(wildcard tests/fakes/*.c))
COUNT_OBJ := $(call objects,tests/preload/count_allocations.c)
ODD_EGL_OBJ := $(call objects,tests/preload/odd_egl.c)
FUZZ_OBJ := $(call objects,$(FUZZ_SRC))
PIXELS_OBJ := $(call objects,$(wildcard tests/pixels/*.c))
VM_OBJ := $(call objects,$(wildcard tests/vm/*.c))
BENCH_OBJ := $(call objects,$(wildcard tests/bench/*.c))
SDL2_TEST_OBJ := $(if $(CROSS),,$(call objects,$(wildcard tests/sdl2/*.c)))
ALL_OBJ := $(PROTO_OBJ) $(DAEMON_OBJ) $(LIB_OBJ) $(TEXT_OBJ) $(CLI_OBJ) $(sort $(SDL2_OBJ) $(COMPARE_OBJ)) $(EXT_OBJ) $(EXAMPLE_OBJ) \
           $(UNIT_OBJ) $(FUZZ_OBJ) $(PIXELS_OBJ) $(VM_OBJ) $(PRELOAD_OBJ) $(COUNT_OBJ) $(ODD_EGL_OBJ) $(BENCH_OBJ) $(SDL2_TEST_OBJ) \
           $(call objects,$(wildcard tests/arm/*.c tests/pictures/*.c tests/videocore/*.c))

SO_NAME := libkmsblit.so.$(SOVERSION)
SO_FILE := libkmsblit.so.$(VERSION)
LIB_SO := $(OUT)/$(SO_FILE) $(OUT)/$(SO_NAME) $(OUT)/libkmsblit.so
LIB_A := $(OUT)/libkmsblit.a
DAEMON_A := $(B)/libdaemon.a
SDL2_SO := $(OUT)/run/libkmsblit-sdl2.so
SDL2_PY := $(OUT)/run/python/sitecustomize.py
EXT_SO := $(PYOUT)/_kmsblit.abi3.so
PY_OUT := $(patsubst clients/python/kmsblit/%,$(PYOUT)/%,$(PY_SRC)) $(PYOUT)/protocol.py
# The fonts that come along: Debian's, copied; none is in the repository. The tool looks beside itself,
# the Python package has its own.
FONTS_FROM := /usr/share/fonts/truetype/dejavu
FONTS_LICENCE := /usr/share/doc/fonts-dejavu-core/copyright
FONTS := DejaVuSans.ttf DejaVuSans-Bold.ttf DejaVuSansMono.ttf LICENCE
FONTS_OUT := $(FONTS:%=$(OUT)/fonts/%)
PY_FONTS_OUT := $(FONTS:%=$(PYOUT)/fonts/%)
EXAMPLES := $(patsubst clients/c/examples/%.c,$(OUT)/examples/%,$(EXAMPLE_SRC))
FUZZERS := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(FUZZ_SRC))
PIXEL_TOOLS := $(patsubst $(O)/tests/pixels/%.o,$(B)/pixels/%,$(PIXELS_OBJ))
VM_TOOLS := $(patsubst $(O)/tests/vm/%.o,$(B)/vm/%,$(VM_OBJ))
SDL2_TOOLS := $(patsubst $(O)/tests/sdl2/%.o,$(B)/sdl2/%,$(SDL2_TEST_OBJ))
# The benchmark: a program, and scripts beside it that run it and more.
BENCH_SRC := tests/bench/run $(wildcard tests/bench/*.py)
BENCH_OUT := $(OUT)/bench/kmsblit-bench $(patsubst tests/bench/%,$(OUT)/bench/%,$(BENCH_SRC)) \
             $(OUT)/bench/meteors.py
MAN_OUT := $(patsubst docs/man/%.scd,build/man/%,$(MAN_SRC))

# --- Building ----------------------------------------------------------------------------------

.PHONY: all
all: daemon tool library sdl2 python examples benchmark ## build everything that is installed (the default)

.PHONY: daemon tool library sdl2 python python-files examples benchmark
daemon: $(OUT)/kmsblitd ## build the daemon
tool: $(OUT)/kmsblit $(FONTS_OUT) ## build the command-line tool
library: $(LIB_SO) $(LIB_A) ## build the C library
sdl2: $(SDL2_SO) $(SDL2_PY) ## build what `kmsblit run` loads below SDL 2
python-files: # what the Python package consists of, for pip (clients/python/build_wheel.py)
	@echo $(PY_OUT) $(EXT_SO) $(PY_FONTS_OUT)
python: $(PY_OUT) $(PY_FONTS_OUT) $(if $(EXT_SRC),$(EXT_SO)) ## build the Python package (use PYTHONPATH=build/python)
examples: $(EXAMPLES) ## build the C examples
benchmark: $(BENCH_OUT) ## build what `kmsblit bench` runs

# A program of which not one source file exists says so, instead of failing to link.
need = $(if $(strip $(2)),,@echo '$(1) has no source files yet: nothing to build it from' >&2; exit 1)

# Stamps: files whose *content* is what a target depends on; rewritten only when it changes.
# $(call stamp,TEXT) is the recipe.
define stamp
@mkdir -p $(@D)
@printf '%s\n' '$(subst ','\'',$(1))' >$@.new; \
    if cmp -s $@.new $@; then rm -f $@.new; else mv -f $@.new $@; fi
endef

.PHONY: FORCE
FORCE:

# Changed flags rebuild every object of the variant.
$(B)/flags: FORCE
	$(call stamp,$(CC) $(KCPPFLAGS) $(CPPFLAGS) $(KCFLAGS) $(CFLAGS) $(KLDFLAGS) $(LDFLAGS) \
	$(foreach d,proto $(FLOORS:%=daemon/%) clients/c clients/text clients/crash clients/cli clients/sdl2 \
	clients/python/ext,$(XCFLAGS_$(d))) $(XCFLAGS_TESTS))

# A source file that came or went links everything again.
$(B)/sources: FORCE
	$(call stamp,$(PROTO_SRC) $(DAEMON_SRC) $(LIB_SRC) $(TEXT_SRC) $(CLI_SRC) $(SDL2_SRC) $(EXT_SRC))

# What a compiler says is also kept beside the object: tests/lint/lint_warnings.py reads it.
COMPILE = $(CC) $(KCPPFLAGS) $(CPPFLAGS) $(KCFLAGS) $(call xcflags,$<) $(CFLAGS)
$(O)/%.o: %.c $(B)/flags
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -MMD -MP -c -o $@ $< 2>$(@:.o=.warn); rc=$$?; cat $(@:.o=.warn) >&2; exit $$rc

# The generated headers must exist before anything that may include them is compiled; once there is
# a .d file, that says who really does.
$(ALL_OBJ): | $(GEN_H)

-include $(wildcard $(ALL_OBJ:.o=.d))

LINK = $(CC) $(KLDFLAGS) $(CFLAGS) $(LDFLAGS)

$(OUT)/kmsblitd: $(DAEMON_OBJ) $(PROTO_OBJ) $(B)/sources
	$(call need,kmsblitd,$(DAEMON_SRC))
	$(say) LINK $@
	@mkdir -p $(@D)
	$(Q)$(LINK) -pie -o $@ $(DAEMON_OBJ) $(PROTO_OBJ) $(DAEMON_LIBS)

$(OUT)/kmsblit: $(CLI_OBJ) $(TEXT_OBJ) $(LIB_A) $(B)/sources
	$(call need,kmsblit,$(CLI_SRC))
	$(say) LINK $@
	@mkdir -p $(@D)
	$(Q)$(LINK) -pie -o $@ $(CLI_OBJ) $(TEXT_OBJ) $(LIB_A) $(CLIENT_LIBS) $(TEXT_LIBS) $(TOOL_LIBS)

# ar adds to an archive that exists, so it must not.
$(LIB_A): $(LIB_OBJ) $(PROTO_OBJ) $(B)/sources
	$(call need,libkmsblit,$(LIB_SRC))
	$(say) AR $@
	@mkdir -p $(@D)
	$(Q)rm -f $@ && ar rcs $@ $(LIB_OBJ) $(PROTO_OBJ)

$(OUT)/$(SO_FILE): $(LIB_OBJ) $(PROTO_OBJ) $(B)/sources
	$(call need,libkmsblit,$(LIB_SRC))
	$(say) LINK $@
	@mkdir -p $(@D)
	$(Q)$(LINK) -shared -Wl,-soname,$(SO_NAME) -o $@ $(LIB_OBJ) $(PROTO_OBJ) $(CLIENT_LIBS)

$(OUT)/$(SO_NAME) $(OUT)/libkmsblit.so: $(OUT)/$(SO_FILE)
	$(Q)ln -sf $(SO_FILE) $@

# Loaded into whatever a game is: it carries the library's objects without showing them, and may leave nothing undefined,
# since the program that it is loaded into need not have SDL.
$(SDL2_SO): $(SDL2_OBJ) $(LIB_A) $(B)/sources
	$(say) LINK $@
	@mkdir -p $(@D)
	$(Q)$(LINK) -shared -Wl,-z,defs -Wl,--exclude-libs,ALL -o $@ $(SDL2_OBJ) $(LIB_A) $(CLIENT_LIBS) -pthread -ldl

$(SDL2_PY): clients/sdl2/python/sitecustomize.py
	$(Q)install -D -m 644 $< $@

# The extension carries the library's objects: it needs no libkmsblit.so at run time.
$(EXT_SO): $(EXT_OBJ) $(TEXT_OBJ) $(LIB_A) $(B)/sources
	$(say) LINK $@
	@mkdir -p $(@D)
	$(Q)$(LINK) -shared -Wl,--exclude-libs,ALL -o $@ $(EXT_OBJ) $(TEXT_OBJ) $(LIB_A) $(CLIENT_LIBS) $(TEXT_LIBS)

$(OUT)/fonts/LICENCE $(PYOUT)/fonts/LICENCE: $(FONTS_LICENCE)
	$(Q)install -D -m 644 $< $@

$(OUT)/fonts/%.ttf: $(FONTS_FROM)/%.ttf
	$(Q)install -D -m 644 $< $@

$(PYOUT)/fonts/%.ttf: $(FONTS_FROM)/%.ttf
	$(Q)install -D -m 644 $< $@

$(patsubst %,$(FONTS_FROM)/%,$(filter %.ttf,$(FONTS))) $(FONTS_LICENCE):
	@echo '$@ is not there: install fonts-dejavu-core (`make deps` does)' >&2; exit 1

$(PYOUT)/protocol.py: $(GEN)/protocol.py
	@mkdir -p $(@D)
	$(Q)cp $< $@

$(PYOUT)/%: clients/python/kmsblit/%
	@mkdir -p $(@D)
	$(Q)cp $< $@

$(OUT)/examples/%: $(O)/clients/c/examples/%.o $(LIB_A)
	$(say) LINK $@
	@mkdir -p $(@D)
	$(Q)$(LINK) -pie -o $@ $< $(LIB_A) $(CLIENT_LIBS)

$(OUT)/bench/kmsblit-bench: $(BENCH_OBJ) $(DAEMON_A) $(B)/sources
	$(say) LINK $@
	@mkdir -p $(@D)
	$(Q)$(LINK) -pie -o $@ $(BENCH_OBJ) $(DAEMON_A) $(DAEMON_LIBS) $(CLIENT_LIBS) -ldl

$(OUT)/bench/%: tests/bench/%
	$(Q)install -D -m 755 $< $@

# The example game is one of those whose redrawn pixels are counted.
$(OUT)/bench/meteors.py: clients/python/examples/meteors.py
	$(Q)install -D -m 755 $< $@

# --- Generated from the protocol description ---------------------------------------------------

.PHONY: gen docs
gen: $(GEN_H) ## generate the protocol codec, the Python module and the fuzz dictionary
GEN_FILES := $(GEN_C) $(GEN_H) $(GEN_T) $(GEN)/protocol.py $(GEN)/kmsblit.dict
$(GEN_FILES) &: $(XML) $(GENERATOR)
	$(say) GEN $(GEN)
	@mkdir -p $(GEN)
	$(Q)$(PYTHON) -B proto/gen.py --xml $(XML) --c-header $(GEN_H) --c-source $(GEN_C) \
	    $(GEN_T:%=--c-types %) --python $(GEN)/protocol.py --dict $(GEN)/kmsblit.dict
	@touch $(GEN_FILES)

docs: ## write docs/protocol.md and docs/python.md again after a change of the description or the stubs
	@mkdir -p docs
	$(PYTHON) -B proto/gen.py --xml $(XML) --docs docs/protocol.md
	$(PYTHON) -B clients/python/make_docs.py docs/python.md

build/man/%: docs/man/%.scd
	$(say) MAN $@
	@mkdir -p $(@D)
	$(Q)scdoc <$< >$@

# --- Test programs -----------------------------------------------------------------------------

# tests/unit/test_NAME.c defines `Suite *NAME_suite(void)`: the list is made from the file names.
$(B)/gen/unit_suites.h: FORCE
	$(call stamp,$(patsubst tests/unit/test_%.c,SUITE(%),$(filter tests/unit/test_%,$(UNIT_SRC))))

# Unit and fuzz tests link what they use out of the whole daemon, except its main().
$(DAEMON_A): $(filter-out %/server/main.o,$(DAEMON_OBJ)) $(B)/sources
	$(Q)rm -f $@ && ar rcs $@ $(filter %.o,$^)

$(O)/tests/unit/main.o: $(B)/gen/unit_suites.h

# The scripted libdrm comes first, in place of the real one.
$(B)/unit: $(UNIT_OBJ) $(FAKE_OBJ) $(TEXT_OBJ) $(COMPARE_OBJ) $(DAEMON_A) $(LIB_A) $(B)/sources
	$(say) LINK $@
	$(Q)$(LINK) -pie -o $@ $(UNIT_OBJ) $(FAKE_OBJ) $(TEXT_OBJ) $(COMPARE_OBJ) $(DAEMON_A) $(LIB_A) \
	    $(DAEMON_LIBS) $(CLIENT_LIBS) $(TEXT_LIBS) $(CHECK_LIBS)

$(B)/fuzz/%: $(O)/tests/fuzz/%.o $(DAEMON_A) $(LIB_A)
	$(say) LINK $@
	@mkdir -p $(@D)
	$(Q)$(LINK) $(FUZZ_LDFLAGS) -o $@ $< $(DAEMON_A) $(LIB_A) $(DAEMON_LIBS) $(CLIENT_LIBS)

# The same for the whole daemon, by LD_PRELOAD (tests/kms).
$(B)/fakedrm.so: $(PRELOAD_OBJ) $(B)/sources
	$(say) LINK $@
	$(Q)$(LINK) -shared -o $@ $(PRELOAD_OBJ) -pthread -ldl

# What the daemon allocates, likewise (tests/pixels/test_system_memory.py).
$(B)/count_allocations.so: $(COUNT_OBJ)
	$(say) LINK $@
	$(Q)$(LINK) -shared -o $@ $(COUNT_OBJ)

# GPUs that are not there, likewise (tests/kms/test_gpu.py).
$(B)/odd_egl.so: $(ODD_EGL_OBJ)
	$(say) LINK $@
	$(Q)$(LINK) -shared -o $@ $(ODD_EGL_OBJ) $(call libs,egl glesv2 gbm libdrm) -pthread -ldl

# Programs that the tests in tests/pixels drive.
$(B)/pixels/%: $(O)/tests/pixels/%.o $(DAEMON_A) $(LIB_A)
	$(say) LINK $@
	@mkdir -p $(@D)
	$(Q)$(LINK) -pie -o $@ $< $(DAEMON_A) $(LIB_A) $(DAEMON_LIBS) $(CLIENT_LIBS)

# Programs that run in the virtual machines.
$(B)/vm/%: $(O)/tests/vm/%.o
	$(say) LINK $@
	@mkdir -p $(@D)
	$(Q)$(LINK) -pie -o $@ $< $(call libs,libdrm) -lm

# Programs of SDL's that know nothing of kmsblit.
$(B)/sdl2/%: $(O)/tests/sdl2/%.o
	$(say) LINK $@
	@mkdir -p $(@D)
	$(Q)$(LINK) -pie -o $@ $< $(call libs,sdl2)

# What the planner makes of frames, for the pictures in docs/.
$(B)/explain: $(O)/tests/pictures/explain.o $(DAEMON_A)
	$(say) LINK $@
	$(Q)$(LINK) -pie -o $@ $< $(DAEMON_A) $(DAEMON_LIBS)

# Counted, not timed: the benchmark's frames on arm64, and the plugin of the emulator that counts.
COUNTED_OBJ := $(call objects,tests/arm/counted.c $(patsubst %,tests/bench/%.c,commands load ours pictures pixman scenes))
$(B)/counted: $(COUNTED_OBJ) $(DAEMON_A) $(B)/sources
	$(say) LINK $@
	$(Q)$(LINK) -pie -o $@ $(COUNTED_OBJ) $(DAEMON_A) $(DAEMON_LIBS) $(CLIENT_LIBS)

# What Mesa's drivers submit to a Pi's GPU (tests/videocore): frames, and the devices that take them apart.
FRAMES_OBJ := $(call objects,tests/videocore/frames.c tests/videocore/display.c $(patsubst %,tests/bench/%.c,commands load pictures scenes))
$(B)/videocore/frames: $(FRAMES_OBJ) $(DAEMON_A) $(B)/sources
	$(say) LINK $@
	@mkdir -p $(@D)
	$(Q)$(LINK) -pie -o $@ $(FRAMES_OBJ) $(DAEMON_A) $(DAEMON_LIBS) $(CLIENT_LIBS)
$(B)/videocore/stub.so: $(call objects,$(wildcard tests/videocore/stub*.c)) $(B)/sources
	$(say) LINK $@
	@mkdir -p $(@D)
	$(Q)$(LINK) -shared -o $@ $(filter %.o,$^)

$(B)/insn_count.so: $(O)/tests/arm/insn_count.o
	$(say) LINK $@
	$(Q)$(CC) -shared -o $@ $<

# What tests/run needs, in this variant; its sub-makes ask for these in other variants.
.PHONY: unit-test fuzz-tests build-release build-asan build-tsan build-fuzz build-arm build-videocore build-games
unit-test: $(B)/unit
fuzz-tests: $(FUZZERS)
build-release: all unit-test $(PIXEL_TOOLS) $(VM_TOOLS) $(SDL2_TOOLS) $(B)/fakedrm.so $(B)/odd_egl.so $(B)/count_allocations.so
build-asan:
	+$(Q)$(MAKE) CONFIG=debug SAN=$(ASAN_SAN) daemon tool unit-test
build-tsan:
	+$(Q)$(MAKE) CONFIG=debug SAN=$(TSAN_SAN) daemon tool unit-test
build-fuzz: $(GEN_H)
	+$(Q)$(MAKE) CONFIG=debug SAN=fuzzer fuzz-tests
# Without the libraries there is nothing to build; build/arm/skip says why, and the tier repeats it.
build-arm:
	$(Q)$(PYTHON) -B tests/arm/sysroot.py
	+$(Q)[ -e build/arm/skip ] || for cross in $(CROSSES); do \
	    $(MAKE) CROSS=$$cross daemon unit-test || exit 1; done
# Likewise; build/videocore/skip-NAME is for one of Mesa's releases.
build-videocore:
	$(Q)$(PYTHON) -B tests/arm/sysroot.py
	$(Q)$(PYTHON) -B tests/videocore/sysroot.py
	+$(Q)[ -e build/arm/skip ] || \
	    $(MAKE) CROSS=arm64 build/arm64/videocore/frames build/arm64/videocore/stub.so

# Three of Debian's games, unpacked; `make check-long` gets all. build/games/skip-few says why not.
build-games:
	$(Q)$(PYTHON) -B tests/games/fetch.py few

# Every header of ours compiles alone with what its floor may see (lint_headers.py runs this).
HEADERS := $(foreach d,proto clients/c clients/text clients/crash clients/cli $(if $(CROSS),,clients/sdl2) \
           $(FLOORS:%=daemon/%),$(wildcard $(d)/*.h))
.PHONY: headers
headers: $(HEADERS:%=$(B)/headers/%.ok) $(B)/headers/c99.ok $(B)/headers/c++17.ok
$(B)/headers/%.ok: % $(B)/flags FORCE | $(GEN_H)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -Werror -Wno-unused-function -fsyntax-only -x c $<
# The public header is for programs in C99 and C++ too.
$(B)/headers/c99.ok: FORCE
	$(Q)printf '#include <kmsblit.h>\n' | $(CC) -std=c99 -pedantic -Wall -Wextra -Werror \
	    $(LIB_INC) -fsyntax-only -x c -
$(B)/headers/c++17.ok: FORCE
	$(Q)printf '#include <kmsblit.h>\n' | $(CLANG) -std=c++17 -pedantic -Wall -Wextra -Werror \
	    $(LIB_INC) -fsyntax-only -x c++ -

# --- Testing -----------------------------------------------------------------------------------

# tests/run knows how each tier is run and adds up what they say. TESTS="..." is handed to pytest
# (TESTS="-k clip"), CK_RUN_SUITE and CK_RUN_CASE to the unit tests.
RUN := FUZZ_SECONDS=$(FUZZ_SECONDS) PYTHON=$(PYTHON) $(PYTHON) -B tests/run

.PHONY: check check-long check-unit check-pixels check-protocol check-kms check-python check-games fuzz lint
check: deps ## everything: lint, all tests, a short fuzz run; installs what is missing first
	+$(Q)$(MAKE) build-release
	+$(Q)$(MAKE) build-asan
	+$(Q)$(MAKE) build-fuzz
	+$(Q)$(MAKE) build-arm build-videocore build-games
	@$(RUN) lint unit proto protocol kms pixels python games fuzz vm videocore arm64

check-long: check ## check, then threads sanitizer, valgrind, long fuzzing, bare Debian
	+$(Q)$(MAKE) build-tsan
	$(Q)$(PYTHON) -B tests/games/fetch.py all
	@$(RUN) --long
	+$(Q)$(MAKE) check-chroot

check-unit: build-release build-asan ## the C unit tests, release and with sanitizers
	@$(RUN) unit
check-pixels: build-release ## pixels against oracles from outside
	@$(RUN) pixels
check-protocol: build-release build-asan ## the generator, and the daemon from its socket
	@$(RUN) proto protocol
check-kms: build-release build-asan ## the daemon on scripted display cards
	@$(RUN) kms
check-python: build-release ## the Python package
	@$(RUN) python
check-games: build-release build-games ## programs that ask SDL, and Debian's games, through `kmsblit run`
	@$(RUN) games
fuzz: build-fuzz ## every fuzz target for FUZZ_SECONDS (10)
	@$(RUN) fuzz
lint: build-release ## floors, sizes, headers, format, types
	@$(RUN) lint

check-vm: build-release build-games ## the daemon in virtual machines with real graphics drivers
	@$(RUN) vm

.PHONY: check-vm check-videocore check-arm64 check-chroot bench bench-arm64 pictures format
check-videocore: build-videocore ## what the GLES renderer makes Mesa's drivers submit on a Raspberry Pi
	@$(RUN) videocore
check-arm64: build-arm ## kernels, plan and renderer for arm64, armhf and ARMv6, under qemu-user
	@$(RUN) arm64
bench-arm64: ## count instructions of drawing on arm64, ours and pixman's, under qemu-user
	$(Q)$(PYTHON) -B tests/arm/sysroot.py
	@[ ! -e build/arm/skip ] || { cat build/arm/skip >&2; exit 1; }
	+$(Q)$(MAKE) build/release/insn_count.so
	+$(Q)$(MAKE) CROSS=arm64 build/arm64/counted
	$(PYTHON) -B tests/arm/bench --json build/bench-arm64.json $(BENCH)
check-chroot: ## clone into a bare Debian 12 and run demo and check there (needs root, mmdebstrap)
	tests/chroot check
# BENCH="--quick --only W1" is handed on.
bench: ## measure drawing against pygame, SDL and pixman; build/bench.json has the figures
	+$(Q)$(MAKE) all
	$(OUT)/kmsblit bench --json build/bench.json $(BENCH)
pictures: ## make the pictures of docs/performance.md anew, from real runs
	+$(Q)$(MAKE) all build/release/explain
	$(PYTHON) -B tests/pictures/make.py
format: ## clang-format every C file
	git ls-files -co --exclude-standard '*.c' '*.h' | xargs -r $(CLANG_FORMAT) -i

.PHONY: demo
demo: deps-build ## play a game for 600 frames without a display, and take its picture
	+$(Q)$(MAKE) all
	@$(PYTHON) -B tests/demo

# --- Installing --------------------------------------------------------------------------------

.PHONY: deps deps-build
deps: ## install the Debian packages that are missing for building and testing
	@tests/deps $(DEPS_BUILD) $(DEPS_TEST) $(if $(MAN_SRC),$(DEPS_MAN))
deps-build: ## install the Debian packages that are missing for building
	@tests/deps $(DEPS_BUILD)

# Debian's own Python looks into dist-packages, below /usr without and elsewhere with its version.
PYTHON_MINOR = $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
PYTHONDIR ?= $(if $(filter /usr,$(PREFIX)),/usr/lib/python3,$(PREFIX)/lib/python$(PYTHON_MINOR))/dist-packages

.PHONY: install uninstall installcheck
install: all $(MAN_OUT) ## install below $(DESTDIR)$(PREFIX)
	install -d $(foreach d,$(BINDIR) $(LIBDIR)/pkgconfig $(INCLUDEDIR) $(PYTHONDIR)/kmsblit $(UNITDIR),'$(DESTDIR)$(d)')
	install -m 755 $(OUT)/kmsblitd $(OUT)/kmsblit '$(DESTDIR)$(BINDIR)'
	install -d '$(DESTDIR)$(LIBEXECDIR)/kmsblit/bench'
	install -m 755 $(BENCH_OUT) '$(DESTDIR)$(LIBEXECDIR)/kmsblit/bench'
	install -m 644 clients/c/kmsblit.h $(GEN_T) '$(DESTDIR)$(INCLUDEDIR)'
	install -m 644 $(LIB_A) '$(DESTDIR)$(LIBDIR)'
	install -d '$(DESTDIR)$(LIBDIR)/kmsblit/python'
	install -m 755 $(SDL2_SO) '$(DESTDIR)$(LIBDIR)/kmsblit'
	install -m 644 $(SDL2_PY) '$(DESTDIR)$(LIBDIR)/kmsblit/python'
	install -m 755 $(OUT)/$(SO_FILE) '$(DESTDIR)$(LIBDIR)'
	ln -sf $(SO_FILE) '$(DESTDIR)$(LIBDIR)/$(SO_NAME)'
	ln -sf $(SO_NAME) '$(DESTDIR)$(LIBDIR)/libkmsblit.so'
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@VERSION@|$(VERSION)|' \
	    -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' kmsblit.pc.in >'$(DESTDIR)$(LIBDIR)/pkgconfig/kmsblit.pc'
	$(foreach u,$(UNITS),sed 's|@BINDIR@|$(BINDIR)|' systemd/$(u) >'$(DESTDIR)$(UNITDIR)/$(u)' &&) :
	install -m 644 $(PY_OUT) '$(DESTDIR)$(PYTHONDIR)/kmsblit'
	install -m 755 $(EXT_SO) '$(DESTDIR)$(PYTHONDIR)/kmsblit'
	install -D -m 644 -t '$(DESTDIR)$(PYTHONDIR)/kmsblit/fonts' $(PY_FONTS_OUT)
	install -D -m 644 -t '$(DESTDIR)$(DATADIR)/kmsblit/fonts' $(FONTS_OUT)
	$(foreach m,$(MAN_OUT),install -D -m 644 $(m) '$(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $(m)))/$(notdir $(m))' &&) :

uninstall: ## remove what install put there
	rm -f $(foreach f,kmsblitd kmsblit,'$(DESTDIR)$(BINDIR)/$(f)') '$(DESTDIR)$(INCLUDEDIR)/kmsblit.h' \
	    '$(DESTDIR)$(INCLUDEDIR)/kmsblit_types.h'
	rm -f $(foreach f,libkmsblit.a $(SO_FILE) $(SO_NAME) libkmsblit.so pkgconfig/kmsblit.pc,'$(DESTDIR)$(LIBDIR)/$(f)')
	rm -f $(foreach m,$(MAN_OUT),'$(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $(m)))/$(notdir $(m))')
	rm -f $(foreach u,$(UNITS),'$(DESTDIR)$(UNITDIR)/$(u)')
	rm -rf '$(DESTDIR)$(PYTHONDIR)/kmsblit' '$(DESTDIR)$(LIBEXECDIR)/kmsblit/bench' \
	    '$(DESTDIR)$(DATADIR)/kmsblit/fonts' '$(DESTDIR)$(LIBDIR)/kmsblit'
	-rmdir '$(DESTDIR)$(LIBEXECDIR)/kmsblit' '$(DESTDIR)$(DATADIR)/kmsblit' 2>/dev/null

installcheck: all ## install into a scratch folder and use it from there, then uninstall
	@PYTHON=$(PYTHON) PKG_CONFIG=$(PKG_CONFIG) CC='$(CC)' MAKE='$(MAKE)' tests/installcheck

# --- Cleaning, help ----------------------------------------------------------------------------

.PHONY: clean help
clean: ## remove build/
	@if grep -q ' $(CURDIR)/build/' /proc/self/mounts; then \
	    echo 'clean: something is mounted below build/; unmount it first' >&2; exit 1; fi
	rm -rf build

help: ## this list
	@sed -n 's/^\([a-z][a-z0-9 -]*\):.*## \(.*\)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) | \
	    awk -F'|' '{ printf "  %-16s %s\n", $$1, $$2 }'
	@printf '%s\n' '' 'Variables: CONFIG=release|debug  SAN=address,undefined|thread  V=1  CC  CFLAGS' \
	    '  LDFLAGS  DESTDIR  PREFIX  PYTHON  FUZZ_SECONDS  TESTS="-k name" (for pytest)'
