/*
 * http_url.h - what the HTTP lung asks of a URL: how it is shown, and whether a redirect may be followed.
 * Pure; any thread.
 */
#ifndef LAT_HTTP_HTTP_URL_H
#define LAT_HTTP_HTTP_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define HTTP_URL_MAX 2048

/* A URL without credentials, query and fragment, for people: escaped, cut, without a slash at the end. "?"
 * for what is no URL. */
const char *http_url_show(const char *url, char *out, size_t out_size);

/* "host", or "host:port" where the port is not the scheme's own, for people; "?" for what is no URL. */
const char *http_url_host(const char *url, char *out, size_t out_size);

bool http_url_is_https(const char *url);

/*
 * May an answer from `from` send us on to `to` (absolute)? The same host and port, or from http to https on
 * the same host. LAT_MALFORMED with the reason, LAT_NOMEM.
 */
LAT_MUST_CHECK enum lat_err http_url_check_redirect(const char *from, const char *to, struct lat_msg *why);

#endif
