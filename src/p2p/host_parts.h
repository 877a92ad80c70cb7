/*
 * host_parts.h - the host's inside, shared by host.c (life, timers, what the node wants), host_socket.c (one connected socket), host_listen.c,
 * host_dial.c (names, several addresses), host_gate.c (a demo's cut) and host_mdns.c (multicast). For these alone.
 *
 * Every libuv handle of the host is counted (handles); host_close is done when the last one's close callback has run.
 */
#ifndef LAT_P2P_HOST_PARTS_H
#define LAT_P2P_HOST_PARTS_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "p2p/host.h"

#define HOST_BACKLOG 128
#define HOST_TEXT_LEN 80

struct hdial;
struct host_mdns;

/* A socket: connected, or an attempt at it. */
struct hsock {
    uv_tcp_t tcp;
    struct host *host;
    struct link *link;    /* NULL before it is connected, and once it is closing */
    struct hdial *dial;   /* that it is an attempt of; NULL: connected or given up */
    uv_connect_t connect;
    struct hsock *next, *prev;
    struct hsock *waking; /* next in the list of those with something to send */
    bool wakes;           /* is in that list */
    bool writing;         /* `out` belongs to libuv until `write` is done */
    struct lat_buf out;
    size_t sent;          /* of out */
    uv_write_t write;
};

#define HDIAL_ADDRESSES_MAX 8

/* A dial: a name that is being resolved, or addresses that are being tried. What the swarm holds until it is connected. */
struct hdial {
    struct host *host;
    struct link *link; /* NULL: the swarm has given it up */
    struct hdial *next, *prev;
    uv_getaddrinfo_t lookup;
    bool looking;      /* `lookup` is under way */
    uint16_t port;
    struct sockaddr_storage addresses[HDIAL_ADDRESSES_MAX];
    size_t address_count, begun;
    struct hsock *trying[HDIAL_ADDRESSES_MAX]; /* NULL: ended */
    size_t trying_count;
    uint64_t next_ms;  /* when the next address is begun, whatever becomes of those before */
    char error[PEERS_ERROR_LEN];
};

struct hlisten {
    uv_tcp_t tcp;
    struct host *host;
    struct multiaddr wanted;
    char text[HOST_TEXT_LEN];  /* as wanted, then as bound */
    bool open;                 /* the handle exists */
    bool listening;
    uint64_t retry_ms;
    char error[PEERS_ERROR_LEN];
};

struct host {
    uv_loop_t *loop;
    const struct host_ops *ops;
    void *arg;
    struct swarm *swarm;
    uint64_t dead_ms;
    size_t handles; /* open or closing ones, lookups too */
    bool closing;
    void (*closed)(void *arg);
    void *closed_arg;

    uv_timer_t tick;
    uint64_t turn_ms;    /* when anything of ours last ran */

    struct hlisten listeners[HOST_LISTEN_MAX];
    size_t listener_count;
    const char *addresses[HOST_LISTEN_MAX + 1];
    uint64_t accept_error_ms; /* the last line about one */

    struct hdial *dials;
    struct hsock *socks; /* all that are not closing */
    struct hsock *waking;
    enum host_gate gate;
    bool flushing;

    struct host_mdns *mdns; /* NULL: off */

    uint8_t read_buffer[HOST_READ_LEN];
};

/* --- host.c --- */

/* The time, for everything that libuv calls: tells the swarm of a STALL first. */
uint64_t host_now(struct host *host);

/* Send what was woken. At the end of everything that libuv calls. */
void host_flush_all(struct host *host);

/* A handle was opened; a handle's close callback runs (and host_close may be done: the host is gone then). */
void host_hold(struct host *host);
void host_release(struct host *host);

void host_log(struct host *host, enum lat_level level, const char *fmt, ...) LAT_PRINTF(3, 4);

/* --- host_socket.c --- */

/* An unconnected socket, counted and listed. NULL: out of memory or descriptors. */
struct hsock *hsock_new(struct host *host);

/* It is connected and has its link: options, then read. */
void hsock_begin(struct hsock *sock);

/* Read, or stop reading. */
void hsock_read(struct hsock *sock);
void hsock_pause(struct hsock *sock);

/* Its part of T_DEAD: how long the system waits for a sign of the other end. */
void hsock_set_dead(struct hsock *sock);

/* Break it off, and tell the swarm that it was broken off. */
void hsock_break(struct hsock *sock, uint64_t now_ms);

/* Close; last bytes go out as far as they go at once. */
void hsock_close(struct hsock *sock, const uint8_t *last, size_t len);

void hsock_wake(struct hsock *sock);
void hsock_flush(struct hsock *sock);

/* The other end as a multiaddr. LAT_SYS. */
LAT_MUST_CHECK enum lat_err hsock_remote(const struct hsock *sock, struct multiaddr *out);

/* /ip4/.../tcp/PORT of a socket address; LAT_MALFORMED: neither IPv4 nor IPv6. */
LAT_MUST_CHECK enum lat_err host_multiaddr(const struct sockaddr *address, struct multiaddr *out);

/* The reverse, for ip4 and ip6. LAT_MALFORMED. */
LAT_MUST_CHECK enum lat_err host_sockaddr(const struct multiaddr_tcp *tcp, struct sockaddr_storage *out);

/* --- host_listen.c --- */

LAT_MUST_CHECK enum lat_err host_listen_add(struct host *host, const char *text, struct lat_msg *why);
void host_listen_tick(struct host *host, uint64_t now_ms);
void host_listen_close(struct host *host);

/* Tell the swarm where we can be reached: listeners, with the machine's addresses in place of "any". */
void host_announce(struct host *host);

/* --- host_dial.c --- */

/* A swarm_ops dial, but for its argument. */
LAT_MUST_CHECK enum lat_err hdial_begin(struct host *host, struct link *link, const struct multiaddr *address, void **socket,
                                        struct lat_msg *why);
void hdial_tick(struct host *host, uint64_t now_ms);
void hdial_give_up(struct hdial *dial);

/* All that are under way fail with this. */
void hdial_fail_all(struct host *host, const char *why, uint64_t now_ms);

/* --- host_mdns.c --- */

/* Find others on the local network from now on, and be found. LAT_NOMEM. What an interface does not allow is logged and passed over. */
LAT_MUST_CHECK enum lat_err host_mdns_open(struct host *host, const struct peerid *own);
void host_mdns_tick(struct host *host, uint64_t now_ms);
void host_mdns_close(struct host *host);

/* Our addresses, or the machine's, may have changed. anew: ask and tell again even if not. Nothing where mDNS is off. */
void host_mdns_refresh(struct host *host, bool anew, uint64_t now_ms);

#endif
