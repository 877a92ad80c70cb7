# Tests of crypto: link $(LINK_crypto) only.
check_PROGRAMS += tests/unit/test_hash
tests_unit_test_hash_SOURCES = tests/unit/test_hash.c
tests_unit_test_hash_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_hash_LDADD = $(LINK_crypto) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_key
tests_unit_test_key_SOURCES = tests/unit/test_key.c tests/support/lines.h
tests_unit_test_key_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_key_LDADD = $(LINK_crypto) $(CMOCKA_LIBS)
EXTRA_DIST += tests/vectors/ed25519-points.txt tests/vectors/ed25519-small-order.txt
