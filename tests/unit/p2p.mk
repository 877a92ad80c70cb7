# Tests of p2p: link $(LINK_p2p) only.
