# Tests of state: link $(LINK_state) only.
check_PROGRAMS += tests/unit/test_tree
tests_unit_test_tree_SOURCES = tests/unit/test_tree.c
tests_unit_test_tree_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_tree_LDADD = $(LINK_state) $(CMOCKA_LIBS)
EXTRA_DIST += tests/vectors/tree.txt

check_PROGRAMS += tests/unit/test_json
tests_unit_test_json_SOURCES = tests/unit/test_json.c tests/support/random.h $(VECTOR_SOURCES)
tests_unit_test_json_CPPFLAGS = $(VECTOR_CPPFLAGS)
tests_unit_test_json_LDADD = $(LINK_state) $(CJSON_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_flat_root
tests_unit_test_flat_root_SOURCES = tests/unit/test_flat_root.c $(VECTOR_SOURCES)
tests_unit_test_flat_root_CPPFLAGS = $(VECTOR_CPPFLAGS)
tests_unit_test_flat_root_LDADD = $(LINK_state) $(CJSON_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_record
tests_unit_test_record_SOURCES = tests/unit/test_record.c tests/support/random.h $(VECTOR_SOURCES)
tests_unit_test_record_CPPFLAGS = $(VECTOR_CPPFLAGS)
tests_unit_test_record_LDADD = $(LINK_state) $(CJSON_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_trust
tests_unit_test_trust_SOURCES = tests/unit/test_trust.c tests/support/random.h $(VECTOR_SOURCES)
tests_unit_test_trust_CPPFLAGS = $(VECTOR_CPPFLAGS)
tests_unit_test_trust_LDADD = $(LINK_state) $(CJSON_LIBS) $(CMOCKA_LIBS)
