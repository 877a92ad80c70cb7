noinst_LIBRARIES += %D%/libattach.a
%C%_libattach_a_CPPFLAGS = $(AM_CPPFLAGS) $(CJSON_CFLAGS) $(CURL_CFLAGS) $(SSH2_CFLAGS)
%C%_libattach_a_SOURCES = %D%/api_client.h %D%/api_client.c
%C%_libattach_a_SOURCES += %D%/http_source.h %D%/http_source.c
%C%_libattach_a_SOURCES += %D%/ssh_match.h %D%/ssh_match.c %D%/known_hosts.h %D%/known_hosts.c
%C%_libattach_a_SOURCES += %D%/ssh_words.h %D%/ssh_words.c %D%/ssh_config.h %D%/ssh_config.c %D%/ssh_expand.c
