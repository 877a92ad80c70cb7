#include "config.h"

#include "http/http_url.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "base/text.h"

struct parts {
    CURLU *url;
    char *scheme, *host, *port; /* port: the scheme's own where none is written */
};

static void
parts_fini(struct parts *parts)
{
    curl_free(parts->scheme);
    curl_free(parts->host);
    curl_free(parts->port);
    curl_url_cleanup(parts->url);
}

static enum lat_err
parts_init(struct parts *parts, const char *text)
{
    *parts = (struct parts){ .url = curl_url() };
    if (parts->url == NULL)
        return LAT_NOMEM;
    if (curl_url_set(parts->url, CURLUPART_URL, text, 0) == CURLUE_OK &&
        curl_url_get(parts->url, CURLUPART_SCHEME, &parts->scheme, 0) == CURLUE_OK &&
        curl_url_get(parts->url, CURLUPART_HOST, &parts->host, 0) == CURLUE_OK &&
        curl_url_get(parts->url, CURLUPART_PORT, &parts->port, CURLU_DEFAULT_PORT) == CURLUE_OK)
        return LAT_OK;
    parts_fini(parts);
    return LAT_MALFORMED;
}

static const char *
unknown(char *out, size_t out_size)
{
    lat_copy(out, out_size, "?");
    return out;
}

const char *
http_url_show(const char *url, char *out, size_t out_size)
{
    struct parts parts;
    char *whole = NULL;
    size_t len;

    if (parts_init(&parts, url))
        return unknown(out, out_size);
    if (curl_url_set(parts.url, CURLUPART_USER, NULL, 0) ||
        curl_url_set(parts.url, CURLUPART_PASSWORD, NULL, 0) ||
        curl_url_set(parts.url, CURLUPART_QUERY, NULL, 0) ||
        curl_url_set(parts.url, CURLUPART_FRAGMENT, NULL, 0) ||
        curl_url_get(parts.url, CURLUPART_URL, &whole, 0)) {
        unknown(out, out_size);
    } else {
        len = strlen(whole);
        while (len > 0 && whole[len - 1] == '/')
            len--;
        lat_escape(whole, len, out, out_size);
    }
    curl_free(whole);
    parts_fini(&parts);
    return out;
}

const char *
http_url_host(const char *url, char *out, size_t out_size)
{
    struct parts parts;
    char *written = NULL, text[HTTP_URL_MAX];

    if (parts_init(&parts, url))
        return unknown(out, out_size);
    if (curl_url_get(parts.url, CURLUPART_PORT, &written, CURLU_NO_DEFAULT_PORT) == CURLUE_OK)
        snprintf(text, sizeof(text), "%s:%s", parts.host, written);
    else
        snprintf(text, sizeof(text), "%s", parts.host);
    lat_escape_str(text, out, out_size);
    curl_free(written);
    parts_fini(&parts);
    return out;
}

bool
http_url_is_https(const char *url)
{
    return strncasecmp(url, "https:", 6) == 0;
}

/* Both are whole. The host comes from a stranger: it is named, escaped, so that the operator sees where the
 * source points. */
static enum lat_err
compare(const struct parts *a, const struct parts *b, struct lat_msg *why)
{
    bool upgrade = strcmp(a->scheme, "http") == 0 && strcmp(b->scheme, "https") == 0;
    char shown[80];

    if (strcmp(b->scheme, "http") != 0 && strcmp(b->scheme, "https") != 0) {
        lat_msg_set(why, "redirects to %s:, which is not HTTP: not followed",
                    lat_escape_str(b->scheme, shown, sizeof(shown)));
        return LAT_MALFORMED;
    }
    if (strcasecmp(a->host, b->host) != 0) {
        lat_msg_set(why, "redirects to another host (%s): not followed",
                    lat_escape_str(b->host, shown, sizeof(shown)));
        return LAT_MALFORMED;
    }
    if (strcmp(a->scheme, b->scheme) != 0 && !upgrade) {
        lat_msg_set(why, "redirects from https to http: not followed");
        return LAT_MALFORMED;
    }
    if (strcmp(a->port, b->port) != 0 && !upgrade) {
        lat_msg_set(why, "redirects to another port (%s): not followed", b->port);
        return LAT_MALFORMED;
    }
    return LAT_OK;
}

enum lat_err
http_url_check_redirect(const char *from, const char *to, struct lat_msg *why)
{
    struct parts a, b;
    enum lat_err err = parts_init(&a, from);

    if (err)
        return err;
    err = parts_init(&b, to);
    if (err) {
        lat_msg_set(why, "redirects to what is no URL: not followed");
    } else {
        err = compare(&a, &b, why);
        parts_fini(&b);
    }
    parts_fini(&a);
    return err;
}
