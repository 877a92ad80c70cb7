# Measuring: `make bench` writes tests/bench/RESULTS.md. No part of make check; the programs are built for it alone.
bench_programs = %D%/puts %D%/fill %D%/start %D%/root %D%/probe %D%/relay \
	%D%/screen %D%/writes %D%/moving_node %D%/sim_peers %D%/heal_cost
bench_programs += %D%/tunnel
EXTRA_PROGRAMS += $(bench_programs)
CLEANFILES += $(bench_programs)
EXTRA_DIST += %D%/RESULTS.md %D%/notes.md %D%/run %D%/table %D%/lib.sh %D%/store %D%/state %D%/flat_root.py %D%/api %D%/console %D%/p2p %D%/p2p.py %D%/lungs %D%/heal
BENCH_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
BENCH_COMMON = %D%/bench.c %D%/bench.h

EXTRA_DIST += %D%/attach %D%/attach.py %D%/spread %D%/spread.py
%C%_tunnel_SOURCES = %D%/tunnel.c $(BENCH_COMMON)
%C%_tunnel_CPPFLAGS = $(BENCH_CPPFLAGS)
%C%_tunnel_LDADD = $(LINK_attach) -lm

%C%_puts_SOURCES = %D%/puts.c $(BENCH_COMMON)
%C%_puts_CPPFLAGS = $(BENCH_CPPFLAGS) $(SQLITE_CFLAGS)
%C%_puts_LDADD = $(LINK_state) $(SQLITE_LIBS) -lm

%C%_fill_SOURCES = %D%/fill.c $(BENCH_COMMON)
%C%_fill_CPPFLAGS = $(BENCH_CPPFLAGS)
%C%_fill_LDADD = $(LINK_node) -lm

%C%_start_SOURCES = %D%/start.c $(BENCH_COMMON)
%C%_start_CPPFLAGS = $(BENCH_CPPFLAGS)
%C%_start_LDADD = $(LINK_state) -lm

%C%_root_SOURCES = %D%/root.c $(BENCH_COMMON)
%C%_root_CPPFLAGS = $(BENCH_CPPFLAGS)
%C%_root_LDADD = $(LINK_state) -lm

%C%_heal_cost_SOURCES = %D%/heal_cost.c $(BENCH_COMMON)
%C%_heal_cost_CPPFLAGS = $(BENCH_CPPFLAGS)
%C%_heal_cost_LDADD = $(LINK_state) -lm

%C%_probe_SOURCES = %D%/probe.c $(BENCH_COMMON)
%C%_probe_CPPFLAGS = $(BENCH_CPPFLAGS)
%C%_probe_LDADD = -lm

%C%_relay_SOURCES = %D%/relay.c $(BENCH_COMMON)
%C%_relay_CPPFLAGS = $(BENCH_CPPFLAGS)
%C%_relay_LDADD = -lm

%C%_screen_SOURCES = %D%/screen.c $(BENCH_COMMON) tests/support/pty.c tests/support/pty.h
%C%_screen_CPPFLAGS = $(BENCH_CPPFLAGS) $(VTERM_CFLAGS) $(CMOCKA_CFLAGS)
%C%_screen_LDADD = $(LINK_base) $(VTERM_LIBS) $(CMOCKA_LIBS) -lm

%C%_writes_SOURCES = %D%/writes.c $(BENCH_COMMON)
%C%_writes_CPPFLAGS = $(BENCH_CPPFLAGS)
%C%_writes_LDADD = -lm

%C%_moving_node_SOURCES = %D%/moving_node.c $(BENCH_COMMON) tests/support/http_server.c tests/support/http_server.h \
	tests/support/snapshots.c tests/support/snapshots.h
%C%_moving_node_CPPFLAGS = $(BENCH_CPPFLAGS) $(CJSON_CFLAGS) $(CMOCKA_CFLAGS)
%C%_moving_node_LDADD = $(LINK_view) $(CMOCKA_LIBS) -lm

%C%_sim_peers_SOURCES = %D%/sim_peers.c tests/sim/mesh.c tests/sim/mesh.h $(SIM_COMMON) $(BENCH_COMMON)
%C%_sim_peers_CPPFLAGS = $(BENCH_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_sim_peers_LDADD = $(LINK_p2p) $(CMOCKA_LIBS) -lm

bench: lattice$(EXEEXT) lattice-peer$(EXEEXT) $(bench_programs)
	LATTICE='$(abs_top_builddir)/lattice$(EXEEXT)' BENCH_PROGRAMS='$(abs_top_builddir)/%D%' BENCH_FOLDER=. \
		$(srcdir)/%D%/run '$(abs_top_srcdir)/%D%/RESULTS.md'
