# Builds, installs and tests dynamodb_fdw; PGXS for the extension, rules of our own for the rest.
#
#   make, make install      the extension, for the PostgreSQL of PG_CONFIG (default: pg_config)
#   make unit               unit tests of the client library; needs no PostgreSQL
#   make unit-sanitize      the same under AddressSanitizer and UndefinedBehaviorSanitizer
#   make fuzz               every fuzz target for FUZZ_SECONDS (60)
#   make installcheck       SQL and TAP tests against the installed extension: the SQL tests use the
#                           running server that PGHOST and PGPORT name; DYNAMODB_ENDPOINT names
#                           DynamoDB (see test/tools/dynamodb-local and test/tools/load-tables)
#   make soak               statements under random faults for SOAK_SECONDS (600), against the installed extension
#   make check              everything, with all set-up (./check)
#   make bench              speed, against floors (bench/run with BENCH_OPTIONS)
#   make format
#   make dist               the archive for PGXN (make pgxn) and the Debian packages (make deb), into dist/
#
# WERROR=1 makes warnings errors; ASSERTIONS=1 keeps assert() in the extension.

EXTENSION = dynamodb_fdw
MODULE_big = dynamodb_fdw
PGFILEDESC = "dynamodb_fdw - read and write Amazon DynamoDB tables with SQL"
DATA = $(wildcard sql/dynamodb_fdw--*.sql)

BUILD ?= build

LIBRARY_SOURCES = $(wildcard src/dynamodb/*.cpp)
POSTGRES_SOURCES = $(wildcard src/postgres/*.cpp)
UNIT_SOURCES = $(wildcard test/unit/*_test.cpp)
FUZZ_TARGETS = $(patsubst test/fuzz/%.cpp,%,$(wildcard test/fuzz/*_fuzz.cpp))

OBJS = $(LIBRARY_SOURCES:src/%.cpp=$(BUILD)/obj/%.o) $(POSTGRES_SOURCES:src/%.cpp=$(BUILD)/obj/%.o)

LIBRARIES = -lcurl -lsimdjson -lz -lnettle
SHLIB_LINK = -Wl,--as-needed $(LIBRARIES) -lstdc++

comma := ,

# What every compilation of ours shares. Warnings are the same in the library and in the extension.
LANGUAGE = -std=c++20 -Isrc
WARNINGS = -Wall -Wextra $(if $(WERROR),-Werror)
DEPENDENCIES = -MMD -MP

PG_CXXFLAGS = $(LANGUAGE) $(WARNINGS) -O2 -fvisibility=hidden $(if $(ASSERTIONS),,-DNDEBUG)

# Bitcode of a foreign data wrapper gains nothing: its time is spent outside of expressions.
override with_llvm = no

# The SQL tests sort by bytes whatever the server's default is.
REGRESS = $(sort $(patsubst test/sql/%.sql,%,$(wildcard test/sql/*.sql)))
REGRESS_OUTPUT ?= $(BUILD)/regress
REGRESS_OPTS = --inputdir=test --outputdir=$(REGRESS_OUTPUT) --encoding=UTF8 --no-locale
REGRESS_PREP = regress-output
EXTRA_CLEAN = build

# Goals that work without PostgreSQL leave PGXS out, so they need no pg_config. (PGXS also has a
# `check` of its own, which says that there is none.)
PLAIN_GOALS = unit unit-sanitize fuzz bench bench-build format dist pgxn deb check
ifneq (,$(filter-out $(PLAIN_GOALS),$(or $(MAKECMDGOALS),all)))
PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
ifeq (,$(PGXS))
$(error $(PG_CONFIG) was not found: install the PostgreSQL server headers (Debian: postgresql-server-dev-15) or set PG_CONFIG)
endif
include $(PGXS)

# PostgreSQL's headers are the system's: warnings in them are not ours to mend. They mark what a module
# exports with PGDLLEXPORT, which they leave empty here, as if everything were visible.
POSTGRES_CPPFLAGS = $(patsubst -I/%,-isystem /%,$(CPPFLAGS)) '-DPGDLLEXPORT=__attribute__((visibility("default")))'

$(BUILD)/obj/postgres/%.o: src/postgres/%.cpp $(BUILD)/flags
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS) $(POSTGRES_CPPFLAGS) $(DEPENDENCIES) -c -o $@ $<

# The client library sees no PostgreSQL header, here as in the unit tests.
$(BUILD)/obj/dynamodb/%.o: src/dynamodb/%.cpp $(BUILD)/flags
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS) $(DEPENDENCIES) -c -o $@ $<

# Objects made with other flags are not up to date, nor is a module linked from another BUILD.
# $(call remember,FILE,TEXT) writes a file anew only if its text is another.
remember = $(if $(filter-out $(file <$(1)),$(2))$(filter-out $(2),$(file <$(1))),$(shell mkdir -p $(dir $(1)))$(file >$(1),$(2)))
BUILT_WITH := $(BUILD) $(CXX) $(CXXFLAGS) $(POSTGRES_CPPFLAGS)
$(call remember,$(BUILD)/flags,$(BUILT_WITH))
$(call remember,build/linked,$(BUILT_WITH) $(OBJS))
$(MODULE_big)$(DLSUFFIX): build/linked

.PHONY: regress-output
regress-output:
	@mkdir -p $(REGRESS_OUTPUT)

# PGXS expects t/*.pl at the top and runs tests in there; ours are in test/t. The Perl modules of
# PostgreSQL's own tests come with its server headers; they look for their folders in TESTDIR, since PostgreSQL 16 in
# TESTDATADIR and TESTLOGDIR. The longest tests have the highest numbers, and begin first.
TAP_FILES ?= $(sort $(wildcard test/t/*.pl))
TAP_OUTPUT ?= $(abspath $(BUILD)/tap)
TAP_JOBS ?= 1
.PHONY: installcheck-tap
installcheck: installcheck-tap
installcheck-tap:
	@rm -rf $(TAP_OUTPUT)/tmp_check && mkdir -p $(TAP_OUTPUT)
	printf '%s\n' $(TAP_FILES) | sort -r | PATH="$(bindir):$$PATH" TESTDIR='$(TAP_OUTPUT)' \
	  TESTDATADIR='$(TAP_OUTPUT)/tmp_check' TESTLOGDIR='$(TAP_OUTPUT)/tmp_check/log' \
	  PG_REGRESS='$(top_builddir)/src/test/regress/pg_regress' xargs -r -P $(TAP_JOBS) -I{} test/tools/tap-one $(TAP_OUTPUT) {} \
	  $(PROVE) -I '$(abspath $(top_srcdir))/src/test/perl' -I test/perl $(PROVE_FLAGS)

.PHONY: soak
soak:
	$(MAKE) --no-print-directory installcheck-tap TAP_FILES=test/soak.pl PROVE_FLAGS='-v $(PROVE_FLAGS)'
else
all:
check:
	./check
endif

# The version that requests name is the one of META.json.
$(BUILD)/obj/dynamodb/user_agent.o: META.json
%/dynamodb/user_agent.o: DEPENDENCIES += -DDYNAMODB_FDW_VERSION='"$(DISTVERSION)"'

# Unit tests: one program of all of test/unit, linked with the whole client library.
UNIT_FLAGS = $(LANGUAGE) -Itest -Wall -Wextra -Werror -g -D_GLIBCXX_ASSERTIONS $(DEPENDENCIES)

# $(1) goal, $(2) folder, $(3) flags
define unit_rules
$(2)/%.o: %.cpp
	@mkdir -p $$(@D)
	$$(CXX) $$(UNIT_FLAGS) $(3) -c -o $$@ $$<
$(2)/unit_tests: $(LIBRARY_SOURCES:%.cpp=$(2)/%.o) $(UNIT_SOURCES:%.cpp=$(2)/%.o)
	$$(CXX) $(3) -o $$@ $$^ -lgtest_main -lgtest $$(LIBRARIES) -lpthread
.PHONY: $(1) $(1)-build
$(1)-build: $(2)/unit_tests
$(1): $(2)/unit_tests
	$(2)/unit_tests
endef
$(eval $(call unit_rules,unit,$(BUILD)/unit,-O1))
$(eval $(call unit_rules,unit-sanitize,$(BUILD)/sanitize,-O1 -fno-omit-frame-pointer -fsanitize=address$(comma)undefined -fno-sanitize-recover=all))

# Fuzzing. What is found goes to $(BUILD)/fuzz: the corpus in test/fuzz/corpus is only read.
FUZZ_SECONDS ?= 60
FUZZ_JOBS ?= $(shell nproc)
FUZZ_CXX ?= $(firstword $(foreach c,clang++-14 clang++,$(shell command -v $(c))) clang++)
FUZZ_FLAGS = $(LANGUAGE) -Itest -Wall -Wextra -g -O1 -fno-omit-frame-pointer -D_GLIBCXX_ASSERTIONS \
  -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all

$(BUILD)/fuzz/%.o: %.cpp
	@mkdir -p $(@D)
	$(FUZZ_CXX) $(FUZZ_FLAGS) $(DEPENDENCIES) -c -o $@ $<
$(BUILD)/fuzz/%: $(BUILD)/fuzz/test/fuzz/%.o $(LIBRARY_SOURCES:%.cpp=$(BUILD)/fuzz/%.o)
	$(FUZZ_CXX) $(FUZZ_FLAGS) -o $@ $^ $(LIBRARIES)
.SECONDARY:

.PHONY: fuzz fuzz-build
fuzz-build: $(FUZZ_TARGETS:%=$(BUILD)/fuzz/%)
fuzz: fuzz-build
	@printf '%s\n' $(FUZZ_TARGETS) | xargs -P $(FUZZ_JOBS) -I{} test/tools/fuzz-one $(BUILD)/fuzz {} $(FUZZ_SECONDS)

# The benchmark's programs. They share nothing with the extension.
BENCH_FLAGS = $(LANGUAGE) -Wall -Wextra -Werror -O2 $(DEPENDENCIES)
$(BUILD)/bench/%.o: bench/%.cpp
	@mkdir -p $(@D)
	$(CXX) $(BENCH_FLAGS) -c -o $@ $<
$(BUILD)/bench/page_server: $(patsubst %,$(BUILD)/bench/%.o,page_server answer shape)
	$(CXX) -o $@ $^ -lssl -lcrypto -lz
$(BUILD)/bench/floor: $(patsubst %,$(BUILD)/bench/%.o,floor fetch shape)
	$(CXX) -o $@ $^ -lcurl -lsimdjson

.PHONY: bench bench-build format dist check
bench-build: $(BUILD)/bench/page_server $(BUILD)/bench/floor
bench:
	bench/run $(BENCH_OPTIONS)

CLANG_FORMAT ?= $(firstword $(foreach c,clang-format-14 clang-format,$(shell command -v $(c))) clang-format)
format:
	$(CLANG_FORMAT) -i $(wildcard src/*/*.[ch]pp test/unit/*.[ch]pp test/fuzz/*.[ch]pp bench/*.[ch]pp)

# What is shipped, of the last commit. The version people see (META.json) is longer than the one of the SQL objects
# (default_version).
DISTVERSION = $(shell sed -n 's/^   "version": "\(.*\)",/\1/p' META.json)
.PHONY: pgxn deb
dist: pgxn deb
pgxn:
	@mkdir -p dist
	git archive --format=zip --prefix=$(EXTENSION)-$(DISTVERSION)/ -o dist/$(EXTENSION)-$(DISTVERSION).zip HEAD
deb:
	packaging/build-deb dist

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
