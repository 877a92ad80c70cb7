/*
 * yamux_parts.h - the session's inside, shared by yamux.c (session: frames in, order of frames out) and yamux_stream.c (one stream: windows,
 * queue, states). For these two alone.
 */
#ifndef LAT_P2P_YAMUX_PARTS_H
#define LAT_P2P_YAMUX_PARTS_H

#include "base/ring.h"
#include "p2p/yamux.h"

struct ystream {
    struct yamux *y;
    struct ystream *next; /* all streams: a ring in the order of their turns */
    struct ystream *prev;
    void *owner;
    uint32_t id;
    bool inbound;
    bool acked;      /* SYN acknowledged (outbound), ACK sent (inbound) */
    bool opening;    /* SYN (outbound) or ACK (inbound) has still to be sent: it rides on the next frame */
    bool ended_here, fin_sent, ended_there;
    bool starved;    /* ystream_write took less than it was given: `writable` is owed */
    bool dead;       /* closed was told; freed when no call is inside */
    uint32_t send_window; /* bytes that the other side takes now */
    uint32_t recv_window; /* bytes that we take now */
    uint32_t recv_max;    /* size of the window: 256 KiB .. 16 MiB */
    uint32_t consumed;    /* given back by the owner, not announced yet */
    uint64_t epoch_ms;    /* when the window was last announced, for tuning */
    struct ring queue; /* waits to be sent */
};

#define YAMUX_SEEN 512 /* inbound ids below the highest one that are known to be used or not */

struct yamux {
    bool dialer;
    const struct yamux_ops *ops;
    void *arg;
    struct yamux_budget *budget;
    size_t windows; /* this connection's part of the budget */
    struct ystream *turn; /* the next in the ring; NULL: no streams */
    size_t count, inbound, unacked;
    uint32_t next_id;
    uint32_t highest_in;      /* inbound id */
    uint64_t seen[YAMUX_SEEN / 64]; /* bit n: highest_in - 2 * n was used */
    bool goaway_sent, goaway_got, broken;
    struct lat_buf control;   /* frames that go before all data */
    size_t pongs_at;          /* in control: pings' answers stand before this */
    /* the data frame that is coming in */
    struct yamux_header header;
    uint32_t body_left;
    struct ystream *body_of;  /* NULL: discard */
    uint32_t ping_value;
    uint64_t ping_sent_ms;    /* 0: none */
    uint64_t rtt_ms;
    unsigned inside;          /* depth of calls to the owner: streams are freed at 0 */
};

/* A frame of the session or of a stream without data. LAT_LIMIT: too many wait. */
LAT_MUST_CHECK enum lat_err yamux_queue_control(struct yamux *y, enum yamux_type type, uint16_t flags, uint32_t stream,
                                                uint32_t length);

/* NULL: out of memory. */
struct ystream *ystream_new(struct yamux *y, uint32_t id, bool inbound, void *owner);

/* SYN or ACK that is still owed, as flags of the next frame. */
uint16_t ystream_opening_flags(struct ystream *s);

/* Tell the owner and take it out; freed now or when the calls have returned. */
void ystream_close(struct ystream *s, bool clean);

/* Free what closed while calls were inside. */
void yamux_sweep(struct yamux *y);

/* Both sides have ended and all is sent: close it. */
void ystream_close_if_done(struct ystream *s);

#endif
