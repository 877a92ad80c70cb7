noinst_LIBRARIES += %D%/libhttp.a
%C%_libhttp_a_CPPFLAGS = $(AM_CPPFLAGS) $(CJSON_CFLAGS) $(MHD_CFLAGS) $(GNUTLS_CFLAGS) $(CURL_CFLAGS) $(UV_CFLAGS)
%C%_libhttp_a_SOURCES =
# The HTTP lung.
%C%_libhttp_a_SOURCES += %D%/http_url.c %D%/http_url.h %D%/http_transfer.c %D%/http_transfer.h \
	%D%/http_client.c %D%/http_client.h %D%/heal_rows.c %D%/heal_rows.h %D%/poll_source.c %D%/poll_source.h \
	%D%/poll_judge.c %D%/poll_judge.h %D%/poll_log.c %D%/poll_log.h %D%/poll_state.c %D%/poll_state.h \
	%D%/poller.h %D%/poller_parts.h %D%/poller.c %D%/poller_config.c %D%/poller_ask.c %D%/poller_heal.c
# the API
%C%_libhttp_a_SOURCES += %D%/answer.c %D%/api.h %D%/auth.c %D%/auth.h %D%/conn.c %D%/entry.c %D%/entry.h \
	%D%/etag.c %D%/etag.h %D%/events.c %D%/facts.c %D%/facts.h %D%/gate.c %D%/gate.h %D%/statedoc.c %D%/statedoc.h \
	%D%/listen.c %D%/listen.h %D%/listener.c %D%/origin.c %D%/origin.h %D%/request.c %D%/respond.c \
	%D%/routes.c %D%/routes.h %D%/routes_events.c %D%/routes_metrics.c %D%/routes_openapi.c %D%/routes_peers.c %D%/routes_history.c %D%/routes_persistence.c \
	%D%/routes_state.c %D%/routes_status.c %D%/routes_publish.c %D%/routes_sync.c %D%/routes_write.c %D%/serve.h \
	%D%/server.c %D%/server.h %D%/sockowner.c %D%/sockowner.h %D%/target.c %D%/target.h %D%/wake.c %D%/wake.h \
	%D%/tls.c %D%/tls.h %D%/tokens.c %D%/tokens.h %D%/worker.c %D%/worker.h
%C%_libhttp_a_SOURCES += %D%/routes_proof.c %D%/routes_conflicts.c %D%/routes_healings.c
