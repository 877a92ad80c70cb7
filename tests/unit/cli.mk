# Tests of cli: link $(LINK_cli) only.
check_PROGRAMS += tests/unit/test_options
tests_unit_test_options_SOURCES = tests/unit/test_options.c
tests_unit_test_options_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_options_LDADD = $(LINK_cli) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_replay
tests_unit_test_replay_SOURCES = tests/unit/test_replay.c tests/support/snapshots.c tests/support/snapshots.h tests/support/temp.h
tests_unit_test_replay_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_replay_LDADD = $(LINK_cli) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_story tests/unit/test_demo
tests_unit_test_story_SOURCES = tests/unit/test_story.c
tests_unit_test_story_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_story_LDADD = $(LINK_cli) $(CMOCKA_LIBS)
tests_unit_test_demo_SOURCES = tests/unit/test_demo.c
tests_unit_test_demo_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_demo_LDADD = $(LINK_cli) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_fleet_file
tests_unit_test_fleet_file_SOURCES = tests/unit/test_fleet_file.c
tests_unit_test_fleet_file_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_fleet_file_LDADD = $(LINK_cli) $(CMOCKA_LIBS)
