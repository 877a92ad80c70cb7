noinst_LIBRARIES += %D%/libhttp.a
%C%_libhttp_a_CPPFLAGS = $(AM_CPPFLAGS) $(CJSON_CFLAGS) $(MHD_CFLAGS) $(CURL_CFLAGS) $(UV_CFLAGS)
%C%_libhttp_a_SOURCES =
# The HTTP lung.
%C%_libhttp_a_SOURCES += %D%/http_url.c %D%/http_url.h %D%/http_transfer.c %D%/http_transfer.h \
	%D%/http_client.c %D%/http_client.h %D%/heal.c %D%/heal.h %D%/poller.h
