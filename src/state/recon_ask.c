/*
 * The asker's side of STATUS and RANGE: requests out, replies checked. What an answerer says is held against
 * what was asked, so that a node which lies or is broken can neither send us in circles nor name a root that
 * it did not attest.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "base/le.h"
#include "base/text.h"
#include "state/recon_parts.h"

enum lat_err
recon_is_malformed(struct lat_msg *why, const char *what)
{
    lat_msg_set(why, "the reply is malformed: %s", what);
    return LAT_MALFORMED;
}

/* An ERROR message, whatever network it comes from: its text for the operator. */
static enum lat_err
read_error(struct lat_cursor *body, struct lat_msg *why)
{
    char text[RECON_ERROR_TEXT_MAX + 1];
    uint16_t code = lat_take_u16le(body);
    uint32_t retry_ms = lat_take_u32le(body);
    uint64_t len = lat_take_varint(body);
    const uint8_t *bytes = lat_take(body, len);

    if (!lat_cursor_is_done(body) || len > RECON_ERROR_TEXT_MAX || !lat_utf8_valid(bytes, (size_t)len))
        return recon_is_malformed(why, "no proper ERROR");
    lat_escape(bytes, (size_t)len, text, sizeof(text));
    if (retry_ms > 0)
        lat_msg_set(why, "refused: %s (error %u, retry after %" PRIu32 " ms)", text, code, retry_ms);
    else
        lat_msg_set(why, "refused: %s (error %u)", text, code);
    return LAT_CLOSED;
}

enum lat_err
recon_open_reply(const struct network *network, enum recon_type type, const uint8_t *reply, size_t len,
                 struct lat_cursor *body, struct lat_msg *why)
{
    if (len > RECON_MESSAGE_MAX)
        return recon_is_malformed(why, "over 1 MiB");
    if (len < RECON_HEAD_LEN || reply[1] != RECON_VERSION)
        return recon_is_malformed(why, "no head of this version");
    lat_cursor_init(body, reply + RECON_HEAD_LEN, len - RECON_HEAD_LEN);
    if (reply[0] == RECON_ERROR)
        return read_error(body, why);
    if (memcmp(reply + 2, network->id, RECON_NET_LEN) != 0)
        return recon_is_malformed(why, "of another network");
    if (reply[0] != (int)type + RECON_REPLY)
        return recon_is_malformed(why, "not of the type asked for");
    return LAT_OK;
}

/* --- STATUS -------------------------------------------------------------------------------------------- */

enum lat_err
recon_ask_status(const struct network *network, const uint8_t challenge[16], const uint8_t root[32],
                 uint64_t count, bool want_flat_root, struct lat_buf *out)
{
    uint8_t body[16 + 32 + 8 + 1], *at = body;
    enum lat_err err;

    at = lat_put_bytes(at, challenge, 16);
    at = lat_put_bytes(at, root, 32);
    at = lat_put_u64le(at, count);
    *at = want_flat_root;
    lat_buf_clear(out);
    err = recon_add_head(network, RECON_STATUS, out);
    return err ? err : lat_buf_add(out, body, sizeof(body));
}

static bool
is_zeros(const uint8_t *bytes, size_t len)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < len; i++)
        sum |= bytes[i];
    return sum == 0;
}

static enum lat_err
check_attestation(const struct network *network, const uint8_t challenge[16],
                  const struct recon_status *status, struct lat_msg *why)
{
    enum lat_err err;

    if (status->incomplete && is_zeros(status->attestation, sizeof(status->attestation)))
        return LAT_OK;
    err = attest_verify(network, status->key, status->root, status->count, status->time_ms, challenge,
                        status->attestation);
    if (err)
        lat_msg_set(why, "the attestation does not fit the root and our challenge");
    return err;
}

enum lat_err
recon_read_status(const struct network *network, const uint8_t challenge[16], const uint8_t *reply,
                  size_t len, struct recon_status *out, struct lat_msg *why)
{
    struct recon_status status = { 0 };
    struct lat_cursor body;
    uint8_t flags;
    enum lat_err err = recon_open_reply(network, RECON_STATUS, reply, len, &body, why);

    if (err)
        return err;
    lat_take_copy(&body, status.root, 32);
    status.count = lat_take_u64le(&body);
    status.hlc = lat_take_u64le(&body);
    status.time_ms = lat_take_u64le(&body);
    lat_take_copy(&body, status.key, sizeof(status.key));
    lat_take_copy(&body, status.attestation, sizeof(status.attestation));
    lat_take_copy(&body, status.trust_digest, sizeof(status.trust_digest));
    status.horizon = lat_take_u64le(&body);
    flags = lat_take_u8(&body);
    status.has_flat_root = flags & RECON_FLAG_FLAT_ROOT;
    status.read_only = flags & RECON_FLAG_READ_ONLY;
    status.incomplete = flags & RECON_FLAG_INCOMPLETE;
    if (status.has_flat_root)
        lat_take_copy(&body, status.flat_root, 32);
    if (!lat_cursor_is_done(&body) || flags > RECON_FLAGS_ALL)
        return recon_is_malformed(why, "STATUS of a wrong length, or with a reserved flag");
    err = check_attestation(network, challenge, &status, why);
    memcpy(status.challenge, challenge, 16);
    if (!err)
        *out = status;
    return err;
}

/* --- RANGE --------------------------------------------------------------------------------------------- */

enum lat_err
recon_ask_range(const struct network *network, const uint8_t from[32], const uint8_t to[32],
                uint32_t most_bytes, struct lat_buf *out)
{
    uint8_t body[32 + 32 + 4], *at = body;
    enum lat_err err;

    at = lat_put_bytes(at, from, 32);
    at = lat_put_bytes(at, to, 32);
    lat_put_u32le(at, most_bytes);
    lat_buf_clear(out);
    err = recon_add_head(network, RECON_RANGE, out);
    return err ? err : lat_buf_add(out, body, sizeof(body));
}

bool
recon_take_record(struct lat_cursor *body, const uint8_t **record, size_t *len)
{
    uint64_t n = lat_take_varint(body);

    *record = lat_take(body, n);
    *len = (size_t)n;
    return *record != NULL;
}

bool
recon_next_record(const uint8_t **at, const uint8_t *end, const uint8_t **record, size_t *len)
{
    struct lat_cursor body;

    lat_cursor_init(&body, *at, (size_t)(end - *at));
    if (!recon_take_record(&body, record, len))
        return false;
    *at = body.at;
    return true;
}

/*
 * Walk the records of a reply: each must lie behind the one before, the first at `from` or behind it. *place:
 * the least keyhash that may follow is behind this one. Layout alone is judged here; the rules and the
 * signature are the business of whoever applies the record.
 */
static enum lat_err
check_records(const struct network *network, const uint8_t from[32], const uint8_t to[32],
              struct lat_cursor *body, size_t count, uint8_t place[32], struct lat_msg *why)
{
    for (size_t i = 0; i < count; i++) {
        struct record record;
        const uint8_t *bytes;
        size_t len;

        if (!recon_take_record(body, &bytes, &len))
            return recon_is_malformed(why, "cut inside a record");
        if (record_parse_trusted(network, bytes, len, &record))
            return recon_is_malformed(why, "a record without its layout");
        if (i == 0 ? memcmp(record.keyhash, from, 32) < 0 : memcmp(record.keyhash, place, 32) <= 0)
            return recon_is_malformed(why, "records out of order");
        if (memcmp(record.keyhash, to, 32) > 0)
            return recon_is_malformed(why, "a record behind the range");
        memcpy(place, record.keyhash, 32);
    }
    return LAT_OK;
}

/* The end of a RANGE: where to go on must be behind the last record and inside what was asked. */
static enum lat_err
read_range_end(const uint8_t to[32], const uint8_t place[32], struct lat_cursor *body,
               struct recon_range *range, struct lat_msg *why)
{
    uint8_t more = lat_take_u8(body);

    if (more > 1)
        return recon_is_malformed(why, "neither more nor the end");
    range->more = more;
    if (range->more)
        lat_take_copy(body, range->next, 32);
    lat_take_copy(body, range->root, 32);
    range->total = lat_take_u64le(body);
    if (!lat_cursor_is_done(body))
        return recon_is_malformed(why, "RANGE of a wrong length");
    if (range->more &&
        (range->count == 0 || memcmp(range->next, place, 32) <= 0 || memcmp(range->next, to, 32) > 0))
        return recon_is_malformed(why, "the place to go on from makes no progress");
    return LAT_OK;
}

enum lat_err
recon_read_range(const struct network *network, const uint8_t from[32], const uint8_t to[32],
                 const uint8_t *reply, size_t len, struct recon_range *out, struct lat_msg *why)
{
    struct recon_range range = { 0 };
    struct lat_cursor body;
    uint8_t place[32] = { 0 };
    uint64_t count;
    enum lat_err err = recon_open_reply(network, RECON_RANGE, reply, len, &body, why);

    if (err)
        return err;
    count = lat_take_varint(&body);
    if (count > body.left) /* each takes a byte at least */
        return recon_is_malformed(why, "more records than bytes");
    range.count = (size_t)count;
    range.records = body.at;
    err = check_records(network, from, to, &body, range.count, place, why);
    range.records_len = (size_t)(body.at - range.records);
    if (!err)
        err = read_range_end(to, place, &body, &range, why);
    if (!err)
        *out = range;
    return err;
}
