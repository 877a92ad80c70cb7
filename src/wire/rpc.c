/*
 * rpc.c - see rpc.h. An RPC is walked twice: first all of it down to the last nested message, by the shapes below, then entry by entry; so
 * nothing is done of an RPC that turns out to be none, as with a decoder that unpacks it whole.
 */
#include "config.h"

#include "wire/rpc.h"

#include <string.h>

/* Field numbers. */
enum { RPC_F_SUBSCRIPTIONS = 1, RPC_F_PUBLISH = 2, RPC_F_CONTROL = 3 };
enum { SUB_F_SUBSCRIBE = 1, SUB_F_TOPIC = 2 };
enum { CONTROL_F_IHAVE = 1, CONTROL_F_IWANT = 2, CONTROL_F_GRAFT = 3, CONTROL_F_PRUNE = 4, CONTROL_F_IDONTWANT = 5 };
enum { ENTRY_F_TOPIC = 1 }; /* of IHAVE, GRAFT, PRUNE */
enum { IHAVE_F_IDS = 2, IWANT_F_IDS = 1 };
enum { PRUNE_F_PEERS = 2, PRUNE_F_BACKOFF = 3 };
enum { PEER_F_ID = 1, PEER_F_RECORD = 2 };

/* --- is it one? ------------------------------------------------------------------------------------ */

/* Which fields hold messages, and of what shape; ended by number 0. */
struct shape {
    uint32_t number;
    const struct shape *inside;
};

static const struct shape flat[] = { { 0, NULL } };
static const struct shape prune[] = { { PRUNE_F_PEERS, flat }, { 0, NULL } };
static const struct shape control[] = { { CONTROL_F_IHAVE, flat },  { CONTROL_F_IWANT, flat },     { CONTROL_F_GRAFT, flat },
                                        { CONTROL_F_PRUNE, prune }, { CONTROL_F_IDONTWANT, flat }, { 0, NULL } };
static const struct shape whole[] = { { RPC_F_SUBSCRIPTIONS, flat }, { RPC_F_PUBLISH, flat }, { RPC_F_CONTROL, control }, { 0, NULL } };

/* As deep as the shapes are: four messages. */
// NOLINTNEXTLINE(misc-no-recursion): see above
static bool
is_sound(const struct shape *shape, const uint8_t *in, size_t len)
{
    struct fields fields;
    struct field field;

    fields_init(&fields, in, len);
    while (fields_next(&fields, &field)) {
        for (const struct shape *s = shape; s->number > 0 && field.type == FIELD_BYTES; s++) {
            if (s->number == field.number && !is_sound(s->inside, field.bytes, field.len))
                return false;
        }
    }
    return !fields.bad;
}

/* --- entries --------------------------------------------------------------------------------------- */

static void
set_topic(struct rpc_entry *entry, const struct field *field)
{
    entry->topic = field->bytes;
    entry->topic_len = field->len;
}

static void
read_subscription(const struct field *sub, rpc_fn *fn, void *arg)
{
    struct rpc_entry entry = { .kind = RPC_UNSUBSCRIBE, .body = sub->bytes, .body_len = sub->len };
    struct fields fields;
    struct field field;

    fields_init(&fields, sub->bytes, sub->len);
    while (fields_next(&fields, &field)) {
        if (field.number == SUB_F_SUBSCRIBE && field.type == FIELD_VARINT)
            entry.kind = field.value != 0 ? RPC_SUBSCRIBE : RPC_UNSUBSCRIBE;
        else if (field.number == SUB_F_TOPIC && field.type == FIELD_BYTES)
            set_topic(&entry, &field);
    }
    fn(arg, &entry);
}

static bool
kind_of(uint32_t number, enum rpc_kind *kind)
{
    static const enum rpc_kind kinds[] = { RPC_IHAVE, RPC_IWANT, RPC_GRAFT, RPC_PRUNE, RPC_IDONTWANT };

    if (number < CONTROL_F_IHAVE || number > CONTROL_F_IDONTWANT)
        return false;
    *kind = kinds[number - CONTROL_F_IHAVE];
    return true;
}

static bool
has_topic(enum rpc_kind kind)
{
    return kind == RPC_IHAVE || kind == RPC_GRAFT || kind == RPC_PRUNE;
}

static void
read_control_entry(enum rpc_kind kind, const struct field *body, rpc_fn *fn, void *arg)
{
    struct rpc_entry entry = { .kind = kind, .body = body->bytes, .body_len = body->len };
    struct fields fields;
    struct field field;

    fields_init(&fields, body->bytes, body->len);
    while (has_topic(kind) && fields_next(&fields, &field)) {
        if (field.number == ENTRY_F_TOPIC && field.type == FIELD_BYTES)
            set_topic(&entry, &field);
        if (kind == RPC_PRUNE && field.number == PRUNE_F_BACKOFF && field.type == FIELD_VARINT) {
            entry.has_backoff = true;
            entry.backoff_s = field.value;
        }
    }
    fn(arg, &entry);
}

static void
read_control(const struct field *body, rpc_fn *fn, void *arg)
{
    struct fields fields;
    struct field field;
    enum rpc_kind kind;

    fields_init(&fields, body->bytes, body->len);
    while (fields_next(&fields, &field)) {
        if (field.type == FIELD_BYTES && kind_of(field.number, &kind))
            read_control_entry(kind, &field, fn, arg);
    }
}

enum lat_err
rpc_read(const uint8_t *in, size_t len, rpc_fn *fn, void *arg)
{
    struct fields fields;
    struct field field;
    struct rpc_entry entry = { .kind = RPC_MESSAGE };

    if (!is_sound(whole, in, len))
        return LAT_MALFORMED;
    fields_init(&fields, in, len);
    while (fields_next(&fields, &field)) {
        if (field.type != FIELD_BYTES)
            continue;
        if (field.number == RPC_F_SUBSCRIPTIONS) {
            read_subscription(&field, fn, arg);
        } else if (field.number == RPC_F_PUBLISH) {
            entry.body = field.bytes;
            entry.body_len = field.len;
            fn(arg, &entry);
        } else if (field.number == RPC_F_CONTROL) {
            read_control(&field, fn, arg);
        }
    }
    return LAT_OK;
}

void
rpc_ids_init(struct rpc_ids *ids, const struct rpc_entry *entry)
{
    fields_init(&ids->fields, entry->body, entry->body_len);
    ids->number = entry->kind == RPC_IHAVE ? IHAVE_F_IDS : IWANT_F_IDS;
}

bool
rpc_ids_next(struct rpc_ids *ids, const uint8_t **id, size_t *len)
{
    struct field field;

    while (fields_next(&ids->fields, &field)) {
        if (field.number == ids->number && field.type == FIELD_BYTES) {
            *id = field.bytes;
            *len = field.len;
            return true;
        }
    }
    return false;
}

void
rpc_px_init(struct fields *px, const struct rpc_entry *entry)
{
    fields_init(px, entry->body, entry->body_len);
}

bool
rpc_px_next(struct fields *px, const uint8_t **id, size_t *id_len, const uint8_t **record, size_t *record_len)
{
    struct field peer, field;
    struct fields fields;

    do {
        if (!fields_next(px, &peer))
            return false;
    } while (peer.number != PRUNE_F_PEERS || peer.type != FIELD_BYTES);
    *id = *record = NULL;
    *id_len = *record_len = 0;
    fields_init(&fields, peer.bytes, peer.len);
    while (fields_next(&fields, &field)) {
        if (field.type == FIELD_BYTES && field.number == PEER_F_ID) {
            *id = field.bytes;
            *id_len = field.len;
        } else if (field.type == FIELD_BYTES && field.number == PEER_F_RECORD) {
            *record = field.bytes;
            *record_len = field.len;
        }
    }
    return true;
}

/* --- writing --------------------------------------------------------------------------------------- */

enum lat_err
rpc_put_subscription(struct lat_buf *rpc, const void *topic, size_t len, bool subscribe)
{
    enum lat_err err = fields_put_head(rpc, RPC_F_SUBSCRIPTIONS, fields_varint_size(subscribe) + fields_bytes_size(len));

    if (!err)
        err = fields_put_varint(rpc, SUB_F_SUBSCRIBE, subscribe);
    return err ? err : fields_put_bytes(rpc, SUB_F_TOPIC, topic, len);
}

enum lat_err
rpc_put_message(struct lat_buf *rpc, const uint8_t *message, size_t len)
{
    return fields_put_bytes(rpc, RPC_F_PUBLISH, message, len);
}

enum lat_err
rpc_put_control(struct lat_buf *rpc, const struct lat_buf *body)
{
    return fields_put_bytes(rpc, RPC_F_CONTROL, body->data, body->len);
}

enum lat_err
rpc_put_graft(struct lat_buf *out, const void *topic, size_t len)
{
    enum lat_err err = fields_put_head(out, CONTROL_F_GRAFT, fields_bytes_size(len));

    return err ? err : fields_put_bytes(out, ENTRY_F_TOPIC, topic, len);
}

enum lat_err
rpc_put_prune(struct lat_buf *out, const void *topic, size_t len, uint64_t backoff_s)
{
    size_t backoff = backoff_s > 0 ? fields_varint_size(backoff_s) : 0;
    enum lat_err err = fields_put_head(out, CONTROL_F_PRUNE, fields_bytes_size(len) + backoff);

    if (!err)
        err = fields_put_bytes(out, ENTRY_F_TOPIC, topic, len);
    return err || backoff == 0 ? err : fields_put_varint(out, PRUNE_F_BACKOFF, backoff_s);
}

enum lat_err
rpc_put_ids(struct lat_buf *out, enum rpc_kind kind, const void *topic, size_t len, const struct lat_buf *ids)
{
    uint32_t number = kind == RPC_IHAVE ? CONTROL_F_IHAVE : kind == RPC_IWANT ? CONTROL_F_IWANT : CONTROL_F_IDONTWANT;
    size_t head = topic ? fields_bytes_size(len) : 0;
    enum lat_err err = fields_put_head(out, number, head + ids->len);

    if (!err && topic)
        err = fields_put_bytes(out, ENTRY_F_TOPIC, topic, len);
    return err ? err : lat_buf_add(out, ids->data, ids->len);
}

enum lat_err
rpc_put_id(struct lat_buf *ids, enum rpc_kind kind, const uint8_t *id, size_t len)
{
    return fields_put_bytes(ids, kind == RPC_IHAVE ? IHAVE_F_IDS : IWANT_F_IDS, id, len);
}
