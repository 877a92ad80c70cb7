# Tests of view: link $(LINK_view) only.
check_PROGRAMS += tests/unit/test_lung_words
tests_unit_test_lung_words_SOURCES = tests/unit/test_lung_words.c
tests_unit_test_lung_words_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_lung_words_LDADD = $(LINK_view) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_exchange
tests_unit_test_exchange_SOURCES = tests/unit/test_exchange.c
tests_unit_test_exchange_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_exchange_LDADD = $(LINK_view) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_view_json
tests_unit_test_view_json_SOURCES = tests/unit/test_view_json.c
tests_unit_test_view_json_CPPFLAGS = $(TEST_CPPFLAGS) $(CJSON_CFLAGS)
tests_unit_test_view_json_LDADD = $(LINK_view) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_tally
tests_unit_test_tally_SOURCES = tests/unit/test_tally.c
tests_unit_test_tally_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_tally_LDADD = $(LINK_view) $(CMOCKA_LIBS)
