# Tests of cli: link $(LINK_cli) only.
check_PROGRAMS += tests/unit/test_options
tests_unit_test_options_SOURCES = tests/unit/test_options.c
tests_unit_test_options_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_options_LDADD = $(LINK_cli) $(CMOCKA_LIBS)
