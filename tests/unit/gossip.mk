# Tests of the gossip router in p2p, one program a subject: link $(LINK_p2p) only.
STATION_SOURCES = tests/support/gossip_station.c tests/support/gossip_station.h
check_PROGRAMS += tests/unit/test_gossip_route
tests_unit_test_gossip_route_SOURCES = tests/unit/test_gossip_route.c $(STATION_SOURCES)
tests_unit_test_gossip_route_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_gossip_route_LDADD = $(LINK_p2p) $(CMOCKA_LIBS)
