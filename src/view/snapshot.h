/*
 * snapshot.h - all that a front end sees of a node: one immutable, counted value without pointers into the node.
 *
 * The node thread builds one on change, at most 10 a second, and publishes it (exchange.h). The console draws
 * it, the API serves it (json.h), a remote console receives it. Bounded: lists have a stated maximum and the
 * true count beside it. Text from outside in it is already escaped (lat_escape). "age" and "in" figures are
 * milliseconds at `mono_ms`; -1 means "does not apply" or "never".
 *
 * Any thread may read one that it holds a reference to; nobody changes one after publishing.
 */
#ifndef LAT_VIEW_SNAPSHOT_H
#define LAT_VIEW_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "view/lung_words.h"

#define SNAPSHOT_SCHEMA 1
#define SNAPSHOT_SOURCES_MAX 32
#define SNAPSHOT_PEERS_MAX 64
#define SNAPSHOT_KEYS_MAX 16    /* differing keys named per source */
#define SNAPSHOT_EVENTS_MAX 128
#define SNAPSHOT_ALERTS_MAX 16
#define SNAPSHOT_QUIET_MS 3000  /* gossip closes most differences sooner: those say nothing to an operator */
#define SNAPSHOT_HISTORY 60     /* seconds of history in a sparkline */
#define SNAPSHOT_TIMELINE 60    /* slots of the timeline */
#define SNAPSHOT_SLOT_S 20      /* seconds of one */
#define SNAPSHOT_TRAFFIC 12     /* slots of a row's traffic */
#define SNAPSHOT_TRAFFIC_S 5    /* seconds of one */
#define SNAPSHOT_TRAFFIC_GAP UINT32_MAX /* nothing was seen of that slot */

#define SNAPSHOT_HEX_LEN 65     /* 32 bytes as hex and a zero */
#define SNAPSHOT_TEXT_MAX 160   /* an error or reason */
#define SNAPSHOT_NAME_MAX 64
#define SNAPSHOT_URL_MAX 160

/* The lungs: STATE-MACHINE section 9, object `lung`. */
struct snapshot_lung {
    enum lung_state state;
    enum lung_policy policy;
    enum lung_reason reason;
    bool degraded;
    int64_t since_ms;         /* in this state for so long */
    int64_t no_peer_ms;       /* without a live peer for so long; -1: there is one, or P2P does not run */
    int64_t fallback_in_ms;   /* STARTING, COUNTDOWN; 0 while it waits for the first answer */
    int64_t fallback_after_ms; /* T_FALLBACK, always */
    int64_t recover_in_ms;    /* RECOVERING */
    int64_t hold_ms;
    int64_t forced_left_ms;   /* under a timed forcing */
    uint32_t flaps;           /* that count for the hold */
    uint64_t flaps_total, transitions_total, unexpected_total; /* since the start */
    uint32_t peers_live;
    uint32_t peers_connected;
    uint32_t peers_known;
    bool p2p_enabled;         /* configuration */
    bool p2p_available;       /* this build speaks libp2p */
    bool p2p_running;         /* R */
    char p2p_error[SNAPSHOT_TEXT_MAX];  /* "" : none */
    int64_t last_exchange_ms; /* since the last root exchange over P2P */
    bool http_usable;         /* last outcome */
    bool http_stale;
    bool http_untrusted;
    uint32_t http_failures;   /* failed rounds in a row */
    uint32_t http_sources;    /* configured */
    int64_t http_age_ms;      /* since the last success */
    int64_t http_next_ms;     /* until the next poll or probe */
    char http_source[SNAPSHOT_URL_MAX]; /* the last that answered; "": none */
    char http_error[SNAPSHOT_TEXT_MAX]; /* "": none */
    char forced_by[SNAPSHOT_NAME_MAX];  /* who forced the mode: "uid 1000 by api", "console"; "": nobody */
};

/* The replicated state. */
struct snapshot_state {
    char root[SNAPSHOT_HEX_LEN];        /* trie root (STATE section 2); "" before the store is open */
    char merkle_root[SNAPSHOT_HEX_LEN]; /* flat v3.0.3 root of the same state; "" while being computed */
    uint64_t count;           /* records, tombstones and reserved keys included */
    uint64_t keys;            /* entries that a reader sees */
    uint64_t hlc;             /* greatest HLC held */
    uint64_t changes_min;     /* records applied in the last 60 s */
    int64_t commit_age_ms;    /* since the last commit; -1: none since the start */
    int64_t verified_age_ms;  /* since the tree was last checked against the stored root */
    uint64_t store_bytes;     /* on disk */
    bool incomplete;          /* an empty node that is still being filled */
    bool read_only;
    bool damaged;             /* stored root and records disagree: nothing is served */
    uint64_t held;            /* records from the future, waiting */
    uint64_t lost;            /* records that are damaged here, until a peer brings them back */
    uint32_t scrub_percent;   /* how far the present look at all stored records has come */
    int64_t scrub_age_ms;     /* since the last one ended; -1: none since the start */
    char error[SNAPSHOT_TEXT_MAX]; /* why read-only or damaged; "": fine */
};

enum agreement {
    AGREE_UNKNOWN, /* never compared, or the answer is too old */
    AGREE_EQUAL,
    AGREE_DIFFERS,
    AGREE_HEALING,
    AGREE_HELD,    /* differs, and nothing is taken from it: trust or clock; `error` says which */
    AGREE_BUT,     /* agrees but for keys that one side refuses: heal.but says how many, `error` why */
    AGREE_INCOMPATIBLE, /* so many keys that no session makes sense until somebody trusts other keys */
};

enum key_difference { KEY_THEIRS_NEWER, KEY_OURS_NEWER, KEY_ONLY_THEIRS, KEY_ONLY_OURS, KEY_REFUSED };

/* Why the winner of two records of a key wins: there is no other, it is no import, its clock, its author's key, its
 * digest. */
enum key_reason { WINS_ALONE, WINS_NATIVE, WINS_CLOCK, WINS_AUTHOR, WINS_DIGEST };

#define SNAPSHOT_VALUE_MAX 48 /* what is shown of a value */

/* One key that differs, or differed when last healed: both sides. */
struct snapshot_key {
    char key[SNAPSHOT_NAME_MAX]; /* escaped, cut */
    enum key_difference difference;
    enum key_reason reason;
    uint64_t ours_hlc;   /* 0: absent */
    uint64_t theirs_hlc; /* 0: absent */
    char ours_author[17], theirs_author[17];  /* first digits of the key; "": absent */
    char ours_value[SNAPSHOT_VALUE_MAX], theirs_value[SNAPSHOT_VALUE_MAX]; /* escaped, cut; "": absent, or deleted */
};

enum heal_way { WAY_NONE, WAY_SKETCH, WAY_DESCENT, WAY_STREAM }; /* STATE section 4: tiers A, B, C */

/* How a node differs, and what the healing that runs, or the last one, has made of it. */
struct snapshot_difference {
    enum heal_way way;
    bool trust_differs;    /* it trusts other keys than we do */
    uint32_t but;          /* AGREE_BUT: keys that one side refuses */
    uint64_t estimate;     /* records that differ, both sides counted; 0: not known */
    bool exact;            /* `estimate` is the number */
    uint32_t theirs_newer, ours_newer, only_theirs, only_ours, refused; /* keys, as far as found */
    uint32_t deleted;      /* of them, keys whose winner is a deletion */
    uint32_t given, given_taken, given_refused; /* records of ours: sent; applied there; refused there */
    uint32_t undelivered;  /* advertised and not delivered */
    uint32_t held, untrusted, bad_signatures, malformed, below_horizon, not_stored; /* of theirs, refused here */
    uint32_t fruitless;    /* sessions in a row without progress: what the pause comes from */
    char subtrees[SNAPSHOT_HEX_LEN]; /* the 256 subtrees of depth 8, four to a digit, the first one highest: set where a
                                        difference was found; "": none was looked for */
};

/*
 * Where another node stands against us: what it showed, how far that agrees, and what the healing that runs, or the last one, has made of
 * the difference. Of a source and of a peer alike; in JSON its members are members of theirs.
 */
struct snapshot_stand {
    char root[SNAPSHOT_HEX_LEN]; /* theirs: trie root, or flat root of a v3.0.3 node; "": unknown */
    uint64_t count;              /* theirs; 0 unknown */
    enum agreement agreement;
    int64_t differs_ms;          /* for so long; -1: does not, or no look has confirmed it since our own root changed */
    uint32_t differs_checks;     /* comparisons in a row that differed */
    char error[SNAPSHOT_TEXT_MAX]; /* why a source fails, until the next success; else why it differs still; "": neither */
    bool healing;
    int64_t backoff_ms;          /* healing is paused for so long; 0: not */
    uint32_t heal_percent;       /* of what the other one announced */
    int64_t heal_age_ms;         /* since its end; -1: it runs, or there was none yet */
    uint32_t heal_applied, heal_same, heal_refused, heal_ours; /* records */
    uint64_t heal_bytes;
    uint32_t heal_ms;
    uint32_t key_total;          /* differing keys seen by it */
    uint32_t key_count;          /* of these in keys[] */
    struct snapshot_key keys[SNAPSHOT_KEYS_MAX];
    struct snapshot_difference difference;
};

/*
 * Bytes that went between us and another node: since the start, or the beginning of the connection, and in each of the last whole slots, the
 * newest last. A slot that was not seen from its beginning is a gap, such as all before the connection. Of a source: of bodies.
 */
struct snapshot_traffic {
    uint64_t bytes_in, bytes_out;
    uint32_t in_5s[SNAPSHOT_TRAFFIC], out_5s[SNAPSHOT_TRAFFIC];
};

/* One HTTP source. */
struct snapshot_source {
    char url[SNAPSHOT_URL_MAX]; /* without credentials */
    char name[SNAPSHOT_NAME_MAX]; /* as it calls itself, else host:port of the URL */
    char public_key[SNAPSHOT_HEX_LEN]; /* that attested what it showed; "": none did */
    bool lattice;               /* speaks /api/lattice/sync; false: v3.0.3 or not known yet */
    bool known;                 /* answered at least once */
    bool usable;                /* last answer complete, in limits, verified */
    bool trusted;               /* attested by a key of ours */
    int64_t ok_age_ms;          /* since the last success */
    int64_t try_age_ms;         /* since the last attempt */
    int64_t next_ms;            /* until the next attempt; -1: none planned */
    uint32_t failures;          /* attempts failed in a row */
    uint32_t rtt_ms;            /* of the last success */
    uint64_t polls_ok, polls_failed; /* of polls, those that have ended */
    uint64_t polls;             /* since the start */
    struct snapshot_traffic traffic;
    struct snapshot_stand stand;
};

/* One P2P peer, connected or known. */
struct snapshot_peer {
    char id[SNAPSHOT_NAME_MAX];
    char public_key[SNAPSHOT_HEX_LEN]; /* inside its id; "": none is */
    char name[SNAPSHOT_NAME_MAX];
    char address[SNAPSHOT_URL_MAX];
    char agent[SNAPSHOT_NAME_MAX];
    bool connected, live, outbound;
    int64_t rtt_us;
    int64_t since_ms;
    struct snapshot_traffic traffic;
    bool trusted;                /* its key counts */
    bool subscribed, in_mesh;    /* to our topic, in gossip */
    uint64_t messages_in, messages_out; /* of the topic, copies */
    int64_t score;               /* in gossip: 0 new, above: of use, below: misbehaves */
    int64_t exchange_ms;         /* since its last root exchange that counted */
    int64_t heard_ms;            /* since it last showed its root */
    int64_t clock_ms;            /* its clock minus ours, if `heard_ms` is not -1 */
    char why_not[SNAPSHOT_TEXT_MAX]; /* not live, or not connected, because */
    struct snapshot_stand stand;
};

/* Gossip as a whole, since the start. */
struct snapshot_gossip {
    uint32_t subscribers;     /* connected peers that subscribe to our topic */
    uint32_t mesh;            /* of them in our mesh */
    uint64_t received;        /* messages, copies not counted */
    uint64_t duplicates;
    uint64_t accepted, ignored, rejected;
    uint64_t published;       /* by this node */
    uint64_t repaired;        /* got by asking for them (IWANT) */
    uint64_t records_applied; /* that came by gossip */
    uint64_t dropped;         /* for slow peers */
};

/* What puts the trust in this node's view itself in question. */
struct snapshot_doubts {
    int64_t twin_ms;       /* since another node was last heard that uses our key; -1: never */
    int64_t rollback_ms;   /* since a peer showed a record of ours that is newer than all of ours: our disk was set back; -1 */
    int64_t clock_off_ms;  /* most peers' clocks minus ours where that is more than 30 s; 0: fine */
    char two_faces[SNAPSHOT_TEXT_MAX]; /* a node that shows one root by P2P and another by HTTP; "": none */
};

enum alert_severity { ALERT_ATTENTION, ALERT_ALARM };

/* What an alert is about: alert_words.h has the words. A text is read by the first one of its code that fits. */
enum alert_kind {
    ALERT_IS_OTHER, /* of a later version: `text` alone says it */
    ALERT_IS_ISOLATED, ALERT_IS_HTTP_DOWN, ALERT_IS_FORCED_ALONE, ALERT_IS_NO_PEERS, ALERT_IS_NO_LIVE_PEERS,
    ALERT_IS_HTTP_CARRIES, ALERT_IS_HTTP_CARRIES_LIVE, ALERT_IS_P2P_OFF, ALERT_IS_FORCED_BY, ALERT_IS_FORCED,
    ALERT_IS_HELD_BACK, ALERT_IS_DIFFERS_KEYS, ALERT_IS_DIFFERS, ALERT_IS_SOURCE_BACK, ALERT_IS_SOURCE_FAILS, ALERT_IS_TWO_FACES,
    ALERT_IS_TWIN, ALERT_IS_ROLLBACK, ALERT_IS_CLOCK_BEHIND, ALERT_IS_CLOCK_AHEAD, ALERT_IS_DAMAGED,
    ALERT_IS_READ_ONLY, ALERT_IS_RECORDS_LOST, ALERT_IS_RECORDS_HELD, ALERT_IS_NO_TRUST,
    ALERT_IS_TRUST_DIFFERS, ALERT_IS_API,
    ALERT_KIND_COUNT
};

/* A condition that an operator must know of; the worst first. */
struct snapshot_alert {
    char code[8]; /* F1 no peers, F2 HTTP failing, F3 isolated, D1 divergence, M1 forced, K1 store, K2 damaged records, H1 records from the
                     future, T1 no trusted keys, T2 trusts other keys, A1 API, X1 two faces, X2 our key used twice, X3 our disk set back,
                     X4 our clock */
    enum alert_severity severity;
    int64_t since_ms;
    enum alert_kind kind;
    char who[SNAPSHOT_NAME_MAX];  /* the node, or who did it; "": nobody */
    char what[SNAPSHOT_NAME_MAX]; /* a mode, a root; "": nothing */
    char why[SNAPSHOT_TEXT_MAX];  /* an error's text, or a root; "": nothing */
    uint64_t n;                   /* a figure, of keys, records or seconds */
    char text[SNAPSHOT_TEXT_MAX]; /* all of it in English, without the duration */
};

struct snapshot {
    uint32_t schema;
    uint64_t number;  /* 1, 2, 3 ... of this node's process */
    uint64_t wall_ms; /* when built, by the node's clock */
    uint64_t mono_ms; /* when built, CLOCK_MONOTONIC of this machine (of the receipt, for a remote one) */
    char version[32];
    char name[SNAPSHOT_NAME_MAX];
    char network[SNAPSHOT_NAME_MAX];
    char peer_id[SNAPSHOT_NAME_MAX];
    char public_key[SNAPSHOT_HEX_LEN];
    char topic[SNAPSHOT_NAME_MAX];
    char api_address[SNAPSHOT_NAME_MAX]; /* as bound; "": not yet */
    char api_error[SNAPSHOT_TEXT_MAX];   /* port taken, say; "": none */
    char p2p_listen[320]; /* multiaddrs as bound, joined by commas; "": P2P does not listen */
    char state_dir[SNAPSHOT_URL_MAX];
    int64_t pid;
    int64_t uptime_ms;
    uint32_t trusted_keys; /* without the own one */
    bool demo;
    bool summary;               /* made from a summary (summary.h): of the lists only alerts are there, cut */
    int summary_condition;      /* of a summary: what its node says that snapshot_condition is */
    uint32_t summary_differing; /* ... how many nodes differ */
    struct snapshot_lung lung;
    struct snapshot_state state;
    uint32_t source_count; /* in sources[]; lung.http_sources is the true number */
    struct snapshot_source sources[SNAPSHOT_SOURCES_MAX];
    struct snapshot_gossip gossip;
    struct snapshot_doubts doubts;
    uint32_t peer_count;   /* in peers[] */
    uint32_t peer_total;
    struct snapshot_peer peers[SNAPSHOT_PEERS_MAX];
    uint32_t alert_count;
    struct snapshot_alert alerts[SNAPSHOT_ALERTS_MAX];
    uint32_t event_count;  /* in events[], oldest first */
    uint64_t event_total;
    struct lat_log_line events[SNAPSHOT_EVENTS_MAX];
    uint16_t history_keys[SNAPSHOT_HISTORY]; /* records applied in each of the last 60 s, newest last */
    uint16_t history_http[SNAPSHOT_HISTORY]; /* HTTP answers in each of the last 60 s */
    uint16_t history_p2p[SNAPSHOT_HISTORY];  /* P2P messages in each of the last 60 s */
    /* The last 20 minutes in slots of the clock (wall_ms / 1000 / SNAPSHOT_SLOT_S is the newest, last in the array): */
    uint16_t timeline_states[SNAPSHOT_TIMELINE]; /* a bit for each lung state seen, 1 << state; 0: a gap, nothing was seen */
    uint16_t timeline_peers[SNAPSHOT_TIMELINE];  /* least number of live peers */
    uint16_t timeline_differ[SNAPSHOT_TIMELINE]; /* most nodes with another root at one time */
};

/* Of a node that has shown nothing yet. */
void snapshot_stand_clear(struct snapshot_stand *stand);

/* Nothing was seen yet: all slots are gaps. */
void snapshot_traffic_clear(struct snapshot_traffic *traffic);

/* A zeroed snapshot with one reference and all "-1 = does not apply" figures set. NULL when out of memory. */
struct snapshot *snapshot_new(void);
const struct snapshot *snapshot_ref(const struct snapshot *snapshot);
void snapshot_unref(const struct snapshot *snapshot); /* NULL is fine */

#define AGREE_COUNT (AGREE_INCOMPATIBLE + 1)
/* "equal", "differs", "unknown", "healing", "held", "equal_but", "incompatible" */
const char *agreement_name(enum agreement agreement);

/* Is there a difference that ought to be gone soon? Not of a peer that is unknown, or agrees but for settled keys. */
bool agreement_is_open(enum agreement agreement);

/* Our own state has changed after the answer that it rests on, so that two roots are not the same and nothing is said by that. */
bool stand_is_overtaken(const struct snapshot_stand *stand);
const char *key_reason_name(enum key_reason reason); /* "alone", "native", "clock", "author", "digest" */
const char *heal_way_name(enum heal_way way);       /* "none", "sketch", "descent", "stream" */
const char *key_difference_name(enum key_difference difference); /* "theirs_newer", ... */

/* Exit code of `lattice status` (INTERFACE section 1): 0 fine, 1 attention, 2 alarm. */
int snapshot_condition(const struct snapshot *snapshot);

#endif
