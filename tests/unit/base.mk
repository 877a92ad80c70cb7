# Tests of base: link $(LINK_base) only.
check_PROGRAMS += tests/unit/test_varint
tests_unit_test_varint_SOURCES = tests/unit/test_varint.c
tests_unit_test_varint_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_varint_LDADD = $(LINK_base) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_cursor
tests_unit_test_cursor_SOURCES = tests/unit/test_cursor.c
tests_unit_test_cursor_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_cursor_LDADD = $(LINK_base) $(CMOCKA_LIBS)
