# Tests of wire: link $(LINK_wire) only.
check_PROGRAMS += tests/unit/test_peerid
tests_unit_test_peerid_SOURCES = tests/unit/test_peerid.c tests/support/lines.h
tests_unit_test_peerid_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_peerid_LDADD = $(LINK_wire) $(CMOCKA_LIBS)
EXTRA_DIST += tests/vectors/peer-id.txt
