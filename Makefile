# Builds and installs the extension with PGXS; scripts/test.sh runs every test, CMakeLists.txt is for development.
#
#   make [PG_CONFIG=/path/to/pg_config]     build pg_headway.so, pg_headway.control and the SQL script
#   make install                            put them where that pg_config says
#   make installcheck                       regression tests against a running server
#   make dist                               the archive for PGXN, of what is committed: pg_headway-VERSION.zip
#   make format | lint | clean

EXTENSION = pg_headway
MODULE_big = pg_headway
PG_CONFIG ?= pg_config

# extension.control is the one place of the version.
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" extension.control)
ifeq ($(EXTVERSION),)
$(error extension.control holds no default_version)
endif

CPP_FILES := $(sort $(wildcard src/*/*.cpp src/*/*/*.cpp))
HPP_FILES := $(sort $(wildcard src/*/*.hpp src/*/*/*.hpp))
OBJS = $(CPP_FILES:.cpp=.o)

DATA = $(sort $(wildcard src/extension/upgrades/*.sql))
DATA_built = pg_headway--$(EXTVERSION).sql
EXTRA_CLEAN = pg_headway.control $(sort $(wildcard pg_headway--*.sql) $(DATA_built)) $(OBJS:.o=.d) results $(EXTENSION)-*.zip \
	regression.diffs regression.out test/isolation/results test/isolation/output_iso tmp_check

# The program that loads folders of revisions: one file that python3 runs. Without python3 it is left out.
HEADWAY_PY := $(sort $(wildcard scripts/headway/*.py scripts/headway/*/*.py))
ifneq ($(shell command -v python3),)
SCRIPTS_built = pg_headway
endif

# One test after the other: they share a database, and each cleans up behind itself.
REGRESS = $(sort $(basename $(notdir $(wildcard sql/*.sql))))

server_include := $(shell $(PG_CONFIG) --includedir-server)

# The server's headers as system headers: their warnings are not ours. PGXS puts PG_CPPFLAGS before its own -I.
PG_CPPFLAGS = -Isrc -isystem $(server_include) -DHEADWAY_VERSION='"$(EXTVERSION)"'
PG_CXXFLAGS = -std=c++17 -Wall -Wextra -Wno-register -Wno-unused-parameter -Wno-missing-field-initializers \
	-fvisibility-inlines-hidden -MMD -MP $(HEADWAY_CXXFLAGS)

# PGXS links with $(CC). The version script keeps C++ symbols of this module to itself.
SHLIB_LINK += -lstdc++ -Wl,--version-script=scripts/exports.map

# No bitcode: its rule knows no C++17, and inlining our entry points into JIT code is worth nothing.
override with_llvm := no

PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# Only these two meet the server: for all others its headers are nowhere to be found.
SERVER_LAYERS = src/pg/% src/sqlapi/%
$(filter-out $(SERVER_LAYERS),$(OBJS)): override CPPFLAGS := $(filter-out \
	-isystem $(server_include) -I$(includedir_server) -I$(includedir_internal),$(CPPFLAGS))

all: pg_headway.control
installcontrol: pg_headway.control
pg_headway.so: scripts/exports.map

pg_headway.control: extension.control
	{ echo '# Made from extension.control.'; grep -v '^#' $<; } > $@

pg_headway: $(HEADWAY_PY) extension.control
	python3 -c "import zipapp, zipfile; zipapp.create_archive('scripts/headway', '$@', '/usr/bin/env python3', \
		filter=lambda path: path.suffix == '.py' and '__pycache__' not in path.parts); \
		zipfile.ZipFile('$@', 'a').writestr('version.py', 'VERSION = \'$(EXTVERSION)\'\n')"

$(DATA_built): src/extension/pg_headway.sql extension.control
	cp $< $@

# PGXS tracks no headers on most builds of PostgreSQL. A new version changes HEADWAY_VERSION.
$(OBJS): extension.control
-include $(wildcard $(OBJS:.o=.d))

CLANG_FORMAT ?= clang-format
FORMATTED = $(CPP_FILES) $(HPP_FILES) $(wildcard test/unit/*.[ch]pp test/fuzz/*.[ch]pp test/property/*.[ch]pp test/module/*.cpp)

.PHONY: format lint dist
dist:
	git archive --format=zip --prefix=$(EXTENSION)-$(EXTVERSION)/ --output=$(EXTENSION)-$(EXTVERSION).zip HEAD

format:
	$(if $(strip $(FORMATTED)),$(CLANG_FORMAT) -i $(FORMATTED),@echo 'nothing to format')

# Our own small checks always; clang-format, clang-tidy and shellcheck where they are installed.
lint:
	PG_CONFIG='$(PG_CONFIG)' test/lint/run --all
