/*
 * topic_judge.h - what becomes of a message of the topic: the lines of WIRE's table that need memory (who said what last, how
 * much came over which link), and what an accepted message tells.
 *
 * Tables are bounded: TOPIC_AUTHORS_MAX authors, of which those that are neither trusted nor connected are forgotten first, then
 * those least recently heard; TOPIC_LINKS_MAX links. Pure; the node thread.
 *
 * Spec: WIRE section 4.
 */
#ifndef LAT_NODE_TOPIC_JUDGE_H
#define LAT_NODE_TOPIC_JUDGE_H

#include "node/topic.h"

#define TOPIC_AUTHORS_MAX 4096
#define TOPIC_LINKS_MAX 512
#define TOPIC_CLOCK_MAX_MS 300000 /* further from our clock a `root` is not taken */
#define TOPIC_ROOTS_A_SECOND 5    /* of one author */
#define TOPIC_ROOTS_BURST 10
#define TOPIC_UNTRUSTED_A_SECOND 20          /* messages of untrusted authors, from one link */
#define TOPIC_UNTRUSTED_BYTES_A_SECOND 65536

struct topic_judge;

/* siphash_key: 16 random bytes, so that no one can choose ids that collide in the tables. NULL: out of memory. */
struct topic_judge *topic_judge_new(const uint8_t siphash_key[16]);
void topic_judge_free(struct topic_judge *judge); /* NULL is fine */

/* Of the moment: who we are, whom we trust, what the clocks say. */
struct topic_setting {
    const struct trust *trust; /* borrowed for the call; its `own` is our key */
    uint64_t own_hlc;          /* store_head.hlc: greatest HLC held, as of the last commit */
    uint64_t wall_ms;          /* Unix ms */
    uint64_t now_ms;           /* monotonic */
};

/* The judgement. What is told beyond the verdict stands in the message. */
struct topic_judgement {
    enum topic_line line;       /* TOPIC_LINE_NONE: accepted */
    enum topic_verdict verdict; /* which follows from it */
    char why[TOPIC_WHY_MAX];    /* "" when accepted; escaped */
    bool trusted;    /* the attesting key counts: it is trusted, or no key but ours is */
    bool by_trusted; /* the author's own key is trusted (or ours) */
    bool is_own;     /* the author has our key: unless we sent it (announce_is_ours), a second node runs with our key */
    bool is_claim;   /* a root and its author that may be shown: accepted, or CLOCK or UNTRUSTED of a connected peer */
    int64_t clock_ms;       /* root: its `time` minus our clock: above 0, its clock is ahead of ours */
    uint64_t own_ahead_hlc; /* a record of ours above own_hlc: our disk was rolled back, or a second node writes; 0: none */
};

/*
 * Judge a message that topic_check has seen. link: the peer it came from. On ACCEPT the author's last `time` is noted;
 * `message->records` then holds the good records alone that are to be applied (record_count of them, in order; `records` as
 * store_merge takes them).
 */
void topic_judge(struct topic_judge *judge, const struct topic_setting *setting, struct topic_message *message,
                 const struct peerid *link, struct topic_judgement *out);

/* A peer is connected, or no longer: keeps its place in the tables, and lets its claims be shown. */
void topic_judge_connected(struct topic_judge *judge, const struct peerid *peer, bool connected, uint64_t now_ms);

/* RELOAD: whose place in the table counts as trusted is taken anew. */
void topic_judge_set_trust(struct topic_judge *judge, const struct trust *trust);

struct topic_counts {
    uint64_t accepted[TOPIC_OTHER + 1]; /* by type */
    uint64_t lines[TOPIC_LINE_COUNT];   /* by the line that fitted */
    size_t authors, links;              /* in the tables now */
    uint64_t forgotten;                 /* authors that had to make room */
};
void topic_judge_counts(const struct topic_judge *judge, struct topic_counts *out);

#endif
