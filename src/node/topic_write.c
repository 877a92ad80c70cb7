#include "config.h"

#include "node/topic.h"

#include <inttypes.h>
#include <string.h>

#include "base/cursor.h"
#include "base/text.h"
#include "state/json.h"

/* Text in the making: the first error stays, what follows it does nothing. */
struct writing {
    struct lat_buf *out;
    size_t before;
    enum lat_err err;
};

static struct writing
begin(struct lat_buf *out)
{
    return (struct writing){ .out = out, .before = out->len };
}

static enum lat_err
finish(const struct writing *w)
{
    if (w->err)
        w->out->len = w->before;
    return w->err;
}

static void
put(struct writing *w, const char *text)
{
    if (!w->err)
        w->err = lat_buf_add(w->out, text, strlen(text));
}

static void
put_number(struct writing *w, const char *name, uint64_t value)
{
    if (!w->err)
        w->err = lat_buf_printf(w->out, ",\"%s\":%" PRIu64, name, value);
}

static void
put_hex(struct writing *w, const char *name, const uint8_t *bytes, size_t len)
{
    char hex[2 * KEY_SIGNATURE_LEN + 1];

    lat_hex(bytes, len, hex);
    if (!w->err)
        w->err = lat_buf_printf(w->out, ",\"%s\":\"%s\"", name, hex);
}

static void
put_base64(struct writing *w, const uint8_t *bytes, size_t len)
{
    put(w, "\"");
    if (!w->err)
        w->err = lat_base64(bytes, len, w->out);
    put(w, "\"");
}

static void
put_text(struct writing *w, const char *text, size_t len)
{
    if (!w->err)
        w->err = json_add_string(w->out, (const uint8_t *)text, len);
}

static void
put_head(struct writing *w, const char *type, const struct network *network)
{
    if (!w->err)
        w->err = lat_buf_printf(w->out, "{\"type\":\"%s\",\"v\":1", type);
    put_hex(w, "network", network->id, 8);
}

static void
put_state(struct writing *w, const struct topic_state *state)
{
    put_hex(w, "root", state->root, sizeof(state->root));
    put_number(w, "count", state->count);
    if (!w->err)
        w->err = lat_buf_printf(w->out, ",\"hlc\":\"%016" PRIx64 "\"", state->hlc);
}

/* At most TOPIC_NAME_MAX bytes, cut between characters. */
static void
put_name(struct writing *w, const char *name)
{
    char cut[TOPIC_NAME_MAX + 1];

    if (name == NULL || name[0] == '\0')
        return;
    lat_copy(cut, sizeof(cut), name);
    put(w, ",\"name\":");
    put_text(w, cut, strlen(cut));
}

enum lat_err
topic_write_root(const struct network *network, const struct key *key, const struct topic_root *root, struct lat_buf *out)
{
    struct writing w = begin(out);
    uint8_t attestation[KEY_SIGNATURE_LEN];

    w.err = attest_sign(network, key, root->state.root, root->state.count, root->time_ms, NULL, attestation);
    put_head(&w, "root", network);
    put_state(&w, &root->state);
    put_number(&w, "time", root->time_ms);
    put_number(&w, "every", root->every_ms);
    put_hex(&w, "attestation", attestation, sizeof(attestation));
    if (root->flat)
        put_hex(&w, "merkle_root", root->flat, 32);
    if (root->cells) {
        put(&w, ",\"cells\":");
        put_base64(&w, root->cells, root->cells_len);
    }
    put_name(&w, root->name);
    put(&w, "}");
    return finish(&w);
}

enum lat_err
topic_write_record(const struct network *network, const uint8_t *records, size_t len, size_t count, const struct topic_state *state,
                   struct lat_buf *out)
{
    struct writing w = begin(out);
    struct lat_cursor cursor;

    lat_cursor_init(&cursor, records, len);
    put_head(&w, "record", network);
    put(&w, ",\"records\":[");
    for (size_t i = 0; i < count && !w.err; i++) {
        uint32_t record_len = lat_take_u32le(&cursor);
        const uint8_t *record = lat_take(&cursor, record_len);

        if (record == NULL)
            w.err = LAT_MALFORMED;
        put(&w, i > 0 ? "," : "");
        if (!w.err)
            put_base64(&w, record, record_len);
    }
    if (!w.err && !lat_cursor_is_done(&cursor))
        w.err = LAT_MALFORMED;
    put(&w, "]");
    if (state)
        put_state(&w, state);
    put(&w, "}");
    return finish(&w);
}

enum lat_err
topic_write_proof_event(const char *intent, const char *status, const uint8_t *flat_root, const struct peerid *own, uint64_t wall_ms,
                        struct lat_buf *out)
{
    struct writing w = begin(out);
    char hex[65], id[PEERID_TEXT_MAX], seconds[32];

    put(&w, "{\"merkle_root\": ");
    if (flat_root) {
        lat_hex(flat_root, 32, hex);
        put_text(&w, hex, 64);
    } else {
        put(&w, "null");
    }
    put(&w, ", \"payload\": {\"intent\": ");
    put_text(&w, intent, strlen(intent));
    put(&w, ", \"status\": ");
    put_text(&w, status, strlen(status));
    put(&w, "}, \"peer_id\": ");
    peerid_text(own, id);
    put_text(&w, id, strlen(id));
    put(&w, ", \"timestamp\": ");
    json_double_text((double)wall_ms / 1000, seconds);
    put(&w, seconds);
    put(&w, ", \"type\": \"proof_event\"}");
    return finish(&w);
}
