/*
 * dns.h - DNS messages, as far as multicast DNS needs them: questions, records, names.
 * Spec: RFC 1035 sections 3 and 4; RFC 6762 section 18 for the two class bits.
 *
 * Names are kept as labels, the way they cross the wire, without compression. Compressed ones are read: each pointer must lead to
 * before the place where the name, or the piece before it, begins, so that no chain of pointers comes back to where it was. Pure; any thread.
 */
#ifndef LAT_WIRE_DNS_H
#define LAT_WIRE_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define DNS_NAME_MAX 255 /* bytes, length bytes and the last zero included */
#define DNS_LABEL_MAX 63
#define DNS_HEADER_LEN 12

#define DNS_TYPE_PTR 12
#define DNS_TYPE_TXT 16
#define DNS_TYPE_ANY 255
#define DNS_CLASS_IN 1
#define DNS_CLASS_ANY 255
#define DNS_CLASS_MASK 0x7fff
#define DNS_CLASS_BIT 0x8000 /* mDNS; of a question: unicast will do; of a record: it replaces older ones */

#define DNS_FLAG_RESPONSE 0x8000
#define DNS_FLAG_AUTHORITATIVE 0x0400
#define DNS_MASK_OPCODE 0x7800
#define DNS_MASK_RCODE 0x000f

struct dns_name {
    uint8_t bytes[DNS_NAME_MAX];
    size_t len; /* 1 .. DNS_NAME_MAX */
};

struct dns_header {
    uint16_t id, flags, questions, answers, authorities, additionals;
};

struct dns_question {
    struct dns_name name;
    uint16_t type, class;
};

struct dns_record {
    struct dns_name name;
    uint16_t type, class;
    uint32_t ttl;        /* seconds */
    const uint8_t *data; /* borrows from the message */
    size_t len;
    size_t at;           /* of data in the message, for dns_name_at */
};

/* Where a reader stands in a message, which it borrows. */
struct dns_reader {
    const uint8_t *in;
    size_t len, at;
};

/* "_p2p._udp.local": labels of 1 .. 63 bytes between dots, no escapes. LAT_MALFORMED, LAT_LIMIT (over DNS_NAME_MAX). */
LAT_MUST_CHECK enum lat_err dns_name_of(const char *text, struct dns_name *out);

/* Without regard to the case of ASCII letters. */
bool dns_name_equal(const struct dns_name *a, const struct dns_name *b);

/* Does name consist of one label before `parent`? */
bool dns_name_is_child(const struct dns_name *name, const struct dns_name *parent);

/* The header, then as many questions and records as it announces: each call reads the next one. LAT_MALFORMED: cut short, or no such thing. */
LAT_MUST_CHECK enum lat_err dns_read_header(struct dns_reader *reader, const uint8_t *in, size_t len, struct dns_header *out);
LAT_MUST_CHECK enum lat_err dns_read_question(struct dns_reader *reader, struct dns_question *out);
LAT_MUST_CHECK enum lat_err dns_read_record(struct dns_reader *reader, struct dns_record *out);

/* A name at a place in the message, as the data of a PTR record has one. *used: bytes it takes there. LAT_MALFORMED. */
LAT_MUST_CHECK enum lat_err dns_name_at(const struct dns_reader *reader, size_t at, struct dns_name *out, size_t *used);

/* Append. LAT_LIMIT, LAT_NOMEM. Data: at most 65535 bytes. */
LAT_MUST_CHECK enum lat_err dns_put_header(struct lat_buf *out, const struct dns_header *header);
LAT_MUST_CHECK enum lat_err dns_put_question(struct lat_buf *out, const struct dns_question *question);
LAT_MUST_CHECK enum lat_err dns_put_record(struct lat_buf *out, const struct dns_record *record);

#endif
