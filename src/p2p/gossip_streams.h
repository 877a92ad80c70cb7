/*
 * gossip_streams.h - the router on streams: /meshsub/1.2.0, /1.1.0 and /1.0.0.
 *
 * To each peer one stream of ours, on which only we write, and one of theirs, on which only they do; of two of theirs the newer one counts.
 * Both move over when a newer connection takes the place of a former one: ours at once, theirs by being reset on the former.
 * Ours is opened when the peer comes up, and again, with back-off and without end, when it was reset or refused. Versions are
 * offered from the newest down, one a stream: what stands behind a refused proposal is void. Until a proposal is agreed
 * nothing but our subscriptions goes out behind it. A peer that has no stream to us, which js-libp2p does not open again when its own was
 * lost, is reminded by a new stream of ours.
 *
 * Written to streams is what fits; the rest waits in the router's queues, where control overtakes. A peer that sends faster than its messages
 * are checked is read no further for the while, so that flow control slows it down. Pure; the connections' thread.
 */
#ifndef LAT_P2P_GOSSIP_STREAMS_H
#define LAT_P2P_GOSSIP_STREAMS_H

#include "p2p/conn.h"
#include "p2p/gossip.h"
#include "wire/multiaddr.h"

#define GOSSIP_VERSIONS 3
#define GOSSIP_REOPEN_MIN_MS 500    /* after the stream was reset, or all versions were refused */
#define GOSSIP_REOPEN_MAX_MS 30000
#define GOSSIP_STRAY_MS 500         /* a stream of theirs on a connection that was replaced */
#define GOSSIP_REMIND_NEW_MS 2000   /* a new peer, without a stream of theirs */
#define GOSSIP_REMIND_MIN_MS 500    /* one that had a stream; doubles from one time to the next */
#define GOSSIP_REMIND_MAX_MS 60000

struct gossip_streams;

struct gossip_streams_ops {
    /* Bytes were written to a stream of this connection: have conn_output called soon, not from within this call. swarm_wake will do. */
    void (*wake)(struct conn *conn);
    /* NULL, or: the other end of a connection, for P6. False: not known. */
    bool (*address_of)(void *arg, const struct conn *conn, struct multiaddr *out);
};

/* newest: the version offered first, and the newest that is served. Nothing happens before gossip_streams_attach. NULL: out of memory. */
struct gossip_streams *gossip_streams_new(enum gossip_version newest, const struct gossip_streams_ops *ops, void *arg);

/*
 * After the connections are gone, before the router, which may live on with other streams: peers that nobody said were down are so now. NULL is
 * fine.
 */
void gossip_streams_free(struct gossip_streams *s, uint64_t now_ms);

/* The router's ops->wake; its configuration's arg need not be s, so that the owner's own wake calls this. */
void gossip_streams_wake(struct gossip_streams *s, struct gossip_peer *peer);

/* The router; before the first connection. */
void gossip_streams_attach(struct gossip_streams *s, struct gossip *router);

/* What is to be served, for conn_config.protocols: *count tables, which live as long as s. */
const struct protocol *const *gossip_streams_protocols(const struct gossip_streams *s, size_t *count);

/* From host_ops: up (also when a new connection takes the former one's place) and down. */
void gossip_streams_up(struct gossip_streams *s, const struct peerid *id, struct conn *conn, uint64_t now_ms);
void gossip_streams_down(struct gossip_streams *s, const struct peerid *id, uint64_t now_ms);

/* Deadlines, and the router's gossip_tick. Every 100 ms. */
void gossip_streams_tick(struct gossip_streams *s, uint64_t now_ms);

/*
 * Write what the router has. To be called after publish, verdict, subscribe and unsubscribe, once for several; the other
 * functions here do it themselves. On real sockets host_send follows where no callback of the host is running.
 */
void gossip_streams_flush(struct gossip_streams *s, uint64_t now_ms);

#endif
