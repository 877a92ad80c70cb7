noinst_LIBRARIES += %D%/libui.a
%C%_libui_a_CPPFLAGS = $(AM_CPPFLAGS) $(CJSON_CFLAGS) $(NCURSES_CFLAGS)
%C%_libui_a_SOURCES =
