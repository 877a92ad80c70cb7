# Peers of other implementations against ours: lattice-peer is the node's own P2P code with commands on standard input, peer.js is
# js-libp2p with the same ones; smoldot.js only dials. `make check INTEROP_TESTS=` leaves them out.
noinst_PROGRAMS += lattice-peer
lattice_peer_SOURCES = %D%/lattice_peer.c %D%/peer.h %D%/peer_say.c %D%/peer_commands.c %D%/peer_bench.c %D%/peer_dialers.c \
	%D%/peer_gossip.h %D%/peer_gossip.c %D%/peer_gossip_bench.c
lattice_peer_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir) $(UV_CFLAGS) $(CJSON_CFLAGS)
lattice_peer_LDADD = $(LINK_p2p) $(CJSON_LIBS)

INTEROP_TESTS = %D%/run
TESTS += $(INTEROP_TESTS)
EXTRA_DIST += %D%/run %D%/packages %D%/peers.py %D%/cases.py %D%/gossip_cases.py %D%/nodes.py %D%/node_cases.py %D%/mdns_cases.py %D%/peer.js %D%/smoldot.js %D%/package.json %D%/package-lock.json

distclean-local:
	rm -rf %D%/npm
