/*
 * recon.h - the sync messages of WIRE section 6 and the answerer that serves them: pure functions over a view of the
 * state, the same for both lungs, the simulator and the fuzzer. One request, one reply; the answerer keeps nothing between messages.
 *
 * The state is reached through struct recon_view, filled by the carrier from a reader (state/reader.h) or by a test from
 * memory. Nothing is allocated by a number that has not been checked against the bytes present. Any thread.
 */
#ifndef LAT_STATE_RECON_H
#define LAT_STATE_RECON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "state/record.h"
#include "state/trust.h"

#define RECON_MESSAGE_MAX 1048576
#define RECON_CLOCK_MAX_MS 300000 /* attestations further from our clock are refused */

enum recon_type { RECON_STATUS = 1, RECON_CELLS, RECON_DESCEND, RECON_RECORDS, RECON_PROVE, RECON_RANGE, RECON_ERROR = 255 };
#define RECON_REPLY 128

enum recon_error { RECON_E_MALFORMED = 1, RECON_E_NETWORK, RECON_E_TYPE, RECON_E_VERSION, RECON_E_LIMIT, RECON_E_BUSY,
                   RECON_E_NOT_ALLOWED, RECON_E_NOT_READY, RECON_E_FAILED };

/* What the answerer sees of the state. Functions as in reader.h; the reader itself is `arg` in the node. */
struct recon_view {
    const struct network *network;
    uint8_t root[32];
    uint64_t count;
    uint64_t hlc;
    bool incomplete, read_only;
    const uint8_t *flat_root; /* NULL: not at hand */
    const struct key *key;    /* attests; its public half stands in the replies */
    const struct trust *trust;
    uint64_t now_ms;          /* Unix */
    uint64_t horizon;         /* 0: none */
    enum lat_err (*get)(void *arg, const uint8_t keyhash[32], struct record *out);
    enum lat_err (*each)(void *arg, const uint8_t from[32], enum lat_err (*fn)(void *, const struct record *), void *fn_arg);
    enum lat_err (*each_leaf)(void *arg, const uint8_t from[32],
                              enum lat_err (*fn)(void *, const uint8_t *keyhash, const uint8_t *leaf, uint64_t hlc), void *fn_arg);
    enum lat_err (*subtree)(void *arg, const uint8_t prefix[32], unsigned bits, uint64_t *count, uint8_t hash[32]);
    /* The sketch's cells of the present root; NULL: computed from each_leaf. */
    enum lat_err (*cells)(void *arg, size_t from, size_t count, void *out);
    void *arg;
};

/* Records pushed by a RECORDS request, to be decided and committed before the answer. */
struct recon_pushes {
    size_t count; /* 0: none; any other message has none */
    struct lat_buf records; /* count times (u32 little-endian length, record): the form of store_merge */
};

/*
 * Look at a request: LAT_OK when it is well-formed, with its pushes; else LAT_MALFORMED and the ERROR message to send in *reply.
 * The caller inits and finishes both buffers.
 */
LAT_MUST_CHECK enum lat_err recon_inspect(const struct network *network, const uint8_t *request, size_t len,
                                          struct recon_pushes *pushes, struct lat_buf *reply);

/*
 * Answer a request from the view (taken after the pushes were committed). verdicts: one byte a push. Always leaves one whole message in
 * *reply unless LAT_NOMEM.
 */
LAT_MUST_CHECK enum lat_err recon_handle(const struct recon_view *view, const uint8_t *request, size_t len,
                                         const uint8_t *verdicts, size_t verdict_count, struct lat_buf *reply);

/* An ERROR message alone: busy, not allowed, not ready. text: at most 200 bytes of UTF-8. */
LAT_MUST_CHECK enum lat_err recon_error_message(const struct network *network, enum recon_error code, uint32_t retry_ms,
                                                const char *text, struct lat_buf *reply);

/* --- the asker's side ---------------------------------------------------------------------------------- */

struct recon_status {
    uint8_t root[32];
    uint64_t count, hlc, time_ms;
    uint8_t key[32];
    uint8_t attestation[64];
    uint8_t trust_digest[8];
    uint64_t horizon;
    bool has_flat_root, read_only, incomplete;
    uint8_t flat_root[32];
};

LAT_MUST_CHECK enum lat_err recon_ask_status(const struct network *network, const uint8_t challenge[16], const uint8_t root[32],
                                             uint64_t count, bool want_flat_root, struct lat_buf *out);
/* LAT_MALFORMED; LAT_AUTH when the attestation does not fit root, count, time and challenge (zeros are fine while incomplete). The caller
 * judges time and trust. An ERROR message: LAT_CLOSED with its text, escaped, in *why. */
LAT_MUST_CHECK enum lat_err recon_read_status(const struct network *network, const uint8_t challenge[16], const uint8_t *reply,
                                              size_t len, struct recon_status *out, struct lat_msg *why);

LAT_MUST_CHECK enum lat_err recon_ask_range(const struct network *network, const uint8_t from[32], const uint8_t to[32],
                                            uint32_t most_bytes, struct lat_buf *out);

struct recon_range {
    size_t count;            /* records */
    const uint8_t *records;  /* count times (uv length, record): walk with recon_next_record; borrows from the reply */
    size_t records_len;
    bool more;
    uint8_t next[32];        /* where to go on, if more */
    uint8_t root[32];
    uint64_t total;          /* the answerer's count */
};
/* Checks order and bounds against what was asked. LAT_MALFORMED, LAT_CLOSED (ERROR message). */
LAT_MUST_CHECK enum lat_err recon_read_range(const struct network *network, const uint8_t from[32], const uint8_t to[32],
                                             const uint8_t *reply, size_t len, struct recon_range *out, struct lat_msg *why);
/* The next (length, record) at *at of end; advances. false at the end. */
bool recon_next_record(const uint8_t **at, const uint8_t *end, const uint8_t **record, size_t *len);

#endif
