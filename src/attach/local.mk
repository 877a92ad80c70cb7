noinst_LIBRARIES += %D%/libattach.a
%C%_libattach_a_CPPFLAGS = $(AM_CPPFLAGS) $(CJSON_CFLAGS) $(CURL_CFLAGS) $(SSH2_CFLAGS)
%C%_libattach_a_SOURCES = %D%/api_client.h %D%/api_client.c %D%/api_parts.h %D%/api_target.c %D%/api_setup.c
%C%_libattach_a_SOURCES += %D%/sse.h %D%/sse.c %D%/legacy_view.h %D%/legacy_view.c \
	%D%/remote.h %D%/remote_parts.h %D%/remote.c %D%/remote_turn.c %D%/remote_http.c %D%/remote_ask.c
%C%_libattach_a_SOURCES += %D%/ssh_match.h %D%/ssh_match.c %D%/known_hosts.h %D%/known_hosts.c %D%/randomart.h %D%/randomart.c
%C%_libattach_a_SOURCES += %D%/ssh_words.h %D%/ssh_words.c %D%/ssh_config.h %D%/ssh_config.c %D%/ssh_expand.c
%C%_libattach_a_SOURCES += %D%/ssh_target.h %D%/ssh_target.c
%C%_libattach_a_SOURCES += %D%/ssh_string.h %D%/key_file.h %D%/key_file.c %D%/ssh_agent.h %D%/ssh_agent.c \
	%D%/resolve.h %D%/resolve.c %D%/ssh_route.h %D%/ssh_route.c
%C%_libattach_a_SOURCES += %D%/ssh_link.h %D%/ssh_link_parts.h %D%/ssh_link.c %D%/ssh_host_key.c %D%/ssh_auth.c %D%/ssh_pipe.c
%C%_libattach_a_SOURCES += %D%/ssh_tunnel.h %D%/ssh_tunnel.c
