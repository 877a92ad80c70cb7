# Tests of the built program from outside: real processes, real sockets, a pseudo-terminal. `make check SYSTEM_TESTS=`
# leaves them out.
SYSTEM_TESTS = tests/system/manual
EXTRA_DIST += $(SYSTEM_TESTS)
TESTS += $(SYSTEM_TESTS)
