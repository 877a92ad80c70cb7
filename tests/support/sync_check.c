#include "config.h"

#include "support/sync_check.h"

#include <string.h>

#include "base/cursor.h"
#include "base/le.h"
#include "base/text.h"
#include "crypto/hash.h"

#define HEAD 10

static const char *
check_error(struct lat_cursor *c, unsigned *error)
{
    uint64_t len;
    const uint8_t *text;

    *error = lat_take_u16le(c);
    lat_take_u32le(c);
    len = lat_take_varint(c);
    text = lat_take(c, len);
    if (c->bad || *error < 1 || *error > 9 || len > 200 || !lat_utf8_valid(text, (size_t)len))
        return "no proper ERROR";
    return NULL;
}

static const char *
check_status(struct lat_cursor *c)
{
    uint8_t flags;

    lat_take(c, 32 + 8 + 8 + 8 + 32 + 64 + 8 + 8);
    flags = lat_take_u8(c);
    if (flags > 7)
        return "reserved flag";
    if (flags & 1)
        lat_take(c, 32);
    return NULL;
}

static const char *
check_cells(struct lat_cursor *c)
{
    uint64_t from, count;

    lat_take(c, 32 + 8);
    from = lat_take_varint(c);
    count = lat_take_varint(c);
    if (count < 1 || count > 2048 || from + count > 8192)
        return "cells over the limit";
    for (; count > 0 && !c->bad; count--) {
        lat_take(c, 12 + 4);
        lat_take_varint(c);
    }
    return NULL;
}

/* A range of DESCEND; last: the greatest keyhash of the one before. */
static const char *
check_span(struct lat_cursor *c, uint8_t last[32], int is_first)
{
    uint8_t prefix[32] = { 0 }, depth = lat_take_u8(c), kind;

    if (depth % 4 != 0 || depth > 252)
        return "depth";
    lat_take_copy(c, prefix, (depth + 7u) / 8);
    if (depth % 8 == 4 && prefix[depth / 8] & 0x0f)
        return "bits behind the prefix";
    if (!is_first && memcmp(prefix, last, 32) <= 0)
        return "ranges do not ascend";
    memcpy(last, prefix, 32);
    for (unsigned i = depth; i < 256; i++)
        last[i / 8] |= (uint8_t)(0x80 >> i % 8);
    kind = lat_take_u8(c);
    if (kind == 0) {
        unsigned bitmap = lat_take_u16le(c);

        for (; bitmap; bitmap &= bitmap - 1)
            lat_take(c, 8);
    } else if (kind == 1) {
        uint64_t n = lat_take_varint(c);

        if (n > 256)
            return "long list";
        lat_take(c, n * 13);
    } else {
        return "kind";
    }
    return NULL;
}

static const char *
check_descend(struct lat_cursor *c)
{
    uint64_t done = lat_take_varint(c), n = lat_take_varint(c);
    uint8_t last[32];
    const char *wrong = NULL;

    if (done < 1 || done > 4096 || n > 4096)
        return "number of ranges";
    for (uint64_t i = 0; i < n && !wrong && !c->bad; i++)
        wrong = check_span(c, last, i == 0);
    return wrong;
}

/* n x (length, record), ascending by keyhash where asked. */
static const char *
check_records(const struct network *network, struct lat_cursor *c, uint64_t n, int ascending)
{
    uint8_t before[32];

    for (uint64_t i = 0; i < n && !c->bad; i++) {
        uint64_t len = lat_take_varint(c);
        const uint8_t *bytes = lat_take(c, len);
        struct record record;

        if (bytes == NULL || record_parse(network, bytes, (size_t)len, &record, NULL))
            return "a record is malformed";
        if (ascending && i > 0 && memcmp(record.keyhash, before, 32) <= 0)
            return "records do not ascend";
        memcpy(before, record.keyhash, 32);
    }
    return NULL;
}

static const char *
check_pushed(const struct network *network, struct lat_cursor *c)
{
    uint64_t pushed = lat_take_varint(c);
    const char *wrong;

    if (pushed > 4096)
        return "number of verdicts";
    for (; pushed > 0 && !c->bad; pushed--)
        if (lat_take_u8(c) > 9)
            return "verdict";
    if (lat_take_varint(c) > 4096)
        return "number of wants served";
    wrong = check_records(network, c, lat_take_varint(c), 0);
    lat_take(c, 32 + 8);
    return wrong;
}

static const char *
check_prove(struct lat_cursor *c)
{
    unsigned levels;
    uint8_t found;

    lat_take(c, 32 + 8 + 8 + 32 + 64);
    found = lat_take_u8(c);
    if (found > 2)
        return "found";
    if (found == 1)
        lat_take(c, lat_take_varint(c));
    if (found == 2)
        lat_take(c, 32 + 32);
    levels = lat_take_u16le(c);
    for (; levels > 0 && !c->bad; levels--)
        if (lat_take_varint(c) > 0)
            lat_take(c, 32);
    return NULL;
}

static const char *
check_range(const struct network *network, struct lat_cursor *c)
{
    const char *wrong = check_records(network, c, lat_take_varint(c), 1);
    uint8_t more = lat_take_u8(c);

    if (more > 1)
        return "more";
    if (more)
        lat_take(c, 32);
    lat_take(c, 32 + 8);
    return wrong;
}

const char *
sync_check_reply(const struct network *network, uint8_t request_type, const uint8_t *reply, size_t len,
                 unsigned *error)
{
    const char *wrong = "type";
    struct lat_cursor c;

    *error = 0;
    if (len > 1048576)
        return "over 1 MiB";
    if (len < HEAD || reply[1] != 1 || memcmp(reply + 2, network->id, 8) != 0)
        return "head";
    lat_cursor_init(&c, reply + HEAD, len - HEAD);
    if (reply[0] == 255)
        wrong = check_error(&c, error);
    else if (reply[0] != request_type + 128)
        return "not the type of the request";
    else if (reply[0] == 129)
        wrong = check_status(&c);
    else if (reply[0] == 130)
        wrong = check_cells(&c);
    else if (reply[0] == 131)
        wrong = check_descend(&c);
    else if (reply[0] == 132)
        wrong = check_pushed(network, &c);
    else if (reply[0] == 133)
        wrong = check_prove(&c);
    else if (reply[0] == 134)
        wrong = check_range(network, &c);
    if (wrong)
        return wrong;
    return lat_cursor_is_done(&c) ? NULL : "cut short, or bytes left over";
}

/* --- proofs -------------------------------------------------------------------------------------------- */

/* What stands at the end of the path: its hash and how many records it is. */
static const char *
proof_start(const struct network *network, const uint8_t keyhash[32], struct lat_cursor *c, unsigned *found,
            uint8_t hash[32], uint8_t stands[32])
{
    uint8_t digest[32];
    struct record record;
    uint64_t len;
    const uint8_t *bytes;

    *found = lat_take_u8(c);
    switch (*found) {
    case 0:
        memset(hash, 0, 32);
        return NULL;
    case 1:
        len = lat_take_varint(c);
        bytes = lat_take(c, len);
        if (bytes == NULL || record_parse(network, bytes, (size_t)len, &record, NULL))
            return "the record is malformed";
        if (memcmp(record.keyhash, keyhash, 32) != 0)
            return "a record of another key";
        memcpy(hash, record.leaf, 32);
        return NULL;
    case 2:
        lat_take_copy(c, stands, 32);
        lat_take_copy(c, digest, 32);
        leaf_of(stands, digest, hash);
        return memcmp(stands, keyhash, 32) == 0 ? "absence shown by the key itself" : NULL;
    default:
        return "found";
    }
}

static const char *
proof_fold(const uint8_t keyhash[32], struct lat_cursor *c, unsigned levels, uint8_t hash[32],
           uint64_t *count)
{
    while (levels-- > 0) {
        uint8_t sibling[32] = { 0 }, number[8];
        uint64_t n = lat_take_varint(c);
        int goes_right = keyhash[levels / 8] >> (7 - levels % 8) & 1;
        const struct hash_part node[] = { { "\1", 1 },
                                          { number, 8 },
                                          { goes_right ? sibling : hash, 32 },
                                          { goes_right ? hash : sibling, 32 } };

        if (n > 0)
            lat_take_copy(c, sibling, 32);
        *count += n;
        if (*count < 2)
            return "a node of less than two records";
        lat_put_u64le(number, *count);
        sha256_parts(node, 4, hash);
    }
    return NULL;
}

static int
shares_bits(const uint8_t a[32], const uint8_t b[32], unsigned bits)
{
    for (unsigned i = 0; i < bits; i++)
        if ((a[i / 8] ^ b[i / 8]) & 0x80 >> i % 8)
            return 0;
    return 1;
}

const char *
sync_check_proof(const struct network *network, const uint8_t keyhash[32], const uint8_t challenge[16],
                 const uint8_t *reply, size_t len, unsigned *found, unsigned *levels)
{
    uint8_t root[32], key[32], attestation[64], hash[32], folded[32], number[8], stands[32];
    const struct hash_part top[] = {
        { "\3lattice/1", 11 }, { network->id, 32 }, { number, 8 }, { hash, 32 }
    };
    uint64_t count, time_ms, below;
    struct lat_cursor c;
    const char *wrong;

    lat_cursor_init(&c, reply + HEAD, len - HEAD);
    lat_take_copy(&c, root, 32);
    count = lat_take_u64le(&c);
    time_ms = lat_take_u64le(&c);
    lat_take_copy(&c, key, 32);
    lat_take_copy(&c, attestation, 64);
    wrong = proof_start(network, keyhash, &c, found, hash, stands);
    if (wrong)
        return wrong;
    *levels = lat_take_u16le(&c);
    if (*levels > 256 || (*found == 2 && !shares_bits(keyhash, stands, *levels)))
        return "the leaf shown does not stand in the way";
    below = *found != 0;
    wrong = proof_fold(keyhash, &c, *levels, hash, &below);
    if (wrong)
        return wrong;
    if (!lat_cursor_is_done(&c))
        return "cut short, or bytes left over";
    lat_put_u64le(number, count);
    sha256_parts(top, 4, folded);
    if (below != count || memcmp(folded, root, 32) != 0)
        return "does not lead to the root";
    return attest_verify(network, key, root, count, time_ms, challenge, attestation) ? "not attested" : NULL;
}
