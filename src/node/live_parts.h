/*
 * live_parts.h - the inside of the tracker of live peers, shared by the files live*.c alone: live.c has peers and time,
 * live_messages.c what was heard and what of it counts, live_gone.c what peers told that are
 * gone, live_show.c the words.
 */
#ifndef LAT_NODE_LIVE_PARTS_H
#define LAT_NODE_LIVE_PARTS_H

#include "node/live.h"

#define LIVE_WORDS (LIVE_PEERS_MAX / 64)
#define LIVE_EARLY_MAX 256 /* copies that came before their message was judged */

/* A connected peer; its place in the array is its number in the sets below. */
struct live_peer {
    bool used;
    struct peerid id;
    uint64_t hash;         /* of the id */
    bool has_key;          /* `key` is known: inside its id, or the borrowed one that it showed last */
    bool inlined;          /* ... inside its id */
    uint8_t key[32];
    uint64_t up_ms;

    bool has_exchange;     /* one that counts, by `by`, at exchange_ms */
    uint64_t exchange_ms;
    bool by_has_key;
    uint8_t by[32];        /* whose root it was */
    bool has_applied;      /* a record that came from it was applied at applied_ms */
    uint64_t applied_ms;
    uint64_t every_ms;     /* as it states */
    bool invalid;          /* the last thing it attested did not hold */
    bool unanswered;
    bool ask_now;          /* STATUS is due whatever the time */
    uint64_t asked_ms;

    bool live, told;       /* as of the last tick; as live_next_change told */
    enum lung_reason why;  /* of the last change */

    bool has_state;        /* it showed `state`, or, with flat_only, a v3.0.3 root in state.root */
    bool flat_only;
    struct topic_state state;
    uint64_t heard_ms;
    enum live_agreement agreement;
    uint64_t agreement_ms;
    uint32_t checks;
    bool has_clock;
    bool clock_refused;    /* its last root was not taken because of its clock */
    int64_t clock_ms;
    char name[TOPIC_NAME_MAX + 1];
};

/* What a peer told before it went. */
struct live_gone {
    bool used;
    struct peerid id;
    bool has_key;
    uint8_t key[32];
    bool has_state, flat_only;
    struct topic_state state;
    uint64_t heard_ms, exchange_ms; /* exchange 0: none that counted */
    bool has_clock;
    int64_t clock_ms;
    char name[TOPIC_NAME_MAX + 1];
};

/* A root message that counts, or would; the sets tell on which connections. */
struct live_heard {
    uint64_t first_ms;
    uint64_t author;       /* hash of its id */
    bool borrowed;         /* attested by a key that is not inside the author's id */
    bool has_key;
    bool is_flat;
    uint8_t key[32];
    uint8_t root[32];
    uint64_t arrived[LIVE_WORDS], counted[LIVE_WORDS];
};

/* A root of ours. */
struct live_own_root {
    uint8_t root[32];
    uint64_t left_ms; /* when another took its place; UINT64_MAX: it stands */
};

struct live {
    struct lung_constants k;
    struct trust trust;
    uint8_t siphash_key[16];
    uint64_t now_ms;            /* of the last tick */
    struct live_peer peers[LIVE_PEERS_MAX];
    struct live_gone gone[LIVE_GONE_MAX];
    size_t peer_end;            /* places from here on were never used */
    enum lung_reason lost_why;  /* of the last live peer that was lost */
    uint64_t last_exchange_ms;  /* of any peer; 0: none */

    /* Rings: the i-th ever entered stands at i modulo the size. */
    uint64_t heard_total;
    uint64_t heard_id[LIVE_MESSAGES_MAX];   /* hashes, apart, so that a look at all is quick */
    uint64_t heard_root[LIVE_MESSAGES_MAX]; /* the first bytes of the roots */
    struct live_heard heard[LIVE_MESSAGES_MAX];
    uint64_t early_total;
    struct {
        uint64_t id;
        size_t peer;
    } early[LIVE_EARLY_MAX];

    bool has_own, has_own_flat;
    struct topic_state own;
    uint8_t own_flat[32];
    uint64_t own_total;
    struct live_own_root own_roots[LIVE_OWN_ROOTS_MAX];
};

uint64_t live_hash(const struct live *live, const void *data, size_t len);

/* NULL: not connected. */
struct live_peer *live_find(struct live *live, const struct peerid *id);

/* Does this key count? */
bool live_key_counts(const struct live *live, bool has_key, const uint8_t *key);

/* T_XDEAD of a peer; of messages. */
uint64_t live_xdead(const struct live *live, const struct live_peer *peer);

/* An exchange by this key that counts, at `at_ms`. */
void live_exchange(struct live *live, struct live_peer *peer, bool has_key, const uint8_t *key, uint64_t at_ms);

/* A root that we hold, or held within the last T_EXCHANGE? */
bool live_is_ours(const struct live *live, const uint8_t root[32], bool flat, uint64_t now_ms);

/* Has a record that came from it been applied within T_XDEAD? */
bool live_brought(const struct live *live, const struct live_peer *peer, uint64_t now_ms);

/* The peer's place was given to another connection: nothing counts for it any more. */
void live_forget_arrivals(struct live *live, size_t peer);

/* It goes: keep what it told, for live_last. */
void live_remember(struct live *live, const struct live_peer *peer);

/* It is back: it has the name of before until it states one. */
void live_recall_name(struct live *live, struct live_peer *peer);

/* The newest exchange that still counts, of the messages that came from it. */
void live_recount(struct live *live, struct live_peer *peer);

/* What it showed stands against ours anew. is_check: it has just shown it. */
void live_compare(struct live *live, struct live_peer *peer, bool is_check, uint64_t now_ms);

#endif
