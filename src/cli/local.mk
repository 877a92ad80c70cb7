noinst_LIBRARIES += %D%/libcli.a
%C%_libcli_a_CPPFLAGS = $(AM_CPPFLAGS) $(CJSON_CFLAGS)
%C%_libcli_a_SOURCES =
