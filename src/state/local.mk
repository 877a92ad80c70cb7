noinst_LIBRARIES += %D%/libstate.a
%C%_libstate_a_CPPFLAGS = $(AM_CPPFLAGS) $(LMDB_CFLAGS)
# A line for each module, so that changes meet rarely.
%C%_libstate_a_SOURCES = \
	%D%/json.h %D%/json.c %D%/json_scan.h %D%/json_scan.c %D%/json_double.h %D%/json_double.c \
	%D%/flat_root.h %D%/flat_root.c \
	%D%/entries.h %D%/entries.c \
	%D%/trust.h \
	%D%/record.h \
	%D%/tree.h %D%/tree.c %D%/tree_fold.h %D%/tree_fold.c \
	%D%/store.h \
	%D%/reader.h \
	%D%/recon.h
