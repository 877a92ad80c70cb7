/*
 * recon.h - the sync messages of WIRE section 6 and the answerer that serves them: pure functions over a view
 * of the state, the same for both lungs, the simulator and the fuzzer. One request, one reply; the answerer
 * keeps nothing between messages.
 *
 * The state is reached through struct recon_view, filled by the carrier from a reader (state/reader.h) or by
 * a test from memory. Nothing is allocated by a number that has not been checked against the bytes present.
 * Any thread.
 */
#ifndef LAT_STATE_RECON_H
#define LAT_STATE_RECON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cursor.h"
#include "base/err.h"
#include "state/record.h"
#include "state/trust.h"

struct sketch_cell; /* state/sketch.h */

#define RECON_MESSAGE_MAX 1048576
#define RECON_ITEMS_MAX 4096      /* ranges, pushed records, wants in a message */
#define RECON_CELLS_MAX 2048      /* cells in a message */
#define RECON_ERROR_TEXT_MAX 200  /* bytes of UTF-8 in an ERROR */
#define RECON_CLOCK_MAX_MS 300000 /* attestations further from our clock are refused */

enum recon_type {
    RECON_STATUS = 1,
    RECON_CELLS,
    RECON_DESCEND,
    RECON_RECORDS,
    RECON_PROVE,
    RECON_RANGE,
    RECON_ERROR = 255
};
#define RECON_REPLY 128

enum recon_error {
    RECON_E_MALFORMED = 1,
    RECON_E_NETWORK,
    RECON_E_TYPE,
    RECON_E_VERSION,
    RECON_E_LIMIT,
    RECON_E_BUSY,
    RECON_E_NOT_ALLOWED,
    RECON_E_NOT_READY,
    RECON_E_FAILED
};

/*
 * Called for each record, or leaf, in ascending order; anything but LAT_OK ends the walk and is what the walk
 * returns.
 */
typedef enum lat_err (*recon_record_fn)(void *arg, const struct record *record);
typedef enum lat_err (*recon_leaf_fn)(void *arg, const uint8_t keyhash[32], const uint8_t leaf[32],
                                      uint64_t hlc);
typedef enum lat_err (*recon_lost_fn)(void *arg, const uint8_t keyhash[32]);

/*
 * What the answerer sees of the state: one consistent moment of it. Functions as in reader.h, where the
 * node's view comes from; what they return other than LAT_OK and LAT_NOTFOUND becomes an ERROR message.
 */
struct recon_view {
    const struct network *network;
    uint8_t root[32];
    uint64_t count;
    uint64_t hlc;
    bool incomplete, read_only;
    const uint8_t *flat_root; /* NULL: not at hand */
    const struct key *key;    /* attests; its public half stands in the replies */
    const struct trust *trust;
    uint64_t now_ms;  /* Unix; also of healing, which waits for records from the future */
    uint64_t horizon; /* 0: none */
    /* The record of a keyhash. LAT_NOTFOUND, LAT_DAMAGED. */
    enum lat_err (*get)(void *arg, const uint8_t keyhash[32], struct record *out);
    /* Records, and leaves, from `from` on (included). Damaged records are skipped. */
    enum lat_err (*each)(void *arg, const uint8_t from[32], recon_record_fn fn, void *fn_arg);
    enum lat_err (*each_leaf)(void *arg, const uint8_t from[32], recon_leaf_fn fn, void *fn_arg);
    /*
     * The first `count` cells of the sketch of that root (zeros: of the present one) where they are kept, else of the
     * present root: which one is told in of, and its records. NULL or LAT_BUSY: none at hand yet.
     */
    enum lat_err (*cells)(void *arg, const uint8_t root[32], size_t count, struct sketch_cell *out, uint8_t of[32],
                          uint64_t *records);
    /* This root is told to somebody: who asks for its cells soon is to get them. May be NULL. */
    void (*announced)(void *arg, const uint8_t root[32]);
    /* Keyhashes of records that are damaged here, which healing asks the other side for. NULL: none are known of. */
    enum lat_err (*each_lost)(void *arg, recon_lost_fn fn, void *fn_arg);
    /* How many records share the first `bits` (0 .. 255) bits of prefix, and the hash of that subtree. */
    enum lat_err (*subtree)(void *arg, const uint8_t prefix[32], unsigned bits, uint64_t *count,
                            uint8_t hash[32]);
    void *arg;
};

/* Records pushed by a RECORDS request, to be decided and committed before the answer. */
struct recon_pushes {
    size_t count;           /* 0: none; any other message has none */
    struct lat_buf records; /* count times (u32 little-endian length, record): the form of store_merge */
};
/* Bytes that `records` must be allowed. */
#define RECON_PUSHES_MAX (RECON_MESSAGE_MAX + 4 * RECON_ITEMS_MAX)

/*
 * Look at a request: LAT_OK when it is well-formed, with its pushes (whatever they hold: each gets its own
 * verdict); else LAT_MALFORMED and the ERROR message to send in *reply. LAT_NOMEM. The caller inits and
 * finishes both buffers, pushes->records with RECON_PUSHES_MAX, reply with RECON_MESSAGE_MAX; what they held
 * is dropped.
 */
LAT_MUST_CHECK enum lat_err recon_inspect(const struct network *network, const uint8_t *request, size_t len,
                                          struct recon_pushes *pushes, struct lat_buf *reply);

/* Is it a well-formed STATUS request? Then the asker's own root and count, which it states unproved. */
bool recon_asked_status(const struct network *network, const uint8_t *request, size_t len, uint8_t root[32], uint64_t *count);

/*
 * Answer a request from the view (taken after the pushes were committed). verdicts: one byte a push. Always
 * leaves one whole message in *reply, which what it held before gives way to, and returns LAT_OK; only out of
 * memory it leaves none: LAT_NOMEM.
 */
LAT_MUST_CHECK enum lat_err recon_handle(const struct recon_view *view, const uint8_t *request, size_t len,
                                         const uint8_t *verdicts, size_t verdict_count,
                                         struct lat_buf *reply);

/*
 * An ERROR message alone: busy, not allowed, not ready. text: UTF-8, cut to RECON_ERROR_TEXT_MAX. LAT_NOMEM.
 */
LAT_MUST_CHECK enum lat_err recon_error_message(const struct network *network, enum recon_error code,
                                                uint32_t retry_ms, const char *text, struct lat_buf *reply);

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
    uint8_t challenge[16]; /* that it answers: the trust digest is salted with it */
};

LAT_MUST_CHECK enum lat_err recon_ask_status(const struct network *network, const uint8_t challenge[16],
                                             const uint8_t root[32], uint64_t count, bool want_flat_root,
                                             struct lat_buf *out);
/*
 * LAT_MALFORMED; LAT_AUTH when the attestation does not fit root, count, time and challenge (zeros are fine
 * while incomplete). The caller judges time and trust. An ERROR message: LAT_CLOSED with its text, escaped,
 * in *why.
 */
LAT_MUST_CHECK enum lat_err recon_read_status(const struct network *network, const uint8_t challenge[16],
                                              const uint8_t *reply, size_t len, struct recon_status *out,
                                              struct lat_msg *why);

LAT_MUST_CHECK enum lat_err recon_ask_range(const struct network *network, const uint8_t from[32],
                                            const uint8_t to[32], uint32_t most_bytes, struct lat_buf *out);

struct recon_range {
    size_t count; /* records */
    const uint8_t *records; /* count times (uv length, record): recon_next_record walks; borrows from the reply */
    size_t records_len;
    bool more;
    uint8_t next[32]; /* where to go on, if more */
    uint8_t root[32];
    uint64_t total; /* the answerer's count */
};
/* Checks order and bounds against what was asked. LAT_MALFORMED, LAT_CLOSED (ERROR message). */
LAT_MUST_CHECK enum lat_err recon_read_range(const struct network *network, const uint8_t from[32],
                                             const uint8_t to[32], const uint8_t *reply, size_t len,
                                             struct recon_range *out, struct lat_msg *why);
LAT_MUST_CHECK enum lat_err recon_ask_cells(const struct network *network, const uint8_t root[32], size_t from,
                                            size_t count, struct lat_buf *out);

struct recon_cells {
    uint8_t root[32];
    uint64_t records; /* of that root */
    size_t from, count;
    struct lat_cursor cells; /* for sketch_read; borrows from the reply */
};
/*
 * The reply holds what was asked, or, of another root, cells from 0, at most as many as were asked. LAT_MALFORMED,
 * LAT_CLOSED (ERROR message).
 */
LAT_MUST_CHECK enum lat_err recon_read_cells(const struct network *network, const uint8_t root[32], size_t from,
                                             size_t count, const uint8_t *reply, size_t len,
                                             struct recon_cells *out, struct lat_msg *why);

/* Begin a RECORDS request, or a DESCEND; what follows is appended by the caller. */
LAT_MUST_CHECK enum lat_err recon_open_records(const struct network *network, struct lat_buf *out);

/* The parts of a RECORDS reply; all of it is checked but the records' rules. */
struct recon_given {
    const uint8_t *verdicts; /* one a push; borrows */
    size_t served;           /* wants, from the first */
    size_t count;            /* records */
    const uint8_t *records;  /* recon_next_record walks; borrows */
    size_t records_len;
    uint8_t root[32];
    uint64_t total;
};
LAT_MUST_CHECK enum lat_err recon_read_records(const struct network *network, size_t pushed, size_t wanted,
                                               const uint8_t *reply, size_t len, struct recon_given *out,
                                               struct lat_msg *why);

/*
 * A RECORDS request that only pushes: records holds count times (u32 little-endian length, record), the form of store_merge; count at
 * most RECON_ITEMS_MAX, the message at most RECON_MESSAGE_MAX: LAT_LIMIT.
 */
LAT_MUST_CHECK enum lat_err recon_ask_push(const struct network *network, const uint8_t *records, size_t len,
                                           size_t count, struct lat_buf *out);
/* Its answer: one verdict (enum store_verdict) a record, copied to verdicts[0 .. count). LAT_MALFORMED, LAT_CLOSED. */
LAT_MUST_CHECK enum lat_err recon_read_push(const struct network *network, const uint8_t *reply, size_t len, size_t count,
                                            uint8_t *verdicts, struct lat_msg *why);

/* The next (length, record) at *at of end; advances. false at the end. */
bool recon_next_record(const uint8_t **at, const uint8_t *end, const uint8_t **record, size_t *len);

#endif
