/*
 * heal_peer.h - one other node of ours, as healing sees it: does it agree with us, since when not, is a session to
 * begin now, later or not at all, and how did the last one end. The same for both lungs: the carrier asks STATUS,
 * runs the session (heal.h), and says what came of it.
 *
 *   STATUS ──▶ heal_peer_compare ──▶ heal_peer_is_due? ──▶ heal_start ... HEAL_OVER ──▶ heal_peer_healed ─┐
 *                     ▲                     ▲  at once after progress, else after a pause                 │
 *                     └─── next STATUS      └─────────────────────────────────────────────────────────────┘
 *
 * No I/O; instants are monotonic milliseconds. One thread at a time.
 *
 * Spec: STATE section 1 ("Limits").
 */
#ifndef LAT_STATE_HEAL_PEER_H
#define LAT_STATE_HEAL_PEER_H

#include "state/heal.h"

#define HEAL_FRUITLESS_MAX 3      /* sessions in a row without progress before healing pauses */
#define HEAL_PAUSE_MAX_MS 300000  /* the longest pause */
#define HEAL_SESSIONS_MAX 2       /* at once, as the one who asks, over both lungs */
#define HEAL_TROUBLE_MAX 160
#define HEAL_MEND_MS 60000        /* damaged records of ours that it did not bring are asked for again after so long */

/* What a look or a session changed; bits. */
enum heal_change {
    HEAL_CHANGE_DIVERGED = 1, /* agreed, or was not known, and differs */
    HEAL_CHANGE_AGREES = 2,   /* differed, and agrees again */
};

/* Our own side, as it stands. */
struct heal_own {
    const uint8_t *root;   /* 32 */
    uint32_t trust_number; /* of the set of trusted keys: another number after each change */
    size_t trusted_count;  /* keys in it besides our own */
    uint64_t lost;         /* records of ours that are damaged, which it may bring back though the roots agree */
    const struct recon_view *view; /* to tell what is settled; NULL: not at hand, see heal_peer_needs_view */
};

struct heal_peer {
    bool compared; /* what follows is set */
    bool equal;    /* or equal but for settled keys */
    size_t but;    /* so many settled keys; 0: really equal */
    uint8_t but_own[32], but_theirs[32]; /* ... at these roots */
    uint64_t differs_since_ms;
    uint32_t differs_checks; /* in a row */

    bool trust_differs; /* by the digests of its last STATUS: it trusts other keys than we do */
    struct heal heal; /* the session that runs, or the last one */
    bool healing;     /* set by the carrier with heal_start */
    bool healed_once;
    uint64_t heal_end_ms, heal_took_ms;
    bool wants;                   /* differs, or we have damaged records, and is to be healed from */
    uint64_t mend_ms;             /* not to be asked for damaged records before */
    bool goes_on;                 /* the last session ended on a budget: at once */
    uint32_t fruitless;           /* sessions in a row without progress */
    uint64_t pause_until_ms;      /* 0: not paused */
    char trouble[HEAL_TROUBLE_MAX]; /* why it differs still: refused records, a lie; "": nothing known */
    bool held;                    /* ... and nothing can be taken from it: trust or clock */

    bool taken; /* all that this root has is here, as far as we accept it */
    uint8_t taken_root[32];
    uint32_t taken_trust;    /* by the trust set of this number */
    uint64_t taken_until_ms; /* look again then all the same */
};

void heal_peer_init(struct heal_peer *p);
void heal_peer_fini(struct heal_peer *p);

/* A STATUS came; to be called before its root is compared. What was settled under other trusted keys is forgotten. */
void heal_peer_note_status(struct heal_peer *p, const struct recon_status *theirs, const struct trust *trust);

/* Are there settled keys, so that agreement is more than equal roots? */
bool heal_peer_needs_view(const struct heal_peer *p);

/* Do these two roots agree, as far as the last comparison told? *but: but for so many keys. */
bool heal_peer_agrees(const struct heal_peer *p, const uint8_t own[32], const uint8_t theirs[32], size_t *but);

/* The other side showed this root, believed. Decides `wants`. Returns changes. */
unsigned heal_peer_compare(struct heal_peer *p, const uint8_t root[32], const struct heal_own *own, uint64_t now_ms);

/* Another program answers there now: what the former one showed is void. */
void heal_peer_forget(struct heal_peer *p);

/* More keys differ that one side refuses than make sense: no sessions until trust changes or the operator asks. */
bool heal_peer_is_incompatible(const struct heal_peer *p);

/* Is a session to begin now, as far as this peer is concerned? */
bool heal_peer_is_due(const struct heal_peer *p, uint64_t now_ms);

/* When a pause ends that keeps it from being healed from; UINT64_MAX: not by time. */
uint64_t heal_peer_due_at(const struct heal_peer *p);

/* The session p->heal has ended (p->heal.end). Returns changes. */
unsigned heal_peer_healed(struct heal_peer *p, uint32_t trust_number, uint64_t now_ms);

/* The session was given up because the lung was taken away: as if it had not been. */
void heal_peer_given_up(struct heal_peer *p, uint64_t now_ms);

/* Nothing is left to take of this root, by the keys that are trusted now. */
void heal_peer_note_taken(struct heal_peer *p, const uint8_t root[32], uint32_t trust_number, uint64_t now_ms);

/* An attempt to heal has ended, with progress or without: what pause follows. */
void heal_peer_count(struct heal_peer *p, bool progress, uint64_t now_ms);

/* How long healing pauses after so many sessions without progress: 2, 4, 8 ... 300 s from the third on; 0 before. */
uint64_t heal_pause_ms(uint32_t fruitless);

/* The operator, or a new network, wants it tried now. */
void heal_peer_forget_pause(struct heal_peer *p);

#endif
