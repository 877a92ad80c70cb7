noinst_LIBRARIES += %D%/libstate.a
%C%_libstate_a_CPPFLAGS = $(AM_CPPFLAGS) $(LMDB_CFLAGS)
# A line for each module, so that changes meet rarely.
%C%_libstate_a_SOURCES = \
	%D%/json.h %D%/json.c %D%/json_form.c %D%/json_scan.h %D%/json_scan.c %D%/json_double.h %D%/json_double.c \
	%D%/flat_root.h %D%/flat_root.c \
	%D%/entries.h %D%/entries.c \
	%D%/legacy.h %D%/legacy.c %D%/json_pick.h %D%/json_pick.c \
	%D%/trust.h %D%/trust.c \
	%D%/record.h %D%/record.c %D%/attest.c \
	%D%/tree.h %D%/tree.c %D%/tree_fold.h %D%/tree_fold.c \
	%D%/store.h %D%/store_parts.h %D%/store.c %D%/store_writer.c %D%/store_batch.c %D%/store_local.c \
	%D%/store_merge.c %D%/store_import.c %D%/store_repair.c %D%/store_sketch.c %D%/store_conflicts.c %D%/store_db.h %D%/store_db.c %D%/store_gate.c \
	%D%/reader.h %D%/reader.c %D%/reader_flat.c \
	%D%/sketch.h %D%/sketch.c %D%/sketch_peel.c \
	%D%/recon.h %D%/recon.c %D%/recon_parts.h %D%/recon_read.c %D%/recon_status.c %D%/recon_cells.c \
	%D%/recon_descend.c %D%/recon_records.c %D%/recon_prove.c %D%/recon_range.c %D%/recon_ask.c %D%/recon_find.c
%C%_libstate_a_SOURCES += %D%/recon_reader.h %D%/recon_reader.c
%C%_libstate_a_SOURCES += %D%/heal.h %D%/heal_parts.h %D%/heal.c %D%/heal_cells.c %D%/heal_descend.c %D%/heal_walk.c \
	%D%/heal_records.c %D%/heal_verdict.c %D%/heal_name.c %D%/heal_text.c %D%/heal_peer.h %D%/heal_peer.c \
	%D%/heal_memory.h %D%/heal_memory.c %D%/healings.h %D%/healings.c \
	%D%/settled.h %D%/settled.c %D%/proof.h %D%/proof.c
