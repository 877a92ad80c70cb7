#include "config.h"

#include "p2p/gossip_message.h"

#include <stdlib.h>
#include <string.h>

#include "p2p/identity.h"
#include "wire/fields.h"

enum { F_FROM = 1, F_DATA = 2, F_SEQNO = 3, F_TOPIC = 4, F_SIGNATURE = 5, F_KEY = 6 };

static const char prefix[] = "libp2p-pubsub:";
#define PREFIX_LEN (sizeof(prefix) - 1)

/* The bytes of the fields; NULL: not there. */
struct parts {
    const uint8_t *from, *seqno;
    size_t from_len, seqno_len;
};

static uint64_t
number_of(const uint8_t bytes[GOSSIP_SEQNO_LEN])
{
    uint64_t value = 0;

    for (int i = 0; i < GOSSIP_SEQNO_LEN; i++)
        value = value << 8 | bytes[i];
    return value;
}

/* Of a field that comes twice the last one counts, as protobuf has it. */
static void
take_field(const struct field *field, struct gossip_message *m, struct parts *parts)
{
    switch (field->number) {
    case F_FROM:
        parts->from = field->bytes;
        parts->from_len = field->len;
        break;
    case F_DATA:
        m->data = field->bytes;
        m->data_len = field->len;
        break;
    case F_SEQNO:
        parts->seqno = field->bytes;
        parts->seqno_len = field->len;
        break;
    case F_TOPIC:
        m->topic = (const char *)field->bytes;
        m->topic_len = field->len;
        break;
    case F_SIGNATURE:
        m->signature = field->bytes;
        m->signature_len = field->len;
        break;
    case F_KEY:
        m->key = field->bytes;
        m->key_len = field->len;
        break;
    default:
        break;
    }
}

static bool
is_whole(const struct gossip_message *m)
{
    if (m->topic == NULL || m->topic_len == 0 || m->topic_len > GOSSIP_TOPIC_MAX || memchr(m->topic, 0, m->topic_len))
        return false;
    return m->signature && m->signature_len > 0 && m->signature_len <= PUBKEY_SIGNATURE_MAX && m->key_len <= PUBKEY_PROTO_MAX;
}

/* Fill *m from its bytes. */
static enum lat_err
read_bytes(struct gossip_message *m)
{
    struct parts parts = { .from = NULL };
    struct fields fields;
    struct field field;

    fields_init(&fields, m->bytes, m->len);
    while (fields_next(&fields, &field)) {
        if (field.type == FIELD_BYTES)
            take_field(&field, m, &parts);
    }
    if (fields.bad || parts.from == NULL || parts.seqno == NULL || parts.seqno_len != GOSSIP_SEQNO_LEN || !is_whole(m))
        return LAT_MALFORMED;
    if (m->key_len == 0)
        m->key = NULL;
    m->seqno = number_of(parts.seqno);
    m->id_len = parts.from_len + GOSSIP_SEQNO_LEN;
    if (peerid_from_bytes(parts.from, parts.from_len, &m->from))
        return LAT_MALFORMED;
    memcpy(m->id, parts.from, parts.from_len);
    memcpy(m->id + parts.from_len, parts.seqno, GOSSIP_SEQNO_LEN);
    return LAT_OK;
}

enum lat_err
gossip_message_read(const uint8_t *in, size_t len, struct gossip_message **out)
{
    struct gossip_message *m;
    uint8_t *bytes;
    enum lat_err err;

    if (len > GOSSIP_MESSAGE_MAX)
        return LAT_LIMIT;
    m = malloc(sizeof(*m) + len);
    if (m == NULL)
        return LAT_NOMEM;
    bytes = (uint8_t *)(m + 1);
    memcpy(bytes, in, len);
    *m = (struct gossip_message){ .bytes = bytes, .len = len, .refs = 1 };
    err = read_bytes(m);
    if (err)
        free(m);
    else
        *out = m;
    return err;
}

/* --- the signature --------------------------------------------------------------------------------- */

static bool
is_signed(const struct field *field)
{
    return field->type != FIELD_BYTES || (field->number != F_SIGNATURE && field->number != F_KEY);
}

/* What is signed: the prefix, and all but the fields signature and key. */
static enum lat_err
signed_text(const uint8_t *bytes, size_t len, struct lat_buf *out)
{
    enum lat_err err = lat_buf_add(out, prefix, PREFIX_LEN);
    struct fields fields;
    struct field field;

    fields_init(&fields, bytes, len);
    while (!err && fields_next(&fields, &field)) {
        if (is_signed(&field))
            err = lat_buf_add(out, field.start, field.whole);
    }
    return err;
}

enum lat_err
gossip_message_verify(const struct gossip_message *m)
{
    struct identity_check check = { .dialed = &m->from };
    const uint8_t *key = m->key;
    size_t key_len = m->key_len;
    struct lat_buf text;
    enum lat_err err;

    if (key == NULL && m->from.bytes[0] != 0)
        return LAT_MALFORMED; /* the id is a hash, and the key was left out */
    if (key == NULL) {
        key = m->from.bytes + 2; /* an identity multihash: 0, length, the key itself */
        key_len = m->from.len - 2u;
    }
    lat_buf_init(&text, PREFIX_LEN + m->len);
    err = signed_text(m->bytes, m->len, &text);
    if (!err)
        err = identity_verify(&check, key, key_len, text.data, text.len, m->signature, m->signature_len);
    lat_buf_fini(&text);
    return err;
}

/* --- our own --------------------------------------------------------------------------------------- */

static enum lat_err
put_fields(const struct peerid *from, uint64_t seqno, const char *topic, const void *data, size_t len, struct lat_buf *out)
{
    uint8_t number[GOSSIP_SEQNO_LEN];
    enum lat_err err;

    for (int i = 0; i < GOSSIP_SEQNO_LEN; i++)
        number[i] = (uint8_t)(seqno >> (56 - 8 * i));
    err = fields_put_bytes(out, F_FROM, from->bytes, from->len);
    if (!err)
        err = fields_put_bytes(out, F_DATA, data, len);
    if (!err)
        err = fields_put_bytes(out, F_SEQNO, number, sizeof(number));
    return err ? err : fields_put_bytes(out, F_TOPIC, topic, strlen(topic));
}

/* The fields are put behind the prefix, so that what is to be signed stands there already. */
enum lat_err
gossip_message_make(const struct peerid *from, uint64_t seqno, const char *topic, const void *data, size_t len, gossip_sign *sign,
                    void *arg, struct gossip_message **out)
{
    struct lat_buf text, signature;
    enum lat_err err;

    lat_buf_init(&text, PREFIX_LEN + GOSSIP_MESSAGE_MAX);
    lat_buf_init(&signature, PUBKEY_SIGNATURE_MAX);
    err = lat_buf_add(&text, prefix, PREFIX_LEN);
    if (!err)
        err = put_fields(from, seqno, topic, data, len, &text);
    if (!err)
        err = sign(arg, text.data, text.len, &signature);
    if (!err)
        err = fields_put_bytes(&text, F_SIGNATURE, signature.data, signature.len);
    if (!err)
        err = gossip_message_read(text.data + PREFIX_LEN, text.len - PREFIX_LEN, out);
    lat_buf_fini(&signature);
    lat_buf_fini(&text);
    return err;
}

struct gossip_message *
gossip_message_ref(struct gossip_message *m)
{
    m->refs++;
    return m;
}

void
gossip_message_unref(struct gossip_message *m)
{
    if (m && --m->refs == 0)
        free(m);
}
