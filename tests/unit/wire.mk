# Tests of wire: link $(LINK_wire) only.
check_PROGRAMS += tests/unit/test_peerid
tests_unit_test_peerid_SOURCES = tests/unit/test_peerid.c tests/support/lines.h $(VECTOR_SOURCES)
tests_unit_test_peerid_CPPFLAGS = $(VECTOR_CPPFLAGS)
tests_unit_test_peerid_LDADD = $(LINK_wire) $(CJSON_LIBS) $(CMOCKA_LIBS)
EXTRA_DIST += tests/vectors/peer-id.txt
check_PROGRAMS += tests/unit/test_multihash
tests_unit_test_multihash_SOURCES = tests/unit/test_multihash.c
tests_unit_test_multihash_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_multihash_LDADD = $(LINK_wire) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_pubkey_proto
tests_unit_test_pubkey_proto_SOURCES = tests/unit/test_pubkey_proto.c $(VECTOR_SOURCES)
tests_unit_test_pubkey_proto_CPPFLAGS = $(VECTOR_CPPFLAGS)
tests_unit_test_pubkey_proto_LDADD = $(LINK_wire) $(CJSON_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_proto
tests_unit_test_proto_SOURCES = tests/unit/test_proto.c $(VECTOR_SOURCES)
tests_unit_test_proto_CPPFLAGS = $(VECTOR_CPPFLAGS) $(PROTOBUF_C_CFLAGS)
tests_unit_test_proto_LDADD = $(LINK_wire) $(CJSON_LIBS) $(CMOCKA_LIBS)
$(tests_unit_test_proto_OBJECTS): $(WIRE_GENERATED_H)
check_PROGRAMS += tests/unit/test_multiaddr
tests_unit_test_multiaddr_SOURCES = tests/unit/test_multiaddr.c $(VECTOR_SOURCES)
tests_unit_test_multiaddr_CPPFLAGS = $(VECTOR_CPPFLAGS)
tests_unit_test_multiaddr_LDADD = $(LINK_wire) $(CJSON_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_envelope
tests_unit_test_envelope_SOURCES = tests/unit/test_envelope.c $(VECTOR_SOURCES)
tests_unit_test_envelope_CPPFLAGS = $(VECTOR_CPPFLAGS)
tests_unit_test_envelope_LDADD = $(LINK_wire) $(CJSON_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_dns
tests_unit_test_dns_SOURCES = tests/unit/test_dns.c
tests_unit_test_dns_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_dns_LDADD = $(LINK_wire) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_rpc
tests_unit_test_rpc_SOURCES = tests/unit/test_rpc.c $(VECTOR_SOURCES)
tests_unit_test_rpc_CPPFLAGS = $(TEST_CPPFLAGS) $(VECTOR_CPPFLAGS)
tests_unit_test_rpc_LDADD = $(LINK_wire) $(CJSON_LIBS) $(CMOCKA_LIBS)
