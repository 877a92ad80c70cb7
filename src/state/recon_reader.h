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

/* Who answers, which the store does not know. All borrowed for the call. */
struct recon_local {
    const struct key *key;
    const struct trust *trust;
    uint64_t now_ms; /* Unix */
    /* The flat v3.0.3 root of the state with this root, if it is at hand. */
    bool (*flat_root)(void *arg, const uint8_t root[32], uint8_t out[32]);
    void *arg;
};

/*
 * Answer a request (recon_handle) from a read transaction of its own, begun now: what it pushed has been committed. Where our state
 * cannot be read the answer is the ERROR "not ready". LAT_NOMEM: no answer. Any thread.
 */
LAT_MUST_CHECK enum lat_err recon_answer(struct store *store, const struct recon_local *local, const uint8_t *request, size_t len,
                                         const uint8_t *verdicts, size_t verdict_count, struct lat_buf *reply);

#endif
