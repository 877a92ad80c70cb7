/*
 * topic.h - the messages of the gossip topic: `root`, `record` and the `proof_event` of v3.0.3, as JSON text, read and written.
 *
 *    bytes ──topic_parse──▶ struct topic_message ──topic_check──▶ ... ──topic_judge (topic_judge.h)──▶ accept, ignore or reject
 *              form                                  signatures                  authors, clocks, limits
 *
 * The first two are pure, share nothing and may be slow (a signature takes some 60 us, a message holds up to 64 of them): they
 * are for a worker. Judging keeps tables and belongs to the node thread.
 *
 * Spec: WIRE section 4; COMPAT-v3.0.3 section 6.
 */
#ifndef LAT_NODE_TOPIC_H
#define LAT_NODE_TOPIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "crypto/key.h"
#include "state/record.h"
#include "state/sketch.h"
#include "state/trust.h"
#include "wire/peerid.h"

#define TOPIC_DATA_MAX 60000      /* bytes of a message */
#define TOPIC_RECORDS_MAX 64      /* in a message */
#define TOPIC_RECORD_BYTES_MAX 44000 /* of them all, decoded */
#define TOPIC_CELLS 8             /* sketch cells in a root message */
#define TOPIC_CELLS_MAX (TOPIC_CELLS * SKETCH_CELL_LEN_MAX)
#define TOPIC_NAME_MAX 64         /* bytes of a name for people */
#define TOPIC_WHY_MAX 160
#define TOPIC_EVERY_MIN_MS 200
#define TOPIC_EVERY_MAX_MS 60000

enum topic_type {
    TOPIC_ROOT,
    TOPIC_RECORD,
    TOPIC_PROOF_EVENT,
    TOPIC_OTHER, /* no object, or an unknown type */
};
const char *topic_type_name(enum topic_type type); /* "root", "record", "proof_event", "other" */

enum topic_verdict {
    TOPIC_ACCEPT, /* forward */
    TOPIC_IGNORE, /* do not forward */
    TOPIC_REJECT, /* do not forward, and the forwarder loses score */
};
const char *topic_verdict_name(enum topic_verdict verdict); /* "accept", "ignore", "reject" */

/* The lines of WIRE's table, the first that fits counts; behind them what else stops a message. */
#define TOPIC_LINE_MAP(X)                                                                          \
    X(NONE, "none", ACCEPT)               /* accepted */                                            \
    X(FORM, "form", REJECT)               /* over a limit, no such object, no type */               \
    X(UNKNOWN, "unknown", IGNORE)         /* type, network or version */                            \
    X(MEMBER, "member", REJECT)           /* a required one is missing, or one is malformed */      \
    X(CLOCK, "clock", IGNORE)             /* `time` is over 300 s from our clock */                 \
    X(OLD, "old", IGNORE)                 /* `time` is not later than the author's last */          \
    X(UNTRUSTED, "untrusted", IGNORE)     /* the attesting key is not trusted */                    \
    X(ATTESTATION, "attestation", REJECT) /* it is wrong */                                         \
    X(NO_RECORD, "no_record", IGNORE)     /* none is of a trusted author */                         \
    X(BAD_RECORD, "bad_record", REJECT)   /* one is malformed, or its signature wrong */            \
    X(AUTHOR_RATE, "author_rate", IGNORE) /* too many roots of one author */                        \
    X(LINK_RATE, "link_rate", IGNORE)     /* too much of untrusted authors over one link */         \
    X(UNCHECKED, "unchecked", IGNORE)     /* memory ran out, or keys changed after topic_check */

enum topic_line {
#define TOPIC_LINE_ENUM(name, text, verdict) TOPIC_LINE_##name,
    TOPIC_LINE_MAP(TOPIC_LINE_ENUM)
#undef TOPIC_LINE_ENUM
};
#define TOPIC_LINE_COUNT 13

const char *topic_line_name(enum topic_line line); /* "clock", "bad_record" ... */
enum topic_verdict topic_line_verdict(enum topic_line line);

/* Root, count and greatest HLC of a state. */
struct topic_state {
    uint8_t root[32];
    uint64_t count;
    uint64_t hlc;
};

/* What `topic_check` found of one record. */
enum topic_record_finding {
    TOPIC_RECORD_UNCHECKED, /* topic_check has not run, or memory ran out */
    TOPIC_RECORD_UNTRUSTED, /* does not count: not looked at further */
    TOPIC_RECORD_GOOD,
    TOPIC_RECORD_BAD,       /* malformed, or the signature is not its author's */
};

/* One record of a message: a piece of topic_message.records, behind its length. */
struct topic_record {
    size_t at, len;
    enum topic_record_finding finding;
};

/* A message; owns `records.data`. All figures are as the author states them; which are there depends on `type`. */
struct topic_message {
    enum topic_type type;
    enum topic_line form;    /* FORM, UNKNOWN, MEMBER, or NONE when none of them fits */
    char why[TOPIC_WHY_MAX]; /* "" when NONE; escaped */
    struct peerid author;    /* the verified `from` */
    bool has_key;            /* `key` holds the key that attests: the author's own, or a borrowed one */
    bool borrowed_key;       /* the author's id holds no Ed25519 key: it states one in `key` */
    uint8_t key[KEY_PUBLIC_LEN];
    size_t len;              /* bytes of the message */

    bool has_state;          /* root: always; record: where it tells */
    struct topic_state state;
    uint64_t time_ms;        /* root: Unix ms of the attestation */
    uint64_t every_ms;       /* root: the period that the author states */
    uint8_t attestation[KEY_SIGNATURE_LEN];
    enum topic_record_finding attested; /* root: UNTRUSTED also where no key is known */
    bool has_flat;           /* root, proof_event: `flat` holds the v3.0.3 root */
    uint8_t flat[32];
    uint8_t cells[TOPIC_CELLS_MAX]; /* root: as on the wire (WIRE section 7); cells_len 0: none */
    size_t cells_len;
    char name[TOPIC_NAME_MAX + 1]; /* root: escaped; "": none */
    char intent[TOPIC_NAME_MAX + 1], status[TOPIC_NAME_MAX + 1]; /* proof_event: escaped and cut, for the log */

    struct lat_buf records;  /* record: count times (u32 little-endian length, record), as store_merge takes them */
    size_t record_count;
    struct topic_record record[TOPIC_RECORDS_MAX];
};

/*
 * Read data[0 .. len), sent by `author`. Always fills *out, with `form` and `why` set when one of the first three lines of the
 * table fits; the caller ends it with topic_message_fini. LAT_NOMEM says nothing about the message (*out is empty). Any thread.
 */
LAT_MUST_CHECK enum lat_err topic_parse(const struct network *network, const struct peerid *author, const void *data, size_t len,
                                        struct topic_message *out);
void topic_message_fini(struct topic_message *message);

/*
 * Check the signatures that count with this trust set: the attestation of a trusted key, or of any while no key but our own is
 * trusted; and form and signature of each record of a trusted author. Writes `attested` and the records' findings. Nothing where
 * form is not NONE. Any thread; trust is borrowed for the call.
 */
void topic_check(const struct network *network, const struct trust *trust, struct topic_message *message);

/* Author (32 bytes, borrowed) and HLC that the i-th record of a message states. */
const uint8_t *topic_record_author(const struct topic_message *message, size_t i);
uint64_t topic_record_hlc(const struct topic_message *message, size_t i);

/* Is the i-th record one of an author that this set trusts? By what the record says; it may be malformed, and not signed. */
bool topic_record_counts(const struct trust *trust, const struct topic_message *message, size_t i);

/* No key but our own is trusted: whoever attests is shown, and counts as a peer. */
static inline bool
topic_trusts_nobody(const struct trust *trust)
{
    return trust->count == 0;
}

/* --- writing (topic_write.c); appended to out, which is unchanged on error: LAT_LIMIT, LAT_NOMEM ------------------- */

struct topic_root {
    struct topic_state state;
    uint64_t time_ms;
    uint64_t every_ms;
    const uint8_t *flat;  /* 32 bytes, or NULL: not at hand */
    const uint8_t *cells; /* as sketch_write gives the first TOPIC_CELLS; NULL: none */
    size_t cells_len;
    const char *name;     /* NULL or "": none; cut at TOPIC_NAME_MAX */
};

/* A `root`, attested with key, of which the author's id is made. */
LAT_MUST_CHECK enum lat_err topic_write_root(const struct network *network, const struct key *key, const struct topic_root *root,
                                             struct lat_buf *out);

/*
 * A `record` with count records (1 .. TOPIC_RECORDS_MAX) in the form of store_merge: whole, ours and durable. state NULL: not
 * told. LAT_MALFORMED: the lengths do not fit.
 */
LAT_MUST_CHECK enum lat_err topic_write_record(const struct network *network, const uint8_t *records, size_t len, size_t count,
                                               const struct topic_state *state, struct lat_buf *out);

/* A `proof_event`, byte for byte as v3.0.3 writes it. flat_root NULL: null. intent, status: UTF-8. LAT_MALFORMED: they are not. */
LAT_MUST_CHECK enum lat_err topic_write_proof_event(const char *intent, const char *status, const uint8_t *flat_root,
                                                    const struct peerid *own, uint64_t wall_ms, struct lat_buf *out);

#endif
