/*
 * configuration_addresses.h - the grammar of addresses in settings: where to listen, URLs, multiaddrs. Pure;
 * any thread.
 *
 * Each function returns LAT_OK or LAT_MALFORMED, with "'value' is ...; use ..." in *why (escaped, cut).
 * Outputs are written on success only.
 */
#ifndef LAT_NODE_CONFIGURATION_ADDRESSES_H
#define LAT_NODE_CONFIGURATION_ADDRESSES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "node/configuration.h"

/* A TCP address to listen on. */
struct config_listen {
    char text[80]; /* "127.0.0.1:8000", "[::1]:8000", "localhost:8000" */
    uint16_t port; /* 0: any free one */
    bool loopback;
};

/* "ADDRESS:PORT"; the address is IPv4, [IPv6], or "localhost". */
LAT_MUST_CHECK enum lat_err config_read_listen(const char *text, struct config_listen *out,
                                               struct lat_msg *why);

/* Base URL of an HTTP peer, "#PEERID" behind it. Credentials in it are refused, and not repeated in *why. */
LAT_MUST_CHECK enum lat_err config_read_source(const char *text, struct config_source *out,
                                               struct lat_msg *why);

/* "/ip4/0.0.0.0/tcp/9000", "/ip6/::/tcp/9000". */
LAT_MUST_CHECK enum lat_err config_check_listen_multiaddr(const char *text, struct lat_msg *why);

/* "/ip4/192.0.2.1/tcp/9000/p2p/12D3..."; also ip6, dns, dns4, dns6. */
LAT_MUST_CHECK enum lat_err config_check_peer_multiaddr(const char *text, struct lat_msg *why);

/* A host name or address as it stands in a Host header, without port. */
LAT_MUST_CHECK enum lat_err config_check_host(const char *text, struct lat_msg *why);

/* "https://console.example", or "*". */
LAT_MUST_CHECK enum lat_err config_check_origin(const char *text, struct lat_msg *why);

#endif
