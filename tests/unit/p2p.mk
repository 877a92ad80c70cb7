# Tests of p2p: link $(LINK_p2p) only.
check_PROGRAMS += tests/unit/test_yamux
tests_unit_test_yamux_SOURCES = tests/unit/test_yamux.c tests/support/random.h $(VECTOR_SOURCES)
tests_unit_test_yamux_CPPFLAGS = $(TEST_CPPFLAGS) $(VECTOR_CPPFLAGS)
tests_unit_test_yamux_LDADD = $(LINK_p2p) $(CJSON_LIBS) $(CMOCKA_LIBS)
