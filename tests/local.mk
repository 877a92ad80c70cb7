# Unit tests: one program a module, one fragment a folder under test.
TEST_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests -DVECTOR_DIR='"$(abs_top_srcdir)/tests/vectors"' $(CMOCKA_CFLAGS)

# A test that reads vectors adds $(VECTOR_SOURCES), $(VECTOR_CPPFLAGS) and $(CJSON_LIBS).
VECTOR_SOURCES = tests/support/vectors.c tests/support/vectors.h
VECTOR_CPPFLAGS = $(TEST_CPPFLAGS) $(CJSON_CFLAGS)

EXTRA_DIST += tests/tsan.supp

TESTS += $(check_PROGRAMS) $(dist_check_SCRIPTS)
AM_TESTS_ENVIRONMENT = LATTICE='$(abs_top_builddir)/lattice$(EXEEXT)'; export LATTICE; \
	srcdir='$(abs_top_srcdir)'; export srcdir; top_builddir='$(abs_top_builddir)'; export top_builddir;

dist_check_SCRIPTS += scripts/check-includes

include tests/vectors/local.mk
include tests/unit/base.mk
include tests/unit/crypto.mk
include tests/unit/wire.mk
include tests/unit/p2p.mk
include tests/unit/gossip.mk
include tests/unit/state.mk
include tests/unit/view.mk
include tests/unit/http.mk
include tests/unit/node.mk
include tests/unit/attach.mk
include tests/unit/cli.mk
include tests/unit/ui.mk
include tests/fuzz/local.mk
include tests/sim/local.mk
include tests/system/local.mk
include tests/model/local.mk
include tests/interop/local.mk
include tests/net/local.mk
include tests/bench/local.mk
