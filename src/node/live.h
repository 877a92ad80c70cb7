/*
 * live.h - which P2P peers are live: connected, and proved to carry the state by root exchanges.
 *
 *    connected ──exchange that counts──▶ live ──T_XDEAD without one──▶ zombie ──exchange──▶ live
 *                                          └──bad attestation, key no longer trusted──▶ connected, not live
 *
 * A root exchange is (a) a root message of the connected peer itself, on its connection; (b) one of a trusted author that the
 * peer relayed, if its root is ours, or if a record that we applied came over this connection within T_XDEAD; (c) a STATUS
 * comparison on the sync stream. While the trusted set is not empty only trusted keys count. A message counts once on each
 * connection while its first arrival is younger than T_XDEAD.
 *
 * Two points the page leaves open are decided here on the careful side. "Ours" is a root that we hold, or held within the last
 * T_EXCHANGE: who relays what others said a moment ago is not punished for our own writes. And a peer whose id holds no Ed25519
 * key, but which shows an attestation by a trusted one (`key` of a root, key of a STATUS), is taken like a relay (b): an
 * attestation does not name the peer, so anyone could show another's.
 *
 * Pure: time is monotonic milliseconds unless it says Unix; the node thread. Bounded: LIVE_PEERS_MAX peers, LIVE_MESSAGES_MAX
 * messages.
 *
 * Spec: STATE-MACHINE sections 1, 2, 6 and 8.
 */
#ifndef LAT_NODE_LIVE_H
#define LAT_NODE_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/lung.h"
#include "node/topic_judge.h"
#include "p2p/swarm.h"
#include "state/trust.h"

#define LIVE_PEERS_MAX SWARM_CONNECTIONS_MAX
#define LIVE_MESSAGES_MAX 4096     /* root messages of the last T_XDEAD, oldest forgotten first */
#define LIVE_OWN_ROOTS_MAX 1024    /* roots that we held within the last T_EXCHANGE */
#define LIVE_GONE_MAX 256          /* peers that are gone and are remembered; strangers are forgotten first, then the oldest */
#define LIVE_CLOCK_MS 30000        /* peers' clocks further from ours than this are told */
#define LIVE_WHY_MAX 160

struct live;

/* siphash_key: 16 random bytes. trust is copied. NULL: out of memory. */
struct live *live_new(const struct lung_constants *k, const struct trust *trust, const uint8_t siphash_key[16]);
void live_free(struct live *live); /* NULL is fine */

/* --- what happens ------------------------------------------------------------------------------------- */

/*
 * A peer is connected (host_ops.up), again with another connection in its place: the exchange that was proved holds for the
 * peer, messages and records count anew.
 */
void live_up(struct live *live, const struct peerid *peer, uint64_t now_ms);

/* It is gone (host_ops.down). */
void live_down(struct live *live, const struct peerid *peer, enum swarm_reason reason);

/* The P2P lung was switched off or failed: every peer is gone, without a reason of its own. */
void live_clear(struct live *live);

/* Our own state, whenever it may have changed; flat NULL: the v3.0.3 root is not at hand. */
void live_own_state(struct live *live, const struct topic_state *state, const uint8_t *flat, uint64_t now_ms);

/*
 * A judged message came first over this link. id: of the message (from and seqno, say), by which copies are known.
 * Whatever the verdict: this takes from the judgement what it tells.
 */
void live_message(struct live *live, const struct topic_message *message, const struct topic_judgement *judgement, const uint8_t *id,
                  size_t id_len, const struct peerid *link, uint64_t now_ms);

/* A copy of a message came over another link (the router dropped it as seen). Unknown ids are passed over. */
void live_copy(struct live *live, const uint8_t *id, size_t id_len, const struct peerid *link, uint64_t now_ms);

/* A record that came over this connection, by gossip or by the sync stream, was applied (VERDICT_APPLIED). */
void live_applied(struct live *live, const struct peerid *link, uint64_t now_ms);

/* A STATUS comparison on the sync stream with this peer. */
struct live_status {
    const uint8_t *key;       /* 32: who attested; NULL: the peer asked us, its connection vouches for what it says */
    struct topic_state state; /* hlc 0: not told (a request tells none) */
    uint64_t time_ms;         /* Unix ms of the attestation; 0: not told */
    uint64_t wall_ms;         /* our clock */
};
void live_status(struct live *live, const struct peerid *peer, const struct live_status *status, uint64_t now_ms);

/* What it said did not hold: an attestation or a STATUS was wrong, a message was rejected that it had written itself. */
void live_invalid(struct live *live, const struct peerid *peer);

/* A ping to it waits for an answer, or no longer. */
void live_unanswered(struct live *live, const struct peerid *peer, bool unanswered);

/* STALL: our loop was late by so much. Before anything else is told with the new time. */
void live_stall(struct live *live, uint64_t late_ms);

/* NETCHANGE, RESUME: STATUS is due for every peer. */
void live_hurry(struct live *live);

/* RELOAD: other keys count, other times. Live peers are taken anew; nobody whose proof still counts falls. */
void live_reload(struct live *live, const struct lung_constants *k, const struct trust *trust, uint64_t now_ms);

/* --- what follows -------------------------------------------------------------------------------------- */

/* Take the time into account: at the end of each turn of the loop, and at least every 100 ms; then live_next_change and live_count. */
void live_tick(struct live *live, uint64_t now_ms);

/* A peer became live, or is no longer (host_note_live, a line in the log). */
struct live_change {
    struct peerid peer;
    bool live;
    enum lung_reason why; /* LUNG_BY_PEER_LIVE, or LUNG_BY_LAST_PEER_*: what will stand in the log if it was the last */
};
bool live_next_change(struct live *live, struct live_change *out); /* false: no more. Peers that are gone are not told */

/*
 * What lung_set_peers wants: live, connected, unanswered; `known` is the address book's. *why: the reason that goes with it, of
 * the last live peer that was lost.
 */
void live_count(const struct live *live, size_t known, struct lung_peers *out, enum lung_reason *why);

/* A peer to ask for STATUS now; it is then not due again for half of T_XDEAD. false: nobody is due. */
bool live_next_ask(struct live *live, uint64_t now_ms, struct peerid *peer);

/* Agreement with one peer, of the last root that it showed by any way (author verified). */
enum live_agreement { LIVE_UNKNOWN, LIVE_EQUAL, LIVE_DIFFERS };

struct live_row {
    bool live;
    bool trusted;                  /* its key counts */
    enum live_agreement agreement;
    uint64_t agreement_ms;         /* since when it is so; 0: unknown */
    uint32_t checks;               /* comparisons with that outcome in a row, 1 or more unless unknown */
    bool has_state;                /* `state` holds what it showed last, but hlc 0: not told */
    struct topic_state state;
    bool flat_only;                /* only the v3.0.3 root is known (in state.root) */
    uint64_t heard_ms;             /* when it showed it; 0: never */
    uint64_t exchange_ms;          /* last exchange that counted; 0: none */
    bool has_clock;
    int64_t clock_ms;              /* its clock minus ours, at the last root or STATUS */
    uint64_t every_ms;             /* stated; 0: none */
    char name[TOPIC_NAME_MAX + 1]; /* stated, escaped */
    char why_not[LIVE_WHY_MAX];    /* "connected, no state", "key not trusted", "zombie: no exchange for 40 s" ...; "": live */
};

/* False: not connected. */
bool live_row(struct live *live, const struct peerid *peer, uint64_t now_ms, struct live_row *out);

/*
 * What a peer told before its last connection ended, and whether its key counts, which is no matter of a connection: never live,
 * agreement unknown. False: it told nothing, or is forgotten; then only `trusted` is set, by the key inside its id.
 */
bool live_last(struct live *live, const struct peerid *peer, struct live_row *out);

/* Connected peers in turn, i from 0; NULL: no more. Borrow. */
const struct peerid *live_peer(const struct live *live, size_t i);

/* When live_tick next has something to do; UINT64_MAX: not by time. Includes STATUS that becomes due. */
uint64_t live_next_deadline(const struct live *live);

/* The instant of the last exchange that counted, of any peer (section 10: "last exchange x s ago"); 0: none yet. */
uint64_t live_last_exchange(const struct live *live);

/*
 * Do the clocks of most peers whose key counts stand over 30 s from ours? *off_ms: the median of theirs minus ours (above 0:
 * ours is behind).
 */
bool live_clock_is_off(const struct live *live, int64_t *off_ms);

#endif
