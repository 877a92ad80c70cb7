# Tests of attach: link $(LINK_attach) only.
check_PROGRAMS += tests/unit/test_known_hosts
tests_unit_test_known_hosts_SOURCES = tests/unit/test_known_hosts.c tests/support/random.h tests/support/temp.h
tests_unit_test_known_hosts_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_known_hosts_LDADD = $(LINK_attach) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_ssh_config
tests_unit_test_ssh_config_SOURCES = tests/unit/test_ssh_config.c tests/support/random.h tests/support/temp.h
tests_unit_test_ssh_config_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_ssh_config_LDADD = $(LINK_attach) $(CMOCKA_LIBS)
