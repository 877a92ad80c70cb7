#include "config.h"

#include "http/gate.h"

#include <string.h>
#include <strings.h>

#define GAP_MAX 33 /* a colon and more blanks than any client writes */
#define LENGTH_DIGITS_MAX 18

static struct gate_refusal
refuse(unsigned status, const char *detail)
{
    return (struct gate_refusal){ .status = status, .detail = detail };
}

static bool
is_token_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool
is_token(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!is_token_char(text[i]))
            return false;
    }
    return len > 0;
}

/* Visible characters, blanks and tabs, and bytes of other alphabets; no other control characters. */
static bool
is_value(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (((unsigned char)text[i] < 0x20 && text[i] != '\t') || text[i] == 0x7f)
            return false;
    }
    return true;
}

static bool
name_is(const struct gate_header *h, const char *name)
{
    return h->name_len == strlen(name) && strncasecmp(h->name, name, h->name_len) == 0;
}

/* Begins with, but is longer. */
static bool
name_extends(const struct gate_header *h, const char *name)
{
    return h->name_len > strlen(name) && strncasecmp(h->name, name, strlen(name)) == 0;
}

/* A path of visible ASCII; "*" is the whole server. The form with a host in it belongs to proxies. */
static bool
is_target(const char *uri)
{
    if (strcmp(uri, "*") == 0)
        return true;
    if (uri[0] != '/')
        return false;
    for (; *uri != 0; uri++) {
        if (*uri <= 0x20 || *uri >= 0x7f || *uri == '#' || *uri == '\\')
            return false;
    }
    return true;
}

/* What the parsed parts need as bytes: "METHOD URI VERSION\r\n", "Name: value\r\n" each, "\r\n". */
static size_t
bytes_accounted_for(const struct gate_request *r)
{
    size_t bytes = strlen(r->method) + 1 + strlen(r->uri) + 1 + strlen(r->version) + 2;

    for (size_t i = 0; i < r->header_count; i++)
        bytes += r->headers[i].name_len + r->headers[i].gap + r->headers[i].value_len + 2;
    return bytes + 2;
}

static struct gate_refusal
check_line_and_sizes(const struct gate_request *r)
{
    if (r->header_bytes > GATE_HEADER_BYTES_MAX)
        return refuse(431, "the request's header is over 8192 bytes");
    if (r->header_count > GATE_HEADERS_MAX)
        return refuse(431, "the request has over 100 headers");
    if (strcmp(r->version, "HTTP/1.1") != 0 && strcmp(r->version, "HTTP/1.0") != 0)
        return refuse(505, "this server speaks HTTP/1.0 and HTTP/1.1");
    if (!is_token(r->method, strlen(r->method)) || !is_target(r->uri))
        return refuse(400, "malformed request line");
    for (size_t i = 0; i < r->header_count; i++) {
        if (r->headers[i].gap < 1 || r->headers[i].gap > GAP_MAX)
            return refuse(400, "malformed header line");
    }
    if (bytes_accounted_for(r) != r->header_bytes)
        return refuse(400, "ambiguous header: folded line, bare line feed, zero byte or extra blank");
    return refuse(0, NULL);
}

/* Digits only, no sign, no list. */
static bool
parse_length(const struct gate_header *h, uint64_t *length)
{
    uint64_t n = 0;

    if (h->value_len == 0 || h->value_len > LENGTH_DIGITS_MAX)
        return false;
    for (size_t i = 0; i < h->value_len; i++) {
        if (h->value[i] < '0' || h->value[i] > '9')
            return false;
        n = n * 10 + (uint64_t)(h->value[i] - '0');
    }
    *length = n;
    return true;
}

/* Where the headers that matter go. None of them may stand twice: which would count? */
static const char **
place_of(struct gate_headers *out, const struct gate_header *h)
{
    const struct {
        const char *name;
        const char **place;
    } known[] = {
        { "Host", &out->host },
        { "Origin", &out->origin },
        { "Sec-Fetch-Site", &out->fetch_site },
        { "Authorization", &out->authorization },
        { "Content-Type", &out->content_type },
        { "If-Match", &out->if_match },
        { "If-None-Match", &out->if_none_match },
        { "Last-Event-ID", &out->last_event_id },
        { "Access-Control-Request-Method", &out->request_method },
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (name_is(h, known[i].name))
            return known[i].place;
    }
    return NULL;
}

static struct gate_refusal
take_header(struct gate_headers *out, const struct gate_header *h)
{
    const char **place = place_of(out, h);

    if (!is_token(h->name, h->name_len) || !is_value(h->value, h->value_len))
        return refuse(400, "malformed header line");
    if (name_extends(h, "Content-Length") || name_extends(h, "Transfer-Encoding"))
        return refuse(400, "a header that could be taken for a length");
    if (name_is(h, "Content-Length")) {
        if (out->has_length || !parse_length(h, &out->length))
            return refuse(400, "more than one Content-Length, or none that is a number");
        out->has_length = true;
    }
    if (name_is(h, "Forwarded") || name_is(h, "Via") || name_extends(h, "X-Forwarded-"))
        out->forwarded = true;
    if (place != NULL && *place != NULL)
        return refuse(400, "a header that may stand once stands twice");
    if (place != NULL)
        *place = h->value;
    return refuse(0, NULL);
}

/* Bodies come with a length; chunks are well-formed HTTP, but not taken here. */
static struct gate_refusal
check_transfer(const struct gate_request *r, const struct gate_headers *taken)
{
    const struct gate_header *found = NULL;

    for (size_t i = 0; i < r->header_count; i++) {
        if (!name_is(&r->headers[i], "Transfer-Encoding"))
            continue;
        if (found != NULL)
            return refuse(400, "more than one Transfer-Encoding");
        found = &r->headers[i];
    }
    if (found == NULL)
        return refuse(0, NULL);
    if (taken->has_length)
        return refuse(400, "both Content-Length and Transfer-Encoding");
    if (strcmp(r->version, "HTTP/1.1") != 0 || strcasecmp(found->value, "chunked") != 0)
        return refuse(400, "a Transfer-Encoding that is not chunked");
    return refuse(411, "send the body with a Content-Length");
}

struct gate_refusal
gate_check(const struct gate_request *request, struct gate_headers *out)
{
    struct gate_headers taken = { 0 };
    struct gate_refusal no = check_line_and_sizes(request);

    for (size_t i = 0; no.status == 0 && i < request->header_count; i++)
        no = take_header(&taken, &request->headers[i]);
    if (no.status == 0)
        no = check_transfer(request, &taken);
    if (no.status == 0 && taken.host == NULL)
        no = refuse(400, "a request needs one Host header");
    if (no.status == 0)
        *out = taken;
    return no;
}
