#include "config.h"

#include "node/configuration_addresses.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "crypto/key.h"
#include "node/configuration_values.h"
#include "wire/multiaddr.h"
#include "wire/peerid.h"

#define HOST_MAX 254 /* of a name, with its zero */

/* --- hosts and ports --- */

static bool
is_ip6(const char *text)
{
    struct in6_addr address;

    return inet_pton(AF_INET6, text, &address) == 1;
}

static bool
read_port(const char *text, uint16_t *port)
{
    uint64_t number;

    if (strlen(text) > 5 || lat_parse_u64(text, UINT16_MAX, &number))
        return false;
    *port = (uint16_t)number;
    return true;
}

/* "host:port" or "[v6]:port" in two; without brackets. False: no colon, or an open bracket. */
static bool
split_port(const char *text, char *host, size_t host_size, const char **port)
{
    const char *end = text[0] == '[' ? strstr(text, "]:") : strrchr(text, ':');

    if (end == NULL)
        return false;
    *port = text[0] == '[' ? end + 2 : end + 1;
    return text[0] == '[' ? config_cut(text + 1, (size_t)(end - text - 1), host, host_size)
                          : config_cut(text, (size_t)(end - text), host, host_size);
}

/* The address alone: its one form, with brackets around IPv6, and whether it is loopback. */
static bool
read_address(const char *host, bool bracketed, char out[INET6_ADDRSTRLEN + 2], bool *loopback)
{
    struct in_addr four;
    struct in6_addr six;
    char text[INET6_ADDRSTRLEN];

    if (!bracketed && strcasecmp(host, "localhost") == 0) {
        *loopback = true;
        return lat_copy(out, INET6_ADDRSTRLEN + 2, "localhost");
    }
    if (!bracketed && inet_pton(AF_INET, host, &four) == 1) {
        *loopback = ntohl(four.s_addr) >> 24 == 127;
        return inet_ntop(AF_INET, &four, out, INET6_ADDRSTRLEN) != NULL;
    }
    if (!bracketed || inet_pton(AF_INET6, host, &six) != 1)
        return false;
    *loopback = IN6_IS_ADDR_LOOPBACK(&six);
    inet_ntop(AF_INET6, &six, text, sizeof(text));
    snprintf(out, INET6_ADDRSTRLEN + 2, "[%s]", text);
    return true;
}

enum lat_err
config_read_listen(const char *text, struct config_listen *out, struct lat_msg *why)
{
    char host[INET6_ADDRSTRLEN], address[INET6_ADDRSTRLEN + 2];
    struct config_listen listen = { .port = 0 };
    const char *port;

    if (!split_port(text, host, sizeof(host), &port))
        return config_refuse(why, text, "is no ADDRESS:PORT; use for example 127.0.0.1:8000 or [::1]:8000");
    if (!read_address(host, text[0] == '[', address, &listen.loopback))
        return config_refuse(
            why, text, "has no address to listen on; use an IPv4 address, an [IPv6] address, or localhost");
    if (!read_port(port, &listen.port))
        return config_refuse(why, text, "has no port; use 1 to 65535, or 0 for any free one");
    snprintf(listen.text, sizeof(listen.text), "%s:%u", address, (unsigned)listen.port);
    *out = listen;
    return LAT_OK;
}

enum lat_err
config_check_host(const char *text, struct lat_msg *why)
{
    size_t len = strlen(text);
    char inside[INET6_ADDRSTRLEN];

    if (lat_is_host_name(text) || is_ip6(text))
        return LAT_OK;
    if (len > 2 && text[0] == '[' && text[len - 1] == ']' &&
        config_cut(text + 1, len - 2, inside, sizeof(inside)) && is_ip6(inside))
        return LAT_OK;
    return config_refuse(why, text,
                         "is no host name; write it as it stands in a URL, without scheme and port");
}

/* --- URLs --- */

/* "http://" or "https://" in any case: its length and lower-case form; 0: neither. */
static size_t
read_scheme(const char *url, const char **scheme)
{
    static const char *const schemes[] = { "http://", "https://" };

    for (size_t i = 0; i < 2; i++) {
        size_t len = strlen(schemes[i]);

        if (strncasecmp(url, schemes[i], len) == 0) {
            *scheme = schemes[i];
            return len;
        }
    }
    return 0;
}

/* "host", "host:port", "[v6]", "[v6]:port". */
static bool
is_authority(const char *text)
{
    char host[HOST_MAX];
    const char *port;
    uint16_t number;
    size_t len = strlen(text);

    if (text[0] == '[' && len > 2 && text[len - 1] == ']')
        return config_cut(text + 1, len - 2, host, sizeof(host)) && is_ip6(host);
    if (strchr(text, ':') == NULL)
        return lat_is_host_name(text);
    return split_port(text, host, sizeof(host), &port) && read_port(port, &number) && number > 0 &&
           (text[0] == '[' ? is_ip6(host) : lat_is_host_name(host));
}

/* Characters that stand in the path of a URL as they are. */
static bool
is_path(const char *text)
{
    for (; *text; text++) {
        if (!isalnum((unsigned char)*text) && strchr("/-._~!$&'()*+,;=:@%", *text) == NULL)
            return false;
    }
    return true;
}

/* The URL without its fragment: checked, in one form. */
static enum lat_err
read_url(const char *url, char out[SNAPSHOT_URL_MAX], struct lat_msg *why)
{
    char authority[HOST_MAX + 8];
    const char *scheme = "", *host = url + read_scheme(url, &scheme);
    size_t host_len = strcspn(host, "/?");
    const char *path = host + host_len;
    int len;

    if (host == url)
        return config_refuse(why, url, "is no http:// or https:// URL");
    if (strchr(host, '?') != NULL)
        return config_refuse(why, url, "has a query; give the base URL of the node alone");
    if (!config_cut(host, host_len, authority, sizeof(authority)) || !is_authority(authority))
        return config_refuse(why, url, "has no host, or no port from 1 to 65535");
    if (!is_path(path))
        return config_refuse(why, url, "has characters in its path that are none of a URL");
    for (char *c = authority; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    len = snprintf(out, SNAPSHOT_URL_MAX, "%s%s%s", scheme, authority, path);
    if (len < 0 || len >= SNAPSHOT_URL_MAX)
        return config_refuse(why, url, "is too long; use at most %d characters", SNAPSHOT_URL_MAX - 1);
    while (len > 0 && out[len - 1] == '/')
        out[--len] = 0;
    return LAT_OK;
}

enum lat_err
config_read_source(const char *text, struct config_source *out, struct lat_msg *why)
{
    struct config_source source = { .bound = false };
    char url[2 * SNAPSHOT_URL_MAX];
    const char *hash = strchr(text, '#'), *scheme, *host = text + read_scheme(text, &scheme);
    enum lat_err err;

    if (memchr(host, '@', strcspn(host, "/?")) != NULL) {
        lat_msg_set(
            why, "a URL with a name or password in it; put a token into the file of LATTICE_HTTP_TOKEN_FILE");
        return LAT_MALFORMED;
    }
    if (!config_cut(text, hash ? (size_t)(hash - text) : strlen(text), url, sizeof(url)))
        return config_refuse(why, text, "is too long; use at most %d characters", SNAPSHOT_URL_MAX - 1);
    err = read_url(url, source.url, why);
    if (err)
        return err;
    if (hash != NULL) {
        source.bound = true;
        if (peerid_ed25519_key(hash + 1, source.key) || !key_public_is_sound(source.key))
            return config_refuse(
                why, text, "has no peer id of an Ed25519 key behind '#'; 'lattice id' prints that of a node");
    }
    *out = source;
    return LAT_OK;
}

enum lat_err
config_check_origin(const char *text, struct lat_msg *why)
{
    const char *scheme, *host = text + read_scheme(text, &scheme);

    if (strcmp(text, "*") == 0 || (host != text && is_authority(host)))
        return LAT_OK;
    return config_refuse(why, text,
                         "is no origin; use scheme, host and port as in https://console.example:8443");
}

/* --- multiaddrs --- */

enum lat_err
config_check_listen_multiaddr(const char *text, struct lat_msg *why)
{
    struct multiaddr addr;
    struct multiaddr_tcp tcp;

    if (!multiaddr_parse(text, &addr) && multiaddr_is_tcp(&addr, &tcp) && !tcp.has_peer &&
        (tcp.kind == MULTIADDR_IP4 || tcp.kind == MULTIADDR_IP6))
        return LAT_OK;
    return config_refuse(
        why, text, "is no address to listen on; use a form as in /ip4/0.0.0.0/tcp/9000 or /ip6/::/tcp/9000");
}

/* What stands behind "/p2p/", or its old name; NULL: neither is there. */
static const char *
find_peer(const char *text)
{
    static const char *const marks[] = { "/p2p/", "/ipfs/" };

    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        const char *at = strstr(text, marks[i]);

        if (at != NULL)
            return at + strlen(marks[i]);
    }
    return NULL;
}

enum lat_err
config_check_peer_multiaddr(const char *text, struct lat_msg *why)
{
    const char *peer = find_peer(text);
    struct multiaddr addr;
    struct multiaddr_tcp tcp;
    struct peerid id;

    if (peer == NULL)
        return config_refuse(
            why, text, "does not end in /p2p/PEERID; use a form as in /ip4/192.0.2.1/tcp/9000/p2p/12D3...");
    if (peerid_parse(peer, &id))
        return config_refuse(why, text, "has no peer id behind /p2p/; 'lattice id' prints that of a node");
    if (multiaddr_parse(text, &addr) || !multiaddr_is_tcp(&addr, &tcp) || tcp.port == 0)
        return config_refuse(
            why, text, "has no address to dial; use ip4, ip6, dns, dns4 or dns6, then /tcp/ and a port");
    return LAT_OK;
}
