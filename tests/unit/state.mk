# Tests of state: link $(LINK_state) only.
check_PROGRAMS += tests/unit/test_tree
tests_unit_test_tree_SOURCES = tests/unit/test_tree.c
tests_unit_test_tree_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_tree_LDADD = $(LINK_state) $(CMOCKA_LIBS)
EXTRA_DIST += tests/vectors/tree.txt

check_PROGRAMS += tests/unit/test_json
tests_unit_test_json_SOURCES = tests/unit/test_json.c tests/support/random.h $(VECTOR_SOURCES)
tests_unit_test_json_CPPFLAGS = $(VECTOR_CPPFLAGS)
tests_unit_test_json_LDADD = $(LINK_state) $(CJSON_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_flat_root
tests_unit_test_flat_root_SOURCES = tests/unit/test_flat_root.c $(VECTOR_SOURCES)
tests_unit_test_flat_root_CPPFLAGS = $(VECTOR_CPPFLAGS)
tests_unit_test_flat_root_LDADD = $(LINK_state) $(CJSON_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_record
tests_unit_test_record_SOURCES = tests/unit/test_record.c tests/support/random.h $(VECTOR_SOURCES)
tests_unit_test_record_CPPFLAGS = $(VECTOR_CPPFLAGS)
tests_unit_test_record_LDADD = $(LINK_state) $(CJSON_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_trust
tests_unit_test_trust_SOURCES = tests/unit/test_trust.c tests/support/random.h $(VECTOR_SOURCES)
tests_unit_test_trust_CPPFLAGS = $(VECTOR_CPPFLAGS)
tests_unit_test_trust_LDADD = $(LINK_state) $(CJSON_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_sketch
tests_unit_test_sketch_SOURCES = tests/unit/test_sketch.c tests/support/peel.c tests/support/peel.h \
	tests/support/random.h $(VECTOR_SOURCES)
tests_unit_test_sketch_CPPFLAGS = $(VECTOR_CPPFLAGS)
tests_unit_test_sketch_LDADD = $(LINK_state) $(CJSON_LIBS) $(CMOCKA_LIBS)

# A state in memory, and those of the vectors.
SYNC_SOURCES = tests/support/memory_view.c tests/support/memory_view.h tests/support/wire_states.c \
	tests/support/wire_states.h tests/support/sync_check.c tests/support/sync_check.h $(VECTOR_SOURCES)

check_PROGRAMS += tests/unit/test_recon
tests_unit_test_recon_SOURCES = tests/unit/test_recon.c $(SYNC_SOURCES)
tests_unit_test_recon_CPPFLAGS = $(VECTOR_CPPFLAGS)
tests_unit_test_recon_LDADD = $(LINK_state) $(CJSON_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_recon_finds
tests_unit_test_recon_finds_SOURCES = tests/unit/test_recon_finds.c tests/support/peel.c tests/support/peel.h \
	$(SYNC_SOURCES)
tests_unit_test_recon_finds_CPPFLAGS = $(VECTOR_CPPFLAGS)
tests_unit_test_recon_finds_LDADD = $(LINK_state) $(CJSON_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_recon_ask
tests_unit_test_recon_ask_SOURCES = tests/unit/test_recon_ask.c tests/support/random.h $(SYNC_SOURCES)
tests_unit_test_recon_ask_CPPFLAGS = $(VECTOR_CPPFLAGS)
tests_unit_test_recon_ask_LDADD = $(LINK_state) $(CJSON_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_recon_hostile
tests_unit_test_recon_hostile_SOURCES = tests/unit/test_recon_hostile.c $(SYNC_SOURCES)
tests_unit_test_recon_hostile_CPPFLAGS = $(VECTOR_CPPFLAGS)
tests_unit_test_recon_hostile_LDADD = $(LINK_state) $(CJSON_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_legacy_state
tests_unit_test_legacy_state_SOURCES = tests/unit/test_legacy_state.c $(VECTOR_SOURCES)
tests_unit_test_legacy_state_CPPFLAGS = $(VECTOR_CPPFLAGS)
tests_unit_test_legacy_state_LDADD = $(LINK_state) $(CJSON_LIBS) $(CMOCKA_LIBS)
# A store in a folder of the test.
STORE_SOURCES = tests/support/temp_store.c tests/support/temp_store.h tests/support/temp.h tests/support/random.h

check_PROGRAMS += tests/unit/test_store
tests_unit_test_store_SOURCES = tests/unit/test_store.c $(STORE_SOURCES)
tests_unit_test_store_CPPFLAGS = $(TEST_CPPFLAGS) $(LMDB_CFLAGS)
tests_unit_test_store_LDADD = $(LINK_state) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_store_merge
tests_unit_test_store_merge_SOURCES = tests/unit/test_store_merge.c $(STORE_SOURCES) $(VECTOR_SOURCES)
tests_unit_test_store_merge_CPPFLAGS = $(VECTOR_CPPFLAGS)
tests_unit_test_store_merge_LDADD = $(LINK_state) $(CJSON_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_store_import
tests_unit_test_store_import_SOURCES = tests/unit/test_store_import.c $(STORE_SOURCES)
tests_unit_test_store_import_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_store_import_LDADD = $(LINK_state) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_store_damage
tests_unit_test_store_damage_SOURCES = tests/unit/test_store_damage.c $(STORE_SOURCES)
tests_unit_test_store_damage_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_store_damage_LDADD = $(LINK_state) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_store_growth
tests_unit_test_store_growth_SOURCES = tests/unit/test_store_growth.c $(STORE_SOURCES)
tests_unit_test_store_growth_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_store_growth_LDADD = $(LINK_state) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_store_faults
tests_unit_test_store_faults_SOURCES = tests/unit/test_store_faults.c $(STORE_SOURCES)
tests_unit_test_store_faults_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_store_faults_LDADD = $(LINK_state) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_store_memory
tests_unit_test_store_memory_SOURCES = tests/unit/test_store_memory.c $(STORE_SOURCES)
tests_unit_test_store_memory_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_store_memory_LDADD = $(LINK_state) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_store_crash
tests_unit_test_store_crash_SOURCES = tests/unit/test_store_crash.c $(STORE_SOURCES)
tests_unit_test_store_crash_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_store_crash_LDADD = $(LINK_state) $(CMOCKA_LIBS)

# Two states in memory, with authors of which some are trusted.
SYNC_WORLD_SOURCES = tests/support/sync_world.c tests/support/sync_world.h tests/support/memory_view.c \
	tests/support/memory_view.h

check_PROGRAMS += tests/unit/test_heal
tests_unit_test_heal_SOURCES = tests/unit/test_heal.c $(SYNC_WORLD_SOURCES)
tests_unit_test_heal_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_heal_LDADD = $(LINK_state) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_store_sketch
tests_unit_test_store_sketch_SOURCES = tests/unit/test_store_sketch.c $(STORE_SOURCES)
tests_unit_test_store_sketch_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_store_sketch_LDADD = $(LINK_state) $(CMOCKA_LIBS)

HEAL_PAIR_SOURCES = tests/support/heal_pair.c tests/support/heal_pair.h tests/support/random.h $(SYNC_WORLD_SOURCES)

check_PROGRAMS += tests/unit/test_heal_seeds
tests_unit_test_heal_seeds_SOURCES = tests/unit/test_heal_seeds.c $(HEAL_PAIR_SOURCES)
tests_unit_test_heal_seeds_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_heal_seeds_LDADD = $(LINK_state) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_proof
tests_unit_test_proof_SOURCES = tests/unit/test_proof.c tests/support/random.h $(SYNC_SOURCES)
tests_unit_test_proof_CPPFLAGS = $(VECTOR_CPPFLAGS)
tests_unit_test_proof_LDADD = $(LINK_state) $(CJSON_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_heal_memory
tests_unit_test_heal_memory_SOURCES = tests/unit/test_heal_memory.c
tests_unit_test_heal_memory_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_heal_memory_LDADD = $(LINK_state) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_heal_find
tests_unit_test_heal_find_SOURCES = tests/unit/test_heal_find.c $(HEAL_PAIR_SOURCES)
tests_unit_test_heal_find_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_heal_find_LDADD = $(LINK_state) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_store_conflicts
tests_unit_test_store_conflicts_SOURCES = tests/unit/test_store_conflicts.c $(STORE_SOURCES)
tests_unit_test_store_conflicts_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_store_conflicts_LDADD = $(LINK_state) $(CMOCKA_LIBS)
