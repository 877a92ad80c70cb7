/*
 * peer_gossip.h - gossip in the test peer: the router on its host, its commands, its events.
 *
 *   peer_gossip.c          the router, signature checks, events, commands
 *   peer_gossip_bench.c    gossip-bench, gossip-reset, gossip-report
 */
#ifndef TESTS_INTEROP_PEER_GOSSIP_H
#define TESTS_INTEROP_PEER_GOSSIP_H

#include "p2p/gossip_streams.h"
#include "p2p/host_check.h"
#include "tests/interop/peer.h"

#define PEER_TOPICS_MAX 16
#define PEER_TOPIC "lattice" /* when a command names none and --topic neither */
#define BENCH_HEAD_LEN 14    /* "LB", u32 sequence, u64 nanoseconds */

struct peer_gossip {
    struct peer *peer;
    struct gossip *router;
    struct gossip_streams *streams;
    struct host_check *check;
    const char *topics[PEER_TOPICS_MAX];
    size_t topic_count;
    const struct protocol *protocols[CONN_PROTOCOLS_MAX + 1];
    /* gossip-bench that runs. */
    uint64_t sent, total, rate;
    size_t size;
    char topic[GOSSIP_TOPIC_MAX + 1];
    uint8_t *payload;
    /* gossip-report. */
    uint64_t received, unique, first_us, last_us;
    struct samples latency;
    uint8_t *seen; /* a bit a sequence number below PEER_SAMPLES_MAX */
};

/* Before the host: the protocols to serve, `base` (ended by NULL) among them. NULL: out of memory. */
struct peer_gossip *peer_gossip_new(struct peer *peer, enum gossip_version newest, const struct protocol *const *base);

/* With the host: subscribe to the topics of the options. */
LAT_MUST_CHECK enum lat_err peer_gossip_start(struct peer_gossip *gossip);

/* The host's. */
void peer_gossip_up(struct peer_gossip *gossip, const struct peerid *id, struct conn *conn);
void peer_gossip_down(struct peer_gossip *gossip, const struct peerid *id);

/* Before the host closes; when it is closed. */
void peer_gossip_stop(struct peer_gossip *gossip);
void peer_gossip_free(struct peer_gossip *gossip);

/* Write and send what the router has. */
void peer_gossip_flush(struct peer_gossip *gossip);

/* --- peer_gossip_bench.c --- */

/* A message of a bench has come. False: it is another one. */
bool bench_take(struct peer_gossip *gossip, const struct gossip_message *message);

#endif
