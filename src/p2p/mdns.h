/*
 * mdns.h - peers on the local network, by multicast DNS: one machine for each network interface and address family.
 *
 *   ask      "_p2p._udp.local PTR" when the network comes up, then ever more rarely (1 s, doubling, up to MDNS_ASK_MAX_MS)
 *   answer   PTR to a name of random letters, and under that name a TXT record with "dnsaddr=MULTIADDR/p2p/ID" for each address; once
 *            a second at most, MDNS_DELAY_* after the question, so that one answer serves several who ask; twice unasked when our
 *            addresses change
 *   find     what such answers tell of others, if it can be meant for us: an IP address in a network that this interface is on
 *
 * Nothing that is heard is kept here, and nobody is believed: who is found is a candidate that still has to prove its id. Messages from
 * outside the interface's own networks are passed over, and so is what comes faster than MDNS_INPUT_MAX a second. Pure; one thread.
 *
 * The libp2p page names no group. 224.0.0.251 is what others use (js-libp2p nothing else); ff02::fb of RFC 6762 is served beside it, by
 * one machine more, so that a link without IPv4 works between nodes of ours. An answer names our addresses of both families, whichever
 * way it goes. SRV, A and AAAA, which that page offers to other tools, are left out: peers need none of them.
 *
 * Spec: libp2p/specs discovery/mdns.md; RFC 6762 sections 5 to 7, 8.3, 11; RFC 6763 section 6.
 */
#ifndef LAT_P2P_MDNS_H
#define LAT_P2P_MDNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/dns.h"
#include "wire/multiaddr.h"
#include "wire/peerid.h"

#define MDNS_PORT 5353
#define MDNS_IP4 "224.0.0.251"
#define MDNS_IP6 "ff02::fb"
#define MDNS_PACKET_MAX 9000     /* RFC 6762 section 17 */
#define MDNS_ANSWER_MAX 1440     /* what we send fits an Ethernet frame */
#define MDNS_LABEL_LEN 40        /* of our name; 32 .. 63 */
#define MDNS_TTL_S 120
#define MDNS_LEGACY_TTL_S 10     /* to those who ask from another port than 5353 */
#define MDNS_ADDRESSES_MAX 8     /* of ours on one interface */
#define MDNS_NETS_MAX 8          /* that one interface is on */
#define MDNS_FOUND_MAX 32        /* addresses taken from one message */
#define MDNS_RECORDS_MAX 256     /* looked at in one message */
#define MDNS_INPUT_MAX 100       /* messages a second */
#define MDNS_LEGACY_MAX 10       /* answers to single addresses, a second */
#define MDNS_ASK_MIN_MS 1000
#define MDNS_ASK_MAX_MS 300000
#define MDNS_DELAY_MIN_MS 20
#define MDNS_DELAY_MAX_MS 120
#define MDNS_GAP_MS 1000         /* between two answers to all */

/* An IP address, or a network: those with the same first `prefix` bits. */
struct mdns_net {
    uint8_t ip[16];
    size_t ip_len;   /* 4 or 16 */
    unsigned prefix;
};

struct mdns_endpoint {
    uint8_t ip[16];
    size_t ip_len;
    uint16_t port;
};

/* Each gets `arg` first; neither may call the machine. */
struct mdns_ops {
    /* Send this: to one, or (NULL) to the group. */
    void (*send)(void *arg, const struct mdns_endpoint *to, const uint8_t *data, size_t len);
    /* This peer says it can be reached there (tcp, with its id). */
    void (*found)(void *arg, const struct peerid *id, const struct multiaddr *address);
};

struct mdns_config {
    struct peerid own;                 /* never found */
    char label[MDNS_LABEL_LEN + 1];    /* of mdns_label */
    void (*random)(void *out, size_t len);
    const struct mdns_ops *ops;        /* borrowed */
    void *arg;
};

/* Second-wise counter of what is allowed. */
struct mdns_allowance {
    uint64_t second;
    unsigned used;
};

/* Change it through the functions below only. */
struct mdns {
    struct mdns_config config;
    struct dns_name service, meta, own; /* _p2p._udp.local, _services._dns-sd._udp.local, LABEL._p2p._udp.local */
    struct mdns_net nets[MDNS_NETS_MAX];
    size_t net_count;
    struct multiaddr addresses[MDNS_ADDRESSES_MAX]; /* with our id */
    size_t address_count;
    uint64_t ask_ms, ask_gap_ms;   /* the next question, and what follows it */
    unsigned tell;                 /* unasked answers that are left */
    uint64_t answer_ms;            /* when to answer all; 0: nobody has asked */
    bool answer_meta;              /* that answer names the service too */
    uint64_t answered_ms;          /* the last one to all; 0: none */
    struct mdns_allowance input, legacy;
};

/* A name of random letters and digits for this process: tells nothing of the host. */
void mdns_label(void (*random)(void *out, size_t len), char out[MDNS_LABEL_LEN + 1]);

void mdns_init(struct mdns *mdns, const struct mdns_config *config);

/*
 * The interface is on these networks, and we can be reached at these addresses there (dialable, without our id). If they are others than
 * before, ask and tell anew. What is over MDNS_NETS_MAX and MDNS_ADDRESSES_MAX is left out. Without networks nothing is sent or heard.
 */
void mdns_set_network(struct mdns *mdns, const struct mdns_net *nets, size_t net_count, const struct multiaddr *addresses,
                      size_t address_count, uint64_t now_ms);

/* The same, even if nothing has changed (NETCHANGE, RESUME). */
void mdns_begin_anew(struct mdns *mdns, uint64_t now_ms);

/* A message came in. Calls found. */
void mdns_input(struct mdns *mdns, const struct mdns_endpoint *from, const uint8_t *data, size_t len, uint64_t now_ms);

/* Send what is due. At least every 100 ms. */
void mdns_tick(struct mdns *mdns, uint64_t now_ms);

/* Is this address in one of the networks? */
bool mdns_is_near(const struct mdns_net *nets, size_t count, const uint8_t *ip, size_t ip_len);

#endif
