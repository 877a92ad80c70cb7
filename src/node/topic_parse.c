/*
 * Reading. A message is brought into the stored form of its JSON first, in which no member stands twice and each string has one
 * spelling; members are then compared and copied as text. Which of the table's first three lines fits is decided in their order: a message
 * of another network is not looked at for malformed members.
 */
#include "config.h"

#include "node/topic.h"

#include <string.h>

#include "base/cursor.h"
#include "base/le.h"
#include "base/text.h"
#include "state/json.h"
#include "state/json_pick.h"
#include "state/json_scan.h"

#define NESTED_MAX 16
#define FORM_MAX (6 * TOPIC_DATA_MAX) /* no text grows more than sixfold in stored form */
#define NET8_LEN 8

enum member {
    TYPE,
    V,
    NETWORK,
    ROOT,
    COUNT,
    HLC,
    TIME,
    EVERY,
    ATTESTATION,
    KEY,
    MERKLE_ROOT,
    CELLS,
    NAME,
    RECORDS,
    PAYLOAD,
    PEER_ID,
    TIMESTAMP,
    MEMBER_COUNT
};

static const char *const member_names[MEMBER_COUNT] = { "type",  "v",           "network", "root",        "count", "hlc",
                                                        "time",  "every",       "attestation", "key",     "merkle_root", "cells",
                                                        "name",  "records",     "payload", "peer_id",     "timestamp" };

struct reading {
    struct json_raw members[MEMBER_COUNT];
    struct topic_message *message;
};

static bool
is_there(const struct reading *r, enum member member)
{
    return r->members[member].len > 0;
}

/* The line that fits, with a reason. */
static enum lat_err
stop(struct topic_message *message, enum topic_line line, const char *why)
{
    message->form = line;
    lat_escape_str(why, message->why, sizeof(message->why));
    return LAT_MALFORMED;
}

static enum lat_err
bad_member(const struct reading *r, enum member member, const char *wanted)
{
    struct lat_msg why;

    lat_msg_set(&why, "\"%s\" is %s, not %s", member_names[member], is_there(r, member) ? "something else" : "missing", wanted);
    return stop(r->message, TOPIC_LINE_MEMBER, why.text);
}

/* --- members ------------------------------------------------------------------------------------------ */

static enum lat_err
read_hex(const struct reading *r, enum member member, uint8_t *out, size_t len)
{
    if (!json_raw_hex(&r->members[member], out, len))
        return LAT_OK;
    return bad_member(r, member, "lower-case hex digits of the right number");
}

static enum lat_err
read_number(const struct reading *r, enum member member, uint64_t *value)
{
    if (!json_raw_number(&r->members[member], JSON_NUMBER_MAX, value))
        return LAT_OK;
    return bad_member(r, member, "an integer from 0 to 2^53 - 1");
}

static enum lat_err
read_hlc(const struct reading *r, uint64_t *hlc)
{
    uint8_t bytes[8];
    enum lat_err err = read_hex(r, HLC, bytes, sizeof(bytes));

    if (err)
        return err;
    *hlc = 0;
    for (size_t i = 0; i < sizeof(bytes); i++)
        *hlc = *hlc << 8 | bytes[i];
    return LAT_OK;
}

static enum lat_err
read_state(const struct reading *r)
{
    struct topic_state *state = &r->message->state;
    enum lat_err err = read_hex(r, ROOT, state->root, sizeof(state->root));

    if (!err)
        err = read_number(r, COUNT, &state->count);
    if (!err)
        err = read_hlc(r, &state->hlc);
    r->message->has_state = !err;
    return err;
}

/* Text of at most `max` bytes (0: any number), escaped into out, which is cut at its size. */
static enum lat_err
read_text(const struct reading *r, enum member member, const struct json_raw *raw, size_t max, char *out, size_t out_size)
{
    struct lat_buf text;
    enum lat_err err;

    lat_buf_init(&text, raw->len);
    err = json_raw_text(raw, &text);
    if (err && err != LAT_NOMEM)
        err = bad_member(r, member, "text");
    if (!err && max > 0 && text.len > max)
        err = bad_member(r, member, "text of at most 64 bytes");
    if (!err)
        lat_escape(text.data, text.len, out, out_size);
    lat_buf_fini(&text);
    return err;
}

/* --- root --------------------------------------------------------------------------------------------- */

static enum lat_err
read_key(const struct reading *r)
{
    struct topic_message *m = r->message;
    uint8_t stated[KEY_PUBLIC_LEN];
    enum lat_err err;

    if (!is_there(r, KEY))
        return LAT_OK;
    err = read_hex(r, KEY, stated, sizeof(stated));
    if (!err && !m->has_key) { /* no member overrides the key inside the author's id */
        memcpy(m->key, stated, sizeof(stated));
        m->has_key = m->borrowed_key = true;
    }
    return err;
}

/* Whole cells, as many as belong there: sum and check, then how many elements more or fewer than expected. */
static bool
are_cells(const struct lat_buf *bytes)
{
    struct lat_cursor cursor;

    lat_cursor_init(&cursor, bytes->data, bytes->len);
    for (int i = 0; i < TOPIC_CELLS; i++) {
        lat_take(&cursor, SKETCH_ELEMENT_LEN + 4);
        lat_take_varint(&cursor);
    }
    return lat_cursor_is_done(&cursor);
}

static enum lat_err
read_cells(const struct reading *r)
{
    const struct json_raw *raw = &r->members[CELLS];
    struct lat_buf bytes;
    enum lat_err err = LAT_MALFORMED;

    if (raw->len == 0)
        return LAT_OK;
    lat_buf_init(&bytes, TOPIC_CELLS_MAX);
    if (json_raw_is_string(raw))
        err = lat_unbase64(raw->text + 1, raw->len - 2, &bytes);
    if (err != LAT_NOMEM && (err || !are_cells(&bytes)))
        err = bad_member(r, CELLS, "base64 of 8 sketch cells");
    if (!err) {
        memcpy(r->message->cells, bytes.data, bytes.len);
        r->message->cells_len = bytes.len;
    }
    lat_buf_fini(&bytes);
    return err;
}

static enum lat_err
read_flat(const struct reading *r)
{
    enum lat_err err = read_hex(r, MERKLE_ROOT, r->message->flat, sizeof(r->message->flat));

    r->message->has_flat = !err;
    return err;
}

static enum lat_err
read_root(const struct reading *r)
{
    struct topic_message *m = r->message;
    enum lat_err err = read_state(r);

    if (!err)
        err = read_number(r, TIME, &m->time_ms);
    if (!err)
        err = read_number(r, EVERY, &m->every_ms);
    if (!err && (m->every_ms < TOPIC_EVERY_MIN_MS || m->every_ms > TOPIC_EVERY_MAX_MS))
        err = bad_member(r, EVERY, "a period of 200 to 60000 ms");
    if (!err)
        err = read_hex(r, ATTESTATION, m->attestation, sizeof(m->attestation));
    if (!err)
        err = read_key(r);
    if (!err && is_there(r, MERKLE_ROOT))
        err = read_flat(r);
    if (!err)
        err = read_cells(r);
    if (!err && is_there(r, NAME))
        err = read_text(r, NAME, &r->members[NAME], TOPIC_NAME_MAX, m->name, sizeof(m->name));
    return err;
}

/* --- record ------------------------------------------------------------------------------------------- */

/* Are the bytes one whole record, by its lengths? The rest is for topic_check. */
static bool
is_whole_record(const uint8_t *bytes, size_t len)
{
    return len >= RECORD_OVERHEAD && bytes[0] == 1 &&
           len - RECORD_OVERHEAD == (uint64_t)lat_get_u16le(bytes + 2) + lat_get_u32le(bytes + 4);
}

static enum lat_err
read_record(const struct reading *r, const struct json_raw *raw)
{
    struct topic_message *m = r->message;
    struct lat_buf *all = &m->records;
    size_t before = all->len;
    uint8_t *length;
    enum lat_err err;

    if (m->record_count == TOPIC_RECORDS_MAX)
        return bad_member(r, RECORDS, "a list of at most 64 records");
    err = lat_buf_extend(all, 4, &length);
    if (!err)
        err = lat_unbase64(raw->text + 1, raw->len - 2, all);
    if (err == LAT_NOMEM)
        return err;
    if (err == LAT_LIMIT || all->len - 4 * (m->record_count + 1) > TOPIC_RECORD_BYTES_MAX)
        return stop(m, TOPIC_LINE_FORM, "over 44000 bytes of records");
    if (err || !is_whole_record(all->data + before + 4, all->len - before - 4))
        return bad_member(r, RECORDS, "base64 of whole records");
    lat_put_u32le(all->data + before, (uint32_t)(all->len - before - 4));
    m->record[m->record_count++] = (struct topic_record){ .at = before + 4, .len = all->len - before - 4 };
    return LAT_OK;
}

static enum lat_err
read_records(const struct reading *r)
{
    const struct json_raw *raw = &r->members[RECORDS];
    struct json_scan scan;
    struct json_token token;
    enum lat_err err;

    if (raw->len == 0 || raw->text[0] != '[')
        return bad_member(r, RECORDS, "a list");
    lat_buf_init(&r->message->records, TOPIC_RECORD_BYTES_MAX + 4 * TOPIC_RECORDS_MAX);
    json_scan_init(&scan, raw->text, raw->len, NESTED_MAX, NULL);
    err = json_scan_next(&scan, &token); /* the bracket */
    while (!err && !(err = json_scan_next(&scan, &token)) && token.type == JSON_STRING)
        err = read_record(r, &(struct json_raw){ raw->text + token.at, token.len });
    if (!err && (token.type != JSON_ARRAY_END || r->message->record_count == 0))
        err = bad_member(r, RECORDS, "a list of 1 to 64 texts");
    return err;
}

static enum lat_err
read_record_message(const struct reading *r)
{
    enum lat_err err = read_records(r);

    if (!err && (is_there(r, ROOT) || is_there(r, COUNT) || is_there(r, HLC)))
        err = read_state(r);
    return err;
}

/* --- proof_event --------------------------------------------------------------------------------------- */

static enum lat_err
read_payload(const struct reading *r)
{
    static const char *const names[] = { "intent", "status" };
    const struct json_raw *raw = &r->members[PAYLOAD];
    struct topic_message *m = r->message;
    struct json_raw parts[2];
    enum lat_err err;

    if (raw->len == 0 || raw->text[0] != '{')
        return raw->len == 0 ? LAT_OK : bad_member(r, PAYLOAD, "an object");
    err = json_pick(raw->text, raw->len, names, 2, parts, NULL);
    if (!err && parts[0].len > 0)
        err = read_text(r, PAYLOAD, &parts[0], 0, m->intent, sizeof(m->intent));
    if (!err && parts[1].len > 0)
        err = read_text(r, PAYLOAD, &parts[1], 0, m->status, sizeof(m->status));
    return err;
}

/* What v3.0.3 takes: nothing but the type is required. */
static enum lat_err
read_proof_event(const struct reading *r)
{
    const struct json_raw *time = &r->members[TIMESTAMP];
    enum lat_err err = LAT_OK;

    if (is_there(r, MERKLE_ROOT) && !json_raw_is(&r->members[MERKLE_ROOT], "null"))
        err = read_flat(r);
    if (!err && is_there(r, PEER_ID) && !json_raw_is_string(&r->members[PEER_ID]))
        err = bad_member(r, PEER_ID, "text");
    if (!err && time->len > 0 && strchr("-0123456789", time->text[0]) == NULL)
        err = bad_member(r, TIMESTAMP, "a number");
    return err ? err : read_payload(r);
}

/* --- the message ---------------------------------------------------------------------------------------- */

static enum topic_type
type_of(const struct json_raw *raw)
{
    if (json_raw_is(raw, "\"root\""))
        return TOPIC_ROOT;
    if (json_raw_is(raw, "\"record\""))
        return TOPIC_RECORD;
    return json_raw_is(raw, "\"proof_event\"") ? TOPIC_PROOF_EVENT : TOPIC_OTHER;
}

/* `v` and `network` of our own types: other ones are not ours to judge, malformed ones are. */
static enum lat_err
read_envelope(const struct network *network, const struct reading *r)
{
    uint8_t net8[NET8_LEN];
    uint64_t v = 0;
    bool has_v = !json_raw_number(&r->members[V], JSON_NUMBER_MAX, &v);
    bool has_network = !json_raw_hex(&r->members[NETWORK], net8, sizeof(net8));

    if (has_network && memcmp(net8, network->id, sizeof(net8)) != 0)
        return stop(r->message, TOPIC_LINE_UNKNOWN, "of another network");
    if (has_v && v != 1)
        return stop(r->message, TOPIC_LINE_UNKNOWN, "of another version of the format");
    if (!has_v)
        return bad_member(r, V, "1");
    return has_network ? LAT_OK : bad_member(r, NETWORK, "16 lower-case hex digits");
}

static enum lat_err
read_members(const struct network *network, struct reading *r)
{
    struct topic_message *m = r->message;
    enum lat_err err;

    if (!json_raw_is_string(&r->members[TYPE]))
        return stop(m, TOPIC_LINE_FORM, "\"type\" is missing, or no text");
    m->type = type_of(&r->members[TYPE]);
    switch (m->type) {
    case TOPIC_ROOT:
        err = read_envelope(network, r);
        return err ? err : read_root(r);
    case TOPIC_RECORD:
        err = read_envelope(network, r);
        return err ? err : read_record_message(r);
    case TOPIC_PROOF_EVENT:
        return read_proof_event(r);
    case TOPIC_OTHER:
        break;
    }
    return stop(m, TOPIC_LINE_UNKNOWN, "of a type that is not known here");
}

/* Into stored form, with nothing but what one object may hold. */
static enum lat_err
bring_into_form(const char *text, size_t len, struct lat_buf *form, struct lat_msg *why)
{
    struct json_scan scan;
    enum lat_err err;

    json_scan_init(&scan, text, len, NESTED_MAX, why);
    err = json_scan_rest(&scan);
    return err ? err : json_unique_form(text, len, form, why);
}

static enum lat_err
read_text_form(const struct network *network, const struct lat_buf *form, struct topic_message *m)
{
    struct reading r = { .message = m };
    struct lat_msg why = { "" };
    enum lat_err err = json_pick((const char *)form->data, form->len, member_names, MEMBER_COUNT, r.members, &why);

    if (err == LAT_NOMEM)
        return err;
    return err ? stop(m, TOPIC_LINE_FORM, why.text) : read_members(network, &r);
}

enum lat_err
topic_parse(const struct network *network, const struct peerid *author, const void *data, size_t len, struct topic_message *out)
{
    struct lat_msg why = { "" };
    struct lat_buf form;
    enum lat_err err;

    memset(out, 0, sizeof(*out));
    out->type = TOPIC_OTHER;
    out->author = *author;
    out->len = len;
    out->has_key = !peerid_inlined_ed25519(author, out->key);
    if (len > TOPIC_DATA_MAX) {
        (void)stop(out, TOPIC_LINE_FORM, "over 60000 bytes");
        return LAT_OK;
    }
    lat_buf_init(&form, FORM_MAX);
    err = bring_into_form(data, len, &form, &why);
    if (!err)
        err = read_text_form(network, &form, out);
    else if (err != LAT_NOMEM)
        (void)stop(out, TOPIC_LINE_FORM, why.text);
    lat_buf_fini(&form);
    if (err == LAT_NOMEM) {
        topic_message_fini(out);
        return err;
    }
    return LAT_OK;
}

void
topic_message_fini(struct topic_message *message)
{
    lat_buf_fini(&message->records);
    memset(message, 0, sizeof(*message));
    message->type = TOPIC_OTHER;
}
