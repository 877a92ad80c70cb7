# Tests of the built program from outside: real processes, real sockets, a pseudo-terminal. `make check SYSTEM_TESTS=`
# leaves them out.
SYSTEM_TESTS = tests/system/manual tests/system/lungs tests/system/v303 tests/system/backup
SYSTEM_TESTS += tests/system/api tests/system/config tests/system/hostile_sources tests/system/exits tests/system/demo
SYSTEM_TESTS += tests/system/output tests/system/hardening tests/system/conduct tests/system/damage
SYSTEM_TESTS += tests/system/proofs tests/system/console
SYSTEM_TESTS += tests/system/netchange
SYSTEM_TESTS += tests/system/publish
EXTRA_DIST += tests/system/lib.sh tests/system/outside.py tests/system/v303_node.py
EXTRA_DIST += tests/system/manual tests/system/lungs tests/system/v303 tests/system/backup
EXTRA_DIST += tests/system/api tests/system/api_shapes.py tests/system/api_attacks.py
EXTRA_DIST += tests/system/config tests/system/exits tests/system/demo tests/system/demo_ends.py tests/system/demo_run.py tests/system/demo_story.py
EXTRA_DIST += tests/system/proofs tests/system/console
EXTRA_DIST += tests/system/hostile_sources tests/system/hostile_checks.py tests/system/hostile.py
EXTRA_DIST += tests/system/output tests/system/hardening tests/system/conduct tests/system/conduct.py tests/system/damage
EXTRA_DIST += tests/system/netchange tests/system/netchange.py
EXTRA_DIST += tests/system/publish
TESTS += $(SYSTEM_TESTS)
