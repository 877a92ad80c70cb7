/*
 * gate.h - what a request must look like before anything is done with it. Pure; any thread.
 *
 * The library behind the server reads HTTP leniently: it takes bare line feeds, folds continued lines
 * together, cuts values at a zero byte, and believes the first of two lengths. Two programs that read one
 * stream differently are how requests are smuggled past a proxy, so whatever could be read in two ways is
 * refused and the connection closed.
 *
 * The main rule is one of size: the bytes that the library saw from the method to the empty line must be
 * exactly those that the parsed parts account for. A folded line, a bare line feed, a zero byte or a second
 * blank do not add up.
 */
#ifndef LAT_HTTP_GATE_H
#define LAT_HTTP_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GATE_HEADER_BYTES_MAX 8192
#define GATE_HEADERS_MAX 100
#define GATE_GAP_NONE SIZE_MAX /* name and value do not stand in one line */

struct gate_header {
    const char *name;
    size_t name_len;
    const char *value; /* terminated */
    size_t value_len;
    size_t gap; /* bytes from the name's end to the value: the colon and blanks; GATE_GAP_NONE */
};

struct gate_request {
    const char *method;
    const char *uri;     /* raw, with the query */
    const char *version; /* "HTTP/1.1" */
    size_t header_bytes; /* from the method to the empty line, it included */
    const struct gate_header *headers;
    size_t header_count; /* the true number; headers[] holds at most GATE_HEADERS_MAX */
};

/* The headers that the server goes by; NULL where absent. They borrow from the request. */
struct gate_headers {
    const char *host;
    const char *origin;
    const char *fetch_site;
    const char *authorization;
    const char *content_type;
    const char *if_match;
    const char *if_none_match;
    const char *last_event_id;
    const char *request_method; /* Access-Control-Request-Method */
    bool forwarded;             /* Forwarded, X-Forwarded-* or Via: somebody stands between */
    bool has_length;
    uint64_t length; /* Content-Length */
};

/* A refusal; status 0: none. */
struct gate_refusal {
    unsigned status;
    const char *detail; /* static */
};

/*
 * Rules 1 to 4 of framing: 400, 411, 431, 505, or status 0 with *out filled. Outputs are written on success
 * only.
 */
struct gate_refusal gate_check(const struct gate_request *request, struct gate_headers *out);

#endif
