noinst_LIBRARIES += %D%/libnode.a
%C%_libnode_a_CPPFLAGS = $(AM_CPPFLAGS) $(CJSON_CFLAGS) $(UV_CFLAGS) $(ZLIB_CFLAGS)
%C%_libnode_a_SOURCES = %D%/lung.h %D%/lung.c %D%/lung_constants.h %D%/lung_constants.c \
	%D%/lung_table.h %D%/lung_table.c %D%/lung_show.h %D%/lung_show.c \
	%D%/lung_http.h %D%/lung_http.c %D%/heartbeat.h %D%/heartbeat.c
%C%_libnode_a_SOURCES += %D%/alerts.h %D%/alerts.c %D%/node.h %D%/node_parts.h %D%/node.c \
	%D%/node_lungs.c %D%/node_p2p.c %D%/node_gossip.c %D%/node_announce.c %D%/node_live.c \
	%D%/node_sync.c %D%/node_answer.c %D%/node_peers.c %D%/node_memory.c %D%/node_commands.c %D%/node_snapshot.c %D%/node_scrub.c \
	%D%/timeline.h %D%/timeline.c %D%/traffic.h %D%/traffic.c %D%/history.h %D%/history.c %D%/history_ring.h %D%/history_ring.c %D%/node_history.c
%C%_libnode_a_SOURCES += %D%/configuration.h %D%/configuration.c %D%/configuration_resolve.c \
	%D%/configuration_load.h %D%/configuration_load.c %D%/configuration_table.h %D%/configuration_table.c \
	%D%/configuration_values.h %D%/configuration_values.c %D%/configuration_addresses.h \
	%D%/configuration_addresses.c %D%/files.h %D%/files.c
%C%_libnode_a_SOURCES += %D%/apply.h %D%/apply.c %D%/trust_set.h %D%/trust_set.c
%C%_libnode_a_SOURCES += %D%/topic.h %D%/topic.c %D%/topic_parse.c %D%/topic_write.c %D%/topic_judge.h %D%/topic_judge.c \
	%D%/announce.h %D%/announce.c %D%/live.h %D%/live_parts.h %D%/live.c %D%/live_messages.c %D%/live_gone.c %D%/live_show.c \
	%D%/crosscheck.h %D%/crosscheck.c
