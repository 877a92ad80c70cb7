noinst_LIBRARIES += %D%/libnode.a
%C%_libnode_a_CPPFLAGS = $(AM_CPPFLAGS) $(CJSON_CFLAGS) $(UV_CFLAGS)
%C%_libnode_a_SOURCES =
