/*
 * multiaddr.h - addresses that say how they are reached: "/ip4/192.0.2.1/tcp/9000/p2p/12D3...", and their bytes.
 * Spec: multiformats/multiaddr, its table protocols.csv; libp2p/specs addressing/README.md.
 *
 * Known: ip4 ip6 ip6zone dns dns4 dns6 dnsaddr tcp udp quic quic-v1 webtransport webrtc webrtc-direct ws wss
 * tls sni noise http https unix p2p-circuit p2p, and "ipfs", the old name of p2p, in text. A code that is not
 * known here may have a value of any length: from it on the bytes are carried, and there is no text for them.
 * Bounded: MULTIADDR_MAX bytes, MULTIADDR_PARTS_MAX parts. Pure; any thread.
 */
#ifndef LAT_WIRE_MULTIADDR_H
#define LAT_WIRE_MULTIADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/peerid.h"

#define MULTIADDR_MAX 1024      /* bytes */
#define MULTIADDR_PARTS_MAX 32
#define MULTIADDR_TEXT_MAX 4096 /* text of any multiaddr with its zero; honest ones take under 256 */
#define MULTIADDR_HOST_MAX 254  /* a host name with its zero */

/* A checked address; to be held by value for the moment. */
struct multiaddr {
    uint8_t bytes[MULTIADDR_MAX];
    size_t len; /* 1 .. MULTIADDR_MAX */
};

/* Bytes of an address that stand elsewhere. */
struct multiaddr_ref {
    const uint8_t *bytes;
    size_t len;
};

/*
 * LAT_MALFORMED  no address; of bytes: a known part whose value is none (a name with a slash, for one)
 * LAT_LIMIT      too many bytes or parts
 *
 * What multiaddr_from_bytes takes it keeps byte by byte; only shortest varints pass.
 */
LAT_MUST_CHECK enum lat_err multiaddr_parse(const char *text, struct multiaddr *out);
LAT_MUST_CHECK enum lat_err multiaddr_from_bytes(const uint8_t *in, size_t len, struct multiaddr *out);

/*
 * Terminated text, which multiaddr_parse turns into the same bytes. Names in it are UTF-8 without characters
 * that disturb a terminal. LAT_NOTFOUND: a code that is not known here. LAT_LIMIT: longer than size.
 */
LAT_MUST_CHECK enum lat_err multiaddr_text(const struct multiaddr *addr, char *out, size_t size);

/* /ip4/.../tcp/PORT or /ip6/.../tcp/PORT of an address in network order, 4 or 16 bytes. */
void multiaddr_of_tcp(const uint8_t *ip, size_t ip_len, uint16_t port, struct multiaddr *out);

enum multiaddr_host {
    MULTIADDR_IP4,
    MULTIADDR_IP6,
    MULTIADDR_DNS, /* both families */
    MULTIADDR_DNS4,
    MULTIADDR_DNS6,
};

/* What a TCP address says. */
struct multiaddr_tcp {
    enum multiaddr_host kind;
    char host[MULTIADDR_HOST_MAX]; /* address, or a name of letters, digits, '-', '_' and '.' */
    uint16_t port;
    bool has_peer;
    struct peerid peer;
};

/* Host, tcp, perhaps p2p, and nothing more? Port 0 passes, since one can listen on it. */
bool multiaddr_is_tcp(const struct multiaddr *addr, struct multiaddr_tcp *out);

/* Can we dial it: the same with a port that is not 0. */
bool multiaddr_is_dialable(const struct multiaddr *addr);

#endif
