noinst_LIBRARIES += %D%/libstate.a
%C%_libstate_a_CPPFLAGS = $(AM_CPPFLAGS) $(LMDB_CFLAGS)
%C%_libstate_a_SOURCES = %D%/json.h %D%/trust.h %D%/record.h \
	%D%/tree.h %D%/tree.c %D%/tree_fold.h %D%/tree_fold.c %D%/store.h %D%/reader.h %D%/recon.h %D%/flat_root.h
