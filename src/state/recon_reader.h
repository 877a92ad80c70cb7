/*
 * recon_reader.h - a read transaction of the store as the view that sync messages are answered from and healing compares
 * with. Thread and life of the reader.
 */
#ifndef LAT_STATE_RECON_READER_H
#define LAT_STATE_RECON_READER_H

#include "state/reader.h"
#include "state/recon.h"

/*
 * Network, root, count, greatest HLC, horizon and the functions, from the reader; incomplete and read_only
 * from the store's head. key, trust, now_ms and flat_root stay zero for the caller, who knows them.
 */
void recon_view_of_reader(struct store *store, struct reader *reader, struct recon_view *out);

#endif
