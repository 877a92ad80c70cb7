# src/p2p: the libp2p protocols as machines without I/O.
noinst_LIBRARIES += %D%/libp2p.a
%C%_libp2p_a_CPPFLAGS = $(AM_CPPFLAGS) $(PROTOBUF_C_CFLAGS) $(UV_CFLAGS)
%C%_libp2p_a_SOURCES = %D%/negotiate.h %D%/negotiate.c %D%/noise.h %D%/noise_parts.h %D%/noise.c \
	%D%/noise_handshake.c %D%/noise_xx.h %D%/noise_xx.c %D%/noise_payload.h %D%/noise_payload.c
%C%_libp2p_a_SOURCES += %D%/yamux.h %D%/yamux_parts.h %D%/yamux.c %D%/yamux_stream.c
%C%_libp2p_a_SOURCES += %D%/protocol.h %D%/conn.h
%C%_libp2p_a_SOURCES += %D%/identity.h %D%/identity.c

# Whoever builds a single test program does not pass by BUILT_SOURCES.
$(%C%_libp2p_a_OBJECTS): $(WIRE_GENERATED_H)
%C%_libp2p_a_SOURCES += %D%/conn_parts.h %D%/conn.c %D%/conn_open.c %D%/ping.h %D%/ping.c %D%/perf.h %D%/perf.c
%C%_libp2p_a_SOURCES += %D%/identify.h %D%/identify.c
%C%_libp2p_a_SOURCES += %D%/peers.h %D%/peers_parts.h %D%/peers.c %D%/peers_candidates.c %D%/peers_text.c
%C%_libp2p_a_SOURCES += %D%/lines.h %D%/lines.c %D%/swarm.h %D%/host.h
%C%_libp2p_a_SOURCES += %D%/swarm_parts.h %D%/swarm.c %D%/swarm_link.c %D%/swarm_limits.c %D%/swarm_rows.c
%C%_libp2p_a_SOURCES += %D%/host_parts.h %D%/host.c %D%/host_socket.c %D%/host_dial.c %D%/host_listen.c %D%/hostwatch.h %D%/hostwatch.c %D%/host_gate.c
%C%_libp2p_a_SOURCES += %D%/mdns.h %D%/mdns.c %D%/host_mdns.c
%C%_libp2p_a_SOURCES += %D%/gossip_message.h %D%/gossip_params.h %D%/gossip.h %D%/gossip_streams.h %D%/host_check.h
%C%_libp2p_a_SOURCES += %D%/sync.h %D%/sync.c
%C%_libp2p_a_SOURCES += %D%/gossip_parts.h %D%/gossip.c %D%/gossip_held.c %D%/gossip_lazy.c %D%/gossip_mesh.c \
	%D%/gossip_message.c %D%/gossip_params.c %D%/gossip_peer.c %D%/gossip_queue.c %D%/gossip_route.c %D%/gossip_score.c \
	%D%/gossip_show.c %D%/gossip_streams.c %D%/gossip_place.h %D%/gossip_place.c %D%/host_check.c %D%/recent.h %D%/recent.c
