/*
 * An address is a row of parts: a code as varint, then a value whose size the code tells, or its length as
 * varint where it varies. Bytes are checked once, when they become a struct multiaddr; what reads it later
 * knows that its parts are sound.
 */
#include "config.h"

#include "wire/multiaddr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/cursor.h"
#include "base/le.h"
#include "base/text.h"
#include "base/varint.h"

#define NAME_MAX_LEN 255 /* of a host name, a server name, a zone */
#define IP4_LEN 4
#define IP6_LEN 16
#define PORT_LEN 2
#define PORT_TEXT_MAX 7 /* with slash and zero */

enum value {
    VALUE_NONE,
    VALUE_IP4,
    VALUE_IP6,
    VALUE_PORT, /* big endian */
    VALUE_NAME, /* from here on behind its length */
    VALUE_PATH, /* with its first slash; the last part, since its text takes all the rest */
    VALUE_PEER,
};

enum code {
    CODE_IP4 = 4,
    CODE_TCP = 6,
    CODE_IP6 = 41,
    CODE_DNS = 53,
    CODE_DNS4 = 54,
    CODE_DNS6 = 55,
    CODE_P2P = 421,
};

struct protocol {
    uint64_t code;
    const char *name;
    enum value value;
};

static const struct protocol protocols[] = {
    { CODE_IP4, "ip4", VALUE_IP4 },
    { CODE_TCP, "tcp", VALUE_PORT },
    { CODE_IP6, "ip6", VALUE_IP6 },
    { 42, "ip6zone", VALUE_NAME },
    { CODE_DNS, "dns", VALUE_NAME },
    { CODE_DNS4, "dns4", VALUE_NAME },
    { CODE_DNS6, "dns6", VALUE_NAME },
    { 56, "dnsaddr", VALUE_NAME },
    { 273, "udp", VALUE_PORT },
    { 280, "webrtc-direct", VALUE_NONE },
    { 281, "webrtc", VALUE_NONE },
    { 290, "p2p-circuit", VALUE_NONE },
    { 400, "unix", VALUE_PATH },
    { CODE_P2P, "p2p", VALUE_PEER },
    { CODE_P2P, "ipfs", VALUE_PEER }, /* behind p2p, the name that text is written with */
    { 443, "https", VALUE_NONE },
    { 448, "tls", VALUE_NONE },
    { 449, "sni", VALUE_NAME },
    { 454, "noise", VALUE_NONE },
    { 460, "quic", VALUE_NONE },
    { 461, "quic-v1", VALUE_NONE },
    { 465, "webtransport", VALUE_NONE },
    { 477, "ws", VALUE_NONE },
    { 478, "wss", VALUE_NONE },
    { 480, "http", VALUE_NONE },
};

#define PROTOCOLS (sizeof(protocols) / sizeof(protocols[0]))

struct part {
    const struct protocol *protocol; /* NULL: not known; the value is all the rest */
    const uint8_t *value;
    size_t len;
};

static const struct protocol *
find_code(uint64_t code)
{
    for (size_t i = 0; i < PROTOCOLS; i++) {
        if (protocols[i].code == code)
            return &protocols[i];
    }
    return NULL;
}

static const struct protocol *
find_name(const char *name, size_t len)
{
    for (size_t i = 0; i < PROTOCOLS; i++) {
        if (strlen(protocols[i].name) == len && memcmp(protocols[i].name, name, len) == 0)
            return &protocols[i];
    }
    return NULL;
}

/* --- values --- */

/* Can this stand in a text, between slashes where it is no path? */
static bool
is_plain(const uint8_t *text, size_t len, bool may_have_slashes)
{
    uint32_t c = 0;

    for (size_t i = 0; i < len;) {
        size_t n = lat_utf8_next(text + i, len - i, &c);

        if (n == 0 || lat_is_unsafe(c) || (c == '/' && !may_have_slashes))
            return false;
        i += n;
    }
    return true;
}

static bool
is_value(const struct part *part)
{
    struct peerid peer;

    switch (part->protocol->value) {
    case VALUE_NONE:
    case VALUE_IP4:
    case VALUE_IP6:
    case VALUE_PORT:
        return true;
    case VALUE_NAME:
        return part->len > 0 && part->len <= NAME_MAX_LEN && is_plain(part->value, part->len, false);
    case VALUE_PATH:
        return part->len > 0 && part->value[0] == '/' && is_plain(part->value, part->len, true);
    case VALUE_PEER:
        return peerid_from_bytes(part->value, part->len, &peer) == LAT_OK;
    }
    return false;
}

/* The size of a value; that of one that varies is taken from the front. */
static uint64_t
take_value_len(enum value value, struct lat_cursor *cursor)
{
    switch (value) {
    case VALUE_NONE:
        return 0;
    case VALUE_IP4:
        return IP4_LEN;
    case VALUE_IP6:
        return IP6_LEN;
    case VALUE_PORT:
        return PORT_LEN;
    case VALUE_NAME:
    case VALUE_PATH:
    case VALUE_PEER:
        break;
    }
    return lat_take_varint(cursor);
}

/* The next part; false: none left, or bytes that are none, which makes the cursor bad. */
static bool
take_part(struct lat_cursor *cursor, struct part *part)
{
    uint64_t len;

    if (cursor->bad || cursor->left == 0)
        return false;
    part->protocol = find_code(lat_take_varint(cursor));
    len = part->protocol != NULL ? take_value_len(part->protocol->value, cursor) : cursor->left;
    part->value = lat_take(cursor, len);
    part->len = (size_t)len;
    return !cursor->bad;
}

enum lat_err
multiaddr_from_bytes(const uint8_t *in, size_t len, struct multiaddr *out)
{
    struct lat_cursor cursor;
    struct part part = { NULL, NULL, 0 };
    size_t parts = 0;

    if (len > MULTIADDR_MAX)
        return LAT_LIMIT;
    lat_cursor_init(&cursor, in, len);
    while (take_part(&cursor, &part)) {
        if (++parts > MULTIADDR_PARTS_MAX)
            return LAT_LIMIT;
        if (part.protocol == NULL)
            continue; /* and the last one */
        if (!is_value(&part) || (part.protocol->value == VALUE_PATH && cursor.left > 0))
            return LAT_MALFORMED;
    }
    if (parts == 0 || !lat_cursor_is_done(&cursor))
        return LAT_MALFORMED;
    memcpy(out->bytes, in, len);
    out->len = len;
    return LAT_OK;
}

/* --- from text --- */

/* A value's bytes from its text. Room: NAME_MAX_LEN. False: it is none. */
static bool
read_value(enum value kind, const char *text, uint8_t *value, size_t *len)
{
    struct peerid peer;
    uint64_t port;

    switch (kind) {
    case VALUE_IP4:
        *len = IP4_LEN;
        return inet_pton(AF_INET, text, value) == 1;
    case VALUE_IP6:
        *len = IP6_LEN;
        return inet_pton(AF_INET6, text, value) == 1;
    case VALUE_PORT:
        if (lat_parse_u64(text, UINT16_MAX, &port))
            return false;
        value[0] = (uint8_t)(port >> 8);
        value[1] = (uint8_t)port;
        *len = PORT_LEN;
        return true;
    case VALUE_PEER:
        if (peerid_parse(text, &peer))
            return false;
        memcpy(value, peer.bytes, peer.len);
        *len = peer.len;
        return true;
    case VALUE_NAME:
        *len = strlen(text);
        memcpy(value, text, *len);
        return true;
    case VALUE_NONE:
    case VALUE_PATH: /* not between slashes */
        break;
    }
    return false;
}

/* Append a part. LAT_LIMIT. */
static enum lat_err
put_part(struct multiaddr *addr, const struct part *part)
{
    uint8_t head[2 * VARINT_LEN_MAX];
    size_t head_len = varint_encode(part->protocol->code, head);

    if (part->protocol->value >= VALUE_NAME)
        head_len += varint_encode(part->len, head + head_len);
    if (head_len + part->len > sizeof(addr->bytes) - addr->len)
        return LAT_LIMIT;
    memcpy(addr->bytes + addr->len, head, head_len);
    if (part->len > 0)
        memcpy(addr->bytes + addr->len + head_len, part->value, part->len);
    addr->len += head_len + part->len;
    return LAT_OK;
}

/* "/name" or "/name/value" at *text, which moves behind it, appended. */
static enum lat_err
read_part(const char **text, struct multiaddr *addr)
{
    char segment[NAME_MAX_LEN + 1];
    uint8_t value[NAME_MAX_LEN];
    struct part part = { NULL, value, 0 };
    const char *at = *text;
    size_t len;

    if (*at++ != '/')
        return LAT_MALFORMED;
    len = strcspn(at, "/");
    part.protocol = find_name(at, len);
    at += len;
    if (part.protocol == NULL || (part.protocol->value != VALUE_NONE && *at != '/'))
        return LAT_MALFORMED;
    if (part.protocol->value == VALUE_PATH) {
        part.value = (const uint8_t *)at;
        part.len = strlen(at);
        at += part.len;
    } else if (part.protocol->value != VALUE_NONE) {
        len = strcspn(++at, "/");
        if (len >= sizeof(segment))
            return LAT_MALFORMED;
        memcpy(segment, at, len);
        segment[len] = 0;
        at += len;
        if (!read_value(part.protocol->value, segment, value, &part.len))
            return LAT_MALFORMED;
    }
    *text = at;
    return is_value(&part) ? put_part(addr, &part) : LAT_MALFORMED;
}

enum lat_err
multiaddr_parse(const char *text, struct multiaddr *out)
{
    struct multiaddr addr = { .len = 0 };
    size_t parts = 0;

    do {
        enum lat_err err = read_part(&text, &addr);

        if (err)
            return err;
        if (++parts > MULTIADDR_PARTS_MAX)
            return LAT_LIMIT;
    } while (*text);
    *out = addr;
    return LAT_OK;
}

/* --- to text --- */

/* Room in text: MULTIADDR_MAX + 2. */
static void
write_value(const struct part *part, char *text)
{
    struct peerid peer;

    switch (part->protocol->value) {
    case VALUE_NONE:
        *text = 0;
        return;
    case VALUE_IP4:
        *text = '/';
        inet_ntop(AF_INET, part->value, text + 1, INET_ADDRSTRLEN);
        return;
    case VALUE_IP6:
        *text = '/';
        inet_ntop(AF_INET6, part->value, text + 1, INET6_ADDRSTRLEN);
        return;
    case VALUE_PORT:
        snprintf(text, PORT_TEXT_MAX, "/%d", part->value[0] << 8 | part->value[1]);
        return;
    case VALUE_NAME:
        *text++ = '/';
        break;
    case VALUE_PATH:
        break;
    case VALUE_PEER:
        *text = '/';
        if (!peerid_from_bytes(part->value, part->len, &peer)) /* it was checked */
            peerid_text(&peer, text + 1);
        return;
    }
    memcpy(text, part->value, part->len);
    text[part->len] = 0;
}

enum lat_err
multiaddr_text(const struct multiaddr *addr, char *out, size_t size)
{
    char value[MULTIADDR_MAX + 2];
    struct lat_cursor cursor;
    struct part part = { NULL, NULL, 0 };
    size_t used = 0;

    lat_cursor_init(&cursor, addr->bytes, addr->len);
    while (take_part(&cursor, &part)) {
        size_t len;

        if (part.protocol == NULL)
            return LAT_NOTFOUND;
        write_value(&part, value);
        len = 1 + strlen(part.protocol->name) + strlen(value);
        if (len >= size - used)
            return LAT_LIMIT;
        snprintf(out + used, size - used, "/%s%s", part.protocol->name, value);
        used += len;
    }
    return LAT_OK;
}

/* --- what it is good for --- */

void
multiaddr_of_tcp(const uint8_t *ip, size_t ip_len, uint16_t port, struct multiaddr *out)
{
    uint8_t *at = out->bytes;

    at += varint_encode(ip_len == IP4_LEN ? CODE_IP4 : CODE_IP6, at);
    at = lat_put_bytes(at, ip, ip_len);
    at += varint_encode(CODE_TCP, at);
    *at++ = (uint8_t)(port >> 8);
    *at++ = (uint8_t)port;
    out->len = (size_t)(at - out->bytes);
}

static bool
read_host(const struct part *part, struct multiaddr_tcp *out)
{
    char value[MULTIADDR_MAX + 2];

    if (part->protocol == NULL)
        return false;
    switch (part->protocol->code) {
    case CODE_IP4:
        out->kind = MULTIADDR_IP4;
        break;
    case CODE_IP6:
        out->kind = MULTIADDR_IP6;
        break;
    case CODE_DNS:
        out->kind = MULTIADDR_DNS;
        break;
    case CODE_DNS4:
        out->kind = MULTIADDR_DNS4;
        break;
    case CODE_DNS6:
        out->kind = MULTIADDR_DNS6;
        break;
    default:
        return false;
    }
    write_value(part, value);
    return lat_copy(out->host, sizeof(out->host), value + 1) &&
           (part->protocol->value != VALUE_NAME || lat_is_host_name(out->host));
}

static bool
is_code(const struct part *part, enum code code)
{
    return part->protocol != NULL && part->protocol->code == code;
}

bool
multiaddr_is_tcp(const struct multiaddr *addr, struct multiaddr_tcp *out)
{
    struct multiaddr_tcp tcp = { .has_peer = false };
    struct lat_cursor cursor;
    struct part part = { NULL, NULL, 0 };

    lat_cursor_init(&cursor, addr->bytes, addr->len);
    if (!take_part(&cursor, &part) || !read_host(&part, &tcp) || !take_part(&cursor, &part) ||
        !is_code(&part, CODE_TCP))
        return false;
    tcp.port = (uint16_t)(part.value[0] << 8 | part.value[1]);
    if (take_part(&cursor, &part)) {
        if (!is_code(&part, CODE_P2P) || peerid_from_bytes(part.value, part.len, &tcp.peer))
            return false;
        tcp.has_peer = true;
    }
    if (!lat_cursor_is_done(&cursor))
        return false;
    *out = tcp;
    return true;
}

bool
multiaddr_is_dialable(const struct multiaddr *addr)
{
    struct multiaddr_tcp tcp;

    return multiaddr_is_tcp(addr, &tcp) && tcp.port != 0;
}
