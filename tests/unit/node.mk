# Tests of node: link $(LINK_node) only.
EXTRA_DIST += tests/vectors/lung-table.txt

check_PROGRAMS += tests/unit/test_lung
tests_unit_test_lung_SOURCES = tests/unit/test_lung.c tests/support/lung_page.c tests/support/lung_page.h
tests_unit_test_lung_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_lung_LDADD = $(LINK_node) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_lung_http
tests_unit_test_lung_http_SOURCES = tests/unit/test_lung_http.c
tests_unit_test_lung_http_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_lung_http_LDADD = $(LINK_node) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_heartbeat
tests_unit_test_heartbeat_SOURCES = tests/unit/test_heartbeat.c
tests_unit_test_heartbeat_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_heartbeat_LDADD = $(LINK_node) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_alerts
tests_unit_test_alerts_SOURCES = tests/unit/test_alerts.c
tests_unit_test_alerts_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_alerts_LDADD = $(LINK_node) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_files
tests_unit_test_files_SOURCES = tests/unit/test_files.c tests/support/temp.h
tests_unit_test_files_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_files_LDADD = $(LINK_node) $(CMOCKA_LIBS)
