# Real nodes in network namespaces that the test makes itself, with a packet filter between them. Skipped where namespaces are not
# allowed. `make check NET_TESTS=` leaves it out; NET_SLOW=1 takes the default times (scripts/check --slow).
NET_TESTS = %D%/lungs
TESTS += $(NET_TESTS)
EXTRA_DIST += %D%/lungs %D%/lungs.py %D%/wire.py
