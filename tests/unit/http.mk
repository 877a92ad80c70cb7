# Tests of http: link $(LINK_http) only.
check_PROGRAMS += tests/unit/test_http_client
tests_unit_test_http_client_SOURCES = tests/unit/test_http_client.c tests/support/http_server.c tests/support/http_server.h
tests_unit_test_http_client_CPPFLAGS = $(TEST_CPPFLAGS) $(UV_CFLAGS)
tests_unit_test_http_client_LDADD = $(LINK_http) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_poll_source
tests_unit_test_poll_source_SOURCES = tests/unit/test_poll_source.c $(SYNC_WORLD_SOURCES)
tests_unit_test_poll_source_CPPFLAGS = $(TEST_CPPFLAGS) $(UV_CFLAGS)
tests_unit_test_poll_source_LDADD = $(LINK_http) $(CMOCKA_LIBS)

POLL_STAGE_SOURCES = tests/support/poll_stage.c tests/support/poll_stage.h tests/support/http_server.c \
	tests/support/http_server.h $(SYNC_WORLD_SOURCES)

check_PROGRAMS += tests/unit/test_poller
tests_unit_test_poller_SOURCES = tests/unit/test_poller.c $(POLL_STAGE_SOURCES)
tests_unit_test_poller_CPPFLAGS = $(TEST_CPPFLAGS) $(UV_CFLAGS)
tests_unit_test_poller_LDADD = $(LINK_http) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_poller_hostile
tests_unit_test_poller_hostile_SOURCES = tests/unit/test_poller_hostile.c $(POLL_STAGE_SOURCES)
tests_unit_test_poller_hostile_CPPFLAGS = $(TEST_CPPFLAGS) $(UV_CFLAGS)
tests_unit_test_poller_hostile_LDADD = $(LINK_http) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_poller_legacy
tests_unit_test_poller_legacy_SOURCES = tests/unit/test_poller_legacy.c $(POLL_STAGE_SOURCES)
tests_unit_test_poller_legacy_CPPFLAGS = $(TEST_CPPFLAGS) $(UV_CFLAGS)
tests_unit_test_poller_legacy_LDADD = $(LINK_http) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_gate
tests_unit_test_gate_SOURCES = tests/unit/test_gate.c
tests_unit_test_gate_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_gate_LDADD = $(LINK_http) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_auth
tests_unit_test_auth_SOURCES = tests/unit/test_auth.c
tests_unit_test_auth_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_auth_LDADD = $(LINK_http) $(CMOCKA_LIBS)

API_WORLD_SOURCES = tests/support/api_world.c tests/support/api_world.h tests/support/snapshots.c \
	tests/support/snapshots.h $(STORE_SOURCES)
API_WORLD_LDADD = $(LINK_http) $(CJSON_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_api_shapes
tests_unit_test_api_shapes_SOURCES = tests/unit/test_api_shapes.c $(API_WORLD_SOURCES) $(VECTOR_SOURCES)
tests_unit_test_api_shapes_CPPFLAGS = $(VECTOR_CPPFLAGS)
tests_unit_test_api_shapes_LDADD = $(API_WORLD_LDADD)
check_PROGRAMS += tests/unit/test_api_state
tests_unit_test_api_state_SOURCES = tests/unit/test_api_state.c $(API_WORLD_SOURCES) $(VECTOR_SOURCES)
tests_unit_test_api_state_CPPFLAGS = $(VECTOR_CPPFLAGS)
tests_unit_test_api_state_LDADD = $(API_WORLD_LDADD)
check_PROGRAMS += tests/unit/test_api_control
tests_unit_test_api_control_SOURCES = tests/unit/test_api_control.c $(API_WORLD_SOURCES) $(VECTOR_SOURCES)
tests_unit_test_api_control_CPPFLAGS = $(VECTOR_CPPFLAGS)
tests_unit_test_api_control_LDADD = $(API_WORLD_LDADD)
check_PROGRAMS += tests/unit/test_api_attacks
tests_unit_test_api_attacks_SOURCES = tests/unit/test_api_attacks.c $(API_WORLD_SOURCES)
tests_unit_test_api_attacks_CPPFLAGS = $(VECTOR_CPPFLAGS)
tests_unit_test_api_attacks_LDADD = $(API_WORLD_LDADD)
check_PROGRAMS += tests/unit/test_api_events
tests_unit_test_api_events_SOURCES = tests/unit/test_api_events.c $(API_WORLD_SOURCES) $(VECTOR_SOURCES)
tests_unit_test_api_events_CPPFLAGS = $(VECTOR_CPPFLAGS)
tests_unit_test_api_events_LDADD = $(API_WORLD_LDADD)
check_PROGRAMS += tests/unit/test_target
tests_unit_test_target_SOURCES = tests/unit/test_target.c
tests_unit_test_target_CPPFLAGS = $(VECTOR_CPPFLAGS)
tests_unit_test_target_LDADD = $(LINK_http) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_worker
tests_unit_test_worker_SOURCES = tests/unit/test_worker.c
tests_unit_test_worker_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_worker_LDADD = $(LINK_http) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_tokens
tests_unit_test_tokens_SOURCES = tests/unit/test_tokens.c
tests_unit_test_tokens_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_tokens_LDADD = $(LINK_http) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_api_tls
tests_unit_test_api_tls_SOURCES = tests/unit/test_api_tls.c tests/support/certificate.c tests/support/certificate.h \
	$(API_WORLD_SOURCES)
tests_unit_test_api_tls_CPPFLAGS = $(VECTOR_CPPFLAGS) $(CURL_CFLAGS) $(CRYPTO_CFLAGS)
tests_unit_test_api_tls_LDADD = $(API_WORLD_LDADD)
check_PROGRAMS += tests/unit/test_api_scrape
tests_unit_test_api_scrape_SOURCES = tests/unit/test_api_scrape.c $(API_WORLD_SOURCES)
tests_unit_test_api_scrape_CPPFLAGS = $(VECTOR_CPPFLAGS)
tests_unit_test_api_scrape_LDADD = $(API_WORLD_LDADD)
