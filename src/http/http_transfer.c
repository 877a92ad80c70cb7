/*
 * The limits of one transfer. curl enforces the times; bytes are counted here, in the callbacks, because a
 * server need not announce a length and because all transfers share one allowance. A body is kept only of a
 * 200: error pages are counted and dropped.
 */
#include "config.h"

#include "http/http_transfer.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "base/wipe.h"

#define DROPPED_MAX 65536 /* of an error page */
#define TOKEN_MAX 4096
#define LOW_SPEED_BYTES 100L /* a second, ... */

/* ... for so many seconds: over half of the time for the whole, so that a server may think before it answers.
 */
static long
low_speed_seconds(uint64_t total_ms)
{
    uint64_t seconds = (total_ms * 6 / 10 + 999) / 1000;

    return (long)(seconds > 0 ? seconds : 1);
}

enum lat_err
http_transfer_new(struct http_shared *shared, const struct http_request *request, http_done_fn fn, void *arg,
                  struct http_transfer **out)
{
    struct http_transfer *t = calloc(1, sizeof(*t));

    if (t == NULL)
        return LAT_NOMEM;
    t->shared = shared;
    t->fn = fn;
    t->arg = arg;
    t->begin_ms = lat_mono_ms();
    t->deadline_ms = t->begin_ms + request->total_ms;
    lat_buf_init(&t->answer.body, request->body_max);
    lat_copy(t->type, sizeof(t->type), request->type);
    t->url = strdup(request->url);
    t->easy = curl_easy_init();
    if (request->body) {
        t->body = malloc(request->body_len ? request->body_len : 1);
        t->body_len = request->body_len;
    }
    if (t->url == NULL || t->easy == NULL || (request->body && t->body == NULL)) {
        http_transfer_free(t);
        return LAT_NOMEM;
    }
    if (request->body)
        memcpy(t->body, request->body, request->body_len);
    *out = t;
    return LAT_OK;
}

/* The body's bytes are no longer in flight. */
static void
release_bytes(struct http_transfer *t)
{
    t->shared->bodies -= t->counted;
    t->counted = 0;
}

/* The list may hold the token: its strings are wiped before they go back to the heap. */
static void
free_headers(struct http_transfer *t)
{
    for (struct curl_slist *line = t->headers; line; line = line->next)
        lat_wipe(line->data, strlen(line->data));
    curl_slist_free_all(t->headers);
    t->headers = NULL;
}

void
http_transfer_free(struct http_transfer *t)
{
    if (t == NULL)
        return;
    release_bytes(t);
    curl_easy_cleanup(t->easy);
    free_headers(t);
    lat_buf_fini(&t->answer.body);
    free(t->body);
    free(t->url);
    free(t);
}

static bool
fail(struct http_transfer *t, enum lat_err err)
{
    t->answer.err = err;
    return false;
}

static size_t
take_body(char *data, size_t size, size_t count, void *arg)
{
    struct http_transfer *t = arg;
    size_t len = size * count;
    long status = 0;

    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200) {
        t->dropped_bytes += len;
        return t->dropped_bytes <= DROPPED_MAX ? len : 0;
    }
    if (t->compressed)
        return 0;
    if (t->shared->bodies > t->shared->bodies_max || len > t->shared->bodies_max - t->shared->bodies) {
        lat_msg_set(&t->answer.why,
                    "answers of all sources together are over %zu bytes: this one was cut off",
                    t->shared->bodies_max);
        fail(t, LAT_LIMIT);
        return 0;
    }
    if (lat_buf_add(&t->answer.body, data, len)) {
        lat_msg_set(&t->answer.why, "answer is over %zu bytes: cut off", t->answer.body.max);
        fail(t, LAT_LIMIT);
        return 0;
    }
    t->shared->bodies += len;
    t->counted += len;
    return len;
}

/* "Content-Encoding: gzip": what follows would be no text of ours, and might be a bomb. */
static void
look_at_encoding(struct http_transfer *t, const char *line, size_t len)
{
    static const char name[] = "content-encoding:";
    size_t at = sizeof(name) - 1;

    if (len < at || strncasecmp(line, name, at) != 0)
        return;
    while (at < len && (line[at] == ' ' || line[at] == '\t'))
        at++;
    while (len > at && isspace((unsigned char)line[len - 1]))
        len--;
    if (len == at || (len - at == 8 && strncasecmp(line + at, "identity", 8) == 0))
        return;
    t->compressed = true;
}

static size_t
take_header(char *data, size_t size, size_t count, void *arg)
{
    struct http_transfer *t = arg;
    size_t len = size * count;

    t->header_bytes += len;
    if (t->header_bytes > HTTP_HEADERS_MAX) {
        lat_msg_set(&t->answer.why, "response headers are over %d bytes: cut off", HTTP_HEADERS_MAX);
        fail(t, LAT_LIMIT);
        return 0;
    }
    if (len > 5 && strncmp(data, "HTTP/", 5) == 0)
        t->compressed = false; /* a new response begins */
    look_at_encoding(t, data, len);
    return len;
}

static bool
add_header(struct http_transfer *t, const char *line)
{
    struct curl_slist *longer = curl_slist_append(t->headers, line);

    if (longer)
        t->headers = longer;
    return longer != NULL;
}

/* First line of the token file, printable ASCII. */
static enum lat_err
read_token(struct http_shared *shared, struct lat_msg *why)
{
    struct lat_buf text;
    char shown[200];
    enum lat_err err = lat_file_check_secret(shared->token_file, why);

    if (err)
        return err;
    lat_buf_init(&text, TOKEN_MAX);
    err = lat_file_read(shared->token_file, &text);
    while (!err && text.len > 0 && isspace(text.data[text.len - 1]))
        text.len--;
    for (size_t i = 0; !err && i < text.len; i++)
        if (!isgraph(text.data[i]))
            err = LAT_MALFORMED;
    if (!err && text.len == 0)
        err = LAT_MALFORMED;
    if (err)
        lat_msg_set(why, "token file %s: %s; it must hold one token in one line",
                    lat_escape_str(shared->token_file, shown, sizeof(shown)), lat_err_text(err));
    else if (lat_buf_str(&text) == NULL || (shared->token = strdup((char *)text.data)) == NULL)
        err = LAT_NOMEM;
    if (text.data)
        lat_wipe(text.data, text.cap);
    lat_buf_fini(&text);
    return err;
}

/* Trust store and token: read now, with the first https request, and not before. */
static enum lat_err
prepare_tls(struct http_transfer *t)
{
    struct http_shared *shared = t->shared;
    enum lat_err err = LAT_OK;
    struct lat_buf line;

    curl_easy_setopt(t->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (shared->ca_file)
        curl_easy_setopt(t->easy, CURLOPT_CAINFO, shared->ca_file);
    if (shared->token_file == NULL)
        return LAT_OK;
    if (shared->token == NULL && (err = read_token(shared, &t->answer.why)) != LAT_OK)
        return err == LAT_NOMEM ? err : LAT_AUTH;
    lat_buf_init(&line, TOKEN_MAX + 64);
    err = lat_buf_printf(&line, "Authorization: Bearer %s", shared->token);
    if (!err && (lat_buf_str(&line) == NULL || !add_header(t, (char *)line.data)))
        err = LAT_NOMEM;
    if (line.data)
        lat_wipe(line.data, line.cap);
    lat_buf_fini(&line);
    return err;
}

static bool
set_headers(struct http_transfer *t)
{
    char line[HTTP_TYPE_MAX + 32];

    free_headers(t);
    snprintf(line, sizeof(line), "Accept: %s", t->type);
    if (!add_header(t, line) || !add_header(t, "Expect:"))
        return false;
    snprintf(line, sizeof(line), "Content-Type: %s", t->type);
    return t->body == NULL || add_header(t, line);
}

static void
set_options(struct http_transfer *t, uint64_t left_ms)
{
    CURL *easy = t->easy;

    curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
    curl_easy_setopt(easy, CURLOPT_URL, t->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* never wait for a resolver thread */
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "lattice/" PACKAGE_VERSION);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)t->shared->connect_ms);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)left_ms);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, LOW_SPEED_BYTES);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, low_speed_seconds(t->deadline_ms - t->begin_ms));
    curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->answer.body.max);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->curl_error);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t->headers);
    if (t->body) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, t->body);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body_len);
    }
}

enum lat_err
http_transfer_prepare(struct http_transfer *t, uint64_t now_ms)
{
    enum lat_err err = LAT_OK;

    curl_easy_reset(t->easy);
    t->curl_error[0] = '\0';
    t->compressed = false;
    t->dropped_bytes = 0;
    lat_buf_clear(&t->answer.body);
    release_bytes(t);
    if (!set_headers(t))
        err = LAT_NOMEM;
    if (!err && http_url_is_https(t->url))
        err = prepare_tls(t);
    if (!err && now_ms >= t->deadline_ms) {
        lat_msg_set(&t->answer.why, "no whole answer within its time");
        err = LAT_TIMEOUT;
    }
    if (err) {
        if (err == LAT_NOMEM)
            lat_msg_set(&t->answer.why, "out of memory");
        t->answer.err = err;
        return err;
    }
    set_options(t, t->deadline_ms - now_ms);
    return LAT_OK;
}

/* "3 s", "0.5 s" */
static const char *
seconds_text(uint64_t ms, char out[24])
{
    if (ms % 1000 == 0)
        snprintf(out, 24, "%llu s", (unsigned long long)(ms / 1000));
    else
        snprintf(out, 24, "%.1f s", (double)ms / 1000.0);
    return out;
}

static void
say_timeout(struct http_transfer *t)
{
    curl_off_t announced = -1;
    long sent = 0;
    char limit[24];

    curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent);
    curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
    if (sent == 0)
        lat_msg_set(&t->answer.why, "no connection within %s", seconds_text(t->shared->connect_ms, limit));
    else if (strstr(t->curl_error, "too slow"))
        lat_msg_set(&t->answer.why, "too slow: under %ld bytes/s for %ld s", LOW_SPEED_BYTES,
                    low_speed_seconds(t->deadline_ms - t->begin_ms));
    else if (announced >= 0)
        lat_msg_set(&t->answer.why, "no whole answer within %s (%llu of %llu bytes came)",
                    seconds_text(t->deadline_ms - t->begin_ms, limit), (unsigned long long)t->answer.bytes_in,
                    (unsigned long long)announced);
    else
        lat_msg_set(&t->answer.why, "no whole answer within %s (%llu bytes came)",
                    seconds_text(t->deadline_ms - t->begin_ms, limit), (unsigned long long)t->answer.bytes_in);
    fail(t, LAT_TIMEOUT);
}

static void
say_refused(struct http_transfer *t)
{
    long os_errno = 0;

    curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &os_errno);
    if (os_errno == ECONNREFUSED)
        lat_msg_set(&t->answer.why, "connection refused: nothing listens there");
    else
        lat_msg_set(&t->answer.why, "no connection: %s", os_errno ? strerror((int)os_errno) : "unreachable");
    fail(t, LAT_CLOSED);
}

/* curl's own words may quote the server. */
static void
say_as_curl(struct http_transfer *t, CURLcode code, const char *what, enum lat_err err)
{
    char shown[160];
    const char *detail = t->curl_error[0] ? t->curl_error : curl_easy_strerror(code);

    lat_msg_set(&t->answer.why, "%s: %s", what, lat_escape_str(detail, shown, sizeof(shown)));
    fail(t, err);
}

/* Why there is no whole answer. A callback of ours that ended the transfer has left its own reason. */
static void
say_failure(struct http_transfer *t, CURLcode code)
{
    if (t->answer.err)
        return;
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        say_timeout(t);
        break;
    case CURLE_COULDNT_CONNECT:
        say_refused(t);
        break;
    case CURLE_COULDNT_RESOLVE_HOST:
        lat_msg_set(&t->answer.why, "the host name is not known");
        fail(t, LAT_CLOSED);
        break;
    case CURLE_FILESIZE_EXCEEDED:
        lat_msg_set(&t->answer.why, "answer is over %zu bytes: cut off", t->answer.body.max);
        fail(t, LAT_LIMIT);
        break;
    case CURLE_PARTIAL_FILE:
        lat_msg_set(&t->answer.why, "answer ended early, after %llu bytes of its body",
                    (unsigned long long)t->answer.bytes_in);
        fail(t, LAT_MALFORMED);
        break;
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        lat_msg_set(&t->answer.why, "connection closed before the whole answer");
        fail(t, LAT_CLOSED);
        break;
    case CURLE_OUT_OF_MEMORY:
        lat_msg_set(&t->answer.why, "out of memory");
        fail(t, LAT_NOMEM);
        break;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
        say_as_curl(t, code, "TLS", LAT_AUTH);
        break;
    default:
        say_as_curl(t, code, "not HTTP as it should be", LAT_MALFORMED);
    }
}

/* Is it "application/json", whatever parameters follow? */
static bool
is_type(const char *given, const char *wanted)
{
    size_t len = strlen(wanted);

    return given && strncasecmp(given, wanted, len) == 0 &&
           (given[len] == '\0' || given[len] == ';' || given[len] == ' ');
}

static void
check_200(struct http_transfer *t)
{
    const char *type = NULL;
    char shown[80];

    curl_easy_getinfo(t->easy, CURLINFO_CONTENT_TYPE, &type);
    if (t->compressed) {
        lat_msg_set(&t->answer.why, "sends compressed content, which was not asked for");
        fail(t, LAT_MALFORMED);
    } else if (!is_type(type, t->type)) {
        lat_msg_set(&t->answer.why, "answers %s, not %s",
                    type ? lat_escape_str(type, shown, sizeof(shown)) : "no content type", t->type);
        fail(t, LAT_MALFORMED);
    }
}

/* 301 and 302 would turn a POST into a GET: nothing of ours is to be had that way. */
static bool
follow(struct http_transfer *t)
{
    const char *to = NULL;
    char *url;
    bool keeps_method = t->answer.status == 307 || t->answer.status == 308;
    enum lat_err err;

    curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &to);
    if (to == NULL || (t->body && !keeps_method)) {
        lat_msg_set(&t->answer.why, "redirects (HTTP status %ld) without a place to follow to",
                    t->answer.status);
        return fail(t, LAT_MALFORMED);
    }
    if (t->redirects >= HTTP_REDIRECTS_MAX) {
        lat_msg_set(&t->answer.why, "more than %d redirects: not followed", HTTP_REDIRECTS_MAX);
        return fail(t, LAT_MALFORMED);
    }
    err = strlen(to) <= HTTP_URL_MAX ? http_url_check_redirect(t->url, to, &t->answer.why) : LAT_LIMIT;
    if (err == LAT_LIMIT)
        lat_msg_set(&t->answer.why, "redirects to a URL over %d bytes: not followed", HTTP_URL_MAX);
    if (err)
        return fail(t, err);
    url = strdup(to);
    if (url == NULL)
        return fail(t, LAT_NOMEM);
    free(t->url);
    t->url = url;
    t->redirects++;
    return true;
}

static bool
is_redirect(long status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static void
read_figures(struct http_transfer *t, uint64_t now_ms)
{
    curl_off_t in = 0, out = 0, retry = 0;

    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &t->answer.status);
    curl_easy_getinfo(t->easy, CURLINFO_SIZE_DOWNLOAD_T, &in);
    curl_easy_getinfo(t->easy, CURLINFO_SIZE_UPLOAD_T, &out);
    curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &retry);
    t->answer.bytes_in += (uint64_t)in;
    t->answer.bytes_out += (uint64_t)out;
    t->answer.ms = (uint32_t)(now_ms - t->begin_ms);
    if (retry > HTTP_RETRY_AFTER_MAX_MS / 1000)
        retry = HTTP_RETRY_AFTER_MAX_MS / 1000;
    t->answer.retry_after_ms = (uint64_t)retry * 1000;
}

bool
http_transfer_finish(struct http_transfer *t, CURLcode code, uint64_t now_ms)
{
    read_figures(t, now_ms);
    if ((code == CURLE_WRITE_ERROR || code == CURLE_FILESIZE_EXCEEDED) && !t->answer.err &&
        (t->answer.status != 200 || t->compressed))
        code = CURLE_OK; /* an error page of any length is its status, and compressed content is that */
    if (code != CURLE_OK)
        say_failure(t, code);
    else if (is_redirect(t->answer.status))
        return follow(t);
    else if (t->answer.status == 200)
        check_200(t);
    release_bytes(t); /* whoever takes the body answers for it */
    return false;
}
