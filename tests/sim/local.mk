# Many nodes in one process on a virtual clock; nothing sleeps, and a seed repeats a run. Few seeds in make check; `make sim SEEDS=100`
# for more (SIM_FIRST: the first of them).
SIM_TESTS = %D%/test_sim_gossip %D%/test_sim_lungs %D%/test_sim_live
SIM_COMMON = %D%/sim.c %D%/sim.h tests/support/random.h
check_PROGRAMS += $(SIM_TESTS)

%C%_test_sim_gossip_SOURCES = %D%/test_sim_gossip.c %D%/mesh.c %D%/mesh.h $(SIM_COMMON)
%C%_test_sim_gossip_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_sim_gossip_LDADD = $(LINK_p2p) $(CMOCKA_LIBS)

%C%_test_sim_lungs_SOURCES = %D%/test_sim_lungs.c %D%/resident.c %D%/resident.h $(SIM_COMMON) tests/support/memory_view.c \
	tests/support/memory_view.h tests/support/swarm_world.c tests/support/swarm_world.h
%C%_test_sim_lungs_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_sim_lungs_LDADD = $(LINK_node) $(CMOCKA_LIBS)

%C%_test_sim_live_SOURCES = %D%/test_sim_live.c $(SIM_COMMON)
%C%_test_sim_live_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_sim_live_LDADD = $(LINK_node) $(CMOCKA_LIBS)

SEEDS = 20
sim: $(SIM_TESTS)
	@for test in $(SIM_TESTS); do SIM_SEEDS=$(SEEDS) ./$$test || exit 1; done
