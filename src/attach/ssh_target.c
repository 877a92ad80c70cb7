#include "config.h"

#include "attach/ssh_target.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define SCHEME "ssh://"
#define SCHEME_LEN 6
#define API_PREFIX "?api="

static bool
copy_part(char *out, size_t out_size, const char *part, size_t len)
{
    if (len == 0 || len >= out_size)
        return false;
    memcpy(out, part, len);
    out[len] = 0;
    return true;
}

static bool
parse_port(const char *text, size_t len, uint16_t *port)
{
    char digits[8];
    uint64_t number;

    if (!copy_part(digits, sizeof(digits), text, len) || lat_parse_u64(digits, 65535, &number) || number == 0)
        return false;
    *port = (uint16_t)number;
    return true;
}

/* A name that a resolver may be given, or an address; in brackets an IPv6 address, perhaps with its zone. */
static bool
parse_host(const char *text, size_t len, char *host, size_t host_size)
{
    char address[64];
    struct in6_addr v6;

    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        if (!copy_part(host, host_size, text + 1, len - 2) || !copy_part(address, sizeof(address), text + 1, len - 2))
            return false;
        if (strchr(address, '%') && !lat_is_host_name(strchr(address, '%') + 1))
            return false;
        address[strcspn(address, "%")] = 0;
        return inet_pton(AF_INET6, address, &v6) == 1;
    }
    return copy_part(host, host_size, text, len) && text[0] != '-' && lat_is_host_name(host);
}

/* host[:port]; the port stays 0 when none is said. */
static const char *
parse_host_port(const char *text, size_t len, char *host, size_t host_size, uint16_t *port)
{
    const char *bracket = text[0] == '[' ? memchr(text, ']', len) : NULL;
    const char *colon = memchr(bracket ? bracket : text, ':', len - (size_t)((bracket ? bracket : text) - text));
    size_t host_len = colon ? (size_t)(colon - text) : len;

    if (colon && !parse_port(colon + 1, len - host_len - 1, port))
        return "the port is a number from 1 to 65535";
    return parse_host(text, host_len, host, host_size) ? NULL : "the host is a name, an IPv4 address, or an IPv6 address in brackets";
}

static const char *
parse_user(const char *text, size_t len, char *user, size_t user_size)
{
    if (memchr(text, ':', len))
        return "a password is not taken from a command line; use an agent or a key file";
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)text[i]) && !strchr("._-+$", text[i]))
            return "the user name has a character that none has";
    }
    return text[0] != '-' && copy_part(user, user_size, text, len) ? NULL : "the user name is empty or too long";
}

/* [user@]host[:port] */
static const char *
parse_authority(const char *text, size_t len, struct ssh_target *out)
{
    const char *at = memchr(text, '@', len), *wrong = NULL;

    if (at) {
        wrong = parse_user(text, (size_t)(at - text), out->user, sizeof(out->user));
        len -= (size_t)(at + 1 - text);
        text = at + 1;
    }
    if (wrong)
        return wrong;
    return len > 0 ? parse_host_port(text, len, out->host, sizeof(out->host), &out->port) : "there is no host in it";
}

static const char *
parse_api(const char *text, struct ssh_target *out)
{
    const char *wrong;

    if (strncmp(text, API_PREFIX, strlen(API_PREFIX)) != 0)
        return "after the port only ?api=ADDRESS:PORT may follow";
    text += strlen(API_PREFIX);
    out->api_port = 0;
    wrong = *text ? parse_host_port(text, strlen(text), out->api_host, sizeof(out->api_host), &out->api_port) : "empty";
    return wrong || out->api_port == 0 ? "api is where the node answers, seen from that host: ?api=127.0.0.1:8000" : NULL;
}

enum lat_err
ssh_target_parse(const char *text, struct ssh_target *out, struct lat_msg *why)
{
    struct ssh_target target = { .api_host = "127.0.0.1", .api_port = 8000 };
    const char *rest = text + SCHEME_LEN, *wrong;
    char shown[160];
    size_t len;

    if (strncmp(text, SCHEME, SCHEME_LEN) != 0) {
        lat_msg_set(why, "target '%s': does not begin with ssh://", lat_escape_str(text, shown, sizeof(shown)));
        return LAT_MALFORMED;
    }
    len = strcspn(rest, "/?");
    wrong = parse_authority(rest, len, &target);
    rest += len + (rest[len] == '/');
    if (!wrong && *rest)
        wrong = parse_api(rest, &target);
    if (wrong) {
        lat_msg_set(why, "target '%s': %s; use ssh://[user@]host[:port][?api=127.0.0.1:8000]", lat_escape_str(text, shown, sizeof(shown)),
                    wrong);
        return LAT_MALFORMED;
    }
    *out = target;
    return LAT_OK;
}

enum lat_err
ssh_jump_parse(const char *text, size_t len, struct ssh_target *out, struct lat_msg *why)
{
    struct ssh_target target = { .port = 0 };
    const char *wrong;
    char shown[160];

    if (len >= SCHEME_LEN && memcmp(text, SCHEME, SCHEME_LEN) == 0) {
        text += SCHEME_LEN;
        len -= SCHEME_LEN;
    }
    wrong = len > 0 ? parse_authority(text, len, &target) : "there is no host in it";
    if (wrong) {
        lat_msg_set(why, "ProxyJump '%s': %s", lat_escape(text, len, shown, sizeof(shown)), wrong);
        return LAT_MALFORMED;
    }
    *out = target;
    return LAT_OK;
}

void
ssh_target_text(const struct ssh_target *target, char *out, size_t out_size)
{
    bool v6 = strchr(target->host, ':') != NULL;
    char port[8] = "";

    if (target->port)
        snprintf(port, sizeof(port), ":%u", target->port);
    snprintf(out, out_size, "%s%s%s%s%s%s", target->user, target->user[0] ? "@" : "", v6 ? "[" : "", target->host, v6 ? "]" : "", port);
}
