/*
 * peer_record.h - the signed record of a peer: its own addresses, said by itself.
 * Spec: libp2p/specs RFC/0003-routing-records.md, with the envelope domain "libp2p-peer-record" and the type
 * 03 01 that all implementations use. Any thread.
 */
#ifndef LAT_WIRE_PEER_RECORD_H
#define LAT_WIRE_PEER_RECORD_H

#include "wire/envelope.h"
#include "wire/multiaddr.h"

#define PEER_RECORD_ADDRS_MAX 128

struct peer_record {
    struct peerid peer;
    uint64_t seq; /* of two records of one peer the higher one holds */
    size_t addr_count;
    struct multiaddr_ref addrs[]; /* multiaddrs that are some; each passes multiaddr_from_bytes */
};

/*
 * Append our record in its envelope. addrs: at most PEER_RECORD_ADDRS_MAX. seq must rise; the wall clock
 * in milliseconds will do. LAT_LIMIT, LAT_NOMEM.
 */
LAT_MUST_CHECK enum lat_err peer_record_seal(const struct key *key, uint64_t seq, const struct multiaddr_ref *addrs,
                                             size_t addr_count, struct lat_buf *out);

/*
 * Open a record in its envelope: signature verified, and the peer it speaks of is who signed it. Whether that
 * is the peer of the connection is for the caller to compare. Addresses that are none, and those over
 * PEER_RECORD_ADDRS_MAX, are left out. The caller ends it with peer_record_free.
 *
 * LAT_LIMIT, LAT_MALFORMED, LAT_AUTH (also: speaks of another peer than its signer), LAT_NOMEM
 */
LAT_MUST_CHECK enum lat_err peer_record_open(const uint8_t *in, size_t len, struct peer_record **out);
void peer_record_free(struct peer_record *record);

#endif
