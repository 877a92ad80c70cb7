# Tests of the built program from outside: real processes, real sockets, a pseudo-terminal. `make check SYSTEM_TESTS=`
# leaves them out.
SYSTEM_TESTS = tests/system/manual tests/system/lungs tests/system/v303 tests/system/backup
EXTRA_DIST += tests/system/backup tests/system/manual tests/system/lungs tests/system/v303 tests/system/v303_node.py tests/system/lib.sh
TESTS += $(SYSTEM_TESTS)
