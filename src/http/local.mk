noinst_LIBRARIES += %D%/libhttp.a
%C%_libhttp_a_CPPFLAGS = $(AM_CPPFLAGS) $(CJSON_CFLAGS) $(MHD_CFLAGS) $(CURL_CFLAGS) $(UV_CFLAGS)
%C%_libhttp_a_SOURCES =
