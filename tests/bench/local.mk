# Measuring: `make bench` writes tests/bench/RESULTS.md. No part of make check; the programs are built for it alone.
bench_programs = %D%/puts
bench_scripts = %D%/run %D%/table %D%/lib.sh %D%/store
EXTRA_PROGRAMS += $(bench_programs)
EXTRA_DIST += $(bench_scripts)
CLEANFILES += $(bench_programs)
BENCH_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
BENCH_COMMON = %D%/bench.c %D%/bench.h

%C%_puts_SOURCES = %D%/puts.c $(BENCH_COMMON)
%C%_puts_CPPFLAGS = $(BENCH_CPPFLAGS) $(SQLITE_CFLAGS)
%C%_puts_LDADD = $(LINK_state) $(SQLITE_LIBS) -lm

bench: lattice$(EXEEXT) $(bench_programs)
	LATTICE='$(abs_top_builddir)/lattice$(EXEEXT)' BENCH_PROGRAMS='$(abs_top_builddir)/%D%' BENCH_FOLDER=. \
		$(srcdir)/%D%/run '$(abs_top_srcdir)/%D%/RESULTS.md'
