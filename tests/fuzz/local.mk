# Fuzz targets: fuzz_PARSER.c, with seeds and every input that once broke something in corpus/PARSER. They replay their corpus in
# make check; configured with --enable-fuzz, make fuzz lets libFuzzer look for more (FUZZ_SECONDS for each).
EXTRA_DIST += %D%/corpus
FUZZ_TARGETS = %D%/fuzz_dotenv %D%/fuzz_varint %D%/fuzz_options
FUZZ_TARGETS += %D%/fuzz_json %D%/fuzz_record %D%/fuzz_recon %D%/fuzz_answer %D%/fuzz_heal
FUZZ_TARGETS += %D%/fuzz_peerid %D%/fuzz_multiaddr %D%/fuzz_envelope
FUZZ_TARGETS += %D%/fuzz_multistream %D%/fuzz_noise %D%/fuzz_yamux %D%/fuzz_identify
FUZZ_TARGETS += %D%/fuzz_sync_stream
FUZZ_TARGETS += %D%/fuzz_known_hosts %D%/fuzz_ssh_config %D%/fuzz_node_target %D%/fuzz_snapshot
FUZZ_TARGETS += %D%/fuzz_topic
FUZZ_TARGETS += %D%/fuzz_mdns
FUZZ_TARGETS += %D%/fuzz_gossip
FUZZ_TARGETS += %D%/fuzz_keys %D%/fuzz_history %D%/fuzz_words
FUZZ_SECONDS = 60

if FUZZ
EXTRA_PROGRAMS += $(FUZZ_TARGETS)
FUZZ_MAIN = %D%/fuzz.h
FUZZ_LINK = -fsanitize=fuzzer
else
check_PROGRAMS += $(FUZZ_TARGETS)
FUZZ_MAIN = %D%/fuzz.h %D%/replay.c
FUZZ_LINK =
endif

%C%_fuzz_dotenv_SOURCES = %D%/fuzz_dotenv.c $(FUZZ_MAIN)
%C%_fuzz_dotenv_CPPFLAGS = $(TEST_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/%D%/corpus/dotenv"'
%C%_fuzz_dotenv_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LINK)
%C%_fuzz_dotenv_LDADD = $(LINK_base)

%C%_fuzz_varint_SOURCES = %D%/fuzz_varint.c $(FUZZ_MAIN)
%C%_fuzz_varint_CPPFLAGS = $(TEST_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/%D%/corpus/varint"'
%C%_fuzz_varint_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LINK)
%C%_fuzz_varint_LDADD = $(LINK_base)

%C%_fuzz_options_SOURCES = %D%/fuzz_options.c $(FUZZ_MAIN)
%C%_fuzz_options_CPPFLAGS = $(TEST_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/%D%/corpus/options"'
%C%_fuzz_options_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LINK)
%C%_fuzz_options_LDADD = $(LINK_cli)

%C%_fuzz_json_SOURCES = %D%/fuzz_json.c $(FUZZ_MAIN)
%C%_fuzz_json_CPPFLAGS = $(TEST_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/%D%/corpus/json"'
%C%_fuzz_json_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LINK)
%C%_fuzz_json_LDADD = $(LINK_state)

%C%_fuzz_record_SOURCES = %D%/fuzz_record.c $(FUZZ_MAIN)
%C%_fuzz_record_CPPFLAGS = $(TEST_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/%D%/corpus/record"'
%C%_fuzz_record_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LINK)
%C%_fuzz_record_LDADD = $(LINK_state)

%C%_fuzz_recon_SOURCES = %D%/fuzz_recon.c $(FUZZ_MAIN) tests/support/memory_view.c tests/support/memory_view.h \
	tests/support/sync_check.c tests/support/sync_check.h
%C%_fuzz_recon_CPPFLAGS = $(TEST_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/%D%/corpus/recon"'
%C%_fuzz_recon_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LINK)
%C%_fuzz_recon_LDADD = $(LINK_state) $(CMOCKA_LIBS)

%C%_fuzz_answer_SOURCES = %D%/fuzz_answer.c $(FUZZ_MAIN)
%C%_fuzz_answer_CPPFLAGS = $(TEST_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/%D%/corpus/answer"'
%C%_fuzz_answer_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LINK)
%C%_fuzz_answer_LDADD = $(LINK_http)

%C%_fuzz_heal_SOURCES = %D%/fuzz_heal.c $(FUZZ_MAIN) tests/support/memory_view.c tests/support/memory_view.h \
	tests/support/sync_world.c tests/support/sync_world.h
%C%_fuzz_heal_CPPFLAGS = $(TEST_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/%D%/corpus/heal"'
%C%_fuzz_heal_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LINK)
%C%_fuzz_heal_LDADD = $(LINK_state) $(CMOCKA_LIBS)

%C%_fuzz_peerid_SOURCES = %D%/fuzz_peerid.c $(FUZZ_MAIN)
%C%_fuzz_peerid_CPPFLAGS = $(TEST_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/%D%/corpus/peerid"'
%C%_fuzz_peerid_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LINK)
%C%_fuzz_peerid_LDADD = $(LINK_wire)

%C%_fuzz_multiaddr_SOURCES = %D%/fuzz_multiaddr.c $(FUZZ_MAIN)
%C%_fuzz_multiaddr_CPPFLAGS = $(TEST_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/%D%/corpus/multiaddr"'
%C%_fuzz_multiaddr_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LINK)
%C%_fuzz_multiaddr_LDADD = $(LINK_wire)

%C%_fuzz_envelope_SOURCES = %D%/fuzz_envelope.c $(FUZZ_MAIN)
%C%_fuzz_envelope_CPPFLAGS = $(TEST_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/%D%/corpus/envelope"'
%C%_fuzz_envelope_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LINK)
%C%_fuzz_envelope_LDADD = $(LINK_wire)

%C%_fuzz_multistream_SOURCES = %D%/fuzz_multistream.c $(FUZZ_MAIN)
%C%_fuzz_multistream_CPPFLAGS = $(TEST_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/%D%/corpus/multistream"'
%C%_fuzz_multistream_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LINK)
%C%_fuzz_multistream_LDADD = $(LINK_p2p)

%C%_fuzz_noise_SOURCES = %D%/fuzz_noise.c $(FUZZ_MAIN) tests/support/noise_pair.c tests/support/noise_pair.h
%C%_fuzz_noise_CPPFLAGS = $(TEST_CPPFLAGS) $(PROTOBUF_C_CFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/%D%/corpus/noise"'
%C%_fuzz_noise_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LINK)
%C%_fuzz_noise_LDADD = $(LINK_p2p)
$(%C%_fuzz_noise_OBJECTS): $(WIRE_GENERATED_H)

%C%_fuzz_known_hosts_SOURCES = %D%/fuzz_known_hosts.c $(FUZZ_MAIN)
%C%_fuzz_known_hosts_CPPFLAGS = $(TEST_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/%D%/corpus/known_hosts"'
%C%_fuzz_known_hosts_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LINK)
%C%_fuzz_known_hosts_LDADD = $(LINK_attach)

%C%_fuzz_sync_stream_SOURCES = %D%/fuzz_sync_stream.c $(FUZZ_MAIN) tests/support/conn_pair.c tests/support/conn_pair.h
%C%_fuzz_sync_stream_CPPFLAGS = $(TEST_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/%D%/corpus/sync_stream"'
%C%_fuzz_sync_stream_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LINK)
%C%_fuzz_sync_stream_LDADD = $(LINK_p2p) $(CMOCKA_LIBS)

%C%_fuzz_yamux_SOURCES = %D%/fuzz_yamux.c $(FUZZ_MAIN)
%C%_fuzz_yamux_CPPFLAGS = $(TEST_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/%D%/corpus/yamux"'
%C%_fuzz_yamux_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LINK)
%C%_fuzz_yamux_LDADD = $(LINK_p2p)

%C%_fuzz_identify_SOURCES = %D%/fuzz_identify.c $(FUZZ_MAIN)
%C%_fuzz_identify_CPPFLAGS = $(TEST_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/%D%/corpus/identify"'
%C%_fuzz_identify_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LINK)
%C%_fuzz_identify_LDADD = $(LINK_p2p)
%C%_fuzz_ssh_config_SOURCES = %D%/fuzz_ssh_config.c $(FUZZ_MAIN)
%C%_fuzz_ssh_config_CPPFLAGS = $(TEST_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/%D%/corpus/ssh_config"'
%C%_fuzz_ssh_config_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LINK)
%C%_fuzz_ssh_config_LDADD = $(LINK_attach)

%C%_fuzz_topic_SOURCES = %D%/fuzz_topic.c $(FUZZ_MAIN)
%C%_fuzz_topic_CPPFLAGS = $(TEST_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/%D%/corpus/topic"'
%C%_fuzz_topic_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LINK)
%C%_fuzz_topic_LDADD = $(LINK_node)

%C%_fuzz_mdns_SOURCES = %D%/fuzz_mdns.c $(FUZZ_MAIN) tests/support/random.h
%C%_fuzz_mdns_CPPFLAGS = $(TEST_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/%D%/corpus/mdns"'
%C%_fuzz_mdns_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LINK)
%C%_fuzz_mdns_LDADD = $(LINK_p2p)

%C%_fuzz_snapshot_SOURCES = %D%/fuzz_snapshot.c $(FUZZ_MAIN)
%C%_fuzz_snapshot_CPPFLAGS = $(TEST_CPPFLAGS) $(CJSON_CFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/%D%/corpus/snapshot"'
%C%_fuzz_snapshot_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LINK)
%C%_fuzz_snapshot_LDADD = $(LINK_view)

%C%_fuzz_node_target_SOURCES = %D%/fuzz_node_target.c $(FUZZ_MAIN)
%C%_fuzz_node_target_CPPFLAGS = $(TEST_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/%D%/corpus/node_target"'
%C%_fuzz_node_target_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LINK)
%C%_fuzz_node_target_LDADD = $(LINK_attach)

%C%_fuzz_gossip_SOURCES = %D%/fuzz_gossip.c $(FUZZ_MAIN)
%C%_fuzz_gossip_CPPFLAGS = $(TEST_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/%D%/corpus/gossip"'
%C%_fuzz_gossip_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LINK)
%C%_fuzz_gossip_LDADD = $(LINK_p2p)

fuzz: $(FUZZ_TARGETS)
if FUZZ
	@for target in $(FUZZ_TARGETS); do \
		name=$${target##*fuzz_}; \
		mkdir -p fuzz-found/$$name; \
		echo "== $$name: $(FUZZ_SECONDS) s"; \
		./$$target -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
			-artifact_prefix=fuzz-found/$$name- fuzz-found/$$name $(abs_top_srcdir)/%D%/corpus/$$name \
			>fuzz-found/$$name.log 2>&1 || { tail -40 fuzz-found/$$name.log; exit 1; }; \
		grep -E '^(stat::number_of_executed_units|#.*DONE)' fuzz-found/$$name.log; \
	done
else
	@echo 'fuzzing needs libFuzzer: configure with CC=clang --enable-fuzz' >&2; exit 1
endif

clean-local:
	rm -rf fuzz-found

%C%_fuzz_keys_SOURCES = %D%/fuzz_keys.c $(FUZZ_MAIN)
%C%_fuzz_keys_CPPFLAGS = $(TEST_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/%D%/corpus/keys"'
%C%_fuzz_keys_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LINK)
%C%_fuzz_keys_LDADD = $(LINK_ui)

%C%_fuzz_words_SOURCES = %D%/fuzz_words.c $(FUZZ_MAIN)
%C%_fuzz_words_CPPFLAGS = $(TEST_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/%D%/corpus/words"'
%C%_fuzz_words_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LINK)
%C%_fuzz_words_LDADD = $(LINK_ui)

%C%_fuzz_history_SOURCES = %D%/fuzz_history.c $(FUZZ_MAIN)
%C%_fuzz_history_CPPFLAGS = $(TEST_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/%D%/corpus/history"'
%C%_fuzz_history_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LINK)
%C%_fuzz_history_LDADD = $(LINK_node)
