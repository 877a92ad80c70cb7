/*
 * recon_parts.h - what the files of the answerer share: a decoded request, and the functions that append the
 * body of each reply. For src/state/recon*.c and heal*.c alone; the contract is recon.h. Pure; any thread.
 */
#ifndef LAT_STATE_RECON_PARTS_H
#define LAT_STATE_RECON_PARTS_H

#include "base/cursor.h"
#include "base/varint.h"
#include "state/recon.h"

#define RECON_VERSION 1
#define RECON_RETRY_MS 1000 /* after a reply that failed here */
#define RECON_HEAD_LEN 10   /* type, version, the first bytes of the network id */
#define RECON_NET_LEN 8
#define RECON_FLAG_FLAT_ROOT 1u /* of a STATUS reply */
#define RECON_FLAG_READ_ONLY 2u
#define RECON_FLAG_INCOMPLETE 4u
#define RECON_FLAGS_ALL 7u
#define RECON_DEPTH_MAX 252  /* of a range of DESCEND */
#define RECON_LIST_SMALL 16  /* records below a range that must be listed */
#define RECON_LIST_MAX 256   /* records that one list may hold */
#define RECON_SHORT_LEN 8
#define RECON_PREFIX_SHOWN 5 /* bytes of a keyhash in a list */
/* Room that a reply keeps for what is not an item: head, counts, next keyhash, root. */
#define RECON_FRAME_MAX (RECON_HEAD_LEN + 3 * VARINT_LEN_MAX + 1 + 32 + 32 + 8)

/*
 * A range of DESCEND (a "span" here, for RANGE is another message): the keyhashes that share depth bits of
 * prefix.
 */
struct recon_span {
    unsigned depth;
    uint8_t prefix[32];    /* zeros behind `depth` bits */
    bool is_list;          /* the asker listed its records there; else it sent its children */
    uint16_t bitmap;       /* children that are not empty */
    const uint8_t *shorts; /* of those */
    const uint8_t *entries; /* of a list: each what is shown of a keyhash, then short */
    size_t entry_count;
};

/* The spans of a DESCEND request that are still to be read. */
struct recon_spans {
    struct lat_cursor bytes;
    size_t left;
    bool begun;
    uint8_t last[32]; /* greatest keyhash of the span before */
};

/* A request with its numbers checked; pointers and cursors borrow from its bytes. */
struct recon_request {
    enum recon_type type;
    union {
        struct {
            const uint8_t *challenge; /* 16 */
            const uint8_t *root;      /* the asker's */
            uint64_t count;
            bool want_flat_root;
        } status;
        struct {
            const uint8_t *root;
            size_t from, count;
        } cells;
        struct {
            const uint8_t *salt; /* 16 */
            struct recon_spans spans;
        } descend;
        struct {
            size_t push_count, want_count;
            struct lat_cursor pushes, wants;
        } records;
        struct {
            const uint8_t *keyhash, *challenge;
        } prove;
        struct {
            const uint8_t *from, *to;
            uint32_t most; /* bytes of records */
        } range;
    };
};

/* Why a request is not answered. */
struct recon_refusal {
    enum recon_error code;
    struct lat_msg text;
};

/* Decode and check all of a request, in the order of checks of WIRE section 6. LAT_MALFORMED with *why. */
LAT_MUST_CHECK enum lat_err recon_read(const struct network *network, const uint8_t *bytes, size_t len,
                                       struct recon_request *out, struct recon_refusal *why);

/* The next of the spans, of which some must be left. LAT_MALFORMED with *why. */
LAT_MUST_CHECK enum lat_err recon_next_span(struct recon_spans *spans, struct recon_span *out,
                                            struct recon_refusal *why);

/* The greatest keyhash that shares the first depth bits of prefix. */
void recon_last_below(const uint8_t prefix[32], unsigned depth, uint8_t last[32]);

/* What the reply to a request of this type holds behind its head. LAT_MALFORMED, LAT_CLOSED (ERROR message). */
LAT_MUST_CHECK enum lat_err recon_open_reply(const struct network *network, enum recon_type type, const uint8_t *reply,
                                             size_t len, struct lat_cursor *body, struct lat_msg *why);
/* Say what is malformed; returns LAT_MALFORMED. */
enum lat_err recon_is_malformed(struct lat_msg *why, const char *what);
bool recon_take_record(struct lat_cursor *body, const uint8_t **record, size_t *len);

/* --- spans: recon_descend.c, for both sides ---------------------------------------------------------- */

/* Spans that are being written: those of a request or of a reply. */
struct recon_descent {
    const struct recon_view *view;
    const uint8_t *salt;
    struct lat_buf spans;
    size_t count; /* spans in it */
};

#define RECON_CHILDREN 16

void recon_short(const struct recon_descent *d, const uint8_t hash[32], uint8_t out[RECON_SHORT_LEN]);

/* The prefix of a child: the next four bits are its number. */
void recon_child_prefix(const uint8_t prefix[32], unsigned depth, unsigned child, uint8_t out[32]);

/* Append a span with its children. LAT_LIMIT: no room. */
LAT_MUST_CHECK enum lat_err recon_add_children(struct recon_descent *d, const uint8_t prefix[32], unsigned depth);

/* Append type, version and network. LAT_LIMIT, LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err recon_add_head(const struct network *network, unsigned type, struct lat_buf *out);

/* Append root, count and, for those replies that attest, time, key and attestation. LAT_LIMIT, LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err recon_add_root(const struct recon_view *view, struct lat_buf *out);
LAT_MUST_CHECK enum lat_err recon_add_attestation(const struct recon_view *view, const uint8_t challenge[16],
                                                  struct lat_buf *out);

LAT_MUST_CHECK enum lat_err recon_add_varint(struct lat_buf *out, uint64_t value);

/* Append (length uv, record), all of it or nothing. */
LAT_MUST_CHECK enum lat_err recon_add_record(struct lat_buf *out, const struct record *record);

/* Append the body of the reply. What the view returned; LAT_LIMIT, LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err recon_answer_status(const struct recon_view *view,
                                                const struct recon_request *request, struct lat_buf *reply);
LAT_MUST_CHECK enum lat_err recon_answer_cells(const struct recon_view *view,
                                               const struct recon_request *request, struct lat_buf *reply);
LAT_MUST_CHECK enum lat_err recon_answer_descend(const struct recon_view *view,
                                                 const struct recon_request *request, struct lat_buf *reply);
LAT_MUST_CHECK enum lat_err recon_answer_records(const struct recon_view *view,
                                                 const struct recon_request *request, const uint8_t *verdicts,
                                                 struct lat_buf *reply);
LAT_MUST_CHECK enum lat_err recon_answer_prove(const struct recon_view *view,
                                               const struct recon_request *request, struct lat_buf *reply);
LAT_MUST_CHECK enum lat_err recon_answer_range(const struct recon_view *view,
                                               const struct recon_request *request, struct lat_buf *reply);

#endif
