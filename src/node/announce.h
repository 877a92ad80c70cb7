/*
 * announce.h - the speaking side of the topic: when our root is due to be announced, with which time, and which of the records
 * that this node wrote are gossiped.
 *
 * A root is announced at each change and when a peer subscribes, at most once a second, and every T_EXCHANGE (plus or minus 20
 * %); never while the store is incomplete or damaged. Its `time` rises with each message even if the wall clock steps back.
 *
 * Records are gossiped up to 256, or 256 KiB, a second in all; those beyond, and any that is too large for a message, are left to
 * the next root, which makes peers fetch them.
 *
 * Pure: monotonic and Unix milliseconds and randomness are arguments. The node thread.
 *
 * Spec: WIRE section 4, STATE-MACHINE section 1.
 */
#ifndef LAT_NODE_ANNOUNCE_H
#define LAT_NODE_ANNOUNCE_H

#include "base/rate.h"
#include "node/topic.h"

#define ANNOUNCE_APART_MS 1000          /* at most one root in as long */
#define ANNOUNCE_RECORDS_A_SECOND 256
#define ANNOUNCE_BYTES_A_SECOND (256 * 1024)
#define ANNOUNCE_REMEMBERED 64          /* times of our last roots */
#define ANNOUNCE_NEVER UINT64_MAX

/* Read it freely; change it through the functions below. */
struct announce {
    uint64_t every_ms;   /* T_EXCHANGE */
    uint64_t due_ms;     /* the next root is due, unless held */
    uint64_t said_ms;    /* monotonic: when the last one was sent, if any was */
    bool held;           /* the store is incomplete or damaged */
    uint64_t time_ms;    /* of the last one, or the floor */
    uint64_t times[ANNOUNCE_REMEMBERED]; /* of the last ones, a ring: the i-th sent stands at i modulo its size */
    uint64_t sent_total; /* roots */

    struct lat_buf waiting; /* records to be sent, as store_merge takes them */
    size_t waiting_count;
    struct rate records, bytes;
    uint64_t records_total, left_out_total; /* gossiped; left to the next root */
};

/*
 * floor_ms: Unix ms that an earlier process may have announced with (0: not known): times begin above it. The first root is
 * due at once.
 */
void announce_init(struct announce *a, uint64_t every_ms, uint64_t floor_ms, uint64_t now_ms);
void announce_fini(struct announce *a);

/* --- roots ------------------------------------------------------------------------------------------ */

/* Our root has changed, or a peer subscribed to the topic: one is due as soon as a second has gone by since the last. */
void announce_wish(struct announce *a, uint64_t now_ms);

/* The store is incomplete or damaged (nothing is announced, no record gossiped), or whole again (a root is due at once). */
void announce_hold(struct announce *a, bool held, uint64_t now_ms);

/* RELOAD: another T_EXCHANGE. */
void announce_set_period(struct announce *a, uint64_t every_ms, uint64_t now_ms);

bool announce_is_due(const struct announce *a, uint64_t now_ms);

/* It is being sent now: returns its `time`, and plans the next. random: any 32 bits, fresh. */
uint64_t announce_root(struct announce *a, uint64_t wall_ms, uint64_t now_ms, uint32_t random);

/* A root of our key with this `time` came by: one of ours, or one of an earlier process? False: a second node runs with our key. */
bool announce_is_ours(const struct announce *a, uint64_t time_ms);

/* --- records ----------------------------------------------------------------------------------------- */

/* This node wrote a record, and it is durable. Copied. False: it is not gossiped (too large, too many, memory). */
bool announce_record(struct announce *a, const uint8_t *record, size_t len, uint64_t now_ms);

/*
 * The next message with what waits: count records in the form of store_merge appended to out, at most TOPIC_RECORDS_MAX and
 * TOPIC_RECORD_BYTES_MAX. 0: none waits. Send at once; call until it gives 0. LAT_NOMEM, LAT_LIMIT: those records are left out.
 */
LAT_MUST_CHECK enum lat_err announce_take(struct announce *a, struct lat_buf *out, size_t *count);

/* When to look again for a root; ANNOUNCE_NEVER: not by time. Records that wait are to be taken in the same turn. */
uint64_t announce_next_deadline(const struct announce *a);

#endif
