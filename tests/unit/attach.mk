# Tests of attach: link $(LINK_attach) only.
check_PROGRAMS += tests/unit/test_known_hosts
tests_unit_test_known_hosts_SOURCES = tests/unit/test_known_hosts.c tests/support/random.h tests/support/temp.h
tests_unit_test_known_hosts_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_known_hosts_LDADD = $(LINK_attach) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_randomart
tests_unit_test_randomart_SOURCES = tests/unit/test_randomart.c tests/support/temp.h
tests_unit_test_randomart_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_randomart_LDADD = $(LINK_attach) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_ssh_config
tests_unit_test_ssh_config_SOURCES = tests/unit/test_ssh_config.c tests/support/random.h tests/support/temp.h
tests_unit_test_ssh_config_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_ssh_config_LDADD = $(LINK_attach) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_ssh_target
tests_unit_test_ssh_target_SOURCES = tests/unit/test_ssh_target.c
tests_unit_test_ssh_target_CPPFLAGS = $(TEST_CPPFLAGS) $(CURL_CFLAGS)
tests_unit_test_ssh_target_LDADD = $(LINK_attach) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_remote
tests_unit_test_remote_SOURCES = tests/unit/test_remote.c tests/support/http_server.c tests/support/http_server.h \
	tests/support/snapshots.c tests/support/snapshots.h $(VECTOR_SOURCES)
tests_unit_test_remote_CPPFLAGS = $(VECTOR_CPPFLAGS) $(CURL_CFLAGS)
tests_unit_test_remote_LDADD = $(LINK_attach) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_sse
tests_unit_test_sse_SOURCES = tests/unit/test_sse.c tests/support/snapshots.c tests/support/snapshots.h
tests_unit_test_sse_CPPFLAGS = $(TEST_CPPFLAGS) $(CJSON_CFLAGS)
tests_unit_test_sse_LDADD = $(LINK_attach) $(CMOCKA_LIBS)
