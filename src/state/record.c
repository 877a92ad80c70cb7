#include "config.h"

#include "state/record.h"

#include <string.h>

#include "base/le.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "state/json.h"

#define RECORD_VERSION 1
#define HEAD_LEN 56 /* what stands before the key */
#define MS_MAX ((UINT64_C(1) << 48) - 1)

/* Offsets of WIRE section 2. */
enum {
    AT_VERSION = 0,
    AT_FLAGS = 1,
    AT_KEY_LEN = 2,
    AT_VALUE_LEN = 4,
    AT_HLC = 8,
    AT_PREV = 16,
    AT_AUTHOR = 24
};

static const char key_domain[] = "lattice/key/1";         /* the domains are hashed with their zero */
static const char network_domain[] = "lattice/network/1";
static const char record_domain[] = "lattice/record/1";
static const uint8_t horizon_key[] = { 0, 'h', 'o', 'r', 'i', 'z', 'o', 'n' };

uint64_t
hlc_next(uint64_t last, uint64_t now_ms)
{
    uint64_t now = HLC_OF_MS(now_ms < MS_MAX ? now_ms : MS_MAX);

    if (last < now)
        return now;
    return last < UINT64_MAX ? last + 1 : last;
}

enum lat_err
network_init(struct network *network, const char *name)
{
    size_t len = strlen(name);
    const struct hash_part parts[] = { { network_domain, sizeof(network_domain) }, { name, len } };

    if (len == 0 || len >= sizeof(network->name))
        return LAT_LIMIT;
    memcpy(network->name, name, len + 1);
    sha256_parts(parts, 2, network->id);
    return LAT_OK;
}

void
keyhash_of(const struct network *network, const uint8_t *key, size_t key_len, uint8_t out[32])
{
    const struct hash_part parts[] = {
        { key_domain, sizeof(key_domain) }, { network->id, sizeof(network->id) }, { key, key_len }
    };

    sha256_parts(parts, 3, out);
}

void
leaf_of(const uint8_t keyhash[32], const uint8_t digest[32], uint8_t out[32])
{
    const struct hash_part parts[] = { { "\0", 1 }, { keyhash, 32 }, { digest, 32 } };

    sha256_parts(parts, 3, out);
}

/* Digest of content[0 .. len), which is a record without its signature. */
static void
digest_of(const uint8_t *content, size_t len, uint8_t out[32])
{
    const struct hash_part parts[] = { { "\2", 1 }, { content, len } };

    sha256_parts(parts, 2, out);
}

/* --- parsing ------------------------------------------------------------------------------------- */

static enum lat_err
read_layout(const uint8_t *bytes, size_t len, struct record *out, struct lat_msg *why)
{
    size_t key_len, value_len;

    if (len < RECORD_OVERHEAD || len > RECORD_LEN_MAX) {
        lat_msg_set(why, "a record of %zu bytes: %d to %d are possible", len, RECORD_OVERHEAD,
                    RECORD_LEN_MAX);
        return LAT_MALFORMED;
    }
    if (bytes[AT_VERSION] != RECORD_VERSION) {
        lat_msg_set(why, "record version %u, this program knows %d", bytes[AT_VERSION], RECORD_VERSION);
        return LAT_MALFORMED;
    }
    key_len = lat_get_u16le(bytes + AT_KEY_LEN);
    value_len = lat_get_u32le(bytes + AT_VALUE_LEN);
    if (key_len > RECORD_KEY_MAX || value_len > RECORD_VALUE_MAX ||
        len != RECORD_OVERHEAD + key_len + value_len) {
        lat_msg_set(why, "record lengths do not fit: key %zu, value %zu, record %zu", key_len, value_len,
                    len);
        return LAT_MALFORMED;
    }
    *out = (struct record){
        .bytes = bytes,
        .len = len,
        .flags = bytes[AT_FLAGS],
        .hlc = lat_get_u64le(bytes + AT_HLC),
        .prev = bytes + AT_PREV,
        .author = bytes + AT_AUTHOR,
        .key = bytes + HEAD_LEN,
        .key_len = key_len,
        .value = value_len > 0 ? bytes + HEAD_LEN + key_len : NULL,
        .value_len = value_len,
        .signature = bytes + len - KEY_SIGNATURE_LEN,
    };
    return LAT_OK;
}

static enum lat_err
refuse(struct lat_msg *why, const char *what)
{
    lat_msg_set(why, "%s", what);
    return LAT_MALFORMED;
}

static enum lat_err
check_value(const struct record *record, struct lat_msg *why)
{
    struct lat_msg inner = { "" };
    enum lat_err err;

    if (record->value == NULL)
        return LAT_OK;
    err = json_check_stored_form((const char *)record->value, record->value_len, &inner);
    if (!err)
        return LAT_OK;
    lat_msg_set(why, "record value: %.400s", inner.text);
    return err == LAT_LIMIT ? LAT_MALFORMED : err; /* the limits are rules of the record here */
}

static enum lat_err
check_rules(const struct record *record, struct lat_msg *why)
{
    bool is_tombstone = record->flags & RECORD_TOMBSTONE;

    if (record->flags & ~(RECORD_TOMBSTONE | RECORD_IMPORTED))
        return refuse(why, "record with an unknown flag");
    if (is_tombstone && record->value)
        return refuse(why, "tombstone with a value");
    if (!is_tombstone && !record->value)
        return refuse(why, "record without a value that is no tombstone");
    if (record->key_len == 0 && !(record->flags & RECORD_IMPORTED))
        return refuse(why, "empty key in a record that is not imported");
    if (record->hlc == 0)
        return refuse(why, "record with HLC 0");
    if (!lat_utf8_valid(record->key, record->key_len))
        return refuse(why, "record key is not UTF-8");
    return check_value(record, why);
}

static void
fill_hashes(const struct network *network, struct record *record)
{
    keyhash_of(network, record->key, record->key_len, record->keyhash);
    digest_of(record->bytes, record->len - KEY_SIGNATURE_LEN, record->digest);
    leaf_of(record->keyhash, record->digest, record->leaf);
}

enum lat_err
record_parse(const struct network *network, const uint8_t *bytes, size_t len, struct record *out,
             struct lat_msg *why)
{
    struct record record;
    enum lat_err err = read_layout(bytes, len, &record, why);

    if (!err)
        err = check_rules(&record, why);
    if (err)
        return err;
    fill_hashes(network, &record);
    *out = record;
    return LAT_OK;
}

enum lat_err
record_parse_trusted(const struct network *network, const uint8_t *bytes, size_t len, struct record *out)
{
    struct record record;
    enum lat_err err = read_layout(bytes, len, &record, NULL);

    if (err)
        return err;
    fill_hashes(network, &record);
    *out = record;
    return LAT_OK;
}

/* --- signing ------------------------------------------------------------------------------------- */

#define SIGNED_LEN (sizeof(record_domain) + 32 + 32)

static void
signed_text(const struct network *network, const uint8_t digest[32], uint8_t out[SIGNED_LEN])
{
    out = lat_put_bytes(out, record_domain, sizeof(record_domain));
    out = lat_put_bytes(out, network->id, 32);
    lat_put_bytes(out, digest, 32);
}

enum lat_err
record_verify(const struct network *network, const struct record *record)
{
    uint8_t text[SIGNED_LEN];

    signed_text(network, record->digest, text);
    return key_verify(record->author, text, sizeof(text), record->signature);
}

static enum lat_err
check_content(const struct record_content *content)
{
    if (content->key_len > RECORD_KEY_MAX || (content->value && content->value_len > RECORD_VALUE_MAX))
        return LAT_LIMIT;
    if (content->key_len == 0 && !(content->flags & RECORD_IMPORTED))
        return LAT_MALFORMED;
    if (!lat_utf8_valid(content->key, content->key_len))
        return LAT_MALFORMED;
    if (content->hlc == 0 || (content->value && content->value_len == 0))
        return LAT_MALFORMED;
    return LAT_OK;
}

/* Everything but the signature. */
static void
write_content(const struct record_content *content, const uint8_t author[32], uint8_t *out)
{
    size_t value_len = content->value ? content->value_len : 0;

    *out++ = RECORD_VERSION;
    *out++ = (uint8_t)((content->flags & RECORD_IMPORTED) | (content->value ? 0 : RECORD_TOMBSTONE));
    out = lat_put_u16le(out, (uint16_t)content->key_len);
    out = lat_put_u32le(out, (uint32_t)value_len);
    out = lat_put_u64le(out, content->hlc);
    out = lat_put_bytes(out, content->prev, sizeof(content->prev));
    out = lat_put_bytes(out, author, KEY_PUBLIC_LEN);
    if (content->key_len > 0)
        out = lat_put_bytes(out, content->key, content->key_len);
    if (value_len > 0)
        lat_put_bytes(out, content->value, value_len);
}

enum lat_err
record_make(const struct network *network, const struct key *key, const struct record_content *content,
            struct lat_buf *out)
{
    uint8_t digest[32], text[SIGNED_LEN];
    size_t before = out->len;
    size_t content_len;
    uint8_t *at;
    enum lat_err err = check_content(content);

    if (err)
        return err;
    content_len = HEAD_LEN + content->key_len + (content->value ? content->value_len : 0);
    err = lat_buf_extend(out, content_len + KEY_SIGNATURE_LEN, &at);
    if (err)
        return err;
    write_content(content, key_public(key), at);
    digest_of(at, content_len, digest);
    signed_text(network, digest, text);
    err = key_sign(key, text, sizeof(text), at + content_len);
    if (err)
        out->len = before;
    return err;
}

/* --- which of two wins --------------------------------------------------------------------------- */

static int
compare_u64(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

/* Digits of the horizon that a record sets; 0 when its value is no decimal number. */
static size_t
horizon_digits(const struct record *record)
{
    for (size_t i = 0; i < record->value_len; i++)
        if (record->value[i] < '0' || record->value[i] > '9')
            return 0;
    return record->value_len;
}

/* Stored integers have no leading zeros, so that more digits are the greater number. */
static int
compare_horizons(const struct record *a, const struct record *b)
{
    size_t a_digits = horizon_digits(a);
    size_t b_digits = horizon_digits(b);

    if (a_digits != b_digits)
        return a_digits < b_digits ? -1 : 1;
    return a_digits > 0 ? memcmp(a->value, b->value, a_digits) : 0;
}

bool
record_is_horizon(const struct record *record)
{
    return record->key_len == sizeof(horizon_key) &&
           memcmp(record->key, horizon_key, sizeof(horizon_key)) == 0;
}

bool
record_is_entry(const struct record *record)
{
    return !(record->flags & RECORD_TOMBSTONE) && (record->key_len == 0 || record->key[0] != 0);
}

int
record_compare(const struct record *a, const struct record *b)
{
    int order = record_is_horizon(a) && record_is_horizon(b) ? compare_horizons(a, b) : 0;

    if (!order)
        order = !(a->flags & RECORD_IMPORTED) - !(b->flags & RECORD_IMPORTED);
    if (!order)
        order = compare_u64(a->hlc, b->hlc);
    if (!order)
        order = memcmp(a->author, b->author, KEY_PUBLIC_LEN);
    if (!order)
        order = memcmp(a->digest, b->digest, 32);
    return order;
}
