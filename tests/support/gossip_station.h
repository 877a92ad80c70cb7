/*
 * gossip_station.h - one gossip router whose peers the test plays: what it sends is taken apart and counted, what is said to it is written here.
 * No keys but the router's own and the authors'; a virtual clock.
 */
#ifndef TESTS_SUPPORT_GOSSIP_STATION_H
#define TESTS_SUPPORT_GOSSIP_STATION_H

#include "crypto/key.h"
#include "p2p/gossip.h"
#include "p2p/identity.h"
#include "wire/rpc.h"

#define STATION_PEERS_MAX 64
#define STATION_TOPIC "news"

struct station;

/* What a peer has heard since station_forget. */
struct heard {
    size_t rpcs;
    size_t kinds[RPC_IDONTWANT + 1]; /* entries of each kind */
    size_t ids[RPC_IDONTWANT + 1];   /* ids in them */
    uint64_t backoff_s;       /* of the last PRUNE; 0: it said none */
    uint8_t last_id[64];      /* of the last IHAVE, IWANT or IDONTWANT */
    size_t last_id_len;
    uint8_t last_data[64];    /* of the last message, its first bytes */
    size_t last_data_len;
    size_t largest;           /* RPC, in bytes */
};

struct station_peer {
    struct station *station;
    struct peerid id;
    struct gossip_peer *peer; /* NULL: not connected */
    struct heard heard;
    size_t wakes;
};

struct station {
    struct key *key;
    struct identity self;
    struct gossip_params params;
    struct gossip *g;
    uint64_t now_ms;
    struct station_peer peers[STATION_PEERS_MAX];
    bool answer;              /* give a verdict at once */
    enum gossip_verdict verdict;
    struct gossip_message *pending[64]; /* without `answer`: what was put to check; referenced */
    size_t pending_count;
    size_t checked, copies, own;
    struct peerid last_copy; /* by whom */
    size_t events[GOSSIP_CANDIDATE + 1];
    struct gossip_event last_event; /* its pointers are gone */
};

/* Defaults; change station->params before station_start. */
void station_init(struct station *s);
void station_start(struct station *s);
void station_fini(struct station *s);

/* So much time goes by, a tick each 100 ms; all peers read. */
void station_run(struct station *s, uint64_t ms);

/* Peer number i connects, its stream is open (version), and it is subscribed to STATION_TOPIC if asked for. */
struct station_peer *station_connect(struct station *s, size_t i, bool outbound, bool subscribe);
struct station_peer *station_connect_as(struct station *s, size_t i, bool outbound, bool subscribe, enum gossip_version version);
void station_disconnect(struct station_peer *peer);

/* Connect peers first .. first+count-1, subscribed, inbound. */
void station_crowd(struct station *s, size_t first, size_t count);

/* Read all that waits for it. */
void station_hear(struct station_peer *peer);
void station_hear_all(struct station *s);
void station_forget(struct station *s); /* what was heard so far */

/* --- what peers say; each hands in one RPC and expects it to be taken --- */
void say_rpc(struct station_peer *peer, const struct lat_buf *rpc);
void say_subscribe(struct station_peer *peer, const char *topic, bool on);
void say_graft(struct station_peer *peer, const char *topic);
void say_prune(struct station_peer *peer, const char *topic, uint64_t backoff_s);
void say_ids(struct station_peer *peer, enum rpc_kind kind, const uint8_t *ids, size_t id_len, size_t count);
void say_message(struct station_peer *peer, const struct gossip_message *message);

/* A message by author number (a key of its own), signed. The caller unrefs. */
struct gossip_message *station_message(uint8_t author, uint64_t seqno, const char *topic, const void *data, size_t len);

struct gossip_counters station_count(const struct station *s);
struct gossip_peer_row station_row(const struct station_peer *peer);
size_t station_mesh(const struct station *s);

#endif
