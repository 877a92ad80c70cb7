# Tests of p2p: link $(LINK_p2p) only.
check_PROGRAMS += tests/unit/test_yamux
tests_unit_test_yamux_SOURCES = tests/unit/test_yamux.c tests/support/random.h $(VECTOR_SOURCES)
tests_unit_test_yamux_CPPFLAGS = $(TEST_CPPFLAGS) $(VECTOR_CPPFLAGS)
tests_unit_test_yamux_LDADD = $(LINK_p2p) $(CJSON_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_noise_xx
tests_unit_test_noise_xx_SOURCES = tests/unit/test_noise_xx.c $(VECTOR_SOURCES)
tests_unit_test_noise_xx_CPPFLAGS = $(VECTOR_CPPFLAGS)
tests_unit_test_noise_xx_LDADD = $(LINK_p2p) $(CJSON_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_noise_payload
tests_unit_test_noise_payload_SOURCES = tests/unit/test_noise_payload.c $(VECTOR_SOURCES)
tests_unit_test_noise_payload_CPPFLAGS = $(VECTOR_CPPFLAGS) $(PROTOBUF_C_CFLAGS)
tests_unit_test_noise_payload_LDADD = $(LINK_p2p) $(CJSON_LIBS) $(CMOCKA_LIBS)
$(tests_unit_test_noise_payload_OBJECTS): $(WIRE_GENERATED_H)
check_PROGRAMS += tests/unit/test_noise
tests_unit_test_noise_SOURCES = tests/unit/test_noise.c tests/support/noise_pair.c tests/support/noise_pair.h \
	tests/support/random.h
tests_unit_test_noise_CPPFLAGS = $(TEST_CPPFLAGS) $(PROTOBUF_C_CFLAGS)
tests_unit_test_noise_LDADD = $(LINK_p2p) $(CMOCKA_LIBS)
$(tests_unit_test_noise_OBJECTS): $(WIRE_GENERATED_H)
check_PROGRAMS += tests/unit/test_identity
tests_unit_test_identity_SOURCES = tests/unit/test_identity.c $(VECTOR_SOURCES)
tests_unit_test_identity_CPPFLAGS = $(VECTOR_CPPFLAGS)
tests_unit_test_identity_LDADD = $(LINK_p2p) $(CJSON_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_conn
tests_unit_test_conn_SOURCES = tests/unit/test_conn.c tests/support/conn_pair.c tests/support/conn_pair.h \
	tests/support/random.h
tests_unit_test_conn_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_conn_LDADD = $(LINK_p2p) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_negotiate
tests_unit_test_negotiate_SOURCES = tests/unit/test_negotiate.c $(VECTOR_SOURCES)
tests_unit_test_negotiate_CPPFLAGS = $(VECTOR_CPPFLAGS)
tests_unit_test_negotiate_LDADD = $(LINK_p2p) $(CJSON_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_peers
tests_unit_test_peers_SOURCES = tests/unit/test_peers.c tests/support/random.h
tests_unit_test_peers_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_peers_LDADD = $(LINK_p2p) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_swarm
tests_unit_test_swarm_SOURCES = tests/unit/test_swarm.c tests/support/random.h tests/support/swarm_world.c \
	tests/support/swarm_world.h
tests_unit_test_swarm_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_swarm_LDADD = $(LINK_p2p) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_host
tests_unit_test_host_SOURCES = tests/unit/test_host.c tests/support/proxy.c tests/support/proxy.h \
	tests/support/host_side.c tests/support/host_side.h
tests_unit_test_host_CPPFLAGS = $(TEST_CPPFLAGS) $(UV_CFLAGS)
tests_unit_test_host_LDADD = $(LINK_p2p) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_sync_stream
tests_unit_test_sync_stream_SOURCES = tests/unit/test_sync_stream.c tests/support/conn_pair.c tests/support/conn_pair.h \
	tests/support/random.h
tests_unit_test_sync_stream_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_sync_stream_LDADD = $(LINK_p2p) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_host_gate
tests_unit_test_host_gate_SOURCES = tests/unit/test_host_gate.c tests/support/host_side.c tests/support/host_side.h
tests_unit_test_host_gate_CPPFLAGS = $(TEST_CPPFLAGS) $(UV_CFLAGS)
tests_unit_test_host_gate_LDADD = $(LINK_p2p) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_mdns
tests_unit_test_mdns_SOURCES = tests/unit/test_mdns.c tests/support/random.h
tests_unit_test_mdns_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_mdns_LDADD = $(LINK_p2p) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_host_mdns
tests_unit_test_host_mdns_SOURCES = tests/unit/test_host_mdns.c tests/support/host_side.c tests/support/host_side.h
tests_unit_test_host_mdns_CPPFLAGS = $(TEST_CPPFLAGS) $(UV_CFLAGS)
tests_unit_test_host_mdns_LDADD = $(LINK_p2p) $(CMOCKA_LIBS)
