# Tests of ui: link $(LINK_ui) only.
EXTRA_DIST += tests/vectors/screens

check_PROGRAMS += tests/unit/test_screens
tests_unit_test_screens_SOURCES = tests/unit/test_screens.c tests/support/album.c tests/support/album.h tests/support/picture.h \
	tests/support/snapshots.c tests/support/snapshots.h
tests_unit_test_screens_CPPFLAGS = $(TEST_CPPFLAGS) -DCATALOGUE_DIR='"$(abs_top_builddir)/po/locale"'
tests_unit_test_screens_LDADD = $(LINK_ui) $(CMOCKA_LIBS)
EXTRA_tests_unit_test_screens_DEPENDENCIES = $(CATALOGUE_FILES)

check_PROGRAMS += tests/unit/test_words
tests_unit_test_words_SOURCES = tests/unit/test_words.c
tests_unit_test_words_CPPFLAGS = $(TEST_CPPFLAGS) -DCATALOGUE_DIR='"$(abs_top_builddir)/po/locale"'
tests_unit_test_words_LDADD = $(LINK_ui) $(CMOCKA_LIBS)
EXTRA_tests_unit_test_words_DEPENDENCIES = $(CATALOGUE_FILES)

check_PROGRAMS += tests/unit/test_pictures
tests_unit_test_pictures_SOURCES = tests/unit/test_pictures.c tests/support/picture.h tests/support/snapshots.c tests/support/snapshots.h
tests_unit_test_pictures_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_pictures_LDADD = $(LINK_ui) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_console
tests_unit_test_console_SOURCES = tests/unit/test_console.c tests/support/snapshots.c tests/support/snapshots.h \
	tests/support/pty.c tests/support/pty.h tests/support/fake_node.c tests/support/fake_node.h
tests_unit_test_console_CPPFLAGS = $(TEST_CPPFLAGS) $(VTERM_CFLAGS)
tests_unit_test_console_LDADD = $(LINK_ui) $(VTERM_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_program_keys
tests_unit_test_program_keys_SOURCES = tests/unit/test_program_keys.c tests/support/pty.c tests/support/pty.h tests/support/temp.h
tests_unit_test_program_keys_CPPFLAGS = $(TEST_CPPFLAGS) $(VTERM_CFLAGS)
tests_unit_test_program_keys_LDADD = $(LINK_ui) $(VTERM_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_canvas
tests_unit_test_canvas_SOURCES = tests/unit/test_canvas.c
tests_unit_test_canvas_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_canvas_LDADD = $(LINK_ui) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_keys
tests_unit_test_keys_SOURCES = tests/unit/test_keys.c
tests_unit_test_keys_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_keys_LDADD = $(LINK_ui) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_model
tests_unit_test_model_SOURCES = tests/unit/test_model.c tests/support/snapshots.c tests/support/snapshots.h
tests_unit_test_model_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_model_LDADD = $(LINK_ui) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_widgets
tests_unit_test_widgets_SOURCES = tests/unit/test_widgets.c tests/support/snapshots.c tests/support/snapshots.h
tests_unit_test_widgets_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_widgets_LDADD = $(LINK_ui) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_settings
tests_unit_test_settings_SOURCES = tests/unit/test_settings.c tests/support/temp.h
tests_unit_test_settings_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_settings_LDADD = $(LINK_ui) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_show
tests_unit_test_show_SOURCES = tests/unit/test_show.c tests/support/snapshots.c tests/support/snapshots.h tests/support/temp.h
tests_unit_test_show_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_show_LDADD = $(LINK_ui) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_narrate
tests_unit_test_narrate_SOURCES = tests/unit/test_narrate.c tests/support/snapshots.c tests/support/snapshots.h
tests_unit_test_narrate_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_narrate_LDADD = $(LINK_ui) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_fleet
tests_unit_test_fleet_SOURCES = tests/unit/test_fleet.c tests/support/world.c tests/support/world.h tests/support/snapshots.c \
	tests/support/snapshots.h
tests_unit_test_fleet_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_fleet_LDADD = $(LINK_ui) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_fleet_console
tests_unit_test_fleet_console_SOURCES = tests/unit/test_fleet_console.c tests/support/snapshots.c tests/support/snapshots.h \
	tests/support/pty.c tests/support/pty.h tests/support/fake_node.c tests/support/fake_node.h tests/support/temp.h
tests_unit_test_fleet_console_CPPFLAGS = $(TEST_CPPFLAGS) $(VTERM_CFLAGS)
tests_unit_test_fleet_console_LDADD = $(LINK_ui) $(VTERM_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_fleet_screens
tests_unit_test_fleet_screens_SOURCES = tests/unit/test_fleet_screens.c tests/support/album.c tests/support/album.h \
	tests/support/world.c tests/support/world.h tests/support/snapshots.c tests/support/snapshots.h
tests_unit_test_fleet_screens_CPPFLAGS = $(TEST_CPPFLAGS) -DCATALOGUE_DIR='"$(abs_top_builddir)/po/locale"'
tests_unit_test_fleet_screens_LDADD = $(LINK_ui) $(CMOCKA_LIBS)
EXTRA_tests_unit_test_fleet_screens_DEPENDENCIES = $(CATALOGUE_FILES)
check_PROGRAMS += tests/unit/test_question
tests_unit_test_question_SOURCES = tests/unit/test_question.c tests/support/picture.h tests/support/snapshots.c tests/support/snapshots.h
tests_unit_test_question_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_question_LDADD = $(LINK_ui) $(CMOCKA_LIBS)
