#include "config.h"

#include "http/origin.h"

#include <string.h>
#include <strings.h>

/* Length of the host in "host", "host:port", "[v6]", "[v6]:port"; 0 when it is none of these. */
static size_t
host_part(const char *text)
{
    const char *end = text;
    size_t len, digits;

    if (*end == '[') {
        end = strchr(text, ']');
        if (end == NULL)
            return 0;
        end++;
    } else {
        end += strcspn(text, ":");
    }
    len = (size_t)(end - text);
    if (*end == 0)
        return len;
    digits = strspn(end + 1, "0123456789");
    return *end == ':' && digits >= 1 && digits <= 5 && end[1 + digits] == 0 ? len : 0;
}

static bool
host_equals(const char *host, size_t len, const char *name)
{
    return strlen(name) == len && strncasecmp(host, name, len) == 0;
}

static bool
host_is_ours(const struct origin_rules *rules, const char *host)
{
    static const char *const loopback[] = { "localhost", "127.0.0.1", "[::1]" };
    size_t len = host_part(host);

    if (len == 0)
        return false;
    if (rules->any_host)
        return true;
    for (size_t i = 0; i < sizeof(loopback) / sizeof(loopback[0]); i++) {
        if (host_equals(host, len, loopback[i]))
            return true;
    }
    if (rules->bound != NULL && host_part(rules->bound) == len && strncasecmp(rules->bound, host, len) == 0)
        return true;
    for (const char *const *name = rules->hosts; name != NULL && *name != NULL; name++) {
        if (host_equals(host, len, *name))
            return true;
    }
    return false;
}

/*
 * "http://", or "https://" over TLS, and the very Host of this request, port included. It proves nothing
 * where any name is accepted.
 */
static bool
is_same_origin(const struct origin_rules *rules, const struct gate_headers *headers)
{
    const char *scheme = rules->tls ? "https://" : "http://";
    const size_t len = strlen(scheme);

    return !rules->any_host && strncasecmp(headers->origin, scheme, len) == 0 &&
           strcasecmp(headers->origin + len, headers->host) == 0;
}

/* ORIGIN_LISTED beats ORIGIN_ANY: a star in the list adds nothing to an origin that is named. */
static enum origin_grant
grant_of(const struct origin_rules *rules, const char *origin)
{
    enum origin_grant grant = ORIGIN_NONE;

    for (const char *const *listed = rules->cors_origins; listed != NULL && *listed != NULL; listed++) {
        if (strcmp(*listed, "*") == 0)
            grant = ORIGIN_ANY;
        else if (strcasecmp(*listed, origin) == 0)
            return ORIGIN_LISTED;
    }
    return grant;
}

/* What browsers send for a page of this very origin, and for an address that the user typed. */
static bool
fetch_site_is_own(const char *fetch_site)
{
    return strcasecmp(fetch_site, "same-origin") == 0 || strcasecmp(fetch_site, "none") == 0;
}

struct gate_refusal
origin_check(const struct origin_rules *rules, const struct gate_headers *headers, bool changes,
             enum origin_grant *grant)
{
    static const struct gate_refusal foreign_host = { 403, "this Host is not a name of this node" };
    static const struct gate_refusal foreign_page = { 403, "a page of another origin may not do this" };
    static const struct gate_refusal fine = { 0, NULL };
    enum origin_grant found = ORIGIN_NONE;

    if (!host_is_ours(rules, headers->host))
        return foreign_host;
    if (headers->origin != NULL && !is_same_origin(rules, headers)) {
        found = grant_of(rules, headers->origin);
        if (found == ORIGIN_NONE || (changes && found == ORIGIN_ANY))
            return foreign_page;
    } else if (headers->fetch_site != NULL && !fetch_site_is_own(headers->fetch_site)) {
        /* Without a foreign Origin to look up, nothing can vouch for the page. A page on another port of this
         * machine is "same-site": it may be shown a picture of the state, but never change it. */
        if (changes || strcasecmp(headers->fetch_site, "same-site") != 0)
            return foreign_page;
    }
    *grant = found;
    return fine;
}
